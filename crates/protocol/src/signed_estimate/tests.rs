//! An estimate that is kept: what verifies, and what is said of what does not.

use domain::DoctorKeys;
use proptest::prelude::*;

use super::*;
use crate::testing::{NOW, appointment, at, center, certified, doctor, identity, key, plan, visit};
use crate::ticket::{CertificateClaims, certify};

fn claims() -> EstimateClaims {
    EstimateClaims {
        doctor: doctor(),
        patient: visit().patient,
        service: Service::visit(),
        plan: plan("insurance1"),
        price: Money::parse("30.50", Currency::USD).unwrap(),
        issued: at(NOW),
        valid_until: at(NOW + 100),
        appointment: Some(appointment()),
    }
}

fn file(claims: &EstimateClaims, certified: &CertificateClaims) -> EstimateFile {
    EstimateFile {
        estimate: sign_estimate(&identity().signing, claims),
        certificate: certify(&center(), certified),
    }
}

fn check(file: &EstimateFile, expected: Result<EstimateClaims, &str>) {
    let found = file.verify(&center().verifying_key());
    assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
}

#[test]
fn what_the_doctor_signed_is_verified_with_the_center_s_key_alone() {
    check(&file(&claims(), &certified()), Ok(claims()));
    let quote = EstimateClaims { appointment: None, ..claims() };
    check(&file(&quote, &certified()), Ok(quote.clone()));
}

#[test]
fn every_broken_link_has_a_line_of_its_own() {
    let by_another = EstimateFile {
        certificate: certify(&key(9), &certified()),
        ..file(&claims(), &certified())
    };
    check(
        &by_another,
        Err("the doctor's certificate is signed with a key that is not known, or no longer"),
    );
    let keys = DoctorKeys { verifying: key(9).verifying_key(), ..certified().keys };
    check(
        &file(&claims(), &CertificateClaims { keys, ..certified() }),
        Err("the estimate has a wrong signature"),
    );
    let doctor = DoctorName::new("doc2").unwrap();
    check(
        &file(&claims(), &CertificateClaims { doctor, ..certified() }),
        Err("the estimate names another doctor than the certificate"),
    );
    let early = CertificateClaims { expires: at(NOW), ..certified() };
    check(&file(&claims(), &early), Err("the doctor's certificate has expired"));
    let late = CertificateClaims { not_before: at(NOW + 1), ..certified() };
    check(&file(&claims(), &late), Err("the doctor's certificate is not valid yet"));
    let backwards = EstimateClaims { valid_until: at(NOW - 1), ..claims() };
    check(
        &file(&backwards, &certified()),
        Err("the estimate does not say what it must, or says more"),
    );
    let swapped = EstimateFile {
        estimate: SignedEstimate::new(certify(&center(), &certified()).as_str().to_owned()),
        ..file(&claims(), &certified())
    };
    check(&swapped, Err("the estimate is signed with a key that is not known, or no longer"));
}

#[test]
fn a_bill_is_not_an_estimate() {
    let payload = serde_json::json!({"v": 1, "typ": "estimate", "iss": doctor(),
        "sub": visit().patient, "service": "visit", "plan": "gold", "amount": "30",
        "currency": "USD", "iat": at(NOW), "exp": at(NOW + 1), "statement": "a bill"});
    let verify = |payload: &serde_json::Value| {
        let text = sign(&identity().signing, Purpose::Estimate, payload);
        let certificate = certify(&center(), &certified());
        verify_estimate(&SignedEstimate::new(text), &certificate, &center().verifying_key())
    };
    let malformed = Err(BadEstimate::Estimate(BadTicket::Malformed));
    assert_eq!(verify(&payload), malformed);
    let mut right = payload;
    right["statement"] = STATEMENT.into();
    assert!(verify(&right).is_ok());
    right["amount"] = "-3".into();
    assert_eq!(verify(&right), malformed);
}

#[test]
fn a_file_is_read_back_and_a_mistake_in_it_is_one_line() {
    let file = file(&claims(), &certified());
    assert_eq!(EstimateFile::from_text(&file.to_text()), Ok(file.clone()));
    let bad = |text: &str, expected: &str| {
        let line = EstimateFile::from_text(text).unwrap_err().to_string();
        assert!(line.starts_with(expected) && !line.contains('\n'), "{line}");
    };
    bad("", "is no file of an estimate: EOF");
    bad("insurance1 30", "is no file of an estimate: expected value");
    bad("{}", "is no file of an estimate: missing field `version`");
    bad(r#"{"version":2}"#, "has version 2, and only version 1 is known here");
    bad(r#"{"version":1}"#, "is no file of an estimate: missing field `estimate`");
    bad(&file.to_text().replace("estimate", "bill"), "is no file of an estimate: unknown field");
    bad(&"x".repeat(ESTIMATE_FILE_BYTES_MAX + 1), "is longer than 8192 bytes");
}

#[test]
fn not_one_bit_of_a_file_can_be_flipped_and_still_say_something_else() {
    let file = file(&claims(), &certified());
    let text = file.to_text();
    for bit in 0..text.len() * 8 {
        let mut bytes = text.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(flipped) = String::from_utf8(bytes) else { continue };
        if let Ok(read) = EstimateFile::from_text(&flipped) {
            // A blank that became another blank changes nothing that is signed.
            if read.verify(&center().verifying_key()).is_ok() {
                assert_eq!(read, file, "bit {bit}");
            }
        }
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        let _ = EstimateFile::from_text(&text);
        let certificate = certify(&center(), &certified());
        let estimate = SignedEstimate::new(text);
        let found = verify_estimate(&estimate, &certificate, &center().verifying_key());
        prop_assert!(found.is_err());
    }
}
