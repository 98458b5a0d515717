//! The center in the virtual world: what the shells of `net` and `runtime` do with sockets and threads,
//! done with events. The rules are `protocol`'s and `center`'s own.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::Duration;

use center::{
    AfterCommit, Batch, Effect, Fed, Ledger, LedgerFull, NewPassword, Rules, Settled, Step,
    Verdict, Verified, Visit, Visitor,
};
use domain::{DeviceCookie, Refusal};
use protocol::{Conversation, ConversationSettings, Reply, Request};
use store::{
    Answer, Command, CommitError, Outcome, PasswordHash, Query, Reader, Store as _, StoreError,
    Writer,
};

use super::event::{End, Event, WireNumber};
use super::words;
use super::{Held, World};
use crate::checks::{Observation, Told};

/// The most changes that wait for the disk, and the most in one batch: few, so that both limits are
/// met.
const WAITING_MAX: usize = 96;
const BATCH_MAX: usize = 16;
/// How long a batch needs to reach the disk.
const COMMIT_MIN: Duration = Duration::from_millis(1);
const COMMIT_MAX: Duration = Duration::from_millis(12);
/// How long a password needs to be compared.
const HASH: Duration = Duration::from_millis(10);
/// How many passwords are compared at once, and how many wait for it.
const HASHERS: usize = 2;
const HASHES_WAITING_MAX: usize = 256;
/// How long a query needs.
const READ: Duration = Duration::from_micros(300);

/// Who waits for a command's verdict; `None` for a note, whose verdict nobody wants.
type Waiter = Option<WireNumber>;

/// The center.
pub(super) struct CenterNode {
    pub(super) up: bool,
    /// How often it has started.
    life: u32,
    rules: Rules,
    writer: Box<dyn Writer>,
    reader: Box<dyn Reader>,
    connections: BTreeMap<WireNumber, Connection>,
    ledger: Ledger<Waiter>,
    /// On its way to the disk; `None` when the disk is idle.
    batch: Option<Batch<Waiter>>,
    /// Connections with a password to be hashed, oldest first.
    hashes: VecDeque<WireNumber>,
    hashers_at_work: usize,
    /// How far its wall clock is off, in seconds.
    pub(super) skew: jiff::SignedDuration,
}

struct Connection {
    conversation: Conversation,
    visit: Visit,
    /// What is being carried out, other than a commit; `None` when nothing is.
    doing: Option<Effect>,
    /// A command of it is in the ledger.
    in_line: bool,
    /// Came and was not read yet.
    unread: Vec<u8>,
    /// When its next timer rings; `None` when none is set.
    timer: Option<Duration>,
}

impl CenterNode {
    pub(super) fn new(rules: Rules, writer: Box<dyn Writer>, reader: Box<dyn Reader>) -> Self {
        Self {
            up: true,
            life: 1,
            rules,
            writer,
            reader,
            connections: BTreeMap::new(),
            ledger: Ledger::new(WAITING_MAX, BATCH_MAX),
            batch: None,
            hashes: VecDeque::new(),
            hashers_at_work: 0,
            skew: jiff::SignedDuration::ZERO,
        }
    }

    /// Whoever looks at the store directly uses this.
    pub(super) fn reader(&mut self) -> &mut dyn Reader {
        self.reader.as_mut()
    }
}

/// Connections.
impl World<'_> {
    pub(super) fn knocks(&mut self, wire: WireNumber) {
        let Some(caller) = self.network.caller(wire) else { return };
        if !self.center.up {
            self.network.reset(self.now, wire, &mut self.agenda);
            return;
        }
        let source = IpAddr::V4(super::address_of(caller));
        let settings = ConversationSettings::default();
        let connection = Connection {
            conversation: Conversation::new(settings, self.instant(self.now)),
            visit: Visit::new(self.center.rules.clone(), Visitor { source }),
            doing: None,
            in_line: false,
            unread: Vec::new(),
            timer: None,
        };
        self.center.connections.insert(wire, connection);
        self.network.accept(self.now, wire, &mut self.agenda);
        self.set_timer(wire);
    }

    pub(super) fn center_receives(&mut self, wire: WireNumber, bytes: &[u8]) -> Held {
        let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
        connection.unread.extend_from_slice(bytes);
        self.serve(wire)
    }

    pub(super) fn center_hears_the_end(&mut self, wire: WireNumber) -> Held {
        let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
        if !connection.unread.is_empty() {
            let bytes = std::mem::take(&mut connection.unread);
            connection.conversation.receive(self.base + self.now, &bytes);
        }
        connection.conversation.end_of_input();
        self.serve(wire)
    }

    pub(super) fn center_finds_broken(&mut self, wire: WireNumber) {
        self.center.connections.remove(&wire);
    }

    pub(super) fn connection_timer(&mut self, wire: WireNumber) -> Held {
        let now = self.instant(self.now);
        let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
        connection.timer = None;
        if connection.unread.is_empty() {
            connection.conversation.handle_timeout(now);
        }
        self.serve(wire)
    }

    /// Goes on with a connection as far as it goes: what was read becomes requests, their replies are
    /// written, and the next deadline is set.
    fn serve(&mut self, wire: WireNumber) -> Held {
        loop {
            let now = self.instant(self.now);
            let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
            if connection.doing.is_some() || connection.in_line {
                return Ok(());
            }
            let Connection { conversation, unread, .. } = connection;
            if !unread.is_empty() && conversation.wants_input() {
                conversation.receive(now, &std::mem::take(unread));
                // A deadline may have passed while bytes kept coming.
                conversation.handle_timeout(now);
            }
            match conversation.next_request(now) {
                Some(request) => self.take_request(wire, request)?,
                None => break,
            }
        }
        self.write_out(wire);
        self.set_timer(wire);
        Ok(())
    }

    fn write_out(&mut self, wire: WireNumber) {
        let Some(connection) = self.center.connections.get_mut(&wire) else { return };
        let output = connection.conversation.take_output();
        let over = connection.conversation.is_over();
        if !output.is_empty() {
            self.network.write(self.now, wire, End::Caller, &output, &mut self.agenda);
        }
        if over {
            self.center.connections.remove(&wire);
            self.network.end(self.now, wire, End::Center, &mut self.agenda);
        }
    }

    fn set_timer(&mut self, wire: WireNumber) {
        let Some(connection) = self.center.connections.get_mut(&wire) else { return };
        let Some(due) = connection.conversation.next_timeout() else { return };
        let due = due.saturating_duration_since(self.base).max(self.now);
        if connection.timer.is_none_or(|timer| due < timer) {
            connection.timer = Some(due);
            self.agenda.enter(due, Event::ConnectionTimer { wire });
        }
    }

    fn take_request(&mut self, wire: WireNumber, request: Request) -> Held {
        self.checks.observe(self.now, &Observation::Asked { connection: wire })?;
        let caller = self.network.caller(wire);
        self.log.say(|| format!("{} asks: {}", words::caller(caller), words::request(&request)));
        let entropy = self.chance.entropy();
        let wall = self.wall(self.center.skew);
        let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
        let step = connection.visit.request(wall, &entropy, request);
        self.follow(wire, step)
    }

    fn follow(&mut self, wire: WireNumber, step: Step) -> Held {
        match step {
            Step::Answer(reply) => self.answer(wire, &reply),
            Step::Do(Effect::Commit(command)) => self.put_in_line(wire, command),
            Step::Do(effect @ Effect::Read(_)) => {
                self.is_doing(wire, effect);
                self.agenda.enter(self.now + READ, Event::Ready { wire });
                Ok(())
            }
            Step::Do(effect) => self.wants_a_hash(wire, effect),
        }
    }

    fn answer(&mut self, wire: WireNumber, reply: &Reply) -> Held {
        let caller = self.network.caller(wire);
        self.log.say(|| {
            format!("the center answers {}: {}", words::caller(caller), words::reply(reply))
        });
        let now = self.instant(self.now);
        let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
        connection.conversation.answer(now, reply);
        for note in connection.visit.take_notes() {
            // A full line loses notes, as the product's does.
            let _ = self.center.ledger.push(Command::Note(note), None);
        }
        self.begin_batch();
        self.checks.observe(self.now, &Observation::Answered { connection: wire })
    }

    fn resume(&mut self, wire: WireNumber, fed: Fed) -> Held {
        let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
        let step = connection.visit.resume(fed);
        self.follow(wire, step)?;
        self.serve(wire)
    }
}

/// Passwords and queries.
impl World<'_> {
    fn is_doing(&mut self, wire: WireNumber, effect: Effect) {
        if let Some(connection) = self.center.connections.get_mut(&wire) {
            connection.doing = Some(effect);
        }
    }

    fn wants_a_hash(&mut self, wire: WireNumber, effect: Effect) -> Held {
        let length = self.center.hashes.len();
        if length >= HASHES_WAITING_MAX {
            return self.resume(
                wire,
                match effect {
                    Effect::HashNewPassword { .. } => Fed::Hashed(NewPassword::Busy),
                    _ => Fed::Verified(Verdict::Busy),
                },
            );
        }
        self.is_doing(wire, effect);
        self.center.hashes.push_back(wire);
        let (length, limit) = (length + 1, HASHES_WAITING_MAX);
        let waiting = Observation::Waiting { line: "the passwords", length, limit };
        self.checks.observe(self.now, &waiting)?;
        self.begin_hashing();
        Ok(())
    }

    /// Gives every idle hasher something to do. Who has gone meanwhile costs nothing.
    fn begin_hashing(&mut self) {
        let CenterNode { hashes, hashers_at_work, connections, life, .. } = &mut self.center;
        while *hashers_at_work < HASHERS {
            let Some(wire) = hashes.pop_front() else { return };
            if connections.contains_key(&wire) {
                *hashers_at_work += 1;
                self.agenda.enter(self.now + HASH, Event::Hashed { wire, life: *life });
            }
        }
    }

    pub(super) fn hashed(&mut self, wire: WireNumber, life: u32) -> Held {
        if life != self.center.life {
            return Ok(());
        }
        self.center.hashers_at_work -= 1;
        self.begin_hashing();
        self.ready(wire)
    }

    pub(super) fn ready(&mut self, wire: WireNumber) -> Held {
        let Some(connection) = self.center.connections.get_mut(&wire) else { return Ok(()) };
        let Some(effect) = connection.doing.take() else { return Ok(()) };
        let fed = match effect {
            Effect::VerifyPassword { user, password, .. } => {
                Fed::Verified(match self.read(&Query::Account(user.clone())) {
                    Some(Answer::Account(Some(account)))
                        if account.password == Some(made_up_hash(password.expose())) =>
                    {
                        let device = DeviceCookie::try_from(format!("v1.{user}"));
                        let device = device.expect("a short name is a device cookie");
                        let one_time_step = None;
                        Verdict::Right(Box::new(Verified { account, one_time_step, device }))
                    }
                    Some(_) => Verdict::Wrong,
                    None => Verdict::Unavailable,
                })
            }
            Effect::HashNewPassword { password, .. } => {
                Fed::Hashed(NewPassword::Hashed(made_up_hash(password.expose())))
            }
            Effect::Read(query) => Fed::Read(self.read(&query)),
            Effect::Commit(_) => unreachable!("commits go to the ledger"),
        };
        self.resume(wire, fed)
    }

    /// `None` when the store cannot be read just now.
    fn read(&mut self, query: &Query) -> Option<Answer> {
        if self.chance.happens(self.faults.unreadable) {
            self.log.say(|| "the store cannot be read".to_owned());
            return None;
        }
        self.center.reader.read(query).ok()
    }
}

/// The ledger.
impl World<'_> {
    fn put_in_line(&mut self, wire: WireNumber, command: Command) -> Held {
        if let Err(LedgerFull(_)) = self.center.ledger.push(command, Some(wire)) {
            return self.resume(wire, Fed::Settled(Settled::Busy));
        }
        if let Some(connection) = self.center.connections.get_mut(&wire) {
            connection.in_line = true;
        }
        let length = self.center.ledger.len();
        let waiting = Observation::Waiting { line: "the ledger", length, limit: WAITING_MAX };
        self.checks.observe(self.now, &waiting)?;
        self.begin_batch();
        Ok(())
    }

    /// Takes the next batch to the disk, when the disk is idle.
    fn begin_batch(&mut self) {
        if self.center.batch.is_some() {
            return;
        }
        let Some(batch) = self.center.ledger.take_batch() else { return };
        self.center.batch = Some(batch);
        let at = self.now + self.chance.between(COMMIT_MIN, COMMIT_MAX);
        self.agenda.enter(at, Event::Commits { life: self.center.life });
    }

    pub(super) fn commits(&mut self, life: u32) -> Held {
        if life != self.center.life {
            return Ok(());
        }
        let Some(batch) = self.center.batch.take() else { return Ok(()) };
        self.commit(batch)?;
        self.begin_batch();
        Ok(())
    }

    fn commit(&mut self, batch: Batch<Waiter>) -> Held {
        let committed = self.commit_or_fail(batch.commands())?;
        let verdicts = match batch.settle(committed) {
            AfterCommit::Again(batches) => {
                return batches.into_iter().try_for_each(|batch| self.commit(batch));
            }
            AfterCommit::Settled(verdicts) => verdicts,
        };
        for (waiter, settled) in verdicts {
            let Some(wire) = waiter else { continue };
            if let Some(connection) = self.center.connections.get_mut(&wire) {
                connection.in_line = false;
                self.resume(wire, Fed::Settled(settled))?;
            }
        }
        Ok(())
    }

    /// One transaction, with what may go wrong about it.
    fn commit_or_fail(
        &mut self,
        commands: &[Command],
    ) -> Result<Result<Vec<Outcome>, CommitError>, crate::checks::Violation> {
        let broken = || StoreError::Corrupt("the virtual disk".to_owned());
        let rolled_back = self.chance.happens(self.faults.rolled_back);
        let busy = self.chance.happens(self.faults.busy);
        let unknown = self.chance.happens(self.faults.unknown);
        let in_it = self.chance.happens(0.5);
        if rolled_back || busy {
            let how = if rolled_back { "rolls a batch back" } else { "is busy" };
            self.log.say(|| format!("the store {how} ({} commands)", commands.len()));
            return Ok(Err(match rolled_back {
                true => CommitError::RolledBack(broken()),
                false => CommitError::Busy,
            }));
        }
        if unknown {
            let which = if in_it { "in" } else { "not in" };
            self.log.say(|| format!("the store breaks at a commit, the batch is {which} it"));
            let committed = match in_it {
                true => self.commit_for_sure(commands, Told::Unknown)?,
                false => Ok(Vec::new()),
            };
            return Ok(committed.and(Err(CommitError::Unknown(broken()))));
        }
        self.commit_for_sure(commands, Told::Outcomes)
    }

    fn commit_for_sure(
        &mut self,
        commands: &[Command],
        told: Told,
    ) -> Result<Result<Vec<Outcome>, CommitError>, crate::checks::Violation> {
        let wall = self.wall(self.center.skew);
        let committed = self.center.writer.commit(wall, commands);
        match &committed {
            Ok(outcomes) => {
                self.log.say(|| words::batch(commands, outcomes));
                self.counted.commands += commands.len() as u64;
                let seen = Observation::Committed { commands, outcomes, told };
                self.checks.observe(self.now, &seen)?;
                self.wishes.decided(commands, outcomes)?;
            }
            Err(error) => self.log.say(|| format!("the store fails: {error:?}")),
        }
        Ok(committed)
    }
}

/// Dying and coming back.
impl World<'_> {
    pub(super) fn center_crashes(&mut self) -> Held {
        if !self.center.up {
            return Ok(());
        }
        self.center.up = false;
        self.center.life += 1;
        if let Some(batch) = self.center.batch.take() {
            let in_it = self.chance.happens(0.5);
            let which = if in_it { "is" } else { "is not" };
            self.log.say(|| format!("the batch under way {which} in the store"));
            if in_it {
                // Nobody hears what came of it.
                let _ = self.commit_for_sure(batch.commands(), Told::Unknown)?;
            }
        }
        self.center.ledger = Ledger::new(WAITING_MAX, BATCH_MAX);
        self.center.hashes.clear();
        self.center.hashers_at_work = 0;
        for wire in std::mem::take(&mut self.center.connections).into_keys() {
            self.network.reset(self.now, wire, &mut self.agenda);
        }
        Ok(())
    }

    pub(super) fn center_comes_back(&mut self) -> Held {
        if self.center.up {
            return Ok(());
        }
        self.reopen_store()?;
        self.center.up = true;
        self.compare()
    }

    /// The store, as a new process finds it.
    fn reopen_store(&mut self) -> Held {
        let store = &self.store;
        let opened = store.crash().and_then(|()| Ok((store.writer()?, store.reader()?)));
        let (writer, reader) = opened.map_err(|error| crate::checks::Violation {
            check: "the store opens again",
            what: format!("{error:?}"),
        })?;
        self.center.writer = writer;
        self.center.reader = reader;
        Ok(())
    }
}

/// A hash that costs nothing and hides nothing: all accounts of this world are made up.
pub(super) fn made_up_hash(password: &str) -> PasswordHash {
    PasswordHash::new(format!("made-up:{password}"))
}

/// Whether a refusal says that it may be otherwise a moment later.
pub(super) fn is_passing(refusal: Refusal) -> bool {
    matches!(refusal, Refusal::Busy | Refusal::Unavailable | Refusal::TooSlow)
}
