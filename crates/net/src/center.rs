//! The health center's accept loop: one task per connection, all of them bounded.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

pub use crate::connection::Center;

use crate::Shutdown;
use crate::arrival::Arrival;
use crate::crowd::Crowd;
use crate::limits::{ACCEPT_PAUSE, BACKLOG, SHUTDOWN_DEADLINE, STRANGERS_LET_GO};

/// How often the log says that there are no file descriptors.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(1);

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
    let crowd = Crowd::new(center.limits);
    let center = Arc::new(center);
    let mut connections = JoinSet::new();
    let mut last_complaint = None;
    loop {
        tokio::select! {
            biased;
            () = shutdown.wait() => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(accepted) => admit(&mut connections, &center, &crowd, accepted, &shutdown),
                Err(error) => {
                    make_room(&crowd, &error, &mut last_complaint);
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
    center: &Arc<Center>,
    crowd: &Crowd,
    (stream, peer): (TcpStream, SocketAddr),
    shutdown: &Shutdown,
) {
    let source = SocketAddr::new(peer.ip().to_canonical(), peer.port());
    let Some(place) = crowd.enter(source.ip()) else {
        tracing::debug!(%source, "closed at once, too many connections");
        return;
    };
    let arrival = Arrival { stream, source, place, accepted: Instant::now() };
    let (center, crowd, shutdown) = (Arc::clone(center), crowd.clone(), shutdown.clone());
    connections.spawn(async move {
        if let Err(error) = arrival.serve(center, crowd, shutdown).await {
            tracing::debug!(%source, %error, "a connection ended early");
        }
    });
}

/// Nothing could be accepted. When that is for want of file descriptors, silent strangers give
/// theirs back; the newcomer waits in the kernel's queue for it.
fn make_room(crowd: &Crowd, error: &io::Error, last_complaint: &mut Option<Instant>) {
    let used_up = matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE));
    let let_go = if used_up { crowd.let_go(STRANGERS_LET_GO) } else { 0 };
    if last_complaint.is_none_or(|last| last.elapsed() >= COMPLAINT_PAUSE) {
        *last_complaint = Some(Instant::now());
        tracing::warn!(%error, let_go, "a connection could not be accepted");
    }
}
