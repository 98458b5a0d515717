//! How it looks while the crowd comes: a bar on a terminal, and nothing anywhere else.

use indicatif::ProgressBar;
use simulator::crowd::{CrowdPlan, Moment, Pace};
use simulator::report::{Outcome, Stretch, Tally, time};

use crate::simulate::bar::bar;

/// The bar, and the numbers behind it.
const TEMPLATE: &str = "{elapsed} [{bar:24}] {pos}/{len} {msg}";

/// A bar on standard error where that is a terminal.
pub(super) struct Live(ProgressBar);

impl Live {
    pub(super) fn of(plan: &CrowdPlan) -> Self {
        let visits = match (plan.visits(), plan.pace, plan.duration) {
            (Some(visits), ..) => Some(visits),
            (None, Pace::Rate(rate), Some(lasts)) => Some((rate * lasts.as_secs_f64()) as u64),
            (None, ..) => None,
        };
        Self(bar(visits, TEMPLATE))
    }

    /// How it looks now.
    pub(super) fn show(&self, moment: &Moment, tally: &Tally) {
        if self.0.is_hidden() {
            return;
        }
        let report = tally.finish();
        let visit = report.latency_of(Stretch::Visit);
        self.0.set_position(moment.arrived);
        self.0.set_message(format!(
            "inside {}, in line {}, served {}, refused {}, failed {}, p50 {}, p99 {}",
            moment.inside,
            moment.waiting,
            report.ended(Outcome::Served),
            report.ended(Outcome::Refused),
            report.ended(Outcome::Failed),
            time(visit.map_or(0.0, |visit| visit.p50_ms)),
            time(visit.map_or(0.0, |visit| visit.p99_ms)),
        ));
    }

    /// The bar makes room for what comes behind it.
    pub(super) fn finish(self) {
        self.0.finish_and_clear();
    }
}
