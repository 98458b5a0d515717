//! Days and parts of days of the center's calendar as stretches of time. A day may have 23 or 25 hours;
//! its morning ends when the clocks show noon.

use center::errand::Window;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::filters::TimeOfDay;

/// How far ahead slots are looked for, in days.
pub(super) const DAYS_LOOKED_AT: i32 = 90;
/// The hour at which the afternoon begins.
const NOON: i8 = 12;
/// The hour at which the evening begins.
const EVENING: i8 = 17;

/// The part `time` of each of the `days` days from `first` on.
pub(super) fn windows(zone: &TimeZone, first: Date, days: i32, time: TimeOfDay) -> Vec<Window> {
    let nth = |day: i32| first.checked_add(Span::new().days(day)).ok();
    if time == TimeOfDay::Any {
        let whole = || between(zone, midnight(first), midnight(nth(days)?));
        return whole().into_iter().collect();
    }
    let part = |day: i32| {
        let (date, next) = (nth(day)?, nth(day + 1)?);
        let (from, until) = match time {
            TimeOfDay::Any => (midnight(date), midnight(next)),
            TimeOfDay::Morning => (midnight(date), date.at(NOON, 0, 0, 0)),
            TimeOfDay::Afternoon => (date.at(NOON, 0, 0, 0), date.at(EVENING, 0, 0, 0)),
            TimeOfDay::Evening => (date.at(EVENING, 0, 0, 0), midnight(next)),
        };
        between(zone, from, until)
    };
    (0..days).filter_map(part).collect()
}

fn midnight(date: Date) -> DateTime {
    date.at(0, 0, 0, 0)
}

fn between(zone: &TimeZone, from: DateTime, until: DateTime) -> Option<Window> {
    let (from, until) = (moment(zone, from)?, moment(zone, until)?);
    (from < until).then_some(Window { from, until })
}

/// When the clocks first show `time`, or would if they were not put forward just then.
fn moment(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    zone.to_ambiguous_zoned(time).compatible().ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn check(zone: &str, first: Date, time: TimeOfDay, expected: &[(&str, &str)]) {
        let zone = TimeZone::get(zone).unwrap();
        let days = i32::try_from(expected.len()).unwrap();
        let found: Vec<(String, String)> = windows(&zone, first, days, time)
            .into_iter()
            .map(|window| (window.from.to_string(), window.until.to_string()))
            .collect();
        let expected: Vec<(String, String)> =
            expected.iter().map(|(from, until)| ((*from).into(), (*until).into())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_morning_ends_at_noon_also_on_the_days_when_clocks_change() {
        let spring = [
            ("2027-03-27T23:00:00Z", "2027-03-28T10:00:00Z"),
            ("2027-03-28T22:00:00Z", "2027-03-29T10:00:00Z"),
        ];
        check("Europe/Madrid", date(2027, 3, 28), TimeOfDay::Morning, &spring);
        let autumn = [
            ("2027-10-30T22:00:00Z", "2027-10-31T11:00:00Z"),
            ("2027-10-31T23:00:00Z", "2027-11-01T11:00:00Z"),
        ];
        check("Europe/Madrid", date(2027, 10, 31), TimeOfDay::Morning, &autumn);
    }

    #[test]
    fn the_parts_of_a_day_leave_no_gap_and_do_not_overlap() {
        for zone in ["Europe/Madrid", "America/Havana", "Australia/Lord_Howe", "UTC"] {
            let zone = TimeZone::get(zone).unwrap();
            let first = date(2027, 3, 1);
            let whole = windows(&zone, first, 365, TimeOfDay::Any);
            let [whole] = whole.as_slice() else { panic!("{whole:?}") };
            let parts = [TimeOfDay::Morning, TimeOfDay::Afternoon, TimeOfDay::Evening];
            let mut parts: Vec<Window> =
                parts.into_iter().flat_map(|time| windows(&zone, first, 365, time)).collect();
            parts.sort_by_key(|window| window.from);
            assert_eq!(parts.len(), 3 * 365);
            assert_eq!((parts[0].from, parts[1_094].until), (whole.from, whole.until));
            assert!(parts.windows(2).all(|pair| pair[0].until == pair[1].from));
        }
    }

    #[test]
    fn the_calendar_ends_somewhere() {
        let found = windows(&TimeZone::UTC, Date::MAX, 2, TimeOfDay::Morning);
        assert!(found.is_empty(), "{found:?}");
    }
}
