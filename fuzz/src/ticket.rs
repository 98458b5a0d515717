//! Tickets, certificates and files of estimates: what a center or a doctor signs and others verify.

use std::sync::LazyLock;

use pasetors::Public;
use pasetors::keys::AsymmetricSecretKey;
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use protocol::EstimateFile;
use protocol::ticket::{
    DoctorCertificate, Ticket, TicketClaims, issue, verify, verify_certificate,
};

use crate::clinic::{self, CENTER_KEY, CERTIFICATE, TICKET, TICKET_KEY};
use crate::sealed::changed;

/// The implicit assertion of a ticket (PROTOCOL.md).
const ASSERTION: &[u8] = b"rendezvous ticket v1";

/// The ticket key once more, for signing anything; and the footer that names it.
static SIGNER: LazyLock<(AsymmetricSecretKey<V4>, Vec<u8>)> = LazyLock::new(|| {
    let mut both = [1; 64];
    both[32..].copy_from_slice(&TICKET_KEY.verifying_key().0);
    let secret = AsymmetricSecretKey::from(&both).expect("a key pair");
    let token = UntrustedToken::<Public, V4>::try_from(TICKET.as_str()).expect("a token");
    (secret, token.untrusted_footer().to_vec())
});

/// Only the very text that was signed is taken: neither the bytes themselves, nor a ticket or a
/// certificate altered by them. Bytes under a right signature are taken only when they say what a
/// ticket says, for this doctor, in force; and said again they say the same.
///
/// # Panics
/// When a parser breaks a promise.
pub fn check(data: &[u8]) {
    assert_eq!(read(&TICKET), Some(clinic::claims()));
    for text in [data.to_vec(), changed(TICKET.as_str().as_bytes(), data)] {
        let Ok(text) = String::from_utf8(text) else {
            continue;
        };
        let ticket = Ticket::new(text);
        assert_eq!(format!("{ticket:?}"), format!("Ticket({} bytes)", ticket.as_str().len()));
        assert!(ticket == *TICKET || read(&ticket).is_none(), "forged: {}", ticket.as_str());
    }
    for text in [data.to_vec(), changed(CERTIFICATE.as_str().as_bytes(), data)] {
        let Ok(text) = String::from_utf8(text) else {
            continue;
        };
        let word = DoctorCertificate::new(text);
        let found = verify_certificate(&word, &CENTER_KEY.verifying_key(), clinic::wall());
        assert!(word == *CERTIFICATE || found.is_err(), "forged: {}", word.as_str());
    }
    check_signed(data);
    check_file(data);
    if let Ok(text) = std::str::from_utf8(data) {
        protocol::fuzz::signed(text);
    }
}

fn read(ticket: &Ticket) -> Option<TicketClaims> {
    verify(ticket, &[TICKET_KEY.verifying_key()], &clinic::doctor(), clinic::wall()).ok()
}

/// What is behind the signature is read as strictly as what is in front of it.
fn check_signed(data: &[u8]) {
    let (secret, footer) = &*SIGNER;
    let Ok(text) = PublicToken::sign(secret, data, Some(footer), Some(ASSERTION)) else {
        return;
    };
    let Some(claims) = read(&Ticket::new(text)) else {
        return;
    };
    assert_eq!(claims.doctor, clinic::doctor());
    assert!(claims.not_before <= clinic::wall() && clinic::wall() < claims.expires);
    assert_eq!(read(&issue(&TICKET_KEY, &claims)), Some(claims));
}

/// A file of an estimate that can be read is written and read again; no made-up one verifies.
fn check_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(file) = EstimateFile::from_text(text) else {
        return;
    };
    assert!(file.verify(&CENTER_KEY.verifying_key()).is_err(), "a forged estimate");
    assert_eq!(EstimateFile::from_text(&file.to_text()), Ok(file));
}
