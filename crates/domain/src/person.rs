//! Who a patient is, and for whom an account acts.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, date};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Contact, PersonName};

/// The earliest birth date that is taken: nobody alive is older.
const EARLIEST_BIRTH: Date = date(1890, 1, 1);

/// A day on which somebody was born (ISO 8601, `1971-02-28`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate(Date);

/// A text is no birth date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is no birth date, expected YYYY-MM-DD, not before {EARLIEST_BIRTH}")]
pub struct BirthDateError;

impl BirthDate {
    /// The day itself.
    #[must_use]
    pub const fn date(self) -> Date {
        self.0
    }
}

impl FromStr for BirthDate {
    type Err = BirthDateError;
    fn from_str(text: &str) -> Result<Self, BirthDateError> {
        let date: Date = text.parse().map_err(|_| BirthDateError)?;
        // The parser takes a time behind the day, too.
        let whole = text.len() == "YYYY-MM-DD".len();
        if whole && date >= EARLIEST_BIRTH { Ok(Self(date)) } else { Err(BirthDateError) }
    }
}

impl TryFrom<String> for BirthDate {
    type Error = BirthDateError;
    fn try_from(text: String) -> Result<Self, BirthDateError> {
        text.parse()
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> String {
        date.to_string()
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who a patient is, as far as the center knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    /// What the person is called; `None` when it is not known.
    pub name: Option<PersonName>,
    /// When the person was born; `None` when it is not known.
    pub birth_date: Option<BirthDate>,
    /// How to reach the person; `None` when that is not known.
    pub contact: Option<Contact>,
}

/// What a patient is to the account that acts for the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// The account's owner.
    Myself,
    /// Somebody whom the owner acts for: a child, a parent.
    Dependant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_date_is_a_day_of_the_calendar() {
        assert_eq!("1971-02-28".parse::<BirthDate>().unwrap().to_string(), "1971-02-28");
        for wrong in ["", "1971-02-29", "28.02.1971", "1889-12-31", "1971-02-28T10:00", "19710228"]
        {
            assert_eq!(wrong.parse::<BirthDate>(), Err(BirthDateError), "{wrong}");
        }
    }
}
