//! Two runs side by side: what would one more doctor change?

use std::collections::BTreeMap;

use serde::Serialize;

use super::numbers::{count, long_time, percent, time};
use super::table::{Aligned, Column, Table};
use super::values::{Report, Stretch, Utilisation};

/// What stands where a report does not say.
const NOTHING: &str = "–";

/// Two reports side by side.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The title of the one run.
    pub one: String,
    /// The title of the other.
    pub other: String,
    /// What is compared, in order.
    pub rows: Vec<Compared>,
}

/// Something of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// What: `served`, `booking to visit, p50`.
    pub what: String,
    /// What the numbers are.
    pub unit: Unit,
    /// In the one run; `None` where its report does not say.
    pub one: Option<f64>,
    /// In the other; `None` where its report does not say.
    pub other: Option<f64>,
    /// How much more it is in the other; `None` where one of them does not say.
    pub difference: Option<f64>,
}

/// What a number is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// How many.
    Count,
    /// A part of something, from 0 to 1.
    Share,
    /// A time in hours.
    Hours,
    /// A time in milliseconds.
    Milliseconds,
}

impl Report {
    /// Puts another run at the side of this one: its tables, its page and its JSON tell of both.
    pub fn compare_with(&mut self, other: &Self) {
        self.comparison = Some(Comparison::of(self, other));
    }
}

impl Comparison {
    /// Of two runs; they are worth comparing when they have the same seed.
    #[must_use]
    pub fn of(one: &Report, other: &Report) -> Self {
        let mut rows = Rows { one, other, rows: Vec::new() };
        rows.visits();
        rows.refusals();
        rows.waits();
        rows.doctors();
        rows.latencies();
        Self { one: one.title.clone(), other: other.title.clone(), rows: rows.rows }
    }

    /// As a table for a terminal.
    #[must_use]
    pub fn table(&self) -> Table {
        let numbers = |head: &str| Column { head: head.to_owned(), aligned: Aligned::Right };
        Table {
            caption: "Side by side".to_owned(),
            columns: vec![
                Column { head: "what".to_owned(), aligned: Aligned::Left },
                numbers(&self.one),
                numbers(&self.other),
                numbers("difference"),
            ],
            rows: self.rows.iter().map(Compared::cells).collect(),
        }
    }
}

impl Compared {
    fn cells(&self) -> Vec<String> {
        let told = |number: Option<f64>| match number {
            Some(number) => self.unit.told(number),
            None => NOTHING.to_owned(),
        };
        let difference = match self.difference {
            Some(more) => self.unit.told_difference(more),
            None => NOTHING.to_owned(),
        };
        vec![self.what.clone(), told(self.one), told(self.other), difference]
    }
}

impl Unit {
    /// A number that is not negative, as people read it.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "counts are whole and not negative"
    )]
    fn told(self, number: f64) -> String {
        match self {
            Self::Count => count(number as u64),
            Self::Share => percent(number),
            Self::Hours => long_time(number * 3_600.0),
            Self::Milliseconds => time(number),
        }
    }

    /// A difference, with its sign.
    fn told_difference(self, more: f64) -> String {
        let size = match self {
            Self::Share => format!("{:.1} points", more.abs() * 100.0),
            _ => self.told(more.abs()),
        };
        match more {
            _ if size == self.told(0.0) || size == "0.0 points" => "=".to_owned(),
            _ if more > 0.0 => format!("+{size}"),
            _ => format!("−{size}"),
        }
    }
}

/// Takes the rows out of two reports.
struct Rows<'a> {
    one: &'a Report,
    other: &'a Report,
    rows: Vec<Compared>,
}

impl Rows<'_> {
    fn row(&mut self, what: &str, unit: Unit, of: impl Fn(&Report) -> Option<f64>) {
        let (one, other) = (of(self.one), of(self.other));
        let difference = one.zip(other).map(|(one, other)| other - one);
        self.rows.push(Compared { what: what.to_owned(), unit, one, other, difference });
    }

    fn visits(&mut self) {
        self.row("visits", Unit::Count, |report| Some(number(report.visits)));
        for at in 0..self.one.outcomes.len() {
            let outcome = self.one.outcomes[at].outcome;
            self.row(outcome.as_str(), Unit::Count, |report| {
                let found = report.outcomes.iter().find(|counted| counted.outcome == outcome);
                found.map(|counted| number(counted.visits))
            });
        }
    }

    /// Who was turned away, by reason; a reason that one of them does not have is 0 there.
    fn refusals(&mut self) {
        let both = self.one.refusals.iter().chain(&self.other.refusals);
        let mut totals: BTreeMap<String, u64> = BTreeMap::new();
        for refusal in both {
            *totals.entry(refusal.words.clone()).or_default() += refusal.visits;
        }
        let mut reasons: Vec<(String, u64)> = totals.into_iter().collect();
        reasons.sort_by_key(|(_, visits)| std::cmp::Reverse(*visits));
        for (words, _) in reasons {
            self.row(&format!("refused: {words}"), Unit::Count, |report| {
                let found = report.refusals.iter().find(|refusal| refusal.words == words);
                Some(number(found.map_or(0, |refusal| refusal.visits)))
            });
        }
    }

    fn waits(&mut self) {
        let wait = |report: &Report| report.waits.clone();
        self.row("booking to visit, p50", Unit::Hours, |r| wait(r).map(|waits| waits.p50_h));
        self.row("booking to visit, p90", Unit::Hours, |r| wait(r).map(|waits| waits.p90_h));
        self.row("booking to visit, longest", Unit::Hours, |r| wait(r).map(|waits| waits.max_h));
    }

    /// How full each doctor was; the difference is unknown for a doctor whom only one of them has.
    fn doctors(&mut self) {
        self.row("slots", Unit::Count, |report| Some(sum(report, |doctor| doctor.slots)));
        self.row("slots missed", Unit::Count, |report| Some(sum(report, |doctor| doctor.missed)));
        self.row("all doctors, full", Unit::Share, |report| {
            let (booked, slots) = (sum(report, |d| d.booked), sum(report, |d| d.slots));
            (slots > 0.0).then(|| booked / slots)
        });
        let mut names: Vec<String> = Vec::new();
        for doctor in self.one.doctors.iter().chain(&self.other.doctors) {
            if !names.contains(&doctor.doctor) {
                names.push(doctor.doctor.clone());
            }
        }
        for name in names {
            self.row(&format!("{name}, full"), Unit::Share, |report| {
                let found = report.doctors.iter().find(|doctor| doctor.doctor == name);
                found.map(|doctor| doctor.booked_share)
            });
        }
    }

    fn latencies(&mut self) {
        for stretch in [Stretch::Book, Stretch::Estimate, Stretch::Visit] {
            let what = format!("{}, p99", stretch.as_str());
            self.row(&what, Unit::Milliseconds, |report| {
                report.latency_of(stretch).map(|latency| latency.p99_ms)
            });
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn number(count: u64) -> f64 {
    count as f64
}

fn sum(report: &Report, of: impl Fn(&Utilisation) -> usize) -> f64 {
    let sum: usize = report.doctors.iter().map(of).sum();
    number(u64::try_from(sum).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
