//! How long things took, as histograms.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::numbers::{milliseconds, rounded};
use super::values::{CurvePoint, Latency, Stretch};
use crate::record::{Phase, VisitEnd, VisitRecord};

/// The longest time that is told apart from longer ones, in microseconds: a day.
const LONGEST_US: u64 = 24 * 3_600 * 1_000_000;

/// How many digits of each time are kept.
const DIGITS: u8 = 3;

/// Where a distribution is told.
const CURVE: [f64; 17] = [
    0.0, 10.0, 25.0, 50.0, 60.0, 70.0, 80.0, 90.0, 93.0, 95.0, 97.0, 98.0, 99.0, 99.5, 99.9, 99.99,
    100.0,
];

/// Times of each [`Stretch`].
#[derive(Debug)]
pub(super) struct Latencies([Times; Stretch::ALL.len()]);

/// A histogram, and what it does not know to the microsecond.
#[derive(Debug)]
struct Times {
    counts: Histogram<u64>,
    sum: Duration,
    longest: Duration,
}

impl Latencies {
    /// Nothing has happened.
    pub(super) fn new() -> Self {
        let empty = |_| {
            let counts = Histogram::new_with_bounds(1, LONGEST_US, DIGITS);
            let counts = counts.expect("the bounds are constants that fit");
            Times { counts, sum: Duration::ZERO, longest: Duration::ZERO }
        };
        Self(Stretch::ALL.map(empty))
    }

    /// Counts all phases of a visit.
    pub(super) fn visit(&mut self, record: &VisitRecord) {
        for (phase, took) in &record.phases {
            self.0[Stretch::of(*phase) as usize].count(*took);
        }
        if record.ended != VisitEnd::CalledOff {
            self.0[Stretch::Visit as usize].count(whole_visit(record));
        }
    }

    /// What is to be told.
    pub(super) fn told(&self) -> Vec<Latency> {
        Stretch::ALL.map(|stretch| self.0[stretch as usize].told(stretch)).into()
    }

    /// How many counts there are, for tests.
    #[cfg(test)]
    pub(super) fn cells(&self) -> usize {
        self.0.iter().map(|times| times.counts.distinct_values()).sum()
    }
}

impl Times {
    fn count(&mut self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.counts.saturating_record(us.clamp(1, LONGEST_US));
        self.sum = self.sum.saturating_add(took);
        self.longest = self.longest.max(took);
    }

    #[expect(clippy::cast_precision_loss, reason = "a day in microseconds is far below 2^52")]
    fn told(&self, phase: Stretch) -> Latency {
        let longest = milliseconds(self.longest);
        let at = |percentile: f64| {
            let us = self.counts.value_at_percentile(percentile);
            // No more digits than were kept, and never above the longest.
            significant(self.counts.median_equivalent(us) as f64 / 1_000.0).min(longest)
        };
        let point = |percentile| CurvePoint {
            percentile,
            ms: if percentile == 100.0 { longest } else { at(percentile) },
        };
        let mean = self.sum.as_secs_f64() * 1_000.0 / (self.counts.len().max(1) as f64);
        Latency {
            phase,
            count: self.counts.len(),
            mean_ms: rounded(mean, 3),
            p50_ms: at(50.0),
            p90_ms: at(90.0),
            p99_ms: at(99.0),
            p99_9_ms: at(99.9),
            max_ms: longest,
            curve: if self.counts.is_empty() { Vec::new() } else { CURVE.map(point).into() },
        }
    }
}

/// To [`DIGITS`] digits, and not below a microsecond.
#[expect(clippy::cast_possible_truncation, reason = "an exponent of ten is a small number")]
fn significant(ms: f64) -> f64 {
    let before_the_point = if ms > 0.0 { ms.log10().floor() as i32 + 1 } else { 0 };
    rounded(ms, (i32::from(DIGITS) - before_the_point).clamp(-9, 3))
}

impl Stretch {
    /// The same as a phase is.
    fn of(phase: Phase) -> Self {
        match phase {
            Phase::LogIn => Self::LogIn,
            Phase::List => Self::List,
            Phase::Book => Self::Book,
            Phase::Estimate => Self::Estimate,
        }
    }
}

/// From the planned arrival to the end.
pub(super) fn whole_visit(record: &VisitRecord) -> Duration {
    record.left.saturating_sub(record.planned)
}
