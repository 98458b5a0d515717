//! Doors for fuzzing: each takes any bytes and must come back. Not for use: the keys here are known
//! to everybody, so that bytes get past the checks that would else stop a fuzzer at once.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use domain::{DoctorName, Entropy, Tariff};
use jiff::Timestamp;

use crate::limits::SEALED_BYTES;
use crate::message::News;
use crate::ticket::{self, DoctorCertificate, Purpose, SigningKey, Ticket};
use crate::{
    Arrival, DoctorIdentity, EstimateFile, Plaintext, Practice, SealingSecret, SignedEstimate,
};
use crate::{json, sealed, verify_estimate};

fn signing() -> SigningKey {
    SigningKey::from_seed([1; 32]).expect("not all zeros")
}

fn sealing() -> SealingSecret {
    SealingSecret::from_seed([2; 32]).expect("not all zeros")
}

fn doctor() -> DoctorName {
    DoctorName::new("doc1").expect("one word")
}

fn hear(now: Instant, datagram: &[u8]) {
    let mut practice = Practice::new(doctor(), Tariff::default());
    practice.enrol(DoctorIdentity { sealing: sealing(), signing: signing() });
    let ticket_keys = vec![signing().verifying_key()];
    practice.hear(&News { ticket_keys, over: Vec::new(), until: Timestamp::UNIX_EPOCH });
    let arrival = Arrival {
        now,
        wall: Timestamp::UNIX_EPOCH,
        source: SocketAddr::from((Ipv4Addr::LOCALHOST, 1)),
        plaintext: Plaintext::Answered,
        entropy: Entropy([3; 32]),
    };
    let seen = practice.answer(&arrival, datagram);
    assert!(seen.answer.is_none_or(|answer| datagram[0] == b'{' || answer.len() <= SEALED_BYTES));
}

/// A datagram to a doctor who has enrolled: as it is; framed, with a right check; and as the text
/// inside a seal.
pub fn datagram(now: Instant, bytes: &[u8]) {
    hear(now, bytes);
    hear(now, &sealed::framed(&sealing().public(), bytes));
    if let Some(asked) = sealed::ask(&sealing().public(), bytes, &Entropy([4; 32])) {
        hear(now, asked.datagram());
        let _ = asked.open(bytes);
    }
}

/// A ticket, a certificate, an estimate: as it is, and as well signed claims.
pub fn signed(text: &str) {
    let key = signing();
    let certificate = DoctorCertificate::new(text.to_owned());
    let verify = |text: &str| {
        let (now, public) = (Timestamp::UNIX_EPOCH, key.verifying_key());
        let word = DoctorCertificate::new(text.to_owned());
        let _ = ticket::verify(&Ticket::new(text.to_owned()), &[public], &doctor(), now);
        let _ = ticket::verify_certificate(&word, &public, now);
        let estimate = SignedEstimate::new(text.to_owned());
        let _ = verify_estimate(&estimate, &certificate, &public);
    };
    verify(text);
    if let Ok(claims) = serde_json::from_str::<serde_json::Value>(text) {
        for purpose in [Purpose::Ticket, Purpose::Certificate, Purpose::Estimate] {
            verify(&ticket::sign(&key, purpose, &claims));
        }
    }
}

/// The file of an estimate.
pub fn estimate_file(text: &str) {
    if let Ok(file) = EstimateFile::from_text(text) {
        assert_eq!(EstimateFile::from_text(&file.to_text()).as_ref(), Ok(&file));
        let _ = file.verify(&signing().verifying_key());
    }
}

/// A line of JSON, as a request and as a reply. What is understood can be written, and is understood
/// again.
pub fn json_line(line: &[u8]) {
    if let Ok((_, request)) = json::read_request(line) {
        let written = json::write_request(1, &request).expect("JSON has words for what it read");
        let again = json::read_request(&written).map(|(_, request)| request);
        assert_eq!(again.as_ref(), Ok(&request));
    }
    let _ = json::read_reply(line);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_door_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..1_300), text in any::<String>()) {
            datagram(Instant::now(), &bytes);
            signed(&text);
            estimate_file(&text);
            json_line(&bytes);
            json_line(text.as_bytes());
        }
    }

    #[test]
    fn claims_that_are_almost_right_come_back() {
        for text in [r#"{"v":1,"typ":"visit"}"#, r#"{"v":1}"#, "{}", "[]", "null", "0"] {
            signed(text);
            estimate_file(text);
        }
    }
}
