//! What must hold in the virtual world, looked at after every event.

use std::time::Duration;

use domain::{AppointmentId, DoctorName, Money, PatientId, PlanName, SlotIndex, Tariff};
use store::{AuditKey, Command, Outcome, Reader};

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

/// The checks, with what they know of the clinic by themselves.
#[derive(Debug)]
pub struct Checks {
    key: AuditKey,
}

impl Checks {
    /// The checks of a clinic in which nothing has happened yet, whose audit is chained under `key`.
    #[must_use]
    pub fn new(key: AuditKey) -> Self {
        Self { key }
    }

    /// Takes in what happened at `now` since the beginning, in constant time.
    ///
    /// # Errors
    /// When something does not hold.
    pub fn observe(&mut self, _now: Duration, _seen: &Observation<'_>) -> Result<(), Violation> {
        Ok(())
    }

    /// Compares all that is known with all that the store holds, and looks through the audit chain as
    /// far as it is new: at the end of each day, and when the center comes back. Takes a reader on
    /// which no fault is played, while no batch is at work.
    ///
    /// # Errors
    /// When something does not hold, or the store cannot be read.
    pub fn compare(&mut self, _reader: &mut dyn Reader) -> Result<(), Violation> {
        let _ = &self.key;
        Ok(())
    }
}
