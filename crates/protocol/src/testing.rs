//! A center, a doctor who has enrolled, and a patient with a ticket, for the tests of this crate.

#[cfg(test)]
use std::net::SocketAddr;
use std::time::Instant;

use domain::{
    AppointmentId, Currency, DoctorName, Entropy, Money, PatientId, PlanName, Service, Tariff,
    VerifyingKey, Version,
};
use jiff::Timestamp;

use crate::message::{Admission, News};
use crate::ticket::{CertificateClaims, SigningKey, TicketClaims, TicketKind, certify, issue};
use crate::{Arrival, DoctorIdentity, Inquiry, InquiryStep, Plaintext, Practice, SealingSecret};

/// When everything happens, by the clocks of all.
pub(crate) const NOW: i64 = 1_900_000_000;

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_seed([seed; 32]).unwrap()
}

/// The center's own key, and the one that signs its tickets.
pub(crate) fn center() -> SigningKey {
    key(1)
}

pub(crate) fn ticket_key() -> SigningKey {
    key(2)
}

pub(crate) fn doctor() -> DoctorName {
    DoctorName::new("doc1").unwrap()
}

pub(crate) fn plan(name: &str) -> PlanName {
    PlanName::new(name).unwrap()
}

pub(crate) fn identity() -> DoctorIdentity {
    let sealing = SealingSecret::from_seed([3; 32]).unwrap();
    DoctorIdentity { sealing, signing: key(4) }
}

pub(crate) fn appointment() -> AppointmentId {
    AppointmentId::from_bytes([7; 16])
}

pub(crate) fn visit() -> TicketClaims {
    TicketClaims {
        kind: TicketKind::Visit { appointment: appointment(), version: Version(3) },
        patient: PatientId::from_bytes([9; 16]),
        doctor: doctor(),
        service: Service::visit(),
        not_before: at(NOW - 60),
        expires: at(NOW + 3_600),
        nonce: [0xab; 16],
    }
}

pub(crate) fn certified() -> CertificateClaims {
    CertificateClaims {
        doctor: doctor(),
        keys: identity().keys(),
        not_before: at(NOW - 86_400),
        expires: at(NOW + 86_400),
    }
}

/// What a patient gets for `claims`, under `ticket_key`.
pub(crate) fn admission(claims: &TicketClaims, ticket_key: &SigningKey) -> Admission {
    Admission {
        ticket: issue(ticket_key, claims),
        keys: identity().keys(),
        certificate: certify(&center(), &certified()),
        center_key: center().verifying_key(),
    }
}

pub(crate) fn news(ticket_keys: &[VerifyingKey]) -> News {
    News { ticket_keys: ticket_keys.to_vec(), over: Vec::new(), until: at(NOW) }
}

pub(crate) fn tariff() -> Tariff {
    let mut tariff = Tariff::default();
    for (name, price) in [("insurance1", "30"), ("insurance2", "1000000")] {
        let price = Money::parse(price, Currency::USD).unwrap();
        tariff.set(&Service::visit(), plan(name), price);
    }
    tariff
}

/// A doctor who has enrolled and knows the ticket key.
pub(crate) fn practice() -> Practice {
    let mut practice = Practice::new(doctor(), tariff());
    practice.enrol(identity());
    practice.hear(&news(&[ticket_key().verifying_key()]));
    practice
}

pub(crate) fn source(port: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], port))
}

/// An arrival from `port` now, with plaintext ignored.
pub(crate) fn arrival(port: u16) -> Arrival {
    Arrival {
        now: Instant::now(),
        wall: at(NOW),
        source: source(port),
        plaintext: Plaintext::Ignored,
        entropy: Entropy([0x77; 32]),
    }
}

/// A question about `plan` with the ticket of `claims`, and its datagram.
pub(crate) fn ask(admission: &Admission, name: &str, seed: u8) -> (Inquiry, Vec<u8>) {
    let (entropy, now) = (Entropy([seed; 32]), Instant::now());
    let mut inquiry = Inquiry::sealed(admission, &doctor(), &plan(name), &entropy, now).unwrap();
    let InquiryStep::Send(mut datagrams) = inquiry.step(now) else { unreachable!() };
    assert_eq!(datagrams.len(), 1);
    (inquiry, datagrams.remove(0))
}

/// The datagram of a usual question.
pub(crate) fn request() -> (Inquiry, Vec<u8>) {
    ask(&admission(&visit(), &ticket_key()), "insurance1", 0x55)
}
