//! Sessions, and whether whoever asks for something still stands.

use domain::{AccountId, Refusal};
use rusqlite::Connection;

use super::rows;
use super::statements::{all, one, run};
use super::trail::{DONE, Deed, word};
use super::writing::Batch;
use crate::{
    Actor, AuditActor, CloseSession, EndSessions, OpenSession, Outcome, SESSION_IDLE_MAX,
    SESSION_MAX, SessionChoice, SessionId, Standing, StoreError, TokenHash,
};

/// How much later a session must be used than the last time for that to be written, in
/// milliseconds.
const USED_STEP_MS: i64 = 60 * 1000;

/// What makes a session `e` one that is open at the moment `?3`, idle since `?4` or later.
macro_rules! is_open {
    () => {
        " AND e.revoked IS NULL AND e.expires > ?3 AND e.used > ?4"
    };
}

pub(super) use is_open;

/// Since when a session that is not over by `now` may be idle, in milliseconds since the epoch.
pub(super) fn idle_since(now: i64) -> i64 {
    now.saturating_sub(millis(SESSION_IDLE_MAX))
}

fn millis(duration: jiff::SignedDuration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Whether whoever asks still stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    Yes,
    No,
}

impl Batch<'_> {
    /// Whether an actor still stands, without its session being used: a screen that looks by itself
    /// must not keep somebody logged in who has gone.
    pub(super) fn still_stands(&self, actor: &Actor) -> Result<Stands, StoreError> {
        let Actor::Account(standing) = actor else { return Ok(Stands::Yes) };
        let ground = stands(self.connection, self.center, standing, self.now)?;
        Ok(if ground == Ground::Lost { Stands::No } else { Stands::Yes })
    }

    /// Whether an actor still stands; its session is in use then.
    pub(super) fn stands(&self, actor: &Actor) -> Result<Stands, StoreError> {
        let Actor::Account(standing) = actor else { return Ok(Stands::Yes) };
        let ground = stands(self.connection, self.center, standing, self.now)?;
        if let (Ground::Session { used }, Some(token)) = (ground, &standing.session)
            && used <= self.now - USED_STEP_MS
        {
            self.touch_session(token)?;
        }
        Ok(if ground == Ground::Lost { Stands::No } else { Stands::Yes })
    }

    pub(super) fn open_session(&self, session: &OpenSession) -> Result<Outcome, StoreError> {
        let standing = &session.standing;
        let stands = stands(self.connection, self.center, standing, self.now)? != Ground::Lost;
        let refusal = Refusal::WrongCredentials;
        let opened = stands && self.accept_step(standing.account, session.one_time_step)?;
        let outcome = if opened { DONE.to_owned() } else { word(refusal) };
        let subject = SessionId::of(&session.token).to_string();
        if opened {
            let sql = "INSERT INTO session (center, token, account, opened, used, expires)
                VALUES (?1, ?2, ?3, ?4, ?4, ?5)";
            let latest = self.now.saturating_add(millis(SESSION_MAX));
            let expires = session.expires.as_millisecond().min(latest);
            let (token, account) = (session.token.as_bytes(), standing.account.as_bytes());
            run(self.connection, sql, (self.center, token, account, self.now, expires))?;
        }
        self.audit(&Deed {
            subject: opened.then_some(subject.as_str()),
            patient: self.patient_of_account(standing.account)?,
            ..Deed::by(&Actor::Account(*standing), "log_in", &outcome)
        })?;
        Ok(if opened { Outcome::Done } else { Outcome::Refused(refusal) })
    }

    /// Whether an account may come in with a one-time password of this step, which is used up then;
    /// without one, whether it needs none.
    fn accept_step(&self, account: AccountId, step: Option<u64>) -> Result<bool, StoreError> {
        let account = account.as_bytes();
        let Some(step) = step else {
            let sql = "SELECT 1 FROM credential WHERE center = ?1 AND account = ?2
                AND kind = 'totp' AND revoked IS NULL";
            return Ok(one(self.connection, sql, (self.center, account), |_| Ok(()))?.is_none());
        };
        let Ok(step) = i64::try_from(step) else { return Ok(false) };
        let sql = "UPDATE credential SET last_step = ?3 WHERE center = ?1 AND account = ?2
            AND kind = 'totp' AND revoked IS NULL AND (last_step IS NULL OR last_step < ?3)";
        Ok(run(self.connection, sql, (self.center, account, step))? == 1)
    }

    pub(super) fn touch_session(&self, token: &TokenHash) -> Result<Outcome, StoreError> {
        let sql = concat!(
            "UPDATE session AS e SET used = ?3 WHERE e.center = ?1 AND e.token = ?2",
            is_open!(),
            " AND e.used <= ?5"
        );
        let (idle, step) = (idle_since(self.now), self.now - USED_STEP_MS);
        if run(self.connection, sql, (self.center, token.as_bytes(), self.now, idle, step))? == 1 {
            return Ok(Outcome::Done);
        }
        // Marked within the last minute, or over.
        let sql =
            concat!("SELECT 1 FROM session e WHERE e.center = ?1 AND e.token = ?2", is_open!());
        let params = (self.center, token.as_bytes(), self.now, idle);
        let open = one(self.connection, sql, params, |_| Ok(()))?.is_some();
        Ok(if open { Outcome::Done } else { Outcome::Refused(Refusal::SessionEnded) })
    }

    pub(super) fn close_session(&self, close: &CloseSession) -> Result<Outcome, StoreError> {
        let CloseSession { token, source } = close;
        let sql = "UPDATE session SET revoked = ?3
            WHERE center = ?1 AND token = ?2 AND revoked IS NULL RETURNING account";
        let params = (self.center, token.as_bytes(), self.now);
        let account = one(self.connection, sql, params, |row| rows::account(row, 0))?;
        if let Some(account) = account {
            self.audit(&Deed {
                who: AuditActor::Account(account),
                verb: "log_out",
                subject: Some(&SessionId::of(token).to_string()),
                patient: self.patient_of_account(account)?,
                outcome: DONE,
                source: *source,
                times: 1,
            })?;
        }
        Ok(Outcome::Done)
    }

    pub(super) fn end_sessions(&self, end: &EndSessions) -> Result<Outcome, StoreError> {
        let (ended, subject, account) = match &end.whose {
            SessionChoice::User(user) => {
                let Some(account) = self.account_of_user(user)? else {
                    return Ok(Outcome::NoSuchUser);
                };
                (self.end_all_log_ins(account)?, account.to_string(), Some(account))
            }
            SessionChoice::Session(session) => {
                let (ended, account) = self.end_one_session(*session)?;
                (ended, session.to_string(), account)
            }
        };
        let patient = match account {
            Some(account) => self.patient_of_account(account)?,
            None => None,
        };
        let outcome = format!("ended {ended}");
        self.audit(&Deed {
            subject: Some(&subject),
            patient,
            ..Deed::by(&end.actor, "end_sessions", &outcome)
        })?;
        Ok(Outcome::SessionsEnded(ended))
    }

    /// Ends all log-ins of an account: those that keep no session, and all sessions, also those that
    /// are over by their time (a clock may be set back). How many sessions were open.
    pub(super) fn end_all_log_ins(&self, account: AccountId) -> Result<usize, StoreError> {
        let sql = "UPDATE account SET ended = ended + 1 WHERE center = ?1 AND account = ?2";
        run(self.connection, sql, (self.center, account.as_bytes()))?;
        let sql = "UPDATE session SET revoked = ?3
            WHERE center = ?1 AND account = ?2 AND revoked IS NULL
            RETURNING expires > ?3 AND used > ?4";
        let params = (self.center, account.as_bytes(), self.now, idle_since(self.now));
        let ended = all(self.connection, sql, params, |row| Ok(row.get::<_, bool>(0)?))?;
        Ok(ended.into_iter().filter(|open| *open).count())
    }

    /// Ends the session of this name, and tells whose it was.
    fn end_one_session(
        &self,
        session: SessionId,
    ) -> Result<(usize, Option<AccountId>), StoreError> {
        let mut first = [0; 32];
        first[..8].copy_from_slice(session.as_bytes());
        let mut last = [0xff; 32];
        last[..8].copy_from_slice(session.as_bytes());
        let sql = concat!(
            "UPDATE session AS e SET revoked = ?3",
            " WHERE e.center = ?1 AND e.token BETWEEN ?2 AND ?5",
            is_open!(),
            " RETURNING account"
        );
        let params = (self.center, first, self.now, idle_since(self.now), last);
        let accounts = all(self.connection, sql, params, |row| rows::account(row, 0))?;
        Ok((accounts.len(), accounts.first().copied()))
    }
}

/// What an account stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ground {
    /// It was ended, or has lost the password or the session it came with.
    Lost,
    /// Its password alone, or that nobody has ended it.
    Password,
    /// A session, last used then (milliseconds since the Unix epoch).
    Session { used: i64 },
}

/// Whether a log-in was not ended, and still has the password and the session it came with.
pub(super) fn stands(
    connection: &Connection,
    center: i64,
    standing: &Standing,
    now: i64,
) -> Result<Ground, StoreError> {
    let account = standing.account.as_bytes();
    let sql = "SELECT 1 FROM account WHERE center = ?1 AND account = ?2 AND ended > ?3";
    if one(connection, sql, (center, account, standing.ended), |_| Ok(()))?.is_some() {
        return Ok(Ground::Lost);
    }
    if let Some(credential) = standing.credential {
        let sql = "SELECT 1 FROM credential WHERE center = ?1 AND account = ?2
            AND credential = ?3 AND revoked IS NULL";
        if one(connection, sql, (center, account, credential), |_| Ok(()))?.is_none() {
            return Ok(Ground::Lost);
        }
    }
    let Some(session) = standing.session else { return Ok(Ground::Password) };
    let sql = concat!(
        "SELECT e.used FROM session e WHERE e.center = ?1 AND e.token = ?2",
        is_open!(),
        " AND e.account = ?5"
    );
    let params = (center, session.as_bytes(), now, idle_since(now), account);
    let used = one(connection, sql, params, |row| Ok(row.get(0)?))?;
    Ok(used.map_or(Ground::Lost, |used| Ground::Session { used }))
}
