//! Days and opening hours as moments: what clocks in a zone show, changes of the clocks included.

use std::time::Duration;

use jiff::civil::{Date, DateTime, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

/// The first day of every simulation: a Monday.
const FIRST_DAY: Date = date(2026, 11, 23);

/// Why no day of a simulation is out of range.
const NEAR: &str = "a year or two after 2026 is far from the end of time";

/// The days of one clinic.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    zone: TimeZone,
}

/// A time in which somebody works or is open, from a moment to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OpenTime {
    /// When it begins.
    pub(crate) from: Timestamp,
    /// When it ends.
    pub(crate) to: Timestamp,
}

impl Calendar {
    /// The days as clocks in `zone` count them.
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { zone }
    }

    /// Midnight of the first day.
    pub(crate) fn begins(&self) -> Timestamp {
        self.moment(0, Duration::ZERO)
    }

    /// The date of the day of this number, from 0.
    pub(crate) fn date(&self, day: u32) -> Date {
        FIRST_DAY.checked_add(Span::new().days(i64::from(day))).expect(NEAR)
    }

    /// When clocks show this time since midnight, on the day of this number. A time that a change of
    /// the clocks skips is as long after it as it would have been; one that comes twice is the first.
    pub(crate) fn moment(&self, day: u32, since_midnight: Duration) -> Timestamp {
        let midnight: DateTime = self.date(day).into();
        let shown = SignedDuration::try_from(since_midnight)
            .ok()
            .and_then(|since| midnight.checked_add(since).ok())
            .expect(NEAR);
        self.zone.to_ambiguous_timestamp(shown).compatible().expect(NEAR)
    }

    /// From one time of the day of this number to another.
    pub(crate) fn open(&self, day: u32, from: Duration, to: Duration) -> OpenTime {
        OpenTime { from: self.moment(day, from), to: self.moment(day, to) }
    }

    /// How long after the beginning `moment` is.
    pub(crate) fn since(&self, moment: Timestamp) -> Duration {
        Duration::try_from(moment.duration_since(self.begins())).unwrap_or_default()
    }
}

impl OpenTime {
    /// How long it is.
    pub(crate) fn length(self) -> Duration {
        Duration::try_from(self.to.duration_since(self.from)).unwrap_or_default()
    }

    /// So long after it begins.
    pub(crate) fn after(self, wait: Duration) -> Timestamp {
        self.from.checked_add(wait).expect(NEAR)
    }
}

/// How many of `whole` go to the part of this number when all `parts` get alike, the odd ones spread
/// over them.
pub(crate) fn share(whole: u32, part: usize, parts: usize) -> u32 {
    let up_to = |part: usize| (part as u128 * u128::from(whole)) / parts as u128;
    u32::try_from(up_to(part + 1) - up_to(part)).expect("a part is no more than the whole")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_are_alike() {
        for (whole, parts) in [(10, 3), (0, 4), (3, 7), (u32::MAX, 9), (200, 1)] {
            let shares: Vec<u32> = (0..parts).map(|part| share(whole, part, parts)).collect();
            assert_eq!(shares.iter().map(|&n| u64::from(n)).sum::<u64>(), u64::from(whole));
            let (least, most) = (shares.iter().min().unwrap(), shares.iter().max().unwrap());
            assert!(most - least <= 1, "{shares:?}");
        }
    }

    #[test]
    fn a_day_is_what_clocks_show() {
        let berlin = Calendar::new(TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(berlin.begins().to_string(), "2026-11-22T23:00:00Z");
        let eight = Duration::from_hours(8);
        assert_eq!(berlin.moment(0, eight).to_string(), "2026-11-23T07:00:00Z");
        // Clocks are set forward on Sunday 2027-03-28, day 125: eight is seven hours after midnight.
        let open = berlin.open(125, Duration::ZERO, eight);
        assert_eq!(open.length(), Duration::from_hours(7));
        assert_eq!(berlin.since(open.to), Duration::from_hours(125 * 24 + 7));
        assert_eq!(berlin.moment(0, Duration::from_hours(24)), berlin.moment(1, Duration::ZERO));
    }
}
