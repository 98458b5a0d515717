//! What a report says: plain values, as they stand in its JSON. Units are in the names: `_ms`, `_s`, `_h`;
//! a share goes from 0 to 1.

use serde::Serialize;

use super::compare::Comparison;

/// The number of this shape. It changes when something that was there is gone or means something else.
pub const FORMAT: u32 = 1;

/// How a run went.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: u32,
    /// What people call the run.
    pub title: String,
    /// What it was set to.
    pub settings: Vec<Setting>,
    /// How long it was planned to last.
    pub planned_s: f64,
    /// When the last visit ended, since the run began.
    pub lasted_s: f64,
    /// How many visits there were.
    pub visits: u64,
    /// How they ended; every outcome is here, also one that did not occur.
    pub outcomes: Vec<OutcomeCount>,
    /// Why patients were refused, the most frequent first.
    pub refusals: Vec<RefusalCount>,
    /// Why those who booked got no price, the most frequent first.
    pub without_price: Vec<ReasonCount>,
    /// What broke, the most frequent first.
    pub failures: Vec<ReasonCount>,
    /// How long each phase took, in order, and then the whole visit.
    pub latency: Vec<Latency>,
    /// Arrivals and bookings over time.
    pub over_time: OverTime,
    /// How each doctor's time was used.
    pub doctors: Vec<Utilisation>,
    /// How often the doctors had to be asked.
    pub tries: Tries,
    /// How long it is from the booking to the visit; `None` when nobody says.
    pub waits: Option<Waits>,
    /// How often patients connected to the center.
    pub connections: Vec<ConnectionCount>,
    /// A few whole visits, for sequence diagrams.
    pub diagrams: Vec<Diagram>,
    /// This run and another side by side; `None` when it is by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
}

/// Something that the run was set to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Setting {
    /// What: `loss`.
    pub name: String,
    /// To what: `5%`.
    pub value: String,
}

/// How a visit ended, without the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Booked, with the price known.
    Served,
    /// Booked; the doctor gave no price.
    WithoutPrice,
    /// Booked, and called off again.
    CalledOff,
    /// A polite "no".
    Refused,
    /// The patient walked away.
    WalkedAway,
    /// Something broke.
    Failed,
}

impl Outcome {
    /// All of them, in order.
    pub const ALL: [Self; 6] = [
        Self::Served,
        Self::WithoutPrice,
        Self::CalledOff,
        Self::Refused,
        Self::WalkedAway,
        Self::Failed,
    ];

    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Served => "served",
            Self::WithoutPrice => "booked, without a price",
            Self::CalledOff => "booked, and called off",
            Self::Refused => "refused",
            Self::WalkedAway => "walked away",
            Self::Failed => "failed",
        }
    }
}

/// How many visits ended in one way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OutcomeCount {
    /// Which way.
    pub outcome: Outcome,
    /// How many.
    pub visits: u64,
    /// Of all visits.
    pub share: f64,
}

/// How many patients were refused for one reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RefusalCount {
    /// Which one, as the protocol writes it: `slot_taken`.
    pub reason: domain::Refusal,
    /// The same for people.
    pub words: String,
    /// How many.
    pub visits: u64,
    /// Of all visits.
    pub share: f64,
}

/// How many visits ended for one reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReasonCount {
    /// Which one.
    pub words: String,
    /// How many.
    pub visits: u64,
    /// Of all visits.
    pub share: f64,
}

/// What a latency is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stretch {
    /// From the planned arrival to the welcome.
    LogIn,
    /// To the list of free slots.
    List,
    /// To the confirmation of the booking, or its refusal.
    Book,
    /// To the doctor's price.
    Estimate,
    /// From the planned arrival to the end, of every visit that was not called off.
    Visit,
}

impl Stretch {
    /// All of them, in order.
    pub const ALL: [Self; 5] = [Self::LogIn, Self::List, Self::Book, Self::Estimate, Self::Visit];

    /// What people call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LogIn => "log in",
            Self::List => "list",
            Self::Book => "book",
            Self::Estimate => "estimate",
            Self::Visit => "whole visit",
        }
    }
}

/// How long something took: of 1,000 times, `p99_ms` was enough for 990. Three digits are exact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Latency {
    /// What.
    pub phase: Stretch,
    /// How often it happened; where it is 0, all the numbers are.
    pub count: u64,
    /// The average.
    pub mean_ms: f64,
    /// Half were faster.
    pub p50_ms: f64,
    /// 90 % were.
    pub p90_ms: f64,
    /// 99 % were.
    pub p99_ms: f64,
    /// 99.9 % were.
    pub p99_9_ms: f64,
    /// The slowest.
    pub max_ms: f64,
    /// The whole distribution in a few points, from the fastest to the slowest.
    pub curve: Vec<CurvePoint>,
}

/// A point of a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CurvePoint {
    /// From 0 to 100.
    pub percentile: f64,
    /// What was enough for so many.
    pub ms: f64,
}

/// What happened when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct OverTime {
    /// How long a bin is.
    pub bin_s: f64,
    /// The bins, from the begin of the run to the last in which something happened.
    pub bins: Vec<TimeBin>,
}

/// What happened in a while.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TimeBin {
    /// When it begins, since the run did.
    pub from_s: f64,
    /// How many patients were to come.
    pub arrivals: u64,
    /// How many bookings were confirmed, also of those that were called off later.
    pub bookings: u64,
}

/// How a doctor's time was used.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Utilisation {
    /// Who.
    pub doctor: String,
    /// How many slots there were.
    pub slots: usize,
    /// How many were booked at the end.
    pub booked: usize,
    /// How many of those were missed by their patients.
    pub missed: usize,
    /// Booked, of all slots; 0 when there were none.
    pub booked_share: f64,
}

/// How often the doctors had to be asked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tries {
    /// How probably a question is lost; `None` when nobody knows.
    pub loss_there: Option<f64>,
    /// How probably an answer is lost; `None` when nobody knows.
    pub loss_back: Option<f64>,
    /// How many visits asked a doctor.
    pub asked: u64,
    /// How many of them got an answer, be it a price or a "no".
    pub answered: u64,
    /// Of those that asked.
    pub answered_share: f64,
    /// What the losses predict for that; `None` when nobody knows them.
    pub predicted_share: Option<f64>,
    /// By the try that was answered.
    pub by_try: Vec<TryCount>,
}

/// How many visits were answered at one try.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TryCount {
    /// Which one, from 1; `None` for those that got no answer.
    pub tried: Option<u32>,
    /// How many.
    pub visits: u64,
    /// Of those that asked.
    pub share: f64,
    /// What the losses predict for that; `None` when nobody knows them.
    pub predicted_share: Option<f64>,
}

/// How long it is from the booking to the visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Waits {
    /// Of how many bookings that is known.
    pub bookings: u64,
    /// The average.
    pub mean_h: f64,
    /// Half waited less.
    pub p50_h: f64,
    /// 90 % did.
    pub p90_h: f64,
    /// 99 % did.
    pub p99_h: f64,
    /// The longest.
    pub max_h: f64,
    /// How many waited how long, without a gap.
    pub bars: Vec<WaitBar>,
}

/// How many waited from so long to less than so long.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct WaitBar {
    /// From so long.
    pub from_h: f64,
    /// To less than so long.
    pub to_h: f64,
    /// How many.
    pub bookings: u64,
}

/// How many patients connected so often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ConnectionCount {
    /// How often; the last one means "or more".
    pub connections: u32,
    /// How many.
    pub visits: u64,
}

/// One whole visit.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagram {
    /// Why this one was kept, for people: `the slowest`.
    pub why: Vec<String>,
    /// Whose visit.
    pub patient: String,
    /// How it ended.
    pub outcome: Outcome,
    /// How it ended, in more words; `None` when there is no more to say.
    pub words: Option<String>,
    /// When the patient was to come, since the run began.
    pub planned_ms: f64,
    /// From then to the end.
    pub took_ms: f64,
    /// How often the doctor was asked; `None` when none was.
    pub tries: Option<u32>,
    /// Who said what to whom, in order.
    pub exchanges: Vec<Said>,
    /// How many more there were, which are not told.
    pub untold: u64,
}

/// One thing that was said.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Said {
    /// When, since the run began.
    pub at_ms: f64,
    /// Who spoke: `patient`, `center`, or a doctor's name.
    pub from: String,
    /// To whom.
    pub to: String,
    /// What.
    pub what: String,
    /// Whether it arrived, as far as anybody knows.
    pub arrived: bool,
}

impl Report {
    /// How many visits ended like this.
    #[must_use]
    pub fn ended(&self, outcome: Outcome) -> u64 {
        let found = self.outcomes.iter().find(|counted| counted.outcome == outcome);
        found.map_or(0, |counted| counted.visits)
    }

    /// How long this took; `None` when it never happened.
    #[must_use]
    pub fn latency_of(&self, stretch: Stretch) -> Option<&Latency> {
        self.latency.iter().find(|latency| latency.phase == stretch && latency.count > 0)
    }

    /// As JSON for programs, with a line break at its end.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.expect("strings and finite numbers are JSON") + "\n"
    }
}
