//! Changes around people: their accounts, credentials and sessions, and being forgotten.

use std::net::IpAddr;

use domain::{AccountId, PatientId, Person, PlanName, Role, UserName};
use jiff::Timestamp;

use super::{Actor, Standing};
use crate::{CodeHash, PasswordHash, SessionId, TokenHash, TotpSecret};

/// A log-in account with the one patient it acts for.
#[derive(Debug, Clone)]
pub struct AddPatient {
    /// The new account's id.
    pub account: AccountId,
    /// The new patient's id.
    pub patient: PatientId,
    /// What the account logs in with.
    pub user: UserName,
    /// Its password, hashed.
    pub password: PasswordHash,
    /// The person's name; `None` when only the user name is known.
    pub name: Option<String>,
}

/// Gives an account a new password; the old one and all its log-ins are revoked.
#[derive(Debug, Clone)]
pub struct SetPassword {
    /// Whose.
    pub user: UserName,
    /// The new one, hashed.
    pub password: PasswordHash,
    /// Who asks.
    pub actor: Actor,
}

/// Keeps the hash of a new session token.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// Whose session, and by which password.
    pub standing: Standing,
    /// The token's hash.
    pub token: TokenHash,
    /// When the session ends at the latest: not more than [`crate::SESSION_MAX`] from now, whatever
    /// is asked for.
    pub expires: Timestamp,
    /// The time step of the one-time password that was accepted (RFC 6238 §4.2); `None` when none
    /// was asked for. A step that is not after the last one accepted is refused: no one-time
    /// password works twice (§5.2).
    pub one_time_step: Option<u64>,
}

/// Ends a session, for whoever was at work in it.
#[derive(Debug, Clone)]
pub struct CloseSession {
    /// The token's hash.
    pub token: TokenHash,
    /// Where that was asked, for the audit; `None` when it is not known.
    pub source: Option<IpAddr>,
}

/// An account of somebody who works here, or of a program that books for patients.
#[derive(Debug, Clone)]
pub struct AddStaff {
    /// The new account's id.
    pub account: AccountId,
    /// What it logs in with.
    pub user: UserName,
    /// Its password, hashed.
    pub password: PasswordHash,
    /// What it is; a patient or a doctor is a bad command, since those come about in other ways.
    pub role: Role,
    /// The person's name; `None` when only the user name is known.
    pub name: Option<String>,
    /// What its one-time passwords are made of; `None` when it needs none.
    pub totp: Option<TotpSecret>,
    /// Who asks.
    pub actor: Actor,
}

/// Gives an account a new secret for one-time passwords; the old one and all log-ins are revoked.
#[derive(Debug, Clone)]
pub struct SetTotp {
    /// Whose.
    pub user: UserName,
    /// The new one.
    pub secret: TotpSecret,
    /// Who asks.
    pub actor: Actor,
}

/// Which sessions are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionChoice {
    /// All of one account, and with them the log-ins that keep no session.
    User(UserName),
    /// This one.
    Session(SessionId),
}

/// Ends sessions before their time.
#[derive(Debug, Clone)]
pub struct EndSessions {
    /// Which.
    pub whose: SessionChoice,
    /// Who asks.
    pub actor: Actor,
}

/// Forgets a person: the name and whatever else is known, the user name, password and sessions, the
/// reasons given in free text. Appointments to come are cancelled; what was is kept under the
/// patient's random id, which then stands for nobody.
///
/// The bytes themselves are gone after [`crate::sqlite::upkeep::scrub`].
#[derive(Debug, Clone)]
pub struct Erase {
    /// Who is to be forgotten.
    pub patient: PatientId,
    /// Who asks.
    pub actor: Actor,
}

/// What of a patient is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookAt {
    /// The patient's appointments.
    Appointments,
    /// Who the patient is.
    Patient,
    /// Everything that is held about the patient.
    Everything,
    /// A sheet of a doctor's day or week with the patient on it.
    Sheet,
}

/// Records that somebody looks at another's data; to be committed before the data is read.
#[derive(Debug, Clone)]
pub struct Look {
    /// Who looks.
    pub actor: Actor,
    /// Whose data it is.
    pub patient: PatientId,
    /// What of it.
    pub what: LookAt,
}

/// The same of several patients at once, as a sheet or a list of people shows them. A look at the
/// same of the same patient by the same account within [`crate::SAME_LOOK`] is the same look, and
/// recorded once.
#[derive(Debug, Clone)]
pub struct LookAtMany {
    /// Who looks.
    pub actor: Actor,
    /// Whose data it is.
    pub patients: Vec<PatientId>,
    /// What of it.
    pub what: LookAt,
}

/// A patient without an account: somebody on the phone, a child.
#[derive(Debug, Clone)]
pub struct AddPerson {
    /// The new patient's id.
    pub patient: PatientId,
    /// Who it is.
    pub person: Person,
    /// Who asks.
    pub actor: Actor,
}

/// Replaces what is known of who a patient is; the plan stays.
#[derive(Debug, Clone)]
pub struct ChangePerson {
    /// Which patient.
    pub patient: PatientId,
    /// Who it is.
    pub person: Person,
    /// Who asks.
    pub actor: Actor,
}

/// Keeps the insurance plan that estimates for a patient are asked for.
#[derive(Debug, Clone)]
pub struct ChoosePlan {
    /// Which patient.
    pub patient: PatientId,
    /// The plan; `None` forgets it.
    pub plan: Option<PlanName>,
    /// Who asks.
    pub actor: Actor,
}

/// Lets a patient's account act for one more patient.
#[derive(Debug, Clone)]
pub struct AddDependant {
    /// What the account logs in with.
    pub user: UserName,
    /// For whom it acts from now on.
    pub patient: PatientId,
    /// Who asks.
    pub actor: Actor,
}

/// Offers an account to choose its password by a code that works once; an earlier code of the account
/// is void. A patient who has no account gets one.
#[derive(Debug, Clone)]
pub struct Invite {
    /// What the account logs in with, or shall.
    pub user: UserName,
    /// For which patient the account is made if there is none of this user name; `None` for an
    /// account that is there.
    pub patient: Option<PatientId>,
    /// The id that a new account gets.
    pub account: AccountId,
    /// The code, hashed.
    pub code: CodeHash,
    /// When it ceases to work.
    pub expires: Timestamp,
    /// Who asks.
    pub actor: Actor,
}

/// Takes up such an offer: the account gets this password and loses its sessions. The code works
/// once, and until it expires.
#[derive(Debug, Clone)]
pub struct ChoosePassword {
    /// The code, hashed.
    pub code: CodeHash,
    /// The password from now on, hashed.
    pub password: PasswordHash,
    /// Where it comes from, for the audit; `None` when that is not known.
    pub source: Option<IpAddr>,
}
