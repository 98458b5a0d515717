//! Slots: the pieces of a doctor's time that can be booked.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{Doctor, Service};

/// A slot's identity: never used twice, so that a stale list can never book another moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SlotId(pub i64);

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text is not a slot index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not an index, expected a whole number from 1 to {}", u32::MAX)]
pub struct SlotIndexError;

/// The number a patient types to choose a slot: 1 or more, unique among the slots that have not
/// begun. It is written as a string wherever it leaves the program as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SlotIndex(u32);

impl SlotIndex {
    /// Checks and keeps `number`.
    ///
    /// # Errors
    /// When it is 0.
    pub fn new(number: u32) -> Result<Self, SlotIndexError> {
        if number == 0 { Err(SlotIndexError) } else { Ok(Self(number)) }
    }

    /// The number, 1 or more.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0
    }
}

/// Digits only (leading zeros allowed), 1 to 4,294,967,295.
impl FromStr for SlotIndex {
    type Err = SlotIndexError;
    fn from_str(text: &str) -> Result<Self, SlotIndexError> {
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(SlotIndexError);
        }
        text.parse().map_err(|_| SlotIndexError).and_then(Self::new)
    }
}

impl TryFrom<String> for SlotIndex {
    type Error = SlotIndexError;
    fn try_from(text: String) -> Result<Self, SlotIndexError> {
        text.parse()
    }
}

impl From<SlotIndex> for String {
    fn from(index: SlotIndex) -> String {
        index.to_string()
    }
}

impl fmt::Display for SlotIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A bookable piece of a doctor's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Never used twice.
    pub id: SlotId,
    /// What a patient types; unique among the slots that have not begun.
    pub index: SlotIndex,
    /// Whose time it is.
    pub doctor: Doctor,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends, after `start`. Slots of one doctor never overlap.
    pub end: Timestamp,
    /// The kind of visit it is for.
    pub service: Service,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_a_whole_number_from_one() {
        assert_eq!("2".parse(), SlotIndex::new(2));
        assert_eq!("002".parse(), SlotIndex::new(2));
        for text in ["", "0", "-1", "+1", "1.0", " 1", "1000000000000000000000000000000", "١"] {
            assert_eq!(text.parse::<SlotIndex>(), Err(SlotIndexError), "{text}");
        }
    }
}
