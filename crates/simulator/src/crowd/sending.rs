//! Sends the patients: at their planned moments, whoever else is still there; or so many at once.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use net::Shutdown;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep_until};

use super::visit::{Run, Visitor, visit};
use super::{
    CrowdEvent, CrowdPlan, Destination, Moment, Pace, VISITS_AT_ONCE_MAX, VISITS_MAX,
    VISITS_WHOLE_MAX,
};
use crate::chance::Chance;
use crate::history::Recorder;
use crate::record::VisitRecord;

/// How often is told how it looks.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// All have come and gone.
    All,
    /// It was called off; whoever was still there has no record.
    CalledOff(StillThere),
}

/// Who was still there when a run was called off: those whose visits took longest are among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StillThere {
    /// How many were served just then.
    pub inside: usize,
    /// How many waited in line outside.
    pub waiting: usize,
    /// How long ago the first of them was to come; zero when nobody was there.
    pub longest: Duration,
}

/// Sends the crowd of `plan` to `place`, and tells of every visit when it is over. What it does to
/// slots goes into `history`. Ends when all have left, or with `stop`.
pub async fn run(
    plan: &CrowdPlan,
    place: Arc<Destination>,
    history: Option<Recorder>,
    told: &mut dyn FnMut(CrowdEvent),
    mut stop: Shutdown,
) -> Sent {
    let began = Instant::now();
    let mut arrivals = Arrivals::of(plan);
    let run = Arc::new(Run { plan: plan.clone(), place, began, history });
    let mut street = Street::empty(run);
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        street.let_come(&mut arrivals);
        street.let_in();
        let next = arrivals.next_at().filter(|_| !street.is_crowded(&arrivals));
        if next.is_none() && street.is_empty() {
            told(CrowdEvent::Now(street.look()));
            return Sent::All;
        }
        let due = tokio::time::Instant::from_std(began + next.unwrap_or_default());
        tokio::select! {
            biased;
            () = stop.wait() => {
                while let Some(over) = street.inside.try_join_next_with_id() {
                    told(street.leaves(over));
                }
                told(CrowdEvent::Now(street.look()));
                let still_there = street.still_there();
                street.inside.shutdown().await;
                return Sent::CalledOff(still_there);
            }
            Some(over) = street.inside.join_next_with_id() => told(street.leaves(over)),
            () = sleep_until(due), if next.is_some() => {}
            _ = look.tick() => told(CrowdEvent::Now(street.look())),
        }
    }
}

/// Who has come: in line outside, or inside.
struct Street {
    run: Arc<Run>,
    line: VecDeque<Visitor>,
    inside: JoinSet<VisitRecord>,
    /// When those inside were to come, since the run began.
    planned: HashMap<Id, Duration>,
    arrived: u64,
}

impl Street {
    fn empty(run: Arc<Run>) -> Self {
        let (line, inside, planned) = (VecDeque::new(), JoinSet::new(), HashMap::new());
        Self { run, line, inside, planned, arrived: 0 }
    }

    /// All whose time has come get in line.
    fn let_come(&mut self, arrivals: &mut Arrivals) {
        let now = self.run.began.elapsed();
        while let Some(at) = arrivals.next_at().filter(|at| *at <= now) {
            if self.is_crowded(arrivals) {
                return;
            }
            // Who comes when somebody leaves had no moment planned before.
            let planned = if arrivals.at_once.is_some() { now } else { at };
            self.line.push_back(arrivals.next_visitor(planned));
            self.arrived += 1;
        }
    }

    fn let_in(&mut self) {
        let most = self.run.plan.at_once_max.clamp(1, VISITS_AT_ONCE_MAX);
        while self.inside.len() < most
            && let Some(visitor) = self.line.pop_front()
        {
            let planned = visitor.planned;
            let task = self.inside.spawn(visit(Arc::clone(&self.run), visitor));
            self.planned.insert(task.id(), planned);
        }
    }

    /// A visit is over.
    fn leaves(&mut self, over: Result<(Id, VisitRecord), JoinError>) -> CrowdEvent {
        // A visit that panicked is a bug of ours, and not counted as anything else.
        let (task, record) = over.expect("a visit ends with a record");
        self.planned.remove(&task);
        CrowdEvent::Over(Box::new(record))
    }

    /// Whether the next one comes only when somebody leaves.
    fn is_crowded(&self, arrivals: &Arrivals) -> bool {
        arrivals.at_once.is_some_and(|most| self.inside.len() + self.line.len() >= most)
    }

    fn is_empty(&self) -> bool {
        self.line.is_empty() && self.inside.is_empty()
    }

    fn still_there(&self) -> StillThere {
        let planned = self.planned.values().copied();
        let first = planned.chain(self.line.iter().map(|visitor| visitor.planned)).min();
        let now = self.run.began.elapsed();
        StillThere {
            inside: self.inside.len(),
            waiting: self.line.len(),
            longest: first.map_or(Duration::ZERO, |first| now.saturating_sub(first)),
        }
    }

    fn look(&self) -> Moment {
        Moment {
            at: self.run.began.elapsed(),
            arrived: self.arrived,
            inside: self.inside.len(),
            waiting: self.line.len(),
        }
    }
}

/// Who is still to come.
struct Arrivals {
    chance: Chance,
    /// Between two of them on average; `None` when they come as others leave.
    mean: Option<Duration>,
    at_once: Option<usize>,
    next: Duration,
    number: u64,
    /// How many visits there will be.
    visits: u64,
    /// Nobody comes from here on.
    closes: Duration,
    /// Of so many visits, one is kept whole.
    whole_each: u64,
}

impl Arrivals {
    fn of(plan: &CrowdPlan) -> Self {
        let (mean, at_once) = match plan.pace {
            Pace::Rate(rate) => (Some(Duration::from_secs_f64(1.0 / rate.max(1e-6))), None),
            Pace::Concurrency(most) => (None, Some(most.clamp(1, VISITS_AT_ONCE_MAX))),
        };
        let visits = plan.visits().unwrap_or(VISITS_MAX);
        let expected = match (plan.visits(), plan.pace, plan.duration) {
            (None, Pace::Rate(rate), Some(duration)) => (rate * duration.as_secs_f64()) as u64,
            _ => u64::from(plan.patients),
        };
        let mut arrivals = Self {
            chance: Chance::new(plan.seed),
            mean,
            at_once,
            next: Duration::ZERO,
            number: 0,
            visits,
            closes: plan.duration.unwrap_or(Duration::MAX),
            whole_each: expected.div_ceil(VISITS_WHOLE_MAX).max(1),
        };
        arrivals.plan_next();
        arrivals
    }

    /// When the next one comes, since the run began; `None` when nobody does.
    fn next_at(&self) -> Option<Duration> {
        (self.number < self.visits && self.next < self.closes).then_some(self.next)
    }

    fn next_visitor(&mut self, planned: Duration) -> Visitor {
        let number = self.number;
        let whole =
            number.is_multiple_of(self.whole_each) && number / self.whole_each < VISITS_WHOLE_MAX;
        let visitor = Visitor { number, planned, chance: self.chance.fork(), whole };
        self.number += 1;
        self.next = planned;
        self.plan_next();
        visitor
    }

    fn plan_next(&mut self) {
        if let Some(mean) = self.mean {
            self.next += self.chance.wait(mean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crowd::Network;
    use crate::plan::Choice;
    use protocol::Dialect;

    fn plan(pace: Pace, duration: Option<Duration>) -> CrowdPlan {
        CrowdPlan {
            patients: 1_000,
            doctors: 1,
            slots: 1,
            pace,
            duration,
            at_once_max: VISITS_AT_ONCE_MAX,
            seed: 3,
            dialect: Dialect::Json,
            choice: Choice::Any,
            network: Network::default(),
        }
    }

    fn moments(plan: &CrowdPlan) -> Vec<Duration> {
        let mut arrivals = Arrivals::of(plan);
        let next = || {
            let at = arrivals.next_at()?;
            Some(arrivals.next_visitor(at).planned)
        };
        std::iter::from_fn(next).take(10_000).collect()
    }

    #[test]
    fn patients_come_at_the_rate_whoever_was_served() {
        let once = moments(&plan(Pace::Rate(100.0), None));
        assert_eq!(once.len(), 1_000);
        assert!(once.is_sorted());
        assert!((9.0..11.0).contains(&once[999].as_secs_f64()), "{:?}", once[999]);
        assert_eq!(once, moments(&plan(Pace::Rate(100.0), None)), "one seed, one plan");
        let timed = moments(&plan(Pace::Rate(100.0), Some(Duration::from_secs(20))));
        assert!((1_900..2_100).contains(&timed.len()), "{}", timed.len());
    }

    #[test]
    fn of_many_visits_a_few_are_kept_whole() {
        let plan = plan(Pace::Concurrency(5), None);
        let mut arrivals = Arrivals::of(&plan);
        let whole = (0..1_000).filter(|_| arrivals.next_visitor(Duration::ZERO).whole).count();
        assert_eq!(whole, 63);
        assert_eq!(arrivals.next_at(), None);
    }
}
