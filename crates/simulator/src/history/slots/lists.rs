//! The lists of everything that is free, so ordered that each slot asks for those few that matter to it.

use super::super::reading::{History, Moment};
use super::end_of;

/// The lists that show everything, by their ends.
pub(super) struct WholeLists {
    /// Which of [`History::operations`].
    numbers: Vec<u32>,
    ends: Vec<Moment>,
    /// A tree: leaf `len + n` is the list with this place, and each node above has the one of its two
    /// children that begins later.
    latest: Vec<(Moment, u32)>,
}

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
        Self { numbers, ends, latest }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.numbers.is_empty()
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
