//! Values that a scenario writes as words or numbers: each is checked where it stands, and a mistake says
//! what was expected.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::time::Duration;

use domain::NameError;
use jiff::tz::TimeZone;
use serde::de::{Deserialize, Deserializer, Error, Visitor};

use crate::plan::{Choice, FaultLevel};

/// The longest time that a scenario may name.
const TIME_MAX: Duration = Duration::from_hours(24 * 366);

/// Something that is written as a string.
pub(super) trait FromWords: Sized {
    /// What should stand there.
    const WHAT: &'static str;

    /// What that looks like.
    const EXPECTED: &'static str;

    /// Reads it; `None` when it is something else.
    fn from_words(text: &str) -> Option<Self>;
}

/// A string that was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Said<T>(pub(super) T);

impl<'de, T: FromWords> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words<T>(PhantomData<T>);
        impl<T: FromWords> Visitor<'_> for Words<T> {
            type Value = Said<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}, {}", T::WHAT, T::EXPECTED)
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Said<T>, E> {
                let wrong =
                    || E::custom(format!("{text:?} is not {}, expected {}", T::WHAT, T::EXPECTED));
                T::from_words(text).map(Said).ok_or_else(wrong)
            }
        }
        deserializer.deserialize_str(Words(PhantomData))
    }
}

/// A name, with the rules of the domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named<T>(pub(super) T);

impl<'de, T: FromStr<Err = NameError>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name<T>(PhantomData<T>);
        impl<T: FromStr<Err = NameError>> Visitor<'_> for Name<T> {
            type Value = Named<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, e.g. \"adams\"")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Named<T>, E> {
                text.parse().map(Named).map_err(|why| E::custom(format!("{text:?} {why}")))
            }
        }
        deserializer.deserialize_str(Name(PhantomData))
    }
}

/// What all chance follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(pub(super) u64);

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;
        impl Visitor<'_> for Number {
            type Value = Seed;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number of 0 or more")
            }
            fn visit_i64<E: Error>(self, given: i64) -> Result<Seed, E> {
                let wrong = |_| E::custom(format!("{given} is negative, expected 0 or more"));
                u64::try_from(given).map(Seed).map_err(wrong)
            }
        }
        deserializer.deserialize_i64(Number)
    }
}

/// A whole number from `LEAST` to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole<const LEAST: u32, const MOST: u32>(pub(super) u32);

impl<'de, const LEAST: u32, const MOST: u32> Deserialize<'de> for Whole<LEAST, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number<const LEAST: u32, const MOST: u32>;
        impl<const LEAST: u32, const MOST: u32> Visitor<'_> for Number<LEAST, MOST> {
            type Value = Whole<LEAST, MOST>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a whole number from {LEAST} to {MOST}")
            }
            fn visit_i64<E: Error>(self, given: i64) -> Result<Self::Value, E> {
                let number = u32::try_from(given).ok().filter(|n| (LEAST..=MOST).contains(n));
                number.map(Whole).ok_or_else(|| {
                    E::custom(format!("{given} is out of range, expected {LEAST} to {MOST}"))
                })
            }
        }
        deserializer.deserialize_i64(Number)
    }
}

/// Opening hours of a day: ascending, each since midnight.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Hours(pub(super) Vec<(Duration, Duration)>);

impl FromWords for Hours {
    const WHAT: &'static str = "opening hours";
    const EXPECTED: &'static str =
        "one after the other, e.g. \"08:00-12:00, 14:00-18:00\", or \"closed\"";

    fn from_words(text: &str) -> Option<Self> {
        if text == "closed" {
            return Some(Self::default());
        }
        let mut hours: Vec<(Duration, Duration)> = Vec::new();
        for part in text.split(',') {
            let (from, to) = part.trim().split_once('-')?;
            let (from, to) = (minute_of_day(from.trim())?, minute_of_day(to.trim())?);
            let before = hours.last().map_or(Duration::ZERO, |&(_, end)| end);
            if from < before || to <= from {
                return None;
            }
            hours.push((from, to));
        }
        Some(Self(hours))
    }
}

/// A time of the day to the minute, since midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Minute(pub(super) Duration);

impl FromWords for Minute {
    const WHAT: &'static str = "a time of the day";
    const EXPECTED: &'static str = "e.g. \"08:00\"";

    fn from_words(text: &str) -> Option<Self> {
        minute_of_day(text).filter(|time| *time < Duration::from_hours(24)).map(Self)
    }
}

/// An hour of the day, from 0 to 23.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hour(pub(super) u32);

impl FromWords for Hour {
    const WHAT: &'static str = "an hour of the day";
    const EXPECTED: &'static str = "\"00\" to \"23\"";

    fn from_words(text: &str) -> Option<Self> {
        two_digits(text).filter(|hour| *hour < 24).map(Self)
    }
}

/// A share of something, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Share(pub(super) f64);

impl FromWords for Share {
    const WHAT: &'static str = "a percentage";
    const EXPECTED: &'static str = "e.g. \"5%\", from \"0%\" to \"100%\"";

    fn from_words(text: &str) -> Option<Self> {
        let share = number(text.strip_suffix('%')?)? / 100.0;
        (share <= 1.0).then_some(Self(share))
    }
}

/// An amount of money, of which the currency says whether it is right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Amount(pub(super) String);

impl FromWords for Amount {
    const WHAT: &'static str = "an amount";
    const EXPECTED: &'static str = "e.g. \"30\" or \"45.50\"";

    fn from_words(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }
}

/// How many come, per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate(pub(super) f64);

impl FromWords for Rate {
    const WHAT: &'static str = "a rate";
    const EXPECTED: &'static str = "e.g. \"40/h\" or \"2/m\"";

    fn from_words(text: &str) -> Option<Self> {
        let (many, unit) = text.split_once('/')?;
        let per_second = number(many)? / unit_seconds(unit)?;
        (per_second > 0.0).then_some(Self(per_second))
    }
}

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Length(pub(super) Duration);

impl FromWords for Length {
    const WHAT: &'static str = "a time";
    const EXPECTED: &'static str = "e.g. \"20ms\", \"30s\", \"5m\", \"1h\" or \"never\"";

    fn from_words(text: &str) -> Option<Self> {
        if text == "never" { Some(Self(Duration::ZERO)) } else { length(text).map(Self) }
    }
}

/// From one length of time to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LengthRange(pub(super) Duration, pub(super) Duration);

impl FromWords for LengthRange {
    const WHAT: &'static str = "a time or two";
    const EXPECTED: &'static str = "e.g. \"20ms\" or \"20ms-80ms\"";

    fn from_words(text: &str) -> Option<Self> {
        let (least, most) = text.split_once('-').unwrap_or((text, text));
        let (least, most) = (length(least.trim())?, length(most.trim())?);
        (least <= most).then_some(Self(least, most))
    }
}

impl FromWords for TimeZone {
    const WHAT: &'static str = "an IANA time zone";
    const EXPECTED: &'static str = "e.g. \"Europe/Berlin\"";

    fn from_words(text: &str) -> Option<Self> {
        Self::get(text).ok()
    }
}

impl FromWords for Choice {
    const WHAT: &'static str = "a choice";
    const EXPECTED: &'static str = "\"soonest\", \"soon\" or \"any\"";

    fn from_words(text: &str) -> Option<Self> {
        match text {
            "soonest" => Some(Self::Earliest),
            "soon" => Some(Self::Soon),
            "any" => Some(Self::Any),
            _ => None,
        }
    }
}

impl FromWords for FaultLevel {
    const WHAT: &'static str = "a level";
    const EXPECTED: &'static str = "\"none\", \"mild\" or \"full\"";

    fn from_words(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// `08:30`, from 00:00 to 24:00, since midnight.
fn minute_of_day(text: &str) -> Option<Duration> {
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (two_digits(hour)?, two_digits(minute)?);
    let in_range = (hour < 24 && minute < 60) || (hour, minute) == (24, 0);
    in_range.then(|| Duration::from_mins(u64::from(hour * 60 + minute)))
}

fn two_digits(text: &str) -> Option<u32> {
    let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn length(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (many, unit) = text.split_at(unit);
    let seconds = number(many)? * unit_seconds(unit)?;
    Duration::try_from_secs_f64(seconds).ok().filter(|time| *time <= TIME_MAX)
}

fn unit_seconds(unit: &str) -> Option<f64> {
    match unit {
        "ms" => Some(0.001),
        "s" => Some(1.0),
        "m" => Some(60.0),
        "h" => Some(3_600.0),
        _ => None,
    }
}

/// Digits with at most one decimal point: no sign, no exponent.
fn number(text: &str) -> Option<f64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if digits { text.parse().ok() } else { None }
}
