//! A crowd of patients on real sockets, through `net`'s own patient.
//!
//! [`OwnClinic`] is a center with its doctors in this process, on ports of its own; [`Relay`] is a
//! bad network in front of them, or of a center that runs already. [`run`] sends the patients, and
//! tells of each visit when it is over. All chance follows from the seed; what the operating system
//! does with it in time does not.
//!
//! What is deliberately not here: files, flags, printing, and how a report looks.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::{DoctorName, Password, PlanName, SlotIndex, Tariff, UserName};
use jiff::Timestamp;
use net::patient::Security;
use protocol::Dialect;

use crate::plan::Choice;
use crate::record::VisitRecord;

mod clinic;
mod counter;
mod diary;
mod furnishing;
mod relay;
mod sending;
mod visit;

pub use clinic::{ClinicError, OwnClinic};
pub use relay::Relay;
pub use sending::{Sent, StillThere, run};
pub use visit::SILENCE;

/// The most visits at once: as many strangers as a center takes from one source. Whoever comes when
/// there are so many waits in line, and the wait counts.
pub const VISITS_AT_ONCE_MAX: usize = 2_048;

/// The most visits of one run.
pub const VISITS_MAX: u64 = 10_000_000;

/// The most visits of which everything that was said is kept, for diagrams.
pub const VISITS_WHOLE_MAX: u64 = 64;

/// A crowd from beginning to end.
#[derive(Debug, Clone)]
pub struct CrowdPlan {
    /// How many patients there are.
    pub patients: u32,
    /// How many doctors there are.
    pub doctors: u32,
    /// How many slots there are, shared out among the doctors.
    pub slots: u32,
    /// When patients come.
    pub pace: Pace,
    /// How long they keep coming, each of them in turn and then again; `None` for once each.
    pub duration: Option<Duration>,
    /// How many visits there may be at once; never more than [`VISITS_AT_ONCE_MAX`].
    pub at_once_max: usize,
    /// What all chance follows from.
    pub seed: u64,
    /// The words that they use.
    pub dialect: Dialect,
    /// Which slot they take.
    pub choice: Choice,
    /// What lies between them and the clinic.
    pub network: Network,
}

impl CrowdPlan {
    /// How many visits there will be; `None` when time ends them.
    #[must_use]
    pub fn visits(&self) -> Option<u64> {
        self.duration.is_none().then_some(u64::from(self.patients))
    }

    /// How long the run is planned to last, as far as anybody can say.
    #[must_use]
    pub fn lasts(&self) -> Option<Duration> {
        match (self.duration, self.pace) {
            (Some(duration), _) => Some(duration),
            (None, Pace::Rate(rate)) => {
                Duration::try_from_secs_f64(f64::from(self.patients) / rate).ok()
            }
            (None, Pace::Concurrency(_)) => None,
        }
    }
}

/// When patients come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// So many a second on average, independently of each other (a Poisson process), whether or not
    /// those before were served.
    Rate(f64),
    /// So many at any moment: the next one comes when one leaves.
    Concurrency(usize),
}

/// What lies between the crowd and the clinic. Probabilities go from 0 to 1, and hold each way.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Network {
    /// Of each datagram: is lost.
    pub loss: f64,
    /// How long every datagram and every byte is under way, on average.
    pub delay: Duration,
    /// How much more or less it may be.
    pub jitter: Duration,
    /// Of each datagram: arrives twice.
    pub duplicate: f64,
    /// Of each datagram: waits so long that later ones overtake it.
    pub reorder: f64,
}

impl Network {
    /// Whether it does nothing at all to what crosses it.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// Somebody who comes.
#[derive(Debug, Clone)]
pub struct Guest {
    /// What the patient logs in with.
    pub user: UserName,
    /// The secret.
    pub password: Password,
    /// Whose plan the doctor is asked under.
    pub plan: PlanName,
}

/// Where a crowd goes, and what is known of the place.
#[derive(Debug)]
pub struct Destination {
    /// The center, as host and port.
    pub center: String,
    /// What is around the words.
    pub security: Security,
    /// Who comes, in turn; at least one.
    pub guests: Vec<Guest>,
    /// The doctors' prices: what is shown to a patient is compared with them. Prices of a doctor who
    /// is not here are not judged.
    pub tariffs: HashMap<DoctorName, Tariff>,
    /// Whose the slots are, for dialects that do not say.
    pub schedule: HashMap<SlotIndex, DoctorName>,
    /// Between when and when there are slots, so that patients look all over the calendar; `None` when
    /// nobody knows, and everybody looks at its beginning.
    pub calendar: Option<(Timestamp, Timestamp)>,
    /// Whether others book here too, or have booked before. Then a history knows only part of what
    /// happens to the slots: no refused booking and no whole list is judged in it.
    pub is_shared: bool,
    /// What leads to doctors who do not know that there is a bad network in front of them; `None`
    /// when they do, or there is none.
    pub detour: Option<Arc<Relay>>,
}

/// What is told while a crowd comes and goes.
#[derive(Debug)]
pub enum CrowdEvent {
    /// A visit is over.
    Over(Box<VisitRecord>),
    /// How it looks now; several times a second.
    Now(Moment),
}

/// How it looks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Since the run began.
    pub at: Duration,
    /// How many have come so far.
    pub arrived: u64,
    /// How many are served just now.
    pub inside: usize,
    /// How many wait in line outside.
    pub waiting: usize,
}
