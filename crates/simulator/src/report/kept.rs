//! Which whole visits are kept for sequence diagrams, out of any number of them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Diagrams;
use super::latency::whole_visit;
use super::numbers::milliseconds;
use super::reasons::cut;
use super::values::{Diagram, Outcome, Said};
use crate::record::{Exchange, Fate, Party, VisitEnd, VisitRecord};

/// How many visits with the most tries are kept.
const MOST_TRIES_MAX: usize = 3;

/// How many visits are kept when all are wanted.
const ALL_MAX: usize = 250;

/// How many exchanges of a visit are kept.
const EXCHANGES_MAX: usize = 200;

/// Visits by their number, and which of them is what.
#[derive(Debug)]
pub(super) struct Kept {
    diagrams: Diagrams,
    seen: u64,
    visits: BTreeMap<u64, (VisitRecord, usize)>,
    /// The first that ended in each way.
    first: [Option<u64>; Outcome::ALL.len()],
    slowest: Option<(Duration, u64)>,
    /// The most first.
    most_tries: Vec<(u32, u64)>,
}

impl Kept {
    /// Nobody has come.
    pub(super) fn new(diagrams: Diagrams) -> Self {
        Self {
            diagrams,
            seen: 0,
            visits: BTreeMap::new(),
            first: [None; Outcome::ALL.len()],
            slowest: None,
            most_tries: Vec::new(),
        }
    }

    /// Keeps a visit if it is one of those that are wanted and there is anything to draw.
    pub(super) fn visit(&mut self, record: VisitRecord) {
        let number = self.seen;
        self.seen += 1;
        if record.exchanges.is_empty() {
            return;
        }
        let is_wanted = match self.diagrams {
            Diagrams::All => self.visits.len() < ALL_MAX,
            Diagrams::Few => self.chooses(number, &record),
        };
        if is_wanted {
            self.visits.insert(number, shortened(record));
        }
        if self.diagrams == Diagrams::Few && is_wanted {
            let left: Vec<u64> =
                self.visits.keys().copied().filter(|&visit| self.why(visit).is_empty()).collect();
            for visit in left {
                self.visits.remove(&visit);
            }
        }
    }

    /// Notes what a visit is the first or the most of; whether it is any of that.
    fn chooses(&mut self, number: u64, record: &VisitRecord) -> bool {
        let first = &mut self.first[Outcome::of(&record.ended) as usize];
        if first.is_none() {
            *first = Some(number);
        }
        let took = whole_visit(record);
        let was_waited_for = record.ended != VisitEnd::CalledOff;
        if was_waited_for && self.slowest.is_none_or(|(slowest, _)| took > slowest) {
            self.slowest = Some((took, number));
        }
        if let Some(tries) = record.tries.filter(|&tries| tries > 1) {
            // Behind those with as many, who came before.
            let place = self.most_tries.partition_point(|&(most, _)| most >= tries);
            self.most_tries.insert(place, (tries, number));
            self.most_tries.truncate(MOST_TRIES_MAX);
        }
        !self.why(number).is_empty()
    }

    /// Why a visit is kept; empty when it need not be.
    fn why(&self, number: u64) -> Vec<String> {
        let mut why = Vec::new();
        for outcome in Outcome::ALL {
            if self.first[outcome as usize] == Some(number) {
                why.push(format!("the first that ended: {}", outcome.as_str()));
            }
        }
        if self.slowest.is_some_and(|(_, slowest)| slowest == number) {
            why.push("the slowest".to_owned());
        }
        if self.most_tries.iter().any(|&(_, visit)| visit == number) {
            why.push("among those with the most tries".to_owned());
        }
        why
    }

    /// What is to be told, in the order in which the visits ended.
    pub(super) fn told(&self) -> Vec<Diagram> {
        let told = |(&number, (record, untold)): (&u64, &(VisitRecord, usize))| {
            let why = match self.diagrams {
                Diagrams::All => Vec::new(),
                Diagrams::Few => self.why(number),
            };
            diagram(record, *untold, why)
        };
        self.visits.iter().map(told).collect()
    }

    /// How many visits and exchanges are kept, for tests.
    #[cfg(test)]
    pub(super) fn len(&self) -> (usize, usize) {
        let exchanges = self.visits.values().map(|(record, _)| record.exchanges.len());
        (self.visits.len(), exchanges.sum())
    }
}

/// The same visit with what is kept of it, and how many exchanges are not.
fn shortened(mut record: VisitRecord) -> (VisitRecord, usize) {
    let untold = record.exchanges.len().saturating_sub(EXCHANGES_MAX);
    record.exchanges.truncate(EXCHANGES_MAX);
    record.exchanges.shrink_to_fit();
    for exchange in &mut record.exchanges {
        exchange.what = cut(&exchange.what);
    }
    (record, untold)
}

fn diagram(record: &VisitRecord, untold: usize, why: Vec<String>) -> Diagram {
    let words = match &record.ended {
        VisitEnd::WithoutPrice(words) | VisitEnd::Failed(words) => Some(cut(words)),
        VisitEnd::Refused(refusal) => Some(refusal.to_string()),
        VisitEnd::Served | VisitEnd::CalledOff | VisitEnd::WalkedAway => None,
    };
    Diagram {
        why,
        patient: record.patient.clone(),
        outcome: Outcome::of(&record.ended),
        words,
        planned_ms: milliseconds(record.planned),
        took_ms: milliseconds(whole_visit(record)),
        tries: record.tries,
        exchanges: record.exchanges.iter().map(said).collect(),
        untold: u64::try_from(untold).unwrap_or(u64::MAX),
    }
}

fn said(exchange: &Exchange) -> Said {
    let name = |party: &Party| match party {
        Party::Patient => "patient".to_owned(),
        Party::Center => "center".to_owned(),
        Party::Doctor(name) => name.clone(),
    };
    Said {
        at_ms: milliseconds(exchange.at),
        from: name(&exchange.from),
        to: name(&exchange.to),
        what: exchange.what.clone(),
        arrived: exchange.fate == Fate::Arrived,
    }
}
