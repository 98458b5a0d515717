//! What a simulation shall be: the clinic, who comes when, what goes wrong. The virtual world plays it;
//! the crowd takes from it who comes.

use std::time::Duration;

use domain::{DoctorName, Money, PlanName, SlotIndex, Tariff};
use jiff::Timestamp;
use jiff::tz::TimeZone;

pub(crate) mod arrivals;
pub(crate) mod calendar;
pub mod faults;
mod numbers;

pub use arrivals::Arrivals;
pub use faults::{FaultLevel, Faults};
pub use numbers::{Numbers, NumbersError};

/// A simulation from beginning to end.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What people call it.
    pub title: String,
    /// All chance follows from it.
    pub seed: u64,
    /// Midnight of the first day, in the clinic's zone.
    pub begins: Timestamp,
    /// The clinic's zone.
    pub zone: TimeZone,
    /// How many days it lasts.
    pub days: u32,
    /// The doctors, by their number.
    pub doctors: Vec<DoctorPlan>,
    /// The slots that are published before anybody comes.
    pub slots: Vec<SlotPlan>,
    /// When each patient comes, counted from `begins`; ascending.
    pub arrivals: Vec<Duration>,
    /// How patients behave.
    pub habits: Habits,
    /// What goes wrong, and how often.
    pub faults: Faults,
    /// A bug put in on purpose, so that the checks can be seen to find it; `None` for the product as
    /// it is.
    pub plant: Option<Plant>,
}

/// One doctor.
#[derive(Debug, Clone)]
pub struct DoctorPlan {
    /// Who.
    pub name: DoctorName,
    /// The prices the doctor opens with, for a plain visit.
    pub prices: Vec<(PlanName, Money)>,
}

impl DoctorPlan {
    /// The prices as a tariff.
    #[must_use]
    pub fn tariff(&self) -> Tariff {
        let mut tariff = Tariff::default();
        for (plan, price) in &self.prices {
            tariff.set(&domain::Service::visit(), plan.clone(), *price);
        }
        tariff
    }
}

/// One slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotPlan {
    /// What patients choose it by; from 1, each once.
    pub index: SlotIndex,
    /// Whose time it is: the doctor's number.
    pub doctor: usize,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// How patients behave. Probabilities go from 0 to 1.
#[derive(Debug, Clone)]
pub struct Habits {
    /// The insurance plans that patients have, with their shares.
    pub plans: Vec<(PlanName, f64)>,
    /// Which slot they take.
    pub choice: Choice,
    /// How probably somebody who has booked calls it off later.
    pub cancels: f64,
    /// How probably somebody who has booked, and has not called it off, does not come.
    pub no_shows: f64,
    /// How probably somebody is impatient: asks again before the answer can be there, or walks away.
    pub impatient: f64,
    /// How probably somebody's program speaks one of the exercise's three dialects instead of JSON.
    pub classic: f64,
    /// How probably somebody whose slot was taken looks at the list again, each time.
    pub tries_again: f64,
}

/// Which slot a patient takes of those that are offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// The first one: everybody wants the same.
    Earliest,
    /// Any one, all alike.
    Any,
    /// One of the first few, as people do.
    Soon,
}

/// A bug put in on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// Whether a slot is free is looked up first, and the booking written later.
    CheckThenInsert,
    /// A booking is acknowledged before it is durable.
    AckBeforeCommit,
    /// A doctor answers with another doctor's prices.
    MixedUpDoctor,
}

impl Plant {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CheckThenInsert, Self::AckBeforeCommit, Self::MixedUpDoctor];

    /// The word on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CheckThenInsert => "check-then-insert",
            Self::AckBeforeCommit => "ack-before-commit",
            Self::MixedUpDoctor => "mixed-up-doctor",
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
