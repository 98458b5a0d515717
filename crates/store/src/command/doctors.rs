//! Changes around doctors: enrolling, registering, and tickets to ask them for an estimate.

use std::net::IpAddr;

use domain::{
    AccountId, AppointmentId, DoctorAddress, DoctorKeys, DoctorName, PatientId, PersonName,
    Specialty,
};
use jiff::Timestamp;

use super::Actor;
use crate::{CodeHash, PasswordHash};

/// Lets a doctor enrol once with a code; an earlier code of the doctor is void.
#[derive(Debug, Clone)]
pub struct OfferEnrolment {
    /// Who may enrol: a doctor of the clinic's files.
    pub doctor: DoctorName,
    /// The code, hashed.
    pub code: CodeHash,
    /// When it ceases to work.
    pub expires: Timestamp,
    /// Who asks.
    pub actor: Actor,
}

/// Takes up an offer: the doctor's account, whose user name is the doctor's name, is made or gets
/// this password and loses its sessions. The code works once, and until it expires.
#[derive(Debug, Clone)]
pub struct Enrol {
    /// Who.
    pub doctor: DoctorName,
    /// The code, hashed.
    pub code: CodeHash,
    /// The id that the account gets if there is none.
    pub account: AccountId,
    /// Its password from now on, hashed.
    pub password: PasswordHash,
    /// Where it comes from, for the audit; `None` when that is not known.
    pub source: Option<IpAddr>,
}

/// Keeps the address and the keys with which the doctor of the actor's account answers from now on.
/// Later imports of the clinic's files leave both as they are.
#[derive(Debug, Clone)]
pub struct RegisterDoctor {
    /// Who asks: a doctor's account.
    pub actor: Actor,
    /// Where the doctor answers.
    pub address: DoctorAddress,
    /// The doctor's public keys.
    pub keys: DoctorKeys,
}

/// What a ticket is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TicketFor {
    /// The estimate of a visit that is booked.
    Visit(AppointmentId),
    /// What a visit to this doctor would cost.
    Quote(DoctorName),
}

/// Looks whether a patient may have a ticket, and records that one was issued.
#[derive(Debug, Clone)]
pub struct IssueTicket {
    /// Who asks.
    pub actor: Actor,
    /// Whose ticket it is: the appointment of a visit must be this patient's.
    pub patient: PatientId,
    /// What for.
    pub ticket_for: TicketFor,
}

/// Says how a doctor is shown to people.
#[derive(Debug, Clone)]
pub struct DescribeDoctor {
    /// Who.
    pub doctor: DoctorName,
    /// What people call the doctor; `None` for the name of the files.
    pub shown_name: Option<PersonName>,
    /// What the doctor is specialised in; `None` when nothing is said.
    pub specialty: Option<Specialty>,
    /// Who asks.
    pub actor: Actor,
}
