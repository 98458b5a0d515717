//! The same question answered in the simplest way: every order is tried. It shares no line with the
//! search.

use std::collections::BTreeSet;

use super::super::{Entry, EntryKind, Op};

/// An operation of the history, with the places of its lines.
#[derive(Debug, Clone)]
pub(super) struct Whole {
    pub(super) begin: usize,
    /// The time of its begin.
    pub(super) begun: u64,
    /// `None` when it may happen at any moment after its begin, or never.
    pub(super) end: Option<usize>,
    pub(super) ended: Entry,
}

impl Whole {
    /// Whether it was over when the other began: by time, and at one time by the lines of one process.
    fn is_before(&self, other: &Self) -> bool {
        let Some(end) = self.end else { return false };
        let same = self.ended.process == other.ended.process && other.end.is_some();
        self.ended.time < other.begun
            || (same && self.ended.time == other.begun && end < other.begin)
    }
}

/// Whether every slot of these lines, which stand in the order of time, behaved.
pub(super) fn holds(lines: &[Entry]) -> bool {
    let operations = operations(lines);
    slots(lines).iter().all(|slot| slot_holds(&operations, slot, &[None]))
}

/// All slots that are named.
pub(super) fn slots(lines: &[Entry]) -> BTreeSet<String> {
    lines
        .iter()
        .flat_map(|line| line.slot.iter().chain(line.free.iter().flatten()).cloned())
        .collect()
}

/// Each begin with its end.
pub(super) fn operations(lines: &[Entry]) -> Vec<Whole> {
    let mut operations: Vec<Whole> = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        if line.kind == EntryKind::Invoke {
            let ended = Entry { kind: EntryKind::Info, ..line.clone() };
            operations.push(Whole { begin: place, begun: line.time, end: None, ended });
            continue;
        }
        let own = operations.iter_mut().rfind(|other| other.ended.process == line.process).unwrap();
        own.end = Some(place).filter(|_| line.kind != EntryKind::Info);
        own.ended = line.clone();
    }
    operations
}

/// Whether a slot behaved that was in one of `starts` before.
pub(super) fn slot_holds(operations: &[Whole], slot: &str, starts: &[Option<String>]) -> bool {
    let about: Vec<&Whole> = operations.iter().filter(|one| is_about(&one.ended, slot)).collect();
    starts.iter().any(|start| can_go_on(&about, slot, start.as_deref()))
}

fn is_about(ended: &Entry, slot: &str) -> bool {
    match ended.op {
        Op::Book | Op::Cancel => ended.slot.as_deref() == Some(slot),
        Op::List => {
            let shown = ended.free.iter().flatten().any(|free| free == slot);
            ended.kind == EntryKind::Ok && (shown || !ended.partial)
        }
    }
}

/// Whether what is left can happen in some order, from this holder on.
fn can_go_on(left: &[&Whole], slot: &str, holder: Option<&str>) -> bool {
    if left.iter().all(|one| one.end.is_none()) {
        return true;
    }
    (0..left.len()).any(|next| {
        let one = left[next];
        let is_late = left.iter().any(|other| other.is_before(one));
        let rest: Vec<&Whole> = left
            .iter()
            .enumerate()
            .filter(|&(place, _)| place != next)
            .map(|(_, one)| *one)
            .collect();
        !is_late
            && after(&one.ended, slot, holder).is_some_and(|holder| can_go_on(&rest, slot, holder))
    })
}

/// Who holds the slot after it; `None` when it cannot happen now.
fn after<'a>(ended: &'a Entry, slot: &str, holder: Option<&'a str>) -> Option<Option<&'a str>> {
    let patient = ended.patient.as_str();
    let own = holder == Some(patient);
    let (can, then) = match (ended.op, ended.kind) {
        (Op::Book, EntryKind::Fail) => (holder.is_some() && !own, holder),
        (Op::Book, _) => (holder.is_none() || own, Some(patient)),
        (Op::Cancel, EntryKind::Fail) => (!own, holder),
        (Op::Cancel, _) => (own, None),
        (Op::List, _) => {
            let shown = ended.free.iter().flatten().any(|free| free == slot);
            (shown == holder.is_none(), holder)
        }
    };
    can.then_some(then)
}
