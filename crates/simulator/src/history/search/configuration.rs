//! One of the states that a slot may be in, and what has happened on the way there.

use super::open::Goal;

/// Who holds the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    Nobody,
    /// By its number.
    Patient(u32),
    /// Somebody of whom the tasks say nothing.
    Stranger,
}

/// A state, and how it came about.
#[derive(Debug, Clone)]
pub(super) struct Configuration {
    pub(super) holder: Holder,
    /// The open tasks that may end now: what they claim was so at one moment.
    pub(super) seen: Bits,
    /// The open tasks that changed the slot, and cannot once more.
    pub(super) used: Bits,
    /// Of the patients' changes of unknown outcome, how many were made; in the order of patients.
    unknown: Vec<(u32, Made)>,
}

/// Changes of unknown outcome that were made. Those of one patient are all alike, for none of them
/// ever ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Made {
    pub(super) books: u32,
    pub(super) cancels: u32,
}

impl Configuration {
    pub(super) fn new(holder: Holder) -> Self {
        Self { holder, seen: Bits::default(), used: Bits::default(), unknown: Vec::new() }
    }

    /// What the patient's changes of unknown outcome have come to.
    pub(super) fn made(&self, patient: u32) -> Made {
        match self.unknown.binary_search_by_key(&patient, |&(patient, _)| patient) {
            Ok(at) => self.unknown[at].1,
            Err(_) => Made::default(),
        }
    }

    /// To count one more.
    pub(super) fn made_mut(&mut self, patient: u32) -> &mut Made {
        let at = match self.unknown.binary_search_by_key(&patient, |&(patient, _)| patient) {
            Ok(at) => at,
            Err(at) => {
                self.unknown.insert(at, (patient, Made::default()));
                at
            }
        };
        &mut self.unknown[at].1
    }

    /// The patients of whom some were made.
    pub(super) fn makers(&self) -> impl Iterator<Item = u32> {
        self.unknown.iter().map(|&(patient, _)| patient)
    }

    /// How much it has used up.
    pub(super) fn cost(&self) -> u64 {
        self.unknown.iter().map(|(_, made)| u64::from(made.books + made.cancels)).sum()
    }

    /// Whether all that can come after `other` can come after this one.
    pub(super) fn is_as_good_as(&self, other: &Self) -> bool {
        let made = |&(patient, made): &(u32, Made)| {
            let others = other.made(patient);
            made.books <= others.books && made.cancels <= others.cancels
        };
        self.holder == other.holder
            && other.seen.is_within(&self.seen)
            && self.used.is_within(&other.used)
            && self.unknown.len() <= other.unknown.len()
            && self.unknown.iter().all(made)
    }

    /// Whether the task that is about to end has happened.
    pub(super) fn has_reached(&self, goal: Goal) -> bool {
        if goal.writes { self.used.has(goal.bit) } else { self.seen.has(goal.bit) }
    }
}

/// A set of small numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn has(&self, bit: usize) -> bool {
        self.0.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1)
    }

    pub(super) fn set(&mut self, bit: usize) {
        if self.0.len() <= bit / 64 {
            self.0.resize(bit / 64 + 1, 0);
        }
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    pub(super) fn clear(&mut self, bit: usize) {
        if let Some(word) = self.0.get_mut(bit / 64) {
            *word &= !(1 << (bit % 64));
        }
    }

    /// Takes all of `other` in, but for what is in `without`.
    pub(super) fn add(&mut self, other: &Self, without: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (at, (word, others)) in self.0.iter_mut().zip(&other.0).enumerate() {
            *word |= others & !without.0.get(at).copied().unwrap_or(0);
        }
    }

    fn is_within(&self, other: &Self) -> bool {
        let others = other.0.iter().copied().chain(std::iter::repeat(0));
        self.0.iter().zip(others).all(|(word, others)| word & !others == 0)
    }
}
