//! One question to a doctor: a ticket, a socket, and what came of it.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use center::errand::QuoteFor;
use center::{Present, Tending};
use domain::{
    Appointment, AppointmentId, Doctor, DoctorName, PatientId, PlanName, Refusal, Version,
};
use jiff::Timestamp;
use protocol::{Admission, Estimate, TicketReply};
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::memory::{Ask, Came, Priced};
use super::{
    ANSWER_WAITED, Estimates, NoEstimate, Parts, QuoteState, SIGNED_REMEMBERED_MAX, SignedQuote,
};
use crate::doctor_line::{DoctorLine, EstimateError};
use crate::{fresh_entropy, now};

/// What an estimate is signed for. An appointment that was moved has another version, and other
/// patients' have nothing to do with it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct SignedFor {
    patient: PatientId,
    appointment: AppointmentId,
    version: Version,
    plan: PlanName,
}

/// The estimates that doctors have signed; one that is empty is being asked for, or failed.
#[derive(Debug, Default)]
pub(super) struct SignedQuotes {
    quotes: HashMap<SignedFor, Arc<OnceCell<SignedQuote>>>,
}

impl SignedQuotes {
    fn of(&mut self, signed_for: SignedFor, now: Timestamp) -> Arc<OnceCell<SignedQuote>> {
        let is_over = |quote: &SignedQuote| quote.valid_until <= now;
        if self.quotes.get(&signed_for).and_then(|cell| cell.get()).is_some_and(is_over) {
            self.quotes.remove(&signed_for);
        }
        if self.quotes.len() >= SIGNED_REMEMBERED_MAX && !self.quotes.contains_key(&signed_for) {
            self.quotes.clear();
        }
        Arc::clone(self.quotes.entry(signed_for).or_default())
    }
}

/// A question that is under way. Whatever ends it, also the end of its runtime, settles it.
struct Flight {
    parts: Arc<Parts>,
    priced: Priced,
    came: Came,
}

impl Flight {
    async fn go(mut self, tending: Tending) {
        let Priced { doctor, service, plan } = &self.priced;
        let quote = QuoteFor::Visit(doctor.clone(), service.clone());
        self.came = match self.parts.ask(&tending, quote, plan).await {
            Ok(estimate) => Came::Price(estimate.price),
            Err(NoEstimate::NotCovered) => Came::NotCovered,
            Err(NoEstimate::Silent) => Came::Silence,
            Err(NoEstimate::NotEnrolled) => Came::NotEnrolled,
            Err(NoEstimate::Refused(refusal)) => {
                tracing::debug!(%refusal, "no ticket to ask a doctor with");
                Came::Nothing
            }
        };
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.parts.memory().settle(Instant::now(), now(), &self.priced, self.came);
        self.parts.settled.send_modify(|settled| *settled += 1);
    }
}

impl Estimates {
    /// What is known of a price; it is asked for if it should be.
    pub(super) fn look_at(&self, tending: &Tending, now: Instant, priced: Priced) -> QuoteState {
        let (state, ask) = self.parts.memory().look(now, &priced);
        if ask == Ask::Yes {
            let parts = Arc::clone(&self.parts);
            tokio::spawn(Flight { parts, priced, came: Came::Nothing }.go(*tending));
        }
        state
    }

    pub(super) async fn signed_quote(
        &self,
        tending: &Tending,
        appointment: &Appointment,
        plan: &PlanName,
    ) -> Result<SignedQuote, NoEstimate> {
        let signed_for = SignedFor {
            patient: tending.patient(),
            appointment: appointment.id,
            version: appointment.version,
            plan: plan.clone(),
        };
        let cell = {
            let mut signed = self.parts.signed.lock().unwrap_or_else(PoisonError::into_inner);
            signed.of(signed_for, now())
        };
        let asking = || async {
            let quote = QuoteFor::Appointment(appointment.id);
            let estimate = self.parts.ask(tending, quote, plan).await?;
            self.parts.signed(&estimate).ok_or(NoEstimate::Silent)
        };
        cell.get_or_try_init(asking).await.cloned()
    }
}

impl Parts {
    /// Asks one doctor when it is this question's turn.
    async fn ask(
        &self,
        tending: &Tending,
        quote: QuoteFor,
        plan: &PlanName,
    ) -> Result<Estimate, NoEstimate> {
        let _turn = self.turns.acquire().await.expect("nobody closes the line");
        let present = Present { now: now(), entropy: fresh_entropy() };
        let ticket = tending.ticket(present, &self.rules, quote)?;
        let TicketReply { doctor, admission } = self.runtime.run(ticket).await?;
        let began = Instant::now();
        self.memory().asks(began, now(), &doctor.name);
        let asked = ask_doctor(&doctor, &admission, plan).await;
        let ended = Instant::now();
        let mut memory = self.memory();
        match asked {
            Some(answer) => {
                memory.answered(ended, now(), &doctor.name, ended - began);
                answer.map_err(|_| NoEstimate::NotCovered)
            }
            None => {
                memory.was_silent(ended, now(), &doctor.name);
                Err(NoEstimate::Silent)
            }
        }
    }

    /// What the doctor has signed; `None` for an estimate that does not hold, which an inquiry never
    /// lets through.
    fn signed(&self, estimate: &Estimate) -> Option<SignedQuote> {
        let file = estimate.signed.as_ref()?;
        let claims = file.verify(&self.rules.tickets.as_ref()?.center_key()).ok()?;
        Some(SignedQuote {
            price: claims.price,
            valid_until: claims.valid_until,
            issued: claims.issued,
            file: file.to_text(),
        })
    }
}

/// That the plan does not cover it.
struct NotCovered;

/// What the doctor answers; `None` for nothing that could be used.
async fn ask_doctor(
    doctor: &Doctor,
    admission: &Admission,
    plan: &PlanName,
) -> Option<Result<Estimate, NotCovered>> {
    let asking = async {
        let line = DoctorLine::open(address_of(doctor)).await?;
        line.ask_sealed(admission, &doctor.name, plan).await
    };
    match timeout(ANSWER_WAITED, asking).await {
        Ok(Ok(estimate)) => Some(Ok(estimate)),
        Ok(Err(EstimateError::Refused(Refusal::PlanNotCovered))) => Some(Err(NotCovered)),
        Ok(Err(error)) => {
            told_of(&doctor.name, &error);
            None
        }
        Err(elapsed) => {
            told_of(&doctor.name, &elapsed);
            None
        }
    }
}

fn told_of(doctor: &DoctorName, error: &(dyn std::error::Error + 'static)) {
    tracing::info!(error, %doctor, "no answer to a question for a price");
}

/// A doctor without a host answers on this machine.
fn address_of(doctor: &Doctor) -> SocketAddr {
    let host = doctor.address.host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    SocketAddr::new(host, doctor.address.port)
}
