//! A TCP connection, in plaintext or under TLS, read and written alike.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::sleep;
use tokio_rustls::TlsStream;

use crate::limits::GONE_LOOKED_AT;

/// A connection; what TLS keeps of it is on the heap, so that plaintext does not pay for it.
#[derive(Debug)]
pub(crate) enum PeerStream {
    Plain(TcpStream),
    Sealed(Box<TlsStream<TcpStream>>),
}

impl PeerStream {
    /// The connection below.
    pub(crate) fn tcp(&self) -> &TcpStream {
        match self {
            Self::Plain(stream) => stream,
            Self::Sealed(stream) => stream.get_ref().0,
        }
    }

    /// Returns once the peer can hear nothing any more: it has reset the connection, or both ways
    /// are closed. Under TLS it has gone, too, when it has closed its own way: there no patient
    /// does that before the last reply. In plaintext it may (RFC 9293 §3.6), and waits on.
    ///
    /// Looks every [`GONE_LOOKED_AT`], and never at what is still to be read.
    pub(crate) async fn gone(&self) {
        loop {
            sleep(GONE_LOOKED_AT).await;
            let ready = self.tcp().ready(Interest::READABLE | Interest::WRITABLE).await;
            let half_closed = matches!(self, Self::Sealed(_));
            // A socket that cannot be asked is broken.
            if ready.map_or(true, |it| it.is_write_closed() || half_closed && it.is_read_closed()) {
                return;
            }
        }
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Sealed(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Sealed(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Sealed(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Sealed(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use socket2::SockRef;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;
    use tokio::time::timeout;

    use super::*;

    /// Both ends of a connection, ours first.
    async fn ends() -> (PeerStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (PeerStream::Plain(listener.accept().await.unwrap().0), peer)
    }

    #[tokio::test]
    async fn who_has_reset_the_connection_is_gone_also_with_words_unread() {
        let (ours, mut peer) = ends().await;
        peer.write_all(b"more").await.unwrap();
        peer.shutdown().await.unwrap();
        let waited = timeout(GONE_LOOKED_AT * 2, ours.gone()).await;
        assert!(waited.is_err(), "who has only said everything still listens");
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        timeout(GONE_LOOKED_AT * 10, ours.gone()).await.expect("it is seen");
    }
}
