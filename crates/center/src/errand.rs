//! Errands: one thing each that somebody asks for at a screen, with what came of it as a value.
//!
//! A page is no conversation: whoever asks comes back with a session, asks for one thing, and goes.
//! [`come_back`] gives the [`Account`], an account gives the rights it has (`tend_for`, `desk`,
//! `schedule`, `oversee`), and each verb of a right is an [`Errand`]. Like a visit, an errand calls
//! nothing: it says what is to be done and is fed what came of it. What the store is asked to change
//! is made by the same functions as for a visit.

mod anyone;
mod desk;
mod oversight;
mod scheduling;
mod tending;
mod timetable;

use std::net::IpAddr;

use domain::{Refusal, SessionToken};
use jiff::Timestamp;
use store::{Answer, CloseSession, Command, Outcome, Query, TokenHash};
use thiserror::Error;

use crate::account::{Account, TOUCH_EACH};
use crate::{Effect, Fed, Settled};

pub use self::anyone::{
    FreeSlotsWanted, InvitationCode, PAGE_SLOTS_MAX, choose_password, clinic, free_slots, invited,
    published_slot,
};
pub use store::{
    AccessRecord, AccountOverview, AppointmentData, AuditActor, AuditRecord, BlockRecord,
    ClinicRecord, DoctorRecord, HoldRecord, MemberRecord, NewSlot, PersonRecord, Place,
    SessionChoice, SessionId, SessionRecord, Sheet, SheetRow, SlotsAfter, StepData, TotpSecret,
    Window,
};

pub use self::desk::{Invitation, PEOPLE_LISTED_MAX};
pub use self::oversight::{ACCOUNTS_LISTED_MAX, AUDIT_LISTED_MAX, AuditWanted, NewStaff};
pub use self::scheduling::{Blocked, Calendar, Published};
pub use self::tending::{HOLD_FOR, HOLDS_MAX, QuoteFor};
pub use self::timetable::{SLOTS_AT_ONCE_MAX, Timetable, TimetableError};

/// One thing to be done for somebody; `T` is what that one wants to have.
pub struct Errand<T> {
    effect: Effect,
    then: Box<dyn FnOnce(Fed) -> Onward<T> + Send>,
}

/// How an errand goes on.
#[allow(clippy::large_enum_variant, reason = "it is taken apart at once, and none is kept")]
pub enum Onward<T> {
    /// There is more to be done.
    Errand(Errand<T>),
    /// It is over.
    Over(Result<T, No>),
}

/// Why somebody does not get what was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum No {
    /// A polite "no"; nothing was changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Neither yes nor no: ask again, with the same request id.
    #[error("whether it was done is not known")]
    Unknown,
}

impl<T: Send + 'static> Errand<T> {
    /// What is to be done now, and what to feed with what came of it.
    #[must_use]
    pub fn into_parts(self) -> (Effect, Box<dyn FnOnce(Fed) -> Onward<T> + Send>) {
        (self.effect, self.then)
    }

    fn new(effect: Effect, then: impl FnOnce(Fed) -> Onward<T> + Send + 'static) -> Self {
        Self { effect, then: Box::new(then) }
    }

    /// Reads; `understand` gives `None` for an answer of another kind.
    fn read(query: Query, understand: impl FnOnce(Answer) -> Option<T> + Send + 'static) -> Self {
        Self::new(Effect::Read(query), |fed| Onward::Over(read(fed, understand)))
    }

    /// Changes; `understand` gives the refusal in words of ours where the store's outcome is none.
    fn commit(
        command: Command,
        understand: impl FnOnce(Outcome) -> Result<T, Refusal> + Send + 'static,
    ) -> Self {
        Self::new(Effect::Commit(command), |fed| Onward::Over(settled(fed, understand)))
    }

    /// The same, and then whatever `next` says.
    fn commit_then(
        command: Command,
        next: impl FnOnce(Outcome) -> Result<Onward<T>, Refusal> + Send + 'static,
    ) -> Self {
        Self::new(Effect::Commit(command), |fed| match settled(fed, next) {
            Ok(onward) => onward,
            Err(no) => Onward::Over(Err(no)),
        })
    }

    /// Goes on with what came of it.
    fn and_then<U: Send + 'static>(
        self,
        next: impl FnOnce(T) -> Onward<U> + Send + 'static,
    ) -> Errand<U> {
        let (effect, then) = self.into_parts();
        Errand::new(effect, move |fed| match then(fed) {
            Onward::Errand(errand) => Onward::Errand(errand.and_then(next)),
            Onward::Over(Ok(value)) => next(value),
            Onward::Over(Err(no)) => Onward::Over(Err(no)),
        })
    }
}

fn read<T>(fed: Fed, understand: impl FnOnce(Answer) -> Option<T>) -> Result<T, No> {
    match fed {
        Fed::Read(Some(Answer::NoStanding)) => Err(No::Refused(Refusal::SessionEnded)),
        Fed::Read(answer) => answer.and_then(understand).ok_or(No::Refused(Refusal::Unavailable)),
        fed => unreachable!("a question was fed {fed:?}"),
    }
}

fn settled<T>(fed: Fed, understand: impl FnOnce(Outcome) -> Result<T, Refusal>) -> Result<T, No> {
    match fed {
        Fed::Settled(Settled::Decided(Outcome::Refused(refusal))) => Err(No::Refused(refusal)),
        Fed::Settled(Settled::Decided(outcome)) => understand(outcome).map_err(No::Refused),
        Fed::Settled(Settled::Busy) => Err(No::Refused(Refusal::Busy)),
        Fed::Settled(Settled::Unavailable) => Err(No::Refused(Refusal::Unavailable)),
        Fed::Settled(Settled::Unknown) => Err(No::Unknown),
        fed => unreachable!("a change was fed {fed:?}"),
    }
}

/// What a command that only is done comes to.
#[expect(clippy::needless_pass_by_value, reason = "it understands an outcome like the others")]
fn done(outcome: Outcome) -> Result<(), Refusal> {
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::NoSuchDoctor => Err(Refusal::NoSuchDoctor),
        Outcome::NoSuchUser => Err(Refusal::NoSuchPatient),
        Outcome::UserExists => Err(Refusal::UserNameTaken),
        _ => Err(Refusal::Unavailable),
    }
}

/// Ends a session; also done when there is none.
#[must_use]
pub fn log_out(token: &SessionToken, source: IpAddr) -> Errand<()> {
    let (token, source) = (TokenHash::of(token), Some(source.to_canonical()));
    Errand::commit(Command::CloseSession(CloseSession { token, source }), done)
}

/// The account of somebody who comes back with a session at `now`, speaking from `source`; its session
/// is in use then. Refused with `SessionEnded`.
#[must_use]
pub fn come_back(token: &SessionToken, source: IpAddr, now: Timestamp) -> Errand<Account> {
    let hash = TokenHash::of(token);
    of_session(hash, source, now).and_then(move |(account, used)| {
        if used.is_some_and(|used| now.duration_since(used) < TOUCH_EACH) {
            return Onward::Over(Ok(account));
        }
        // When nobody knows, whether it stands is looked at with what is asked in it.
        Onward::Errand(Errand::new(Effect::Commit(Command::TouchSession(hash)), |fed| match fed {
            Fed::Settled(Settled::Decided(Outcome::Refused(refusal))) => {
                Onward::Over(Err(No::Refused(refusal)))
            }
            _ => Onward::Over(Ok(account)),
        }))
    })
}

/// The account of a session, for a screen that asks by itself: nobody need be sitting before it, so
/// that the session is not in use because of it. Refused with `SessionEnded`.
#[must_use]
pub fn stay(token: &SessionToken, source: IpAddr, now: Timestamp) -> Errand<Account> {
    of_session(TokenHash::of(token), source, now).and_then(|(account, _)| Onward::Over(Ok(account)))
}

/// The account of a session, and when it was last marked as used.
fn of_session(
    token: TokenHash,
    source: IpAddr,
    now: Timestamp,
) -> Errand<(Account, Option<Timestamp>)> {
    let ended = || Onward::Over(Err(No::Refused(Refusal::SessionEnded)));
    Errand::new(Effect::Read(Query::Session { token, now }), move |fed| {
        let record = match read(fed, |answer| match answer {
            Answer::Account(record) => Some(record),
            _ => None,
        }) {
            Ok(Some(record)) => record,
            Ok(None) => return ended(),
            Err(no) => return Onward::Over(Err(no)),
        };
        let used = record.used;
        let Some(account) = Account::of(record, source, now) else { return ended() };
        Onward::Over(Ok((account.in_session(token, used), used)))
    })
}
