//! The asking end of the UDP exchange: a socket connected to one doctor, which drives an inquiry to
//! its end. Patients have one, and so has the center when it asks on a patient's behalf.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use domain::{DoctorName, PlanName, Refusal};
use protocol::{Admission, Dialect, Estimate, EstimateRequest, Inquiry, InquiryStep, NotSealed};
use thiserror::Error;
use tokio::net::UdpSocket;
use tokio::time::sleep_until;

use crate::fresh_entropy;

/// A buffer for one datagram: none is longer.
const RECEIVE_BYTES: usize = 65_535;

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

/// A UDP socket, connected to one doctor: nobody else's datagrams come in.
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
        let random = fresh_entropy().0;
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
        let entropy = fresh_entropy();
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
