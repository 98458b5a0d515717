//! The patient's ends of both exchanges: a TCP connection to the center, and [`DoctorLine`], the UDP
//! socket to a doctor, which the center has too.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use protocol::{BadReply, Call, Dialect, NotSpoken, Reply, Request};
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{timeout, timeout_at};

pub use runtime::doctor_line::{DoctorLine, EstimateError};

use crate::limits::{CONNECT_DEADLINE, HANDSHAKE_DEADLINE, READ_BYTES, REPLY_DEADLINE};
use crate::stream::PeerStream;
use crate::tls::{Distrust, NoTls, TlsClient};

/// What is around the words between a patient and the center.
#[derive(Debug, Clone)]
pub enum Security {
    /// TLS; the center proves who it is before anything is said.
    Tls(TlsClient),
    /// Nothing: for a center on this machine only.
    PlaintextOnLoopback,
}

/// Why the center could not be asked, or its answer not be had.
#[derive(Debug, Error)]
pub enum CallError {
    /// No center listens there, or nothing leads there.
    #[error("no health center answers at {address}")]
    NoCenter {
        /// Where it was sought.
        address: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// Whoever answers there did not prove to be the center; nothing was said to it.
    #[error("the health center at {address} is not trusted: {why}")]
    Untrusted {
        /// Where it was sought.
        address: String,
        /// What is wrong with it.
        why: Distrust,
    },
    /// The center is not on this machine, and the words would cross a network in the clear; nothing
    /// was said to it.
    #[error("the health center at {address} is not on this machine: plaintext is not for networks")]
    PlaintextRefused {
        /// Where it was sought.
        address: String,
    },
    /// The connection broke.
    #[error("the connection to the health center broke")]
    Broken(#[from] io::Error),
    /// The dialect has no words for it.
    #[error(transparent)]
    NotSpoken(#[from] NotSpoken),
    /// There was no answer, or none that could be understood.
    #[error(transparent)]
    BadReply(#[from] BadReply),
    /// The center is silent.
    #[error("the health center did not answer within {} s", REPLY_DEADLINE.as_secs())]
    NoReply,
}

impl CallError {
    /// Whether the request may have been carried out all the same.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(self, Self::Broken(_) | Self::NoReply | Self::BadReply(BadReply::NoAnswer))
    }
}

/// A patient's connection to the center.
#[derive(Debug)]
pub struct Caller {
    stream: PeerStream,
    call: Call,
    buffer: Vec<u8>,
}

impl Caller {
    /// Connects to the center at `address`, a host and a port. Under TLS the center's certificate
    /// must be for that host; there is never a second try in plaintext.
    ///
    /// # Errors
    /// When there is no such host, nobody listens there, or it is not who it should be.
    pub async fn connect(
        address: &str,
        dialect: Dialect,
        security: &Security,
    ) -> Result<Self, CallError> {
        let no_center = |source| CallError::NoCenter { address: address.to_owned(), source };
        let connected = timeout(CONNECT_DEADLINE, TcpStream::connect(address)).await;
        let stream = connected.unwrap_or_else(|elapsed| Err(elapsed.into())).map_err(no_center)?;
        stream.set_nodelay(true)?;
        let stream = match security {
            Security::PlaintextOnLoopback => {
                assert_on_this_machine(address, stream.peer_addr()?)?;
                PeerStream::Plain(stream)
            }
            Security::Tls(client) => {
                let name = server_name(address).map_err(no_center)?;
                let shaken = timeout(HANDSHAKE_DEADLINE, client.connect(name, stream)).await;
                match shaken.unwrap_or_else(|elapsed| Err(NoTls::Broken(elapsed.into()))) {
                    Ok(sealed) => sealed,
                    Err(NoTls::Broken(source)) => return Err(no_center(source)),
                    Err(NoTls::Untrusted(why)) => {
                        return Err(CallError::Untrusted { address: address.to_owned(), why });
                    }
                }
            }
        };
        Ok(Self { stream, call: Call::new(dialect), buffer: vec![0; READ_BYTES] })
    }

    /// Our own address.
    ///
    /// # Errors
    /// When the socket is broken.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.stream.tcp().local_addr()
    }

    /// The center's address.
    ///
    /// # Errors
    /// When the socket is broken.
    pub fn center_address(&self) -> io::Result<SocketAddr> {
        self.stream.tcp().peer_addr()
    }

    /// Sends `request`; its reply is [`Self::reply`]'s.
    ///
    /// # Errors
    /// When the dialect cannot say it or the connection breaks.
    pub async fn send(&mut self, request: &Request) -> Result<(), CallError> {
        let bytes = self.call.ask(request)?;
        self.stream.write_all(&bytes).await?;
        Ok(self.stream.flush().await?)
    }

    /// Waits for the reply to the oldest request without one.
    ///
    /// # Errors
    /// When none comes, or none that can be understood.
    pub async fn reply(&mut self) -> Result<Reply, CallError> {
        let deadline = Instant::now() + REPLY_DEADLINE;
        loop {
            if let Some(reply) = self.call.next_reply()? {
                return Ok(reply);
            }
            let due = self.call.next_timeout().map_or(deadline, |due| due.min(deadline));
            match timeout_at(due.into(), self.stream.read(&mut self.buffer)).await {
                Ok(Ok(0)) => self.call.end_of_input(),
                Ok(Ok(count)) => self.call.receive(Instant::now(), &self.buffer[..count])?,
                // Not an end of input: what was cut off must not count as whole.
                Ok(Err(error)) if is_closed(&error) => return Err(BadReply::NoAnswer.into()),
                Ok(Err(error)) => return Err(error.into()),
                Err(_) if Instant::now() >= deadline => return Err(CallError::NoReply),
                Err(_) => self.call.handle_timeout(Instant::now()),
            }
        }
    }

    /// Sends `request` and waits for its reply.
    ///
    /// # Errors
    /// As [`Self::send`] and [`Self::reply`].
    pub async fn ask(&mut self, request: &Request) -> Result<Reply, CallError> {
        self.send(request).await?;
        self.reply().await
    }
}

/// Whether the other end has closed the connection, under TLS also without its last word
/// (RFC 8446 §6.1).
fn is_closed(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// What the name of the center has led to must be loopback where there is no TLS.
fn assert_on_this_machine(address: &str, center: SocketAddr) -> Result<(), CallError> {
    if center.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    Err(CallError::PlaintextRefused { address: address.to_owned() })
}

/// The name that the certificate of a center at `address` must have: its host, a name or an IP
/// address (in brackets where it is an IPv6 one).
fn server_name(address: &str) -> io::Result<ServerName<'static>> {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let error = |error| io::Error::new(io::ErrorKind::InvalidInput, error);
    ServerName::try_from(host.to_owned()).map_err(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plaintext_is_for_a_center_on_this_machine() {
        let check = |center: &str| assert_on_this_machine("clinic:1", center.parse().unwrap());
        for center in ["127.0.0.1:21000", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(check(center).is_ok(), "{center}");
        }
        for center in ["192.0.2.1:21000", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1", "0.0.0.0:1"] {
            let error = check(center).unwrap_err();
            assert!(matches!(error, CallError::PlaintextRefused { .. }) && !error.is_unknown());
            let message = "the health center at clinic:1 is not on this machine: plaintext is not \
                           for networks";
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn the_name_on_the_certificate_is_the_host_of_the_address() {
        let name = |address: &str| server_name(address).ok().map(|name| name.to_str().into_owned());
        assert_eq!(name("clinic.example:21000").as_deref(), Some("clinic.example"));
        assert_eq!(name("192.0.2.1:21000").as_deref(), Some("192.0.2.1"));
        assert_eq!(name("[2001:db8::1]:21000").as_deref(), Some("2001:db8::1"));
        assert_eq!(name("what is this:1"), None);
    }
}
