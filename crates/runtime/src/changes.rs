//! A number that grows when anything of the clinic has changed, for whoever shows it live.
//!
//! What only leaves a trace (notes, looks, tickets, log-ins) is no change of the clinic: a page that is
//! shown again because of a change may itself be a look, and must not be shown again for that.

use std::sync::Arc;

use store::{Command, Outcome};
use tokio::sync::watch;

/// Cheap to clone; all clones count the same.
#[derive(Clone)]
pub(crate) struct Changes {
    number: Arc<watch::Sender<u64>>,
}

impl Changes {
    pub(crate) fn new() -> Self {
        Self { number: Arc::new(watch::Sender::new(0)) }
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.number.subscribe()
    }

    /// Something has changed, and can be read.
    pub(crate) fn tell(&self) {
        self.number.send_modify(|number| *number += 1);
    }
}

/// Whether a command with this outcome has changed the clinic.
pub(crate) fn is_change(command: &Command, outcome: &Outcome) -> bool {
    !matches!(outcome, Outcome::Refused(_) | Outcome::AlreadyHeld(_)) && can_change(command)
}

/// Whether a command can change the clinic, and does not only leave a trace.
pub(crate) fn can_change(command: &Command) -> bool {
    match command {
        Command::OpenSession(_)
        | Command::TouchSession(_)
        | Command::CloseSession(_)
        | Command::Look(_)
        | Command::LookAtMany(_)
        | Command::Operated(_)
        | Command::Oversaw(..)
        | Command::Note(_)
        | Command::IssueTicket(_) => false,
        Command::Book(_)
        | Command::Cancel(_)
        | Command::Reschedule(_)
        | Command::Hold(_)
        | Command::Release(_)
        | Command::Mark(_)
        | Command::BlockTime(_)
        | Command::OpenTime(_)
        | Command::DescribeDoctor(_)
        | Command::AddPerson(_)
        | Command::ChangePerson(_)
        | Command::ChoosePlan(_)
        | Command::AddDependant(_)
        | Command::Invite(_)
        | Command::ChoosePassword(_)
        | Command::OfferPlans(..)
        | Command::AddPatient(_)
        | Command::SetPassword(_)
        | Command::AddStaff(_)
        | Command::SetTotp(_)
        | Command::EndSessions(_)
        | Command::Erase(_)
        | Command::OfferEnrolment(_)
        | Command::Enrol(_)
        | Command::RegisterDoctor(_)
        | Command::AddSlots(_)
        | Command::Import(_)
        | Command::SettleZone(_) => true,
    }
}
