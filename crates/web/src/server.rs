//! Connections: taken in, TLS where it is spoken, HTTP/1.1 on them, each with its place and its
//! deadlines. Below it, from the outside in: who has a place (`crowd`), what a connection begins
//! with (`arrival`), its requests and answers (`conversation`), whose turn it is (`turn`), and its
//! bytes (`line`, `framing`).
//!
//! What is deliberately not here: what the pages are, and what every answer says (`routes`).

mod arrival;
mod conversation;
mod crowd;
mod framing;
mod line;
mod said;
mod turn;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::crowd::{Crowd, Peer};
use crate::Site;
use crate::forwarded::is_trusted;
use crate::limits::{ACCEPT_PAUSE, IDLE_LET_GO, Limits, SHUTDOWN_DEADLINE};
use crate::routes::routes;

/// How often the log says that a connection could not be accepted.
const COMPLAINT_PAUSE: Duration = Duration::from_secs(1);

/// How visitors come in.
#[derive(Clone, Default)]
pub struct Doors {
    /// TLS with the center's certificate; `None` for plaintext, on loopback or behind a proxy.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Whose `Forwarded` headers (RFC 7239) are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// How many may come, and how long they are waited for.
    pub limits: Limits,
}

/// What all connections share.
struct House {
    pages: Router,
    doors: Doors,
    crowd: Crowd,
    /// Becomes true when the center closes.
    closing: watch::Receiver<bool>,
}

/// Shows the pages of `site` to whoever comes to `listener`, until `shutdown`; then finishes the
/// answers that are in flight, at most for [`SHUTDOWN_DEADLINE`].
pub async fn serve(
    listener: TcpListener,
    site: Site,
    doors: Doors,
    shutdown: impl Future<Output = ()>,
) {
    let (close, closing) = watch::channel(false);
    let pages = routes(Arc::new(site), doors.limits);
    let crowd = Crowd::new(doors.limits);
    let house = Arc::new(House { pages, doors, crowd, closing });
    let mut connections = JoinSet::new();
    let mut last_complaint = None;
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok(accepted) => admit(&mut connections, &house, accepted),
                Err(error) => {
                    make_room(&house.crowd, &error, &mut last_complaint);
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    close.send_replace(true);
    let all_gone = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_DEADLINE, all_gone).await.is_err() {
        tracing::warn!(left = connections.len(), "browsers were cut at the shutdown deadline");
        connections.shutdown().await;
    }
}

fn admit(
    connections: &mut JoinSet<()>,
    house: &Arc<House>,
    (stream, address): (TcpStream, SocketAddr),
) {
    let source = address.ip().to_canonical();
    let is_proxy = is_trusted(&house.doors.trusted_proxies, source);
    let peer = if is_proxy { Peer::Proxy } else { Peer::Of(source) };
    let Some(place) = house.crowd.enter(peer) else {
        tracing::debug!("a browser was turned away at once, too many connections");
        return;
    };
    let house = Arc::clone(house);
    connections.spawn(async move {
        if let Err(error) = arrival::welcome(stream, source, place, house).await {
            tracing::debug!(%error, "a browser's connection ended early");
        }
    });
}

/// Nothing could be accepted. That may be for want of open files: idle connections give theirs
/// back, and the newcomer waits in the kernel's queue for it.
fn make_room(crowd: &Crowd, error: &io::Error, last_complaint: &mut Option<Instant>) {
    // Somebody who went away before being let in has used nothing up.
    let gone =
        matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset);
    let let_go = if gone { 0 } else { crowd.let_go(IDLE_LET_GO) };
    if last_complaint.is_none_or(|last| last.elapsed() >= COMPLAINT_PAUSE) {
        *last_complaint = Some(Instant::now());
        tracing::warn!(%error, let_go, "a browser's connection could not be accepted");
    }
}

#[cfg(test)]
mod tests;
