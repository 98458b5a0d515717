//! What an account is to the center, and what that lets it do: the one table of rights.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Books for the patients it acts for.
    Patient,
    /// Registers one doctor's address and keys, and learns which tickets are in force.
    Doctor,
    /// Books, moves and cancels for every patient; every look at one is recorded.
    FrontDesk,
    /// Looks after accounts, sessions and the audit; not after patients.
    Administrator,
    /// Another program that reads and books for every patient, as the front desk does.
    Integrator,
}

/// Something that needs a right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See the free slots.
    SeeSlots,
    /// See, book, move and cancel appointments of the patients that the account acts for, and see
    /// who looked at their data.
    TendOwn,
    /// See, book, move and cancel appointments of every patient.
    TendAny,
    /// Register a doctor's address and keys, and hear what is new for the doctor.
    Practise,
    /// Look patients up, see a day's sheet with everybody on it, say who has arrived, add and change
    /// persons, hand out links to choose a password.
    RunDesk,
    /// Publish slots, block and open a doctor's time.
    Schedule,
    /// See the audit and the open sessions, end sessions, look after accounts and doctors.
    Oversee,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] =
        [Self::Patient, Self::Doctor, Self::FrontDesk, Self::Administrator, Self::Integrator];

    /// Whether accounts of this role have a right.
    #[must_use]
    pub const fn may(self, right: Right) -> bool {
        match right {
            Right::SeeSlots => true,
            Right::TendOwn => matches!(self, Self::Patient),
            Right::TendAny => matches!(self, Self::FrontDesk | Self::Integrator),
            Right::Practise => matches!(self, Self::Doctor),
            Right::RunDesk => matches!(self, Self::FrontDesk),
            Right::Schedule => matches!(self, Self::FrontDesk | Self::Administrator),
            Right::Oversee => matches!(self, Self::Administrator),
        }
    }

    /// Whether its accounts log in with a one-time password too (OWASP ASVS 5, 6.3.3): people who
    /// see other people's data.
    #[must_use]
    pub const fn needs_second_factor(self) -> bool {
        matches!(self, Self::FrontDesk | Self::Administrator)
    }

    /// Its name in the store, in JSON and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Doctor => "doctor",
            Self::FrontDesk => "front-desk",
            Self::Administrator => "administrator",
            Self::Integrator => "integrator",
        }
    }
}

/// A text is no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is no role, expected patient, doctor, front-desk, administrator or integrator")]
pub struct UnknownRole;

impl FromStr for Role {
    type Err = UnknownRole;
    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
