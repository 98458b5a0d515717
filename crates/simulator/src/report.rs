//! How a run went: counted while it runs, in constant memory, and then told to people and programs.
//!
//! A [`Tally`] takes in visits; [`Tally::finish`] makes a [`Report`] of them, a plain value that can be
//! written as JSON, as a page, and as tables for a terminal. What is deliberately not here: files and
//! terminals.

mod compare;
mod kept;
mod latency;
mod numbers;
mod page;
mod reasons;
mod table;
mod tables;
mod timeline;
mod tries;
mod values;
mod waits;

use std::collections::HashMap;
use std::time::Duration;

use domain::Refusal;

use crate::record::{DoctorUse, Phase, VisitEnd, VisitRecord};
use kept::Kept;
use latency::Latencies;
use numbers::{seconds, share};
use reasons::Reasons;
use timeline::Timeline;
use tries::TryCounts;
use waits::WaitCounts;

pub use compare::{Compared, Comparison, Unit};
pub use numbers::{percent, time};
pub use table::{Aligned, Column, Table};
pub use values::{
    ConnectionCount, CurvePoint, Diagram, FORMAT, Latency, Outcome, OutcomeCount, OverTime,
    ReasonCount, RefusalCount, Report, Said, Setting, Stretch, TimeBin, Tries, TryCount,
    Utilisation, WaitBar, Waits,
};

/// Connections of a visit that are told apart; the last number means "or more".
const CONNECTIONS_MAX: usize = 8;

/// What a run is, for the head of its report.
#[derive(Debug, Clone)]
pub struct About {
    /// What people call it: `A vaccination morning`, `A crowd of 10000 patients`.
    pub title: String,
    /// What it was set to, as name and value.
    pub settings: Vec<(String, String)>,
    /// How probably a datagram is lost on the way to a doctor and on the way back; `None` when nobody
    /// knows.
    pub loss: Option<Loss>,
    /// How long the run is planned to last, for the scale of what is shown over time.
    pub planned: Duration,
}

/// Losses on the way to a doctor and back, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loss {
    /// Of questions.
    pub there: f64,
    /// Of answers.
    pub back: f64,
}

/// Of which visits a report has sequence diagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Diagrams {
    /// A few that show what there is: the first that was served, the slowest, the first of every
    /// other outcome, those with the most tries.
    Few,
    /// All of them, in order, as long as they are a handful.
    All,
}

/// Counts visits. What it takes does not grow with their number, nor with the time they take.
#[derive(Debug)]
pub struct Tally {
    about: About,
    visits: u64,
    lasted: Duration,
    outcomes: [u64; Outcome::ALL.len()],
    /// At most one entry for each refusal there is.
    refusals: HashMap<Refusal, u64>,
    without_price: Reasons,
    failures: Reasons,
    latencies: Latencies,
    timeline: Timeline,
    tries: TryCounts,
    waits: WaitCounts,
    connections: [u64; CONNECTIONS_MAX],
    doctors: Vec<DoctorUse>,
    kept: Kept,
}

impl Tally {
    /// Nothing has happened yet; a few visits will be kept for diagrams.
    #[must_use]
    pub fn new(about: About) -> Self {
        Self::keeping(about, Diagrams::Few)
    }

    /// Nothing has happened yet; these visits will be kept for diagrams.
    #[must_use]
    pub fn keeping(about: About, diagrams: Diagrams) -> Self {
        let timeline = Timeline::new(about.planned);
        Self {
            about,
            visits: 0,
            lasted: Duration::ZERO,
            outcomes: [0; Outcome::ALL.len()],
            refusals: HashMap::new(),
            without_price: Reasons::default(),
            failures: Reasons::default(),
            latencies: Latencies::new(),
            timeline,
            tries: TryCounts::default(),
            waits: WaitCounts::new(),
            connections: [0; CONNECTIONS_MAX],
            doctors: Vec::new(),
            kept: Kept::new(diagrams),
        }
    }

    /// Counts a visit that is over. Keeps a few whole ones, for the diagrams.
    pub fn visit(&mut self, record: VisitRecord) {
        self.visits += 1;
        self.lasted = self.lasted.max(record.left);
        let outcome = Outcome::of(&record.ended);
        self.outcomes[outcome as usize] += 1;
        match &record.ended {
            VisitEnd::Refused(refusal) => *self.refusals.entry(*refusal).or_default() += 1,
            VisitEnd::WithoutPrice(why) => self.without_price.count(why),
            VisitEnd::Failed(why) => self.failures.count(why),
            VisitEnd::Served | VisitEnd::CalledOff | VisitEnd::WalkedAway => {}
        }
        self.latencies.visit(&record);
        self.timeline.arrival(record.planned);
        if let Some(at) = booked_at(&record) {
            self.timeline.booking(at);
        }
        self.tries.visit(&record);
        self.waits.visit(&record);
        let connections = usize::try_from(record.connections).unwrap_or(usize::MAX);
        if connections > 0 {
            self.connections[connections.min(CONNECTIONS_MAX) - 1] += 1;
        }
        self.kept.visit(record);
    }

    /// How the doctors' time was used; once, at the end.
    pub fn doctors(&mut self, doctors: Vec<DoctorUse>) {
        self.doctors = doctors;
    }

    /// What the run is.
    #[must_use]
    pub fn about(&self) -> &About {
        &self.about
    }

    /// How many visits were counted so far.
    #[must_use]
    pub fn visits(&self) -> u64 {
        self.visits
    }

    /// Something more about the run, beside its settings.
    pub fn note(&mut self, name: &str, value: String) {
        self.about.settings.push((name.to_owned(), value));
    }

    /// What is to be told of all that was counted so far.
    #[must_use]
    pub fn finish(&self) -> Report {
        let setting =
            |(name, value): &(String, String)| Setting { name: name.clone(), value: value.clone() };
        Report {
            format: FORMAT,
            title: self.about.title.clone(),
            settings: self.about.settings.iter().map(setting).collect(),
            planned_s: seconds(self.about.planned),
            lasted_s: seconds(self.lasted),
            visits: self.visits,
            outcomes: self.outcomes(),
            refusals: self.refusals(),
            without_price: self.without_price.told(self.visits),
            failures: self.failures.told(self.visits),
            latency: self.latencies.told(),
            over_time: self.timeline.told(),
            doctors: self.doctors.iter().map(utilisation).collect(),
            tries: self.tries.told(self.about.loss),
            waits: self.waits.told(),
            connections: self.connections(),
            diagrams: self.kept.told(),
            comparison: None,
        }
    }

    fn outcomes(&self) -> Vec<OutcomeCount> {
        let counted = |outcome: Outcome| {
            let visits = self.outcomes[outcome as usize];
            OutcomeCount { outcome, visits, share: share(visits, self.visits) }
        };
        Outcome::ALL.map(counted).into()
    }

    fn refusals(&self) -> Vec<RefusalCount> {
        let told = |(&reason, &visits): (&Refusal, &u64)| {
            let words = reason.to_string();
            RefusalCount { reason, words, visits, share: share(visits, self.visits) }
        };
        let mut refusals: Vec<_> = self.refusals.iter().map(told).collect();
        // By words where numbers are equal, so that a run has one report.
        refusals.sort_by(|a, b| b.visits.cmp(&a.visits).then_with(|| a.words.cmp(&b.words)));
        refusals
    }

    fn connections(&self) -> Vec<ConnectionCount> {
        let last = self.connections.iter().rposition(|&visits| visits > 0);
        let counted = self.connections.iter().take(last.map_or(0, |last| last + 1));
        (1..)
            .zip(counted)
            .map(|(connections, &visits)| ConnectionCount { connections, visits })
            .collect()
    }
}

impl Outcome {
    /// Which one this is.
    fn of(ended: &VisitEnd) -> Self {
        match ended {
            VisitEnd::Served => Self::Served,
            VisitEnd::WithoutPrice(_) => Self::WithoutPrice,
            VisitEnd::CalledOff => Self::CalledOff,
            VisitEnd::Refused(_) => Self::Refused,
            VisitEnd::WalkedAway => Self::WalkedAway,
            VisitEnd::Failed(_) => Self::Failed,
        }
    }
}

/// When something was booked, since the run began; `None` when nothing was.
fn booked_at(record: &VisitRecord) -> Option<Duration> {
    let was_booked = record.booking.is_some()
        || matches!(
            record.ended,
            VisitEnd::Served | VisitEnd::WithoutPrice(_) | VisitEnd::CalledOff
        );
    let until_booked = record.phases.iter().rposition(|(phase, _)| *phase == Phase::Book);
    let took = |last: usize| record.phases[..=last].iter().map(|(_, took)| *took).sum();
    was_booked
        .then(|| until_booked.map_or(record.left, |last| record.planned.saturating_add(took(last))))
}

fn utilisation(doctor: &DoctorUse) -> Utilisation {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    Utilisation {
        doctor: doctor.doctor.to_string(),
        slots: doctor.slots,
        booked: doctor.booked,
        missed: doctor.missed,
        booked_share: share(count(doctor.booked), count(doctor.slots)),
    }
}

#[cfg(test)]
mod tests;
