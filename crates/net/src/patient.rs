//! The patient's ends of both exchanges: a TCP connection to the center, a UDP socket to a doctor.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use domain::{DoctorName, PlanName, Refusal};
use protocol::{
    Admission, BadReply, Call, Dialect, Estimate, EstimateRequest, Inquiry, InquiryStep, NotSealed,
    NotSpoken, Reply, Request,
};
use rustls::pki_types::ServerName;
use thiserror::Error;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::{sleep_until, timeout, timeout_at};

use crate::limits::{
    CONNECT_DEADLINE, HANDSHAKE_DEADLINE, READ_BYTES, RECEIVE_BYTES, REPLY_DEADLINE,
};
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

/// Why a doctor gave no estimate.
#[derive(Debug, Error)]
pub enum EstimateError {
    /// A polite "no".
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// What the center gave is not good enough to ask with; nothing was sent.
    #[error(transparent)]
    NotSealed(#[from] NotSealed),
    /// Silence, after so many tries.
    #[error("the doctor at {doctor} did not answer ({tries} tries)")]
    NoAnswer {
        /// Who was asked.
        doctor: SocketAddr,
        /// How often.
        tries: u32,
    },
    /// The socket is broken.
    #[error("the doctor at {doctor} could not be asked")]
    Broken {
        /// Who was to be asked.
        doctor: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
}

/// A patient's UDP socket, connected to one doctor: nobody else's datagrams come in.
#[derive(Debug)]
pub struct DoctorLine {
    socket: UdpSocket,
    doctor: SocketAddr,
    /// When the last question was sent, each time; a question has only so many tries.
    asked: Mutex<Vec<Instant>>,
}

impl DoctorLine {
    /// Opens a socket on a dynamic port.
    ///
    /// # Errors
    /// When the operating system has none, or no way leads to the doctor.
    pub async fn open(doctor: SocketAddr) -> Result<Self, EstimateError> {
        let any: IpAddr = match doctor.ip() {
            IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
            IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
        };
        let opened = async {
            let socket = UdpSocket::bind((any, 0)).await?;
            socket.connect(doctor).await?;
            Ok(socket)
        };
        let socket = opened.await.map_err(|source| EstimateError::Broken { doctor, source })?;
        Ok(Self { socket, doctor, asked: Mutex::default() })
    }

    /// When the last question was sent: once for each try, in order. For whoever counts tries.
    #[must_use]
    pub fn asked(&self) -> Vec<Instant> {
        self.tries().clone()
    }

    fn tries(&self) -> MutexGuard<'_, Vec<Instant>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Our own address.
    ///
    /// # Errors
    /// When the socket is broken.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Asks for an estimate in the clear, again and again for a bounded time.
    ///
    /// # Errors
    /// When the plan is not covered, or the doctor stays silent.
    pub async fn ask(
        &self,
        dialect: Dialect,
        request: EstimateRequest,
    ) -> Result<Estimate, EstimateError> {
        let random = runtime::fresh_entropy().0;
        let id = random.iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte));
        self.carry_out(Inquiry::new(dialect, request, id, Instant::now())).await
    }

    /// Asks for an estimate in sealed datagrams. Silence never makes it ask in the clear.
    ///
    /// # Errors
    /// When what the center gave is not good enough to ask with, the plan is not covered, or the
    /// doctor stays silent.
    pub async fn ask_sealed(
        &self,
        admission: &Admission,
        doctor: &DoctorName,
        plan: &PlanName,
    ) -> Result<Estimate, EstimateError> {
        let entropy = runtime::fresh_entropy();
        let inquiry = Inquiry::sealed(admission, doctor, plan, &entropy, Instant::now())?;
        self.carry_out(inquiry).await
    }

    async fn carry_out(&self, mut inquiry: Inquiry) -> Result<Estimate, EstimateError> {
        let mut buffer = vec![0; RECEIVE_BYTES];
        self.tries().clear();
        loop {
            match inquiry.step(Instant::now()) {
                InquiryStep::Send(datagrams) => {
                    self.tries().push(Instant::now());
                    for datagram in &datagrams {
                        self.send(datagram).await;
                    }
                }
                InquiryStep::WaitUntil(due) => {
                    if let Some(answer) = self.receive(&inquiry, &mut buffer, due).await {
                        return answer.map_err(EstimateError::Refused);
                    }
                }
                InquiryStep::GiveUp => {
                    let (doctor, tries) = (self.doctor, inquiry.tries());
                    return Err(EstimateError::NoAnswer { doctor, tries });
                }
            }
        }
    }

    /// An error here is mostly the echo of an earlier datagram (ICMP port unreachable), delivered
    /// instead of sending this one: so once more, and the rest is left to the next try.
    async fn send(&self, datagram: &[u8]) {
        for _ in 0..2 {
            match self.socket.send(datagram).await {
                Ok(_) => return,
                Err(error) => tracing::debug!(%error, doctor = %self.doctor, "not sent"),
            }
        }
    }

    async fn receive(
        &self,
        inquiry: &Inquiry,
        buffer: &mut [u8],
        due: Instant,
    ) -> Option<Result<Estimate, Refusal>> {
        tokio::select! {
            biased;
            received = self.socket.recv(buffer) => match received {
                Ok(length) => inquiry.receive(&buffer[..length]),
                Err(error) => {
                    tracing::debug!(%error, doctor = %self.doctor, "nobody there yet");
                    None
                }
            },
            () = sleep_until(due.into()) => None,
        }
    }
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
