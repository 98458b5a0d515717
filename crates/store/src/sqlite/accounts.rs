//! Accounts, passwords and sessions.

use domain::{AccountId, Refusal, UserName};
use rusqlite::Connection;

use super::rows;
use super::statements::{one, run};
use super::writing::Batch;
use crate::{AddPatient, OpenSession, Outcome, SetPassword, Standing, StoreError, TokenHash};

impl Batch<'_> {
    pub(super) fn add_patient(&self, new: &AddPatient) -> Result<Outcome, StoreError> {
        if !self.create_account(new)? {
            return Ok(Outcome::UserExists);
        }
        let account = new.account.to_string();
        self.audit(None, "add_patient", Some(&account), "added")?;
        Ok(Outcome::Done)
    }

    /// Creates an account with its patient; `false`, and nothing, when the user name is there.
    pub(super) fn create_account(&self, new: &AddPatient) -> Result<bool, StoreError> {
        let (account, patient) = (new.account.as_bytes(), new.patient.as_bytes());
        let sql = "INSERT INTO account (center, account, user_name, added) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (center, user_name) DO NOTHING";
        let params = (self.center, account, new.user.as_str(), self.now);
        if run(self.connection, sql, params)? == 0 {
            return Ok(false);
        }
        self.add_password(new.account, new.password.expose())?;
        let sql = "INSERT INTO patient (center, patient, added) VALUES (?1, ?2, ?3)";
        run(self.connection, sql, (self.center, patient, self.now))?;
        if let Some(name) = &new.name {
            let sql = "INSERT INTO person (center, patient, name) VALUES (?1, ?2, ?3)";
            run(self.connection, sql, (self.center, patient, name.as_str()))?;
        }
        let sql = "INSERT INTO acts_for (center, account, patient, relation, added)
            VALUES (?1, ?2, ?3, 'self', ?4)";
        run(self.connection, sql, (self.center, account, patient, self.now))?;
        Ok(true)
    }

    pub(super) fn set_password(&self, new: &SetPassword) -> Result<Outcome, StoreError> {
        let Some(account) = self.account_of_user(&new.user)? else {
            return Ok(Outcome::NoSuchUser);
        };
        let key = (self.center, account.as_bytes(), self.now);
        let sql = "UPDATE credential SET revoked = ?3, secret = NULL
            WHERE center = ?1 AND account = ?2 AND kind = 'password' AND revoked IS NULL";
        run(self.connection, sql, key)?;
        self.add_password(account, new.password.expose())?;
        let sql = "UPDATE session SET revoked = ?3
            WHERE center = ?1 AND account = ?2 AND revoked IS NULL";
        run(self.connection, sql, key)?;
        self.audit(new.actor.account(), "set_password", Some(&account.to_string()), "set")?;
        Ok(Outcome::Done)
    }

    fn add_password(&self, account: AccountId, phc: &str) -> Result<(), StoreError> {
        let sql = "INSERT INTO credential (center, account, credential, kind, secret, added)
            SELECT ?1, ?2, coalesce(max(credential), 0) + 1, 'password', ?3, ?4
            FROM credential WHERE center = ?1 AND account = ?2";
        run(self.connection, sql, (self.center, account.as_bytes(), phc, self.now))?;
        Ok(())
    }

    fn account_of_user(&self, user: &UserName) -> Result<Option<AccountId>, StoreError> {
        let sql = "SELECT account FROM account WHERE center = ?1 AND user_name = ?2";
        one(self.connection, sql, (self.center, user.as_str()), |row| rows::account(row, 0))
    }

    pub(super) fn open_session(&self, session: &OpenSession) -> Result<Outcome, StoreError> {
        if !stands(self.connection, self.center, &session.standing, self.now)? {
            return Ok(Outcome::Refused(Refusal::WrongCredentials));
        }
        let sql = "INSERT INTO session (center, token, account, opened, expires)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let account = session.standing.account;
        let (token, expires) = (session.token.as_bytes(), session.expires.as_millisecond());
        run(self.connection, sql, (self.center, token, account.as_bytes(), self.now, expires))?;
        self.audit(Some(account), "open_session", None, "opened")?;
        Ok(Outcome::Done)
    }

    pub(super) fn close_session(&self, token: &TokenHash) -> Result<Outcome, StoreError> {
        let sql = "UPDATE session SET revoked = ?3
            WHERE center = ?1 AND token = ?2 AND revoked IS NULL RETURNING account";
        let params = (self.center, token.as_bytes(), self.now);
        let account = one(self.connection, sql, params, |row| rows::account(row, 0))?;
        if let Some(account) = account {
            self.audit(Some(account), "close_session", None, "closed")?;
        }
        Ok(Outcome::Done)
    }
}

/// Whether an account still has the password and the session it came with.
pub(super) fn stands(
    connection: &Connection,
    center: i64,
    standing: &Standing,
    now: i64,
) -> Result<bool, StoreError> {
    let account = standing.account.as_bytes();
    if let Some(credential) = standing.credential {
        let sql = "SELECT 1 FROM credential WHERE center = ?1 AND account = ?2
            AND credential = ?3 AND revoked IS NULL";
        if one(connection, sql, (center, account, credential), |_| Ok(()))?.is_none() {
            return Ok(false);
        }
    }
    let Some(session) = standing.session else { return Ok(true) };
    let sql = "SELECT 1 FROM session WHERE center = ?1 AND token = ?2 AND account = ?3
        AND revoked IS NULL AND expires > ?4";
    Ok(one(connection, sql, (center, session.as_bytes(), account, now), |_| Ok(()))?.is_some())
}
