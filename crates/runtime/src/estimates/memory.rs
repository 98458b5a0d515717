//! What doctors have said, and how long ago. A value without clock or socket.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use domain::{DoctorName, Money, PlanName, Service};
use jiff::Timestamp;

use super::{
    DOCTORS_REMEMBERED_MAX, DoctorHealth, PRICE_FRESH, PRICE_KEPT, PRICES_REMEMBERED_MAX, Question,
    QuoteState, SILENCE_ACCEPTED,
};

/// How often what has expired leaves.
const SWEPT_EVERY: Duration = Duration::from_secs(60);

/// What one price is for: the same for every patient with the plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Priced {
    pub(super) doctor: DoctorName,
    pub(super) service: Service,
    pub(super) plan: PlanName,
}

impl Priced {
    pub(super) fn new(question: &Question, plan: &PlanName) -> Self {
        let Question { doctor, service } = question.clone();
        Self { doctor, service, plan: plan.clone() }
    }
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Came {
    /// The doctor named a price.
    Price(Money),
    /// The doctor said that the plan does not cover it.
    NotCovered,
    /// Nothing that could be used.
    Silence,
    /// There is nobody to ask.
    NotEnrolled,
    /// The doctor was not asked: that says nothing about the doctor.
    Nothing,
}

/// Whether the one who looks is to ask the doctor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    Yes,
    No,
}

#[derive(Debug, Default)]
pub(super) struct Memory {
    prices: HashMap<Priced, Entry>,
    doctors: BTreeMap<DoctorName, Known>,
    swept: Option<Instant>,
}

#[derive(Debug, Default)]
struct Entry {
    /// `None` before the first answer.
    said: Option<Said>,
    asking: bool,
}

#[derive(Debug, Clone, Copy)]
struct Said {
    /// `None` for "not covered".
    amount: Option<Money>,
    at: Timestamp,
    heard: Instant,
}

#[derive(Debug, Default)]
struct Known {
    health: DoctorHealth,
    /// Why there is no use in asking before a moment; `None` for a doctor who answers.
    away: Option<Away>,
    /// When the doctor was last asked, or looked for.
    touched: Option<Instant>,
}

#[derive(Debug, Clone, Copy)]
struct Away {
    why: QuoteState,
    ask_again: Instant,
}

impl Memory {
    /// What is known at `now`, and whether to ask: then the answer is awaited until
    /// [`Self::settle`].
    pub(super) fn look(&mut self, now: Instant, priced: &Priced) -> (QuoteState, Ask) {
        self.sweep(now);
        let known = self.known(now, priced);
        let entry = self.prices.get(priced);
        let is_fresh = |said: Said| now.saturating_duration_since(said.heard) < PRICE_FRESH;
        if entry.is_some_and(|entry| entry.asking || entry.said.is_some_and(is_fresh)) {
            return (known, Ask::No);
        }
        let away = self.doctors.get(&priced.doctor).and_then(|doctor| doctor.away);
        if away.is_some_and(|away| now < away.ask_again) || !self.make_room_for(priced) {
            return (known, Ask::No);
        }
        self.prices.entry(priced.clone()).or_default().asking = true;
        let doctor = self.doctor(now, &priced.doctor);
        if let Some(away) = &mut doctor.away {
            // Of one who was silent, one question finds out whether that is over.
            away.ask_again = now + SILENCE_ACCEPTED;
        }
        (known, Ask::Yes)
    }

    /// What is known at `now`.
    pub(super) fn known(&self, now: Instant, priced: &Priced) -> QuoteState {
        let said = self.prices.get(priced).and_then(|entry| entry.said);
        if let Some(Said { amount, at: asked, .. }) = said.filter(|said| said.is_kept(now)) {
            return match amount {
                Some(amount) => QuoteState::Price { amount, asked },
                None => QuoteState::NotCovered { asked },
            };
        }
        let away = self.doctors.get(&priced.doctor).and_then(|doctor| doctor.away);
        away.map_or(QuoteState::Asking, |away| away.why)
    }

    /// Whether somebody asks for it at this moment.
    pub(super) fn is_asking(&self, priced: &Priced) -> bool {
        self.prices.get(priced).is_some_and(|entry| entry.asking)
    }

    /// The answer that was awaited has come, or will not come.
    pub(super) fn settle(&mut self, now: Instant, wall: Timestamp, priced: &Priced, came: Came) {
        let amount = match came {
            Came::Price(amount) => Some(amount),
            Came::NotCovered => None,
            Came::Silence | Came::NotEnrolled | Came::Nothing => {
                return self.settle_without_answer(now, priced, came);
            }
        };
        let said = Some(Said { amount, at: wall, heard: now });
        self.prices.insert(priced.clone(), Entry { said, asking: false });
    }

    fn settle_without_answer(&mut self, now: Instant, priced: &Priced, came: Came) {
        match self.prices.get_mut(priced) {
            Some(entry) if entry.said.is_some() => entry.asking = false,
            _ => {
                self.prices.remove(priced);
            }
        }
        if came == Came::NotEnrolled {
            self.stay_away(now, &priced.doctor, QuoteState::NotEnrolled);
        }
        if came == Came::Nothing
            && let Some(away) =
                self.doctors.get_mut(&priced.doctor).and_then(|doctor| doctor.away.as_mut())
        {
            // The question that was to find out was not asked.
            away.ask_again = now;
        }
    }

    /// The doctor is asked now.
    pub(super) fn asks(&mut self, now: Instant, wall: Timestamp, doctor: &DoctorName) {
        self.doctor(now, doctor).health.last_asked = Some(wall);
    }

    /// The doctor has answered, after so long.
    pub(super) fn answered(
        &mut self,
        now: Instant,
        wall: Timestamp,
        doctor: &DoctorName,
        took: Duration,
    ) {
        let known = self.doctor(now, doctor);
        known.away = None;
        known.health = DoctorHealth {
            last_answer: Some(wall),
            answer_time: Some(took),
            silent: 0,
            ..known.health
        };
    }

    /// The doctor has not answered.
    pub(super) fn was_silent(&mut self, now: Instant, wall: Timestamp, doctor: &DoctorName) {
        let known = self.doctor(now, doctor);
        known.health.silent = known.health.silent.saturating_add(1);
        let since = match known.away {
            Some(Away { why: QuoteState::Silent { since }, .. }) => since,
            _ => wall,
        };
        self.stay_away(now, doctor, QuoteState::Silent { since });
    }

    pub(super) fn health(&self) -> BTreeMap<DoctorName, DoctorHealth> {
        let asked = self.doctors.iter().filter(|(_, known)| known.health.last_asked.is_some());
        asked.map(|(doctor, known)| (doctor.clone(), known.health)).collect()
    }

    fn stay_away(&mut self, now: Instant, doctor: &DoctorName, why: QuoteState) {
        let ask_again = now + SILENCE_ACCEPTED;
        self.doctor(now, doctor).away = Some(Away { why, ask_again });
    }

    fn doctor(&mut self, now: Instant, name: &DoctorName) -> &mut Known {
        let is_full = self.doctors.len() >= DOCTORS_REMEMBERED_MAX;
        if is_full && !self.doctors.contains_key(name) {
            let oldest = self.doctors.iter().min_by_key(|(_, known)| known.touched);
            let oldest = oldest.map(|(name, _)| name.clone());
            oldest.and_then(|name| self.doctors.remove(&name));
        }
        let known = self.doctors.entry(name.clone()).or_default();
        known.touched = Some(now);
        known
    }

    /// Whether there is room, after the older half of the prices has left where there was none.
    fn make_room_for(&mut self, priced: &Priced) -> bool {
        if self.prices.len() < PRICES_REMEMBERED_MAX || self.prices.contains_key(priced) {
            return true;
        }
        let heard = |entry: &Entry| entry.said.map(|said| said.heard).filter(|_| !entry.asking);
        let mut moments: Vec<Instant> = self.prices.values().filter_map(heard).collect();
        moments.sort_unstable();
        if let Some(&middle) = moments.get(moments.len() / 2) {
            self.prices.retain(|_, entry| heard(entry).is_none_or(|heard| heard > middle));
        }
        self.prices.len() < PRICES_REMEMBERED_MAX
    }

    /// What has expired leaves.
    fn sweep(&mut self, now: Instant) {
        let lately = |swept| now.saturating_duration_since(swept) < SWEPT_EVERY;
        if self.swept.is_some_and(lately) {
            return;
        }
        self.swept = Some(now);
        let is_kept = |entry: &Entry| entry.said.is_some_and(|said| said.is_kept(now));
        self.prices.retain(|_, entry| entry.asking || is_kept(entry));
    }
}

impl Said {
    fn is_kept(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.heard) < PRICE_KEPT
    }
}
