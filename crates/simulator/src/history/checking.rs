//! Checking a whole history, and telling what came of it.

use super::offence::{Window, smallest, why};
use super::reading::{History, Outcome};
use super::search::{Found, Start, search};
use super::slots::{BySlot, Task, TaskKind};
use super::{EntryKind, Op};

/// Of how many slots that do not hold the smallest offending part is sought.
const EXPLAINED_MAX: usize = 8;

/// How many slots are named that nothing could be said of.
const NAMED_MAX: usize = 8;

/// What a history comes to.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// How many lines there were.
    pub lines: u32,
    /// How many slots were named.
    pub slots: usize,
    /// How many operations of each kind there were, those of [`Counts::KINDS`].
    pub counts: [Counts; 3],
    /// How many slots have no order that agrees with the times.
    pub violated: usize,
    /// The smallest part that cannot be, of one of these; `None` when there is none.
    pub offence: Option<Offence>,
    /// How many slots have too many orders to be decided.
    pub undecided: usize,
    /// Some of those, by name.
    pub undecided_slots: Vec<String>,
}

/// Operations of one kind, by their ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Done.
    pub ok: usize,
    /// Refused.
    pub fail: usize,
    /// Of unknown outcome, also for want of an end.
    pub info: usize,
}

impl Counts {
    /// What each of [`Verdict::counts`] is about.
    pub const KINDS: [Op; 3] = [Op::Book, Op::Cancel, Op::List];
}

/// A part of a history that cannot be, whatever the rest was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offence {
    /// Which slot.
    pub slot: String,
    /// Why, in a sentence.
    pub why: String,
    /// Whether it counts that the slot was free at the beginning of the history.
    pub from_the_beginning: bool,
    /// The operations it takes, in the order of their begins.
    pub operations: Vec<Blamed>,
}

/// One operation of an offence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blamed {
    /// Who did it.
    pub process: u64,
    /// What.
    pub op: Op,
    /// For whom.
    pub patient: String,
    /// How it ended.
    pub kind: EntryKind,
    /// Of a list: whether it shows the slot.
    pub shown: bool,
    /// The lines of its begin and its end, from 1.
    pub lines: (u32, u32),
    /// When it began and ended, in nanoseconds.
    pub times: (u64, u64),
}

/// Checks all slots, which are free at first.
#[must_use]
pub fn check(history: &History) -> Verdict {
    let by_slot = BySlot::new(history);
    let mut verdict = Verdict {
        lines: history.lines(),
        slots: history.slots.len(),
        counts: counts(history),
        violated: 0,
        offence: None,
        undecided: 0,
        undecided_slots: Vec::new(),
    };
    let numbers = 0..u32::try_from(history.slots.len()).expect("slots are numbered in 32 bits");
    for slot in numbers {
        let tasks = by_slot.tasks(slot);
        match search(&tasks, Start::Free) {
            Found::Order => {}
            Found::Undecided => {
                verdict.undecided += 1;
                if verdict.undecided_slots.len() < NAMED_MAX {
                    verdict.undecided_slots.push(history.slots.name(slot).to_owned());
                }
            }
            Found::NoOrder(last) => {
                verdict.violated += 1;
                if verdict.violated <= EXPLAINED_MAX {
                    let offence = offence(history, slot, &smallest(&tasks, last));
                    let size = |offence: &Offence| offence.operations.len();
                    if verdict.offence.as_ref().is_none_or(|other| size(other) > size(&offence)) {
                        verdict.offence = Some(offence);
                    }
                }
            }
        }
    }
    verdict
}

fn counts(history: &History) -> [Counts; 3] {
    let mut counts = [Counts::default(); 3];
    for operation in &history.operations {
        let place = Counts::KINDS.iter().position(|&op| op == operation.op);
        let of_kind = &mut counts[place.expect("all kinds are counted")];
        match operation.outcome {
            Outcome::Done | Outcome::Listed { .. } => of_kind.ok += 1,
            Outcome::Refused => of_kind.fail += 1,
            Outcome::Unknown => of_kind.info += 1,
        }
    }
    counts
}

fn offence(history: &History, slot: u32, window: &Window) -> Offence {
    let name = |patient: u32| history.patients.name(patient).to_owned();
    Offence {
        slot: history.slots.name(slot).to_owned(),
        why: why(window, name),
        from_the_beginning: window.start == Start::Free,
        operations: window.tasks.iter().map(|task| blamed(history, task)).collect(),
    }
}

fn blamed(history: &History, task: &Task) -> Blamed {
    let operation = &history.operations[task.source as usize];
    let end = task.end.unwrap_or(task.begin);
    Blamed {
        process: operation.process,
        op: operation.op,
        patient: history.patients.name(operation.patient).to_owned(),
        kind: match operation.outcome {
            Outcome::Done | Outcome::Listed { .. } => EntryKind::Ok,
            Outcome::Refused => EntryKind::Fail,
            Outcome::Unknown => EntryKind::Info,
        },
        shown: task.kind == TaskKind::Free,
        lines: (task.begin.line, end.line),
        times: (task.begin.time, end.time),
    }
}
