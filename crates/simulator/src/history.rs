//! Histories of operations in Jepsen's terms, and the check that they are linearizable for slots.
//!
//! An [`Entry`] is a line of a history, a [`Recorder`] writes them, [`History::read`] reads them, and
//! [`check`] says whether every slot behaved as if its operations had been done one after another, each
//! at some moment between its begin and its end: at first it is free; `book` makes it the patient's,
//! `cancel` makes it free again. An `ok` book by the present holder only looks. A refused book says
//! that *another* patient held the slot at some moment between, which is stricter than Jepsen's `fail`
//! (it did not happen); a refused cancel says that the patient did not hold it. What is of unknown
//! outcome takes effect at any moment after its begin, or never.

mod checking;
mod offence;
mod reading;
mod recorder;
mod search;
mod slots;
#[cfg(test)]
mod tests;

pub use checking::{Blamed, Counts, Offence, Verdict, check};
pub use reading::{History, LINE_BYTES_MAX, LINES_MAX, Unreadable};
pub use recorder::{End, Extent, Open, Operation, Recorder};

use serde::{Deserialize, Serialize};

/// One line of a history: an operation begins, or ends in one of three ways.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Whoever does one thing after another; a process has at most one operation open.
    pub process: u64,
    /// Whether it begins, or how it ended.
    #[serde(rename = "type")]
    pub kind: EntryKind,
    /// What is done.
    pub op: Op,
    /// The slot; `None` for a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<String>,
    /// For whom.
    pub patient: String,
    /// When, in nanoseconds on one clock for the whole history.
    pub time: u64,
    /// Of a list that went well: the free slots; `None` for all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free: Option<Vec<String>>,
    /// Of a list: whether there may be free slots that it does not have (it has a page's end, or shows
    /// only the next days); then only the slots in it are judged.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// How a line of a history reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntryKind {
    /// It begins.
    Invoke,
    /// It was done.
    Ok,
    /// It was refused: somebody else held the slot at some moment between.
    Fail,
    /// Nobody knows: it was done or not, or will be.
    Info,
}

/// What can be done to slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// Take a slot.
    Book,
    /// Give it back.
    Cancel,
    /// Look which are free.
    List,
}

impl Entry {
    /// As a line of JSON, with its line feed.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = serde_json::to_string(self).expect("strings and numbers are JSON");
        line.push('\n');
        line
    }
}
