//! A doctor's UDP socket: datagram in, estimate out, and nothing that a datagram holds ends it.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Instant;

use domain::Tariff;
use jiff::Timestamp;
use protocol::screen::doctor as screen;
use protocol::{Answered, Arrival, News, Plaintext, Practice, Seen};
use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};

use crate::limits::{DATAGRAMS_AT_ONCE, DOCTOR_RECEIVE_BUFFER_BYTES, RECEIVE_BYTES};
use crate::{PlaintextFrom, Screen, Shutdown};

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

/// What a doctor needs to answer.
pub struct Office {
    /// Where datagrams come in.
    pub socket: UdpSocket,
    /// Who answers them.
    pub practice: Practice,
    /// From where datagrams in the clear are answered.
    pub plaintext: PlaintextFrom,
    /// Tariffs, each in force from the next datagram on.
    pub tariffs: watch::Receiver<Tariff>,
    /// What the center says is new, heard before the next datagram.
    pub news: mpsc::Receiver<News>,
    /// Keeps a record of a sealed request that is about to be answered.
    pub keep: Keep,
    /// The exercise's messages.
    pub screen: Screen,
    /// The end.
    pub shutdown: Shutdown,
}

/// Takes what is about to be answered for the doctor's record; never waits.
pub type Keep = Box<dyn FnMut(&Answered) -> Recorded + Send>;

/// Whether the record has taken something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It will be kept.
    Yes,
    /// There is no room now: nothing is answered until there is.
    No,
}

/// Answers requests for estimates until the shutdown of `office`.
pub async fn serve(office: Office) {
    let Office { socket, practice, plaintext, mut tariffs, mut news, keep, screen, mut shutdown } =
        office;
    let book = Book { keep, waiting: None };
    let mut desk = Desk { socket, practice, plaintext, book, screen };
    let mut buffer = vec![0; RECEIVE_BYTES];
    let (mut watching, mut hearing) = (true, true);
    loop {
        tokio::select! {
            biased;
            () = shutdown.wait() => return,
            changed = tariffs.changed(), if watching => match changed {
                Ok(()) => desk.practice.set_tariff(tariffs.borrow_and_update().clone()),
                Err(_) => watching = false,
            },
            heard = news.recv(), if hearing => match heard {
                Some(news) => desk.practice.hear(&news),
                None => hearing = false,
            },
            ready = desk.socket.readable() => match ready {
                Ok(()) => desk.take_some(&mut buffer).await,
                Err(error) => tracing::debug!(%error, "the socket could not be asked"),
            },
        }
    }
}

/// Where datagrams are taken and answered.
struct Desk {
    socket: UdpSocket,
    practice: Practice,
    plaintext: PlaintextFrom,
    book: Book,
    screen: Screen,
}

impl Desk {
    /// What has come, at most [`DATAGRAMS_AT_ONCE`]: a flood of them must not fill the socket while
    /// each one waits for its turn.
    async fn take_some(&mut self, buffer: &mut [u8]) {
        for _ in 0..DATAGRAMS_AT_ONCE {
            match self.socket.try_recv_from(buffer) {
                Ok((length, source)) => self.take(source, &buffer[..length]).await,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // What an earlier answer met on its way (ICMP) is no reason to stop.
                Err(error) => tracing::debug!(%error, "a datagram could not be received"),
            }
        }
        // There may be more; what else the doctor does has its turn all the same.
        tokio::task::yield_now().await;
    }

    async fn take(&mut self, source: SocketAddr, datagram: &[u8]) {
        if self.book.has_room() == Recorded::No {
            return;
        }
        let seen = self.practice.answer(&arrival(source, &self.plaintext), datagram);
        if self.book.note(seen.answered.as_ref()) == Recorded::No {
            return;
        }
        answer(&self.socket, source, &self.practice, seen, &self.screen).await;
    }
}

fn arrival(source: SocketAddr, plaintext: &PlaintextFrom) -> Arrival {
    let plaintext = match plaintext.includes(source.ip()) {
        true => Plaintext::Answered,
        false => Plaintext::Ignored,
    };
    Arrival {
        now: Instant::now(),
        wall: Timestamp::now(),
        source,
        plaintext,
        entropy: runtime::fresh_entropy(),
    }
}

/// The record in front of the answers: no sealed request is answered before it has taken it. The
/// practice has worked out the answer by then and gives it to the patient's next try.
struct Book {
    keep: Keep,
    /// What the record had no room for; `None` mostly.
    waiting: Option<Answered>,
}

impl Book {
    /// Whether what waits, if anything, was taken.
    fn has_room(&mut self) -> Recorded {
        let taken = self.waiting.as_ref().map_or(Recorded::Yes, |waiting| (self.keep)(waiting));
        if taken == Recorded::Yes {
            self.waiting = None;
        }
        taken
    }

    fn note(&mut self, answered: Option<&Answered>) -> Recorded {
        let Some(answered) = answered else { return Recorded::Yes };
        let taken = (self.keep)(answered);
        if taken == Recorded::No {
            tracing::error!("the record of estimates has no room: nothing is answered");
            self.waiting = Some(answered.clone());
        }
        taken
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
