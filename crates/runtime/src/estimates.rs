//! Prices that doctors name, asked over UDP on a patient's behalf.
//!
//! A page shows what each visit would cost under somebody's plan, before anything is booked. Only the
//! doctor knows, so the doctor is asked: with a ticket that is issued for the patient (and stands in
//! the audit as such), in sealed datagrams. What was answered holds for everybody with this plan, and
//! is remembered with its age. [`Estimates::look`] never waits: a doctor who does not answer holds up
//! neither a page nor a booking, and is asked again only after a pause, with one question.
//!
//! What is deliberately not here: the words (`protocol`), who may have a ticket (the store).

mod asking;
mod memory;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use center::{No, Rules, Tending};
use domain::{Appointment, DoctorName, Money, PlanName, Refusal, Service};
use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::{Semaphore, watch};

use self::memory::{Memory, Priced};
use crate::Runtime;

/// How long a price, or that a plan is not covered, is told without asking again.
pub const PRICE_FRESH: Duration = Duration::from_secs(10 * 60);
/// How long it is told, with its age, while the doctor is being asked again or does not answer.
pub const PRICE_KEPT: Duration = Duration::from_secs(60 * 60);
/// The pause before a silent doctor is asked again, and one that has not enrolled is looked for.
pub const SILENCE_ACCEPTED: Duration = Duration::from_secs(30);
/// How long a doctor may take for an answer, all tries together: somebody sits at a screen.
pub const ANSWER_WAITED: Duration = Duration::from_secs(3);
/// Questions that are under way at once; the others wait for their turn.
pub const QUESTIONS_AT_ONCE: usize = 64;
/// Prices that are remembered, and questions that wait: past it the older half of the prices leaves,
/// and where there is none no question is asked.
pub const PRICES_REMEMBERED_MAX: usize = 4_096;
/// Doctors whose health is remembered; past it the one who was asked longest ago leaves.
pub const DOCTORS_REMEMBERED_MAX: usize = 4_096;
/// Signed estimates that are remembered; past it all leave.
pub const SIGNED_REMEMBERED_MAX: usize = 1_024;

/// What a price is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Question {
    /// Who is asked.
    pub doctor: DoctorName,
    /// For which kind of visit.
    pub service: Service,
}

/// A question, with how far its answer has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quote {
    /// What was asked.
    pub question: Question,
    /// What is known.
    pub state: QuoteState,
}

/// What is known of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuoteState {
    /// The doctor named it.
    Price {
        /// The price.
        amount: Money,
        /// When the doctor said it, at most [`PRICE_KEPT`] ago.
        asked: Timestamp,
    },
    /// The plan does not cover this kind of visit to this doctor.
    NotCovered {
        /// When the doctor said so.
        asked: Timestamp,
    },
    /// Nobody knows yet; the doctor is being asked.
    Asking,
    /// The doctor does not answer.
    Silent {
        /// When that was noticed first.
        since: Timestamp,
    },
    /// There is no such doctor, or one who has not enrolled and can not be asked.
    NotEnrolled,
}

/// How a doctor has answered the center.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DoctorHealth {
    /// When the doctor was last asked; `None` when not yet.
    pub last_asked: Option<Timestamp>,
    /// When the last answer came; `None` when none did.
    pub last_answer: Option<Timestamp>,
    /// How long the last answer took, from the first datagram; `None` when none came.
    pub answer_time: Option<Duration>,
    /// How many questions in a row were met with silence.
    pub silent: u32,
}

/// What the doctor has signed for an appointment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedQuote {
    /// The estimated cost.
    pub price: Money,
    /// Until when the doctor stands by it.
    pub valid_until: Timestamp,
    /// When it was made.
    pub issued: Timestamp,
    /// The text of the file that `rendezvous patient --verify` takes.
    pub file: String,
}

/// Why there is no signed estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NoEstimate {
    /// The plan does not cover the visit.
    #[error("the plan does not cover this visit")]
    NotCovered,
    /// The doctor does not answer.
    #[error("the doctor does not answer")]
    Silent,
    /// The doctor has not enrolled, and signs nothing.
    #[error("the doctor has not enrolled")]
    NotEnrolled,
    /// The center gives no ticket to ask with: `SessionEnded`, `NoSuchAppointment`,
    /// `AppointmentClosed`, `Busy`, `Unavailable` …
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Asks doctors for prices and remembers them; cheap to clone, and all clones remember the same. Its
/// functions ask in the background of the tokio runtime that they are called on.
#[derive(Clone)]
pub struct Estimates {
    parts: Arc<Parts>,
}

struct Parts {
    runtime: Runtime,
    rules: Rules,
    memory: Mutex<Memory>,
    signed: Mutex<asking::SignedQuotes>,
    turns: Semaphore,
    /// Grows with each question that is over.
    settled: watch::Sender<u64>,
}

impl Estimates {
    /// Knows nothing yet. `rules` has the ticket office; without one no doctor is enrolled.
    #[must_use]
    pub fn new(runtime: Runtime, rules: Rules) -> Self {
        let parts = Parts {
            runtime,
            rules,
            memory: Mutex::default(),
            signed: Mutex::default(),
            turns: Semaphore::new(QUESTIONS_AT_ONCE),
            settled: watch::Sender::new(0),
        };
        Self { parts: Arc::new(parts) }
    }

    /// What is known now, in the order of `questions`. What is unknown, or older than
    /// [`PRICE_FRESH`], is asked for in the background, once for all who look.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn look(&self, tending: &Tending, plan: &PlanName, questions: &[Question]) -> Vec<Quote> {
        let now = Instant::now();
        let quote = |question: &Question| {
            let state = match self.parts.rules.tickets {
                Some(_) => self.look_at(tending, now, Priced::new(question, plan)),
                None => QuoteState::NotEnrolled,
            };
            Quote { question: question.clone(), state }
        };
        questions.iter().map(quote).collect()
    }

    /// The same, after waiting for the answers of which nothing is known, at most `patience`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub async fn wait(
        &self,
        tending: &Tending,
        plan: &PlanName,
        questions: &[Question],
        patience: Duration,
    ) -> Vec<Quote> {
        let mut settled = self.parts.settled.subscribe();
        let mut quotes = self.look(tending, plan, questions);
        let _ = tokio::time::timeout(patience, async {
            // What was given up meanwhile (the session ended, say) is not asked for again here.
            while self.is_any_awaited(plan, &quotes) && settled.changed().await.is_ok() {
                self.look_again(plan, &mut quotes);
            }
        })
        .await;
        quotes
    }

    /// The doctor's signed estimate for `appointment`, one of the patient's as the store has it.
    /// It is asked for once for each version of the appointment and plan, within [`ANSWER_WAITED`]
    /// and the time to get a ticket, and remembered.
    ///
    /// # Errors
    /// When there is none.
    pub async fn of_appointment(
        &self,
        tending: &Tending,
        appointment: &Appointment,
        plan: &PlanName,
    ) -> Result<SignedQuote, NoEstimate> {
        self.signed_quote(tending, appointment, plan).await
    }

    /// How the doctors that were asked have answered.
    #[must_use]
    pub fn health(&self) -> BTreeMap<DoctorName, DoctorHealth> {
        self.parts.memory().health()
    }

    fn is_any_awaited(&self, plan: &PlanName, quotes: &[Quote]) -> bool {
        let memory = self.parts.memory();
        quotes.iter().any(|quote| {
            quote.state == QuoteState::Asking
                && memory.is_asking(&Priced::new(&quote.question, plan))
        })
    }

    fn look_again(&self, plan: &PlanName, quotes: &mut [Quote]) {
        let (memory, now) = (self.parts.memory(), Instant::now());
        for quote in quotes.iter_mut().filter(|quote| quote.state == QuoteState::Asking) {
            quote.state = memory.known(now, &Priced::new(&quote.question, plan));
        }
    }
}

impl Parts {
    /// A panic elsewhere leaves the memory as it was: every change is whole.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<No> for NoEstimate {
    fn from(no: No) -> Self {
        match no {
            No::Refused(Refusal::NoSuchDoctor) => Self::NotEnrolled,
            No::Refused(refusal) => Self::Refused(refusal),
            // A ticket that was issued and not heard of opens nothing: there is another.
            No::Unknown => Self::Refused(Refusal::Unavailable),
        }
    }
}
