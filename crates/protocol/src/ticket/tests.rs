//! What is taken for a ticket or a certificate, and what is not.

use domain::{DoctorKeys, SealingKey};
use proptest::prelude::*;

use super::*;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32]).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn doctor() -> DoctorName {
    DoctorName::new("doc1").unwrap()
}

fn visit() -> TicketClaims {
    let appointment = AppointmentId::from_bytes([7; 16]);
    TicketClaims {
        kind: TicketKind::Visit { appointment, version: Version(3) },
        patient: PatientId::from_bytes([9; 16]),
        doctor: doctor(),
        service: Service::visit(),
        not_before: at(1_000),
        expires: at(2_000),
        nonce: [0xab; 16],
    }
}

fn quote() -> TicketClaims {
    TicketClaims { kind: TicketKind::Quote, ..visit() }
}

fn certificate() -> CertificateClaims {
    CertificateClaims {
        doctor: doctor(),
        keys: DoctorKeys { sealing: SealingKey([1; 32]), verifying: key(5).verifying_key() },
        not_before: at(1_000),
        expires: at(2_000),
    }
}

#[test]
fn what_was_signed_is_read_back() {
    let keys = [key(2).verifying_key(), key(1).verifying_key()];
    for claims in [visit(), quote()] {
        let ticket = issue(&key(1), &claims);
        assert_eq!(verify(&ticket, &keys, &doctor(), at(1_500)), Ok(claims));
    }
    let word = certify(&key(1), &certificate());
    let center = key(1).verifying_key();
    assert_eq!(verify_certificate(&word, &center, at(1_500)), Ok(certificate()));
}

#[test]
fn a_ticket_is_good_from_its_first_moment_to_before_its_last() {
    let (ticket, keys) = (issue(&key(1), &visit()), [key(1).verifying_key()]);
    let check = |now, expected: Result<(), BadTicket>| {
        assert_eq!(verify(&ticket, &keys, &doctor(), at(now)).map(|_| ()), expected, "{now}");
    };
    check(999, Err(BadTicket::NotYet));
    check(1_000, Ok(()));
    check(1_999, Ok(()));
    check(2_000, Err(BadTicket::Expired));
}

#[test]
fn another_doctor_another_key_and_another_purpose_are_told_apart() {
    let (now, keys) = (at(1_500), [key(1).verifying_key()]);
    let ticket = issue(&key(1), &visit());
    let other = DoctorName::new("doc2").unwrap();
    assert_eq!(verify(&ticket, &keys, &other, now), Err(BadTicket::ForAnother));
    let others = [key(2).verifying_key()];
    assert_eq!(verify(&ticket, &others, &doctor(), now), Err(BadTicket::UnknownKey));
    assert_eq!(verify(&ticket, &[], &doctor(), now), Err(BadTicket::UnknownKey));
    // The same key signs both in this test: the purpose alone keeps them apart.
    let word = DoctorCertificate::new(ticket.as_str().to_owned());
    assert_eq!(verify_certificate(&word, &keys[0], now), Err(BadTicket::WrongSignature));
    let ticket = Ticket::new(certify(&key(1), &certificate()).as_str().to_owned());
    assert_eq!(verify(&ticket, &keys, &doctor(), now), Err(BadTicket::WrongSignature));
}

/// A ticket of claims that no center of ours makes, well signed.
fn signed(claims: &serde_json::Value) -> Ticket {
    Ticket::new(sign(&key(1), Purpose::Ticket, claims))
}

#[test]
fn a_version_a_kind_or_a_field_that_is_not_known_is_refused() {
    let text = "00112233445566778899aabbccddeeff";
    let good = serde_json::json!({"v": 1, "typ": "quote", "sub": visit().patient, "aud": "doc1",
        "service": "visit", "nbf": at(1_000), "exp": at(2_000), "jti": text});
    let check = |field: &str, value: serde_json::Value, expected: Result<(), BadTicket>| {
        let mut claims = good.clone();
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(field);
        } else {
            claims[field] = value;
        }
        let keys = [key(1).verifying_key()];
        let found = verify(&signed(&claims), &keys, &doctor(), at(1_500)).map(|_| ());
        assert_eq!(found, expected, "{claims}");
    };
    let malformed = Err(BadTicket::Malformed);
    check("v", 1.into(), Ok(()));
    check("v", 2.into(), Err(BadTicket::UnknownVersion));
    check("v", serde_json::Value::Null, malformed);
    check("typ", "hold".into(), malformed);
    // A visit without its appointment, a quote with one.
    check("typ", "visit".into(), malformed);
    check("appointment", serde_json::json!(AppointmentId::from_bytes([7; 16])), malformed);
    check("more", 1.into(), malformed);
    check("jti", "00".into(), malformed);
    check("jti", "+0112233445566778899aabbccddeeff".into(), malformed);
    check("aud", "two words".into(), malformed);
    check("exp", 2_000.into(), malformed);
    check("exp", serde_json::Value::Null, malformed);
}

#[test]
fn not_one_bit_of_a_ticket_or_certificate_can_be_flipped() {
    let (now, center) = (at(1_500), key(1).verifying_key());
    let ticket = issue(&key(1), &visit());
    let word = certify(&key(1), &certificate());
    let flips = |text: &str, check: &dyn Fn(String) -> bool| {
        let mut tried = 0;
        for bit in 0..text.len() * 8 {
            let mut bytes = text.as_bytes().to_vec();
            bytes[bit / 8] ^= 1 << (bit % 8);
            // Half of them are no text any more, and so nothing that could be handed in.
            if let Ok(flipped) = String::from_utf8(bytes) {
                tried += 1;
                assert!(!check(flipped), "bit {bit}");
            }
        }
        assert!(tried >= text.len() * 7);
    };
    let good = |text| verify(&Ticket::new(text), &[center], &doctor(), now).is_ok();
    assert!(good(ticket.as_str().to_owned()));
    flips(ticket.as_str(), &good);
    let good = |text| verify_certificate(&DoctorCertificate::new(text), &center, now).is_ok();
    assert!(good(word.as_str().to_owned()));
    flips(word.as_str(), &good);
}

#[test]
fn a_seed_of_zeros_is_no_key_and_a_key_prints_as_stars() {
    assert_eq!(SigningKey::from_seed([0; 32]).err(), Some(NoSecret));
    let shown = format!("{:?}", key(0x5a));
    assert!(shown.contains("********") && !shown.contains("5a5a") && !shown.contains("90, 90"));
}

proptest! {
    #[test]
    fn no_text_is_taken_for_a_ticket_nor_makes_it_panic(
        text in prop_oneof![any::<String>(), "v4\\.public\\.[A-Za-z0-9_-]{0,200}(\\.[A-Za-z0-9_-]{0,40})?"],
    ) {
        let keys = [key(1).verifying_key()];
        prop_assert!(verify(&Ticket::new(text.clone()), &keys, &doctor(), at(1_500)).is_err());
        let word = DoctorCertificate::new(text);
        prop_assert!(verify_certificate(&word, &keys[0], at(1_500)).is_err());
    }
}
