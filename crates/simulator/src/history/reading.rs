//! Reading a history: from JSON lines to operations with a begin and an end.
//!
//! The lines of one process stand in the order in which things happened to it; those of different
//! processes may stand in any order, for example one process after another: what counts between them
//! is the time alone. Where that is the same, what ends and what begins are concurrent, for clocks may
//! be coarse; only within one process, and slot by slot, the lines still say which was first, unless
//! the second is of unknown outcome.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, Read as _};

use serde::de::{Deserialize, Deserializer, Visitor};
use thiserror::Error;

use super::{EntryKind, Op};

/// The longest line, in bytes: a list of some 100,000 slots.
pub const LINE_BYTES_MAX: usize = 4 * 1_024 * 1_024;

/// The most lines.
pub const LINES_MAX: u32 = 100_000_000;

/// Why a history cannot be read.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// The source fails.
    #[error("cannot be read ({0})")]
    Broken(#[from] io::Error),
    /// A line is none of a history.
    #[error("line {line}: {why}")]
    Line {
        /// Which, from 1.
        line: u32,
        /// What is wrong with it.
        why: String,
    },
}

/// A moment: a time, and the line that says it. At one time all begins come before all ends, so that
/// operations that only touch overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    /// In nanoseconds.
    pub(super) time: u64,
    /// Whether something ends, and does not begin.
    pub(super) ends: bool,
    /// From 1.
    pub(super) line: u32,
}

/// An operation from its begin to its end.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    pub(super) process: u64,
    pub(super) op: Op,
    /// Which of [`History::slots`]; `None` for a list.
    pub(super) slot: Option<u32>,
    /// Which of [`History::patients`].
    pub(super) patient: u32,
    pub(super) begin: Moment,
    /// `None` when there is no line for it.
    pub(super) end: Option<Moment>,
    pub(super) outcome: Outcome,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Done,
    Listed {
        /// Which of [`History::slots`], in order, each once.
        free: Vec<u32>,
        partial: bool,
    },
    Refused,
    Unknown,
}

/// All operations of a history.
#[derive(Debug, Default)]
pub struct History {
    /// In the order of their begins' lines.
    pub(super) operations: Vec<Recorded>,
    /// The names of the slots.
    pub(super) slots: Names,
    /// The names of the patients.
    pub(super) patients: Names,
    lines: u32,
}

/// Names by number.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number =
            u32::try_from(self.names.len()).expect("four billion names fit into no memory");
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    pub(super) fn name(&self, number: u32) -> &str {
        &self.names[number as usize]
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }
}

impl History {
    /// Reads all of `source`; blank lines are passed over.
    ///
    /// # Errors
    /// [`Unreadable::Line`] at the first line that is none of a history.
    pub fn read(mut source: impl BufRead) -> Result<Self, Unreadable> {
        let mut reader = Reader::default();
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            let limit = LINE_BYTES_MAX as u64 + 1;
            if source.by_ref().take(limit).read_until(b'\n', &mut bytes)? == 0 {
                return Ok(reader.history);
            }
            let line = reader.history.lines + 1;
            let wrong = |why| Unreadable::Line { line, why };
            if line > LINES_MAX {
                return Err(wrong(format!("expected at most {LINES_MAX} lines")));
            }
            if bytes.len() > LINE_BYTES_MAX {
                return Err(wrong(format!("is longer than {LINE_BYTES_MAX} bytes")));
            }
            reader.history.lines = line;
            if !bytes.trim_ascii().is_empty() {
                reader.take(line, &bytes).map_err(wrong)?;
            }
        }
    }

    /// How many lines it has.
    #[must_use]
    pub fn lines(&self) -> u32 {
        self.lines
    }
}

#[derive(Default)]
struct Reader {
    history: History,
    processes: HashMap<u64, Process>,
}

#[derive(Default)]
struct Process {
    /// The time of its last line.
    time: u64,
    /// Which operation is open; `None` when none is.
    open: Option<usize>,
}

/// A line as it stands there. What else it has is passed over.
#[derive(serde::Deserialize)]
struct Line<'a> {
    process: u64,
    #[serde(rename = "type")]
    kind: EntryKind,
    op: Op,
    #[serde(borrow, default)]
    slot: Option<Name<'a>>,
    #[serde(borrow)]
    patient: Name<'a>,
    time: u64,
    #[serde(borrow, default)]
    free: Option<Vec<Name<'a>>>,
    #[serde(default)]
    partial: bool,
}

impl Reader {
    /// What is wrong with the line comes back in words.
    fn take(&mut self, number: u32, bytes: &[u8]) -> Result<(), String> {
        let line: Line<'_> = serde_json::from_slice(bytes).map_err(|error| in_words(&error))?;
        let process = self.processes.entry(line.process).or_default();
        if line.time < process.time {
            let (id, before) = (line.process, process.time);
            return Err(format!("the time of process {id} goes back from {before}"));
        }
        process.time = line.time;
        let ends = line.kind != EntryKind::Invoke;
        let moment = Moment { time: line.time, ends, line: number };
        let history = &mut self.history;
        if line.kind == EntryKind::Invoke {
            if let Some(open) = process.open {
                let begun = history.operations[open].begin.line;
                return Err(format!(
                    "process {} begins an operation, and the one of line {begun} has no end yet",
                    line.process
                ));
            }
            process.open = Some(history.operations.len());
            history.operations.push(begun(
                &line,
                moment,
                &mut history.slots,
                &mut history.patients,
            )?);
            return Ok(());
        }
        let Some(open) = process.open.take() else {
            return Err(format!("process {} ends an operation without a begin", line.process));
        };
        let operation = &mut history.operations[open];
        if let Some(what) = difference(&line, operation, &history.slots, &history.patients) {
            let begun = operation.begin.line;
            return Err(format!("is about another {what} than its begin in line {begun}"));
        }
        operation.end = Some(moment);
        operation.outcome = outcome(line, &mut history.slots)?;
        Ok(())
    }
}

fn begun(
    line: &Line<'_>,
    begin: Moment,
    slots: &mut Names,
    patients: &mut Names,
) -> Result<Recorded, String> {
    let slot = match (line.op, &line.slot) {
        (Op::List, Some(_)) => return Err("has a slot, expected none in a list".to_owned()),
        (Op::Book | Op::Cancel, None) => return Err("has no slot".to_owned()),
        (_, slot) => slot.as_ref().map(|slot| slots.number(&slot.0)),
    };
    let patient = patients.number(&line.patient.0);
    let (process, op, outcome) = (line.process, line.op, Outcome::Unknown);
    Ok(Recorded { process, op, slot, patient, begin, end: None, outcome })
}

/// What an end and its begin do not agree about; `None` when they do.
fn difference(
    line: &Line<'_>,
    begun: &Recorded,
    slots: &Names,
    patients: &Names,
) -> Option<&'static str> {
    if line.op != begun.op {
        return Some("operation");
    }
    if line.slot.as_ref().map(|slot| &*slot.0) != begun.slot.map(|slot| slots.name(slot)) {
        return Some("slot");
    }
    (line.patient.0 != patients.name(begun.patient)).then_some("patient")
}

fn outcome(line: Line<'_>, slots: &mut Names) -> Result<Outcome, String> {
    Ok(match (line.kind, line.op, line.free) {
        (EntryKind::Ok, Op::List, Some(free)) => {
            let mut free: Vec<u32> = free.iter().map(|slot| slots.number(&slot.0)).collect();
            free.sort_unstable();
            free.dedup();
            Outcome::Listed { free, partial: line.partial }
        }
        (EntryKind::Ok, Op::List, None) => {
            return Err("is an ok list and does not say which slots are free".to_owned());
        }
        (EntryKind::Ok, Op::Book | Op::Cancel, _) => Outcome::Done,
        (EntryKind::Fail, ..) => Outcome::Refused,
        (EntryKind::Info | EntryKind::Invoke, ..) => Outcome::Unknown,
    })
}

/// Without the place in the line, which is always the first.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    format!("is no line of a history: {} (byte {})", &text[..end], error.column())
}

/// The name of a slot or a patient: a string, or a number.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(number.to_string())))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
