//! A doctor who has enrolled, against friends, strangers and whoever sits on the wire.

use std::time::Duration;

use domain::Entropy;
use proptest::prelude::*;

use super::*;
use crate::limits::{SEALED_BYTES, TICKET_BACKDATED};
use crate::sealed::testing::{check_again, exchanges};
use crate::testing::*;
use crate::ticket::Ticket;
use crate::{Inquiry, Plaintext, Practice};

/// What an enrolled doctor answers to a question under this ticket.
fn answer_to(claims: &TicketClaims, key: &SigningKey) -> Seen {
    let (_, datagram) = ask(&admission(claims, key), "insurance1", 0x55);
    practice().answer(&arrival(1), &datagram)
}

#[test]
fn a_patient_with_a_ticket_gets_a_signed_price_and_the_doctor_a_record() {
    let (inquiry, datagram) = request();
    let seen = practice().answer(&arrival(1), &datagram);
    let estimate = inquiry.receive(&seen.answer.unwrap()).unwrap().unwrap();
    assert_eq!((estimate.price.to_string(), estimate.doctor), ("30".to_owned(), Some(doctor())));
    let claims = estimate.signed.unwrap().verify(&center().verifying_key()).unwrap();
    assert_eq!(claims.appointment, Some(appointment()));
    assert_eq!((claims.patient, claims.issued), (visit().patient, at(NOW)));
    let answered = Answered {
        kind: visit().kind,
        patient: visit().patient,
        service: Service::visit(),
        plan: plan("insurance1"),
        price: Some(claims.price),
    };
    assert_eq!(seen.answered, Some(answered));
    assert_eq!(seen.request, Some((plan("insurance1"), Some(claims.price))));
}

#[test]
fn a_quote_is_answered_without_an_appointment() {
    let quote = TicketClaims { kind: TicketKind::Quote, ..visit() };
    let (inquiry, datagram) = ask(&admission(&quote, &ticket_key()), "insurance2", 0x56);
    let seen = practice().answer(&arrival(1), &datagram);
    let estimate = inquiry.receive(&seen.answer.unwrap()).unwrap().unwrap();
    let claims = estimate.signed.unwrap().verify(&center().verifying_key()).unwrap();
    assert_eq!((claims.appointment, claims.price.to_string()), (None, "1000000".to_owned()));
}

#[test]
fn a_plan_that_is_not_covered_is_refused_inside_the_seal() {
    let (inquiry, datagram) = ask(&admission(&visit(), &ticket_key()), "gold", 0x55);
    let seen = practice().answer(&arrival(1), &datagram);
    assert_eq!(inquiry.receive(&seen.answer.unwrap()), Some(Err(Refusal::PlanNotCovered)));
    assert_eq!(seen.answered.unwrap().price, None);
}

#[test]
fn every_datagram_has_the_same_size_and_begins_with_a_byte_that_is_no_text() {
    let mut practice = practice();
    for (seed, name) in ["insurance1", "insurance2", "gold", "x"].iter().enumerate() {
        let seed = u8::try_from(seed).unwrap() + 1;
        let (_, datagram) = ask(&admission(&visit(), &ticket_key()), name, seed);
        let answer = practice.answer(&arrival(1), &datagram).answer.unwrap();
        assert_eq!((datagram.len(), answer.len()), (SEALED_BYTES, SEALED_BYTES));
        assert_eq!((datagram[0], answer[0]), (0x01, 0x02));
        let holds = |bytes: &[u8], word: &str| {
            bytes.windows(word.len()).any(|window| window == word.as_bytes())
        };
        for word in ["insurance1", "insurance2", "gold", "v4.public", "doc1"] {
            assert!(!holds(&datagram, word) && !holds(&answer, word), "{word}");
        }
    }
}

#[test]
fn the_longest_names_fit_into_both_datagrams() {
    // Quotes are the longest: two bytes each in JSON.
    let long = "\"".repeat(64);
    let doctor = DoctorName::new(&long).unwrap();
    let service = Service::new(&long).unwrap();
    let (soon, late) = ("2026-11-22T13:18:29.123456789Z", "2026-11-23T13:18:29.123456789Z");
    let claims = TicketClaims {
        kind: TicketKind::Visit { appointment: appointment(), version: Version(u32::MAX) },
        doctor: doctor.clone(),
        service: service.clone(),
        not_before: soon.parse().unwrap(),
        expires: late.parse().unwrap(),
        ..visit()
    };
    let mut admission = admission(&claims, &ticket_key());
    let certified = ticket::CertificateClaims {
        doctor: doctor.clone(),
        not_before: soon.parse().unwrap(),
        ..certified()
    };
    admission.certificate = ticket::certify(&center(), &certified);
    let plan = PlanName::new(&long).unwrap();
    let now = Instant::now();
    let mut inquiry = Inquiry::sealed(&admission, &doctor, &plan, &Entropy([1; 32]), now).unwrap();
    let crate::InquiryStep::Send(datagrams) = inquiry.step(now) else { unreachable!() };
    let mut tariff = Tariff::default();
    let price = Money::parse("999999.999", "KWD".parse().unwrap()).unwrap();
    tariff.set(&service, plan, price);
    let mut practice = Practice::new(doctor, tariff);
    practice.enrol(identity());
    practice.hear(&news(&[ticket_key().verifying_key()]));
    let arrival = Arrival { wall: soon.parse().unwrap(), ..arrival(1) };
    let answer = practice.answer(&arrival, &datagrams[0]).answer.unwrap();
    assert_eq!(inquiry.receive(&answer).unwrap().unwrap().price, price);
}

#[test]
fn a_ticket_out_of_force_is_met_with_silence() {
    assert!(answer_to(&visit(), &ticket_key()).answer.is_some());
    let other = DoctorName::new("doc2").unwrap();
    let silent = |what: &str, claims: TicketClaims, key: &SigningKey| {
        let mut admission = admission(&claims, key);
        let certified = ticket::CertificateClaims { doctor: claims.doctor.clone(), ..certified() };
        admission.certificate = ticket::certify(&center(), &certified);
        let entropy = Entropy([0x55; 32]);
        let now = Instant::now();
        let asked = Inquiry::sealed(&admission, &claims.doctor, &plan("insurance1"), &entropy, now);
        let crate::InquiryStep::Send(datagrams) = asked.unwrap().step(now) else { unreachable!() };
        assert_eq!(practice().answer(&arrival(1), &datagrams[0]), Seen::NOTHING, "{what}");
    };
    let usual = ticket_key();
    silent("expired", TicketClaims { expires: at(NOW), ..visit() }, &usual);
    silent("not yet", TicketClaims { not_before: at(NOW + 1), ..visit() }, &usual);
    silent("another doctor's", TicketClaims { doctor: other, ..visit() }, &usual);
    silent("unknown key", visit(), &key(9));
    silent("the center's other key", visit(), &center());
}

/// A datagram with a text that no patient of ours sends, sealed well.
fn sealed_text(text: &str) -> Vec<u8> {
    let to = identity().sealing.public();
    sealed::ask(&to, text.as_bytes(), &Entropy([5; 32])).unwrap().datagram().to_vec()
}

#[test]
fn a_sealed_text_that_says_less_or_more_than_it_must_is_met_with_silence() {
    let ticket = ticket::issue(&ticket_key(), &visit());
    let ticket = ticket.as_str();
    let check = |text: String, answered: bool| {
        let seen = practice().answer(&arrival(1), &sealed_text(&text));
        assert_eq!(seen.answer.is_some(), answered, "{text}");
    };
    check(format!(r#"{{"v":1,"ticket":"{ticket}","plan":"insurance1"}}"#), true);
    check(format!(r#"{{"v":2,"ticket":"{ticket}","plan":"insurance1"}}"#), false);
    check(format!(r#"{{"v":1,"ticket":"{ticket}","plan":"insurance1","more":1}}"#), false);
    check(format!(r#"{{"v":1,"ticket":"{ticket}","plan":"two words"}}"#), false);
    check(format!(r#"{{"v":1,"ticket":"{ticket}"}}"#), false);
    check(r#"{"v":1,"ticket":"v4.public.AAAA","plan":"insurance1"}"#.to_owned(), false);
    check(String::new(), false);
    // A visit that claims to be a quote is another signature.
    let word = ticket::certify(&ticket_key(), &certified());
    check(format!(r#"{{"v":1,"ticket":"{}","plan":"insurance1"}}"#, word.as_str()), false);
}

#[test]
fn not_one_bit_of_a_ticket_can_be_flipped() {
    let good = ticket::issue(&ticket_key(), &visit());
    let keys = [ticket_key().verifying_key()];
    let (mut practice, mut tried) = (practice(), 0);
    for bit in 0..good.as_str().len() * 8 {
        let mut bytes = good.as_str().as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(text) = String::from_utf8(bytes) else { continue };
        tried += 1;
        let flipped = Ticket::new(text);
        assert!(ticket::verify(&flipped, &keys, &doctor(), at(NOW)).is_err(), "bit {bit}");
        // Each as its own datagram is slow; every seventh shows that the doctor looks.
        if bit % 7 == 0 {
            let text = String::from_utf8(words::write_request(&flipped, &plan("insurance1")));
            let datagram = sealed_text(&text.unwrap());
            assert_eq!(practice.answer(&arrival(1), &datagram), Seen::NOTHING, "bit {bit}");
        }
    }
    assert!(tried >= good.as_str().len() * 7);
}

#[test]
fn not_one_bit_of_a_datagram_can_be_flipped() {
    let (_, datagram) = request();
    let mut practice = practice();
    let before = exchanges();
    for bit in 0..SEALED_BYTES * 8 {
        let mut flipped = datagram.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(practice.answer(&arrival(1), &flipped), Seen::NOTHING, "bit {bit}");
    }
    assert_eq!(exchanges(), before, "a stranger's datagram cost a key exchange");
    assert!(practice.answer(&arrival(1), &datagram).answer.is_some());
}

#[test]
fn whoever_flips_a_bit_and_knows_the_check_is_met_with_silence_too() {
    let (_, datagram) = request();
    let public = identity().sealing.public().0;
    let mut practice = practice();
    let before = exchanges();
    for bit in 0..(SEALED_BYTES - 16) * 8 {
        let mut flipped = datagram.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        check_again(&mut flipped, &public);
        // X25519 passes over the highest bit of a key; the transcript does not.
        assert_eq!(practice.answer(&arrival(1), &flipped), Seen::NOTHING, "bit {bit}");
    }
    assert!(exchanges() > before, "with a right check the doctor has to look");
    // Also once the true one was answered, and from its own source.
    assert!(practice.answer(&arrival(1), &datagram).answer.is_some());
    for bit in 0..(SEALED_BYTES - 16) * 8 {
        let mut flipped = datagram.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        check_again(&mut flipped, &public);
        assert_eq!(practice.answer(&arrival(1), &flipped), Seen::NOTHING, "bit {bit}");
    }
}

#[test]
fn a_datagram_that_is_cut_or_longer_is_met_with_silence_without_an_exchange() {
    let (_, datagram) = request();
    let mut practice = practice();
    let before = exchanges();
    for length in (0..SEALED_BYTES).chain(SEALED_BYTES + 1..SEALED_BYTES + 40) {
        let mut other = datagram.clone();
        other.resize(length, 0);
        assert_eq!(practice.answer(&arrival(1), &other), Seen::NOTHING, "{length} bytes");
    }
    assert_eq!(exchanges(), before);
}

#[test]
fn the_answer_to_a_lost_answer_is_the_same_and_a_replay_from_elsewhere_gains_nothing() {
    let (_, datagram) = request();
    let mut practice = practice();
    let first = practice.answer(&arrival(1), &datagram);
    let before = exchanges();
    let again = practice.answer(&arrival(1), &datagram);
    assert_eq!((&again.answer, &again.request), (&first.answer, &first.request));
    assert_eq!(again.answered, None, "it is recorded once");
    assert_eq!(practice.answer(&arrival(2), &datagram), Seen::NOTHING);
    assert_eq!(exchanges(), before, "neither costs an exchange");
}

#[test]
fn a_replay_that_overtakes_the_patient_is_of_no_use_to_its_sender() {
    let (inquiry, datagram) = request();
    let mut practice = practice();
    let stolen = practice.answer(&arrival(2), &datagram).answer.unwrap();
    // The thief has bytes that only the patient can open; the patient asks with a new key.
    let (thief, _) = ask(&admission(&visit(), &ticket_key()), "insurance1", 0x66);
    assert_eq!(thief.receive(&stolen), None);
    assert!(inquiry.receive(&stolen).is_some());
    let (_, fresh) = ask(&admission(&visit(), &ticket_key()), "insurance1", 0x57);
    assert!(practice.answer(&arrival(1), &fresh).answer.is_some());
}

#[test]
fn answers_are_remembered_for_a_time_and_up_to_a_number() {
    let (_, datagram) = request();
    let mut practice = practice();
    let now = Instant::now();
    let arrival_at = |now| Arrival { now, ..arrival(1) };
    assert!(practice.answer(&arrival_at(now), &datagram).answered.is_some());
    let soon = now + SEALED_REMEMBERED - Duration::from_millis(1);
    assert!(practice.answer(&arrival_at(soon), &datagram).answered.is_none());
    let later = now + SEALED_REMEMBERED;
    assert!(practice.answer(&arrival_at(later), &datagram).answered.is_some());
    let mut replies = Replies::default();
    for number in 0..SEALED_REMEMBERED_MAX + 100 {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&number.to_le_bytes());
        let request = (plan("x"), None);
        let reply = Reply { source: source(1), digest: key, answer: Vec::new(), request };
        replies.keep(now, key, reply);
    }
    assert_eq!(replies.by_key.len(), SEALED_REMEMBERED_MAX);
    assert_eq!(replies.order.len(), SEALED_REMEMBERED_MAX);
}

fn over(below: u32) -> TicketsOver {
    TicketsOver { appointment: appointment(), below: Version(below) }
}

#[test]
fn a_ticket_of_an_appointment_that_was_cancelled_or_moved_is_over_once_the_doctor_hears() {
    let (_, datagram) = request();
    let keys = [ticket_key().verifying_key()];
    let check = |heard: &[TicketsOver], answered: bool| {
        let mut practice = practice();
        practice.hear(&News { over: heard.to_vec(), ..news(&keys) });
        let seen = practice.answer(&arrival(1), &datagram);
        assert_eq!(seen.answer.is_some(), answered, "{heard:?}");
    };
    check(&[], true);
    check(&[over(3)], true);
    check(&[over(4)], false);
    // What was over stays over, in whichever order it is heard.
    check(&[over(4), over(2)], false);
    let other = TicketsOver { appointment: AppointmentId::from_bytes([8; 16]), below: Version(9) };
    check(&[other], true);
}

#[test]
fn what_is_over_is_forgotten_when_no_ticket_can_be_in_force_any_more() {
    let mut known = Over::default();
    let kind = TicketKind::Visit { appointment: appointment(), version: Version(3) };
    known.keep(&over(4), at(NOW));
    let life = i64::try_from(TICKET_LIFE_MAX.as_secs()).unwrap();
    known.forget(at(NOW + life - 1));
    assert!(known.is_over(kind));
    assert!(!known.is_over(TicketKind::Quote));
    known.keep(&over(4), at(NOW + 10));
    known.forget(at(NOW + life));
    assert!(known.is_over(kind), "it was heard again later");
    known.forget(at(NOW + life + 10));
    assert!(known.below.is_empty() && known.order.is_empty());
    for number in 0..OVER_REMEMBERED_MAX + 10 {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let appointment = AppointmentId::from_bytes(bytes);
        known.keep(&TicketsOver { appointment, below: Version(2) }, at(NOW));
    }
    assert_eq!(known.below.len(), OVER_REMEMBERED_MAX);
    assert_eq!(known.order.len(), OVER_REMEMBERED_MAX);
}

#[test]
fn of_more_ticket_keys_than_are_taken_the_newest_are() {
    let seeds = 10..=10 + u8::try_from(TICKET_KEYS_MAX).unwrap();
    let keys: Vec<_> = seeds.clone().map(|seed| key(seed).verifying_key()).collect();
    for (seed, answered) in
        [(*seeds.start(), false), (seeds.start() + 1, true), (*seeds.end(), true)]
    {
        let mut practice = practice();
        practice.hear(&news(&keys));
        let (_, datagram) = ask(&admission(&visit(), &key(seed)), "insurance1", 0x55);
        assert_eq!(practice.answer(&arrival(1), &datagram).answer.is_some(), answered, "{seed}");
    }
}

#[test]
fn keys_rotate_without_an_outage_and_an_old_key_ends() {
    let (old, new) = (ticket_key(), key(6));
    let (_, by_old) = ask(&admission(&visit(), &old), "insurance1", 0x10);
    let (_, by_new) = ask(&admission(&visit(), &new), "insurance1", 0x11);
    let (_, by_old_late) = ask(&admission(&visit(), &old), "insurance1", 0x12);
    let mut practice = practice();
    let mut answered = |keys: &[&SigningKey], datagram: &[u8]| {
        let keys: Vec<VerifyingKey> = keys.iter().map(|key| key.verifying_key()).collect();
        practice.hear(&news(&keys));
        practice.answer(&arrival(1), datagram).answer.is_some()
    };
    assert!(!answered(&[&old], &by_new), "not announced yet");
    assert!(answered(&[&new, &old], &by_old), "until its last ticket has expired");
    assert!(answered(&[&new, &old], &by_new));
    assert!(!answered(&[&new], &by_old_late), "and no longer");
}

#[test]
fn a_ticket_that_lives_longer_than_any_is_cut_when_it_is_made() {
    let long = TicketClaims { expires: at(NOW + 10 * 86_400), ..visit() };
    let ticket = ticket::issue(&ticket_key(), &long);
    let keys = [ticket_key().verifying_key()];
    let claims = ticket::verify(&ticket, &keys, &doctor(), at(NOW)).unwrap();
    assert_eq!(claims.not_before + TICKET_LIFE_MAX, claims.expires);
    assert!(TICKET_BACKDATED < TICKET_LIFE_MAX);
}

#[test]
fn plaintext_is_answered_where_it_is_allowed_and_leaves_no_trace_elsewhere() {
    let allowed = |port| Arrival { plaintext: Plaintext::Answered, ..arrival(port) };
    let json = br#"{"version":1,"id":7,"plan":"insurance1"}"#.as_slice();
    let mut practice = practice();
    for datagram in [b"insurance1".as_slice(), json] {
        assert_eq!(practice.answer(&arrival(1), datagram), Seen::NOTHING);
        assert!(practice.answer(&allowed(1), datagram).answer.is_some());
    }
    // A name from a source that is ignored is not remembered for one that is not.
    assert_eq!(practice.answer(&arrival(1), b"Patient1"), Seen::NOTHING);
    assert_eq!(practice.answer(&allowed(1), b"gold").answer, None);
}

#[test]
fn a_doctor_who_has_not_enrolled_is_silent_to_what_is_sealed() {
    let (_, datagram) = request();
    let mut classic = Practice::new(doctor(), tariff());
    classic.hear(&news(&[ticket_key().verifying_key()]));
    assert_eq!(classic.answer(&arrival(1), &datagram), Seen::NOTHING);
    assert_eq!(practice().receive(Instant::now(), source(1), &datagram), Seen::NOTHING);
    let mut deaf = Practice::new(doctor(), tariff());
    deaf.enrol(identity());
    assert_eq!(deaf.answer(&arrival(1), &datagram), Seen::NOTHING, "no key is known yet");
}

#[test]
fn nothing_secret_is_shown_by_a_practice_or_its_keys() {
    let shown = format!("{:?} {:?} {:?}", practice(), identity(), request().0);
    assert!(shown.contains("********"));
    // The seeds, as numbers and as hexadecimal digits.
    for secret in ["3, 3, 3", "4, 4, 4", "030303", "040404", "85, 85", "v4.public"] {
        assert!(!shown.contains(secret), "{secret}");
    }
}

/// How much dearer a datagram with a right check is than one without; run with `--release`.
#[test]
#[ignore = "a measurement, for a quiet machine"]
fn a_forged_check_costs_less_than_a_twentieth_of_an_exchange() {
    let (_, datagram) = request();
    let mut forged = datagram.clone();
    forged[SEALED_BYTES - 1] ^= 1;
    let mut checked = datagram;
    checked[100] ^= 1;
    check_again(&mut checked, &identity().sealing.public().0);
    let mut practice = practice();
    let mut time = |datagram: &[u8]| {
        let arrival = arrival(1);
        let began = Instant::now();
        (0..2_000).for_each(|_| assert_eq!(practice.answer(&arrival, datagram), Seen::NOTHING));
        began.elapsed()
    };
    let (cheap, dear) = (time(&forged), time(&checked));
    eprintln!("2,000 forged: {cheap:?}; 2,000 to be opened: {dear:?}");
    assert!(dear > cheap * 20);
}

proptest! {
    #[test]
    fn no_bytes_are_answered_nor_end_the_practice(
        first in prop::sample::select(vec![0_u8, 1, 2, 3, b'{', b'i', 0x7f, 0xff]),
        mut bytes in prop::collection::vec(any::<u8>(), 0..1_300),
        right_check in any::<bool>(),
    ) {
        let mut practice = practice();
        if let Some(byte) = bytes.first_mut() {
            *byte = first;
        }
        if right_check {
            bytes.resize(SEALED_BYTES, 0x5a);
            bytes[0] = first;
            check_again(&mut bytes, &identity().sealing.public().0);
        }
        prop_assert_eq!(practice.answer(&arrival(1), &bytes), Seen::NOTHING);
        prop_assert!(practice.answer(&arrival(1), &request().1).answer.is_some());
    }
}
