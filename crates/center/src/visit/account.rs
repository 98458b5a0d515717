//! Rights as types: what an account that has logged in may do exists only on what its role gives out.
//!
//! [`Tending`] has the verbs about one patient, [`Practising`] those of one doctor. Neither can be
//! made but by the functions here, which ask the one table of rights, `domain::Role::may`.

use std::net::IpAddr;

use domain::{DoctorName, PatientId, Right, Role, UserName};
use jiff::{SignedDuration, Timestamp};
use store::{AccountRecord, Actor, SESSION_IDLE_MAX, SESSION_MAX, Standing, TokenHash};

/// How often a session is marked as used while its client asks for things.
const TOUCH_EACH: SignedDuration = SignedDuration::from_mins(1);

/// An account that has logged in.
#[derive(Debug, Clone)]
pub(super) struct LoggedInAccount {
    pub(super) standing: Standing,
    pub(super) user: UserName,
    role: Role,
    patient: Option<PatientId>,
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
pub(super) struct Tending {
    pub(super) standing: Standing,
    pub(super) patient: PatientId,
    pub(super) whose: Whose,
}

/// Whether the patient is the account's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// Yes.
    Own,
    /// No: looks are recorded.
    Anothers,
}

/// The right to act as one doctor.
#[derive(Debug, Clone)]
pub(super) struct Practising {
    pub(super) standing: Standing,
    pub(super) doctor: DoctorName,
}

impl LoggedInAccount {
    /// An account that logged in at `now`; `None` for one that acts for nobody: a patient's without a
    /// patient, a doctor's without a doctor.
    pub(super) fn of(account: AccountRecord, source: IpAddr, now: Timestamp) -> Option<Self> {
        let AccountRecord { account, user, patient, credential, ended, role, doctor, .. } = account;
        let acts = match role {
            Role::Patient => patient.is_some(),
            Role::Doctor => doctor.is_some(),
            Role::FrontDesk | Role::Administrator | Role::Integrator => true,
        };
        let source = Some(source.to_canonical());
        let standing = Standing { account, credential, ended, session: None, source };
        let ends = now + SESSION_MAX;
        let logged_in =
            Self { standing, user, role, patient, doctor, ends, asked: now, touched: None };
        acts.then_some(logged_in)
    }

    /// The same, in this session, which was marked as used at `touched`.
    pub(super) fn in_session(mut self, token: TokenHash, touched: Option<Timestamp>) -> Self {
        self.standing.session = Some(token);
        self.touched = touched;
        self
    }

    /// Whether it has to log in again before it may ask for anything at `now`. Of a session the store
    /// knows more, and has the last word.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        now >= self.ends || now.duration_since(self.asked) >= SESSION_IDLE_MAX
    }

    /// It asks for something at `now`; gives the session that is to be marked as used.
    pub(super) fn asks(&mut self, now: Timestamp) -> Option<TokenHash> {
        self.asked = now;
        let lately = |touched: Timestamp| now.duration_since(touched) < TOUCH_EACH;
        if self.touched.is_some_and(lately) {
            return None;
        }
        self.touched = Some(now);
        self.standing.session
    }

    /// The right to act for the account's own patient; `None` for an account that has none.
    pub(super) fn tend_own(&self) -> Option<Tending> {
        let patient = self.patient.filter(|_| self.role.may(Right::TendOwn))?;
        Some(Tending { standing: self.standing, patient, whose: Whose::Own })
    }

    /// The right to act for any patient; `None` for an account that has none.
    pub(super) fn tend(&self, patient: PatientId) -> Option<Tending> {
        let tending = Tending { standing: self.standing, patient, whose: Whose::Anothers };
        self.role.may(Right::TendAny).then_some(tending)
    }

    /// The right to act as the account's doctor; `None` for an account that is no doctor's.
    pub(super) fn practise(&self) -> Option<Practising> {
        let doctor = self.doctor.clone().filter(|_| self.role.may(Right::Practise))?;
        Some(Practising { standing: self.standing, doctor })
    }

    /// Whether it may see the free slots.
    pub(super) fn sees_slots(&self) -> bool {
        self.role.may(Right::SeeSlots)
    }
}

impl Tending {
    pub(super) fn actor(&self) -> Actor {
        Actor::Account(self.standing)
    }
}
