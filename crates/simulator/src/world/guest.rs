//! A patient's visit in the virtual world: the patient's side of both exchanges is `protocol`'s own;
//! here is what a person, and a program that asks again, does around it.

mod asking;
mod ending;
mod hearing;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use domain::{
    AppointmentId, Password, PatientId, PlanName, RequestId, SessionToken, SlotIndex, UserName,
};
use jiff::{SignedDuration, Timestamp};
use protocol::{Call, Dialect, Inquiry, KeepSession, LogInWith, Request, SlotNamed, SlotsWanted};

use super::event::{Caller, DoctorNumber, End, Event, GuestNumber, WireNumber};
use super::{Held, World};
use crate::chance::Chance;
use crate::history::{EntryKind, Op};
use crate::plan::{Choice, Habits};
use crate::record::{Exchange, Fate, Party, Phase};

/// How long a patient waits for a connection.
const CONNECT_PATIENCE: Duration = Duration::from_secs(3);
/// How long for a reply.
const REPLY_PATIENCE: Duration = Duration::from_secs(6);
/// How long somebody who is impatient waits, from and to.
const IMPATIENCE_MIN: Duration = Duration::from_millis(150);
const IMPATIENCE_MAX: Duration = Duration::from_millis(1_500);
/// How long a patient waits before the next connection, from and to.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(2);
/// How long a patient thinks before calling off, at most.
const SECOND_THOUGHTS: Duration = Duration::from_secs(5);
/// How often a patient connects before it gives up.
const CONNECTIONS_MAX: u32 = 60;
/// How many slots a patient looks at.
const SLOTS_SEEN: u32 = 20;
/// How probably somebody who is impatient walks away when a connection fails.
const WALKS_AWAY: f64 = 0.3;
/// How probably somebody who is impatient asks twice in one breath.
const ASKS_TWICE: f64 = 0.3;
/// How probably somebody types a wrong password first.
const MISTYPES: f64 = 0.03;

/// One patient who is here.
pub(super) struct Guest {
    pub(super) user: UserName,
    pub(super) patient: PatientId,
    password: Password,
    plan: PlanName,
    dialect: Dialect,
    temper: Temper,
    chance: Chance,
    doing: Doing,
    line: Option<Line>,
    /// When it last asked the center for something.
    asked: Duration,
    /// When it does something else unless something comes; `None` while nothing has a deadline.
    due: Option<Duration>,
    /// When its timer rings; `None` when none is set.
    armed: Option<Duration>,
    /// What it can come back with; `None` when it has nothing.
    token: Option<SessionToken>,
    /// What it wants done, until it knows that it is done or not; `None` between such wishes.
    intent: Option<Intent>,
    inquiry: Option<Asking>,
    confirmed: Option<Confirmed>,
    /// The operation of the history that is open; `None` when none is.
    open: Option<(Op, Option<SlotIndex>)>,
    /// How many wishes it has had.
    wishes: u32,
    /// How often its choice was another's.
    beaten: u32,
    story: Story,
}

/// What a person is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Temper {
    impatient: bool,
    cancels: bool,
    mistypes: bool,
    keeps_session: KeepSession,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Calling,
    LoggingIn,
    Listing,
    Changing,
    Pausing,
    AskingThePrice,
}

struct Line {
    wire: WireNumber,
    call: Call,
    /// Of each reply that is to come, in order.
    wanted: VecDeque<Wanted>,
}

/// Whether somebody listens to a reply: not to that of a request said twice in one breath.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Yes,
    No,
}

/// What a patient wants changed.
#[derive(Debug, Clone, Copy)]
struct Intent {
    /// Of all that it has wanted.
    number: u32,
    wish: Wish,
    slot: SlotIndex,
    /// An earlier try may have been carried out.
    uncertain: bool,
}

#[derive(Debug, Clone, Copy)]
enum Wish {
    Book(SlotNamed),
    Cancel(AppointmentId),
}

struct Asking {
    inquiry: Inquiry,
    doctor: DoctorNumber,
    from: SocketAddr,
    began: Duration,
}

/// A booking that the patient knows to be its own.
struct Confirmed {
    slot: SlotIndex,
    appointment: Option<AppointmentId>,
    doctor: Option<DoctorNumber>,
    start: Option<Timestamp>,
    booked: Timestamp,
}

/// What is remembered of a visit for the report.
struct Story {
    planned: Duration,
    phase_began: Duration,
    phases: Vec<(Phase, Duration)>,
    connections: u32,
    tries: Option<u32>,
    price: Option<domain::Money>,
    /// The password that was said last was a wrong one.
    mistyped: bool,
    exchanges: Vec<Exchange>,
}

impl Temper {
    fn of(habits: &Habits, chance: &mut Chance) -> Self {
        Self {
            impatient: chance.happens(habits.impatient),
            cancels: chance.happens(habits.cancels),
            mistypes: chance.happens(MISTYPES),
            keeps_session: if chance.happens(0.5) { KeepSession::Yes } else { KeepSession::No },
        }
    }
}

/// Coming.
impl World<'_> {
    pub(super) fn arrives(&mut self, number: GuestNumber) -> Held {
        let mut chance = self.guests_chance.fork();
        let habits = &self.plan.habits;
        let temper = Temper::of(habits, &mut chance);
        let plan = chance.weighted(&habits.plans).cloned();
        let plan = plan.unwrap_or_else(|| PlanName::new("none").expect("a word is a plan"));
        let classic = [Dialect::Spec, Dialect::Nul, Dialect::Seed];
        let dialect = match chance.happens(habits.classic) {
            true => classic[chance.below(classic.len())],
            false => Dialect::Json,
        };
        let guest = Guest {
            user: super::setup::user(number),
            patient: super::setup::patient(self.plan, number),
            password: super::setup::password(number),
            plan,
            dialect,
            temper,
            chance,
            doing: Doing::Calling,
            line: None,
            asked: Duration::ZERO,
            due: None,
            armed: None,
            token: None,
            intent: None,
            inquiry: None,
            confirmed: None,
            open: None,
            wishes: 0,
            beaten: 0,
            story: Story {
                planned: self.now,
                phase_began: self.now,
                phases: Vec::new(),
                connections: 0,
                tries: None,
                price: None,
                mistyped: false,
                exchanges: Vec::new(),
            },
        };
        self.guests.insert(number, Box::new(guest));
        self.next_arrival();
        self.guest_calls(number)
    }

    fn guest_calls(&mut self, number: GuestNumber) -> Held {
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        if guest.story.connections >= CONNECTIONS_MAX {
            let why = format!("no answer over {CONNECTIONS_MAX} connections");
            return self.leaves(number, crate::record::VisitEnd::Failed(why));
        }
        guest.story.connections += 1;
        guest.doing = Doing::Calling;
        guest.due = Some(self.now + CONNECT_PATIENCE);
        let wire = self.network.call(self.now, Caller::Guest(number), &mut self.agenda);
        guest.line = Some(Line { wire, call: Call::new(guest.dialect), wanted: VecDeque::new() });
        self.arm(number);
        Ok(())
    }

    pub(super) fn guest_connected(&mut self, number: GuestNumber, wire: WireNumber) {
        let Some(guest) = self.guest_on(number, wire) else { return };
        if guest.doing != Doing::Calling {
            return;
        }
        let coming_back = guest.token.clone().map(|token| Request::Resume { token });
        let request = coming_back.unwrap_or_else(|| guest.log_in());
        guest.doing = Doing::LoggingIn;
        self.guest_asks(number, &request);
    }

    /// The patient who uses this connection; `None` when it was given up.
    fn guest_on(&mut self, number: GuestNumber, wire: WireNumber) -> Option<&mut Guest> {
        let guest = self.guests.get_mut(&number)?;
        guest.line.as_ref().is_some_and(|line| line.wire == wire).then_some(guest.as_mut())
    }
}

/// Asking the center.
impl World<'_> {
    fn guest_asks(&mut self, number: GuestNumber, request: &Request) {
        let Some(guest) = self.guests.get_mut(&number) else { return };
        let Some(line) = &mut guest.line else { return };
        let mut bytes = line.call.ask(request).expect("the patient asks what its dialect can say");
        line.wanted.push_back(Wanted::Yes);
        let patience = if guest.temper.impatient {
            let changes = matches!(request, Request::Book { .. });
            if changes && guest.dialect == Dialect::Json && guest.chance.happens(ASKS_TWICE) {
                line.wanted.push_back(Wanted::No);
                bytes.extend(line.call.ask(request).expect("as before"));
            }
            guest.chance.between(IMPATIENCE_MIN, IMPATIENCE_MAX)
        } else {
            REPLY_PATIENCE
        };
        guest.asked = self.now;
        guest.due = Some(self.now + patience);
        let wire = line.wire;
        guest.notes(self.now, || (Party::Patient, Party::Center, super::words::request(request)));
        self.network.write(self.now, wire, End::Center, &bytes, &mut self.agenda);
        self.arm(number);
    }

    /// The welcome was said: on with what is wanted.
    fn guest_is_in(&mut self, number: GuestNumber) {
        let (now, choice) = (self.wall(SignedDuration::ZERO), self.plan.habits.choice);
        let last = self.plan.slots.last().map_or(now, |slot| slot.start);
        let Some(guest) = self.guests.get_mut(&number) else { return };
        let (doing, request) = match guest.intent {
            Some(intent) => (Doing::Changing, intent.request(number)),
            None => (Doing::Listing, guest.list(choice, (now, last))),
        };
        guest.doing = doing;
        if doing == Doing::Listing {
            self.begins(number, Op::List, None);
        }
        self.guest_asks(number, &request);
    }

    fn wants(&mut self, number: GuestNumber, wish: Wish, slot: SlotIndex) {
        let Some(guest) = self.guests.get_mut(&number) else { return };
        if let Wish::Book(_) = wish {
            self.wishes.asks(guest.patient, slot);
        }
        guest.wishes += 1;
        guest.intent = Some(Intent { number: guest.wishes, wish, slot, uncertain: false });
        let op = match wish {
            Wish::Book(_) => Op::Book,
            Wish::Cancel(_) => Op::Cancel,
        };
        self.begins(number, op, Some(slot));
    }

    /// Asks again later, over a connection of its own.
    fn pauses(&mut self, number: GuestNumber, most: Duration) {
        self.hangs_up(number);
        let Some(guest) = self.guests.get_mut(&number) else { return };
        guest.doing = Doing::Pausing;
        guest.due = Some(self.now + guest.chance.between(PAUSE_MIN, most));
        self.arm(number);
    }

    fn hangs_up(&mut self, number: GuestNumber) {
        let Some(guest) = self.guests.get_mut(&number) else { return };
        if let Some(line) = guest.line.take() {
            self.network.end(self.now, line.wire, End::Caller, &mut self.agenda);
        }
    }

    /// The connection is of no use any more.
    pub(super) fn guest_is_cut_off(&mut self, number: GuestNumber, wire: WireNumber) -> Held {
        let Some(guest) = self.guest_on(number, wire) else { return Ok(()) };
        if let (Doing::Changing, Some(intent)) = (guest.doing, &mut guest.intent) {
            intent.uncertain = true;
        }
        let walks = guest.temper.impatient && guest.chance.happens(WALKS_AWAY);
        if guest.doing == Doing::Listing {
            self.ends(number, EntryKind::Info, None);
        }
        if walks {
            return self.leaves(number, crate::record::VisitEnd::WalkedAway);
        }
        self.pauses(number, PAUSE_MAX);
        Ok(())
    }
}

/// Timers.
impl World<'_> {
    /// Sets the timer for whatever comes first.
    fn arm(&mut self, number: GuestNumber) {
        let base = self.base;
        let Some(guest) = self.guests.get_mut(&number) else { return };
        let call = guest.line.as_ref().and_then(|line| line.call.next_timeout());
        let call = call.map(|due| due.saturating_duration_since(base));
        let due = match (guest.due, call) {
            (Some(one), Some(other)) => one.min(other),
            (one, other) => match one.or(other) {
                Some(due) => due,
                None => return,
            },
        };
        let due = due.max(self.now);
        if guest.armed.is_none_or(|armed| due < armed) {
            guest.armed = Some(due);
            self.agenda.enter(due, Event::GuestTimer { guest: number });
        }
    }

    /// Whether a timer has a meaning any more: those that were overtaken do nothing.
    pub(super) fn guest_timer_counts(&mut self, number: GuestNumber) -> bool {
        let now = self.now;
        let Some(guest) = self.guests.get_mut(&number) else { return false };
        if guest.armed != Some(now) {
            return false;
        }
        guest.armed = None;
        let base = self.base;
        let call = guest.line.as_ref().and_then(|line| line.call.next_timeout());
        let is_due = guest.due.is_some_and(|due| due <= now)
            || call.is_some_and(|due| due.saturating_duration_since(base) <= now);
        if !is_due {
            self.arm(number);
        }
        is_due
    }

    pub(super) fn guest_timer(&mut self, number: GuestNumber) -> Held {
        let instant = self.instant(self.now);
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        if let Some(line) = &mut guest.line
            && line.call.next_timeout().is_some_and(|due| due <= instant)
        {
            line.call.handle_timeout(instant);
            let wire = line.wire;
            self.guest_listens(number, wire)?;
        }
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        if guest.due.is_none_or(|due| due > self.now) {
            self.arm(number);
            return Ok(());
        }
        guest.due = None;
        match guest.doing {
            Doing::Pausing => self.guest_calls(number),
            Doing::AskingThePrice => self.asks_on(number),
            Doing::Calling | Doing::LoggingIn | Doing::Listing | Doing::Changing => {
                let wire = guest.line.as_ref().map(|line| line.wire);
                wire.map_or(Ok(()), |wire| self.guest_is_cut_off(number, wire))
            }
        }
    }
}

impl Guest {
    fn log_in(&mut self) -> Request {
        let mistyped = std::mem::take(&mut self.temper.mistypes);
        self.story.mistyped = mistyped;
        let password = match mistyped {
            true => Password::new("mistyped").expect("a word is a password"),
            false => self.password.clone(),
        };
        let session = match self.dialect {
            Dialect::Json => self.temper.keeps_session,
            _ => KeepSession::No,
        };
        Request::LogIn { user: self.user.clone(), password, session, with: LogInWith::default() }
    }

    /// Who takes any slot does not look through all that are booked in front, but from a moment on that
    /// suits.
    fn list(&mut self, choice: Choice, (now, last): (Timestamp, Timestamp)) -> Request {
        if self.dialect != Dialect::Json {
            return Request::Board;
        }
        let ahead = Duration::try_from(last.duration_since(now)).unwrap_or_default();
        let from = match choice {
            Choice::Any => now.checked_add(self.chance.between(Duration::ZERO, ahead)).ok(),
            Choice::Earliest | Choice::Soon => None,
        };
        Request::Slots(SlotsWanted { from, limit: Some(SLOTS_SEEN), ..SlotsWanted::default() })
    }

    /// For the diagram of the visit.
    fn notes(&mut self, at: Duration, said: impl FnOnce() -> (Party, Party, String)) {
        let (from, to, what) = said();
        self.story.exchanges.push(Exchange { at, from, to, what, fate: Fate::Arrived });
    }

    /// A phase of the visit is over, for the first time.
    fn phase_is_over(&mut self, phase: Phase, now: Duration) {
        if self.story.phases.iter().all(|(over, _)| *over != phase) {
            self.story.phases.push((phase, now - self.story.phase_began));
            self.story.phase_began = now;
        }
    }
}

impl Intent {
    /// Whether it is about taking a slot, not about giving one back.
    fn books(&self) -> bool {
        matches!(self.wish, Wish::Book(_))
    }

    /// The same wish has the same id each time it is said.
    fn request(&self, guest: GuestNumber) -> Request {
        let id = RequestId::new(&format!("wish-{guest}-{}", self.number));
        let request_id = id.expect("a short word is a request id");
        match self.wish {
            Wish::Book(slot) => Request::Book { slot, request_id: Some(request_id) },
            Wish::Cancel(appointment) => Request::Cancel { appointment, reason: None, request_id },
        }
    }
}
