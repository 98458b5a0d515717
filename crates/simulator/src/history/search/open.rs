//! The tasks that have begun and not ended, and what they can make of a configuration.

use std::collections::{BTreeMap, HashMap};

use super::configuration::{Bits, Configuration, Holder, Made};
use super::{Moment, Task, TaskKind};

/// The task that is about to end, and must have happened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Goal {
    pub(super) task: usize,
    pub(super) bit: usize,
    /// Whether it is to change the slot now, and not only to be true.
    pub(super) writes: bool,
}

/// All open tasks.
#[derive(Clone)]
pub(super) struct OpenTasks<'a> {
    tasks: &'a [Task],
    by_patient: HashMap<u32, OfPatient>,
    /// Tasks that began at the very time at which one before them of the same process ended, with that.
    after: HashMap<usize, usize>,
    /// Those of them that are open while the one before is, in the order of begins.
    waiting: Vec<Waiting>,
    /// For each task, its bit while it is open and has an end.
    bits: Vec<usize>,
    unused_bits: Vec<usize>,
    bits_in_use: usize,
    /// Who may book, of those of whom there is more to come.
    bookers: Vec<u32>,
    /// Of whom only changes of unknown outcome are left, by how many of them there are: within one
    /// of these lists, all are alike.
    retired: BTreeMap<(u32, u32), Vec<u32>>,
    free: Bits,
    held: Bits,
    refused: Bits,
    not_held: Bits,
}

/// A task that cannot happen before another.
#[derive(Clone, Copy)]
struct Waiting {
    bit: usize,
    before: usize,
    before_bit: usize,
}

/// The open tasks of one patient.
#[derive(Clone, Default)]
struct OfPatient {
    /// Changes with an end, the first to end first.
    books: Vec<usize>,
    cancels: Vec<usize>,
    /// How many changes of unknown outcome.
    unknown_books: u32,
    unknown_cancels: u32,
    /// Of the changes and of what was refused.
    refused: Bits,
    not_held: Bits,
    booking: Bits,
    /// When its last task begins or ends; `None` for a patient without any.
    last: Option<Moment>,
    is_booker: bool,
}

impl<'a> OpenTasks<'a> {
    /// None is open yet.
    pub(super) fn new(tasks: &'a [Task]) -> Self {
        let mut by_patient: HashMap<u32, OfPatient> = HashMap::new();
        for task in tasks.iter().filter(|task| is_ones_own(task.kind)) {
            let patient = by_patient.entry(task.patient).or_default();
            patient.last = patient.last.max(Some(task.end.unwrap_or(task.begin)));
        }
        Self {
            tasks,
            by_patient,
            after: after(tasks),
            waiting: Vec::new(),
            bits: vec![usize::MAX; tasks.len()],
            unused_bits: Vec::new(),
            bits_in_use: 0,
            bookers: Vec::new(),
            retired: BTreeMap::new(),
            free: Bits::default(),
            held: Bits::default(),
            refused: Bits::default(),
            not_held: Bits::default(),
        }
    }

    /// Everybody who does something, in the order of numbers.
    pub(super) fn patients(&self) -> impl Iterator<Item = u32> {
        let mut patients: Vec<u32> = self.by_patient.keys().copied().collect();
        patients.sort_unstable();
        patients.into_iter()
    }

    /// The bit of an open task that has an end.
    pub(super) fn bit(&self, task: usize) -> usize {
        self.bits[task]
    }

    /// A task begins.
    pub(super) fn begin(&mut self, number: usize, now: Moment) {
        let task = &self.tasks[number];
        if task.end.is_some() {
            let bit = self.unused_bits.pop().unwrap_or_else(|| {
                self.bits_in_use += 1;
                self.bits_in_use - 1
            });
            self.bits[number] = bit;
            self.open(number, bit);
            if let Some(&before) = self.after.get(&number) {
                self.waiting.push(Waiting { bit, before, before_bit: self.bits[before] });
            }
        } else {
            let patient = self.by_patient.entry(task.patient).or_default();
            match task.kind {
                TaskKind::Cancel => patient.unknown_cancels += 1,
                _ => patient.unknown_books += 1,
            }
        }
        if is_ones_own(task.kind) {
            self.sort_in(task.patient, now);
        }
    }

    fn open(&mut self, number: usize, bit: usize) {
        let tasks = self.tasks;
        let task = &tasks[number];
        let patient = self.by_patient.entry(task.patient).or_default();
        let by_end = |list: &mut Vec<usize>| {
            let at = list.partition_point(|&other| tasks[other].end < task.end);
            list.insert(at, number);
        };
        match task.kind {
            TaskKind::Book => {
                by_end(&mut patient.books);
                patient.booking.set(bit);
            }
            TaskKind::Cancel => by_end(&mut patient.cancels),
            TaskKind::Refused => {
                patient.refused.set(bit);
                self.refused.set(bit);
            }
            TaskKind::NotHeld => {
                patient.not_held.set(bit);
                self.not_held.set(bit);
            }
            TaskKind::Free => self.free.set(bit),
            TaskKind::Held => self.held.set(bit),
        }
    }

    /// A task that has an end ends now.
    pub(super) fn end(&mut self, number: usize) {
        let task = &self.tasks[number];
        let bit = self.bits[number];
        self.unused_bits.push(bit);
        self.waiting.retain(|waiting| waiting.before != number);
        for bits in [&mut self.free, &mut self.held, &mut self.refused, &mut self.not_held] {
            bits.clear(bit);
        }
        let (true, Some(now)) = (is_ones_own(task.kind), task.end) else { return };
        if let Some(patient) = self.by_patient.get_mut(&task.patient) {
            patient.books.retain(|&other| other != number);
            patient.cancels.retain(|&other| other != number);
            for bits in [&mut patient.refused, &mut patient.not_held, &mut patient.booking] {
                bits.clear(bit);
            }
        }
        self.sort_in(task.patient, now);
    }

    /// Puts a patient among the bookers, or those that are retired, or neither.
    fn sort_in(&mut self, number: u32, now: Moment) {
        let Some(patient) = self.by_patient.get_mut(&number) else { return };
        let is_retired = patient.last.is_none_or(|last| last <= now);
        let books = !patient.books.is_empty() || patient.unknown_books > 0;
        let is_booker = books && !is_retired;
        if is_booker && !patient.is_booker {
            self.bookers.push(number);
        }
        if !is_booker && patient.is_booker {
            self.bookers.retain(|&other| other != number);
        }
        patient.is_booker = is_booker;
        if is_retired && books {
            let left = (patient.unknown_books, patient.unknown_cancels);
            self.retired.entry(left).or_default().push(number);
        }
    }

    /// Notes in `one` what its state says about a task that has just begun.
    pub(super) fn notice(&self, one: &mut Configuration, number: usize) {
        let task = &self.tasks[number];
        if task.end.is_none() {
            return;
        }
        let own = one.holder == Holder::Patient(task.patient);
        let nobody = one.holder == Holder::Nobody;
        let is_so = match task.kind {
            TaskKind::Book => own,
            TaskKind::Cancel => false,
            TaskKind::Refused => !own && !nobody,
            TaskKind::NotHeld => !own,
            TaskKind::Free => nobody,
            TaskKind::Held => !nobody,
        };
        if is_so {
            one.seen.set(self.bits[number]);
            self.hold_back(one);
        }
    }

    /// What one change can make of `one`, as far as it leads to the goal. Gives how many steps it
    /// took.
    pub(super) fn successors(
        &self,
        one: &Configuration,
        goal: Goal,
        found: &mut Vec<Configuration>,
    ) -> u64 {
        match one.holder {
            Holder::Stranger => 1,
            Holder::Patient(patient) => {
                found.extend(self.cancelled(one, patient));
                1
            }
            Holder::Nobody => {
                let mut steps = 0;
                for patient in self.candidates(one) {
                    steps += 1;
                    if self.reaches(goal, patient) || self.can_cancel(one, patient) {
                        found.extend(self.booked(one, patient));
                    }
                }
                steps
            }
        }
    }

    /// Who may book, one of those who are all alike.
    fn candidates(&self, one: &Configuration) -> Vec<u32> {
        let mut candidates = self.bookers.clone();
        for alike in self.retired.values() {
            candidates.extend(alike.iter().find(|&&patient| one.made(patient) == Made::default()));
        }
        let is_retired = |patient: &u32| !self.by_patient[patient].is_booker;
        candidates.extend(one.makers().filter(is_retired));
        candidates
    }

    /// Whether the task at the goal has happened once the patient takes the free slot.
    fn reaches(&self, goal: Goal, patient: u32) -> bool {
        let task = &self.tasks[goal.task];
        match task.kind {
            TaskKind::Book => task.patient == patient,
            TaskKind::Refused => task.patient != patient,
            TaskKind::Held => true,
            TaskKind::Cancel | TaskKind::NotHeld | TaskKind::Free => false,
        }
    }

    /// The patients whose cancellations are open that must still happen.
    pub(super) fn owing(&self) -> Vec<u32> {
        self.by_patient
            .iter()
            .filter(|(_, patient)| !patient.cancels.is_empty())
            .map(|(&number, _)| number)
            .collect()
    }

    /// Of the cancellations that the patients `owing` must still make in `one`: for how many they have
    /// no booking that is open, and how many there are.
    pub(super) fn still_owed(&self, one: &Configuration, owing: &[u32]) -> (usize, usize) {
        let unused =
            |tasks: &[usize]| tasks.iter().filter(|&&task| !one.used.has(self.bits[task])).count();
        let (mut without, mut all) = (0, 0);
        for number in owing {
            let Some(patient) = self.by_patient.get(number) else { continue };
            let cancels = unused(&patient.cancels);
            let holds = usize::from(one.holder == Holder::Patient(*number));
            without += cancels.saturating_sub(unused(&patient.books) + holds);
            all += cancels;
        }
        (without, all)
    }

    /// The patient takes the free slot in each way that counts; none when nothing of its is open that
    /// would.
    fn booked(&self, one: &Configuration, number: u32) -> Vec<Configuration> {
        let Some(patient) = self.by_patient.get(&number) else { return Vec::new() };
        let mut all = self.used(one, &patient.books);
        let may_be_unknown = one.made(number).books < patient.unknown_books;
        if may_be_unknown && (all.is_empty() || !self.waiting.is_empty()) {
            let mut after = one.clone();
            after.made_mut(number).books += 1;
            all.push(after);
        }
        let nothing = Bits::default();
        for after in &mut all {
            after.holder = Holder::Patient(number);
            after.seen.add(&self.held, &nothing);
            after.seen.add(&self.refused, &patient.refused);
            after.seen.add(&self.not_held, &patient.not_held);
            after.seen.add(&patient.booking, &nothing);
            self.hold_back(after);
        }
        all
    }

    fn can_cancel(&self, one: &Configuration, number: u32) -> bool {
        let Some(patient) = self.by_patient.get(&number) else { return false };
        patient.cancels.iter().any(|&task| !one.used.has(self.bits[task]))
            || one.made(number).cancels < patient.unknown_cancels
    }

    /// The patient gives the slot back in each way that counts; none when nothing of its is open that
    /// would.
    fn cancelled(&self, one: &Configuration, number: u32) -> Vec<Configuration> {
        let Some(patient) = self.by_patient.get(&number) else { return Vec::new() };
        let mut all = self.used(one, &patient.cancels);
        let may_be_unknown = one.made(number).cancels < patient.unknown_cancels;
        if may_be_unknown && (all.is_empty() || !self.waiting.is_empty()) {
            let mut after = one.clone();
            after.made_mut(number).cancels += 1;
            all.push(after);
        }
        let nothing = Bits::default();
        for after in &mut all {
            after.holder = Holder::Nobody;
            after.seen.add(&self.free, &nothing);
            after.seen.add(&self.not_held, &nothing);
            self.hold_back(after);
        }
        all
    }

    /// Uses one of `changes`, which have an end: the first to end is the one whose use costs least,
    /// but while some wait for others each is another way.
    fn used(&self, one: &Configuration, changes: &[usize]) -> Vec<Configuration> {
        let unused = changes.iter().map(|&task| self.bits[task]).filter(|&bit| !one.used.has(bit));
        let ways = if self.waiting.is_empty() { 1 } else { usize::MAX };
        unused.filter_map(|bit| self.with_use(one, bit)).take(ways).collect()
    }

    /// Uses the change with this bit; `None` when it waits, or one that waits for it was used. What
    /// waits for it and only looked has to look again.
    fn with_use(&self, one: &Configuration, bit: usize) -> Option<Configuration> {
        let mut after = one.clone();
        let mut cleared = vec![bit];
        for waiting in &self.waiting {
            if waiting.bit == bit && !one.seen.has(waiting.before_bit) {
                return None;
            }
            if cleared.contains(&waiting.before_bit) {
                if one.used.has(waiting.bit) {
                    return None;
                }
                after.seen.clear(waiting.bit);
                cleared.push(waiting.bit);
            }
        }
        after.used.set(bit);
        after.seen.set(bit);
        Some(after)
    }

    /// What waits for another that has not happened has seen nothing yet.
    fn hold_back(&self, one: &mut Configuration) {
        for waiting in &self.waiting {
            if !one.seen.has(waiting.before_bit) {
                one.seen.clear(waiting.bit);
            }
        }
    }
}

/// For each task that began at the very time at which one before it of the same process ended: that
/// one, the nearest. What is of unknown outcome may as well have begun before.
fn after(tasks: &[Task]) -> HashMap<usize, usize> {
    let mut ended: HashMap<(u64, u64), usize> = HashMap::new();
    let mut after = HashMap::new();
    for (number, task) in tasks.iter().enumerate() {
        let Some(end) = task.end else { continue };
        if let Some(&before) = ended.get(&(task.process, task.begin.time)) {
            after.insert(number, before);
        }
        ended.insert((task.process, end.time), number);
    }
    after
}

/// Whether it is about its patient, and not only about the slot.
fn is_ones_own(kind: TaskKind) -> bool {
    !matches!(kind, TaskKind::Free | TaskKind::Held)
}
