//! Working hours that repeat, cut into slots.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use store::NewSlot;
use thiserror::Error;

/// The most slots that are published at once.
pub const SLOTS_AT_ONCE_MAX: usize = 1_000;
/// The longest stretch of days that is published at once: a year and a day.
const DAYS_MAX: i32 = 366;
/// The longest slot, in minutes: a day.
const MINUTES_MAX: u32 = 24 * 60;

/// Working hours that repeat, as somebody says them: "Mondays and Thursdays from 8 to 12, a visit each
/// quarter of an hour, until Easter".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// The first day.
    pub from_day: Date,
    /// The last day.
    pub to_day: Date,
    /// On which days of the week.
    pub weekdays: Vec<Weekday>,
    /// When the first slot of a day begins.
    pub from_time: Time,
    /// When the last one has ended; midnight is the end of the day.
    pub to_time: Time,
    /// How long each slot is, in minutes.
    pub minutes: u32,
}

/// Why no slots are made of a timetable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum TimetableError {
    /// The last day is before the first.
    #[error("ends before it begins")]
    DaysReversed,
    /// More than a year.
    #[error("is longer than {DAYS_MAX} days")]
    TooManyDays,
    /// The hours end before they begin.
    #[error("has hours that end before they begin")]
    TimesReversed,
    /// A slot of no time, or of more than a day.
    #[error("has slots that are not 1 to {MINUTES_MAX} minutes long")]
    Minutes,
    /// More than [`SLOTS_AT_ONCE_MAX`].
    #[error("has more than {SLOTS_AT_ONCE_MAX} slots")]
    TooManySlots,
    /// Not one that is still to come.
    #[error("has no slot to come")]
    Nothing,
}

impl Timetable {
    /// The slots in `zone` that begin after `now`, in order. Clocks that are put forward leave out what
    /// they jump over; clocks that are put back show an hour twice, and the first one counts. No slot
    /// is shorter than it says, and none overlaps another.
    ///
    /// # Errors
    /// When there is none, or too many, or the timetable is none.
    pub fn slots(&self, zone: &TimeZone, now: Timestamp) -> Result<Vec<NewSlot>, TimetableError> {
        if self.to_day < self.from_day {
            return Err(TimetableError::DaysReversed);
        }
        let days = self.to_day.since(self.from_day).map_err(|_| TimetableError::TooManyDays)?;
        if days.get_days() >= DAYS_MAX {
            return Err(TimetableError::TooManyDays);
        }
        if self.to_time <= self.from_time && self.to_time != Time::midnight() {
            return Err(TimetableError::TimesReversed);
        }
        if !(1..=MINUTES_MAX).contains(&self.minutes) {
            return Err(TimetableError::Minutes);
        }
        let mut slots: Vec<NewSlot> = Vec::new();
        for day in self.from_day.series(jiff::Span::new().days(1)) {
            if day > self.to_day {
                break;
            }
            if self.weekdays.contains(&day.weekday()) {
                self.slots_of(day, zone, now, &mut slots)?;
            }
        }
        if slots.is_empty() { Err(TimetableError::Nothing) } else { Ok(slots) }
    }

    fn slots_of(
        &self,
        day: Date,
        zone: &TimeZone,
        now: Timestamp,
        slots: &mut Vec<NewSlot>,
    ) -> Result<(), TimetableError> {
        let minutes = i64::from(self.minutes);
        let last_day = if self.to_time == Time::midnight() { day.tomorrow() } else { Ok(day) };
        let Ok(last_day) = last_day else { return Ok(()) };
        let last = last_day.to_datetime(self.to_time);
        let Ok(over) = zone.to_timestamp(last) else { return Ok(()) };
        let beginnings = day
            .to_datetime(self.from_time)
            .series(jiff::Span::new().minutes(minutes))
            .take_while(|beginning| *beginning < last);
        for beginning in beginnings {
            let ambiguous = zone.to_ambiguous_timestamp(beginning);
            if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
                continue;
            }
            let Ok(start) = ambiguous.compatible() else { continue };
            let end = start + SignedDuration::from_mins(minutes);
            let overlaps = slots.last().is_some_and(|before| before.end > start);
            if start <= now || end > over || overlaps {
                continue;
            }
            if slots.len() == SLOTS_AT_ONCE_MAX {
                return Err(TimetableError::TooManySlots);
            }
            slots.push(NewSlot { start, end });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;

    fn mornings() -> Timetable {
        Timetable {
            from_day: date(2027, 3, 25),
            to_day: date(2027, 3, 29),
            weekdays: vec![Weekday::Thursday, Weekday::Monday],
            from_time: time(8, 0, 0, 0),
            to_time: time(9, 0, 0, 0),
            minutes: 25,
        }
    }

    fn check(timetable: &Timetable, expected: &[&str]) {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let slots = timetable.slots(&zone, Timestamp::UNIX_EPOCH).unwrap();
        let said: Vec<String> = slots
            .iter()
            .map(|slot| {
                let start = slot.start.to_zoned(zone.clone()).strftime("%d %H:%M %:z").to_string();
                format!("{start} {}", slot.end.duration_since(slot.start).as_mins())
            })
            .collect();
        assert_eq!(said, expected);
    }

    #[test]
    fn hours_are_those_of_the_wall_clock_on_both_sides_of_summer_time() {
        let expected = [
            "25 08:00 +01:00 25",
            "25 08:25 +01:00 25",
            "29 08:00 +02:00 25",
            "29 08:25 +02:00 25",
        ];
        check(&mornings(), &expected);
    }

    #[test]
    fn what_clocks_jump_over_is_left_out_and_nothing_overlaps() {
        let night = Timetable {
            from_day: date(2027, 3, 28),
            to_day: date(2027, 3, 28),
            weekdays: vec![Weekday::Sunday],
            from_time: time(1, 0, 0, 0),
            to_time: time(5, 0, 0, 0),
            minutes: 45,
        };
        // 02:30 is not on the clock, and 01:45 lasts until 03:30.
        let expected = ["28 01:00 +01:00 45", "28 01:45 +01:00 45", "28 04:00 +02:00 45"];
        check(&night, &expected);
    }

    #[test]
    fn an_hour_that_comes_twice_is_published_once() {
        let night = Timetable {
            from_day: date(2027, 10, 31),
            to_day: date(2027, 10, 31),
            weekdays: vec![Weekday::Sunday],
            from_time: time(1, 0, 0, 0),
            to_time: time(4, 0, 0, 0),
            minutes: 60,
        };
        let expected = ["31 01:00 +02:00 60", "31 02:00 +02:00 60", "31 03:00 +01:00 60"];
        check(&night, &expected);
    }

    #[test]
    fn midnight_is_the_end_of_the_day() {
        let late = Timetable {
            from_time: time(23, 0, 0, 0),
            to_time: Time::midnight(),
            minutes: 30,
            to_day: date(2027, 3, 25),
            ..mornings()
        };
        check(&late, &["25 23:00 +01:00 30", "25 23:30 +01:00 30"]);
    }

    #[test]
    fn what_is_no_timetable_is_told() {
        let refused = |timetable: &Timetable, now: &str| {
            timetable.slots(&TimeZone::UTC, now.parse().unwrap()).unwrap_err()
        };
        let (early, late) = ("2027-01-01T00:00Z", "2028-01-01T00:00Z");
        let table = mornings();
        let reversed = Timetable { to_day: date(2027, 3, 24), ..table.clone() };
        assert_eq!(refused(&reversed, early), TimetableError::DaysReversed);
        let long = Timetable { to_day: date(2028, 4, 24), ..table.clone() };
        assert_eq!(refused(&long, early), TimetableError::TooManyDays);
        let backwards = Timetable { to_time: time(8, 0, 0, 0), ..table.clone() };
        assert_eq!(refused(&backwards, early), TimetableError::TimesReversed);
        let nothing = Timetable { minutes: 0, ..table.clone() };
        assert_eq!(refused(&nothing, early), TimetableError::Minutes);
        let all_year = Timetable { to_day: date(2028, 3, 23), minutes: 1, ..table.clone() };
        assert_eq!(refused(&all_year, early), TimetableError::TooManySlots);
        assert_eq!(refused(&table, late), TimetableError::Nothing);
    }
}
