//! What the administrator asks for. Looks at the audit and at sessions are recorded first.

use domain::{
    AccountId, DoctorName, EnrolmentCode, Entropy, PatientId, PersonName, PlanName, Refusal, Role,
    Specialty, UserName,
};
use jiff::{SignedDuration, Timestamp};
use store::{
    AccountOverview, Actor, AddStaff, Answer, AuditRecord, CodeHash, Command, DescribeDoctor,
    EndSessions, OfferEnrolment, OperatorDeed, Outcome, PasswordHash, Query, SessionChoice,
    SessionRecord, SetTotp, TotpSecret,
};

use super::desk::{Invitation, invite};
use super::{Errand, Onward, done};
use crate::Present;
use crate::account::Oversight;
use crate::fresh::{Purpose, bytes_for};

/// The most accounts in one page.
pub const ACCOUNTS_LISTED_MAX: usize = 50;
/// The most records of the audit in one page.
pub const AUDIT_LISTED_MAX: usize = 100;
/// How long a doctor's code to enrol works.
const ENROLMENT_VALID: SignedDuration = SignedDuration::from_hours(72);

/// An account of somebody who works here.
#[derive(Debug, Clone)]
pub struct NewStaff {
    /// What it logs in with.
    pub user: UserName,
    /// A password that nobody knows: the real one is chosen by a link.
    pub password: PasswordHash,
    /// Front desk, administrator or integrator.
    pub role: Role,
    /// What the person is called; `None` when only the user name is known.
    pub name: Option<PersonName>,
    /// What its one-time passwords are made of; `None` when it needs none.
    pub totp: Option<TotpSecret>,
}

/// Which records of the audit somebody wants to see.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditWanted {
    /// Only what happened at this moment or later; `None` from the beginning.
    pub since: Option<Timestamp>,
    /// Only what happened before this moment; `None` until now.
    pub until: Option<Timestamp>,
    /// Only what is about this patient; `None` for everything.
    pub patient: Option<PatientId>,
    /// Only records with a number below this one, where the last page ended; `None` for all.
    pub before: Option<u64>,
}

impl Oversight {
    /// Accounts in order of their user names, behind `after`, whose user name holds `text`.
    #[must_use]
    pub fn accounts(
        &self,
        now: Timestamp,
        text: String,
        after: Option<UserName>,
    ) -> Errand<Vec<AccountOverview>> {
        let (standing, limit) = (self.standing, ACCOUNTS_LISTED_MAX);
        let query = Query::Accounts { text, after, limit, standing, now };
        self.after(OperatorDeed::LookAtAccounts, query, |answer| match answer {
            Answer::Accounts(accounts) => Some(accounts),
            _ => None,
        })
    }

    /// A new account of somebody who works here. Refused with `UserNameTaken`.
    #[must_use]
    pub fn add_staff(&self, present: &Present, staff: NewStaff) -> Errand<()> {
        let NewStaff { user, password, role, name, totp } = staff;
        let account = AccountId::fresh(present.now, &bytes_for(Purpose::Account, &present.entropy));
        let name = name.map(String::from);
        let actor = self.actor();
        let add = AddStaff { account, user, password, role, name, totp, actor };
        Errand::commit(Command::AddStaff(add), done)
    }

    /// A link to choose a new password, for an account that is there.
    #[must_use]
    pub fn invite(&self, present: &Present, user: UserName) -> Errand<Invitation> {
        invite(self.actor(), present, user, None)
    }

    /// Gives an account a new secret for one-time passwords.
    #[must_use]
    pub fn renew_totp(&self, user: UserName, secret: TotpSecret) -> Errand<()> {
        Errand::commit(Command::SetTotp(SetTotp { user, secret, actor: self.actor() }), done)
    }

    /// Ends sessions before their time; gives how many.
    #[must_use]
    pub fn end_sessions(&self, whose: SessionChoice) -> Errand<usize> {
        let end = EndSessions { whose, actor: self.actor() };
        Errand::commit(Command::EndSessions(end), |outcome| match outcome {
            Outcome::SessionsEnded(sessions) => Ok(sessions),
            other => done(other).map(|()| 0),
        })
    }

    /// Who is logged in.
    #[must_use]
    pub fn sessions(&self, now: Timestamp) -> Errand<Vec<SessionRecord>> {
        self.after(OperatorDeed::LookAtSessions, Query::Sessions { now }, |answer| match answer {
            Answer::Sessions(sessions) => Some(sessions),
            _ => None,
        })
    }

    /// Records of the audit, the latest first; at most [`AUDIT_LISTED_MAX`].
    #[must_use]
    pub fn audit(&self, wanted: AuditWanted) -> Errand<Vec<AuditRecord>> {
        let AuditWanted { since, until, patient, before } = wanted;
        let limit = AUDIT_LISTED_MAX;
        let query = Query::AuditLatest { since, until, patient, before, limit };
        self.after(OperatorDeed::LookAtAudit { patient }, query, |answer| match answer {
            Answer::AuditTrail(records) => Some(records),
            _ => None,
        })
    }

    /// Says how a doctor is shown to people.
    #[must_use]
    pub fn describe_doctor(
        &self,
        doctor: DoctorName,
        shown_name: Option<PersonName>,
        specialty: Option<Specialty>,
    ) -> Errand<()> {
        let describe = DescribeDoctor { doctor, shown_name, specialty, actor: self.actor() };
        Errand::commit(Command::DescribeDoctor(describe), done)
    }

    /// A code with which a doctor enrols once.
    #[must_use]
    pub fn offer_enrolment(&self, present: &Present, doctor: DoctorName) -> Errand<EnrolmentCode> {
        let fresh: Entropy = bytes_for(Purpose::InvitationCode, &present.entropy);
        let code = EnrolmentCode::fresh(&fresh);
        let offer = OfferEnrolment {
            doctor,
            code: CodeHash::of(&code),
            expires: present.now + ENROLMENT_VALID,
            actor: self.actor(),
        };
        Errand::commit(Command::OfferEnrolment(offer), move |outcome| done(outcome).map(|()| code))
    }

    /// The plans that are offered for choosing, from now on.
    #[must_use]
    pub fn offer_plans(&self, plans: Vec<PlanName>) -> Errand<()> {
        Errand::commit(Command::OfferPlans(plans, self.actor()), done)
    }

    /// Reads, after a record in the audit, which also looks whether the account still stands.
    fn after<T: Send + 'static>(
        &self,
        deed: OperatorDeed,
        query: Query,
        understand: impl FnOnce(Answer) -> Option<T> + Send + 'static,
    ) -> Errand<T> {
        Errand::commit_then(Command::Oversaw(deed, self.actor()), |outcome| match outcome {
            Outcome::Done => Ok(Onward::Errand(Errand::read(query, understand))),
            _ => Err(Refusal::Unavailable),
        })
    }

    fn actor(&self) -> Actor {
        Actor::Account(self.standing)
    }
}
