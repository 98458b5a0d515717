//! A history slot by slot: linearizability is local (Herlihy and Wing 1990), so each slot is judged
//! by its own operations, and a list by one reading of each slot that it says something about.

use std::collections::HashMap;

use super::Op;
use super::reading::{History, Moment, Outcome, Recorded};

/// What somebody did to one slot, or saw of it.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) kind: TaskKind,
    /// Which patient, by its number; of no meaning for what a list shows.
    pub(super) patient: u32,
    pub(super) begin: Moment,
    /// `None` when it may take effect at any moment after its begin, or never.
    pub(super) end: Option<Moment>,
    /// Which of [`History::operations`] it comes from.
    pub(super) source: u32,
}

/// What is claimed of the slot at one moment between begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TaskKind {
    /// It was free and became the patient's, or was the patient's already.
    Book,
    /// It was the patient's and became free.
    Cancel,
    /// Another patient held it.
    Refused,
    /// The patient did not hold it.
    NotHeld,
    /// It was free.
    Free,
    /// Somebody held it.
    Held,
}

impl TaskKind {
    /// Whether it may change the slot.
    pub(super) fn writes(self) -> bool {
        matches!(self, Self::Book | Self::Cancel)
    }
}

/// Where the operations of each slot are.
pub(super) struct BySlot<'a> {
    history: &'a History,
    /// For each slot, the bookings and cancellations.
    changes: Vec<Vec<u32>>,
    /// For each slot, the lists that show it as free.
    shown: Vec<Vec<u32>>,
    /// The lists that show everything, by their end.
    whole: Vec<u32>,
}

impl<'a> BySlot<'a> {
    pub(super) fn new(history: &'a History) -> Self {
        let mut changes = vec![Vec::new(); history.slots.len()];
        let mut shown = vec![Vec::new(); history.slots.len()];
        let mut whole = Vec::new();
        for (number, operation) in (0_u32..).zip(&history.operations) {
            match (&operation.outcome, operation.slot) {
                (Outcome::Listed { free, partial }, _) => {
                    for &slot in free {
                        shown[slot as usize].push(number);
                    }
                    if !partial {
                        whole.push(number);
                    }
                }
                (_, Some(slot)) => changes[slot as usize].push(number),
                (_, None) => {}
            }
        }
        let by_end = |number: &u32| end_of(&history.operations[*number as usize]);
        whole.sort_by_key(by_end);
        for lists in &mut shown {
            lists.sort_by_key(by_end);
        }
        Self { history, changes, shown, whole }
    }

    /// What was done to a slot and seen of it, in the order of begins.
    pub(super) fn tasks(&self, slot: u32) -> Vec<Task> {
        let operation = |number: u32| &self.history.operations[number as usize];
        let (changes, shown) = (&self.changes[slot as usize], &self.shown[slot as usize]);
        let mut tasks: Vec<Task> =
            changes.iter().filter_map(|&number| change(number, operation(number))).collect();
        tasks.extend(shown.iter().map(|&number| seen(number, operation(number), TaskKind::Free)));
        if !self.whole.is_empty() {
            tasks.sort_by_key(|task| task.begin);
            let held = self.held(slot, &tasks);
            tasks.extend(held);
        }
        tasks.sort_by_key(|task| task.begin);
        tasks
    }

    /// What the lists say that show everything but this slot: somebody held it. Those that follow
    /// from other operations are left out, or a list would be as many readings as there are slots.
    fn held(&self, slot: u32, tasks: &[Task]) -> Vec<Task> {
        let surely = surely_held(tasks);
        let mut moments: Vec<Moment> =
            tasks.iter().flat_map(|task| [Some(task.begin), task.end]).flatten().collect();
        moments.sort_unstable();
        let mut shown = self.shown[slot as usize].iter().peekable();
        let mut held: Vec<Task> = Vec::new();
        for &number in &self.whole {
            let list = &self.history.operations[number as usize];
            let (begin, end) = (list.begin, end_of(list));
            while shown
                .next_if(|&&other| end_of(&self.history.operations[other as usize]) < end)
                .is_some()
            {}
            if shown.peek() == Some(&&number) {
                continue;
            }
            let over = |span: &(Moment, Option<Moment>)| span.1.is_some_and(|until| until < begin);
            let next = surely.get(surely.partition_point(over));
            if next.is_some_and(|&(since, _)| since <= end) {
                continue;
            }
            // Where nothing begins or ends between two of them, both come to the same.
            let said = held.last().is_some_and(|last| {
                let after = moments.partition_point(|&moment| moment < last.begin);
                moments.get(after).is_none_or(|&moment| moment > end)
            });
            if !said {
                held.push(seen(number, list, TaskKind::Held));
            }
        }
        held
    }
}

/// The spans, in order, in which the slot was held if its bookings are true: from the end of an ok
/// booking until a cancellation of the same patient could take effect; `None` is until the end.
fn surely_held(tasks: &[Task]) -> Vec<(Moment, Option<Moment>)> {
    let mut cancels: HashMap<u32, Vec<&Task>> = HashMap::new();
    for task in tasks.iter().filter(|task| task.kind == TaskKind::Cancel) {
        cancels.entry(task.patient).or_default().push(task);
    }
    // The latest end of any cancellation up to each, so that what is open at a moment is found.
    let latest: HashMap<u32, Vec<Option<Moment>>> = cancels
        .iter()
        .map(|(&patient, cancels)| {
            let mut latest: Option<Moment> = cancels.first().and_then(|first| first.end);
            let ends = cancels.iter().map(|cancel| {
                latest = latest.zip(cancel.end).map(|(one, other)| one.max(other));
                latest
            });
            (patient, ends.collect())
        })
        .collect();
    let mut spans = Vec::new();
    for task in tasks.iter().filter(|task| task.kind == TaskKind::Book) {
        let Some(since) = task.end else { continue };
        let Some(cancels) = cancels.get(&task.patient) else {
            spans.push((since, None));
            continue;
        };
        let later = cancels.partition_point(|cancel| cancel.begin < since);
        let still_open =
            later > 0 && latest[&task.patient][later - 1].is_none_or(|end| end >= task.begin);
        if !still_open {
            spans.push((since, cancels.get(later).map(|cancel| cancel.begin)));
        }
    }
    merged(spans)
}

/// In order, none overlapping another.
fn merged(mut spans: Vec<(Moment, Option<Moment>)>) -> Vec<(Moment, Option<Moment>)> {
    spans.sort_unstable_by_key(|&(since, _)| since);
    let mut merged: Vec<(Moment, Option<Moment>)> = Vec::new();
    for (since, until) in spans {
        match merged.last_mut() {
            Some((_, last)) if last.is_none_or(|last| last >= since) => {
                *last = last.zip(until).map(|(one, other)| one.max(other));
            }
            _ => merged.push((since, until)),
        }
    }
    merged
}

/// What a booking or a cancellation claims; `None` when it claims nothing.
fn change(source: u32, operation: &Recorded) -> Option<Task> {
    let kind = match (operation.op, &operation.outcome) {
        (Op::Book, Outcome::Refused) => TaskKind::Refused,
        (Op::Book, _) => TaskKind::Book,
        (Op::Cancel, Outcome::Refused) => TaskKind::NotHeld,
        (Op::Cancel, _) => TaskKind::Cancel,
        (Op::List, _) => return None,
    };
    let end = match operation.outcome {
        Outcome::Unknown => None,
        _ => operation.end,
    };
    Some(Task { kind, patient: operation.patient, begin: operation.begin, end, source })
}

fn seen(source: u32, list: &Recorded, kind: TaskKind) -> Task {
    Task { kind, patient: list.patient, begin: list.begin, end: Some(end_of(list)), source }
}

/// An operation that ended has an end; one that did not has its begin for it, and nobody asks.
fn end_of(operation: &Recorded) -> Moment {
    operation.end.unwrap_or(operation.begin)
}
