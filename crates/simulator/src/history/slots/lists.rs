//! The lists of everything that is free, so ordered that each slot asks for those few that matter to it.

use std::collections::HashMap;

use super::super::reading::{History, Moment};
use super::{Task, end_of};

/// The lists that show everything, by their ends.
pub(super) struct WholeLists {
    /// Which of [`History::operations`].
    numbers: Vec<u32>,
    ends: Vec<Moment>,
    /// A tree: leaf `len + n` is the list with this place, and each node above has the one of its two
    /// children that begins later.
    latest: Vec<(Moment, u32)>,
    /// By process and time: the lines of the begins at that time, in order, with the lists.
    begins: Lines,
    /// The same of the ends.
    all_ends: Lines,
}

type Lines = HashMap<(u64, u64), Vec<(u32, u32)>>;

impl WholeLists {
    pub(super) fn new(history: &History, mut numbers: Vec<u32>) -> Self {
        let operation = |number: u32| &history.operations[number as usize];
        numbers.sort_by_key(|&number| end_of(operation(number)));
        let ends = numbers.iter().map(|&number| end_of(operation(number))).collect();
        let leaves: Vec<(Moment, u32)> =
            numbers.iter().map(|&number| (operation(number).begin, number)).collect();
        let mut latest = leaves.clone();
        latest.extend(leaves);
        for node in (1..numbers.len()).rev() {
            latest[node] = latest[node * 2].max(latest[node * 2 + 1]);
        }
        let (mut begins, mut all_ends) = (Lines::new(), Lines::new());
        for &number in &numbers {
            let list = operation(number);
            let (begin, end) = (list.begin, end_of(list));
            begins.entry((list.process, begin.time)).or_default().push((begin.line, number));
            all_ends.entry((list.process, end.time)).or_default().push((end.line, number));
        }
        for lines in begins.values_mut().chain(all_ends.values_mut()) {
            lines.sort_unstable();
        }
        Self { numbers, ends, latest, begins, all_ends }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The lists that the same process began at the very time at which one of `tasks` ended, or ended
    /// when one began, each once: only the order of lines says which was first. Of several on one side
    /// the nearest is enough: what it sees the others may have seen too.
    pub(super) fn next_to(&self, tasks: &[Task]) -> Vec<u32> {
        let mut lists = Vec::new();
        for task in tasks {
            let Some(end) = task.end else { continue };
            if let Some(lines) = self.begins.get(&(task.process, end.time)) {
                lists.extend(lines.get(lines.partition_point(|&(line, _)| line < end.line)));
            }
            if let Some(lines) = self.all_ends.get(&(task.process, task.begin.time)) {
                let later = lines.partition_point(|&(line, _)| line < task.begin.line);
                lists.extend(later.checked_sub(1).map(|nearest| lines[nearest]));
            }
        }
        let mut lists: Vec<u32> = lists.into_iter().map(|(_, number)| number).collect();
        lists.sort_unstable();
        lists.dedup();
        lists
    }

    /// Of the lists that end after `after` and before `before`, the one that begins last; `None` on
    /// either side is no bound.
    pub(super) fn last_to_begin(
        &self,
        after: Option<Moment>,
        before: Option<Moment>,
    ) -> Option<u32> {
        let count = self.ends.len();
        let place = |bound: Moment| self.ends.partition_point(|&end| end < bound);
        let mut from =
            after.map_or(0, |after| self.ends.partition_point(|&end| end <= after)) + count;
        let mut to = before.map_or(count, place) + count;
        let mut last: Option<(Moment, u32)> = None;
        while from < to {
            if from % 2 == 1 {
                last = last.max(Some(self.latest[from]));
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                last = last.max(Some(self.latest[to]));
            }
            from /= 2;
            to /= 2;
        }
        last.map(|(_, number)| number)
    }
}
