//! A doctor's side of the UDP exchange, as a state machine: datagram in, answer out or silence.

mod enrolled;

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use domain::{DoctorName, Entropy, Money, PlanName, Refusal, Service, Tariff};
use jiff::Timestamp;

use enrolled::Enrolled;
pub use enrolled::{Answered, DoctorIdentity};

use crate::estimate::{JsonReply, JsonRequest, classic_text};
use crate::json::{MessageId, VERSION};
use crate::limits::{DATAGRAM_BYTES_MAX, NAME_REMEMBERED, NAMES_REMEMBERED_MAX};
use crate::message::News;
use crate::sealed;

/// A doctor's practice: answers every request for an estimate, survives every datagram.
///
/// A known plan alone is a request. Anything else is taken for a patient's name and remembered for
/// its source, whose next datagram is the plan: two patients whose datagrams cross are kept apart
/// by their addresses.
///
/// A doctor who has enrolled answers sealed requests too, and only those that bring a ticket in
/// force; everybody else hears nothing at all.
#[derive(Debug)]
pub struct Practice {
    doctor: DoctorName,
    tariff: Tariff,
    names: Names,
    /// `None` for a doctor who has not enrolled: sealed datagrams are met with silence.
    enrolled: Option<Box<Enrolled>>,
}

/// Whether datagrams in the clear are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plaintext {
    /// Yes: the source is on this machine, or allowed by name.
    Answered,
    /// No: they are met with silence, and nothing of them is remembered.
    Ignored,
}

/// Where and when a datagram came in, and what it takes to answer it.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// For what is remembered for a time.
    pub now: Instant,
    /// For tickets and estimates, which carry moments.
    pub wall: Timestamp,
    /// Who sent it, as far as UDP can tell.
    pub source: SocketAddr,
    /// What the caller's rules say of that source.
    pub plaintext: Plaintext,
    /// Fresh for every datagram: it becomes a key.
    pub entropy: Entropy,
}

/// What a datagram asked for, and what came of it, for the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The bytes to send back; `None` for silence.
    pub answer: Option<Vec<u8>>,
    /// The plan that was asked for, with its price (`None` when it is not covered); `None` when the
    /// datagram was no request.
    pub request: Option<(PlanName, Option<Money>)>,
    /// A sealed request that was answered for the first time; `None` for a retry, which gets the
    /// same answer again, and for all else.
    pub answered: Option<Answered>,
}

impl Seen {
    const NOTHING: Self = Self { answer: None, request: None, answered: None };

    fn plain(answer: Option<Vec<u8>>, request: Option<(PlanName, Option<Money>)>) -> Self {
        Self { answer, request, answered: None }
    }
}

impl Practice {
    /// A practice with its prices that has not enrolled.
    #[must_use]
    pub fn new(doctor: DoctorName, tariff: Tariff) -> Self {
        Self { doctor, tariff, names: Names::default(), enrolled: None }
    }

    /// The doctor.
    #[must_use]
    pub fn doctor(&self) -> &DoctorName {
        &self.doctor
    }

    /// Puts new prices into force.
    pub fn set_tariff(&mut self, tariff: Tariff) {
        self.tariff = tariff;
    }

    /// Gives the doctor its keys. Until it hears which ticket keys are in force it takes no ticket.
    pub fn enrol(&mut self, identity: DoctorIdentity) {
        self.enrolled = Some(Box::new(Enrolled::new(identity)));
    }

    /// What is new at the center: its ticket keys take the place of those known so far, and more
    /// appointments' older tickets are over. Means nothing to a doctor who has not enrolled.
    pub fn hear(&mut self, news: &News) {
        if let Some(enrolled) = &mut self.enrolled {
            enrolled.hear(news);
        }
    }

    /// Takes one datagram, sealed or in the clear, and says what to send back to its source.
    pub fn answer(&mut self, arrival: &Arrival, datagram: &[u8]) -> Seen {
        if datagram.first() == Some(&sealed::REQUEST) {
            return match &mut self.enrolled {
                Some(enrolled) => enrolled.receive(&self.doctor, &self.tariff, arrival, datagram),
                None => Seen::NOTHING,
            };
        }
        match arrival.plaintext {
            Plaintext::Answered => self.receive(arrival.now, arrival.source, datagram),
            Plaintext::Ignored => Seen::NOTHING,
        }
    }

    /// Takes one datagram in the clear from `source` and says what to send back to it. Sealed ones
    /// are met with silence: see [`Self::answer`].
    pub(crate) fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Seen {
        if datagram.len() > DATAGRAM_BYTES_MAX {
            return Seen::NOTHING;
        }
        match datagram.first() {
            Some(b'{') => self.receive_json(datagram),
            Some(_) => self.receive_classic(now, source, datagram),
            None => Seen::NOTHING,
        }
    }

    fn receive_json(&self, datagram: &[u8]) -> Seen {
        #[derive(serde::Deserialize)]
        struct Envelope {
            #[serde(default)]
            version: Option<u32>,
            id: MessageId,
        }
        // Only text that has an id can be answered; anything else is met with silence. (Read from
        // bytes, a field that nobody reads could hold any.)
        let Ok(text) = std::str::from_utf8(datagram) else { return Seen::NOTHING };
        let Ok(Envelope { version, id }) = serde_json::from_str(text) else {
            return Seen::NOTHING;
        };
        let refuse = |id, refusal| Some(JsonReply::refused(id, refusal).to_bytes());
        if version.is_some_and(|version| version != VERSION) {
            return Seen::plain(refuse(id, Refusal::UnknownVersion), None);
        }
        let Ok(request) = serde_json::from_str::<JsonRequest>(text) else {
            return Seen::plain(refuse(id, Refusal::NotUnderstood), None);
        };
        let price = self.tariff.estimate(&request.service, &request.plan);
        let answer = match price {
            Some(price) => Some(
                JsonReply::Estimate {
                    id,
                    doctor: self.doctor.clone(),
                    amount: price.to_string(),
                    currency: price.currency(),
                }
                .to_bytes(),
            ),
            None => refuse(id, Refusal::PlanNotCovered),
        };
        Seen::plain(answer, Some((request.plan, price)))
    }

    fn receive_classic(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Seen {
        let Some(text) = classic_text(datagram) else { return Seen::NOTHING };
        if text.chars().any(char::is_control) {
            return Seen::NOTHING;
        }
        let plan = PlanName::new(text).ok();
        let price = plan.as_ref().and_then(|plan| self.tariff.estimate(&Service::visit(), plan));
        let name = self.names.take(now, source);
        let word = match (price, name) {
            (Some(price), _) => price.to_string(),
            // The same name again: its patient waited for an answer and asks once more.
            (None, Some(name)) if name == text => {
                self.names.keep(now, source, name);
                return Seen::NOTHING;
            }
            (None, Some(_)) => "notcovered".to_owned(),
            (None, None) => {
                self.names.keep(now, source, text.to_owned());
                return Seen::NOTHING;
            }
        };
        let mut answer = word.into_bytes();
        if datagram.contains(&0) {
            answer.push(0);
        }
        Seen::plain(Some(answer), plan.map(|plan| (plan, price)))
    }
}

/// Patients' names by the address they came from, for a short time and up to a number.
#[derive(Debug, Default)]
struct Names {
    by_source: HashMap<SocketAddr, (String, Instant)>,
    /// When each was kept, oldest first; a source that was kept again stands here twice.
    order: VecDeque<(Instant, SocketAddr)>,
}

impl Names {
    fn take(&mut self, now: Instant, source: SocketAddr) -> Option<String> {
        self.forget(now);
        self.by_source.remove(&source).map(|(name, _)| name)
    }

    fn keep(&mut self, now: Instant, source: SocketAddr, name: String) {
        while self.order.len() >= NAMES_REMEMBERED_MAX {
            self.forget_oldest();
        }
        self.order.push_back((now, source));
        self.by_source.insert(source, (name, now));
    }

    fn forget(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(kept, _)| *kept + NAME_REMEMBERED <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((kept, source)) = self.order.pop_front() else { return };
        if self.by_source.get(&source).is_some_and(|(_, at)| *at == kept) {
            self.by_source.remove(&source);
        }
    }
}

#[cfg(test)]
mod tests;
