//! From an accepted socket to a conversation: who it is (PROXY header), what it speaks (the first
//! byte), and TLS if it does.
//!
//! Nothing is kept ready for a peer that has sent nothing: whoever is only connected costs a small
//! task. What is deliberately not here: what is said.

use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use domain::Refusal;
use protocol::limits::Deadlines;
use protocol::{ConversationSettings, WirePolicy};
use socket2::SockRef;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio::time::{sleep_until, timeout};

use crate::connection::{Center, Connection, Peer};
use crate::crowd::{Admission, Crowd, Place};
use crate::limits::REFUSAL_DEADLINE;
use crate::source::is_within;
use crate::stream::PeerStream;
use crate::tls::TlsDoor;
use crate::{Shutdown, complaint, proxy};

/// The first byte of a TLS record with a handshake message (RFC 8446 §5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// A connection that was just accepted.
pub(crate) struct Arrival {
    pub(crate) stream: TcpStream,
    /// Where it comes from; behind a trusted proxy, where it really comes from.
    pub(crate) source: SocketAddr,
    pub(crate) place: Place,
    pub(crate) accepted: Instant,
}

/// What the peer begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Opening {
    Tls,
    Words,
    /// It ended, was late, or its place is needed.
    Nothing,
}

impl Arrival {
    /// Serves the peer to the end of its visit, or of the center.
    pub(crate) async fn serve(
        self,
        center: Arc<Center>,
        crowd: Crowd,
        mut shutdown: Shutdown,
    ) -> io::Result<()> {
        let mut here = self;
        // What is rare is on the heap, while it lasts.
        if is_within(&center.trusted_proxies, here.source.ip()) {
            let limit = deadlines_for(here.place.admission(), &center).tls_hello;
            match Box::pin(here.through_proxy(&crowd, limit, &mut shutdown)).await {
                Some(behind) => here = behind,
                None => return Ok(()),
            }
        }
        // Replies are small and awaited: no waiting for more to send along (RFC 1122 §4.2.3.4).
        here.stream.set_nodelay(true)?;
        let deadlines = deadlines_for(here.place.admission(), &center);
        let opening = here.opening(&deadlines, &mut shutdown).await?;
        if opening == Opening::Nothing {
            return Ok(());
        }
        // On the heap only now: most of what a peer costs is in here.
        Box::pin(here.converse(opening, deadlines, center, shutdown)).await
    }

    /// Reads who is behind the proxy, and takes a place in that one's name; `None` when the
    /// connection is to be closed.
    async fn through_proxy(
        self,
        crowd: &Crowd,
        limit: Duration,
        shutdown: &mut Shutdown,
    ) -> Option<Self> {
        let Self { mut stream, source: proxy, place, accepted } = self;
        let header = tokio::select! {
            biased;
            () = shutdown.wait() => return None,
            header = timeout(limit, proxy::read_header(&mut stream)) => header,
            () = place.dismissed() => return None,
        };
        let source = match header {
            Ok(Ok(behind)) => behind.unwrap_or(proxy),
            Ok(Err(error)) => {
                tracing::debug!(%proxy, %error, "closed, who is behind the proxy is not known");
                return None;
            }
            Err(_) => {
                tracing::debug!(%proxy, "closed, no PROXY header in time");
                return None;
            }
        };
        // One connection has one place: the proxy's is left before the real source's is taken.
        drop(place);
        let place = crowd.enter(source.ip())?;
        Some(Self { stream, source, place, accepted })
    }

    /// Waits for the first byte, and leaves it where it is.
    async fn opening(&self, deadlines: &Deadlines, shutdown: &mut Shutdown) -> io::Result<Opening> {
        let due = self.accepted + deadlines.first_byte.min(deadlines.log_in);
        let mut first = [0];
        loop {
            tokio::select! {
                biased;
                () = shutdown.wait() => return Ok(self.opening_at_the_end().await),
                count = self.stream.peek(&mut first) => return Ok(match (count?, first) {
                    (0, _) => Opening::Nothing,
                    (_, [TLS_HANDSHAKE]) => Opening::Tls,
                    _ => Opening::Words,
                }),
                () = self.place.dismissed() => return Ok(Opening::Nothing),
                () = sleep_until(due.into()) => {}
            }
            if !has_more_to_read(&self.stream) {
                return Ok(Opening::Nothing);
            }
            // It is here and only not reported yet: this machine was busy, not the peer silent.
            tokio::task::yield_now().await;
        }
    }

    /// What has come already when the center closes: words are answered. For a handshake it is too
    /// late; who began one hears nothing, which is better than that here is no TLS.
    async fn opening_at_the_end(&self) -> Opening {
        let mut first = [0];
        let here = poll_fn(|context| {
            let mut buffer = ReadBuf::new(&mut first);
            let peeked = self.stream.poll_peek(context, &mut buffer);
            Poll::Ready(matches!(peeked, Poll::Ready(Ok(1..))))
        });
        match (here.await, first) {
            (true, [TLS_HANDSHAKE]) => Opening::Nothing,
            (true, _) => Opening::Words,
            (false, _) if has_more_to_read(&self.stream) => Opening::Words,
            (false, _) => Opening::Nothing,
        }
    }

    async fn converse(
        self,
        opening: Opening,
        deadlines: Deadlines,
        center: Arc<Center>,
        mut shutdown: Shutdown,
    ) -> io::Result<()> {
        let Self { stream, source, place, accepted } = self;
        let (stream, wire) = match (opening, &center.tls) {
            (Opening::Tls, Some(door)) => {
                let limit = deadlines.tls_hello;
                // On the heap while it lasts: a handshake is larger than a conversation.
                let sealed = Box::pin(shake_hands(door, stream, &place, limit, &mut shutdown));
                match sealed.await? {
                    Some(sealed) => (sealed, WirePolicy::Open),
                    None => return Ok(()),
                }
            }
            _ if center.plaintext.includes(source.ip()) => {
                (PeerStream::Plain(stream), WirePolicy::Open)
            }
            _ => {
                // The conversation will not hear more than the first byte, which is here.
                if opening == Opening::Words {
                    let refusal = Refusal::TlsRequired;
                    center.runtime.note_refused_connection(source.ip(), refusal);
                    complaint::plaintext_refused(source.ip());
                }
                (PeerStream::Plain(stream), WirePolicy::TlsRequired)
            }
        };
        let settings = ConversationSettings { deadlines, lines: center.limits.lines, wire };
        let peer = Peer { stream, source: source.ip(), port: source.port(), place, accepted };
        let mut connection = Connection::new(peer, center, settings);
        connection.serve(shutdown).await
    }
}

/// `None` when the peer was late, its place is needed, or the center closes.
async fn shake_hands(
    door: &TlsDoor,
    stream: TcpStream,
    place: &Place,
    limit: Duration,
    shutdown: &mut Shutdown,
) -> io::Result<Option<PeerStream>> {
    tokio::select! {
        biased;
        () = shutdown.wait() => Ok(None),
        sealed = timeout(limit, door.accept(stream)) => sealed.ok().transpose(),
        () = place.dismissed() => Ok(None),
    }
}

/// Whoever is only told "busy" has less time for it.
fn deadlines_for(admission: Admission, center: &Center) -> Deadlines {
    let deadlines = center.limits.deadlines;
    let limit = REFUSAL_DEADLINE;
    match admission {
        Admission::Served => deadlines,
        Admission::Refused => {
            Deadlines { first_byte: limit, whole_message: limit, tls_hello: limit, ..deadlines }
        }
    }
}

/// Whether the kernel has bytes, or the end, of this connection.
pub(crate) fn has_more_to_read(stream: &TcpStream) -> bool {
    let mut byte = [MaybeUninit::uninit()];
    SockRef::from(stream).peek(&mut byte).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of a peer that has said `words` by the time the center closes.
    async fn opening_at_the_end(words: &'static [u8]) -> Opening {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (stream, source) = listener.accept().await.unwrap();
        peer.try_write(words).unwrap();
        while !words.is_empty() && !has_more_to_read(&stream) {
            tokio::task::yield_now().await;
        }
        let place = Crowd::new(crate::limits::Limits::default()).enter(source.ip()).unwrap();
        let arrival = Arrival { stream, source, place, accepted: Instant::now() };
        let (trigger, mut shutdown) = crate::ShutdownTrigger::new();
        trigger.pull();
        arrival.opening(&Deadlines::default(), &mut shutdown).await.unwrap()
    }

    #[tokio::test]
    async fn a_hello_is_not_taken_for_words_when_the_center_closes() {
        assert_eq!(opening_at_the_end(&[TLS_HANDSHAKE, 3, 1]).await, Opening::Nothing);
        assert_eq!(opening_at_the_end(b"authenticate").await, Opening::Words);
        assert_eq!(opening_at_the_end(b"").await, Opening::Nothing);
    }

    #[test]
    fn a_silent_connection_costs_little() {
        // A closure is only asked for its type: nothing is served here.
        fn size<F: Future>(_: impl FnOnce(Arrival, Arc<Center>, Crowd, Shutdown) -> F) -> usize {
            size_of::<F>()
        }
        let task = size(Arrival::serve);
        assert!(task <= 2 * 1_024, "{task} bytes before the first byte");
        let deadlines = Deadlines::default();
        let task = size(|arrival, center, _, shutdown| {
            arrival.converse(Opening::Words, deadlines, center, shutdown)
        });
        assert!(task <= 4 * 1_024, "{task} bytes after it");
    }
}
