//! What a patient and the center say to each other, whatever the dialect.

use std::net::IpAddr;

use domain::{
    Appointment, AppointmentId, DoctorName, Password, Reason, Refusal, RequestId, Service,
    SessionToken, SlotId, SlotIndex, UserName, WeekTime,
};
use jiff::Timestamp;
use thiserror::Error;

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
    /// A polite "no".
    Refused(Refusal),
    /// Neither yes nor no: ask again with the same request id.
    Unknown,
}

/// A log-in that went well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedIn {
    /// What to come back with; `None` where none was asked for, and after coming back.
    pub token: Option<SessionToken>,
    /// When the session ends; `None` where there is no new token.
    pub expires: Option<Timestamp>,
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
    Full(Box<AppointmentView>),
    /// What a classic reply carries.
    Port {
        /// The doctor; `None` in the seed's dialect.
        doctor: Option<DoctorName>,
        /// The doctor's UDP port on the center's host.
        port: u16,
    },
}

impl Referral {
    /// The doctor to ask; `None` when the dialect does not say.
    #[must_use]
    pub fn doctor(&self) -> Option<&DoctorName> {
        match self {
            Self::Full(view) => Some(&view.appointment.slot.doctor.name),
            Self::Port { doctor, .. } => doctor.as_ref(),
        }
    }

    /// The doctor's host; `None` for the center's own.
    #[must_use]
    pub fn host(&self) -> Option<IpAddr> {
        match self {
            Self::Full(view) => view.appointment.slot.doctor.address.host,
            Self::Port { .. } => None,
        }
    }

    /// The doctor's UDP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        match self {
            Self::Full(view) => view.appointment.slot.doctor.address.port,
            Self::Port { port, .. } => *port,
        }
    }
}
