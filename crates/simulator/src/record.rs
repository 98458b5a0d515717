//! What is kept of one visit, in any world, for the report: its phases, its end, and who said what to
//! whom.

use std::time::Duration;

use domain::{DoctorName, Money, Refusal, SlotIndex};
use jiff::Timestamp;

/// One patient's visit from the planned arrival to the end.
#[derive(Debug, Clone)]
pub struct VisitRecord {
    /// What the patient logs in with.
    pub patient: String,
    /// When the patient was to come, since the run began. Latencies count from here, however late the
    /// patient was served.
    pub planned: Duration,
    /// How long each phase took; a phase that was not reached is not here. The first one counts from
    /// `planned`.
    pub phases: Vec<(Phase, Duration)>,
    /// How it ended.
    pub ended: VisitEnd,
    /// When it ended, since the run began.
    pub left: Duration,
    /// What was booked; `None` when nothing was, or it was called off again before the end.
    pub booking: Option<Booking>,
    /// The price that was told; `None` when none was.
    pub price: Option<Money>,
    /// How often the doctor was asked before an answer came, or before the patient gave up; `None`
    /// when no doctor was asked.
    pub tries: Option<u32>,
    /// How often the patient connected to the center.
    pub connections: u32,
    /// Who said what to whom, in order; empty when nobody wants a diagram of this visit.
    pub exchanges: Vec<Exchange>,
}

/// What was booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The slot's number.
    pub slot: SlotIndex,
    /// Its doctor; `None` when the patient's dialect does not say and nobody else does.
    pub doctor: Option<DoctorName>,
    /// When the visit is to be; `None` when nobody says.
    pub start: Option<Timestamp>,
    /// The moment of the booking; `None` when nobody says.
    pub booked: Option<Timestamp>,
}

/// A part of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// From the planned arrival to the welcome.
    LogIn,
    /// To the list of free slots.
    List,
    /// To the confirmation of the booking, or its refusal.
    Book,
    /// To the doctor's price.
    Estimate,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::LogIn, Self::List, Self::Book, Self::Estimate];

    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log in",
            Self::List => "list",
            Self::Book => "book",
            Self::Estimate => "estimate",
        }
    }
}

/// How a visit ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VisitEnd {
    /// Booked, with the price known.
    Served,
    /// Booked; the doctor gave no price, for this reason.
    WithoutPrice(String),
    /// Booked, and called off again by the patient.
    CalledOff,
    /// A polite "no".
    Refused(Refusal),
    /// The patient walked away.
    WalkedAway,
    /// Something broke, in words.
    Failed(String),
}

/// Who speaks, or is spoken to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    /// The patient of this visit.
    Patient,
    /// The health center.
    Center,
    /// A doctor, by name.
    Doctor(String),
}

/// One thing that was said, or one datagram. Secrets are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// When, since the run began.
    pub at: Duration,
    /// Who spoke.
    pub from: Party,
    /// To whom.
    pub to: Party,
    /// What, in a few words: `book slot 7`, `insurance1`, `30 USD`.
    pub what: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of something that was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It arrived, or nobody knows better.
    Arrived,
    /// It was lost on the way.
    Lost,
}

/// How a doctor's time was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorUse {
    /// Who.
    pub doctor: DoctorName,
    /// How many slots there were.
    pub slots: usize,
    /// How many of them were booked at the end.
    pub booked: usize,
    /// How many of those were missed by their patients.
    pub missed: usize,
}
