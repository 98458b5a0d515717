//! Questions in the clear: how often they are asked, and what answers them.

use super::*;
use crate::Practice;
use domain::{Currency, DoctorName, Money, PlanName, Service, Tariff};
use proptest::prelude::*;

fn request() -> EstimateRequest {
    EstimateRequest {
        patient: "Patient1".to_owned(),
        service: Service::visit(),
        plan: PlanName::new("insurance1").unwrap(),
    }
}

#[test]
fn a_silent_doctor_is_asked_five_times_and_given_up_within_fifteen_seconds() {
    for id in [0, 1, u64::MAX, 0x1234_5678_9abc_def0] {
        let began = Instant::now();
        let mut inquiry = Inquiry::new(Dialect::Spec, request(), id, began);
        let (mut now, mut sent) = (began, Vec::new());
        loop {
            match inquiry.step(now) {
                InquiryStep::Send(datagrams) => {
                    assert_eq!(datagrams, [b"insurance1"]);
                    sent.push(now - began);
                }
                InquiryStep::WaitUntil(then) => now = then,
                InquiryStep::GiveUp => break,
            }
        }
        assert_eq!(sent.len(), 5);
        for (at, pair) in sent.windows(2).enumerate() {
            let pause = (pair[1] - pair[0]).as_millis();
            let base = 400 << at;
            assert!((base..=base * 11 / 10).contains(&pause), "{pause} after {base}");
        }
        assert!(now - began <= ESTIMATE_TIMEOUT_ALL);
        assert!(now - began >= Duration::from_millis(12_400));
    }
}

#[test]
fn only_the_answer_to_this_question_is_taken() {
    let json = Inquiry::new(Dialect::Json, request(), 7, Instant::now());
    let answer = br#"{"reply":"estimate","id":7,"doctor":"doc1","amount":"30","currency":"EUR"}"#;
    let estimate = json.receive(answer).unwrap().unwrap();
    assert_eq!(
        (estimate.price.to_string(), estimate.price.currency().to_string()),
        ("30".to_owned(), "EUR".to_owned())
    );
    assert_eq!(json.receive(&String::from_utf8_lossy(answer).replace('7', "8").into_bytes()), None);
    assert_eq!(json.receive(b"30"), None);
    let spec = Inquiry::new(Dialect::Spec, request(), 7, Instant::now());
    assert_eq!(spec.receive(b"30.50\0\0").unwrap().unwrap().price.to_string(), "30.50");
    assert_eq!(spec.receive(b"notcovered"), Some(Err(Refusal::PlanNotCovered)));
    assert_eq!(spec.receive(b"hello"), None);
}

proptest! {
    /// A patient and a doctor against each other, as quinn's `Pair`.
    #[test]
    fn what_is_asked_is_answered(
        dialect in prop::sample::select(Dialect::ALL.map(|(dialect, _)| dialect).to_vec()),
        plan in "[a-z0-9]{1,20}",
        minor in 0_u32..100_000_000,
        id in any::<u64>(),
    ) {
        let plan = PlanName::new(&plan).unwrap();
        let text = format!("{}.{:02}", minor / 100, minor % 100);
        let price = Money::parse(&text, Currency::USD).unwrap();
        let mut tariff = Tariff::default();
        tariff.set(&Service::visit(), plan.clone(), price);
        let doctor = DoctorName::new("doc1").unwrap();
        let mut practice = Practice::new(doctor, tariff);
        let now = Instant::now();
        let mut inquiry = Inquiry::new(dialect, EstimateRequest { plan, ..request() }, id, now);
        let InquiryStep::Send(datagrams) = inquiry.step(now) else { unreachable!() };
        let source = "127.0.0.1:5".parse().unwrap();
        let answers: Vec<Vec<u8>> = datagrams
            .iter()
            .filter_map(|datagram| practice.receive(now, source, datagram).answer)
            .collect();
        prop_assert_eq!(answers.len(), 1);
        let estimate = inquiry.receive(&answers[0]).unwrap().unwrap();
        prop_assert_eq!(estimate.price, price);
    }

    #[test]
    fn no_answer_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        for (dialect, _) in Dialect::ALL {
            let _ = Inquiry::new(dialect, request(), 7, Instant::now()).receive(&bytes);
        }
    }
}
