//! The ticket office: signs tickets and doctors' certificates with the center's keys.
//!
//! Keys rotate without an outage. A new ticket key is *announced* first: doctors hear of it while the
//! old one still signs. From its own moment on it signs, and the old one is still named until the last
//! ticket it has signed has expired.
//!
//! What is deliberately not here: files of keys, a clock, randomness, and whether somebody may have a
//! ticket (the store decides that).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use domain::{Doctor, DoctorKeys, DoctorName, Entropy, PatientId, Service, VerifyingKey};
use jiff::{SignedDuration, Timestamp};
use protocol::Admission;
use protocol::limits::TICKET_BACKDATED;
use protocol::ticket::{
    self, CertificateClaims, DoctorCertificate, SigningKey, Ticket, TicketClaims, TicketKind,
};

use crate::fresh::{Purpose, bytes_for};

/// How long a ticket to the visit of an appointment is in force; another is there for the asking.
pub const VISIT_TICKET_VALID: SignedDuration = SignedDuration::from_hours(1);
/// How long a ticket to a price before booking is in force.
pub const QUOTE_TICKET_VALID: SignedDuration = SignedDuration::from_mins(10);
/// How long a certificate is in force. Each registration and each booking brings a new one; a patient
/// keeps the one that came with an estimate.
pub const CERTIFICATE_VALID: SignedDuration = SignedDuration::from_hours(365 * 24);
/// For how long one certificate is given to everybody: signing costs more than all else of a booking
/// but the disk.
const CERTIFICATE_SAME: SignedDuration = SignedDuration::from_hours(1);
/// The most certificates that are kept; when there are more doctors, all are made anew.
const CERTIFICATES_MAX: usize = 4_096;
/// How far the clocks of a center and a doctor may be apart: tickets are in force so long before they
/// were made, and a key is named so long after its last ticket.
pub const CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(TICKET_BACKDATED.as_secs() as i64);

/// A key that signs tickets, with when it does.
#[derive(Debug, Clone)]
pub struct TicketKey {
    /// The key.
    pub key: SigningKey,
    /// It signs from here on, until the next one does; before it is only announced.
    pub signs_from: Timestamp,
}

/// Signs for the center; cheap to clone, and all clones sign with the same keys.
#[derive(Debug, Clone)]
pub struct TicketOffice {
    desk: Arc<Desk>,
}

#[derive(Debug)]
struct Desk {
    identity: SigningKey,
    /// Certificates that were made lately: every booking brings one, and they are all alike.
    certificates: Mutex<BTreeMap<DoctorName, Certified>>,
    /// In the order in which they sign; never empty.
    keys: RwLock<Vec<TicketKey>>,
}

/// A certificate that is given again for a while.
#[derive(Debug, Clone)]
struct Certified {
    keys: DoctorKeys,
    made: Timestamp,
    certificate: DoctorCertificate,
}

/// There is not one ticket key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a center needs at least one ticket key")]
pub struct NoTicketKey;

impl TicketOffice {
    /// An office that certifies with `identity` and signs tickets with `keys`.
    ///
    /// # Errors
    /// When there is no ticket key.
    pub fn new(identity: SigningKey, keys: Vec<TicketKey>) -> Result<Self, NoTicketKey> {
        let keys = RwLock::new(in_order(keys)?);
        let certificates = Mutex::default();
        Ok(Self { desk: Arc::new(Desk { identity, certificates, keys }) })
    }

    /// Signs with `keys` from now on, in this office and all its clones.
    ///
    /// # Errors
    /// When there is no ticket key; nothing is changed then.
    pub fn replace_ticket_keys(&self, keys: Vec<TicketKey>) -> Result<(), NoTicketKey> {
        let keys = in_order(keys)?;
        *self.desk.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }

    /// The center's own key, which verifies certificates.
    #[must_use]
    pub fn center_key(&self) -> VerifyingKey {
        self.desk.identity.verifying_key()
    }

    /// The keys whose tickets can be in force at `now`, and those that are announced; oldest first.
    #[must_use]
    pub fn verifying_keys(&self, now: Timestamp) -> Vec<VerifyingKey> {
        let keys = self.desk.keys.read().unwrap_or_else(PoisonError::into_inner);
        let kept = VISIT_TICKET_VALID + CLOCK_SKEW;
        let over = |at: usize| {
            let next: Option<&TicketKey> = keys.get(at + 1);
            next.is_some_and(|next| now.duration_since(next.signs_from) > kept)
        };
        let in_force = (0..keys.len()).filter(|at| !over(*at));
        in_force.map(|at| keys[at].key.verifying_key()).collect()
    }

    /// A ticket for `patient` to ask `doctor`, made at `now`.
    #[must_use]
    pub fn issue(
        &self,
        now: Timestamp,
        entropy: &Entropy,
        patient: PatientId,
        doctor: &DoctorName,
        asked: TicketFor,
    ) -> Ticket {
        let TicketFor { kind, service } = asked;
        let valid = match kind {
            TicketKind::Visit { .. } => VISIT_TICKET_VALID,
            TicketKind::Quote => QUOTE_TICKET_VALID,
        };
        let mut nonce = [0; 16];
        nonce.copy_from_slice(&bytes_for(Purpose::TicketNonce, entropy).0[..16]);
        let claims = TicketClaims {
            kind,
            patient,
            doctor: doctor.clone(),
            service,
            not_before: now - CLOCK_SKEW,
            expires: now + valid,
            nonce,
        };
        let keys = self.desk.keys.read().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back lies before all of them: the first one signs.
        let signs = keys.iter().rev().find(|key| key.signs_from <= now).unwrap_or(&keys[0]);
        ticket::issue(&signs.key, &claims)
    }

    /// The center's word, given at `now` or a little earlier, that these are the doctor's keys.
    #[must_use]
    pub fn certify(
        &self,
        now: Timestamp,
        doctor: &DoctorName,
        keys: DoctorKeys,
    ) -> DoctorCertificate {
        let mut certificates =
            self.desk.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        let is_fresh = |known: &&Certified| {
            let age = now.duration_since(known.made);
            known.keys == keys && !age.is_negative() && age < CERTIFICATE_SAME
        };
        if let Some(known) = certificates.get(doctor).filter(is_fresh) {
            return known.certificate.clone();
        }
        let certificate = self.make_certificate(now, doctor, keys);
        if certificates.len() >= CERTIFICATES_MAX {
            certificates.clear();
        }
        let known = Certified { keys, made: now, certificate: certificate.clone() };
        certificates.insert(doctor.clone(), known);
        certificate
    }

    fn make_certificate(
        &self,
        now: Timestamp,
        doctor: &DoctorName,
        keys: DoctorKeys,
    ) -> DoctorCertificate {
        let claims = CertificateClaims {
            doctor: doctor.clone(),
            keys,
            not_before: now - CLOCK_SKEW,
            expires: now + CERTIFICATE_VALID,
        };
        ticket::certify(&self.desk.identity, &claims)
    }

    /// All that a patient asks `doctor` with; `None` for a doctor who has not enrolled.
    #[must_use]
    pub fn admit(
        &self,
        now: Timestamp,
        entropy: &Entropy,
        patient: PatientId,
        doctor: &Doctor,
        asked: TicketFor,
    ) -> Option<Admission> {
        let keys = doctor.keys?;
        Some(Admission {
            ticket: self.issue(now, entropy, patient, &doctor.name, asked),
            keys,
            certificate: self.certify(now, &doctor.name, keys),
            center_key: self.center_key(),
        })
    }
}

/// What a ticket is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketFor {
    /// A visit, or a price before booking.
    pub kind: TicketKind,
    /// The kind of visit.
    pub service: Service,
}

fn in_order(mut keys: Vec<TicketKey>) -> Result<Vec<TicketKey>, NoTicketKey> {
    keys.sort_by_key(|key| key.signs_from);
    if keys.is_empty() { Err(NoTicketKey) } else { Ok(keys) }
}

#[cfg(test)]
mod tests {
    use domain::AppointmentId;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-22T{text}:00Z").parse().unwrap()
    }

    fn key(seed: u8, signs_from: &str) -> TicketKey {
        TicketKey { key: SigningKey::from_seed([seed; 32]).unwrap(), signs_from: at(signs_from) }
    }

    fn verifying(seed: u8) -> VerifyingKey {
        SigningKey::from_seed([seed; 32]).unwrap().verifying_key()
    }

    /// Two keys: the first signs from 10:00, the second from 12:00.
    fn office() -> TicketOffice {
        let identity = SigningKey::from_seed([9; 32]).unwrap();
        TicketOffice::new(identity, vec![key(2, "12:00"), key(1, "10:00")]).unwrap()
    }

    fn doctor() -> DoctorName {
        DoctorName::new("doc1").unwrap()
    }

    fn quote(office: &TicketOffice, now: Timestamp) -> Ticket {
        let patient = PatientId::fresh(now, &Entropy([1; 32]));
        let asked = TicketFor { kind: TicketKind::Quote, service: Service::visit() };
        office.issue(now, &Entropy([7; 32]), patient, &doctor(), asked)
    }

    #[test]
    fn a_new_key_is_announced_before_it_signs_and_an_old_one_named_until_its_tickets_are_over() {
        let office = office();
        for (now, signer) in [("09:00", 1), ("10:00", 1), ("11:59", 1), ("12:00", 2), ("15:00", 2)]
        {
            let ticket = quote(&office, at(now));
            let verified = ticket::verify(&ticket, &[verifying(signer)], &doctor(), at(now));
            assert!(verified.is_ok(), "{now}: {verified:?}");
        }
        let both = vec![verifying(1), verifying(2)];
        assert_eq!(office.verifying_keys(at("09:00")), both);
        assert_eq!(office.verifying_keys(at("13:01")), both);
        assert_eq!(office.verifying_keys(at("13:02")), vec![verifying(2)]);
    }

    #[test]
    fn keys_are_replaced_for_all_who_share_the_office_and_never_by_none() {
        let office = office();
        let same = office.clone();
        assert_eq!(office.replace_ticket_keys(Vec::new()), Err(NoTicketKey));
        office.replace_ticket_keys(vec![key(3, "10:00")]).unwrap();
        assert_eq!(same.verifying_keys(at("10:30")), vec![verifying(3)]);
        let identity = SigningKey::from_seed([9; 32]).unwrap();
        assert!(TicketOffice::new(identity, Vec::new()).is_err());
    }

    #[test]
    fn tickets_are_for_a_named_time_and_certificates_by_the_center_itself() {
        let office = office();
        let now = at("11:00");
        let appointment = AppointmentId::fresh(now, &Entropy([3; 32]));
        let patient = PatientId::fresh(now, &Entropy([1; 32]));
        let kind = TicketKind::Visit { appointment, version: domain::Version(4) };
        let asked = TicketFor { kind, service: Service::visit() };
        let ticket = office.issue(now, &Entropy([7; 32]), patient, &doctor(), asked);
        let claims = ticket::verify(&ticket, &[verifying(1)], &doctor(), now).unwrap();
        assert_eq!((claims.kind, claims.patient), (kind, patient));
        assert_eq!((claims.not_before, claims.expires), (at("10:59"), at("12:00")));
        let claims = ticket::verify(&quote(&office, now), &[verifying(1)], &doctor(), now).unwrap();
        assert_eq!((claims.kind, claims.expires), (TicketKind::Quote, at("11:10")));

        let keys = DoctorKeys {
            sealing: domain::SealingKey([4; 32]),
            verifying: domain::VerifyingKey([5; 32]),
        };
        let certificate = office.certify(now, &doctor(), keys);
        let claims = ticket::verify_certificate(&certificate, &office.center_key(), now).unwrap();
        assert_eq!((claims.doctor, claims.keys), (doctor(), keys));
    }

    #[test]
    fn a_certificate_is_the_same_for_an_hour_and_never_for_other_keys() {
        let office = office();
        let keys = |byte| DoctorKeys {
            sealing: domain::SealingKey([byte; 32]),
            verifying: domain::VerifyingKey([5; 32]),
        };
        let certified = |now, byte| office.certify(at(now), &doctor(), keys(byte));
        let first = certified("11:00", 1);
        assert_eq!(first, certified("11:59", 1));
        assert_ne!(first, certified("12:00", 1));
        assert_ne!(certified("12:01", 2), certified("12:01", 1));
        // A clock that was set back never gives a certificate from its future.
        let late = certified("15:00", 1);
        assert_ne!(late, certified("14:30", 1));
    }
}
