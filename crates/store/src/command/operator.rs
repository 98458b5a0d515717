//! What the operator does that changes nothing in the store, and is recorded all the same.

use domain::PatientId;

/// The verb of [`OperatorDeed::SignMissingHead`].
pub(crate) const SIGN_HEAD: &str = "sign_head";

/// Something that whoever runs `rendezvous admin` does beside the store, or looks at in it: recorded,
/// and nothing else. A look is to be committed before anything is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorDeed {
    /// Looks at the list of all patients.
    LookAtPatients,
    /// Looks at all slots, and who holds them.
    LookAtSlots,
    /// Looks at everybody's appointments.
    LookAtAppointments,
    /// Looks at who is logged in.
    LookAtSessions,
    /// Looks at the list of accounts.
    LookAtAccounts,
    /// Looks at the audit.
    LookAtAudit {
        /// Only at what is about this patient; `None` for all of it.
        patient: Option<PatientId>,
    },
    /// Makes another certificate for the center.
    RenewCertificate,
    /// Makes another key for tickets.
    RotateTicketKeys,
    /// Signs the head of an audit whose signed head was not there, as it is in a store whose audit's
    /// end was cut off: by opening the store, not on purpose.
    SignMissingHead,
}

impl OperatorDeed {
    /// Its word in the audit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LookAtPatients => "look_at_patients",
            Self::LookAtSlots => "look_at_slots",
            Self::LookAtAppointments => "look_at_appointments",
            Self::LookAtSessions => "look_at_sessions",
            Self::LookAtAccounts => "look_at_accounts",
            Self::LookAtAudit { .. } => "look_at_audit",
            Self::RenewCertificate => "renew_certificate",
            Self::RotateTicketKeys => "rotate_ticket_keys",
            Self::SignMissingHead => SIGN_HEAD,
        }
    }

    /// What came of it, in the audit.
    #[must_use]
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::SignMissingHead => "no head was there",
            _ => "done",
        }
    }

    /// Whose data it is about; `None` when not one patient's.
    #[must_use]
    pub const fn patient(self) -> Option<PatientId> {
        match self {
            Self::LookAtAudit { patient } => patient,
            _ => None,
        }
    }
}
