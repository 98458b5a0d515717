//! A history slot by slot: linearizability is local (Herlihy and Wing 1990), so each slot is judged
//! by its own operations, and a list by one reading of each slot that it says something about.

mod lists;

use std::collections::HashMap;

use super::Op;
use super::reading::{History, Moment, Outcome, Recorded};
use lists::WholeLists;

/// What somebody did to one slot, or saw of it.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) kind: TaskKind,
    /// Which patient, by its number; of no meaning for what a list shows.
    pub(super) patient: u32,
    pub(super) begin: Moment,
    /// `None` when it may take effect at any moment after its begin, or never.
    pub(super) end: Option<Moment>,
    /// Who does it.
    pub(super) process: u64,
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
    /// The lists that show everything.
    whole: WholeLists,
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
        let whole = WholeLists::new(history, whole);
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
            let own = self.whole.next_to(&tasks).into_iter();
            let own = own.filter(|number| shown.binary_search(number).is_err());
            let own: Vec<Task> =
                own.map(|number| seen(number, operation(number), TaskKind::Held)).collect();
            tasks.extend(own);
            tasks.sort_by_key(|task| task.begin);
            let held = self.held(&tasks);
            tasks.extend(held);
        }
        tasks.sort_by_key(|task| task.begin);
        tasks
    }

    /// What the lists say that show everything but this slot: somebody held it. Those that follow
    /// from others are left out, or a list would be as many readings as there are slots: at most one
    /// is left for each moment at which one of `tasks` begins or ends, and one more.
    ///
    /// These moments cut time into zones, and a list touches the zones from that of its begin to that
    /// of its end. It says no more than that the slot was held somewhere in these zones. For what
    /// takes effect in a zone belongs to tasks that are open all through it, so only the order counts,
    /// and not when in the zone. Where the slot is held in a zone at all, let it be so for the first
    /// time right at the zone's begin (what comes before is done at once), and for the last time until
    /// right before its end, and let one of these two last nearly all the time between, so that every
    /// list that touches the zone sees it held. So of lists that touch the same zones one will do, and
    /// none is needed that touches all zones of another: of those that end in one zone only the one
    /// that begins last, and that only if it begins in a later zone than those that ended before.
    ///
    /// A list that shows the slot is one of `tasks`, as is one that the order of its process ties to
    /// another of them ([`WholeLists::next_to`]), and its end a cut: none ends between two cuts. A
    /// span in which the slot was surely held begins and ends at cuts too, and what touches it
    /// follows from the bookings.
    fn held(&self, tasks: &[Task]) -> Vec<Task> {
        let surely = surely_held(tasks);
        let mut cuts: Vec<Moment> =
            tasks.iter().flat_map(|task| [Some(task.begin), task.end]).flatten().collect();
        cuts.sort_unstable();
        let zone = |moment: Moment| cuts.partition_point(|&cut| cut < moment);
        let mut held: Vec<Task> = Vec::new();
        let mut begun_in: Option<usize> = None;
        let mut spans = surely.iter().peekable();
        let mut until = None;
        for end in 0..=cuts.len() {
            let after = end.checked_sub(1).map(|before| cuts[before]);
            while let Some(span) = spans.next_if(|span| Some(span.0) <= after) {
                until = Some(span.1);
            }
            if until == Some(None) {
                break;
            }
            let last = self.whole.last_to_begin(after, cuts.get(end).copied());
            let Some(number) = last else { continue };
            let list = &self.history.operations[number as usize];
            let is_sure = until.flatten().is_some_and(|until| until >= list.begin);
            let begins_in = Some(zone(list.begin));
            if !is_sure && begins_in > begun_in {
                begun_in = begins_in;
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
    let (process, patient, begin) = (operation.process, operation.patient, operation.begin);
    Some(Task { kind, patient, begin, end, process, source })
}

fn seen(source: u32, list: &Recorded, kind: TaskKind) -> Task {
    let (process, patient, begin) = (list.process, list.patient, list.begin);
    Task { kind, patient, begin, end: Some(end_of(list)), process, source }
}

/// An operation that ended has an end; one that did not has its begin for it, and nobody asks.
fn end_of(operation: &Recorded) -> Moment {
    operation.end.unwrap_or(operation.begin)
}
