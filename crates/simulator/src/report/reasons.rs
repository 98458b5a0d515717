//! Why things did not come about, in words that come from anywhere, and so without end.

use std::collections::BTreeMap;

use super::numbers::share;
use super::values::ReasonCount;

/// How many reasons are told apart.
const REASONS_MAX: usize = 32;

/// How much of each is kept.
pub(super) const REASON_CHARS_MAX: usize = 200;

/// What all reasons after these are called.
const OTHERS: &str = "other reasons";

/// Counts by reason.
#[derive(Debug, Default)]
pub(super) struct Reasons {
    counted: BTreeMap<String, u64>,
    others: u64,
}

impl Reasons {
    /// One more for this reason.
    pub(super) fn count(&mut self, why: &str) {
        let why = cut(why);
        if self.counted.len() >= REASONS_MAX && !self.counted.contains_key(&why) {
            self.others += 1;
        } else {
            *self.counted.entry(why).or_default() += 1;
        }
    }

    /// What is to be told, of so many visits in all.
    pub(super) fn told(&self, all: u64) -> Vec<ReasonCount> {
        let told = |(words, &visits): (&String, &u64)| ReasonCount {
            words: words.clone(),
            visits,
            share: share(visits, all),
        };
        let mut reasons: Vec<_> = self.counted.iter().map(told).collect();
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.visits));
        if self.others > 0 {
            reasons.push(told((&OTHERS.to_owned(), &self.others)));
        }
        reasons
    }

    /// How many are told apart, for tests.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.counted.len()
    }
}

/// At most so much of a text.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(REASON_CHARS_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
