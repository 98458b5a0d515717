//! The virtual world: whole clinic days, with everything going wrong that can, as the consequence of
//! one seed.
//!
//! There is no thread, no socket and no clock here. A heap holds what will happen, by its moment; the
//! state machines of `protocol` and `center` are driven as the shells of `net` and `runtime` drive
//! them, over a virtual network, and a real store keeps the bookings. What must hold is looked at after
//! every event.
//!
//! What is deliberately not here: TLS and the throttle on log-ins (they have their threads and clocks),
//! the rotation of ticket keys, and the operator. A crash is the center's: the store, in memory, has the
//! batch under way or has it not; what SQLite makes of a torn file is shown elsewhere, by `kill -9`.

mod agenda;
mod center;
mod disturbing;
mod doctor;
mod event;
mod guest;
mod journal;
mod log;
mod network;
mod setup;
mod words;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use domain::SlotIndex;
use jiff::{SignedDuration, Timestamp};
use store::{Answer, AuditKey, Query, Store as _, StoreError};

use self::agenda::Agenda;
use self::center::CenterNode;
use self::doctor::DoctorNode;
use self::event::{Caller, DoctorNumber, End, Event, GuestNumber};
use self::guest::Guest;
use self::journal::Journal;
use self::log::Log;
use self::network::Network;
use crate::chance::Chance;
use crate::checks::{Checks, Violation, Wishes};
use crate::plan::{Faults, Plan, SlotPlan};
use crate::plant::{self, MixedUp, PlantedStore};
use crate::record::DoctorUse;
use crate::report::Tally;

/// Whether everything still holds.
type Held = Result<(), Violation>;

/// How long whoever is here when nothing goes wrong any more may still take to leave.
pub const LEAVES_WITHIN: Duration = Duration::from_secs(30);

/// What a run writes besides its result; `None` for what nobody wants.
#[derive(Default)]
pub struct Outlets<'w> {
    /// Every event, a line each.
    pub events: Option<&'w mut dyn Write>,
    /// The history of operations.
    pub history: Option<&'w mut dyn Write>,
    /// The visits.
    pub tally: Option<&'w mut Tally>,
    /// Hears after every visit how many have ended.
    pub watcher: Option<&'w mut dyn FnMut(u64)>,
    /// The run ends after the event of this number.
    pub until: Option<u64>,
    /// So many of the last lines are kept for the transcript of a run that stops; 0 for a quicker run.
    pub last_lines: usize,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ran {
    /// How many events there were.
    pub events: u64,
    /// How many visits ended.
    pub visits: u64,
    /// How many commands the store has decided.
    pub commands: u64,
    /// How many datagrams were sent, and how many of them nobody has seen.
    pub datagrams: u64,
    /// How many of those were lost.
    pub lost: u64,
    /// How much time has passed in the world.
    pub lasted: Duration,
}

/// A run that did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    /// Something that must hold does not.
    #[error("event {event}, {at:?} after the beginning: {violation}")]
    Violated {
        /// What.
        violation: Violation,
        /// At which event.
        event: u64,
        /// When, since the beginning.
        at: Duration,
        /// The last lines of the log.
        transcript: Vec<String>,
    },
    /// The run was to end here.
    #[error("stopped after event {}", .ran.events)]
    Until {
        /// What it came to so far.
        ran: Ran,
        /// The last lines of the log.
        transcript: Vec<String>,
    },
    /// The store cannot be opened or filled.
    #[error("the store")]
    Store(#[from] StoreError),
    /// The log or the history cannot be written.
    #[error("cannot be written")]
    Io(#[from] std::io::Error),
}

/// A clinic under way.
struct World<'w> {
    plan: &'w Plan,
    /// What goes wrong at present.
    faults: Faults,
    calm: bool,
    /// Since when it is or was calm.
    calm_since: Duration,
    /// Whoever was here when it became calm.
    present: Vec<GuestNumber>,
    /// Moments of the world are counted from here; nothing depends on when it is.
    base: Instant,
    now: Duration,
    agenda: Agenda,
    network: Network,
    store: PlantedStore,
    center: CenterNode,
    doctors: Vec<DoctorNode>,
    /// By number, those who are here.
    guests: BTreeMap<GuestNumber, Box<Guest>>,
    /// The number of the next who comes.
    next_guest: GuestNumber,
    mixed_up: Option<MixedUp>,
    /// For what machines draw for themselves.
    chance: Chance,
    guests_chance: Chance,
    faults_chance: Chance,
    checks: Checks,
    wishes: Wishes,
    log: Log<'w>,
    history: Journal<'w>,
    tally: Option<&'w mut Tally>,
    watcher: Option<&'w mut dyn FnMut(u64)>,
    counted: Ran,
}

/// Plays `plan` to its end, on the store that `store` is, whose audit is chained under `key`.
///
/// # Errors
/// When something that must hold does not, or the run was to end before.
pub fn run<'w>(
    plan: &'w Plan,
    store: PlantedStore,
    key: &AuditKey,
    outlets: Outlets<'w>,
) -> Result<Ran, Stopped> {
    let until = outlets.until;
    let mut world = World::open(plan, store, key, outlets)?;
    world.begin();
    let ended = world.live(until);
    world.log.finish()?;
    world.history.finish()?;
    world.counted.datagrams = world.network.counted.sent;
    world.counted.lost = world.network.counted.lost;
    match ended {
        Ok(true) => Ok(world.counted),
        Ok(false) => Err(Stopped::Until { ran: world.counted, transcript: world.log.last_lines() }),
        Err(violation) => Err(Stopped::Violated {
            violation,
            event: world.counted.events,
            at: world.now,
            transcript: world.log.last_lines(),
        }),
    }
}

impl<'w> World<'w> {
    fn open(
        plan: &'w Plan,
        store: PlantedStore,
        key: &AuditKey,
        outlets: Outlets<'w>,
    ) -> Result<Self, Stopped> {
        let mut chance = Chance::new(plan.seed);
        let (doctors, rules) = setup::doctors_and_rules(plan, &mut chance.fork());
        let mut writer = store.writer()?;
        let mut checks = Checks::new(key.clone());
        setup::fill(plan, &doctors, writer.as_mut(), &mut checks)?;
        let reader = store.reader()?;
        let network = Network::new(chance.fork(), plan.faults.clone());
        let mixed_up = plant::mix_up(plan.plant, chance.fork());
        let (guests_chance, faults_chance) = (chance.fork(), chance.fork());
        Ok(Self {
            plan,
            faults: plan.faults.clone(),
            calm: false,
            calm_since: Duration::ZERO,
            present: Vec::new(),
            base: Instant::now(),
            now: Duration::ZERO,
            agenda: Agenda::default(),
            network,
            store,
            center: CenterNode::new(rules, writer, reader),
            doctors,
            guests: BTreeMap::new(),
            next_guest: 0,
            mixed_up,
            chance,
            guests_chance,
            faults_chance,
            checks,
            wishes: Wishes::default(),
            log: Log::new(outlets.events, outlets.last_lines),
            history: Journal::new(outlets.history, plan.arrivals.len()),
            tally: outlets.tally,
            watcher: outlets.watcher,
            counted: Ran::default(),
        })
    }

    /// Lets everything happen; `false` when it was to end before.
    fn live(&mut self, until: Option<u64>) -> Result<bool, Violation> {
        while let Some((at, event)) = self.agenda.next() {
            assert!(at >= self.now, "time does not go back");
            self.now = at;
            if !self.counts(&event) {
                continue;
            }
            self.counted.events += 1;
            self.counted.lasted = at;
            self.log.event(self.counted.events, at, &event);
            let is_last = matches!(event, Event::CalmIsOver { last: true });
            self.happens(event)?;
            if is_last {
                self.close()?;
                return Ok(true);
            }
            if until.is_some_and(|until| self.counted.events >= until) {
                return Ok(false);
            }
        }
        unreachable!("the end of the calm ends the world")
    }

    /// Timers that were overtaken are no events.
    fn counts(&mut self, event: &Event) -> bool {
        match event {
            Event::GuestTimer { guest } => self.guest_timer_counts(*guest),
            _ => true,
        }
    }

    fn happens(&mut self, event: Event) -> Held {
        match event {
            Event::Arrives { guest } => self.arrives(guest),
            Event::GuestTimer { guest } => self.guest_timer(guest),
            Event::Knocks { wire } => {
                self.knocks(wire);
                Ok(())
            }
            Event::Connected { wire } => {
                match self.network.caller(wire) {
                    Some(Caller::Guest(guest)) => self.guest_connected(guest, wire),
                    Some(Caller::Doctor(doctor)) => self.doctor_connected(doctor, wire),
                    None => {}
                }
                Ok(())
            }
            Event::Bytes { wire, end: End::Center, bytes } => self.center_receives(wire, &bytes),
            Event::Bytes { wire, end: End::Caller, bytes } => match self.network.caller(wire) {
                Some(Caller::Guest(guest)) => self.guest_receives(guest, wire, &bytes),
                Some(Caller::Doctor(doctor)) => self.doctor_receives(doctor, wire, &bytes),
                None => Ok(()),
            },
            Event::EndOfInput { wire, end: End::Center } => self.center_hears_the_end(wire),
            Event::EndOfInput { wire, end: End::Caller } => {
                let caller = self.network.caller(wire);
                self.network.forget(wire);
                self.caller_loses(wire, caller, Loss::Ended)
            }
            Event::Broken { wire, end: End::Center, .. } => {
                self.center_finds_broken(wire);
                Ok(())
            }
            Event::Broken { wire, end: End::Caller, caller } => {
                self.caller_loses(wire, Some(caller), Loss::Broken)
            }
            Event::ConnectionTimer { wire } => self.connection_timer(wire),
            Event::Ready { wire } => self.ready(wire),
            Event::Hashed { wire, life } => self.hashed(wire, life),
            Event::Commits { life } => self.commits(life),
            Event::Datagram { from, to, bytes } => self.datagram(from, to, &bytes),
            Event::DoctorTimer { doctor } => {
                self.doctor_timer(doctor);
                Ok(())
            }
            other => self.disturbs(other),
        }
    }

    fn caller_loses(&mut self, wire: u64, caller: Option<Caller>, loss: Loss) -> Held {
        match (caller, loss) {
            (Some(Caller::Guest(guest)), Loss::Ended) => self.guest_hears_the_end(guest, wire),
            (Some(Caller::Guest(guest)), Loss::Broken) => self.guest_is_cut_off(guest, wire),
            (Some(Caller::Doctor(doctor)), _) => {
                self.doctor_gives_up(doctor, wire);
                Ok(())
            }
            (None, _) => Ok(()),
        }
    }

    fn datagram(&mut self, from: SocketAddr, to: SocketAddr, bytes: &[u8]) -> Held {
        match to.ip() {
            IpAddr::V4(address) => match machine_at(address) {
                Some(Caller::Doctor(doctor)) => self.doctor_answers(doctor, from, bytes),
                Some(Caller::Guest(guest)) => self.guest_gets(guest, from, bytes),
                None => Ok(()),
            },
            IpAddr::V6(_) => Ok(()),
        }
    }

    /// The next patient of the plan will come.
    fn next_arrival(&mut self) {
        let next = usize::try_from(self.next_guest).unwrap_or(usize::MAX);
        if let Some(at) = self.plan.arrivals.get(next) {
            self.agenda.enter(*at, Event::Arrives { guest: self.next_guest });
            self.next_guest += 1;
        }
    }

    /// Everybody has left.
    fn close(&mut self) -> Held {
        self.compare()?;
        self.wishes.close(self.checks.holders())?;
        self.tell_how_full();
        self.history.check()
    }

    /// How the doctors' time was used. Who has booked and does not come is drawn here: nobody knows it
    /// before.
    fn tell_how_full(&mut self) {
        let Some(tally) = &mut self.tally else { return };
        let query = Query::Appointments { closed_too: false };
        let Ok(Answer::AppointmentRecords(records)) = self.center.reader().read(&query) else {
            return;
        };
        let mut used: Vec<DoctorUse> = self
            .doctors
            .iter()
            .map(|doctor| DoctorUse { doctor: doctor.name.clone(), slots: 0, booked: 0, missed: 0 })
            .collect();
        for slot in &self.plan.slots {
            used[slot.doctor].slots += 1;
        }
        for record in records {
            let doctor = &record.appointment.slot.doctor.name;
            let Some(used) = used.iter_mut().find(|used| used.doctor == *doctor) else { continue };
            used.booked += 1;
            used.missed += usize::from(self.guests_chance.happens(self.plan.habits.no_shows));
        }
        tally.doctors(used);
    }

    /// Compares all that is known with all that is in the store.
    fn compare(&mut self) -> Held {
        let Self { checks, center, .. } = self;
        checks.compare(center.reader())
    }

    /// The plan of a slot; `None` for one that is not of the plan.
    fn slot_planned(&self, slot: SlotIndex) -> Option<&SlotPlan> {
        // Nearly every plan numbers its slots one after another.
        let place = usize::try_from(slot.number()).ok()?.checked_sub(1)?;
        let there = self.plan.slots.get(place).filter(|planned| planned.index == slot);
        there.or_else(|| self.plan.slots.iter().find(|planned| planned.index == slot))
    }

    /// The doctor who answers at a port; `None` when nobody does.
    fn doctor_at(&self, port: u16) -> Option<DoctorNumber> {
        let number = port.checked_sub(setup::FIRST_PORT)?;
        (usize::from(number) < self.doctors.len()).then_some(number)
    }

    /// A moment as the state machines count it.
    fn instant(&self, at: Duration) -> Instant {
        self.base + at
    }

    /// What a wall clock shows that is off by so much.
    fn wall(&self, skew: SignedDuration) -> Timestamp {
        let right = self.plan.begins + self.now;
        right.saturating_add(skew).unwrap_or(right)
    }
}

/// How a caller loses a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Ended,
    Broken,
}

/// Where a caller calls from.
fn address_of(caller: Caller) -> Ipv4Addr {
    match caller {
        Caller::Guest(guest) => guest_address(guest),
        Caller::Doctor(doctor) => {
            let [high, low] = doctor.to_be_bytes();
            Ipv4Addr::new(172, 16, high, low)
        }
    }
}

/// Patients live in 10.0.0.0/8 (RFC 1918), one at each address.
fn guest_address(guest: GuestNumber) -> Ipv4Addr {
    let [_, a, b, c] = guest.to_be_bytes();
    Ipv4Addr::new(10, a, b, c)
}

/// Who lives at an address; `None` when nobody does.
fn machine_at(address: Ipv4Addr) -> Option<Caller> {
    match address.octets() {
        [10, a, b, c] => Some(Caller::Guest(GuestNumber::from_be_bytes([0, a, b, c]))),
        [172, 16, high, low] => Some(Caller::Doctor(DoctorNumber::from_be_bytes([high, low]))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
