//! Who is connected: the limits on connections, and who makes room for whom.
//!
//! A connection is idle while nothing of it is worked on or being answered. Where a limit is reached,
//! whoever has been idle longest goes: of the same source, when it is that source's limit.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::SourcePrefix;
use tokio::sync::Notify;

use crate::limits::{Limits, REFUSALS_AT_ONCE_MAX};

/// Counts the connections; cheap to clone.
#[derive(Clone)]
pub(super) struct Crowd {
    limits: Limits,
    people: Arc<Mutex<People>>,
}

#[derive(Default)]
struct People {
    /// Numbers only grow: the lowest turn is whoever has been idle longest.
    next: u64,
    served: HashMap<u64, Member>,
    /// Turns of idleness, and whose they are.
    idle: BTreeMap<u64, u64>,
    by_source: HashMap<SourcePrefix, Neighbours>,
    refused: usize,
}

struct Member {
    /// `None` for a trusted proxy, which stands for many.
    source: Option<SourcePrefix>,
    /// Since which turn it is idle; `None` while it is worked on.
    idle: Option<u64>,
    dismissed: Arc<Notify>,
}

/// The connections of one source.
#[derive(Default)]
struct Neighbours {
    served: usize,
    idle: BTreeMap<u64, u64>,
}

/// Whose a new connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// One of this source.
    Of(IpAddr),
    /// A trusted proxy's: only the limit in all is about it.
    Proxy,
}

/// A connection's place; leaving it behind is dropping it.
pub(super) struct Place {
    crowd: Crowd,
    /// `None` for a connection that is only told "busy".
    seat: Option<(u64, Arc<Notify>)>,
}

/// What a connection may expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// What it asks for.
    Served,
    /// To be told "busy".
    Refused,
}

/// A request that is worked on for somebody behind a trusted proxy.
pub(super) struct BehindProxy {
    crowd: Crowd,
    source: SourcePrefix,
}

impl Crowd {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, people: Arc::default() }
    }

    /// A place for a connection; `None` when there is not even time to say "busy".
    pub(super) fn enter(&self, peer: Peer) -> Option<Place> {
        let source = match peer {
            Peer::Of(address) => Some(SourcePrefix::of(address)),
            Peer::Proxy => None,
        };
        let mut people = self.lock();
        let seat = if people.make_room(&self.limits, source) {
            Some(people.sit_down(source))
        } else if people.refused < REFUSALS_AT_ONCE_MAX {
            people.refused += 1;
            None
        } else {
            return None;
        };
        Some(Place { crowd: self.clone(), seat })
    }

    /// Counts a request of `source` that came through a trusted proxy; `None` when that source has
    /// as many as it may have.
    pub(super) fn behind_proxy(&self, source: IpAddr) -> Option<BehindProxy> {
        let source = SourcePrefix::of(source);
        let mut people = self.lock();
        let there = people.by_source.entry(source).or_default();
        if there.served >= self.limits.connections_per_source_max {
            return None;
        }
        there.served += 1;
        Some(BehindProxy { crowd: self.clone(), source })
    }

    /// Lets at most `count` idle connections go, the longest idle first; gives how many there were.
    pub(super) fn let_go(&self, count: usize) -> usize {
        let mut people = self.lock();
        let longest: Vec<u64> = people.idle.values().take(count).copied().collect();
        for number in &longest {
            people.dismiss(*number);
        }
        longest.len()
    }

    fn lock(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl People {
    /// Whether one more of `source` may come; somebody else may have had to go for it.
    fn make_room(&mut self, limits: &Limits, source: Option<SourcePrefix>) -> bool {
        let there = source.and_then(|source| self.by_source.get(&source));
        if let Some(there) = there {
            let full = there.served >= limits.connections_per_source_max;
            let longest = there.idle.first_key_value().map(|(_, number)| *number);
            if full && !longest.is_some_and(|longest| self.dismiss(longest)) {
                return false;
            }
        }
        let full = self.served.len() >= limits.connections_max;
        let longest = self.idle.first_key_value().map(|(_, number)| *number);
        !full || longest.is_some_and(|longest| self.dismiss(longest))
    }

    fn sit_down(&mut self, source: Option<SourcePrefix>) -> (u64, Arc<Notify>) {
        let number = self.turn();
        let dismissed = Arc::new(Notify::new());
        let member = Member { source, idle: None, dismissed: Arc::clone(&dismissed) };
        self.served.insert(number, member);
        if let Some(source) = source {
            self.by_source.entry(source).or_default().served += 1;
        }
        self.rest(number);
        (number, dismissed)
    }

    fn turn(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Gives whether there still is such a member.
    fn rest(&mut self, number: u64) -> bool {
        let turn = self.turn();
        let Some(member) = self.served.get_mut(&number) else { return false };
        if member.idle.is_some() {
            return true;
        }
        member.idle = Some(turn);
        self.idle.insert(turn, number);
        let there = member.source.and_then(|source| self.by_source.get_mut(&source));
        if let Some(there) = there {
            there.idle.insert(turn, number);
        }
        true
    }

    /// Gives whether there still is such a member.
    fn work(&mut self, number: u64) -> bool {
        let Some(member) = self.served.get_mut(&number) else { return false };
        let Some(turn) = member.idle.take() else { return true };
        self.idle.remove(&turn);
        let there = member.source.and_then(|source| self.by_source.get_mut(&source));
        if let Some(there) = there {
            there.idle.remove(&turn);
        }
        true
    }

    /// Tells a member to go; its place is free at once. Gives whether there was one.
    fn dismiss(&mut self, number: u64) -> bool {
        let dismissed = self.stand_up(number).map(|member| member.dismissed.notify_one());
        dismissed.is_some()
    }

    fn stand_up(&mut self, number: u64) -> Option<Member> {
        self.work(number);
        let member = self.served.remove(&number)?;
        if let Some(source) = member.source {
            self.leave(source);
        }
        Some(member)
    }

    fn leave(&mut self, source: SourcePrefix) {
        let Some(there) = self.by_source.get_mut(&source) else { return };
        there.served -= 1;
        if there.served == 0 {
            self.by_source.remove(&source);
        }
    }
}

impl Place {
    pub(super) fn admission(&self) -> Admission {
        if self.seat.is_some() { Admission::Served } else { Admission::Refused }
    }

    /// Returns when the place is needed for somebody else; never for one that is only refused.
    pub(super) async fn dismissed(&self) {
        match &self.seat {
            Some((_, dismissed)) => dismissed.notified().await,
            None => std::future::pending().await,
        }
    }

    /// A request of this connection is worked on. `Refused` when the place was given away a moment
    /// before, or there was none.
    pub(super) fn begin_work(&self) -> Admission {
        let seat = self.seat.as_ref();
        let still_here = seat.is_some_and(|(number, _)| self.crowd.lock().work(*number));
        if still_here { Admission::Served } else { Admission::Refused }
    }

    /// It was answered.
    pub(super) fn end_work(&self) {
        if let Some((number, _)) = &self.seat {
            self.crowd.lock().rest(*number);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.crowd.lock();
        match &self.seat {
            Some((number, _)) => drop(people.stand_up(*number)),
            None => people.refused -= 1,
        }
    }
}

impl Drop for BehindProxy {
    fn drop(&mut self) {
        self.crowd.lock().leave(self.source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(connections_max: usize, connections_per_source_max: usize) -> Crowd {
        Crowd::new(Limits { connections_max, connections_per_source_max, ..Limits::default() })
    }

    fn from(last: u8) -> Peer {
        Peer::Of(IpAddr::from([192, 0, 2, last]))
    }

    /// Whether the place was given away.
    fn is_gone(place: &Place) -> bool {
        place.begin_work() == Admission::Refused
    }

    #[test]
    fn whoever_has_been_idle_longest_makes_room() {
        let crowd = crowd(2, 2);
        let (first, second) = (crowd.enter(from(1)).unwrap(), crowd.enter(from(2)).unwrap());
        // The first was here before, but has just been answered.
        assert_eq!(first.begin_work(), Admission::Served);
        first.end_work();
        let third = crowd.enter(from(3)).unwrap();
        assert_eq!(third.admission(), Admission::Served);
        assert!(is_gone(&second));
        assert!(!is_gone(&first));
    }

    #[test]
    fn where_nobody_is_idle_the_newcomer_is_told_busy() {
        let crowd = crowd(1, 1);
        let first = crowd.enter(from(1)).unwrap();
        first.begin_work();
        let told: Vec<Place> = std::iter::from_fn(|| crowd.enter(from(2))).take(100).collect();
        assert_eq!(told.len(), REFUSALS_AT_ONCE_MAX);
        assert!(told.iter().all(|place| place.admission() == Admission::Refused));
        drop(told);
        drop(first);
        assert_eq!(crowd.enter(from(2)).unwrap().admission(), Admission::Served);
        assert!(crowd.lock().by_source.is_empty());
    }

    #[test]
    fn a_source_makes_room_for_itself_only() {
        let crowd = crowd(10, 2);
        let other = crowd.enter(from(9)).unwrap();
        let mine: Vec<Place> = (0..5).map(|_| crowd.enter(from(1)).unwrap()).collect();
        let gone: Vec<bool> = mine.iter().map(is_gone).collect();
        assert_eq!(gone, [true, true, true, false, false]);
        assert!(!is_gone(&other));
    }

    #[test]
    fn behind_a_proxy_each_source_counts_and_the_proxy_does_not() {
        let crowd = crowd(10, 2);
        let proxies: Vec<Place> = (0..5).map(|_| crowd.enter(Peer::Proxy).unwrap()).collect();
        assert!(proxies.iter().all(|place| !is_gone(place)));
        let source = IpAddr::from([192, 0, 2, 1]);
        let held = (crowd.behind_proxy(source).unwrap(), crowd.behind_proxy(source).unwrap());
        assert!(crowd.behind_proxy(source).is_none());
        assert!(crowd.behind_proxy(IpAddr::from([192, 0, 2, 2])).is_some());
        drop(held);
        assert!(crowd.behind_proxy(source).is_some());
    }
}
