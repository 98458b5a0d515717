//! The smallest part of a history that cannot be: where in time it begins at the latest, and which
//! operations it takes.
//!
//! Whatever is left out only allows more: before the window the slot may have come into any state, what
//! was seen and is left out says nothing, and a change that is left out may have been made at any moment
//! after its begin, or never. So the part that is left cannot be, whatever the rest was.

use super::reading::Moment;
use super::search::{Found, Start, search, steps_max};
use super::slots::{Task, TaskKind};

/// How many steps all searches for one offence may take: then what is left must do.
const STEPS_ALL_MAX: u64 = 40_000_000;

/// What cannot be.
#[derive(Debug, Clone)]
pub(super) struct Window {
    /// The tasks that contradict each other, in the order of begins.
    pub(super) tasks: Vec<Task>,
    /// What was before: anything, or the slot was free because nothing had been done to it.
    pub(super) start: Start,
}

/// The smallest part of `tasks`, of which there is no order: no state is left at the end of `last`.
pub(super) fn smallest(tasks: &[Task], last: usize) -> Window {
    let mut finder = Finder { steps_left: STEPS_ALL_MAX };
    let Some(end) = tasks[last].end else {
        return Window { tasks: tasks.to_vec(), start: Start::Free };
    };
    let known: Vec<Task> = tasks
        .iter()
        .filter(|task| task.begin < end)
        .filter_map(|task| match task.end {
            Some(later) if later > end => weakened(task),
            _ => Some(task.clone()),
        })
        .collect();
    // What is weakened does not wait any more for what ended at the time of its begin: where that
    // counts, all tasks are needed.
    let known = if finder.cannot_be(&known, Start::Free) { known } else { tasks.to_vec() };
    let (known, start) = match finder.latest(&known) {
        Some(window) => (window, Start::Anything),
        None => (known, Start::Free),
    };
    Window { tasks: finder.fewest(known, start), start }
}

struct Finder {
    steps_left: u64,
}

impl Finder {
    fn cannot_be(&mut self, tasks: &[Task], start: Start) -> bool {
        let mut steps = steps_max(tasks).min(self.steps_left);
        let given = steps;
        let found = search(tasks, start, &mut steps);
        // To make the tasks for a search takes time too.
        let taken = given - steps + tasks.len() as u64;
        self.steps_left = self.steps_left.saturating_sub(taken);
        matches!(found, Found::NoOrder(_))
    }

    fn is_tired(&self) -> bool {
        self.steps_left == 0
    }

    /// The window that begins latest; `None` when there is none but from the very start, where the
    /// slot was free.
    fn latest(&mut self, tasks: &[Task]) -> Option<Vec<Task>> {
        let begins: Vec<Moment> =
            tasks.iter().filter(|task| task.end.is_some()).map(|task| task.begin).collect();
        // Twice as far back each time, then between.
        let mut possible = begins.len();
        let mut back = 1;
        let mut impossible = loop {
            let at = begins.len().saturating_sub(back);
            if self.cannot_be(&window(tasks, *begins.get(at)?), Start::Anything) {
                break at;
            }
            if at == 0 || self.is_tired() {
                return None;
            }
            possible = at;
            back *= 2;
        };
        while impossible + 1 < possible {
            let middle = usize::midpoint(impossible, possible);
            if self.cannot_be(&window(tasks, begins[middle]), Start::Anything) {
                impossible = middle;
            } else {
                possible = middle;
            }
        }
        Some(window(tasks, begins[impossible]))
    }

    /// Leaves out whatever can be: many at once first, then one by one.
    fn fewest(&mut self, mut tasks: Vec<Task>, start: Start) -> Vec<Task> {
        let mut at_once = usize::MAX;
        loop {
            let needed: Vec<usize> =
                (0..tasks.len()).filter(|&task| tasks[task].end.is_some()).collect();
            at_once = at_once.min(needed.len()) / 2;
            at_once = at_once.max(1);
            let before = needed.len();
            // From the back: places before the one that goes stay what they are.
            for chunk in needed.chunks(at_once).rev() {
                if self.is_tired() {
                    break;
                }
                let fewer = without(&tasks, chunk);
                if self.cannot_be(&fewer, start) {
                    tasks = fewer;
                }
            }
            let after = tasks.iter().filter(|task| task.end.is_some()).count();
            if self.is_tired() || (at_once == 1 && after == before) {
                break;
            }
        }
        tasks.retain(|task| task.end.is_some());
        tasks
    }
}

/// What remains of the tasks when nothing is known of before `from`.
fn window(tasks: &[Task], from: Moment) -> Vec<Task> {
    tasks
        .iter()
        .filter(|task| task.end.is_none_or(|end| end > from))
        .filter_map(|task| if task.begin < from { weakened(task) } else { Some(task.clone()) })
        .collect()
}

/// Without the tasks at these places, which are in order.
fn without(tasks: &[Task], places: &[usize]) -> Vec<Task> {
    let leaves = |place: usize| places.binary_search(&place).is_ok();
    let kept = tasks.iter().enumerate();
    kept.filter_map(|(place, task)| if leaves(place) { weakened(task) } else { Some(task.clone()) })
        .collect()
}

/// A change becomes one of unknown outcome, and what was only seen says nothing.
fn weakened(task: &Task) -> Option<Task> {
    task.kind.writes().then(|| Task { end: None, ..task.clone() })
}

/// Why these tasks contradict each other, in a sentence. `name` gives a patient's name.
pub(super) fn why(window: &Window, name: impl Fn(u32) -> String) -> String {
    let of = |kind: TaskKind| window.tasks.iter().filter(move |task| task.kind == kind);
    let books: Vec<&Task> = of(TaskKind::Book).collect();
    let count = window.tasks.len();
    let only = |kinds: &[TaskKind]| window.tasks.iter().all(|task| kinds.contains(&task.kind));
    match (&books[..], window.tasks.last()) {
        ([one, other], _) if count == 2 && one.patient != other.patient => format!(
            "{} and {} were both told it was theirs, and nobody gave it back in between",
            name(one.patient),
            name(other.patient)
        ),
        ([holder], Some(_)) if count == 2 && of(TaskKind::Free).count() == 1 => format!(
            "a list shows it as free, and {} held it all the while",
            name(holder.patient)
        ),
        ([holder], Some(_)) if count == 2 && of(TaskKind::NotHeld).count() == 1 => format!(
            "{} was told that it does not hold it, and held it all the while",
            name(holder.patient)
        ),
        ([holder], Some(_)) if count == 2 && of(TaskKind::Cancel).count() == 1 => format!(
            "it was given back, and not by {} who held it",
            name(holder.patient)
        ),
        (_, Some(last)) if only(&[TaskKind::Refused]) || single(window, TaskKind::Refused) => format!(
            "{} was refused, and nobody else can have held it at any moment in between",
            name(of(TaskKind::Refused).next_back().unwrap_or(last).patient)
        ),
        (_, Some(_)) if single(window, TaskKind::Held) => {
            "a list of all that is free does not show it, and nobody can have held it at any moment \
             in between"
                .to_owned()
        }
        (_, Some(last)) if only(&[TaskKind::Cancel]) => format!(
            "{} was told that it is given back, and cannot have held it",
            name(last.patient)
        ),
        _ => {
            let last = window.tasks.iter().max_by_key(|task| task.end);
            let told = last.map_or_else(String::new, |last| claim(last, &name(last.patient)));
            format!("{told}, and in no order of these that agrees with their times can that be")
        }
    }
}

/// What a task says of the slot, in words.
fn claim(task: &Task, patient: &str) -> String {
    match task.kind {
        TaskKind::Book => format!("{patient} was told it was theirs"),
        TaskKind::Cancel => format!("{patient} was told that it is given back"),
        TaskKind::Refused => format!("{patient} was refused because another held it"),
        TaskKind::NotHeld => format!("{patient} was told that it does not hold it"),
        TaskKind::Free => "a list shows it as free".to_owned(),
        TaskKind::Held => "a list of all that is free does not show it".to_owned(),
    }
}

/// Whether one of the tasks is of this kind, and the others explain why that cannot be.
fn single(window: &Window, kind: TaskKind) -> bool {
    let explains = |task: &&Task| matches!(task.kind, TaskKind::Cancel | TaskKind::Free);
    let (ours, others): (Vec<&Task>, Vec<&Task>) =
        window.tasks.iter().partition(|task| task.kind == kind);
    ours.len() == 1 && others.len() <= 1 && others.iter().all(explains)
}
