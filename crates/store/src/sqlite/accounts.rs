//! Accounts, passwords, and what one-time passwords are made of.

use domain::{AccountId, PatientId, Role, UserName, from_hexadecimal, to_hexadecimal};

use super::rows;
use super::statements::{one, run};
use super::trail::{DONE, Deed};
use super::writing::Batch;
use crate::{
    Actor, AddPatient, AddStaff, Outcome, PasswordHash, SetPassword, SetTotp, StoreError,
    TotpSecret,
};

/// A log-in account to be written.
pub(super) struct NewAccount<'a> {
    pub(super) account: AccountId,
    pub(super) user: &'a UserName,
    pub(super) password: &'a PasswordHash,
    pub(super) role: Role,
    /// The name of somebody who works here; `None` for patients, and when it is not known.
    pub(super) name: Option<&'a str>,
}

impl Batch<'_> {
    pub(super) fn add_patient(&self, new: &AddPatient) -> Result<Outcome, StoreError> {
        if !self.create_patient(new)? {
            return Ok(Outcome::UserExists);
        }
        self.audit(&Deed {
            subject: Some(&new.account.to_string()),
            patient: Some(new.patient),
            ..Deed::by(&Actor::Operator, "add_patient", DONE)
        })?;
        Ok(Outcome::Done)
    }

    /// Creates an account with its patient; `false`, and nothing, when the user name is there.
    pub(super) fn create_patient(&self, new: &AddPatient) -> Result<bool, StoreError> {
        let account = NewAccount {
            account: new.account,
            user: &new.user,
            password: &new.password,
            role: Role::Patient,
            name: None,
        };
        if !self.create_account(&account)? {
            return Ok(false);
        }
        let patient = new.patient.as_bytes();
        let sql = "INSERT INTO patient (center, patient, added) VALUES (?1, ?2, ?3)";
        run(self.connection, sql, (self.center, patient, self.now))?;
        if let Some(name) = &new.name {
            let sql = "INSERT INTO person (center, patient, name) VALUES (?1, ?2, ?3)";
            run(self.connection, sql, (self.center, patient, name.as_str()))?;
        }
        self.act_for_oneself(new.account, new.patient)?;
        Ok(true)
    }

    /// Lets an account act for the patient whose own it is.
    pub(super) fn act_for_oneself(
        &self,
        account: AccountId,
        patient: PatientId,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO acts_for (center, account, patient, relation, added)
            VALUES (?1, ?2, ?3, 'self', ?4)";
        let (account, patient) = (account.as_bytes(), patient.as_bytes());
        run(self.connection, sql, (self.center, account, patient, self.now))?;
        Ok(())
    }

    pub(super) fn add_staff(&self, new: &AddStaff) -> Result<Outcome, StoreError> {
        if matches!(new.role, Role::Patient | Role::Doctor) {
            return Err(StoreError::BadCommand("a patient or a doctor is not staff"));
        }
        let account = NewAccount {
            account: new.account,
            user: &new.user,
            password: &new.password,
            role: new.role,
            name: new.name.as_deref(),
        };
        if !self.create_account(&account)? {
            return Ok(Outcome::UserExists);
        }
        if let Some(totp) = &new.totp {
            self.add_credential(new.account, "totp", &to_hexadecimal(totp.expose()))?;
        }
        self.audit(&Deed {
            subject: Some(&new.account.to_string()),
            ..Deed::by(&new.actor, "add_staff", new.role.as_str())
        })?;
        Ok(Outcome::Done)
    }

    /// Creates an account with its password; `false`, and nothing, when the user name is there.
    pub(super) fn create_account(&self, new: &NewAccount<'_>) -> Result<bool, StoreError> {
        if !self.open_account(new.account, new.user, new.role, new.name)? {
            return Ok(false);
        }
        self.add_credential(new.account, "password", new.password.expose())?;
        Ok(true)
    }

    /// Creates an account with which nobody can log in yet; `false`, and nothing, when the user name
    /// is there.
    pub(super) fn open_account(
        &self,
        account: AccountId,
        user: &UserName,
        role: Role,
        name: Option<&str>,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO account (center, account, user_name, added, role, name)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (center, user_name) DO NOTHING";
        let (account, user, role) = (account.as_bytes(), user.as_str(), role.as_str());
        let params = (self.center, account, user, self.now, role, name);
        Ok(run(self.connection, sql, params)? == 1)
    }

    pub(super) fn set_password(&self, new: &SetPassword) -> Result<Outcome, StoreError> {
        let Some(account) = self.account_of_user(&new.user)? else {
            return Ok(Outcome::NoSuchUser);
        };
        self.replace_credential(account, "password", new.password.expose())?;
        self.audit_account(&new.actor, "set_password", account)?;
        Ok(Outcome::Done)
    }

    pub(super) fn set_totp(&self, new: &SetTotp) -> Result<Outcome, StoreError> {
        let Some(account) = self.account_of_user(&new.user)? else {
            return Ok(Outcome::NoSuchUser);
        };
        self.replace_credential(account, "totp", &to_hexadecimal(new.secret.expose()))?;
        self.audit_account(&new.actor, "set_totp", account)?;
        Ok(Outcome::Done)
    }

    /// Revokes what an account has of a kind, gives it a new one, and ends its log-ins.
    pub(super) fn replace_credential(
        &self,
        account: AccountId,
        kind: &str,
        secret: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE credential SET revoked = ?3, secret = NULL
            WHERE center = ?1 AND account = ?2 AND kind = ?4 AND revoked IS NULL";
        run(self.connection, sql, (self.center, account.as_bytes(), self.now, kind))?;
        self.add_credential(account, kind, secret)?;
        if kind == "password" {
            // A link to choose one is over, however the new one came about.
            let sql = "DELETE FROM invitation WHERE center = ?1 AND account = ?2";
            run(self.connection, sql, (self.center, account.as_bytes()))?;
        }
        self.end_all_log_ins(account)?;
        Ok(())
    }

    fn add_credential(
        &self,
        account: AccountId,
        kind: &str,
        secret: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO credential (center, account, credential, kind, secret, added)
            SELECT ?1, ?2, coalesce(max(credential), 0) + 1, ?3, ?4, ?5
            FROM credential WHERE center = ?1 AND account = ?2";
        run(self.connection, sql, (self.center, account.as_bytes(), kind, secret, self.now))?;
        Ok(())
    }

    pub(super) fn account_of_user(&self, user: &UserName) -> Result<Option<AccountId>, StoreError> {
        let sql = "SELECT account FROM account WHERE center = ?1 AND user_name = ?2";
        one(self.connection, sql, (self.center, user.as_str()), |row| rows::account(row, 0))
    }

    /// The patient whose own account it is; `None` when it is nobody's own.
    pub(super) fn patient_of_account(
        &self,
        account: AccountId,
    ) -> Result<Option<PatientId>, StoreError> {
        let sql = "SELECT patient FROM acts_for
            WHERE center = ?1 AND account = ?2 AND relation = 'self'";
        one(self.connection, sql, (self.center, account.as_bytes()), |row| rows::patient(row, 0))
    }

    /// Records something that was done to an account.
    fn audit_account(
        &self,
        actor: &Actor,
        verb: &str,
        account: AccountId,
    ) -> Result<(), StoreError> {
        let patient = self.patient_of_account(account)?;
        let subject = account.to_string();
        self.audit(&Deed { subject: Some(&subject), patient, ..Deed::by(actor, verb, DONE) })
    }
}

/// The secret behind the text of its column; `None` when it is none.
pub(super) fn totp_of(text: &str) -> Option<TotpSecret> {
    from_hexadecimal(text).map(TotpSecret::new)
}
