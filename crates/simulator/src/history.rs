//! Histories of operations in Jepsen's terms, and the check that they are linearizable for slots.
//!
//! An [`Entry`] is a line of a history, a [`Recorder`] writes them.

mod recorder;

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
