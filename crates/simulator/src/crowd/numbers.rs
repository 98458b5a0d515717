//! How a crowd fares, in numbers, while it comes and at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::record::{Phase, VisitEnd, VisitRecord};

/// The longest latency that is told apart, in microseconds: ten minutes.
const LATENCY_MICROS_MAX: u64 = 600_000_000;
/// How many digits of a latency are right.
const DIGITS: u8 = 3;
/// How many different reasons are told apart; further ones are counted together.
const REASONS_MAX: usize = 64;

/// Why there is no price when a doctor does not answer at all.
pub(super) const SILENCE: &str = "the doctor did not answer";

/// How it looks at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Moment {
    /// Since the run began.
    pub at: Duration,
    /// How many have come so far.
    pub arrived: u64,
    /// How many are served just now.
    pub inside: usize,
    /// How many wait in line outside.
    pub waiting: usize,
}

/// Counts of visits, in constant memory.
#[derive(Debug)]
pub struct Numbers {
    /// How many are over.
    pub over: u64,
    /// Booked, with the price known.
    pub served: u64,
    /// Booked, without a price.
    pub without_price: u64,
    /// Those of them whose doctor did not say a word.
    pub silence: u64,
    /// Polite "no"s, by reason.
    pub refused: BTreeMap<String, u64>,
    /// What broke, by what it was.
    pub failed: BTreeMap<String, u64>,
    /// How often a doctor was asked for one price, from 1.
    pub tries: BTreeMap<u32, u64>,
    whole: Histogram<u64>,
    phases: BTreeMap<Phase, Histogram<u64>>,
}

impl Default for Numbers {
    fn default() -> Self {
        Self::new()
    }
}

impl Numbers {
    /// Nobody has left yet.
    ///
    /// # Panics
    /// Never: the bounds are right.
    #[must_use]
    pub fn new() -> Self {
        let none = || {
            Histogram::new_with_max(LATENCY_MICROS_MAX, DIGITS)
                .expect("three digits up to ten minutes can be told apart")
        };
        Self {
            over: 0,
            served: 0,
            without_price: 0,
            silence: 0,
            refused: BTreeMap::new(),
            failed: BTreeMap::new(),
            tries: BTreeMap::new(),
            whole: none(),
            phases: Phase::ALL.into_iter().map(|phase| (phase, none())).collect(),
        }
    }

    /// Counts a visit that is over.
    pub fn count(&mut self, visit: &VisitRecord) {
        self.over += 1;
        match &visit.ended {
            VisitEnd::Served => self.served += 1,
            VisitEnd::WithoutPrice(why) => {
                self.without_price += 1;
                self.silence += u64::from(why == SILENCE);
            }
            VisitEnd::Refused(refusal) => count_in(&mut self.refused, refusal.to_string()),
            VisitEnd::Failed(why) => count_in(&mut self.failed, why.clone()),
            VisitEnd::CalledOff | VisitEnd::WalkedAway => {}
        }
        if let (Some(tries), VisitEnd::Served) = (visit.tries, &visit.ended) {
            *self.tries.entry(tries).or_default() += 1;
        }
        note(&mut self.whole, visit.left.saturating_sub(visit.planned));
        for (phase, took) in &visit.phases {
            if let Some(phase) = self.phases.get_mut(phase) {
                note(phase, *took);
            }
        }
    }

    /// How many were refused.
    #[must_use]
    pub fn refusals(&self) -> u64 {
        self.refused.values().sum()
    }

    /// How many failed.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }

    /// What `share` of the visits (from 0 to 1) took at most, from the planned arrival to the end.
    #[must_use]
    pub fn latency(&self, share: f64) -> Duration {
        at_share(&self.whole, share)
    }

    /// The same of one phase; `None` when nobody went through it.
    #[must_use]
    pub fn latency_of(&self, phase: Phase, share: f64) -> Option<Duration> {
        let phase = self.phases.get(&phase).filter(|phase| !phase.is_empty())?;
        Some(at_share(phase, share))
    }

    /// How many went through a phase.
    #[must_use]
    pub fn count_of(&self, phase: Phase) -> u64 {
        self.phases.get(&phase).map_or(0, Histogram::len)
    }
}

fn count_in(reasons: &mut BTreeMap<String, u64>, reason: String) {
    let reason = match reasons.len() < REASONS_MAX || reasons.contains_key(&reason) {
        true => reason,
        false => "something else".to_owned(),
    };
    *reasons.entry(reason).or_default() += 1;
}

fn note(histogram: &mut Histogram<u64>, took: Duration) {
    histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
}

fn at_share(histogram: &Histogram<u64>, share: f64) -> Duration {
    Duration::from_micros(histogram.value_at_quantile(share))
}
