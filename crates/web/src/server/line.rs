//! The bytes of a connection on their way in and out: followed, so that it is known whose turn it
//! is, and completed where the parser answers by itself.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::framing::{At, Framing};
use super::said;
use super::turn::Turn;
use crate::limits::{LINGER, LINGER_BYTES_MAX};

/// What the parser's own refusals begin with: of them, and of nothing else, it writes the whole.
const REFUSAL: &[u8] = b"HTTP/1.1 4";

/// A connection's stream.
pub(super) struct Line<S> {
    stream: S,
    framing: Framing,
    turn: Turn,
    /// What is said instead of the parser's own refusal, and how much of it has left.
    instead: Option<(Vec<u8>, usize)>,
    /// Until when it is read on after the last word; `None` before that.
    lingering: Option<Lingering>,
}

struct Lingering {
    until: Pin<Box<Sleep>>,
    bytes_left: usize,
}

impl<S> Line<S> {
    pub(super) fn new(stream: S, turn: Turn) -> Self {
        let framing = Framing::default();
        Self { stream, framing, turn, instead: None, lingering: None }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Line<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let line = &mut *self;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut line.stream).poll_read(context, buffer))?;
        line.framing.take(&mut buffer.filled_mut()[before..]);
        if line.framing.at() == At::Head {
            line.turn.head_begun();
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> Line<S> {
    /// Whether `bytes` are a refusal of the parser's own, which no page has anything to do with.
    fn is_own_refusal(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(REFUSAL) && self.turn.is_idle()
    }

    fn followed(&self, wrote: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match wrote {
            Poll::Pending => self.turn.unread(),
            Poll::Ready(_) => self.turn.read(),
        }
        wrote
    }

    /// Writes what is said instead, to its end.
    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while let Some((words, left)) = &mut self.instead {
            if *left == words.len() {
                self.instead = None;
                break;
            }
            let wrote = Pin::new(&mut self.stream).poll_write(context, &words[*left..]);
            if wrote.is_pending() {
                self.turn.unread();
            }
            match ready!(wrote)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => *left += count,
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Line<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_own_refusal(bytes) {
            self.instead = Some((said::instead_of(bytes), 0));
            return Poll::Ready(Ok(bytes.len()));
        }
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.followed(wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = pieces {
            return self.poll_write(context, only);
        }
        let wrote = Pin::new(&mut self.stream).poll_write_vectored(context, pieces);
        self.followed(wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        if flushed.is_pending() {
            self.turn.unread();
        }
        ready!(flushed)?;
        self.turn.all_left(self.framing.at() == At::Head);
        Poll::Ready(Ok(()))
    }

    /// Says that nothing more comes, and reads on for a while: closing over what the browser has
    /// sent would take the last answer from it (RFC 9112 §9.6).
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let line = &mut *self;
        if line.lingering.is_none() {
            ready!(line.poll_instead(context))?;
            ready!(Pin::new(&mut line.stream).poll_shutdown(context))?;
        }
        let linger = || Lingering { until: Box::pin(sleep(LINGER)), bytes_left: LINGER_BYTES_MAX };
        let lingering = line.lingering.get_or_insert_with(linger);
        let mut bytes = [0; 4_096];
        loop {
            let mut buffer = ReadBuf::new(&mut bytes);
            let read = Pin::new(&mut line.stream).poll_read(context, &mut buffer);
            let count = buffer.filled().len();
            match read {
                Poll::Ready(Ok(())) if count > 0 && count < lingering.bytes_left => {
                    lingering.bytes_left -= count;
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => return lingering.until.as_mut().poll(context).map(Ok),
            }
        }
    }
}
