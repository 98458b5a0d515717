//! Coming in: with a password, with a session, or for the first time, as a doctor with a code.

use domain::{AccountId, DeviceCookie, DoctorName, Refusal, SessionToken};
use jiff::Timestamp;
use protocol::{KeepSession, LoggedIn, Reply, Request};
use store::{
    Answer, CodeHash, Command, Enrol, OpenSession, Outcome, Query, SESSION_MAX, TokenHash,
};

use super::notes::Noted;
use super::{
    Doing, Effect, NewPassword, Present, State, Step, Verdict, Verified, Visit, refused, undecided,
};
use crate::Settled;
use crate::account::Account;
use crate::fresh::{Purpose, bytes_for};

/// A session that is being opened.
#[derive(Debug)]
pub(super) struct NewSession {
    account: Account,
    token: SessionToken,
    expires: Timestamp,
    /// What the client is told of it.
    told: KeepSession,
    device: DeviceCookie,
}

impl Visit {
    pub(super) fn ask_as_stranger(&mut self, request: Request) -> Step {
        let noted = Noted::of(&request);
        let source = self.visitor.source;
        match request {
            Request::LogIn { user, password, session, with } => {
                let effect = Effect::VerifyPassword { user, password, with, source };
                self.begin(Doing::LoggingIn { session }, effect)
            }
            Request::Resume { token } => {
                let token = TokenHash::of(&token);
                let effect = Effect::Read(Query::Session { token, now: self.present.now });
                self.begin(Doing::ComingBack { token }, effect)
            }
            Request::Enrol { doctor, code, password } => {
                let code = CodeHash::of(&code);
                let hashing = Doing::HashingNewPassword { doctor: doctor.clone(), code };
                self.begin(hashing, Effect::HashNewPassword { doctor, password, source })
            }
            _ => self.refuse(noted, Refusal::NotLoggedIn),
        }
    }

    pub(super) fn verified(&mut self, verdict: Verdict, session: KeepSession) -> Step {
        let refusal = match verdict {
            Verdict::Right(verified) => match self.let_in(*verified, session) {
                Some(step) => return step,
                None => Refusal::WrongCredentials,
            },
            Verdict::Wrong => Refusal::WrongCredentials,
            Verdict::Throttled => Refusal::Throttled,
            Verdict::Busy => Refusal::Busy,
            Verdict::Unavailable => Refusal::Unavailable,
        };
        self.refuse(Some(Noted::LOG_IN), refusal)
    }

    /// `None` for an account that has no business at this counter: it acts for nobody, or needs a
    /// second factor and has shown none.
    fn let_in(&mut self, verified: Verified, session: KeepSession) -> Option<Step> {
        let Verified { account, one_time_step, device } = verified;
        let second_factor = account.role.needs_second_factor();
        if second_factor && one_time_step.is_none() {
            return None;
        }
        let Present { now, entropy } = self.present;
        let account = Account::of(account, self.visitor.source, now)?;
        // That no one-time code works twice is kept with the session it opened.
        if session == KeepSession::No && one_time_step.is_none() {
            self.note_done(Noted::LOG_IN, account.standing.account);
            self.state = State::LoggedIn(Box::new(account));
            return Some(Step::Answer(Reply::LoggedIn(LoggedIn::default())));
        }
        let token = SessionToken::fresh(&bytes_for(Purpose::SessionToken, &entropy));
        let hash = TokenHash::of(&token);
        let expires = now + SESSION_MAX;
        let open = OpenSession { standing: account.standing, token: hash, expires, one_time_step };
        let account = account.in_session(hash, Some(now));
        let session = NewSession { account, token, expires, told: session, device };
        let doing = Doing::OpeningSession(Box::new(session));
        Some(self.begin(doing, Effect::Commit(Command::OpenSession(open))))
    }

    pub(super) fn session_opened(&mut self, session: NewSession, settled: &Settled) -> Step {
        match settled {
            Settled::Decided(Outcome::Refused(refusal)) => refused(*refusal),
            Settled::Decided(_) => {
                self.state = State::LoggedIn(Box::new(session.account));
                let welcome = match session.told {
                    KeepSession::No => LoggedIn::default(),
                    KeepSession::Yes => LoggedIn {
                        token: Some(session.token),
                        expires: Some(session.expires),
                        device: Some(session.device),
                    },
                };
                Step::Answer(Reply::LoggedIn(welcome))
            }
            // Nobody has the token: that such a session may be there changes nothing.
            Settled::Unknown => refused(Refusal::Unavailable),
            other => undecided(other),
        }
    }

    pub(super) fn came_back(&mut self, token: TokenHash, answer: Option<Answer>) -> Step {
        let Some(Answer::Account(account)) = answer else {
            return refused(Refusal::Unavailable);
        };
        let (source, now) = (self.visitor.source, self.present.now);
        let account = account.and_then(|account| Account::of(account, source, now));
        let Some(account) = account else {
            return self.refuse(Some(Noted::LOG_IN), Refusal::SessionEnded);
        };
        self.note_done(Noted::LOG_IN, account.standing.account);
        self.state = State::LoggedIn(Box::new(account.in_session(token, None)));
        Step::Answer(Reply::LoggedIn(LoggedIn::default()))
    }

    pub(super) fn enrol(
        &mut self,
        doctor: DoctorName,
        code: CodeHash,
        password: NewPassword,
    ) -> Step {
        let password = match password {
            NewPassword::Hashed(hash) => hash,
            NewPassword::Weak => return self.refuse(Some(Noted::ENROL), Refusal::WeakPassword),
            NewPassword::Throttled => return self.refuse(Some(Noted::ENROL), Refusal::Throttled),
            NewPassword::Busy => return refused(Refusal::Busy),
        };
        let Present { now, entropy } = self.present;
        let account = AccountId::fresh(now, &bytes_for(Purpose::Account, &entropy));
        let source = Some(self.visitor.source.to_canonical());
        let enrol = Enrol { doctor, code, account, password, source };
        self.begin(Doing::Enrolling, Effect::Commit(Command::Enrol(enrol)))
    }

    pub(super) fn enrolled(&mut self, settled: Settled) -> Step {
        let record = match settled {
            Settled::Decided(Outcome::Enrolled(record)) => record,
            Settled::Decided(Outcome::Refused(refusal)) => return refused(refusal),
            Settled::Decided(other) => unreachable!("no enrolment ends as {other:?}"),
            other => return undecided(&other),
        };
        let (source, now) = (self.visitor.source, self.present.now);
        let account = Account::of(record, source, now);
        self.state = State::LoggedIn(Box::new(account.expect("an enrolled doctor is a doctor")));
        Step::Answer(Reply::LoggedIn(LoggedIn::default()))
    }
}
