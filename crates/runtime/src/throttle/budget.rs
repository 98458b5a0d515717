//! One budget of guesses for each key: governor's GCRA over a state of our own.
//!
//! The state of our own is there for two things that governor's cannot do: a guess can be given back,
//! and a key can hold several *cells*. N cells that each take one guess an hour are a window of
//! exactly N guesses in any hour; GCRA with a burst of N would let 2 N pass in the first one.
//!
//! What is deliberately not here: whose guesses they are.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};

/// Which key; a digest, so that every key has one size and no name is kept.
pub(super) type Key = [u8; 16];

/// How full the memory may get before it is looked through for what is over.
const SWEEP_AT_LEAST: usize = 1_024;
/// The pause between two looks through a memory that is full, in nanoseconds.
const SWEEP_PAUSE_NANOS: u64 = 10_000_000_000;

/// Why there is no guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoGuess {
    /// The key's are used up.
    Throttled,
    /// There is no memory for one more key; nobody's guesses are forgotten for it.
    Busy,
}

/// The shape of a budget.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// At most so many in any hour.
    Hourly(NonZeroU32),
    /// So many at once, and one more after each pause.
    Steady(NonZeroU32, Duration),
}

/// The guesses of many keys.
pub(super) struct Budget<C: Clock> {
    limiter: RateLimiter<Asked, Cells, C, NoOpMiddleware<C::Instant>>,
    /// The cells, which the limiter has too: it does not give them back.
    cells: Cells,
    clock: C,
    start: C::Instant,
    /// What one guess weighs, in nanoseconds.
    weight: u64,
}

/// A guess that was taken from a budget; hand it to [`Budget::give_back`] or let it count.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    key: Key,
    until: u64,
}

impl<C: Clock + Clone> Budget<C> {
    /// A budget for at most `keys_max` keys at a time.
    pub(super) fn new(shape: Shape, keys_max: usize, clock: C) -> Self {
        let (cells, burst, pause) = match shape {
            Shape::Hourly(count) => (count, NonZeroU32::MIN, Duration::from_secs(60 * 60)),
            Shape::Steady(burst, pause) => (NonZeroU32::MIN, burst, pause),
        };
        let pause = pause.max(Duration::from_nanos(1));
        let quota = Quota::with_period(pause).expect("a pause is not zero").allow_burst(burst);
        let cells = Cells::new(cells.get() as usize, keys_max);
        let start = clock.now();
        let limiter = RateLimiter::new(quota, cells.clone(), clock.clone());
        Self { limiter, cells, clock, start, weight: Nanos::from(pause).as_u64() }
    }

    /// Takes a guess of `key`.
    pub(super) fn take(&self, key: Key) -> Result<Taken, NoGuess> {
        let asked = Asked { key, now: self.now(), until: Cell::new(0), full: Cell::new(false) };
        match self.limiter.check_key(&asked) {
            Ok(()) => Ok(Taken { key, until: asked.until.get() }),
            Err(_) if asked.full.get() => Err(NoGuess::Busy),
            Err(_) => Err(NoGuess::Throttled),
        }
    }

    /// It was right, or was never made: as if it had not been taken.
    pub(super) fn give_back(&self, taken: Taken) {
        let mut memory = self.cells.lock();
        let Some(cells) = memory.keys.get_mut(&taken.key) else { return };
        let own = cells.iter().position(|until| *until == taken.until);
        // Another guess was added to the same cell since.
        let latest = || (0..cells.len()).max_by_key(|at| cells[*at]);
        let Some(at) = own.or_else(latest) else { return };
        cells[at] = cells[at].saturating_sub(self.weight);
        let now = self.now();
        cells.retain(|until| *until > now);
        if cells.is_empty() {
            memory.keys.remove(&taken.key);
        }
    }

    fn now(&self) -> u64 {
        self.clock.now().duration_since(self.start).as_u64()
    }

    /// How many keys are remembered.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.cells.lock().keys.len()
    }
}

/// What a limiter is asked, and what its state answers besides: moments in nanoseconds since the
/// budget was made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    key: Key,
    now: u64,
    /// Until when the cell is used that took the guess.
    until: Cell<u64>,
    /// Whether there was no room for the key.
    full: Cell<bool>,
}

impl Hash for Asked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

/// The cells of all keys, shared with the limiter.
#[derive(Debug, Clone)]
struct Cells {
    memory: std::sync::Arc<Mutex<Memory>>,
    per_key: usize,
    keys_max: usize,
}

#[derive(Debug)]
struct Memory {
    /// For each key the moments until which its cells are used (GCRA's "theoretical arrival time").
    keys: HashMap<Key, Vec<u64>>,
    sweep_at: usize,
    swept: Option<u64>,
}

impl Cells {
    fn new(per_key: usize, keys_max: usize) -> Self {
        let memory = Memory { keys: HashMap::new(), sweep_at: SWEEP_AT_LEAST, swept: None };
        Self { memory: std::sync::Arc::new(Mutex::new(memory)), per_key, keys_max }
    }

    /// A panic elsewhere leaves the cells as they were: every change is whole.
    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Whether there is room for one more key, perhaps after those that are over have gone.
    fn has_room(&mut self, now: u64, keys_max: usize) -> bool {
        if self.keys.len() < self.sweep_at.min(keys_max) {
            return true;
        }
        let lately = self.swept.is_some_and(|swept| now < swept.saturating_add(SWEEP_PAUSE_NANOS));
        if self.keys.len() < keys_max || !lately {
            self.keys.retain(|_, cells| cells.iter().any(|until| *until > now));
            self.sweep_at = SWEEP_AT_LEAST.max(self.keys.len() * 2);
            self.swept = Some(now);
        }
        self.keys.len() < keys_max
    }
}

impl StateStore for Cells {
    type Key = Asked;

    fn measure_and_replace<T, F, E>(&self, asked: &Asked, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut memory = self.lock();
        if !memory.keys.contains_key(&asked.key) && !memory.has_room(asked.now, self.keys_max) {
            asked.full.set(true);
            // Used for ever: the limiter says no.
            return decide(Some(Nanos::new(u64::MAX))).map(|(answer, _)| answer);
        }
        let cells = memory.keys.entry(asked.key).or_default();
        cells.retain(|until| *until > asked.now);
        let (answer, until) = if cells.len() < self.per_key {
            let decided = decide(None)?;
            cells.push(decided.1.as_u64());
            decided
        } else {
            let first = (0..cells.len()).min_by_key(|at| cells[*at]).expect("at least one cell");
            let decided = decide(Some(Nanos::new(cells[first])))?;
            cells[first] = decided.1.as_u64();
            decided
        };
        asked.until.set(until.as_u64());
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    const KEY: Key = [7; 16];

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    fn minutes(count: u64) -> Duration {
        Duration::from_secs(60 * count)
    }

    /// How many of 20 tries are let through.
    fn through(budget: &Budget<FakeRelativeClock>) -> usize {
        (0..20).filter(|_| budget.take(KEY).is_ok()).count()
    }

    #[test]
    fn in_no_hour_are_there_more_than_the_window_has() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(Shape::Hourly(count(10)), 100, clock.clone());
        assert_eq!((0..4).filter(|_| budget.take(KEY).is_ok()).count(), 4);
        clock.advance(minutes(30));
        assert_eq!(through(&budget), 6);
        clock.advance(minutes(29));
        assert_eq!(through(&budget), 0);
        clock.advance(minutes(1));
        assert_eq!(through(&budget), 4);
        clock.advance(minutes(30));
        assert_eq!(through(&budget), 6);
        assert!(budget.take([8; 16]).is_ok());
    }

    #[test]
    fn a_steady_budget_gives_one_back_after_each_pause() {
        let clock = FakeRelativeClock::default();
        let shape = Shape::Steady(count(3), Duration::from_secs(30));
        let budget = Budget::new(shape, 100, clock.clone());
        assert_eq!(through(&budget), 3);
        clock.advance(Duration::from_secs(30));
        assert_eq!(through(&budget), 1);
        clock.advance(minutes(60));
        assert_eq!(through(&budget), 3);
    }

    #[test]
    fn what_is_given_back_was_never_taken() {
        for shape in [Shape::Hourly(count(3)), Shape::Steady(count(3), minutes(20))] {
            let clock = FakeRelativeClock::default();
            let budget = Budget::new(shape, 100, clock.clone());
            let taken: Vec<Taken> = (0..3).map(|_| budget.take(KEY).unwrap()).collect();
            assert_eq!(through(&budget), 0);
            clock.advance(Duration::from_secs(5));
            budget.give_back(taken[1]);
            assert_eq!(through(&budget), 1);
            budget.give_back(taken[0]);
            budget.give_back(taken[2]);
            assert_eq!(through(&budget), 2);
        }
    }

    #[test]
    fn keys_that_are_over_make_room_and_others_are_never_forgotten() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(Shape::Hourly(count(1)), 3, clock.clone());
        let key = |byte| [byte; 16];
        let first = budget.take(key(0)).unwrap();
        assert!(budget.take(key(1)).is_ok() && budget.take(key(2)).is_ok());
        assert_eq!(budget.take(key(3)).unwrap_err(), NoGuess::Busy);
        assert_eq!(budget.take(key(1)).unwrap_err(), NoGuess::Throttled);
        budget.give_back(first);
        assert_eq!(budget.keys(), 2);
        assert!(budget.take(key(3)).is_ok());
        clock.advance(minutes(60));
        assert!(budget.take(key(4)).is_ok());
        assert_eq!(budget.keys(), 1);
    }
}
