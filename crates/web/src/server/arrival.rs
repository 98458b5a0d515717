//! From an accepted socket to a conversation: what it begins with, and TLS if that is spoken here.
//!
//! Nothing is kept ready for a browser that has sent nothing.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::House;
use super::conversation::Conversation;
use super::crowd::{Admission, Place};
use super::line::Line;
use super::said;
use super::turn::Turn;
use crate::forwarded::{Origin, Scheme};
use crate::limits::{REFUSAL_DEADLINE, TLS_DEADLINE};

/// The first byte of a TLS record with a handshake message (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Serves a browser to the end of its connection, or of the center.
pub(super) async fn welcome(
    mut stream: TcpStream,
    source: IpAddr,
    place: Place,
    house: Arc<House>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let (first_due, tls_due) = match place.admission() {
        Admission::Served => (house.doors.limits.head_deadline, TLS_DEADLINE),
        Admission::Refused => (REFUSAL_DEADLINE, REFUSAL_DEADLINE),
    };
    let mut first = [0];
    let Some(count) = in_time(stream.peek(&mut first), first_due, &place, &house).await else {
        return Ok(());
    };
    if count? == 0 {
        return Ok(());
    }
    let speaks_tls = first == [TLS_HANDSHAKE];
    match (speaks_tls, house.doors.tls.clone()) {
        (true, Some(config)) => {
            let handshake = Box::pin(TlsAcceptor::from(config).accept(stream));
            let Some(sealed) = in_time(handshake, tls_due, &place, &house).await else {
                return Ok(());
            };
            let from = Origin { source, scheme: Scheme::Https };
            Box::pin(converse(sealed?, from, place, house)).await
        }
        (false, None) => {
            let from = Origin { source, scheme: Scheme::Http };
            Box::pin(converse(stream, from, place, house)).await
        }
        (speaks_tls, _) => {
            let words =
                if speaks_tls { said::TLS_IS_NOT_SPOKEN.to_vec() } else { said::tls_is_spoken() };
            let telling = async {
                stream.write_all(&words).await?;
                Line::new(stream, Turn::new(Arc::new(place))).shutdown().await
            };
            timeout(TLS_DEADLINE, telling).await.unwrap_or(Ok(()))
        }
    }
}

async fn converse(
    stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    from: Origin,
    place: Place,
    house: Arc<House>,
) -> io::Result<()> {
    Conversation::new(from, place, house).hold(stream).await
}

/// What comes of `waiting`; `None` when it is late, the place is needed, or the center closes.
async fn in_time<T>(
    waiting: impl Future<Output = T>,
    limit: Duration,
    place: &Place,
    house: &House,
) -> Option<T> {
    let mut closing = house.closing.clone();
    tokio::select! {
        biased;
        _ = closing.wait_for(|closing| *closing) => None,
        done = timeout(limit, waiting) => done.ok(),
        () = place.dismissed() => None,
    }
}
