//! What must hold in the virtual world, looked at after every event.
//!
//! [`Checks`] keep a clinic of their own, which they learn from what the store decided and from nothing
//! else: who holds which slot, which prices are in force, how many requests are open. Whatever people
//! are told is held against it, and once in a while the whole store is.
//!
//! What is deliberately not here: the store's own check of its file, and whether a history of
//! operations is linearizable ([`crate::history`]).

use std::collections::HashMap;
use std::time::Duration;

use domain::{AppointmentId, DoctorName, Money, PatientId, PlanName, SlotIndex, Tariff};
use store::{AuditKey, Command, Outcome, Reader};

mod audit;
mod bookings;
mod comparison;
mod prices;
#[cfg(test)]
pub(crate) mod story;
#[cfg(test)]
mod tests;
mod wishes;

use self::audit::Chain;
use self::bookings::Bookings;
use self::prices::Prices;
pub use self::wishes::Wishes;

/// The check that a store can be read at all, when no fault is played on it.
const READABLE: &str = "the store can be read";

/// The check that nobody is told anything unasked.
const REPLIES: &str = "a reply only to a request";

/// The check that no line is longer than it may be.
const LINES: &str = "queues within their limits";

/// Something that happened, as the checks see it.
#[derive(Debug)]
pub enum Observation<'a> {
    /// The store decided a batch; these are the true outcomes, whatever the center was told. What was
    /// rolled back is not observed.
    Committed {
        /// What was asked.
        commands: &'a [Command],
        /// What came of each.
        outcomes: &'a [Outcome],
        /// What the center was told.
        told: Told,
    },
    /// A request reached the center on this connection.
    Asked {
        /// The connection's number, never used twice.
        connection: u64,
    },
    /// The center answered on it.
    Answered {
        /// The connection's number.
        connection: u64,
    },
    /// A patient was told that a slot is its own.
    Confirmed {
        /// Who.
        patient: PatientId,
        /// Which.
        slot: SlotIndex,
        /// Its id; `None` in a dialect that does not tell it.
        appointment: Option<AppointmentId>,
    },
    /// A patient was told that its appointment is off.
    CalledOff {
        /// Who.
        patient: PatientId,
        /// The slot that was its own.
        slot: SlotIndex,
    },
    /// A patient's visit ended with a "no": it holds nothing.
    Refused {
        /// Who.
        patient: PatientId,
    },
    /// A doctor's prices are these from now on.
    Prices {
        /// Whose.
        doctor: &'a DoctorName,
        /// The prices.
        tariff: &'a Tariff,
    },
    /// A patient was shown a price.
    PriceShown {
        /// Who charges it.
        doctor: &'a DoctorName,
        /// Under which plan.
        plan: &'a PlanName,
        /// How much.
        price: Money,
        /// When the doctor was first asked.
        asked: Duration,
    },
    /// Something waits in a line that has a limit.
    Waiting {
        /// What.
        line: &'static str,
        /// How many there are.
        length: usize,
        /// How many there may be.
        limit: usize,
    },
}

/// What the center was told of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The outcomes.
    Outcomes,
    /// That nobody knows; or nothing, since it was gone.
    Unknown,
}

/// Something that must hold does not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{check}: {what}")]
pub struct Violation {
    /// Which check, in a few words: `one slot, one appointment`.
    pub check: &'static str,
    /// What is wrong, with names and numbers.
    pub what: String,
}

impl Violation {
    fn new(check: &'static str, what: impl Into<String>) -> Self {
        Self { check, what: what.into() }
    }
}

/// The checks, with what they know of the clinic by themselves.
#[derive(Debug)]
pub struct Checks {
    bookings: Bookings,
    prices: Prices,
    /// How many requests each connection has not had an answer to; none are not kept.
    unanswered: HashMap<u64, u32>,
    chain: Chain,
}

impl Checks {
    /// The checks of a clinic in which nothing has happened yet, whose audit is chained under `key`.
    #[must_use]
    pub fn new(key: AuditKey) -> Self {
        Self {
            bookings: Bookings::default(),
            prices: Prices::default(),
            unanswered: HashMap::new(),
            chain: Chain::new(key),
        }
    }

    /// Takes in what happened at `now` since the beginning, in constant time.
    ///
    /// # Errors
    /// When something does not hold.
    pub fn observe(&mut self, now: Duration, seen: &Observation<'_>) -> Result<(), Violation> {
        match *seen {
            Observation::Committed { commands, outcomes, told } => {
                self.bookings.decided(commands, outcomes, told)
            }
            Observation::Asked { connection } => {
                *self.unanswered.entry(connection).or_default() += 1;
                Ok(())
            }
            Observation::Answered { connection } => self.answered(connection),
            Observation::Confirmed { patient, slot, appointment } => {
                self.bookings.confirmed(patient, slot, appointment)
            }
            Observation::CalledOff { patient, slot } => self.bookings.called_off(patient, slot),
            Observation::Refused { patient } => self.bookings.refused(patient),
            Observation::Prices { doctor, tariff } => {
                self.prices.are(now, doctor, tariff);
                Ok(())
            }
            Observation::PriceShown { doctor, plan, price, asked } => {
                self.prices.shown((asked, now), doctor, plan, price)
            }
            Observation::Waiting { line, length, limit } => within(line, length, limit),
        }
    }

    /// Compares all that is known with all that the store holds, and looks through the audit chain as
    /// far as it is new: at the end of each day, and when the center comes back. Takes a reader on
    /// which no fault is played, while no batch is at work.
    ///
    /// # Errors
    /// When something does not hold, or the store cannot be read.
    pub fn compare(&mut self, reader: &mut dyn Reader) -> Result<(), Violation> {
        comparison::compare(&self.bookings, reader)?;
        self.chain.follow(reader)
    }

    /// Who holds which slot, by its number, as far as the checks know; in no order.
    pub fn holders(&self) -> impl Iterator<Item = (u32, PatientId)> {
        self.bookings.live().map(|(slot, held)| (slot, held.patient))
    }

    /// How many slots are held, as far as the checks know.
    #[must_use]
    pub fn held(&self) -> usize {
        self.bookings.held()
    }

    fn answered(&mut self, connection: u64) -> Result<(), Violation> {
        let Some(open) = self.unanswered.get_mut(&connection) else {
            let what = format!("connection {connection} was answered and had asked nothing");
            return Err(Violation::new(REPLIES, what));
        };
        *open -= 1;
        if *open == 0 {
            self.unanswered.remove(&connection);
        }
        Ok(())
    }
}

fn within(line: &'static str, length: usize, limit: usize) -> Result<(), Violation> {
    if length > limit {
        let what = format!("{length} wait in the line \"{line}\", which may have {limit}");
        return Err(Violation::new(LINES, what));
    }
    Ok(())
}
