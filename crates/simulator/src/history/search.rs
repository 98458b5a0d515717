//! Whether what was done to one slot, and seen of it, can have happened in an order that agrees with
//! its times: just-in-time linearization (Wing and Gong 1993; Lowe 2017, "Testing for
//! linearizability").
//!
//! The moments are gone through in order, with every state that the slot may be in: a
//! [`Configuration`]. Nothing takes effect before it must, which is at its end. What only looks is
//! done with as soon as one state on the way agrees with it. Of two configurations in the same state
//! one is dropped when the other has seen as much and used up no more, so that what is of unknown
//! outcome, and stays open for ever, costs little.
//!
//! Too many configurations are cut down to those that have used up least. Whatever is left at the end
//! is still a proof that such an order exists; only where nothing is left, and some were cut, nobody
//! knows.

mod configuration;
mod open;

use std::collections::HashMap;

use super::reading::Moment;
use super::slots::{Task, TaskKind};
use configuration::{Configuration, Holder};
use open::{Goal, OpenTasks};

/// The most configurations that are kept, at first and at last.
const CONFIGURATIONS_MAX: [usize; 2] = [256, 8_192];

/// The most steps of one search, and how many more for each task.
const STEPS_MAX: u64 = 4_000_000;
const STEPS_TASK_MAX: u64 = 400;

/// In which states the slot may have been before its first task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Start {
    /// Free.
    Free,
    /// Free, or held by anybody.
    Anything,
}

/// What came of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// There is such an order.
    Order,
    /// There is none: no state is left at the end of the task with this place.
    NoOrder(usize),
    /// There were more configurations than could be looked at.
    Undecided,
}

/// Looks for an order of `tasks`, which stand in the order of their begins.
pub(super) fn search(tasks: &[Task], start: Start) -> Found {
    let mut found = Found::Undecided;
    for width in CONFIGURATIONS_MAX {
        found = Search::new(tasks, start, width).run();
        if found != Found::Undecided {
            break;
        }
    }
    found
}

/// A begin or an end.
#[derive(Clone, Copy)]
struct Event {
    moment: Moment,
    task: usize,
    ends: bool,
}

struct Search<'a> {
    tasks: &'a [Task],
    open: OpenTasks<'a>,
    configurations: Vec<Configuration>,
    width: usize,
    steps: u64,
    /// Whether some were dropped that may have been the only ones.
    cut: bool,
}

impl<'a> Search<'a> {
    fn new(tasks: &'a [Task], start: Start, width: usize) -> Self {
        let open = OpenTasks::new(tasks);
        let mut holders = vec![Holder::Nobody];
        if start == Start::Anything {
            holders.push(Holder::Stranger);
            holders.extend(open.patients().map(Holder::Patient));
        }
        let configurations = holders.into_iter().map(Configuration::new).collect();
        Self { tasks, open, configurations, width, steps: 0, cut: false }
    }

    fn run(mut self) -> Found {
        let limit = STEPS_MAX + STEPS_TASK_MAX * self.tasks.len() as u64;
        for event in events(self.tasks) {
            self.steps += self.configurations.len() as u64;
            if event.ends {
                self.end(event.task);
            } else {
                let Self { open, configurations, .. } = &mut self;
                open.begin(event.task, event.moment);
                configurations.iter_mut().for_each(|one| open.notice(one, event.task));
            }
            if self.configurations.is_empty() {
                return if self.cut { Found::Undecided } else { Found::NoOrder(event.task) };
            }
            if self.steps > limit {
                return Found::Undecided;
            }
        }
        Found::Order
    }

    /// Leaves the configurations in which the task has happened.
    fn end(&mut self, task: usize) {
        let bit = self.open.bit(task);
        let writes = self.tasks[task].kind.writes();
        let all = std::mem::take(&mut self.configurations);
        if all.iter().all(|one| one.seen.has(bit) && (!writes || one.used.has(bit))) {
            self.configurations = all;
        } else {
            self.go_on(all, task);
        }
        for one in &mut self.configurations {
            one.seen.clear(bit);
            one.used.clear(bit);
        }
        self.open.end(task);
        if writes && self.configurations.len() > 1 {
            let mut frontier = Frontier::default();
            for one in std::mem::take(&mut self.configurations) {
                self.steps += frontier.add(one);
            }
            self.configurations = frontier.into_all();
        }
        if self.configurations.len() > self.width {
            self.cut = true;
            self.configurations.sort_by_key(Configuration::cost);
            self.configurations.truncate(self.width);
        }
    }

    /// Lets open tasks take effect until `task` has happened.
    fn go_on(&mut self, all: Vec<Configuration>, task: usize) {
        let bit = self.open.bit(task);
        let goal = Goal { task, bit, writes: self.tasks[task].kind.writes() };
        let (mut there, mut on_the_way) = (Frontier::default(), Frontier::default());
        let mut next = Vec::new();
        for one in all {
            if !one.used.has(bit) && (goal.writes || !one.seen.has(bit)) {
                next.push(one.clone());
            }
            if one.seen.has(bit) {
                self.steps += there.add(one);
            }
        }
        for one in &next {
            self.steps += on_the_way.add(one.clone());
        }
        let mut looked_at = 0;
        while let Some(one) = next.pop() {
            looked_at += 1;
            if looked_at > self.width * 4 {
                self.cut = true;
                break;
            }
            let mut found = Vec::new();
            self.steps += self.open.successors(&one, goal, &mut found);
            for successor in found {
                if successor.has_reached(goal) {
                    self.steps += there.add(successor);
                } else if !on_the_way.covers(&successor, &mut self.steps) {
                    self.steps += on_the_way.add(successor.clone());
                    next.push(successor);
                }
            }
        }
        self.configurations = there.into_all();
    }
}

/// Begins and ends, in order.
fn events(tasks: &[Task]) -> Vec<Event> {
    let mut events = Vec::with_capacity(tasks.len() * 2);
    for (number, task) in tasks.iter().enumerate() {
        events.push(Event { moment: task.begin, task: number, ends: false });
        if let Some(moment) = task.end {
            events.push(Event { moment, task: number, ends: true });
        }
    }
    events.sort_by_key(|event| (event.moment, event.ends));
    events
}

/// Configurations of which none is as good as another.
#[derive(Default)]
struct Frontier {
    by_holder: HashMap<Holder, Vec<Configuration>>,
    /// In the order of their first configuration: no order comes from a hash.
    holders: Vec<Holder>,
}

impl Frontier {
    fn covers(&self, one: &Configuration, steps: &mut u64) -> bool {
        let same = self.by_holder.get(&one.holder).map_or(&[][..], Vec::as_slice);
        *steps += same.len() as u64;
        same.iter().any(|other| other.is_as_good_as(one))
    }

    /// Gives how many steps it took.
    fn add(&mut self, one: Configuration) -> u64 {
        let same = self.by_holder.entry(one.holder).or_insert_with(|| {
            self.holders.push(one.holder);
            Vec::new()
        });
        let steps = same.len() as u64 + 1;
        if !same.iter().any(|other| other.is_as_good_as(&one)) {
            same.retain(|other| !one.is_as_good_as(other));
            same.push(one);
        }
        steps
    }

    fn into_all(mut self) -> Vec<Configuration> {
        let by_holder = &mut self.by_holder;
        self.holders.iter().filter_map(|holder| by_holder.remove(holder)).flatten().collect()
    }
}
