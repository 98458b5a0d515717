//! The virtual network: how long things are under way, and what becomes of them.
//!
//! TCP keeps its bytes and their order, as long as the connection lives; it is slow, comes in pieces,
//! stalls and breaks. Datagrams are lost, doubled, overtaken and damaged. A damaged one in the clear
//! never arrives: every damage of one byte shows in UDP's checksum (RFC 768). A damaged sealed one is
//! delivered, as from somebody in between who mends the checksum.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use super::agenda::Agenda;
use super::event::{Caller, End, Event, WireNumber};
use crate::chance::Chance;
use crate::plan::Faults;

/// The most time between two pieces of a write that is split: below the grace after which a classic
/// message without a terminator is taken as it is.
const BYTE_APART: Duration = Duration::from_millis(1);
/// Writes of up to so many bytes are split at every byte, longer ones anywhere, into pieces of at most
/// [`SPLIT_PIECE_MAX`] bytes: a day is mostly single bytes otherwise.
const SPLIT_WHOLLY_MAX: usize = 128;
const SPLIT_PIECE_MAX: usize = 48;
/// How much longer than the slowest way a datagram that is overtaken takes at most.
const OVERTAKEN_FOR: Duration = Duration::from_millis(1_500);
/// How long a reset needs to be told.
const RESET_TOLD: Duration = Duration::from_millis(1);
/// The first byte of a sealed request and of a sealed answer: what is damaged in between.
const SEALED: [u8; 2] = [1, 2];

/// A machine that can be cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Machine {
    /// The center's.
    Center,
    /// A doctor's.
    Doctor(u16),
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Center => f.write_str("the center"),
            Self::Doctor(doctor) => write!(f, "doc{}", doctor + 1),
        }
    }
}

/// All connections and ways.
#[derive(Debug)]
pub(super) struct Network {
    chance: Chance,
    faults: Faults,
    wires: BTreeMap<WireNumber, Wire>,
    last_wire: WireNumber,
    /// Until when machines are cut off.
    cut_off: BTreeMap<Machine, Duration>,
    /// What was counted of datagrams.
    pub(super) counted: Datagrams,
}

/// What became of datagrams.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Datagrams {
    pub(super) sent: u64,
    pub(super) lost: u64,
}

#[derive(Debug)]
struct Wire {
    caller: Caller,
    /// What is written arrives in pieces.
    split: bool,
    /// Nothing arrives at the center before this.
    at_center: Duration,
    /// Nothing arrives at the caller before this.
    at_caller: Duration,
    /// Which ends have said all they will say.
    ended: [bool; 2],
}

/// What became of a datagram that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    /// It is under way.
    OnItsWay,
    /// Nobody will see it.
    Lost,
}

impl Network {
    pub(super) fn new(chance: Chance, faults: Faults) -> Self {
        Self {
            chance,
            faults,
            wires: BTreeMap::new(),
            last_wire: 0,
            cut_off: BTreeMap::new(),
            counted: Datagrams::default(),
        }
    }

    /// What goes wrong from now on. When it becomes less, nobody is cut off any more.
    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
        self.cut_off.clear();
    }

    /// Nobody reaches the machine until then.
    pub(super) fn cut_off(&mut self, machine: Machine, until: Duration) {
        let cut_off = self.cut_off.entry(machine).or_default();
        *cut_off = until.max(*cut_off);
    }

    /// Calls the center; it will hear of it, unless it is gone by then.
    pub(super) fn call(
        &mut self,
        now: Duration,
        caller: Caller,
        agenda: &mut Agenda,
    ) -> WireNumber {
        self.last_wire += 1;
        let wire = self.last_wire;
        let split = self.chance.happens(self.faults.split);
        let at = self.arrival(now, caller);
        let (at_center, at_caller) = (at, now);
        let ended = [false; 2];
        self.wires.insert(wire, Wire { caller, split, at_center, at_caller, ended });
        agenda.enter(at, Event::Knocks { wire });
        wire
    }

    /// Who called; `None` when the connection is no more.
    pub(super) fn caller(&self, wire: WireNumber) -> Option<Caller> {
        self.wires.get(&wire).map(|wire| wire.caller)
    }

    /// The center has taken the connection.
    pub(super) fn accept(&mut self, now: Duration, wire: WireNumber, agenda: &mut Agenda) {
        let Some(caller) = self.caller(wire) else { return };
        let at = self.arrival(now, caller);
        if let Some(wire) = self.wires.get_mut(&wire) {
            wire.at_caller = at;
        }
        agenda.enter(at, Event::Connected { wire });
    }

    /// Writes `bytes` towards an end.
    pub(super) fn write(
        &mut self,
        now: Duration,
        wire: WireNumber,
        end: End,
        bytes: &[u8],
        agenda: &mut Agenda,
    ) {
        let Some(caller) = self.caller(wire) else { return };
        let reset = self.chance.happens(self.faults.reset);
        let stalls = self.chance.happens(self.faults.stall);
        let stall = self.chance.between(Duration::ZERO, self.faults.stall_for);
        if reset {
            return self.reset(now, wire, agenda);
        }
        let mut at = self.arrival(now, caller);
        if stalls {
            at += stall;
        }
        let Self { wires, chance, .. } = self;
        let Some(stream) = wires.get_mut(&wire) else { return };
        let split = stream.split;
        let last = match end {
            End::Center => &mut stream.at_center,
            End::Caller => &mut stream.at_caller,
        };
        at = at.max(*last);
        if split {
            let longest = if bytes.len() > SPLIT_WHOLLY_MAX { SPLIT_PIECE_MAX } else { 1 };
            let mut rest = bytes;
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((1 + chance.below(longest)).min(rest.len()));
                agenda.enter(at, Event::Bytes { wire, end, bytes: piece.into() });
                at += chance.between(Duration::ZERO, BYTE_APART);
                rest = after;
            }
        } else {
            agenda.enter(at, Event::Bytes { wire, end, bytes: bytes.into() });
        }
        *last = at;
    }

    /// One end has said all it will say: the other hears of it behind the last byte. When both have,
    /// the connection is no more for the one that heard it last.
    pub(super) fn end(&mut self, now: Duration, wire: WireNumber, end: End, agenda: &mut Agenda) {
        let Some(caller) = self.caller(wire) else { return };
        let at = self.arrival(now, caller);
        let Some(stream) = self.wires.get_mut(&wire) else { return };
        let (to, last, side) = match end {
            End::Center => (End::Caller, &mut stream.at_caller, 0),
            End::Caller => (End::Center, &mut stream.at_center, 1),
        };
        if std::mem::replace(&mut stream.ended[side], true) {
            return;
        }
        *last = at.max(*last);
        agenda.enter(*last, Event::EndOfInput { wire, end: to });
    }

    /// The connection breaks: what is under way on it is lost, and both ends are told.
    pub(super) fn reset(&mut self, now: Duration, wire: WireNumber, agenda: &mut Agenda) {
        let Some(stream) = self.wires.remove(&wire) else { return };
        for end in [End::Center, End::Caller] {
            let caller = stream.caller;
            agenda.enter(now + RESET_TOLD, Event::Broken { wire, end, caller });
        }
    }

    /// Nobody uses the connection any more.
    pub(super) fn forget(&mut self, wire: WireNumber) {
        self.wires.remove(&wire);
    }

    /// Sends a datagram between a patient and a doctor.
    pub(super) fn send(
        &mut self,
        now: Duration,
        doctor: u16,
        (from, to): (SocketAddr, SocketAddr),
        bytes: &[u8],
        agenda: &mut Agenda,
    ) -> Sent {
        self.counted.sent += 1;
        let lost = self.chance.happens(self.faults.loss);
        let twice = self.chance.happens(self.faults.duplicate);
        let corrupt = self.chance.happens(self.faults.corrupt);
        let sealed = bytes.first().is_some_and(|first| SEALED.contains(first));
        let cut = self.cut_off.get(&Machine::Doctor(doctor)).is_some_and(|until| *until > now);
        if lost || cut || (corrupt && !sealed) {
            self.counted.lost += 1;
            return Sent::Lost;
        }
        let mut bytes: Box<[u8]> = bytes.into();
        if corrupt {
            let at = self.chance.below(bytes.len());
            bytes[at] ^= 1 << self.chance.below(8);
        }
        for _ in 0..1 + u32::from(twice) {
            let overtaken = self.chance.happens(self.faults.reorder);
            let mut at = now + self.delay();
            if overtaken {
                at += self.chance.between(self.faults.delay_max, OVERTAKEN_FOR);
            }
            agenda.enter(at, Event::Datagram { from, to, bytes: bytes.clone() });
        }
        Sent::OnItsWay
    }

    /// When something sent now arrives over TCP. What cannot get through is sent again until it does.
    fn arrival(&mut self, now: Duration, caller: Caller) -> Duration {
        let caller = match caller {
            Caller::Guest(_) => None,
            Caller::Doctor(number) => Some(Machine::Doctor(number)),
        };
        let until = |machine: Machine| self.cut_off.get(&machine).copied();
        let held = until(Machine::Center).max(caller.and_then(until)).unwrap_or_default();
        now.max(held) + self.delay()
    }

    /// Mostly near the shortest way, seldom near the longest.
    fn delay(&mut self) -> Duration {
        let Faults { delay_min, delay_max, .. } = self.faults;
        let share = self.chance.unit();
        delay_min + delay_max.saturating_sub(delay_min).mul_f64(share * share * share)
    }
}
