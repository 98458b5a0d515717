//! How long things took, as histograms.

use std::time::Duration;

use hdrhistogram::Histogram;

use super::numbers::rounded;
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

/// A histogram for each [`Stretch`], and the longest time to the microsecond.
#[derive(Debug)]
pub(super) struct Latencies([(Histogram<u64>, u64); Stretch::ALL.len()]);

impl Latencies {
    /// Nothing has happened.
    pub(super) fn new() -> Self {
        let empty = |_| {
            let times = Histogram::new_with_bounds(1, LONGEST_US, DIGITS);
            (times.expect("the bounds are constants that fit"), 0)
        };
        Self(Stretch::ALL.map(empty))
    }

    /// Counts all phases of a visit.
    pub(super) fn visit(&mut self, record: &VisitRecord) {
        for (phase, took) in &record.phases {
            self.count(Stretch::of(*phase), *took);
        }
        if record.ended != VisitEnd::CalledOff {
            self.count(Stretch::Visit, whole_visit(record));
        }
    }

    fn count(&mut self, stretch: Stretch, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let us = us.clamp(1, LONGEST_US);
        let (times, longest) = &mut self.0[stretch as usize];
        times.saturating_record(us);
        *longest = us.max(*longest);
    }

    /// What is to be told.
    pub(super) fn told(&self) -> Vec<Latency> {
        Stretch::ALL.map(|stretch| told(stretch, &self.0[stretch as usize])).into()
    }

    /// How many counts there are, for tests.
    #[cfg(test)]
    pub(super) fn cells(&self) -> usize {
        self.0.iter().map(|(times, _)| times.distinct_values()).sum()
    }
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

#[expect(clippy::cast_precision_loss, reason = "a day in microseconds is far below 2^52")]
fn told(phase: Stretch, (times, longest): &(Histogram<u64>, u64)) -> Latency {
    let ms = |us: u64| rounded(us as f64 / 1_000.0, 3);
    // The lower end of what looks the same in three digits: it is what was counted where a unit is
    // a microsecond, and round numbers stay round.
    let at = |percentile: f64| match percentile {
        100.0 => ms(*longest),
        _ => ms(times.lowest_equivalent(times.value_at_percentile(percentile))),
    };
    let curve = CURVE.map(|percentile| CurvePoint { percentile, ms: at(percentile) });
    Latency {
        phase,
        count: times.len(),
        mean_ms: rounded(times.mean() / 1_000.0, 3),
        p50_ms: at(50.0),
        p90_ms: at(90.0),
        p99_ms: at(99.0),
        p99_9_ms: at(99.9),
        max_ms: at(100.0),
        curve: if times.is_empty() { Vec::new() } else { curve.into() },
    }
}
