//! Datagrams to a doctor, in any order and from two addresses, and a doctor's answers to a patient.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use domain::{PlanName, Service};
use protocol::limits::{DATAGRAM_BYTES_MAX, NAME_REMEMBERED};
use protocol::{Dialect, EstimateRequest, Inquiry, InquiryStep, Seen};

use crate::clinic;
use crate::script::{Step, steps};
use crate::sealed;

/// The longest answer, in bytes, besides what it repeats of the question.
const ANSWER_BYTES: usize = 512;
/// A datagram this often, at most: a flood of them is no more than two.
const FLOOD: usize = 2;

/// Hands the pieces of `data` to a doctor, from one address and another by turns of their first
/// byte, and then takes them for a doctor's answers. A doctor answers plans and nothing else, and
/// afterwards still answers the next patient.
///
/// # Panics
/// When the exchange breaks a promise.
pub fn check(data: &[u8]) {
    let mut practice = clinic::practice();
    let mut now = Instant::now();
    let sources: [SocketAddr; 2] =
        [([127, 0, 0, 1], 50_001), ([127, 0, 0, 1], 50_002)].map(SocketAddr::from);
    for step in steps(data) {
        let (bytes, times) = match step {
            Step::Pause => {
                now += NAME_REMEMBERED;
                continue;
            }
            Step::Piece(bytes) => (bytes, 1),
            Step::Flood(bytes) => (bytes, FLOOD),
        };
        for _ in 0..times {
            now += Duration::from_millis(1);
            let source = sources[usize::from(bytes[0] & 1)];
            let arrival = clinic::arrival(now, source);
            check_answer(bytes, &practice.answer(&arrival, bytes));
            if let [sealed::REQUEST, change @ ..] = bytes {
                sealed::check_change(&mut practice, &arrival, change);
            }
        }
    }
    // Whatever came before: the next patient is answered.
    let next = clinic::arrival(now, SocketAddr::from(([127, 0, 0, 2], 50_003)));
    let next = practice.answer(&next, b"insurance2");
    assert_eq!(next.answer.as_deref(), Some(&b"20.50"[..]));
    check_patient(data, now);
    // And behind a right check, and inside a right seal.
    protocol::fuzz::datagram(now, data);
}

fn check_answer(datagram: &[u8], seen: &Seen) {
    let Some(answer) = &seen.answer else {
        assert_eq!(seen.request, None, "a request without an answer");
        return;
    };
    assert!(!answer.is_empty() && datagram.len() <= DATAGRAM_BYTES_MAX);
    match datagram[0] {
        b'{' => {
            // A field that nobody reads may hold what is no text.
            let question = String::from_utf8_lossy(datagram);
            let question: serde_json::Value =
                serde_json::from_str(&question).expect("only JSON is answered in JSON");
            let reply: serde_json::Value = serde_json::from_slice(answer).expect("JSON");
            assert_eq!(question["id"], reply["id"], "another question's answer");
            assert!(answer.len() <= datagram.len() + ANSWER_BYTES);
        }
        first if is_sealed(first) => panic!("these bytes were not sealed by any patient"),
        _ => {
            let nul = datagram.contains(&0);
            assert_eq!(answer.last() == Some(&0), nul, "NUL is for those who send it");
            let word = answer.strip_suffix(b"\0").unwrap_or(answer);
            assert!([&b"30"[..], b"20.50", b"notcovered"].contains(&word));
            let covered = seen.request.as_ref().is_some_and(|(_, price)| price.is_some());
            assert_eq!(covered, word != b"notcovered");
        }
    }
}

/// The first byte belongs to no text, not even to the blanks around one (PROTOCOL.md, the sealed
/// exchange).
fn is_sealed(first: u8) -> bool {
    (1..b'\t').contains(&first)
}

/// A patient takes the bytes for an answer only when they are one to this very question.
fn check_patient(data: &[u8], now: Instant) {
    let request = EstimateRequest {
        patient: "Patient1".to_owned(),
        service: Service::visit(),
        plan: PlanName::new("insurance1").expect("a plan's name"),
    };
    for dialect in [Dialect::Spec, Dialect::Nul, Dialect::Seed, Dialect::Json] {
        let mut inquiry = Inquiry::new(dialect, request.clone(), 7, now);
        assert!(matches!(inquiry.step(now), InquiryStep::Send(_)));
        let Some(answer) = inquiry.receive(data) else {
            continue;
        };
        if dialect == Dialect::Json {
            let value = String::from_utf8_lossy(data);
            let value: serde_json::Value = serde_json::from_str(&value).expect("JSON");
            assert_eq!(value["id"], 7, "an answer to another question: {answer:?}");
        }
    }
}
