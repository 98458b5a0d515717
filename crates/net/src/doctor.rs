//! A doctor's UDP socket: datagram in, estimate out, and nothing that a datagram holds ends it.

use std::net::SocketAddr;
use std::time::Instant;

use domain::Tariff;
use protocol::screen::doctor as screen;
use protocol::{Practice, Seen};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::watch;

use crate::limits::{DOCTOR_RECEIVE_BUFFER_BYTES, RECEIVE_BYTES};
use crate::{Screen, Shutdown};

/// Binds a doctor's socket, with room for a burst of patients.
///
/// # Errors
/// When the address is taken, not ours, or not allowed.
pub fn bind(address: SocketAddr) -> std::io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_recv_buffer_size(DOCTOR_RECEIVE_BUFFER_BYTES)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

/// Answers requests for estimates until `shutdown`; a tariff that comes through `tariffs` is in
/// force from the next datagram on.
pub async fn serve(
    socket: UdpSocket,
    mut practice: Practice,
    mut tariffs: watch::Receiver<Tariff>,
    screen: Screen,
    mut shutdown: Shutdown,
) {
    let mut buffer = vec![0; RECEIVE_BYTES];
    let mut watching = true;
    loop {
        tokio::select! {
            biased;
            () = shutdown.wait() => return,
            changed = tariffs.changed(), if watching => match changed {
                Ok(()) => practice.set_tariff(tariffs.borrow_and_update().clone()),
                Err(_) => watching = false,
            },
            received = socket.recv_from(&mut buffer) => match received {
                Ok((length, source)) => {
                    let seen = practice.receive(Instant::now(), source, &buffer[..length]);
                    answer(&socket, source, &practice, seen, &screen).await;
                }
                // What an earlier answer met on its way (ICMP) is no reason to stop.
                Err(error) => tracing::debug!(%error, "a datagram could not be received"),
            },
        }
    }
}

async fn answer(
    socket: &UdpSocket,
    source: SocketAddr,
    practice: &Practice,
    seen: Seen,
    screen: &Screen,
) {
    let (doctor, port) = (practice.doctor(), source.port());
    if let Some((plan, _)) = &seen.request {
        screen.show(|| screen::received_plan(doctor, port, plan));
    }
    let Some(answer) = seen.answer else { return };
    match socket.send_to(&answer, source).await {
        Ok(_) => {
            if let Some((_, Some(price))) = &seen.request {
                screen.show(|| screen::sent_price(doctor, &price.to_string(), port));
            }
        }
        Err(error) => tracing::debug!(%error, %source, "an answer could not be sent"),
    }
}
