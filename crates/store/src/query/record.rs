//! What is read, as records.

use std::net::IpAddr;

use domain::{AccountId, Appointment, AppointmentId, DoctorName, PatientId, Role, Slot, UserName};
use jiff::Timestamp;
use serde::Serialize;

use super::SlotsAfter;
use crate::{PasswordHash, SessionId, TotpSecret};

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
    /// How often all its log-ins were ended.
    pub ended: i64,
    /// What it is.
    pub role: Role,
    /// The doctor it speaks for; `None` unless its role is [`Role::Doctor`].
    pub doctor: Option<DoctorName>,
    /// What its one-time passwords are made of; `None` when it needs none.
    pub totp: Option<TotpSecret>,
    /// Every patient it acts for, its own one first.
    pub tends: Vec<PatientId>,
    /// When the session was last used, to the minute; `None` where it was not asked for by a session.
    pub used: Option<Timestamp>,
}

/// An open session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// What it is called.
    pub session: SessionId,
    /// What its account logs in with.
    pub user: UserName,
    /// What its account is.
    pub role: Role,
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// When it ends at the latest.
    pub expires: Timestamp,
}

/// Somebody looked at a patient's data, or changed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccessRecord {
    /// When.
    pub at: Timestamp,
    /// What the account is that did; `None` for the operator.
    pub role: Option<Role>,
    /// What was done, as the audit calls it.
    pub verb: String,
    /// Which appointment it was about; `None` when about none.
    pub appointment: Option<AppointmentId>,
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

/// Everything that is held about a patient, but for secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PatientData {
    /// The patient's id, which stands for the person everywhere else.
    pub patient: PatientId,
    /// When the patient was added.
    pub added: Timestamp,
    /// Who it is; `None` when nothing is known.
    pub person: Option<PersonData>,
    /// What the accounts that act for the patient log in with.
    pub users: Vec<UserName>,
    /// The patient's appointments, by the moment of booking.
    pub appointments: Vec<AppointmentData>,
    /// The sessions of those accounts, open or not, that are not yet tidied away.
    pub sessions: Vec<SessionData>,
    /// What the patient's accounts did, as the audit has it, from the first.
    pub deeds: Vec<DeedData>,
    /// Who but the patient has looked at this data or changed it, the latest first.
    pub accesses: Vec<AccessRecord>,
}

/// Something that an account of the patient's did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeedData {
    /// When.
    pub at: Timestamp,
    /// What was asked, as the audit calls it.
    pub verb: String,
    /// What it was asked of; `None` for nothing that has an id.
    pub subject: Option<String>,
    /// What came of it.
    pub outcome: String,
    /// Where it came from; `None` when that is not known.
    pub source: Option<IpAddr>,
}

/// Who a patient is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PersonData {
    /// The person's name; `None` when it is not known.
    pub name: Option<String>,
    /// The date of birth, as ISO 8601 has it; `None` when it is not known.
    pub birth_date: Option<String>,
    /// How to reach the person; `None` when that is not known.
    pub contact: Option<String>,
    /// The insurance plan that estimates are asked for; `None` when none was chosen.
    pub plan: Option<String>,
}

/// An appointment with all that happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AppointmentData {
    /// The appointment.
    pub appointment: Appointment,
    /// When it was booked.
    pub booked: Timestamp,
    /// What happened to it, in order.
    pub history: Vec<StepData>,
}

/// One step in the life of an appointment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepData {
    /// The appointment's version after it.
    pub version: u32,
    /// When.
    pub at: Timestamp,
    /// What happened: `booked`, `moved`, `cancelled`, …
    pub what: String,
    /// What the account is that did it; `None` for the operator.
    pub by: Option<Role>,
    /// The reason given; `None` when nothing was said.
    pub reason: Option<String>,
}

/// A session of an account that acts for the patient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionData {
    /// When it was opened.
    pub opened: Timestamp,
    /// When it was last used, to the minute.
    pub used: Timestamp,
    /// When it ends, or ended, at the latest.
    pub expires: Timestamp,
    /// When it was ended before its time; `None` when it was not.
    pub ended: Option<Timestamp>,
}
