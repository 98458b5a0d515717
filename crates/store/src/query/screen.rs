//! What screens show, as records.

use domain::{
    Appointment, BlockId, Doctor, DoctorName, PatientId, Person, PersonName, PlanName, Reason,
    Relation, Role, Service, Slot, Specialty, UserName,
};
use jiff::Timestamp;

use super::SlotsAfter;

/// Which free slots: in order of time, page by page. A slot whose hold is over at `now` is free.
#[derive(Debug, Clone)]
pub struct FreeSlots {
    /// Only these doctors'; empty for everybody's.
    pub doctors: Vec<DoctorName>,
    /// Only of this kind; `None` for all kinds.
    pub service: Option<Service>,
    /// Only slots that begin within one of these, which are in order and do not overlap; none of
    /// them before `now`.
    pub windows: Vec<Window>,
    /// Where the last page ended; `None` for the first page.
    pub after: Option<SlotsAfter>,
    /// The moment that decides whether a hold is over.
    pub now: Timestamp,
    /// At most so many.
    pub limit: usize,
}

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// From here on.
    pub from: Timestamp,
    /// Until before this.
    pub until: Timestamp,
}

/// What there is to choose from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClinicRecord {
    /// The doctors who are present or have slots to come, by name.
    pub doctors: Vec<DoctorRecord>,
    /// The kinds of visit that slots to come are for, by name.
    pub services: Vec<Service>,
    /// The plans that are offered for choosing, by name.
    pub plans: Vec<PlanName>,
}

/// A doctor, as people and the administrator see one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorRecord {
    /// Name, address and keys.
    pub doctor: Doctor,
    /// What people call the doctor; `None` for the name above.
    pub shown_name: Option<PersonName>,
    /// What the doctor is specialised in; `None` when nothing is said.
    pub specialty: Option<Specialty>,
    /// When the doctor last registered an address and keys; `None` for one who never did.
    pub registered: Option<Timestamp>,
    /// When the last code to enrol with was offered that still waits; `None` when none does.
    pub enrolment_offered: Option<Timestamp>,
}

/// A slot that waits for a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRecord {
    /// The slot.
    pub slot: Slot,
    /// When it ceases to wait.
    pub expires: Timestamp,
}

/// A patient for whom an account acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRecord {
    /// Which patient.
    pub patient: PatientId,
    /// What the patient is to the account.
    pub relation: Relation,
    /// What the person is called; `None` when it is not known.
    pub name: Option<PersonName>,
    /// The plan that estimates are asked for; `None` when none was chosen.
    pub plan: Option<PlanName>,
}

/// Some of the calendar, with everybody on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The published slots, by start and doctor.
    pub rows: Vec<SheetRow>,
    /// What is blocked, by start.
    pub blocks: Vec<BlockRecord>,
}

/// A slot of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// The slot.
    pub slot: Slot,
    /// Who has it.
    pub place: Place,
}

/// Who has a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nobody.
    Free,
    /// Somebody who is deciding.
    Held {
        /// Who.
        who: PersonRecord,
        /// Until when.
        expires: Timestamp,
    },
    /// Somebody who has an appointment.
    Booked {
        /// The appointment.
        appointment: Box<Appointment>,
        /// Whose it is.
        who: PersonRecord,
    },
}

/// A patient, as the front desk sees one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRecord {
    /// Which patient.
    pub patient: PatientId,
    /// Who it is.
    pub person: Person,
    /// The plan that estimates are asked for; `None` when none was chosen.
    pub plan: Option<PlanName>,
    /// What the patient's own account logs in with, else that of somebody who acts for the patient;
    /// `None` when there is none.
    pub user: Option<UserName>,
}

/// A stretch of a doctor's time that is blocked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRecord {
    /// What to open it by.
    pub block: BlockId,
    /// Whose time.
    pub doctor: DoctorName,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why; `None` when nothing was said.
    pub reason: Option<Reason>,
}

/// An account, for the administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountOverview {
    /// What it logs in with.
    pub user: UserName,
    /// What it is.
    pub role: Role,
    /// What somebody who works here is called; `None` for patients, whom only the front desk knows.
    pub name: Option<PersonName>,
    /// When it was added.
    pub added: Timestamp,
    /// Whether it has a password in force.
    pub has_password: bool,
    /// Whether it logs in with one-time passwords too.
    pub has_totp: bool,
    /// How many of its sessions are open.
    pub sessions: u32,
}
