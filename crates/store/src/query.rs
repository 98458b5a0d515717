//! What can be read.

use domain::{AccountId, Appointment, Doctor, DoctorName, PatientId, Slot, SlotId, UserName};
use jiff::Timestamp;

use crate::{PasswordHash, Standing, TokenHash};

/// A place in a list of slots ordered by start and id: the last one that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotsAfter {
    /// Its start.
    pub start: Timestamp,
    /// Its id.
    pub id: SlotId,
}

/// One question.
#[derive(Debug, Clone)]
pub enum Query {
    /// The center itself. Answer: `Center`.
    Center,
    /// An account with its password. Answer: `Account`.
    Account(UserName),
    /// The account of a session that is open at `now`. Answer: `Account`.
    Session {
        /// The token's hash.
        token: TokenHash,
        /// The moment that decides whether it has expired.
        now: Timestamp,
    },
    /// Which of these user names exist. Answer: `Users`.
    KnownUsers(Vec<UserName>),
    /// Free slots that begin after `from` and before `until`, in index order; a slot whose hold is
    /// over at `from` counts as free. Answer: `Slots`, never with a next page.
    FreeSlotsByIndex {
        /// Slots that begin at or before it are left out.
        from: Timestamp,
        /// Slots that begin at or after it are left out.
        until: Timestamp,
        /// At most so many.
        limit: usize,
    },
    /// Free slots in order of time, page by page; a slot whose hold is over at `from` counts as
    /// free. Answer: `Slots`.
    FreeSlotsByTime {
        /// Only this doctor's; `None` for everybody's.
        doctor: Option<DoctorName>,
        /// The moment that decides whether a hold is over.
        now: Timestamp,
        /// Slots that begin at or before it are left out.
        from: Timestamp,
        /// Slots that begin at or after it are left out; `None` for no end.
        until: Option<Timestamp>,
        /// Where the last page ended; `None` for the first page.
        after: Option<SlotsAfter>,
        /// At most so many.
        limit: usize,
    },
    /// A patient's appointments, booked ones first, each group by start. Answer: `Appointments`, or
    /// `NoStanding`.
    AppointmentsOf {
        /// Whose.
        patient: PatientId,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
        /// At most so many.
        limit: usize,
    },
    /// For `rendezvous admin patients`: all, by user name. Answer: `Patients`.
    Patients,
    /// For `rendezvous admin doctors`: all, by name. Answer: `Doctors`.
    Doctors,
    /// For `rendezvous admin slots`: all that are published, by start. Answer: `SlotRecords`.
    Slots,
    /// For `rendezvous admin appointments`. Answer: `AppointmentRecords`, by start.
    Appointments {
        /// Whether cancelled, done and missed ones are wanted too. A visit that nobody has marked
        /// is still booked, however long ago it was.
        closed_too: bool,
    },
}

/// The center's own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CenterRecord {
    /// Its IANA time zone.
    pub zone: String,
}

/// An account, for logging in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    /// Its id.
    pub account: AccountId,
    /// What it logs in with.
    pub user: UserName,
    /// The patient it acts for by default; `None` for an account that acts for nobody.
    pub patient: Option<PatientId>,
    /// Its password in force; `None` when it has none.
    pub password: Option<PasswordHash>,
    /// The number of that password within the account; `None` when it has none.
    pub credential: Option<i64>,
}

/// A page of slots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The slots.
    pub slots: Vec<Slot>,
    /// Where the next page begins; `None` when this is the last.
    pub next: Option<SlotsAfter>,
}

/// A patient, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientRecord {
    /// The patient's id.
    pub patient: PatientId,
    /// The account that acts for the patient; `None` when there is none.
    pub user: Option<UserName>,
    /// The person's name; `None` when it is not known.
    pub name: Option<String>,
    /// When the patient was added.
    pub added: Timestamp,
}

/// A published slot, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotRecord {
    /// The slot.
    pub slot: Slot,
    /// The user name of the patient who holds it (the patient's id where there is no account);
    /// `None` when it is free.
    pub held_by: Option<String>,
}

/// An appointment, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentRecord {
    /// The appointment.
    pub appointment: Appointment,
    /// The user name of its patient (the patient's id where there is no account).
    pub patient: String,
    /// When it was booked.
    pub booked: Timestamp,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `None` before the first load.
    Center(Option<CenterRecord>),
    /// `None` when there is none such.
    Account(Option<AccountRecord>),
    /// Those that exist.
    Users(Vec<UserName>),
    /// A page of slots.
    Slots(Page),
    /// Whoever asked has lost the standing to ask: the session has ended, or the password changed.
    NoStanding,
    /// A patient's appointments.
    Appointments(Vec<Appointment>),
    /// All patients.
    Patients(Vec<PatientRecord>),
    /// All doctors.
    Doctors(Vec<Doctor>),
    /// All published slots.
    SlotRecords(Vec<SlotRecord>),
    /// All appointments.
    AppointmentRecords(Vec<AppointmentRecord>),
}
