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
//! Too many configurations are cut down to those that have used up least, and where few patients
//! cancel, or in a second search, to those that still have the bookings for what is to be cancelled.
//! Whatever is left at the end is still a proof that such an order exists; where nothing is left, and
//! some were cut, the search goes back to a moment when there were few, and on from there with more of
//! them. Where that does not help either, more are kept from the start, until the steps are spent; then
//! nobody knows.

mod configuration;
mod open;

use std::collections::{HashMap, VecDeque};

use super::reading::Moment;
use super::slots::{Task, TaskKind};
use configuration::{Configuration, Holder};
use open::{Goal, OpenTasks};

/// The most configurations that are kept at first.
const CONFIGURATIONS_MAX: usize = 16;

/// Of how many patients it is counted already in the first search what they must still cancel.
const OWING_MAX: usize = 16;

/// The most steps of one search, and how many more for each task.
const STEPS_MAX: u64 = 4_000_000;
const STEPS_TASK_MAX: u64 = 100;

/// At how few configurations a moment is worth to come back to, how many tasks lie between two such
/// moments at least, and how many moments are kept.
const CHECKPOINT_CONFIGURATIONS_MAX: usize = 8;
const CHECKPOINT_EVENTS_MIN: usize = 1_000;
const CHECKPOINTS_MAX: usize = 3;

/// By how much more configurations are kept after going back, and in each further search.
const WIDER: usize = 16;

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

/// How many steps a search of these tasks may take.
pub(super) fn steps_max(tasks: &[Task]) -> u64 {
    STEPS_MAX + STEPS_TASK_MAX * tasks.len() as u64
}

/// Looks for an order of `tasks`, which stand in the order of their begins, with a few configurations
/// first: where there is an order, they mostly do. The steps it takes are taken from `steps_left`.
pub(super) fn search(tasks: &[Task], start: Start, steps_left: &mut u64) -> Found {
    let mut width = CONFIGURATIONS_MAX;
    loop {
        let mut search = Search::new(tasks, start, width);
        let found = search.run(*steps_left);
        *steps_left = steps_left.saturating_sub(search.steps);
        if found != Found::Undecided || *steps_left == 0 {
            return found;
        }
        width = width.saturating_mul(WIDER);
    }
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
    checkpoints: VecDeque<Checkpoint<'a>>,
    /// Until which event more configurations are kept; 0 for none.
    wide_until: usize,
}

/// A moment to come back to: before the event with this number.
struct Checkpoint<'a> {
    event: usize,
    open: OpenTasks<'a>,
    configurations: Vec<Configuration>,
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
        let (steps, cut, checkpoints) = (0, false, VecDeque::new());
        Self { tasks, open, configurations, width, steps, cut, checkpoints, wide_until: 0 }
    }

    fn run(&mut self, limit: u64) -> Found {
        let events = events(self.tasks);
        let mut next = 0;
        while let Some(event) = events.get(next) {
            self.keep_checkpoint(next);
            self.steps += self.configurations.len() as u64;
            if event.ends {
                let wider = if next < self.wide_until { WIDER } else { 1 };
                self.end(event.task, self.width.saturating_mul(wider));
            } else {
                let Self { open, configurations, .. } = self;
                open.begin(event.task, event.moment);
                configurations.iter_mut().for_each(|one| open.notice(one, event.task));
            }
            next += 1;
            if self.configurations.is_empty() {
                if !self.cut {
                    return Found::NoOrder(event.task);
                }
                self.wide_until = self.wide_until.max(next);
                match self.go_back() {
                    Some(before) => next = before,
                    None => return Found::Undecided,
                }
            }
            if self.steps >= limit {
                return Found::Undecided;
            }
        }
        Found::Order
    }

    fn keep_checkpoint(&mut self, event: usize) {
        let last = self.checkpoints.back().map_or(0, |last| last.event);
        if event < last + CHECKPOINT_EVENTS_MIN
            || event < self.wide_until
            || self.configurations.len() > CHECKPOINT_CONFIGURATIONS_MAX
        {
            return;
        }
        let (open, configurations) = (self.open.clone(), self.configurations.clone());
        self.checkpoints.push_back(Checkpoint { event, open, configurations, cut: self.cut });
        if self.checkpoints.len() > CHECKPOINTS_MAX {
            self.checkpoints.pop_front();
        }
    }

    /// To the last moment worth it, which is not come back to again; gives the event that follows.
    fn go_back(&mut self) -> Option<usize> {
        let Checkpoint { event, open, configurations, cut } = self.checkpoints.pop_back()?;
        (self.open, self.configurations, self.cut) = (open, configurations, cut);
        Some(event)
    }

    /// Leaves the configurations in which the task has happened.
    fn end(&mut self, task: usize, width: usize) {
        let bit = self.open.bit(task);
        let writes = self.tasks[task].kind.writes();
        let all = std::mem::take(&mut self.configurations);
        if all.iter().all(|one| one.seen.has(bit) && (!writes || one.used.has(bit))) {
            self.configurations = all;
        } else {
            self.go_on(all, task, width);
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
        if self.configurations.len() > width {
            self.cut_down(width);
        }
    }

    /// Leaves as many configurations as `width`.
    fn cut_down(&mut self, width: usize) {
        self.cut = true;
        let Self { open, configurations, .. } = self;
        let owing = open.owing();
        if self.width == CONFIGURATIONS_MAX && owing.len() > OWING_MAX {
            configurations.sort_by_key(Configuration::cost);
        } else {
            self.steps += (configurations.len() * owing.len()) as u64;
            configurations.sort_by_cached_key(|one| (open.still_owed(one, &owing), one.cost()));
        }
        self.configurations.truncate(width);
    }

    /// Lets open tasks take effect until `task` has happened.
    fn go_on(&mut self, all: Vec<Configuration>, task: usize, width: usize) {
        let bit = self.open.bit(task);
        let goal = Goal { task, bit, writes: self.tasks[task].kind.writes() };
        let (mut there, mut on_the_way) = (Frontier::default(), Frontier::default());
        let mut next = VecDeque::new();
        for one in all {
            if !one.used.has(bit) && (goal.writes || !one.seen.has(bit)) {
                next.push_back(one.clone());
            }
            if one.seen.has(bit) {
                self.steps += there.add(one);
            }
        }
        for one in &next {
            self.steps += on_the_way.add(one.clone());
        }
        let mut looked_at = 0;
        while let Some(one) = next.pop_front() {
            looked_at += 1;
            if looked_at > width.saturating_mul(4) || there.count > width.saturating_mul(4) {
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
                    next.push_back(successor);
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
    /// How many there are.
    count: usize,
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
            let before = same.len();
            same.retain(|other| !one.is_as_good_as(other));
            same.push(one);
            self.count = self.count + same.len() - before;
        }
        steps
    }

    fn into_all(mut self) -> Vec<Configuration> {
        let by_holder = &mut self.by_holder;
        self.holders.iter().filter_map(|holder| by_holder.remove(holder)).flatten().collect()
    }
}
