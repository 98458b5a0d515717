//! What a patient and the center say to each other, whatever the dialect.

use std::net::IpAddr;

use domain::{
    Appointment, AppointmentId, DeviceCookie, Doctor, DoctorAddress, DoctorKeys, DoctorName,
    EnrolmentCode, OneTimePassword, Password, PatientId, Reason, Refusal, RequestId, Role, Service,
    SessionToken, SlotId, SlotIndex, UserName, VerifyingKey, Version, WeekTime,
};
use jiff::Timestamp;
use thiserror::Error;

use crate::ticket::{DoctorCertificate, Ticket};

/// What a patient asks of the center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Log in with a password.
    LogIn {
        /// Who.
        user: UserName,
        /// The secret.
        password: Password,
        /// Whether a session shall outlive the connection.
        session: KeepSession,
        /// What else it brings; the classic dialects can bring nothing.
        with: LogInWith,
    },
    /// Come back without the password.
    Resume {
        /// The token of an earlier log-in.
        token: SessionToken,
    },
    /// End the session of this connection.
    LogOut,
    /// The classic list: the next days' free slots in index order.
    Board,
    /// A page of free slots in order of time.
    Slots(SlotsWanted),
    /// Book a slot.
    Book {
        /// Which.
        slot: SlotNamed,
        /// The client's id of this command; `None` in the classic dialects, which have none.
        request_id: Option<RequestId>,
    },
    /// Cancel an appointment.
    Cancel {
        /// Which.
        appointment: AppointmentId,
        /// Why; `None` when nothing was said.
        reason: Option<Reason>,
        /// The client's id of this command.
        request_id: RequestId,
    },
    /// Move an appointment to another slot.
    Reschedule {
        /// Which.
        appointment: AppointmentId,
        /// Where to.
        slot: SlotNamed,
        /// The client's id of this command.
        request_id: RequestId,
    },
    /// My appointments.
    Appointments,
    /// Who looked at my data.
    Accesses,
    /// A verb of a patient's, for a patient whom the account does not act for: the front desk's and
    /// the integrators' way.
    For {
        /// Whom it is for.
        patient: PatientId,
        /// `Book`, `Cancel`, `Reschedule`, `Appointments` or `Ticket`.
        request: Box<Request>,
    },
    /// A ticket to a doctor who shall name a price.
    Ticket(TicketWanted),
    /// A doctor's first log-in, with a code that works once; the password is the doctor's from here
    /// on.
    Enrol {
        /// Who.
        doctor: DoctorName,
        /// What the operator handed over.
        code: EnrolmentCode,
        /// What to log in with from now on.
        password: Password,
    },
    /// Where the doctor who has logged in answers, and under which keys.
    Register(Registration),
    /// What a doctor has to know: the keys of tickets in force, and whose tickets are over.
    News {
        /// Only changes of appointments since then; `None` for all that can still matter.
        since: Option<Timestamp>,
    },
}

/// What a log-in brings besides user and password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogInWith {
    /// Of an account with a second factor; `None` where it has none.
    pub one_time: Option<OneTimePassword>,
    /// From an earlier log-in with this device; `None` for a device not seen before.
    pub device: Option<DeviceCookie>,
}

/// What a ticket shall be for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketWanted {
    /// An appointment that is booked.
    Visit(AppointmentId),
    /// A price before anything is booked.
    Quote {
        /// Whose price.
        doctor: DoctorName,
        /// For which kind of visit.
        service: Service,
    },
}

/// Where a doctor answers, and under which keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registration {
    /// The address; a host of `None` is the one that the request comes from.
    pub address: DoctorAddress,
    /// The keys.
    pub keys: DoctorKeys,
}

/// Whether a log-in shall give a token to come back with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepSession {
    /// Yes, as JSON clients do unless they say otherwise.
    Yes,
    /// No; the classic dialects have no word for it.
    No,
}

/// How a request names a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotNamed {
    /// By the number in the list.
    Index(SlotIndex),
    /// By its id, which is never used twice.
    Id {
        /// What counts.
        id: SlotId,
        /// The number it had in the list, for the screen; `None` when it was not said.
        index: Option<SlotIndex>,
    },
}

/// Which slots a page shall hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SlotsWanted {
    /// Only this doctor's; `None` for all.
    pub doctor: Option<DoctorName>,
    /// Only those that begin after this; `None` for now.
    pub from: Option<Timestamp>,
    /// Only those that begin before this; `None` for no end.
    pub until: Option<Timestamp>,
    /// Where the last page ended; `None` for the first page.
    pub after: Option<Cursor>,
    /// At most so many; `None` leaves it to the center.
    pub limit: Option<u32>,
}

/// A place in a list of slots; clients hand it back as they got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the last slot seen begins.
    pub start: Timestamp,
    /// Its id.
    pub slot: SlotId,
}

/// A text is no cursor of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a place in the list, expected the `next` of an earlier page")]
pub struct UnknownCursor;

/// `<milliseconds>.<slot id>`.
impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.start.as_millisecond(), self.slot)
    }
}

impl std::str::FromStr for Cursor {
    type Err = UnknownCursor;
    fn from_str(text: &str) -> Result<Self, UnknownCursor> {
        let (millis, slot) = text.split_once('.').ok_or(UnknownCursor)?;
        let millis = millis.parse().map_err(|_| UnknownCursor)?;
        Ok(Self {
            start: Timestamp::from_millisecond(millis).map_err(|_| UnknownCursor)?,
            slot: SlotId(slot.parse().map_err(|_| UnknownCursor)?),
        })
    }
}

/// What the center answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Welcome.
    LoggedIn(LoggedIn),
    /// Goodbye.
    LoggedOut,
    /// Free slots.
    Slots(Offers),
    /// The slot is the patient's; go and ask the doctor.
    Booked(Referral),
    /// The slot was the patient's already, by this same appointment.
    AlreadyHeld(Referral),
    /// The appointment is off.
    Cancelled(AppointmentView),
    /// The appointment was moved.
    Rescheduled(AppointmentView),
    /// The patient's appointments.
    Appointments(Vec<AppointmentView>),
    /// Who looked at the patient's data, latest first.
    Accesses(Vec<Access>),
    /// What to ask a doctor with.
    Ticket(Box<TicketReply>),
    /// The doctor is known by this address and these keys.
    Registered(Registered),
    /// What a doctor has to know.
    News(News),
    /// A polite "no".
    Refused(Refusal),
    /// Neither yes nor no: ask again with the same request id.
    Unknown,
}

/// A log-in that went well.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoggedIn {
    /// What to come back with; `None` where none was asked for, and after coming back.
    pub token: Option<SessionToken>,
    /// When the session ends; `None` where there is no new token.
    pub expires: Option<Timestamp>,
    /// What to bring to the next log-in; `None` where no session is kept.
    pub device: Option<DeviceCookie>,
}

/// Somebody else's look at a patient's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// When.
    pub at: Timestamp,
    /// What the account is that looked; `None` for the operator of the center.
    pub role: Option<Role>,
    /// What was done, in one word: `read`, `book`, `cancel` …
    pub verb: String,
    /// The appointment it was about; `None` for the patient as a whole.
    pub appointment: Option<AppointmentId>,
}

/// What a patient asks a doctor with, over sealed datagrams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The ticket.
    pub ticket: Ticket,
    /// The doctor's public keys.
    pub keys: DoctorKeys,
    /// The center's word that these are the doctor's keys.
    pub certificate: DoctorCertificate,
    /// The center's key, which verifies the certificate.
    pub center_key: VerifyingKey,
}

/// A ticket that was asked for by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketReply {
    /// Who will answer, and where.
    pub doctor: Doctor,
    /// What to ask with.
    pub admission: Admission,
}

/// A doctor's registration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registered {
    /// The address that patients will be given.
    pub address: DoctorAddress,
    /// The center's word that these are the doctor's keys.
    pub certificate: DoctorCertificate,
    /// The center's key, which verifies the certificate.
    pub center_key: VerifyingKey,
}

/// What a doctor has to know to judge tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// The keys that sign tickets in force, or soon will; oldest first.
    pub ticket_keys: Vec<VerifyingKey>,
    /// Appointments whose older tickets are over.
    pub over: Vec<TicketsOver>,
    /// What to ask for `since` the next time.
    pub until: Timestamp,
}

/// Tickets of an appointment that was cancelled, or moved, are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TicketsOver {
    /// The appointment.
    pub appointment: AppointmentId,
    /// Tickets of versions below this one are over.
    pub below: Version,
}

/// A list of free slots, or a page of one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// The slots.
    pub offers: Vec<Offer>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<Cursor>,
}

/// A free slot, as it is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What to choose it by.
    pub index: SlotIndex,
    /// Its day and time in the center's zone.
    pub when: WeekTime,
    /// The rest; `None` in the classic dialects.
    pub details: Option<OfferDetails>,
}

/// What words cannot carry of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfferDetails {
    /// Never used twice.
    pub id: SlotId,
    /// Whose time it is.
    pub doctor: DoctorName,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// The kind of visit.
    pub service: Service,
}

/// An appointment, with its day and time as clocks in the center's zone show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentView {
    /// The appointment.
    pub appointment: Appointment,
    /// The begin of its slot.
    pub when: WeekTime,
}

/// Where a booking sends the patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Referral {
    /// All there is to know.
    Full(Box<Referred>),
    /// What a classic reply carries.
    Port {
        /// The doctor; `None` in the seed's dialect.
        doctor: Option<DoctorName>,
        /// The doctor's UDP port on the center's host.
        port: u16,
    },
}

/// An appointment, and what its doctor is asked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Referred {
    /// The appointment.
    pub view: AppointmentView,
    /// For sealed datagrams; `None` when the doctor has not enrolled.
    pub admission: Option<Admission>,
}

impl Referral {
    /// The doctor to ask; `None` when the dialect does not say.
    #[must_use]
    pub fn doctor(&self) -> Option<&DoctorName> {
        match self {
            Self::Full(referred) => Some(&referred.view.appointment.slot.doctor.name),
            Self::Port { doctor, .. } => doctor.as_ref(),
        }
    }

    /// The doctor's host; `None` for the center's own.
    #[must_use]
    pub fn host(&self) -> Option<IpAddr> {
        match self {
            Self::Full(referred) => referred.view.appointment.slot.doctor.address.host,
            Self::Port { .. } => None,
        }
    }

    /// The doctor's UDP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::Full(referred) => referred.view.appointment.slot.doctor.address.port,
            Self::Port { port, .. } => *port,
        }
    }
}
