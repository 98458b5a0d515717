//! What can be read.

mod record;
mod screen;

use domain::{
    Appointment, AppointmentId, Doctor, DoctorName, PatientId, SlotId, UserName, Version,
};
use jiff::Timestamp;

pub use self::record::{
    AccessRecord, AccountRecord, AppointmentData, AppointmentRecord, CenterRecord, DeedData, Page,
    PatientData, PatientRecord, PersonData, SessionData, SessionRecord, SlotRecord, StepData,
};
pub use self::screen::{
    AccountOverview, BlockRecord, ClinicRecord, DoctorRecord, FreeSlots, HoldRecord, MemberRecord,
    PersonRecord, Place, Sheet, SheetRow, Window,
};
use crate::CodeHash;
use crate::{AuditHead, AuditRecord, Standing, TokenHash};

/// A place in a list of slots ordered by start and id: the last one that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlotsAfter {
    /// Its start.
    pub start: Timestamp,
    /// Its id.
    pub id: SlotId,
}

/// How a patient is named in a question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatientChoice {
    /// By what the patient's own account logs in with.
    User(UserName),
    /// By id.
    Id(PatientId),
}

/// One question.
#[derive(Debug, Clone)]
pub enum Query {
    /// The center itself. Answer: `Center`.
    Center,
    /// An account with its password. Answer: `Account`.
    Account(UserName),
    /// The account of a session that is open at `now` and not idle for [`crate::SESSION_IDLE_MAX`].
    /// Answer: `Account`.
    Session {
        /// The token's hash.
        token: TokenHash,
        /// The moment that decides whether it has expired.
        now: Timestamp,
    },
    /// All sessions that are open at `now`, by user name. Answer: `Sessions`.
    Sessions {
        /// The moment that decides which are open.
        now: Timestamp,
    },
    /// The audit in its order. Answer: `AuditTrail`.
    AuditTrail {
        /// Only what happened at this moment or later; `None` from the beginning.
        since: Option<Timestamp>,
        /// Only what is about this patient; `None` for everything.
        patient: Option<PatientId>,
        /// Only records with a number above this one; `None` for all.
        after: Option<u64>,
        /// At most so many.
        limit: usize,
    },
    /// The audit backwards, the latest record first. Answer: `AuditTrail`.
    AuditLatest {
        /// Only what happened at this moment or later; `None` from the beginning.
        since: Option<Timestamp>,
        /// Only what happened before this moment; `None` until now.
        until: Option<Timestamp>,
        /// Only what is about this patient; `None` for everything.
        patient: Option<PatientId>,
        /// Only records with a number below this one; `None` for all.
        before: Option<u64>,
        /// At most so many.
        limit: usize,
    },
    /// How far the audit's chain has come. Answer: `AuditHead`.
    AuditHead,
    /// Who but the patient has looked at a patient's data or changed it, the latest first. Answer:
    /// `Accesses`, or `NoStanding`.
    Accesses {
        /// Whose data.
        patient: PatientId,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
        /// At most so many.
        limit: usize,
    },
    /// Appointments with a doctor that were cancelled, or moved out of the slot they had, at `since`
    /// or later, in the order of these changes: a ticket of an earlier version is void. A change
    /// bears the moment of its batch, which is a little before it can be read. Answer: `Changes` or
    /// `NoStanding`.
    ChangedAppointments {
        /// Whose patients.
        doctor: DoctorName,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
        /// Changes before it are left out.
        since: Timestamp,
        /// The oldest so many, and those of the same moment as the last of these.
        limit: usize,
    },
    /// One patient. Answer: `Patient`.
    Patient(PatientChoice),
    /// Everything that is held about a patient, for the patient (Regulation (EU) 2016/679, Article
    /// 15). Answer: `PatientData`.
    PatientData(PatientId),
    /// Which of these user names exist. Answer: `Users`.
    KnownUsers(Vec<UserName>),
    /// Free slots that begin after `from` and before `until`, in index order; a slot whose hold is
    /// over at `from` counts as free. Answer: `Slots`, never with a next page, or `NoStanding`.
    FreeSlotsByIndex {
        /// Who asks.
        standing: Standing,
        /// Slots that begin at or before it are left out; it decides whether the session has expired.
        from: Timestamp,
        /// Slots that begin at or after it are left out.
        until: Timestamp,
        /// At most so many.
        limit: usize,
    },
    /// Free slots in order of time, page by page; a slot whose hold is over at `from` counts as
    /// free. Answer: `Slots` or `NoStanding`.
    FreeSlotsByTime {
        /// Only this doctor's; `None` for everybody's.
        doctor: Option<DoctorName>,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether a hold is over, and whether the session has expired.
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
    /// See [`FreeSlots`]: what is shown to everybody. Answer: `Slots`.
    FreeSlots(FreeSlots),
    /// One published slot that has not begun, whoever has it: what somebody reached for. Answer:
    /// `Slots`, with one or none.
    PublishedSlot {
        /// Which.
        slot: SlotId,
        /// The moment that decides whether it has begun.
        now: Timestamp,
    },
    /// The doctors, services and plans that there are to choose from. Answer: `Clinic`.
    Clinic {
        /// The moment that decides which slots are to come.
        now: Timestamp,
    },
    /// The slots that a patient holds at `now`, by start. Answer: `Holds`, or `NoStanding`.
    Holds {
        /// Whose.
        patient: PatientId,
        /// Who asks.
        standing: Standing,
        /// The moment that decides which are over, and whether the session has expired.
        now: Timestamp,
    },
    /// One appointment of a patient with its history. Answer: `Appointment`, or `NoStanding`.
    Appointment {
        /// Which.
        appointment: AppointmentId,
        /// Whose it must be.
        patient: PatientId,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
    },
    /// The patients for whom the account of `standing` acts, its own one first. Answer: `Household`,
    /// or `NoStanding`.
    Household {
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
    },
    /// The published slots that begin in a stretch of time, with who has them, and what is blocked.
    /// Answer: `Sheet`, or `NoStanding`.
    Sheet {
        /// Only this doctor's; `None` for everybody's.
        doctor: Option<DoctorName>,
        /// From when.
        from: Timestamp,
        /// Until when.
        until: Timestamp,
        /// Who asks.
        standing: Standing,
        /// The moment that decides which holds are over, and whether the session has expired.
        now: Timestamp,
    },
    /// Patients whose name, contact or user name holds every word of a text, or who were born on the
    /// day that it names, by name. Nobody for a text without words, or with more than anybody types.
    /// Answer: `People`, or `NoStanding`.
    FindPeople {
        /// The text.
        text: String,
        /// At most so many.
        limit: usize,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
    },
    /// Who a patient is. Answer: `People` with one or none, or `NoStanding`.
    Person {
        /// Which patient.
        patient: PatientId,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
    },
    /// Accounts in order of their user names. Answer: `Accounts`, or `NoStanding`.
    Accounts {
        /// Only those whose user name holds this text; empty for all.
        text: String,
        /// Only user names behind this one; `None` from the first.
        after: Option<UserName>,
        /// At most so many.
        limit: usize,
        /// Who asks.
        standing: Standing,
        /// The moment that decides whether the session has expired.
        now: Timestamp,
    },
    /// Whose password is chosen with a code that works at `now`. Answer: `Invited`.
    Invitation {
        /// The code, hashed.
        code: CodeHash,
        /// The moment that decides whether it is too old.
        now: Timestamp,
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

impl Query {
    /// Who has to stand at which moment to be answered; `None` where nobody is asked for that.
    pub(crate) fn standing(&self) -> Option<(&Standing, Timestamp)> {
        match self {
            Self::FreeSlotsByIndex { standing, from: now, .. }
            | Self::FreeSlotsByTime { standing, now, .. }
            | Self::Accesses { standing, now, .. }
            | Self::ChangedAppointments { standing, now, .. }
            | Self::Holds { standing, now, .. }
            | Self::Appointment { standing, now, .. }
            | Self::Household { standing, now }
            | Self::Sheet { standing, now, .. }
            | Self::FindPeople { standing, now, .. }
            | Self::Person { standing, now, .. }
            | Self::Accounts { standing, now, .. }
            | Self::AppointmentsOf { standing, now, .. } => Some((standing, *now)),
            Self::Center
            | Self::Account(_)
            | Self::Session { .. }
            | Self::Sessions { .. }
            | Self::AuditTrail { .. }
            | Self::AuditLatest { .. }
            | Self::AuditHead
            | Self::Patient(_)
            | Self::PatientData(_)
            | Self::KnownUsers(_)
            | Self::FreeSlots(_)
            | Self::PublishedSlot { .. }
            | Self::Clinic { .. }
            | Self::Invitation { .. }
            | Self::Patients
            | Self::Doctors
            | Self::Slots
            | Self::Appointments { .. } => None,
        }
    }
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `None` before the first load.
    Center(Option<CenterRecord>),
    /// `None` when there is none such.
    Account(Option<AccountRecord>),
    /// Open sessions.
    Sessions(Vec<SessionRecord>),
    /// Records of the audit.
    AuditTrail(Vec<AuditRecord>),
    /// `None` while nothing is chained.
    AuditHead(Option<AuditHead>),
    /// Who looked at a patient's data.
    Accesses(Vec<AccessRecord>),
    /// Appointments that changed.
    Changes {
        /// Each with its version after the change.
        changes: Vec<(AppointmentId, Version)>,
        /// Since when to ask for the rest, when so many were told as were asked for; `None` when
        /// that was all.
        rest: Option<Timestamp>,
    },
    /// `None` when there is none such.
    Patient(Option<PatientRecord>),
    /// `None` when there is no such patient.
    PatientData(Option<Box<PatientData>>),
    /// Those that exist.
    Users(Vec<UserName>),
    /// A page of slots.
    Slots(Page),
    /// The clinic.
    Clinic(ClinicRecord),
    /// Slots that a patient holds.
    Holds(Vec<HoldRecord>),
    /// `None` when there is none such, or it is another patient's.
    Appointment(Option<Box<AppointmentData>>),
    /// Patients for whom an account acts.
    Household(Vec<MemberRecord>),
    /// A sheet.
    Sheet(Sheet),
    /// People.
    People(Vec<PersonRecord>),
    /// Accounts.
    Accounts(Vec<AccountOverview>),
    /// `None` for a code that does not work.
    Invited(Option<UserName>),
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
