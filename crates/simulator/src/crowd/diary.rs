//! What is noted of one visit while it lasts.

use std::time::{Duration, Instant};

use domain::Money;

use super::counter::No;
use crate::record::{Booking, Exchange, Fate, Party, Phase, VisitEnd, VisitRecord};

/// The most that is kept of what was said in one visit.
const EXCHANGES_MAX: usize = 256;

/// A record that is being written.
pub(super) struct Diary {
    /// When the run began.
    began: Instant,
    planned: Duration,
    /// When the last phase ended, since the run began.
    last: Duration,
    phases: Vec<(Phase, Duration)>,
    exchanges: Option<Vec<Exchange>>,
    pub(super) booking: Option<Booking>,
    pub(super) price: Option<Money>,
    pub(super) tries: Option<u32>,
    pub(super) connections: u32,
}

impl Diary {
    /// Of somebody who was to come `planned` after the run began; `whole` when all that is said is
    /// kept.
    pub(super) fn open(began: Instant, planned: Duration, whole: bool) -> Self {
        Self {
            began,
            planned,
            last: planned,
            phases: Vec::new(),
            exchanges: whole.then(Vec::new),
            booking: None,
            price: None,
            tries: None,
            connections: 0,
        }
    }

    /// A phase ends now.
    pub(super) fn ends(&mut self, phase: Phase) {
        let now = self.began.elapsed();
        self.phases.push((phase, now.saturating_sub(self.last)));
        self.last = now;
    }

    /// The patient says something to the center.
    pub(super) fn asks_center(&mut self, what: impl FnOnce() -> String) {
        self.said(Instant::now(), Party::Patient, Party::Center, Fate::Arrived, what);
    }

    /// What the center has answered; gives it back.
    pub(super) fn answered<T>(
        &mut self,
        answer: Result<T, No>,
        in_words: impl FnOnce(&T) -> String,
    ) -> Result<T, No> {
        let words = || match &answer {
            Ok(answer) => in_words(answer),
            Err(No::Refused(refusal)) => refusal.to_string(),
            Err(No::Broken(why)) => why.clone(),
        };
        let fate = match &answer {
            Err(No::Broken(_)) => Fate::Lost,
            _ => Fate::Arrived,
        };
        self.said(Instant::now(), Party::Center, Party::Patient, fate, words);
        answer
    }

    /// Somebody says something to somebody.
    pub(super) fn said(
        &mut self,
        when: Instant,
        from: Party,
        to: Party,
        fate: Fate,
        what: impl FnOnce() -> String,
    ) {
        let at = when.saturating_duration_since(self.began);
        if let Some(exchanges) = &mut self.exchanges
            && exchanges.len() < EXCHANGES_MAX
        {
            exchanges.push(Exchange { at, from, to, what: what(), fate });
        }
    }

    /// The visit is over.
    pub(super) fn close(self, patient: &str, ended: VisitEnd) -> VisitRecord {
        VisitRecord {
            patient: patient.to_owned(),
            planned: self.planned,
            phases: self.phases,
            ended,
            left: self.began.elapsed(),
            booking: self.booking,
            price: self.price,
            tries: self.tries,
            connections: self.connections,
            exchanges: self.exchanges.unwrap_or_default(),
        }
    }
}
