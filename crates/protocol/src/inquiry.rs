//! The patient's side of the UDP exchange, as a state machine: one request outstanding, asked again
//! with doubling pauses, given up in bounded time (RFC 8085 §3.1.1 and §3.1.3).
//!
//! A sealed question stays sealed: no silence and no answer makes it fall back to the clear.

mod private;

use std::time::{Duration, Instant};

use domain::{DoctorName, Entropy, PlanName, Refusal};

pub use private::NotSealed;

use crate::Dialect;
use crate::estimate::{Estimate, EstimateRequest, datagrams, read_answer};
use crate::limits::{ESTIMATE_TIMEOUT, ESTIMATE_TIMEOUT_ALL, ESTIMATE_TRIES};
use crate::message::Admission;

/// One question to a doctor, from the first datagram to the answer.
#[derive(Debug)]
pub struct Inquiry {
    way: Way,
    /// Also the seed of the jitter.
    id: u64,
    tries: u32,
    began: Instant,
    next_try: Instant,
}

#[derive(Debug)]
enum Way {
    Clear { dialect: Dialect, request: EstimateRequest },
    Sealed(Box<private::Sealed>),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InquiryStep {
    /// Send these datagrams, in order, and ask again for the next step.
    Send(Vec<Vec<u8>>),
    /// Wait for a datagram, but not beyond this moment.
    WaitUntil(Instant),
    /// The doctor did not answer.
    GiveUp,
}

impl Inquiry {
    /// A question in `dialect`. `id` is random: it matches the answer to the question, and spreads
    /// the pauses of many patients.
    #[must_use]
    pub fn new(dialect: Dialect, request: EstimateRequest, id: u64, now: Instant) -> Self {
        // JSON numbers keep 53 bits everywhere.
        let id = id & ((1 << 53) - 1);
        Self::begin(Way::Clear { dialect, request }, id, now)
    }

    /// A sealed question: what `doctor` charges under `plan` for what the ticket says. The random
    /// bytes become a key: never use them again.
    ///
    /// # Errors
    /// When what the center gave is not for this doctor, or its keys are not certified, or it does
    /// not fit into a datagram. Nothing may be sent then.
    pub fn sealed(
        admission: &Admission,
        doctor: &DoctorName,
        plan: &PlanName,
        entropy: &Entropy,
        now: Instant,
    ) -> Result<Self, NotSealed> {
        let sealed = private::Sealed::new(admission, doctor, plan, entropy)?;
        let jitter = sealed.jitter();
        Ok(Self::begin(Way::Sealed(Box::new(sealed)), jitter, now))
    }

    fn begin(way: Way, id: u64, now: Instant) -> Self {
        Self { way, id, tries: 0, began: now, next_try: now }
    }

    /// How often the doctor was asked.
    #[must_use]
    pub fn tries(&self) -> u32 {
        self.tries
    }

    /// What is to be done at `now`.
    pub fn step(&mut self, now: Instant) -> InquiryStep {
        if now < self.next_try {
            return InquiryStep::WaitUntil(self.next_try);
        }
        let given_up = self.began + ESTIMATE_TIMEOUT_ALL;
        if self.tries >= ESTIMATE_TRIES || now >= given_up {
            return InquiryStep::GiveUp;
        }
        self.next_try = (now + self.pause()).min(given_up);
        self.tries += 1;
        InquiryStep::Send(match &self.way {
            Way::Clear { dialect, request } => datagrams(request, *dialect, self.id),
            Way::Sealed(sealed) => vec![sealed.datagram().to_vec()],
        })
    }

    /// Takes a datagram from the doctor; `None` when it is no answer to this question.
    #[must_use]
    pub fn receive(&self, datagram: &[u8]) -> Option<Result<Estimate, Refusal>> {
        match &self.way {
            Way::Clear { dialect, .. } => read_answer(datagram, *dialect, self.id),
            Way::Sealed(sealed) => sealed.receive(datagram),
        }
    }

    /// The pause after the next try: doubled each time, and up to a tenth longer.
    fn pause(&self) -> Duration {
        let base = ESTIMATE_TIMEOUT * 2_u32.pow(self.tries);
        // A few mixed bits of the random id are all the chance a jitter needs (SplitMix64's step).
        let mixed = (self.id ^ u64::from(self.tries)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56;
        base + base * u32::try_from(mixed).unwrap_or(0) / 2_560
    }
}

#[cfg(test)]
mod tests;
