//! `patient --verify FILE`: what a kept estimate says, and whether it holds. No center is asked.

use std::path::Path;

use domain::VerifyingKey;
use jiff::Timestamp;
use protocol::{EstimateClaims, EstimateFile, STATEMENT};

use crate::exit::Declined;
use crate::input::{self, BadInput};

/// What the file should be.
const EXPECTED: &str = "an estimate that --estimate kept";

/// The lines that say what the estimate in `file` says, verified under the center's key: 64
/// hexadecimal digits, or a file of them.
///
/// # Errors
/// [`BadInput`] for a file that is none, [`Declined`] for a signature that does not hold.
pub(super) fn verify(file: &Path, center_key: &str) -> anyhow::Result<Vec<String>> {
    let text = text_of(file, EXPECTED)?;
    let estimate = EstimateFile::from_text(&text)
        .map_err(|error| BadInput::of_file(file, error.to_string()))?;
    let center = key(center_key)?;
    let claims = estimate
        .verify(&center)
        .map_err(|error| Declined::new(format!("{}: {error}", file.display())))?;
    Ok(shown(&claims, Timestamp::now()))
}

fn key(text: &str) -> Result<VerifyingKey, BadInput> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let path = Path::new(text);
    let content = text_of(path, "the center's public key")?;
    content.trim().parse().map_err(|why| BadInput::of_file(path, format!("{why}")))
}

fn text_of(path: &Path, expected: &str) -> Result<String, BadInput> {
    String::from_utf8(input::read(path, expected)?)
        .map_err(|_| BadInput::of_file(path, format!("is not UTF-8, expected {expected}")))
}

fn shown(claims: &EstimateClaims, now: Timestamp) -> Vec<String> {
    let over = if claims.valid_until <= now { " (over)" } else { "" };
    vec![
        format!("doctor:      {}", claims.doctor),
        format!("service:     {}", claims.service),
        format!("plan:        {}", claims.plan),
        format!("amount:      {} {}", claims.price, claims.price.currency()),
        format!("valid until: {}{over}", claims.valid_until),
        STATEMENT.to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use std::fs;

    use domain::{AppointmentId, Currency, DoctorKeys, Money, PatientId, SealingKey, Service};
    use protocol::sign_estimate;
    use protocol::ticket::{CertificateClaims, SigningKey, certify};

    use super::*;
    use crate::exit::Ended;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// An estimate of the doctor 5, certified by the center 1.
    fn estimate() -> EstimateFile {
        let [center, doctor] = [1, 5].map(|seed| SigningKey::from_seed([seed; 32]).unwrap());
        let keys = DoctorKeys { sealing: SealingKey([1; 32]), verifying: doctor.verifying_key() };
        let certified = CertificateClaims {
            doctor: "doc1".parse().unwrap(),
            keys,
            not_before: at(1_000),
            expires: at(9_000),
        };
        let claims = EstimateClaims {
            doctor: "doc1".parse().unwrap(),
            patient: PatientId::from_bytes([9; 16]),
            service: Service::visit(),
            plan: "gold".parse().unwrap(),
            price: Money::parse("30.50", Currency::USD).unwrap(),
            issued: at(2_000),
            valid_until: at(8_000_000_000),
            appointment: Some(AppointmentId::from_bytes([7; 16])),
        };
        EstimateFile {
            estimate: sign_estimate(&doctor, &claims),
            certificate: certify(&center, &certified),
        }
    }

    fn center_key(seed: u8) -> String {
        SigningKey::from_seed([seed; 32]).unwrap().verifying_key().to_string()
    }

    #[test]
    fn an_estimate_is_shown_when_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cost.json");
        fs::write(&file, estimate().to_text()).unwrap();
        let expected = [
            "doctor:      doc1",
            "service:     visit",
            "plan:        gold",
            "amount:      30.50 USD",
            "valid until: 2223-07-06T14:13:20Z",
            "an estimate, not a bill",
        ];
        assert_eq!(verify(&file, &center_key(1)).unwrap(), expected);
        let key_file = folder.path().join("identity.pub");
        fs::write(&key_file, format!("{}\n", center_key(1))).unwrap();
        assert_eq!(verify(&file, key_file.to_str().unwrap()).unwrap(), expected);
    }

    #[test]
    fn what_does_not_hold_and_what_is_no_estimate_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cost.json");
        let check = |content: &str, key: &str, code: Ended, expected: &str| {
            fs::write(&file, content).unwrap();
            let error = verify(&file, key).unwrap_err();
            assert_eq!(Ended::of_error(&error), code, "{error}");
            assert_eq!(error.to_string(), format!("{}: {expected}", file.display()));
        };
        let good = estimate().to_text();
        check(
            &good,
            &center_key(2),
            Ended::Refused,
            "the doctor's certificate is signed with a key that is not known, or no longer",
        );
        check(
            "{\"version\":7}",
            &center_key(1),
            Ended::BadInput,
            "has version 7, and only version 1 is known here",
        );
        fs::remove_file(&file).unwrap();
        let error = verify(&file, &center_key(1)).unwrap_err();
        assert_eq!(Ended::of_error(&error), Ended::BadInput);
        fs::write(&file, good).unwrap();
        let error = verify(&file, "no-such-key").unwrap_err();
        assert_eq!(error.to_string(), "no-such-key: not found, expected the center's public key");
    }
}
