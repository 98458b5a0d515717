//! One center, one doctor who has enrolled, and one ticket: always the same, so that a finding is
//! found again.

use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::Instant;

use domain::{AppointmentId, DoctorName, Entropy, PatientId, Service, Version};
use jiff::Timestamp;
use protocol::files::parse_tariff;
use protocol::ticket::{
    CertificateClaims, DoctorCertificate, SigningKey, Ticket, TicketClaims, TicketKind, certify,
    issue,
};
use protocol::{Admission, Arrival, DoctorIdentity, News, Plaintext, Practice, SealingSecret};

/// What the doctor charges.
const PRICES: &[u8] = b"insurance1 30\ninsurance2 20.50\n";
/// The ticket's and the certificate's time, in seconds since 1970.
const TIME: [i64; 2] = [1_000, 2_000];

/// The key that signs tickets.
pub(crate) static TICKET_KEY: LazyLock<SigningKey> = LazyLock::new(|| signing([1; 32]));
/// The center's own key.
pub(crate) static CENTER_KEY: LazyLock<SigningKey> = LazyLock::new(|| signing([2; 32]));
/// A ticket in force.
pub(crate) static TICKET: LazyLock<Ticket> = LazyLock::new(|| issue(&TICKET_KEY, &claims()));
/// The center's word for the doctor's keys.
pub(crate) static CERTIFICATE: LazyLock<DoctorCertificate> =
    LazyLock::new(|| certify(&CENTER_KEY, &certified()));
static IDENTITY: LazyLock<DoctorIdentity> = LazyLock::new(|| DoctorIdentity {
    sealing: SealingSecret::from_seed([3; 32]).expect("not all zeros"),
    signing: signing([4; 32]),
});

fn signing(seed: [u8; 32]) -> SigningKey {
    SigningKey::from_seed(seed).expect("not all zeros")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a second of 1970")
}

/// When all of this is in force.
pub(crate) fn wall() -> Timestamp {
    at(TIME[0].midpoint(TIME[1]))
}

/// Who is asked.
pub(crate) fn doctor() -> DoctorName {
    DoctorName::new("doc1").expect("a doctor's name")
}

/// What the ticket says.
pub(crate) fn claims() -> TicketClaims {
    TicketClaims {
        kind: TicketKind::Visit {
            appointment: AppointmentId::from_bytes([7; 16]),
            version: Version(3),
        },
        patient: PatientId::from_bytes([9; 16]),
        doctor: doctor(),
        service: Service::visit(),
        not_before: at(TIME[0]),
        expires: at(TIME[1]),
        nonce: [0xAB; 16],
    }
}

/// What the certificate says.
pub(crate) fn certified() -> CertificateClaims {
    CertificateClaims {
        doctor: doctor(),
        keys: IDENTITY.keys(),
        not_before: at(TIME[0]),
        expires: at(TIME[1]),
    }
}

/// What a patient asks with.
pub(crate) fn admission() -> Admission {
    Admission {
        ticket: TICKET.clone(),
        keys: IDENTITY.keys(),
        certificate: CERTIFICATE.clone(),
        center_key: CENTER_KEY.verifying_key(),
    }
}

/// The doctor, who knows the center's ticket key.
pub(crate) fn practice() -> Practice {
    let tariff = parse_tariff(PRICES, "USD".parse().expect("a currency")).expect("a tariff");
    let mut practice = Practice::new(doctor(), tariff);
    practice.enrol(IDENTITY.clone());
    practice.hear(&News {
        ticket_keys: vec![TICKET_KEY.verifying_key()],
        over: Vec::new(),
        until: wall(),
    });
    practice
}

/// A datagram comes in.
pub(crate) fn arrival(now: Instant, source: SocketAddr) -> Arrival {
    let (wall, plaintext) = (wall(), Plaintext::Answered);
    Arrival { now, wall, source, plaintext, entropy: Entropy([5; 32]) }
}
