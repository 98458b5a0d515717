//! How a doctor comes to an account: a code that works once.

use domain::{Refusal, Role, UserName};

use super::accounts::NewAccount;
use super::doctors::subject_of;
use super::reading::{ACCOUNT, find_account};
use super::statements::run;
use super::trail::{DONE, Deed, word};
use super::writing::Batch;
use crate::{AccountRecord, AuditActor, Enrol, OfferEnrolment, Outcome, StoreError};

impl Batch<'_> {
    pub(super) fn offer_enrolment(&self, offer: &OfferEnrolment) -> Result<Outcome, StoreError> {
        let Some(doctor) = self.doctor_named(&offer.doctor)? else {
            return Ok(Outcome::NoSuchDoctor);
        };
        let user = user_of(offer.doctor.as_str())?;
        if let Some(account) = self.account_record(&user)?
            && account.doctor.as_ref() != Some(&offer.doctor)
        {
            return Ok(Outcome::UserExists);
        }
        let sql = "INSERT OR REPLACE INTO enrolment (center, doctor, code, offered, expires)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let (code, expires) = (offer.code.as_bytes(), offer.expires.as_millisecond());
        run(self.connection, sql, (self.center, doctor, code, self.now, expires))?;
        self.audit(&Deed {
            subject: Some(&subject_of(doctor)),
            ..Deed::by(&offer.actor, "offer_enrolment", DONE)
        })?;
        Ok(Outcome::Done)
    }

    pub(super) fn enrol(&self, enrol: &Enrol) -> Result<Outcome, StoreError> {
        let doctor = self.doctor_named(&enrol.doctor)?;
        let account = match doctor {
            Some(doctor) if self.use_up_code(doctor, enrol)? => self.account_for(doctor, enrol)?,
            _ => None,
        };
        let refusal = Refusal::WrongCredentials;
        let outcome = if account.is_some() { DONE.to_owned() } else { word(refusal) };
        let who = account
            .as_ref()
            .map_or(AuditActor::Stranger, |account| AuditActor::Account(account.account));
        let subject = doctor.map(subject_of);
        self.audit(&Deed {
            who,
            verb: "enrol",
            subject: subject.as_deref(),
            patient: None,
            outcome: &outcome,
            source: enrol.source,
            times: 1,
        })?;
        Ok(account.map_or(Outcome::Refused(refusal), Outcome::Enrolled))
    }

    /// Whether the code is the one that was offered and still works; it is gone then.
    fn use_up_code(&self, doctor: i64, enrol: &Enrol) -> Result<bool, StoreError> {
        let sql = "DELETE FROM enrolment
            WHERE center = ?1 AND doctor = ?2 AND code = ?3 AND expires > ?4";
        let params = (self.center, doctor, enrol.code.as_bytes(), self.now);
        Ok(run(self.connection, sql, params)? == 1)
    }

    /// The doctor's account with the new password; `None` when somebody else logs in under the
    /// doctor's name by now.
    fn account_for(&self, doctor: i64, enrol: &Enrol) -> Result<Option<AccountRecord>, StoreError> {
        let user = user_of(enrol.doctor.as_str())?;
        match self.account_record(&user)? {
            Some(account) if account.doctor.as_ref() == Some(&enrol.doctor) => {
                self.replace_credential(account.account, "password", enrol.password.expose())?;
            }
            Some(_) => return Ok(None),
            None => {
                let account = NewAccount {
                    account: enrol.account,
                    user: &user,
                    password: &enrol.password,
                    role: Role::Doctor,
                    name: None,
                };
                self.create_account(&account)?;
                let sql = "INSERT INTO speaks_for (center, account, doctor, added)
                    VALUES (?1, ?2, ?3, ?4)";
                let account = enrol.account.as_bytes();
                run(self.connection, sql, (self.center, account, doctor, self.now))?;
            }
        }
        self.account_record(&user)
    }

    fn account_record(&self, user: &UserName) -> Result<Option<AccountRecord>, StoreError> {
        find_account(self.connection, ACCOUNT, (self.center, user.as_str()), self.center)
    }
}

/// What a doctor logs in with.
fn user_of(doctor: &str) -> Result<UserName, StoreError> {
    UserName::new(doctor).map_err(super::rows::corrupt)
}
