//! Moments of a week, as the exercise writes them (`Tue 01pm`), and their place in the calendar.

use std::fmt;

use jiff::civil::{Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Span, Timestamp};
use thiserror::Error;

const MINUTES_PER_WEEK: u32 = 7 * 24 * 60;

/// Why a text is not a day or a time of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WeekTimeError {
    /// Not one of the seven.
    #[error("is not a day, expected Mon, Tue, Wed, Thu, Fri, Sat or Sun")]
    Day,
    /// Not a time on the twelve-hour clock.
    #[error("is not a time, expected 1pm, 01pm or 01:30pm, hours 1 to 12")]
    Time,
}

/// A weekday and a time of day to the minute, in the center's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WeekTime {
    weekday: Weekday,
    hour: i8,
    minute: i8,
}

impl WeekTime {
    /// Reads a day (`Tue`) and a time (`1pm`, `01pm`, `01:30pm`), in any case.
    ///
    /// # Errors
    /// Which of the two is wrong.
    pub fn parse(day: &str, time: &str) -> Result<Self, WeekTimeError> {
        let weekday = parse_day(day).ok_or(WeekTimeError::Day)?;
        let (hour, minute) = parse_time(time).ok_or(WeekTimeError::Time)?;
        Ok(Self { weekday, hour, minute })
    }

    /// The day and time that clocks in `zone` show at `moment`.
    #[must_use]
    pub fn at(moment: Timestamp, zone: &TimeZone) -> Self {
        let shown = zone.to_datetime(moment);
        Self { weekday: shown.weekday(), hour: shown.hour(), minute: shown.minute() }
    }

    /// The next such moment after `now` in `zone`. A time that a change of the clocks skips is the
    /// first moment after it; a time that comes twice is the first of the two still to come.
    /// `None` at the end of time (the year 9999).
    #[must_use]
    pub fn next_after(self, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let today = zone.to_datetime(now).date();
        let time = Time::new(self.hour, self.minute, 0, 0).ok()?;
        // Eight days: the same weekday may lie behind `now` today and ahead of it in a week. One
        // more in front, since a skipped midnight is found on the day after its date.
        (-1..=8).find_map(|days| {
            let date = today.checked_add(Span::new().days(days)).ok()?;
            if date.weekday() != self.weekday {
                return None;
            }
            moments(date.to_datetime(time), zone).into_iter().flatten().find(|&at| at > now)
        })
    }

    /// Minutes from Monday 00:00.
    fn minute_of_week(self) -> u32 {
        let day = u32::from(self.weekday.to_monday_zero_offset().unsigned_abs());
        (day * 24 + u32::from(self.hour.unsigned_abs())) * 60
            + u32::from(self.minute.unsigned_abs())
    }
}

/// `Tue 01pm`, or `Tue 01:30pm` off the hour.
impl fmt::Display for WeekTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = match self.weekday {
            Weekday::Monday => "Mon",
            Weekday::Tuesday => "Tue",
            Weekday::Wednesday => "Wed",
            Weekday::Thursday => "Thu",
            Weekday::Friday => "Fri",
            Weekday::Saturday => "Sat",
            Weekday::Sunday => "Sun",
        };
        let (hour, half) = match self.hour {
            0 => (12, "am"),
            hour @ 1..=11 => (hour, "am"),
            12 => (12, "pm"),
            hour => (hour - 12, "pm"),
        };
        match self.minute {
            0 => write!(f, "{day} {hour:02}{half}"),
            minute => write!(f, "{day} {hour:02}:{minute:02}{half}"),
        }
    }
}

/// The first two of `times` whose visits of `minutes` would overlap in some week, as positions in
/// the list, the later one first. Weeks wrap around: Sunday 23:30 and Monday 00:00 overlap.
#[must_use]
pub fn first_overlap(times: &[WeekTime], minutes: u32) -> Option<(usize, usize)> {
    let mut order: Vec<(u32, usize)> =
        times.iter().enumerate().map(|(at, time)| (time.minute_of_week(), at)).collect();
    order.sort_unstable();
    let (first, last) = (order.first()?, order.last()?);
    let wrapped = ((first.0 + MINUTES_PER_WEEK, first.1), *last);
    let neighbours = order.windows(2).map(|pair| (pair[1], pair[0]));
    neighbours
        .chain(std::iter::once(wrapped))
        .filter(|(later, earlier)| later.1 != earlier.1 && later.0 - earlier.0 < minutes)
        .map(|(later, earlier)| (later.1.max(earlier.1), later.1.min(earlier.1)))
        .min()
}

fn parse_day(text: &str) -> Option<Weekday> {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let at = days.iter().position(|day| text.eq_ignore_ascii_case(day))?;
    Weekday::from_monday_zero_offset(i8::try_from(at).ok()?).ok()
}

/// Hour 0 to 23 and minute.
fn parse_time(text: &str) -> Option<(i8, i8)> {
    let (clock, half) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let afternoon = match half.to_ascii_lowercase().as_str() {
        "am" => 0,
        "pm" => 12,
        _ => return None,
    };
    let (hour, minute) = clock.split_once(':').unwrap_or((clock, "00"));
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(hour, 1..=2) || !digits(minute, 2..=2) {
        return None;
    }
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let in_range = (1..=12).contains(&hour) && (0..=59).contains(&minute);
    in_range.then_some((hour % 12 + afternoon, minute))
}

/// The moments at which clocks in `zone` show `civil`: one, two when they are set back, and the
/// moment of the change itself when they are set forward over it.
fn moments(civil: jiff::civil::DateTime, zone: &TimeZone) -> [Option<Timestamp>; 2] {
    match zone.to_ambiguous_timestamp(civil).offset() {
        AmbiguousOffset::Unambiguous { offset } => [offset.to_timestamp(civil).ok(), None],
        AmbiguousOffset::Fold { before, after } => {
            [before.to_timestamp(civil).ok(), after.to_timestamp(civil).ok()]
        }
        AmbiguousOffset::Gap { before, .. } => {
            // With the old offset, a skipped time lies at or after the change.
            let change = before.to_timestamp(civil).ok().and_then(|late| {
                let just_after = late.checked_add(SignedDuration::from_nanos(1)).ok()?;
                zone.preceding(just_after).next().map(|transition| transition.timestamp())
            });
            [change, None]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn check_next(row: (&str, &str), zone_name: &str, now: &str, expected: &str) {
        let time = WeekTime::parse(row.0, row.1).unwrap();
        let found = time.next_after(now.parse().unwrap(), &zone(zone_name)).unwrap();
        assert_eq!(found, expected.parse::<Timestamp>().unwrap(), "{row:?} {zone_name} {now}");
    }

    #[test]
    fn times_of_the_exercise_are_read_and_written() {
        for (day, time, expected) in [
            ("Tue", "01pm", Ok("Tue 01pm")),
            ("tue", "1PM", Ok("Tue 01pm")),
            ("Mon", "01:30pm", Ok("Mon 01:30pm")),
            ("Sat", "12pm", Ok("Sat 12pm")),
            ("Sat", "12am", Ok("Sat 12am")),
            ("Sun", "11:59am", Ok("Sun 11:59am")),
            ("Tues", "01pm", Err(WeekTimeError::Day)),
            ("", "01pm", Err(WeekTimeError::Day)),
            ("Tue", "13pm", Err(WeekTimeError::Time)),
            ("Tue", "0pm", Err(WeekTimeError::Time)),
            ("Tue", "1:5pm", Err(WeekTimeError::Time)),
            ("Tue", "01:60pm", Err(WeekTimeError::Time)),
            ("Tue", "+1pm", Err(WeekTimeError::Time)),
            ("Tue", "13:00", Err(WeekTimeError::Time)),
            ("Tue", "pm", Err(WeekTimeError::Time)),
            ("Tue", "m", Err(WeekTimeError::Time)),
            ("Tue", "1é", Err(WeekTimeError::Time)),
        ] {
            let found = WeekTime::parse(day, time).map(|time| time.to_string());
            assert_eq!(found, expected.map(str::to_owned), "{day} {time}");
        }
    }

    #[test]
    fn a_time_means_the_next_such_moment_still_to_come() {
        let tuesday = ("Tue", "01pm");
        check_next(tuesday, "UTC", "2026-11-22T10:00:00Z", "2026-11-24T13:00:00Z");
        check_next(tuesday, "UTC", "2026-11-24T12:59:59Z", "2026-11-24T13:00:00Z");
        check_next(tuesday, "UTC", "2026-11-24T13:00:00Z", "2026-12-01T13:00:00Z");
        check_next(tuesday, "America/New_York", "2026-11-22T10:00:00Z", "2026-11-24T18:00:00Z");
    }

    #[test]
    fn a_skipped_time_is_the_first_moment_after_the_change() {
        // New York, 8 March 2026: 02:00 to 02:59 do not exist.
        for time in ["2am", "02:30am", "02:59am"] {
            check_next(
                ("Sun", time),
                "America/New_York",
                "2026-03-07T12:00:00Z",
                "2026-03-08T07:00:00Z",
            );
        }
        // Beirut sets its clocks forward at midnight: the day begins at 01:00.
        check_next(("Sun", "12am"), "Asia/Beirut", "2024-03-30T12:00:00Z", "2024-03-30T22:00:00Z");
    }

    #[test]
    fn a_time_that_comes_twice_is_the_first_still_to_come() {
        let row = ("Sun", "01:30am");
        let new_york = "America/New_York";
        check_next(row, new_york, "2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z");
        check_next(row, new_york, "2026-11-01T05:45:00Z", "2026-11-01T06:30:00Z");
        check_next(row, new_york, "2026-11-01T06:30:00Z", "2026-11-08T06:30:00Z");
    }

    #[test]
    fn overlapping_times_are_found_around_the_week() {
        let times = |rows: &[(&str, &str)]| -> Vec<WeekTime> {
            rows.iter().map(|(day, time)| WeekTime::parse(day, time).unwrap()).collect()
        };
        let hourly = times(&[("Tue", "2pm"), ("Tue", "1pm"), ("Mon", "1pm")]);
        assert_eq!(first_overlap(&hourly, 60), None);
        assert_eq!(first_overlap(&hourly, 61), Some((1, 0)));
        assert_eq!(first_overlap(&times(&[("Mon", "12am"), ("Sun", "11:30pm")]), 60), Some((1, 0)));
        assert_eq!(first_overlap(&times(&[("Mon", "9am"), ("Mon", "9am")]), 1), Some((1, 0)));
        assert_eq!(first_overlap(&times(&[("Mon", "9am")]), 60), None);
        assert_eq!(first_overlap(&[], 60), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(day in ".{0,6}", time in ".{0,9}") {
            let _ = WeekTime::parse(&day, &time);
        }

        #[test]
        fn the_next_moment_is_ahead_within_eight_days_and_shows_the_time(
            seconds in 1_700_000_000_i64..2_000_000_000,
            day in 0_usize..7, hour in 1_u8..=12, minute in 0_u8..60, pm in any::<bool>(),
        ) {
            let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day];
            let text = format!("{hour}:{minute:02}{}", if pm { "pm" } else { "am" });
            let time = WeekTime::parse(day, &text).unwrap();
            let now = Timestamp::from_second(seconds).unwrap();
            let berlin = zone("Europe/Berlin");
            let next = time.next_after(now, &berlin).unwrap();
            prop_assert!(next > now);
            prop_assert!(next.duration_since(now) <= SignedDuration::from_hours(8 * 24));
            let skipped = berlin.preceding(next.checked_add(SignedDuration::from_nanos(1)).unwrap())
                .next().is_some_and(|change| change.timestamp() == next);
            prop_assert!(WeekTime::at(next, &berlin) == time || skipped);
        }
    }
}
