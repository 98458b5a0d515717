//! A doctor's side of the UDP exchange, as a state machine: datagram in, answer out or silence.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use domain::{DoctorName, Money, PlanName, Refusal, Service, Tariff};

use crate::estimate::{JsonReply, JsonRequest, classic_text};
use crate::json::{MessageId, VERSION};
use crate::limits::{DATAGRAM_BYTES_MAX, NAME_REMEMBERED, NAMES_REMEMBERED_MAX};

/// A doctor's practice: answers every request for an estimate, survives every datagram.
///
/// A known plan alone is a request. Anything else is taken for a patient's name and remembered for
/// its source, whose next datagram is the plan: two patients whose datagrams cross are kept apart
/// by their addresses.
#[derive(Debug)]
pub struct Practice {
    doctor: DoctorName,
    tariff: Tariff,
    names: Names,
}

/// What a datagram asked for, and what came of it, for the screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The bytes to send back; `None` for silence.
    pub answer: Option<Vec<u8>>,
    /// The plan that was asked for, with its price (`None` when it is not covered); `None` when the
    /// datagram was no request.
    pub request: Option<(PlanName, Option<Money>)>,
}

impl Seen {
    const NOTHING: Self = Self { answer: None, request: None };
}

impl Practice {
    /// A practice with its prices.
    #[must_use]
    pub fn new(doctor: DoctorName, tariff: Tariff) -> Self {
        Self { doctor, tariff, names: Names::default() }
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

    /// Takes one datagram from `source` and says what to send back to it.
    pub fn receive(&mut self, now: Instant, source: SocketAddr, datagram: &[u8]) -> Seen {
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
        // Only what has an id can be answered; anything else is met with silence.
        let Ok(Envelope { version, id }) = serde_json::from_slice(datagram) else {
            return Seen::NOTHING;
        };
        let refuse = |id, refusal| Some(JsonReply::refused(id, refusal).to_bytes());
        if version.is_some_and(|version| version != VERSION) {
            return Seen { answer: refuse(id, Refusal::UnknownVersion), request: None };
        }
        let Ok(request) = serde_json::from_slice::<JsonRequest>(datagram) else {
            return Seen { answer: refuse(id, Refusal::NotUnderstood), request: None };
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
        Seen { answer, request: Some((request.plan, price)) }
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
        Seen { answer: Some(answer), request: plan.map(|plan| (plan, price)) }
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
mod tests {
    use super::*;
    use domain::Currency;
    use proptest::prelude::*;

    fn practice() -> Practice {
        let mut tariff = Tariff::default();
        for (plan, price) in [("insurance1", "30"), ("insurance2", "20.50")] {
            let price = Money::parse(price, Currency::USD).unwrap();
            tariff.set(&Service::visit(), PlanName::new(plan).unwrap(), price);
        }
        Practice::new(DoctorName::new("doc1").unwrap(), tariff)
    }

    fn source(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    /// Datagrams `(port, bytes)` in, one after another; answers out, `-` for silence.
    fn check(datagrams: &[(u16, &[u8])], expected: &[&str]) {
        let (mut practice, now) = (practice(), Instant::now());
        let answers: Vec<String> = datagrams
            .iter()
            .map(|(port, bytes)| practice.receive(now, source(*port), bytes).answer)
            .map(|answer| answer.map_or("-".to_owned(), |a| String::from_utf8(a).unwrap()))
            .collect();
        assert_eq!(answers, expected, "{datagrams:?}");
    }

    #[test]
    fn a_known_plan_alone_is_answered() {
        check(&[(1, b"insurance1")], &["30"]);
        check(&[(1, b"insurance2\r\n")], &["20.50"]);
        check(&[(1, b"insurance1\0")], &["30\0"]);
        check(&[(1, &[b"insurance1".as_slice(), &[0; 90]].concat())], &["30\0"]);
    }

    #[test]
    fn a_name_and_a_plan_are_answered_once() {
        check(&[(1, b"Patient1"), (1, b"insurance1")], &["-", "30"]);
        check(&[(1, b"Patient1"), (1, b"gold")], &["-", "notcovered"]);
        check(
            &[(1, b"Patient1"), (1, b"gold plan"), (1, b"insurance1")],
            &["-", "notcovered", "30"],
        );
        check(&[(1, b"Patient1"), (1, b"Patient1"), (1, b"insurance1")], &["-", "-", "30"]);
    }

    #[test]
    fn two_patients_whose_datagrams_cross_are_kept_apart() {
        check(
            &[(1, b"Patient1"), (2, b"Patient2"), (1, b"insurance1"), (2, b"insurance2")],
            &["-", "-", "30", "20.50"],
        );
    }

    #[test]
    fn an_unknown_plan_alone_is_met_with_silence_however_often_it_comes() {
        check(&[(1, b"gold"), (1, b"gold"), (1, b"gold")], &["-", "-", "-"]);
    }

    #[test]
    fn no_datagram_hurts_the_next() {
        let large = vec![b'x'; 65_507];
        check(
            &[
                (1, b""),
                (1, b"\0\0\0"),
                (1, b"\xff\xfe\x00\x01"),
                (1, b"\x16\x03\x01"),
                (1, &large),
                (1, b"\r\n"),
                (1, b"{"),
                (1, b"{\"id\":1}"),
                (1, b"insurance1"),
            ],
            &[
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                "-",
                r#"{"reply":"refused","id":1,"refusal":"not_understood","message":"the request was not understood"}"#,
                "30",
            ],
        );
    }

    #[test]
    fn json_is_answered_in_json() {
        check(
            &[
                (1, br#"{"version":1,"id":7,"service":"visit","plan":"insurance2"}"#),
                (1, br#"{"id":"a","plan":"gold"}"#),
                (1, br#"{"version":2,"id":"a","plan":"gold"}"#),
            ],
            &[
                r#"{"reply":"estimate","id":7,"doctor":"doc1","amount":"20.50","currency":"USD"}"#,
                r#"{"reply":"refused","id":"a","refusal":"plan_not_covered","message":"the plan is not covered by this doctor"}"#,
                r#"{"reply":"refused","id":"a","refusal":"unknown_version","message":"this version of the protocol is not spoken here"}"#,
            ],
        );
    }

    #[test]
    fn a_name_is_forgotten_in_time_and_in_number() {
        let (mut practice, now) = (practice(), Instant::now());
        practice.receive(now, source(1), b"Patient1");
        let later = now + NAME_REMEMBERED;
        assert_eq!(practice.receive(later, source(1), b"gold").answer, None);
        for port in 0..=u16::MAX {
            practice.receive(later, source(port), b"Patient1");
        }
        assert!(practice.names.by_source.len() <= NAMES_REMEMBERED_MAX);
        assert!(practice.names.order.len() <= NAMES_REMEMBERED_MAX);
    }

    proptest! {
        #[test]
        fn any_bytes_leave_it_answering(datagrams in prop::collection::vec(
            (0_u16..3, prop::collection::vec(any::<u8>(), 0..40)), 0..20)) {
            let (mut practice, now) = (practice(), Instant::now());
            for (port, bytes) in &datagrams {
                practice.receive(now, source(*port), bytes);
            }
            let seen = practice.receive(now, source(9), b"insurance1");
            prop_assert_eq!(seen.answer, Some(b"30".to_vec()));
        }
    }
}
