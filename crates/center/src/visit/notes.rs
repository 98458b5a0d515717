//! What of a visit the audit shall know although the store never sees it: log-ins that keep no
//! session, wrong ones, and requests that are refused before anything is asked of the store.

use std::net::IpAddr;

use domain::{AccountId, PatientId, Refusal};
use protocol::Request;
use store::{AuditNote, NoteOutcome, NoteVerb};

use super::Doing;

/// What a request is called in the audit, and whose data it is about when it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Noted {
    verb: NoteVerb,
    patient: Option<PatientId>,
}

impl Noted {
    pub(super) const LOG_IN: Self = Self { verb: NoteVerb::LogIn, patient: None };
    pub(super) const ENROL: Self = Self { verb: NoteVerb::Enrol, patient: None };

    /// `None` for what needs no record: leaving.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let verb = match request {
            Request::For { patient, request } => {
                return Self::of(request).map(|noted| Self { patient: Some(*patient), ..noted });
            }
            Request::LogOut => return None,
            Request::LogIn { .. } | Request::Resume { .. } => NoteVerb::LogIn,
            Request::Board | Request::Slots(_) => NoteVerb::SeeSlots,
            Request::Book { .. } => NoteVerb::Book,
            Request::Cancel { .. } => NoteVerb::Cancel,
            Request::Reschedule { .. } => NoteVerb::Reschedule,
            Request::Appointments | Request::Accesses => NoteVerb::Look,
            Request::Ticket(_) => NoteVerb::Ticket,
            Request::Enrol { .. } => NoteVerb::Enrol,
            Request::Register(_) => NoteVerb::RegisterDoctor,
            Request::News { .. } => NoteVerb::Practise,
        };
        Some(Self { verb, patient: None })
    }

    /// What the list is called that was asked for; `None` for whatever reads nothing.
    pub(super) fn of_read(doing: &Doing) -> Option<Self> {
        let verb = match doing {
            Doing::ListingBoard | Doing::ListingPage => NoteVerb::SeeSlots,
            Doing::ListingAppointments | Doing::ListingAccesses => NoteVerb::Look,
            Doing::Hearing => NoteVerb::Practise,
            _ => return None,
        };
        Some(Self { verb, patient: None })
    }

    /// The note of a refusal; `None` for those that say nothing about who asked.
    pub(super) fn refused(
        self,
        account: Option<AccountId>,
        source: IpAddr,
        refusal: Refusal,
    ) -> Option<AuditNote> {
        let telling = matches!(
            refusal,
            Refusal::WrongCredentials
                | Refusal::Throttled
                | Refusal::NotAllowed
                | Refusal::NotLoggedIn
                | Refusal::SessionEnded
                | Refusal::WeakPassword
        );
        telling.then(|| self.note(account, source, NoteOutcome::Refused(refusal)))
    }

    pub(super) fn note(
        self,
        account: Option<AccountId>,
        source: IpAddr,
        outcome: NoteOutcome,
    ) -> AuditNote {
        let Self { verb, patient } = self;
        let source = Some(source.to_canonical());
        AuditNote { account, verb, outcome, source, patient, times: 1 }
    }
}
