//! One budget of guesses for each key: governor's GCRA over a state of our own.
//!
//! The state of our own is there for two things that governor's cannot do: a guess can be given back,
//! and a key can hold several *cells*. N cells that each take one guess an hour are a window of
//! exactly N guesses in any hour; GCRA with a burst of N would let 2 N pass in the first one.
//!
//! A guess is in flight until it is known to be wrong or right. Who finds a budget used up by guesses
//! in flight waits for them: most people who log in twice at once are right both times.
//!
//! What is deliberately not here: whose guesses they are.

use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use governor::clock::{Clock, Reference as _};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use tokio::sync::Notify;

/// Which key; a digest, so that every key has one size and no name is kept.
pub(super) type Key = [u8; 16];

/// How full the memory may get before it is looked through for what is over.
const SWEEP_AT_LEAST: usize = 1_024;
/// The pause between two looks through a memory that is full, in nanoseconds.
const SWEEP_PAUSE_NANOS: u64 = 10_000_000_000;

/// Why there is no guess.
#[derive(Debug, Clone)]
pub(super) enum NotNow {
    /// The key's are used up.
    Throttled,
    /// There is no memory for one more key; nobody's guesses are forgotten for it.
    Full,
    /// The key's are used up, as it looks: some are in flight, and this is told when one is settled.
    InFlight(Arc<Notify>),
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

/// What became of a guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Became {
    /// It was wrong, and counts.
    Wrong,
    /// It was right, or was never made: as if it had not been taken.
    NoGuess,
}

/// A guess that was taken from a budget; it is in flight until it is handed to [`Budget::settle`].
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
    pub(super) fn take(&self, key: Key) -> Result<Taken, NotNow> {
        let mut settled_meanwhile = true;
        loop {
            let asked = Asked { key, now: self.now(), until: Cell::new(0), full: Cell::new(false) };
            match self.limiter.check_key(&asked) {
                Ok(()) => return Ok(Taken { key, until: asked.until.get() }),
                Err(_) if asked.full.get() => return Err(NotNow::Full),
                Err(_) => {}
            }
            if let Some(told) = self.in_flight(&key) {
                return Err(NotNow::InFlight(told));
            }
            // The last one in flight may have come back between the two looks.
            if !std::mem::take(&mut settled_meanwhile) {
                return Err(NotNow::Throttled);
            }
        }
    }

    /// What is told when one of the key's guesses in flight is settled; `None` when there is none.
    fn in_flight(&self, key: &Key) -> Option<Arc<Notify>> {
        let mut memory = self.cells.lock();
        let entry = memory.keys.get_mut(key).filter(|entry| entry.in_flight > 0)?;
        Some(Arc::clone(entry.told.get_or_insert_default()))
    }

    /// What became of a guess.
    pub(super) fn settle(&self, taken: Taken, became: Became) {
        let mut memory = self.cells.lock();
        let Some(entry) = memory.keys.get_mut(&taken.key) else { return };
        entry.in_flight = entry.in_flight.saturating_sub(1);
        if became == Became::NoGuess {
            let cells = &mut entry.cells;
            let own = cells.iter().position(|until| *until == taken.until);
            // Another guess was added to the same cell since.
            let latest = || (0..cells.len()).max_by_key(|at| cells[*at]);
            if let Some(at) = own.or_else(latest) {
                cells[at] = cells[at].saturating_sub(self.weight);
            }
        }
        match &entry.told {
            // Nothing is left to wait for: let everybody see what there is.
            Some(told) if entry.in_flight == 0 => told.notify_waiters(),
            Some(told) if became == Became::NoGuess => told.notify_one(),
            _ => {}
        }
        let now = self.now();
        entry.cells.retain(|until| *until > now);
        if entry.is_over(now) {
            memory.keys.remove(&taken.key);
        } else if entry.in_flight == 0 {
            entry.told = None;
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
    memory: Arc<Mutex<Memory>>,
    per_key: usize,
    keys_max: usize,
}

#[derive(Debug)]
struct Memory {
    keys: HashMap<Key, Entry>,
    sweep_at: usize,
    swept: Option<u64>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Until when each of its used cells is used (GCRA's "theoretical arrival time").
    cells: Vec<u64>,
    in_flight: u32,
    /// Who waits for those in flight; `None` when nobody ever did.
    told: Option<Arc<Notify>>,
}

impl Entry {
    fn is_over(&self, now: u64) -> bool {
        self.in_flight == 0 && self.cells.iter().all(|until| *until <= now)
    }
}

impl Cells {
    fn new(per_key: usize, keys_max: usize) -> Self {
        let memory = Memory { keys: HashMap::new(), sweep_at: SWEEP_AT_LEAST, swept: None };
        Self { memory: Arc::new(Mutex::new(memory)), per_key, keys_max }
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
            self.keys.retain(|_, entry| !entry.is_over(now));
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
        let entry = memory.keys.entry(asked.key).or_default();
        let cells = &mut entry.cells;
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
        entry.in_flight = entry.in_flight.saturating_add(1);
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

    /// How many of 20 wrong guesses are let through.
    fn through(budget: &Budget<FakeRelativeClock>) -> usize {
        let wrong = |taken| budget.settle(taken, Became::Wrong);
        (0..20).filter(|_| budget.take(KEY).map(wrong).is_ok()).count()
    }

    /// What a key without a guess is told.
    fn refusal(budget: &Budget<FakeRelativeClock>, key: Key) -> &'static str {
        match budget.take(key).unwrap_err() {
            NotNow::Throttled => "throttled",
            NotNow::Full => "full",
            NotNow::InFlight(_) => "in flight",
        }
    }

    #[test]
    fn in_no_hour_are_there_more_than_the_window_has() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(Shape::Hourly(count(10)), 100, clock.clone());
        for _ in 0..4 {
            budget.settle(budget.take(KEY).unwrap(), Became::Wrong);
        }
        for (wait, expected) in [(30, 6), (29, 0), (1, 4), (30, 6)] {
            clock.advance(minutes(wait));
            assert_eq!(through(&budget), expected);
        }
        assert_eq!(refusal(&budget, KEY), "throttled");
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
            assert_eq!(refusal(&budget, KEY), "in flight");
            clock.advance(Duration::from_secs(5));
            budget.settle(taken[1], Became::NoGuess);
            assert_eq!(through(&budget), 1);
            budget.settle(taken[0], Became::NoGuess);
            budget.settle(taken[2], Became::NoGuess);
            assert_eq!(through(&budget), 2);
            assert_eq!(refusal(&budget, KEY), "throttled");
        }
    }

    #[test]
    fn keys_that_are_over_make_room_and_others_are_never_forgotten() {
        let clock = FakeRelativeClock::default();
        let budget = Budget::new(Shape::Hourly(count(1)), 3, clock.clone());
        let key = |byte| [byte; 16];
        let first = budget.take(key(0)).unwrap();
        for other in [1, 2] {
            budget.settle(budget.take(key(other)).unwrap(), Became::Wrong);
        }
        assert_eq!(refusal(&budget, key(3)), "full");
        assert_eq!(refusal(&budget, key(1)), "throttled");
        budget.settle(first, Became::NoGuess);
        assert_eq!(budget.keys(), 2);
        assert!(budget.take(key(3)).is_ok());
        clock.advance(minutes(60));
        assert!(budget.take(key(4)).is_ok());
        // The one in flight stays, however long it takes.
        assert_eq!(budget.keys(), 2);
    }
}
