//! What will happen, by its moment.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::event::Event;

/// The heap of events. Of two at one moment the one that was entered first happens first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<Entry>>,
    entered: u64,
}

#[derive(Debug)]
struct Entry {
    at: Duration,
    number: u64,
    event: Event,
}

impl Agenda {
    /// Something will happen at `at`, since the beginning.
    pub(super) fn enter(&mut self, at: Duration, event: Event) {
        self.heap.push(Reverse(Entry { at, number: self.entered, event }));
        self.entered += 1;
    }

    /// What happens next; `None` when nothing will any more.
    pub(super) fn next(&mut self) -> Option<(Duration, Event)> {
        self.heap.pop().map(|Reverse(entry)| (entry.at, entry.event))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Entry {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_entered_first_for_a_moment_happens_first() {
        let mut agenda = Agenda::default();
        let at = Duration::from_secs;
        for (second, guest) in [(2, 0), (1, 1), (2, 2), (1, 3)] {
            agenda.enter(at(second), Event::Arrives { guest });
        }
        let order: Vec<u32> = std::iter::from_fn(|| agenda.next())
            .map(|(_, event)| match event {
                Event::Arrives { guest } => guest,
                other => panic!("{other}"),
            })
            .collect();
        assert_eq!(order, [1, 3, 0, 2]);
    }
}
