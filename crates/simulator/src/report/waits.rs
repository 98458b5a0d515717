//! How long people waited for a slot: from the booking to the visit.

use hdrhistogram::Histogram;

use super::numbers::rounded;
use super::values::{WaitBar, Waits};
use crate::record::VisitRecord;

/// The longest wait that is told apart from longer ones, in minutes: ten years.
const LONGEST_MIN: u64 = 10 * 366 * 24 * 60;

/// How many digits of each wait are kept.
const DIGITS: u8 = 3;

/// How many bars a picture has at most.
const BARS_MAX: u64 = 14;

/// Widths of a bar that people read easily, in minutes.
const WIDTHS_MIN: [u64; 10] = [5, 15, 30, 60, 120, 240, 720, 1_440, 2_880, 10_080];

/// A histogram of minutes.
#[derive(Debug)]
pub(super) struct WaitCounts(Histogram<u64>);

impl WaitCounts {
    /// Nobody has booked.
    pub(super) fn new() -> Self {
        let minutes = Histogram::new_with_bounds(1, LONGEST_MIN, DIGITS);
        Self(minutes.expect("the bounds are constants that fit"))
    }

    /// Counts a booking, if its moment and its slot's are known.
    pub(super) fn visit(&mut self, record: &VisitRecord) {
        let Some(booking) = &record.booking else { return };
        let (Some(start), Some(booked)) = (booking.start, booking.booked) else { return };
        let minutes = start.duration_since(booked).as_mins();
        self.0.saturating_record(u64::try_from(minutes).unwrap_or(0));
    }

    /// What is to be told; `None` when no wait is known.
    #[expect(clippy::cast_precision_loss, reason = "ten years in minutes are far below 2^52")]
    pub(super) fn told(&self) -> Option<Waits> {
        let hours = |minutes: u64| rounded(minutes as f64 / 60.0, 3);
        let longest = self.0.max();
        let at = |percentile| hours(self.0.value_at_percentile(percentile).min(longest));
        (!self.0.is_empty()).then(|| Waits {
            bookings: self.0.len(),
            mean_h: rounded(self.0.mean() / 60.0, 3),
            p50_h: at(50.0),
            p90_h: at(90.0),
            p99_h: at(99.0),
            max_h: hours(longest),
            bars: self
                .bars()
                .into_iter()
                .map(|(from, to, bookings)| WaitBar {
                    from_h: hours(from),
                    to_h: hours(to),
                    bookings,
                })
                .collect(),
        })
    }

    /// From, to and how many, in minutes.
    fn bars(&self) -> Vec<(u64, u64, u64)> {
        let longest = self.0.max();
        let width = |width: &u64| longest / width < BARS_MAX;
        let width = WIDTHS_MIN
            .into_iter()
            .find(width)
            .unwrap_or_else(|| (longest / BARS_MAX + 1).next_multiple_of(10_080));
        let mut bars: Vec<_> =
            (0..=longest / width).map(|bar| (bar * width, (bar + 1) * width, 0)).collect();
        for counted in self.0.iter_recorded() {
            // What was counted lies within its bucket; its middle keeps it to one bar.
            let minutes = self.0.median_equivalent(counted.value_iterated_to()).min(longest);
            if let Some(bar) =
                usize::try_from(minutes / width).ok().and_then(|bar| bars.get_mut(bar))
            {
                bar.2 += counted.count_since_last_iteration();
            }
        }
        bars
    }
}
