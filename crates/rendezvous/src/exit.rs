//! How the program ends: the exit codes, and which error is which.

use std::process::ExitCode;

use clap::error::ErrorKind;
use domain::Refusal;
use net::patient::CallError;
use thiserror::Error;

use crate::input::BadInput;

/// A polite "no" to an operator, which no patient ever gets: exit code 3.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Declined(String);

impl Declined {
    /// What cannot be done, and why.
    pub(crate) fn new(why: String) -> Self {
        Self(why)
    }
}

/// How a command ended, as far as whoever started it is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It is done: 0.
    Done,
    /// Something of ours or around us failed: 1.
    Failure,
    /// Bad usage, bad configuration or a bad input file: 2.
    BadInput,
    /// The answer was "no" (wrong password, slot taken, plan not covered): 3.
    Refused,
}

impl Ended {
    /// The exit code, 0 to 3.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failure => 1,
            Self::BadInput => 2,
            Self::Refused => 3,
        }
    }

    /// What an error means: the first of its causes that says so decides.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        let verdict = |cause: &(dyn std::error::Error + 'static)| {
            if cause.is::<BadInput>() {
                return Some(Self::BadInput);
            }
            if cause.is::<Declined>() {
                return Some(Self::Refused);
            }
            if let Some(CallError::Untrusted { .. } | CallError::PlaintextRefused { .. }) =
                cause.downcast_ref::<CallError>()
            {
                return Some(Self::Refused);
            }
            if let Some(refusal) = cause.downcast_ref::<Refusal>() {
                return Some(Self::of_refusal(*refusal));
            }
            let usage = cause.downcast_ref::<clap::Error>()?;
            match usage.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Some(Self::Done),
                _ => Some(Self::BadInput),
            }
        };
        error.chain().find_map(verdict).unwrap_or(Self::Failure)
    }

    /// What a refusal means: "no" is an answer, but "not now" and "we do not understand each
    /// other" are failures.
    pub(crate) const fn of_refusal(refusal: Refusal) -> Self {
        match refusal {
            Refusal::WrongCredentials
            | Refusal::SessionEnded
            | Refusal::SlotTaken
            | Refusal::NoSuchSlot
            | Refusal::NoSlotsLeft
            | Refusal::NoSuchAppointment
            | Refusal::AppointmentClosed
            | Refusal::TooManyAppointments
            | Refusal::Throttled
            | Refusal::NotAllowed
            | Refusal::WeakPassword
            | Refusal::TlsRequired
            | Refusal::NoSuchDoctor
            | Refusal::AddressTaken
            | Refusal::NoSuchPatient
            | Refusal::TooManyHolds
            | Refusal::InvitationOver
            | Refusal::UserNameTaken
            | Refusal::SlotsOverlap
            | Refusal::TimeBlocked
            | Refusal::VisitNotBegun
            | Refusal::PlanNotCovered => Self::Refused,
            Refusal::NotLoggedIn
            | Refusal::AlreadyLoggedIn
            | Refusal::RequestIdReused
            | Refusal::Busy
            | Refusal::Unavailable
            | Refusal::NotUnderstood
            | Refusal::TooLong
            | Refusal::TooSlow
            | Refusal::UnknownVersion => Self::Failure,
        }
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        Self::from(ended.code())
    }
}

#[cfg(test)]
mod tests {
    use anyhow::{Context as _, anyhow};

    use super::*;

    #[test]
    fn the_cause_decides_how_the_program_ends() {
        let refused = Err::<(), _>(Refusal::SlotTaken).context("booking").unwrap_err();
        let bad =
            Err::<(), _>(BadInput::of_file("users.txt".as_ref(), "not found, expected a file"));
        let busy = anyhow::Error::new(Refusal::Busy);
        assert_eq!(Ended::of_error(&refused).code(), 3);
        assert_eq!(Ended::of_error(&bad.context("loading").unwrap_err()).code(), 2);
        assert_eq!(Ended::of_error(&busy).code(), 1);
        assert_eq!(Ended::of_error(&anyhow!("no such thing")).code(), 1);
        assert_eq!(Ended::Done.code(), 0);
    }
}
