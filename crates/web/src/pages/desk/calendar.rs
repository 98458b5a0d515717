//! Days and doctors as the desk's addresses name them: a day as itself, a doctor by a key.

use center::errand::{DoctorRecord, clinic};
use domain::DoctorName;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::Site;
use crate::language::Words;
use crate::pages::doctor_key;
use crate::problem::Problem;

/// The doctors there are to choose from, and how they are called.
pub(crate) struct Doctors(Vec<DoctorChoice>);

/// A doctor, as a list offers one.
#[derive(Debug, Clone)]
pub(crate) struct DoctorChoice {
    pub(crate) name: DoctorName,
    /// What stands for the doctor in an address.
    pub(crate) key: String,
    /// What people call the doctor.
    pub(crate) shown: String,
}

impl Doctors {
    pub(crate) async fn of(site: &Site, words: &Words) -> Result<Self, Problem> {
        let clinic = site.runtime.run(clinic(runtime::now())).await;
        let clinic = clinic.map_err(|no| Problem::of(words.clone(), no))?;
        let choice = |record: DoctorRecord| {
            let name = record.doctor.name;
            let shown = record.shown_name.map_or_else(|| name.to_string(), String::from);
            DoctorChoice { key: doctor_key(&name), name, shown }
        };
        Ok(Self(clinic.doctors.into_iter().map(choice).collect()))
    }

    pub(crate) fn all(&self) -> &[DoctorChoice] {
        &self.0
    }

    /// The doctor behind a key; `None` for a key of nobody here.
    pub(crate) fn by_key(&self, key: &str) -> Option<&DoctorChoice> {
        self.0.iter().find(|choice| choice.key == key)
    }

    /// A doctor, also one who has left the clinic since.
    pub(crate) fn choice(&self, name: &DoctorName) -> DoctorChoice {
        let left =
            || DoctorChoice { name: name.clone(), key: doctor_key(name), shown: name.to_string() };
        self.0.iter().find(|choice| choice.name == *name).cloned().unwrap_or_else(left)
    }
}

/// The day that an address asks for; today where it asks for none.
pub(crate) fn day_of(text: Option<&str>, now: Timestamp, zone: &TimeZone) -> Date {
    let asked = text.and_then(|text| text.parse::<Date>().ok());
    // A day at the edge of the calendar has no neighbours to go to.
    let asked = asked.filter(|day| (2000..=9000).contains(&day.year()));
    asked.unwrap_or_else(|| now.to_zoned(zone.clone()).date())
}

/// The day `days` after another one.
pub(crate) fn days_after(day: Date, days: i32) -> Date {
    day.saturating_add(jiff::Span::new().days(days))
}

/// From the first moment of `day` to the first one `days` later, on the clocks of `zone`.
pub(crate) fn bounds(day: Date, days: i32, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let first = |day: Date| match zone.to_zoned(day.at(0, 0, 0, 0)) {
        Ok(zoned) => zoned.start_of_day().map_or_else(|_| zoned.timestamp(), |it| it.timestamp()),
        Err(_) => Timestamp::MAX,
    };
    (first(day), first(days_after(day, days)))
}

/// The path to a day's or a week's sheet.
pub(crate) fn path_of(page: &str, day: Date, doctor: Option<&str>) -> String {
    match doctor {
        Some(key) => format!("{page}?day={day}&doctor={key}"),
        None => format!("{page}?day={day}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_has_as_many_hours_as_its_clock_says() {
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        let hours = |day| {
            let (from, until) = bounds(day, 1, &zone);
            until.duration_since(from).as_hours()
        };
        assert_eq!(hours(date(2027, 3, 27)), 24);
        assert_eq!(hours(date(2027, 3, 28)), 23);
        assert_eq!(hours(date(2027, 10, 31)), 25);
    }

    #[test]
    fn what_is_no_day_is_today() {
        let now = "2026-11-23T23:30:00Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Madrid").unwrap();
        assert_eq!(day_of(Some("2026-12-01"), now, &zone), date(2026, 12, 1));
        for text in [None, Some(""), Some("tomorrow"), Some("9999-12-31")] {
            assert_eq!(day_of(text, now, &zone), date(2026, 11, 24));
        }
    }
}
