//! What happened when, in a number of bins that never grows: when the run takes longer than the bins
//! reach, they get twice as wide.

use std::time::Duration;

use super::numbers::rounded;
use super::values::{OverTime, TimeBin};

/// How many bins the planned time has at most.
const BINS_PLANNED: u32 = 60;

/// How many bins there are at most.
const BINS_MAX: usize = 120;

/// Widths that people read easily, in seconds; longer ones are twice the last, and so on.
const WIDTHS_S: [f64; 19] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0,
    1_800.0, 3_600.0, 7_200.0,
];

/// Counts over time.
#[derive(Debug)]
pub(super) struct Timeline {
    bin_s: f64,
    bins: Vec<(u64, u64)>,
}

impl Timeline {
    /// Nothing has happened, and all shall within this time.
    pub(super) fn new(planned: Duration) -> Self {
        let least = planned.as_secs_f64() / f64::from(BINS_PLANNED);
        let known = WIDTHS_S.into_iter().find(|width| *width >= least);
        let bin_s = known.unwrap_or_else(|| {
            let days = (least / 14_400.0).ceil().max(1.0);
            days * 14_400.0
        });
        Self { bin_s, bins: Vec::new() }
    }

    /// A patient was to come at this time, since the run began.
    pub(super) fn arrival(&mut self, at: Duration) {
        self.bin(at).0 += 1;
    }

    /// A booking was confirmed.
    pub(super) fn booking(&mut self, at: Duration) {
        self.bin(at).1 += 1;
    }

    fn bin(&mut self, at: Duration) -> &mut (u64, u64) {
        while self.index(at) >= BINS_MAX {
            self.widen();
        }
        let index = self.index(at);
        if self.bins.len() <= index {
            self.bins.resize(index + 1, (0, 0));
        }
        &mut self.bins[index]
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "times are not negative, and a cast of a float stays within its bounds"
    )]
    fn index(&self, at: Duration) -> usize {
        (at.as_secs_f64() / self.bin_s) as usize
    }

    fn widen(&mut self) {
        self.bin_s *= 2.0;
        let sum = |pair: &[(u64, u64)]| {
            pair.iter().fold((0, 0), |sum, bin| (sum.0 + bin.0, sum.1 + bin.1))
        };
        self.bins = self.bins.chunks(2).map(sum).collect();
    }

    /// What is to be told.
    pub(super) fn told(&self) -> OverTime {
        let mut from_s = 0.0;
        let mut bins = Vec::new();
        for &(arrivals, bookings) in &self.bins {
            bins.push(TimeBin { from_s: rounded(from_s, 6), arrivals, bookings });
            from_s += self.bin_s;
        }
        OverTime { bin_s: self.bin_s, bins }
    }

    /// How many bins there are, for tests.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.bins.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_planned_time_gives_the_scale() {
        for (planned_s, expected) in
            [(0, 0.01), (30, 0.5), (60, 1.0), (86_400, 1_800.0), (8_640_000, 144_000.0)]
        {
            assert_eq!(Timeline::new(Duration::from_secs(planned_s)).bin_s, expected);
        }
    }

    #[test]
    fn a_run_that_takes_longer_has_wider_bins_and_not_more() {
        let mut timeline = Timeline::new(Duration::from_secs(60));
        for second in 0..1_000 {
            timeline.arrival(Duration::from_secs(second));
            timeline.booking(Duration::from_secs(second + 1));
        }
        let told = timeline.told();
        assert_eq!((told.bin_s, told.bins.len()), (16.0, 63));
        assert_eq!(told.bins[0], TimeBin { from_s: 0.0, arrivals: 16, bookings: 15 });
        assert_eq!(told.bins[62], TimeBin { from_s: 992.0, arrivals: 8, bookings: 9 });
        assert_eq!(told.bins.iter().map(|bin| bin.arrivals).sum::<u64>(), 1_000);
    }
}
