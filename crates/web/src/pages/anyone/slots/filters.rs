//! What somebody looks for, as it stands in an address: opaque keys, a day, and how far the list was
//! read. No name, no plan and no slot.

use std::fmt;
use std::str::FromStr;

use domain::{DoctorName, Service, Specialty};
use jiff::civil::Date;
use jiff::{Span, Timestamp};
use serde::Deserialize;

use crate::pages::{doctor_key, opaque_key};

/// How far ahead a day may be chosen, in days.
const DAYS_AHEAD_MAX: i32 = 365;
/// The most slots of one start that are passed over: as many as a clinic has doctors.
const SHOWN_MAX: usize = 10_000;
/// The most doctors that are passed over.
const PASSED_MAX: usize = 10_000;

/// What stands for a name in an address: the 8 hex digits of [`opaque_key`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Key(u32);

/// A text is no key.
pub(crate) struct NotAKey;

impl FromStr for Key {
    type Err = NotAKey;
    fn from_str(text: &str) -> Result<Self, NotAKey> {
        let is_key = text.len() == 8 && text.bytes().all(|digit| digit.is_ascii_hexdigit());
        let number = u32::from_str_radix(text, 16).ok().filter(|_| is_key);
        number.map(Self).ok_or(NotAKey)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl Key {
    fn of(key: &str) -> Self {
        key.parse().unwrap_or_else(|NotAKey| unreachable!("a key is a key"))
    }

    pub(super) fn of_doctor(doctor: &DoctorName) -> Self {
        Self::of(&doctor_key(doctor))
    }

    pub(super) fn of_specialty(specialty: &Specialty) -> Self {
        Self::of(&opaque_key(specialty.as_str()))
    }

    pub(super) fn of_service(service: &Service) -> Self {
        Self::of(&opaque_key(service.as_str()))
    }
}

/// A part of each day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum TimeOfDay {
    /// All of it.
    #[default]
    Any,
    /// Until noon.
    Morning,
    /// From noon until 17:00.
    Afternoon,
    /// From 17:00 on.
    Evening,
}

impl TimeOfDay {
    pub(super) const ALL: [Self; 4] = [Self::Any, Self::Morning, Self::Afternoon, Self::Evening];

    /// What it is called in an address and in the names of messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Morning => "morning",
            Self::Afternoon => "afternoon",
            Self::Evening => "evening",
        }
    }
}

/// How slots are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum View {
    /// Earliest first.
    #[default]
    List,
    /// Seven days side by side, doctor by doctor.
    Week,
}

/// Where a page of the list ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ReadTo {
    /// The start of the last slot that was shown.
    pub(super) start: Timestamp,
    /// How many slots with this start were shown, on this page and those before.
    pub(super) shown: usize,
}

/// What somebody looks for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Filters {
    pub(super) doctor: Option<Key>,
    pub(super) specialty: Option<Key>,
    pub(super) service: Option<Key>,
    /// From this day on; `None` for today.
    pub(super) day: Option<Date>,
    pub(super) time: TimeOfDay,
    pub(super) view: View,
    /// Where the last page of the list ended; `None` for the first page.
    pub(super) read_to: Option<ReadTo>,
    /// How many doctors of the week were shown before.
    pub(super) doctors_passed: usize,
}

/// The same, as it was typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    doctor: String,
    specialty: String,
    service: String,
    day: String,
    time: String,
    view: String,
    after: String,
    shown: String,
    passed: String,
}

impl Filters {
    /// What was meant, as far as it means anything: an address may be old or shortened.
    pub(super) fn of(asked: &Asked, today: Date) -> Self {
        let last = today.checked_add(Span::new().days(DAYS_AHEAD_MAX)).unwrap_or(Date::MAX);
        let day = asked.day.parse::<Date>().ok().filter(|day| *day > today && *day <= last);
        let time = TimeOfDay::ALL.into_iter().find(|time| time.name() == asked.time);
        let view = if asked.view == "week" { View::Week } else { View::List };
        let number = |text: &str, max: usize| text.parse().ok().filter(|it| *it <= max);
        let start = asked.after.parse().ok().and_then(|it| Timestamp::from_millisecond(it).ok());
        let shown = number(&asked.shown, SHOWN_MAX).unwrap_or(0);
        Self {
            doctor: asked.doctor.parse().ok(),
            specialty: asked.specialty.parse().ok(),
            service: asked.service.parse().ok(),
            day,
            time: time.unwrap_or_default(),
            view,
            read_to: start.filter(|_| view == View::List).map(|start| ReadTo { start, shown }),
            doctors_passed: match view {
                View::List => 0,
                View::Week => number(&asked.passed, PASSED_MAX).unwrap_or(0),
            },
        }
    }

    /// The same from the beginning, in this view.
    pub(super) fn in_view(&self, view: View) -> Self {
        Self { view, read_to: None, doctors_passed: 0, ..self.clone() }
    }

    /// The next page of the list.
    pub(super) fn after(&self, read_to: ReadTo) -> Self {
        Self { read_to: Some(read_to), ..self.in_view(View::List) }
    }

    /// The same from another day on.
    pub(super) fn on_day(&self, day: Date) -> Self {
        Self { day: Some(day), ..self.in_view(self.view) }
    }

    /// Where it is found.
    pub(super) fn address(&self) -> String {
        let mut parts = Vec::new();
        let keys =
            [("doctor", self.doctor), ("specialty", self.specialty), ("service", self.service)];
        for (name, key) in keys {
            parts.extend(key.map(|key| format!("{name}={key}")));
        }
        parts.extend(self.day.map(|day| format!("day={day}")));
        if self.time != TimeOfDay::Any {
            parts.push(format!("time={}", self.time.name()));
        }
        if self.view == View::Week {
            parts.push("view=week".to_owned());
        }
        if let Some(ReadTo { start, shown }) = self.read_to {
            parts.push(format!("after={}&shown={shown}", start.as_millisecond()));
        }
        if self.doctors_passed > 0 {
            parts.push(format!("passed={}", self.doctors_passed));
        }
        if parts.is_empty() { "/slots".to_owned() } else { format!("/slots?{}", parts.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn asked(query: &str) -> Asked {
        let uri = format!("/slots?{query}").parse().unwrap();
        axum::extract::Query::try_from_uri(&uri).unwrap().0
    }

    #[test]
    fn an_address_says_what_is_looked_for_and_is_understood_again() {
        let today = date(2026, 11, 22);
        for query in [
            "doctor=0123abcd&specialty=ffffffff&service=00000000&day=2026-12-01&time=evening",
            "doctor=0123abcd&view=week&passed=4",
            "day=2026-12-01&time=morning&after=1795000000000&shown=17",
        ] {
            let filters = Filters::of(&asked(query), today);
            assert_eq!(filters.address(), format!("/slots?{query}"));
        }
    }

    #[test]
    fn what_means_nothing_is_left_out() {
        let today = date(2026, 11, 22);
        for query in [
            "doctor=&specialty=&service=&day=&time=any",
            "doctor=doc1&specialty=0123ABCG&time=night&view=month",
            "day=2026-11-22&after=x&shown=9&passed=3",
            "day=2028-11-22&shown=-1",
            "day=9999-12-31&after=99999999999999999999",
        ] {
            assert_eq!(Filters::of(&asked(query), today), Filters::default(), "{query}");
        }
    }
}
