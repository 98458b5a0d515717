//! A patient's sealed question: what it is asked with, what answers it, and what does not.

use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::limits::{ESTIMATE_TIMEOUT_ALL, SEALED_BYTES};
use crate::sealed::testing::check_again;
use crate::signed_estimate::{SignedEstimate, sign_estimate};
use crate::testing::*;
use crate::ticket::{CertificateClaims, DoctorCertificate, SigningKey, Ticket, certify};
use crate::{Inquiry, InquiryStep};

fn usual() -> Admission {
    admission(&visit(), &ticket_key())
}

fn refused(admission: &Admission, plan: &PlanName) -> NotSealed {
    let entropy = Entropy([8; 32]);
    Inquiry::sealed(admission, &doctor(), plan, &entropy, Instant::now()).unwrap_err()
}

#[test]
fn nothing_is_sent_when_what_the_center_gave_is_not_for_this_doctor() {
    let gold = plan("gold");
    let ticket = Ticket::new("insurance1".to_owned());
    let bad = Admission { ticket, ..usual() };
    assert_eq!(refused(&bad, &gold), NotSealed::Ticket(BadTicket::NotSigned));

    let other = DoctorName::new("doc2").unwrap();
    let theirs = admission(&TicketClaims { doctor: other.clone(), ..visit() }, &ticket_key());
    assert_eq!(refused(&theirs, &gold), NotSealed::AnotherDoctor);

    let by_another = certify(&key(9), &certified());
    let bad = Admission { certificate: by_another, ..usual() };
    assert_eq!(refused(&bad, &gold), NotSealed::Certificate(BadTicket::UnknownKey));

    let of_another = certify(&center(), &CertificateClaims { doctor: other, ..certified() });
    let bad = Admission { certificate: of_another, ..usual() };
    assert_eq!(refused(&bad, &gold), NotSealed::NotCertified);

    // Somebody who can put in a key of their own learns no plan.
    let mut bad = usual();
    bad.keys.sealing = domain::SealingKey([5; 32]);
    assert_eq!(refused(&bad, &gold), NotSealed::NotCertified);
}

#[test]
fn a_key_of_small_order_is_not_sealed_for() {
    let mut bad = usual();
    bad.keys.sealing = domain::SealingKey([0; 32]);
    bad.certificate = certify(&center(), &CertificateClaims { keys: bad.keys, ..certified() });
    assert_eq!(refused(&bad, &plan("gold")), NotSealed::NotSealable);
}

#[test]
fn the_same_sealed_datagram_is_sent_with_each_try_and_never_plaintext() {
    let began = Instant::now();
    let (mut now, mut sent) = (began, Vec::new());
    let entropy = Entropy([8; 32]);
    let mut inquiry =
        Inquiry::sealed(&usual(), &doctor(), &plan("insurance1"), &entropy, began).unwrap();
    loop {
        match inquiry.step(now) {
            InquiryStep::Send(datagrams) => sent.extend(datagrams),
            InquiryStep::WaitUntil(then) => now = then,
            InquiryStep::GiveUp => break,
        }
        // What a classic doctor would say, or a JSON one, is no answer.
        assert_eq!(inquiry.receive(b"30"), None);
        assert_eq!(inquiry.receive(b"notcovered"), None);
    }
    assert_eq!(sent.len(), 5);
    assert!(sent.iter().all(|datagram| *datagram == sent[0] && datagram.len() == SEALED_BYTES));
    assert!(now - began <= ESTIMATE_TIMEOUT_ALL);
}

/// An answer that some doctor's keys would make to the usual request.
fn answer(words: &Result<SignedEstimate, Refusal>, datagram: &[u8]) -> Vec<u8> {
    let secret = identity().sealing;
    let check = sealed::Check::of(&secret.public().0);
    let message = sealed::checked(&check, datagram).unwrap();
    let opened = sealed::open(&secret, message, &Entropy([6; 32])).unwrap();
    opened.answer(&words::write_answer(words)).unwrap()
}

fn claims() -> EstimateClaims {
    EstimateClaims {
        doctor: doctor(),
        patient: visit().patient,
        service: visit().service,
        plan: plan("insurance1"),
        price: domain::Money::parse("30", domain::Currency::USD).unwrap(),
        issued: at(NOW),
        valid_until: at(NOW + 10),
        appointment: Some(appointment()),
    }
}

#[test]
fn only_a_signed_estimate_of_what_was_asked_is_taken() {
    let (inquiry, datagram) = request();
    let check = |claims: &EstimateClaims, key: &SigningKey, taken: bool| {
        let bytes = answer(&Ok(sign_estimate(key, claims)), &datagram);
        assert_eq!(inquiry.receive(&bytes).is_some(), taken, "{claims:?}");
    };
    let signing = identity().signing;
    check(&claims(), &signing, true);
    check(&claims(), &key(9), false);
    check(
        &EstimateClaims { doctor: DoctorName::new("doc2").unwrap(), ..claims() },
        &signing,
        false,
    );
    check(
        &EstimateClaims { patient: domain::PatientId::from_bytes([1; 16]), ..claims() },
        &signing,
        false,
    );
    check(
        &EstimateClaims { service: domain::Service::new("teeth").unwrap(), ..claims() },
        &signing,
        false,
    );
    check(&EstimateClaims { plan: plan("insurance2"), ..claims() }, &signing, false);
    check(&EstimateClaims { appointment: None, ..claims() }, &signing, false);
    // Made when the certificate was not in force.
    let late = at(NOW + 90_000);
    check(&EstimateClaims { issued: late, valid_until: late, ..claims() }, &signing, false);
    let nonsense = Ok(SignedEstimate::new("30".to_owned()));
    assert_eq!(inquiry.receive(&answer(&nonsense, &datagram)), None);
}

#[test]
fn a_forged_answer_is_no_answer_and_does_not_spoil_the_true_one() {
    let (inquiry, datagram) = request();
    let bytes = practice().answer(&arrival(1), &datagram).answer.unwrap();
    let public = *sealed::ephemeral(&datagram).unwrap();
    for bit in 0..SEALED_BYTES * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(inquiry.receive(&flipped), None, "bit {bit}");
        // Whoever has seen the request can make the check right.
        if bit < (SEALED_BYTES - 16) * 8 && bit % 5 == 0 {
            check_again(&mut flipped, &public);
            assert_eq!(inquiry.receive(&flipped), None, "bit {bit}");
        }
    }
    assert_eq!(inquiry.receive(&bytes[..SEALED_BYTES - 1]), None);
    assert_eq!(inquiry.receive(&datagram), None, "its own request, reflected");
    assert!(inquiry.receive(&bytes).unwrap().is_ok());
}

#[test]
fn the_answer_to_another_question_is_no_answer() {
    let (first, _) = request();
    let (_, other) = ask(&usual(), "insurance1", 0x66);
    let bytes = practice().answer(&arrival(1), &other).answer.unwrap();
    assert_eq!(first.receive(&bytes), None);
}

#[test]
fn a_certificate_alone_does_not_open_anything() {
    let bad = Admission { certificate: DoctorCertificate::new(String::new()), ..usual() };
    assert_eq!(refused(&bad, &plan("gold")), NotSealed::Certificate(BadTicket::NotSigned));
}

/// What the wire does to a datagram.
#[derive(Debug, Clone)]
enum Fate {
    Arrives,
    Lost,
    Flipped(usize),
    Cut(usize),
    Twice,
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        3 => Just(Fate::Arrives),
        2 => Just(Fate::Lost),
        2 => (0..SEALED_BYTES * 8).prop_map(Fate::Flipped),
        1 => (0..SEALED_BYTES).prop_map(Fate::Cut),
        1 => Just(Fate::Twice),
    ]
}

fn meet(fate: &Fate, datagram: &[u8]) -> Vec<Vec<u8>> {
    let mut bytes = datagram.to_vec();
    match fate {
        Fate::Arrives => vec![bytes],
        Fate::Lost => Vec::new(),
        Fate::Flipped(bit) => {
            bytes[bit / 8] ^= 1 << (bit % 8);
            vec![bytes]
        }
        Fate::Cut(length) => vec![bytes[..*length].to_vec()],
        Fate::Twice => vec![bytes.clone(), bytes],
    }
}

proptest! {
    /// A patient and a doctor over a wire that loses, flips, cuts and repeats: the patient gets the
    /// true price or none, and gets it whenever one try came through both ways.
    #[test]
    fn over_a_bad_wire_the_true_price_comes_or_none(
        ways in prop::collection::vec((fate(), fate()), 5..6),
        name in prop::sample::select(vec!["insurance1", "insurance2", "gold"]),
        seed in 1_u8..255,
    ) {
        let (mut now, mut practice) = (Instant::now(), practice());
        let entropy = Entropy([seed; 32]);
        let mut inquiry =
            Inquiry::sealed(&usual(), &doctor(), &plan(name), &entropy, now).unwrap();
        let (mut ways, mut through, mut heard) = (ways.iter(), false, None);
        loop {
            match inquiry.step(now) {
                InquiryStep::WaitUntil(then) => now = then,
                InquiryStep::GiveUp => break,
                InquiryStep::Send(datagrams) => {
                    let (there, back) = ways.next().unwrap();
                    let whole = |fate: &Fate| matches!(fate, Fate::Arrives | Fate::Twice);
                    through |= whole(there) && whole(back);
                    for datagram in meet(there, &datagrams[0]) {
                        let seen = practice.answer(&arrival(1), &datagram);
                        for answer in seen.answer.iter().flat_map(|bytes| meet(back, bytes)) {
                            heard = heard.or(inquiry.receive(&answer));
                        }
                    }
                }
            }
        }
        let expected = match name {
            "insurance1" => Ok("30".to_owned()),
            "insurance2" => Ok("1000000".to_owned()),
            _ => Err(Refusal::PlanNotCovered),
        };
        let heard = heard.map(|answer| answer.map(|estimate| estimate.price.to_string()));
        prop_assert_eq!(heard, through.then_some(expected));
    }

    #[test]
    fn no_answer_makes_it_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..1_300)) {
        let (inquiry, datagram) = request();
        prop_assert_eq!(inquiry.receive(&bytes), None);
        bytes.resize(SEALED_BYTES, 0);
        bytes[0] = 0x02;
        check_again(&mut bytes, sealed::ephemeral(&datagram).unwrap());
        prop_assert_eq!(inquiry.receive(&bytes), None);
    }
}
