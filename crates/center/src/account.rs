//! Rights as types: what an account that has logged in may do exists only on what its role gives out.
//!
//! [`Tending`] has the verbs about one patient, [`Practising`] those of one doctor, [`Desk`] those of
//! the front desk, [`Scheduling`] those about doctors' time, [`Oversight`] those of the administrator.
//! None can be made but by the functions here, which ask the one table of rights, `domain::Role::may`.

use std::net::IpAddr;

use domain::{DoctorName, PatientId, Refusal, Right, Role, UserName};
use jiff::{SignedDuration, Timestamp};
use store::{
    AccountRecord, Actor, AuditNote, NoteOutcome, NoteVerb, SESSION_IDLE_MAX, SESSION_MAX,
    Standing, TokenHash,
};

/// How often a session is marked as used while its client asks for things.
pub(crate) const TOUCH_EACH: SignedDuration = SignedDuration::from_mins(1);

/// An account that has logged in.
#[derive(Debug, Clone)]
pub struct Account {
    pub(crate) standing: Standing,
    pub(crate) user: UserName,
    role: Role,
    patient: Option<PatientId>,
    /// Every patient it acts for.
    tends: Vec<PatientId>,
    doctor: Option<DoctorName>,
    /// When it has to log in again, however busy it is.
    ends: Timestamp,
    /// When it last asked for something.
    asked: Timestamp,
    /// When its session was last marked as used; `None` when that is not known.
    touched: Option<Timestamp>,
}

/// The right to act for one patient.
#[derive(Debug, Clone, Copy)]
pub struct Tending {
    pub(crate) standing: Standing,
    pub(crate) patient: PatientId,
    pub(crate) whose: Whose,
}

/// The right to work at the front desk.
#[derive(Debug, Clone, Copy)]
pub struct Desk {
    pub(crate) standing: Standing,
}

/// The right to publish slots, and to block and open doctors' time.
#[derive(Debug, Clone, Copy)]
pub struct Scheduling {
    pub(crate) standing: Standing,
}

/// The right to look after accounts, doctors, sessions and the audit.
#[derive(Debug, Clone, Copy)]
pub struct Oversight {
    pub(crate) standing: Standing,
}

/// Whether the account acts for the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    /// Yes.
    Own,
    /// No: looks are recorded.
    Anothers,
}

/// The right to act as one doctor.
#[derive(Debug, Clone)]
pub(crate) struct Practising {
    pub(crate) standing: Standing,
    pub(crate) doctor: DoctorName,
}

impl Account {
    /// An account that logged in at `now`; `None` for one that acts for nobody: a patient's without a
    /// patient, a doctor's without a doctor.
    pub(crate) fn of(account: AccountRecord, source: IpAddr, now: Timestamp) -> Option<Self> {
        let AccountRecord {
            account, user, patient, credential, ended, role, doctor, tends, ..
        } = account;
        let acts = match role {
            Role::Patient => patient.is_some(),
            Role::Doctor => doctor.is_some(),
            Role::FrontDesk | Role::Administrator | Role::Integrator => true,
        };
        let source = Some(source.to_canonical());
        let standing = Standing { account, credential, ended, session: None, source };
        let ends = now + SESSION_MAX;
        let logged_in =
            Self { standing, user, role, patient, tends, doctor, ends, asked: now, touched: None };
        acts.then_some(logged_in)
    }

    /// The same, in this session, which was marked as used at `touched`.
    pub(crate) fn in_session(mut self, token: TokenHash, touched: Option<Timestamp>) -> Self {
        self.standing.session = Some(token);
        self.touched = touched;
        self
    }

    /// Whether it has to log in again before it may ask for anything at `now`. Of a session the store
    /// knows more, and has the last word.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.ends || now.duration_since(self.asked) >= SESSION_IDLE_MAX
    }

    /// It asks for something at `now`; gives the session that is to be marked as used.
    pub(crate) fn asks(&mut self, now: Timestamp) -> Option<TokenHash> {
        self.asked = now;
        let lately = |touched: Timestamp| now.duration_since(touched) < TOUCH_EACH;
        if self.touched.is_some_and(lately) {
            return None;
        }
        self.touched = Some(now);
        self.standing.session
    }

    /// What it logs in with.
    #[must_use]
    pub fn user(&self) -> &UserName {
        &self.user
    }

    /// What it is.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// The patient it acts for unless another one is named; `None` for an account that has none.
    #[must_use]
    pub fn patient(&self) -> Option<PatientId> {
        self.patient
    }

    /// The right to act for `patient`: one of the account's own, or anybody at the front desk.
    ///
    /// # Errors
    /// `NoSuchPatient`, whether there is one or not.
    pub fn tend_for(&self, patient: PatientId) -> Result<Tending, Refusal> {
        if self.role.may(Right::TendOwn) && self.tends.contains(&patient) {
            return Ok(Tending { standing: self.standing, patient, whose: Whose::Own });
        }
        self.tend(patient).ok_or(Refusal::NoSuchPatient)
    }

    /// For the audit: that it asked for a right that it does not have.
    #[must_use]
    pub fn note_not_allowed(&self, right: Right) -> AuditNote {
        let verb = match right {
            Right::SeeSlots => NoteVerb::SeeSlots,
            Right::TendOwn | Right::TendAny => NoteVerb::Look,
            Right::Practise => NoteVerb::Practise,
            Right::RunDesk => NoteVerb::RunDesk,
            Right::Schedule => NoteVerb::Schedule,
            Right::Oversee => NoteVerb::Oversee,
        };
        let outcome = NoteOutcome::Refused(Refusal::NotAllowed);
        let Standing { account, source, .. } = self.standing;
        AuditNote { account: Some(account), verb, outcome, source, patient: None, times: 1 }
    }

    /// The right to work at the front desk.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub fn desk(&self) -> Result<Desk, Refusal> {
        let desk = Desk { standing: self.standing };
        self.role.may(Right::RunDesk).then_some(desk).ok_or(Refusal::NotAllowed)
    }

    /// The right to see to doctors' time.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub fn schedule(&self) -> Result<Scheduling, Refusal> {
        let scheduling = Scheduling { standing: self.standing };
        self.role.may(Right::Schedule).then_some(scheduling).ok_or(Refusal::NotAllowed)
    }

    /// The right to look after the center.
    ///
    /// # Errors
    /// `NotAllowed`.
    pub fn oversee(&self) -> Result<Oversight, Refusal> {
        let oversight = Oversight { standing: self.standing };
        self.role.may(Right::Oversee).then_some(oversight).ok_or(Refusal::NotAllowed)
    }

    /// The right to act for the account's own patient; `None` for an account that has none.
    pub(crate) fn tend_own(&self) -> Option<Tending> {
        let patient = self.patient.filter(|_| self.role.may(Right::TendOwn))?;
        Some(Tending { standing: self.standing, patient, whose: Whose::Own })
    }

    /// The right to act for any patient; `None` for an account that has none.
    pub(crate) fn tend(&self, patient: PatientId) -> Option<Tending> {
        let tending = Tending { standing: self.standing, patient, whose: Whose::Anothers };
        self.role.may(Right::TendAny).then_some(tending)
    }

    /// The right to act as the account's doctor; `None` for an account that is no doctor's.
    pub(crate) fn practise(&self) -> Option<Practising> {
        let doctor = self.doctor.clone().filter(|_| self.role.may(Right::Practise))?;
        Some(Practising { standing: self.standing, doctor })
    }

    /// Whether it may see the free slots.
    pub(crate) fn sees_slots(&self) -> bool {
        self.role.may(Right::SeeSlots)
    }
}

impl Tending {
    pub(crate) fn actor(&self) -> Actor {
        Actor::Account(self.standing)
    }
}
