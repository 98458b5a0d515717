//! The health center's accept loop: one task per connection, all of them bounded.

use std::net::SocketAddr;
use std::time::Duration;

use protocol::limits::Deadlines;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

pub use crate::connection::Center;

use crate::Shutdown;
use crate::connection::Connection;
use crate::crowd::{Admission, Crowd};
use crate::limits::{ACCEPT_PAUSE, BACKLOG, REFUSAL_DEADLINE, SHUTDOWN_DEADLINE};

/// Binds the center's listening socket.
///
/// # Errors
/// When the address is taken, not ours, or not allowed.
pub fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A center that comes back at once takes its port back.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves patients until `shutdown`, then finishes what is in flight, at most for
/// [`SHUTDOWN_DEADLINE`].
pub async fn serve(listener: TcpListener, center: Center, mut shutdown: Shutdown) {
    let crowd = Crowd::default();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = shutdown.wait() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    admit(&mut connections, &center, &crowd, (stream, peer), shutdown.clone());
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    let all_gone = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_DEADLINE, all_gone).await.is_err() {
        tracing::warn!(left = connections.len(), "connections were cut at the shutdown deadline");
        connections.shutdown().await;
    }
}

fn admit(
    connections: &mut JoinSet<()>,
    center: &Center,
    crowd: &Crowd,
    (stream, peer): (TcpStream, SocketAddr),
    shutdown: Shutdown,
) {
    let Some(place) = crowd.enter(peer.ip()) else {
        tracing::debug!(%peer, "closed at once, too many connections");
        return;
    };
    let mut center = center.clone();
    if place.admission == Admission::Refused {
        center.deadlines = hurried(center.deadlines, REFUSAL_DEADLINE);
    }
    connections.spawn(async move {
        let connection = Connection::new(stream, peer, center, place.admission);
        if let Err(error) = connection.serve(shutdown).await {
            tracing::debug!(%peer, %error, "a connection ended early");
        }
        drop(place);
    });
}

fn hurried(deadlines: Deadlines, limit: Duration) -> Deadlines {
    Deadlines { first_byte: limit, whole_message: limit, ..deadlines }
}
