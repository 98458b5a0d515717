//! How somebody comes to a password of one's own: a link with a code that works once.

use domain::{AccountId, PatientId, Refusal, Role, UserName};
use jiff::Timestamp;

use super::erasure::ERASED;
use super::reading::Reading;
use super::rows;
use super::statements::{one, run};
use super::trail::{DONE, Deed, word};
use super::writing::Batch;
use crate::{AuditActor, ChoosePassword, CodeHash, Invite, Outcome, StoreError};

/// The account that chooses its password with the code `?2`, if that works at `?3`.
pub(super) const INVITED: &str = "SELECT a.account, a.user_name
    FROM invitation i CROSS JOIN account a USING (center, account)
    WHERE i.center = ?1 AND i.code = ?2 AND i.expires > ?3";

impl Batch<'_> {
    pub(super) fn invite(&self, invite: &Invite) -> Result<Outcome, StoreError> {
        let there = self.account_of_user(&invite.user)?;
        let patient = match (invite.patient, there) {
            (Some(patient), _) => Some(patient),
            (None, Some(account)) => self.patient_of_account(account)?,
            (None, None) => None,
        };
        let made = match (there, invite.patient) {
            (None, Some(patient)) => {
                let new = self.is_patient(patient)?
                    && !self.has_own_account(patient)?
                    && !self.is_kept_name(&invite.user)?;
                new.then_some(invite.account)
            }
            _ => None,
        };
        let subject = there.or(made).map(|account| account.to_string());
        let deed = Deed {
            patient,
            subject: subject.as_deref(),
            ..Deed::by(&invite.actor, "invite", DONE)
        };
        self.attempt(&invite.actor, &deed, || {
            let account = match self.account_to_invite(invite, there)? {
                Ok(account) => account,
                Err(why_not) => return Ok(why_not),
            };
            let sql = "INSERT OR REPLACE INTO invitation (center, account, code, offered, expires)
                VALUES (?1, ?2, ?3, ?4, ?5)";
            let (code, expires) = (invite.code.as_bytes(), invite.expires.as_millisecond());
            run(self.connection, sql, (self.center, account.as_bytes(), code, self.now, expires))?;
            Ok(Outcome::Done)
        })
    }

    /// The account that is there, or is made for a patient who has none; or why there is none.
    fn account_to_invite(
        &self,
        invite: &Invite,
        there: Option<AccountId>,
    ) -> Result<Result<AccountId, Outcome>, StoreError> {
        // Under such a name nobody logs in again, and nobody begins to.
        if invite.user.as_str().starts_with(ERASED) {
            return Ok(Err(Outcome::NoSuchUser));
        }
        let Some(patient) = invite.patient else { return Ok(there.ok_or(Outcome::NoSuchUser)) };
        if !self.is_patient(patient)? {
            return Ok(Err(Outcome::Refused(Refusal::NoSuchPatient)));
        }
        match there {
            Some(account) if self.patient_of_account(account)? == Some(patient) => Ok(Ok(account)),
            Some(_) => Ok(Err(Outcome::UserExists)),
            // The patient logs in with another user name; this one is nobody's.
            None if self.has_own_account(patient)? => Ok(Err(Outcome::NoSuchUser)),
            None if self.is_kept_name(&invite.user)? => Ok(Err(Outcome::UserExists)),
            None => {
                self.open_account(invite.account, &invite.user, Role::Patient, None)?;
                self.act_for_oneself(invite.account, patient)?;
                Ok(Ok(invite.account))
            }
        }
    }

    /// Whether a user name is kept for a doctor, who will log in under the doctor's name.
    fn is_kept_name(&self, user: &UserName) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM doctor WHERE center = ?1 AND name = ?2";
        Ok(one(self.connection, sql, (self.center, user.as_str()), |_| Ok(()))?.is_some())
    }

    /// Whether the patient logs in oneself.
    pub(super) fn has_own_account(&self, patient: PatientId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM acts_for
            WHERE center = ?1 AND patient = ?2 AND relation = 'self'";
        Ok(one(self.connection, sql, (self.center, patient.as_bytes()), |_| Ok(()))?.is_some())
    }

    pub(super) fn choose_password(&self, choose: &ChoosePassword) -> Result<Outcome, StoreError> {
        let params = (self.center, choose.code.as_bytes(), self.now);
        let invited = one(self.connection, INVITED, params, |row| {
            Ok((rows::account(row, 0)?, rows::user(row, 1)?))
        })?;
        let refusal = Refusal::InvitationOver;
        let stranger = Deed {
            who: AuditActor::Stranger,
            verb: "choose_password",
            subject: None,
            patient: None,
            outcome: &word(refusal),
            source: choose.source,
            times: 1,
        };
        let Some((account, user)) = invited else {
            self.audit(&stranger)?;
            return Ok(Outcome::Refused(refusal));
        };
        self.replace_credential(account, "password", choose.password.expose())?;
        self.audit(&Deed {
            who: AuditActor::Account(account),
            subject: Some(&account.to_string()),
            patient: self.patient_of_account(account)?,
            outcome: DONE,
            ..stranger
        })?;
        Ok(Outcome::PasswordChosen(user))
    }
}

impl Reading<'_> {
    /// Whose password is chosen with this code.
    pub(super) fn invited(
        &self,
        code: &CodeHash,
        now: Timestamp,
    ) -> Result<Option<UserName>, StoreError> {
        let params = (self.center, code.as_bytes(), now.as_millisecond());
        one(self.connection, INVITED, params, |row| rows::user(row, 1))
    }
}
