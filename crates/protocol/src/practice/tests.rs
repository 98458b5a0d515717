//! The classic and the JSON datagrams, one after another.

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
    check(&[(1, b"Patient1"), (1, b"gold plan"), (1, b"insurance1")], &["-", "notcovered", "30"]);
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
fn what_is_not_text_is_met_with_silence_also_in_a_field_that_nobody_reads() {
    check(
        &[
            (1, b"{\"id\":7,\"plan\":\"insurance2\",\"other\":\"\xff\"}"),
            (1, b"{\"id\":7,\"other\":\"\xc3\x28\"}"),
            (1, b"{\"id\":7,\"\xff\":0}"),
            (1, b"{\"version\":2,\"id\":7,\"other\":\"\xff\"}"),
        ],
        &["-", "-", "-", "-"],
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
