//! Who is connected: the limits on connections, and who makes room for whom.
//!
//! A stranger is a connection that has not logged in; it is silent while nothing of it is being
//! worked on. Where a limit is reached, the silent stranger who has been here longest goes.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::SourcePrefix;
use tokio::sync::Notify;

use crate::limits::Limits;

/// Counts the connections; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Crowd {
    limits: Limits,
    people: Arc<Mutex<People>>,
}

#[derive(Debug, Default)]
struct People {
    /// Numbers only grow: the lowest is whoever has been here longest.
    next: u64,
    served: HashMap<u64, Member>,
    strangers: usize,
    silent: BTreeSet<u64>,
    by_source: HashMap<SourcePrefix, Neighbours>,
    refused: usize,
}

#[derive(Debug)]
struct Member {
    source: SourcePrefix,
    standing: Standing,
    dismissed: Arc<Notify>,
}

/// The connections of one source.
#[derive(Debug, Default)]
struct Neighbours {
    served: usize,
    strangers: usize,
    silent: BTreeSet<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    SilentStranger,
    BusyStranger,
    LoggedIn,
}

/// Who a connection is once its request was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    Stranger,
    LoggedIn,
}

/// A connection's place; leaving it behind is dropping it.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    /// `None` for a connection that is only told "busy".
    seat: Option<Seat>,
}

#[derive(Debug)]
struct Seat {
    number: u64,
    dismissed: Arc<Notify>,
}

/// What a connection may expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Served,
    /// Told "busy" in its own dialect.
    Refused,
}

impl Crowd {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, people: Arc::default() }
    }

    /// A place for a connection from `source`; `None` when there is not even time to say "busy".
    pub(crate) fn enter(&self, source: IpAddr) -> Option<Place> {
        let source = SourcePrefix::of(source);
        let mut people = self.lock();
        let seat = if people.make_room(&self.limits, source) {
            Some(people.sit_down(source))
        } else if people.refused < self.limits.refusals_at_once_max {
            people.refused += 1;
            None
        } else {
            return None;
        };
        Some(Place { crowd: self.clone(), seat })
    }

    /// Lets at most `count` silent strangers go, whoever has been here longest first; gives how
    /// many there were.
    pub(crate) fn let_go(&self, count: usize) -> usize {
        let mut people = self.lock();
        let oldest: Vec<u64> = people.silent.iter().take(count).copied().collect();
        for number in &oldest {
            people.dismiss(*number);
        }
        oldest.len()
    }

    fn lock(&self) -> MutexGuard<'_, People> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl People {
    /// Whether one more of `source` may come; somebody else may have had to go for it.
    fn make_room(&mut self, limits: &Limits, source: SourcePrefix) -> bool {
        if let Some(there) = self.by_source.get(&source) {
            let full = there.served >= limits.connections_per_source_max
                || there.strangers >= limits.strangers_per_source_max;
            let oldest = there.silent.first().copied();
            if full && !oldest.is_some_and(|oldest| self.dismiss(oldest)) {
                return false;
            }
        }
        let full =
            self.served.len() >= limits.connections_max || self.strangers >= limits.strangers_max;
        let oldest = self.silent.first().copied();
        !full || oldest.is_some_and(|oldest| self.dismiss(oldest))
    }

    fn sit_down(&mut self, source: SourcePrefix) -> Seat {
        let number = self.next;
        self.next += 1;
        let dismissed = Arc::new(Notify::new());
        let member = Member {
            source,
            standing: Standing::SilentStranger,
            dismissed: Arc::clone(&dismissed),
        };
        self.served.insert(number, member);
        self.strangers += 1;
        self.silent.insert(number);
        let there = self.by_source.entry(source).or_default();
        there.served += 1;
        there.strangers += 1;
        there.silent.insert(number);
        Seat { number, dismissed }
    }

    /// Tells a member to go; its place is free at once. Gives whether there was one.
    fn dismiss(&mut self, number: u64) -> bool {
        let dismissed = self.stand_up(number).map(|member| member.dismissed.notify_one());
        dismissed.is_some()
    }

    fn stand_up(&mut self, number: u64) -> Option<Member> {
        self.change(number, Standing::LoggedIn);
        let member = self.served.remove(&number)?;
        if let Some(there) = self.by_source.get_mut(&member.source) {
            there.served -= 1;
            if there.served == 0 {
                self.by_source.remove(&member.source);
            }
        }
        Some(member)
    }

    /// Gives whether there still is such a member.
    fn change(&mut self, number: u64, now: Standing) -> bool {
        let Some(member) = self.served.get_mut(&number) else { return false };
        let before = std::mem::replace(&mut member.standing, now);
        let Some(there) = self.by_source.get_mut(&member.source) else { return false };
        if before == Standing::SilentStranger {
            self.silent.remove(&number);
            there.silent.remove(&number);
        }
        if now == Standing::SilentStranger {
            self.silent.insert(number);
            there.silent.insert(number);
        }
        if before == Standing::LoggedIn {
            self.strangers += 1;
            there.strangers += 1;
        }
        if now == Standing::LoggedIn {
            self.strangers -= 1;
            there.strangers -= 1;
        }
        true
    }
}

impl Place {
    pub(crate) fn admission(&self) -> Admission {
        if self.seat.is_some() { Admission::Served } else { Admission::Refused }
    }

    /// Returns when the place is needed for somebody else; never for one that is only refused.
    pub(crate) async fn dismissed(&self) {
        match &self.seat {
            Some(seat) => seat.dismissed.notified().await,
            None => std::future::pending().await,
        }
    }

    /// A request of this connection is being worked on. Gives whether it may be: `Refused` when the
    /// place was given away a moment before.
    pub(crate) fn begin_work(&self, known: Known) -> Admission {
        let standing = match known {
            Known::Stranger => Standing::BusyStranger,
            Known::LoggedIn => Standing::LoggedIn,
        };
        self.change(standing)
    }

    /// The request was answered.
    pub(crate) fn end_work(&self, known: Known) {
        self.change(match known {
            Known::Stranger => Standing::SilentStranger,
            Known::LoggedIn => Standing::LoggedIn,
        });
    }

    fn change(&self, standing: Standing) -> Admission {
        let still_here =
            self.seat.as_ref().is_some_and(|seat| self.crowd.lock().change(seat.number, standing));
        if still_here { Admission::Served } else { Admission::Refused }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut people = self.crowd.lock();
        match &self.seat {
            Some(seat) => drop(people.stand_up(seat.number)),
            None => people.refused -= 1,
        }
    }
}

#[cfg(test)]
mod tests;
