//! The center's word that these keys are that doctor's.

use domain::{DoctorKeys, DoctorName, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::token::{self, BadTicket, Purpose, VERSION};
use super::{DoctorCertificate, SigningKey};

/// What a center certifies when a doctor enrols.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateClaims {
    /// Whose keys.
    pub doctor: DoctorName,
    /// The keys.
    pub keys: DoctorKeys,
    /// From when on.
    pub not_before: Timestamp,
    /// From when on no longer.
    pub expires: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    v: u32,
    typ: Kind,
    sub: DoctorName,
    sealing_key: domain::SealingKey,
    verifying_key: VerifyingKey,
    nbf: Timestamp,
    exp: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Doctor,
}

/// Certifies a doctor's keys with the center's own.
#[must_use]
pub fn certify(center: &SigningKey, claims: &CertificateClaims) -> DoctorCertificate {
    let payload = Payload {
        v: VERSION,
        typ: Kind::Doctor,
        sub: claims.doctor.clone(),
        sealing_key: claims.keys.sealing,
        verifying_key: claims.keys.verifying,
        nbf: claims.not_before,
        exp: claims.expires,
    };
    DoctorCertificate::new(token::sign(center, Purpose::Certificate, &payload))
}

/// What `center` has certified, and that it is in force at `now`.
///
/// # Errors
/// When the center did not sign it, it is not a certificate of this version, or not in force.
pub fn verify_certificate(
    certificate: &DoctorCertificate,
    center: &VerifyingKey,
    now: Timestamp,
) -> Result<CertificateClaims, BadTicket> {
    let claims = read_certificate(certificate, center)?;
    claims.check_time(now)?;
    Ok(claims)
}

/// What `center` has certified, in force or not.
pub(crate) fn read_certificate(
    certificate: &DoctorCertificate,
    center: &VerifyingKey,
) -> Result<CertificateClaims, BadTicket> {
    let payload: Payload = token::open(certificate.as_str(), Purpose::Certificate, &[*center])?;
    Ok(CertificateClaims {
        doctor: payload.sub,
        keys: DoctorKeys { sealing: payload.sealing_key, verifying: payload.verifying_key },
        not_before: payload.nbf,
        expires: payload.exp,
    })
}

impl CertificateClaims {
    pub(crate) fn check_time(&self, now: Timestamp) -> Result<(), BadTicket> {
        token::check_time(self.not_before, self.expires, now)
    }
}
