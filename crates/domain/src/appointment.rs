//! Appointments: a patient's claim to a slot.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{AppointmentId, Slot};

/// How often an appointment was changed: 1 when booked, one more with each change
/// (FHIR R4 `meta.versionId`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version(pub u32);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where an appointment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppointmentStatus {
    /// Booked and to come. The only status in which it holds its slot, together with `Arrived`,
    /// `Done` and `NoShow`.
    Booked,
    /// The patient is here.
    Arrived,
    /// The visit took place.
    Done,
    /// The patient did not come.
    NoShow,
    /// Called off; its slot is free again.
    Cancelled,
}

impl AppointmentStatus {
    /// The word in the store, in JSON and on screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Arrived => "arrived",
            Self::Done => "done",
            Self::NoShow => "no-show",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status behind a word of the store; `None` for any other word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Booked, Self::Arrived, Self::Done, Self::NoShow, Self::Cancelled]
            .into_iter()
            .find(|status| status.as_str() == word)
    }

    /// Whether the patient may still cancel or move it.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Booked)
    }
}

impl fmt::Display for AppointmentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A patient's claim to a slot, with what the patient needs to go and ask its doctor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Kept for life, also when it is moved.
    pub id: AppointmentId,
    /// Grows by one with each change.
    pub version: Version,
    /// Where it stands.
    pub status: AppointmentStatus,
    /// The slot it holds, or held when it was cancelled.
    pub slot: Slot,
}
