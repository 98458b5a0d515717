//! An estimate that a patient can keep, and show: signed by the doctor, whose key the center has
//! certified, so that anyone with the center's public key can verify it.
//!
//! What it deliberately does not say: that anything is owed. [`STATEMENT`] is part of what is signed.

use domain::{
    AppointmentId, Currency, DoctorName, Money, PatientId, PlanName, Service, VerifyingKey,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::ESTIMATE_FILE_BYTES_MAX;
use crate::ticket::{
    BadTicket, DoctorCertificate, Purpose, SigningKey, VERSION, open, read_certificate, sign,
    signed_text,
};

/// What every estimate says of itself.
pub const STATEMENT: &str = "an estimate, not a bill";

signed_text! {
    /// An estimate under the doctor's Ed25519 key: a PASETO v4.public token.
    SignedEstimate
}

/// What an estimate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimateClaims {
    /// Who estimates, and signs.
    pub doctor: DoctorName,
    /// For whom.
    pub patient: PatientId,
    /// The kind of visit.
    pub service: Service,
    /// Under which insurance plan.
    pub plan: PlanName,
    /// The estimated cost.
    pub price: Money,
    /// When it was made.
    pub issued: Timestamp,
    /// Until when the doctor stands by it.
    pub valid_until: Timestamp,
    /// The appointment it is for; `None` for a quote, before anything is booked.
    pub appointment: Option<AppointmentId>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    v: u32,
    typ: Kind,
    iss: DoctorName,
    sub: PatientId,
    service: Service,
    plan: PlanName,
    amount: String,
    currency: Currency,
    iat: Timestamp,
    exp: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appointment: Option<AppointmentId>,
    statement: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Estimate,
}

/// Why an estimate proves nothing. Each is one line for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadEstimate {
    /// The center did not certify the doctor's keys, or not for when the estimate was made.
    #[error("the doctor's certificate {0}")]
    Certificate(BadTicket),
    /// The certified key did not sign it, or it does not say what it must.
    #[error("the estimate {0}")]
    Estimate(BadTicket),
    /// It names another doctor than the certificate.
    #[error("the estimate names another doctor than the certificate")]
    AnotherDoctor,
}

/// Signs an estimate with the doctor's key.
#[must_use]
pub fn sign_estimate(doctor: &SigningKey, claims: &EstimateClaims) -> SignedEstimate {
    let payload = Payload {
        v: VERSION,
        typ: Kind::Estimate,
        iss: claims.doctor.clone(),
        sub: claims.patient,
        service: claims.service.clone(),
        plan: claims.plan.clone(),
        amount: claims.price.to_string(),
        currency: claims.price.currency(),
        iat: claims.issued,
        exp: claims.valid_until,
        appointment: claims.appointment,
        statement: STATEMENT.to_owned(),
    };
    SignedEstimate::new(sign(doctor, Purpose::Estimate, &payload))
}

/// What an estimate says, with the whole chain verified: the center certified the doctor's keys, for
/// when the estimate was made, and that key signed it. Whether `valid_until` is over is for the
/// caller to say: an old estimate is still an estimate.
///
/// # Errors
/// When a link of the chain is missing.
pub fn verify_estimate(
    estimate: &SignedEstimate,
    certificate: &DoctorCertificate,
    center: &VerifyingKey,
) -> Result<EstimateClaims, BadEstimate> {
    let certified = read_certificate(certificate, center).map_err(BadEstimate::Certificate)?;
    let payload: Payload = open(estimate.as_str(), Purpose::Estimate, &[certified.keys.verifying])
        .map_err(BadEstimate::Estimate)?;
    if payload.iss != certified.doctor {
        return Err(BadEstimate::AnotherDoctor);
    }
    certified.check_time(payload.iat).map_err(BadEstimate::Certificate)?;
    let malformed = BadEstimate::Estimate(BadTicket::Malformed);
    if payload.statement != STATEMENT || payload.exp < payload.iat {
        return Err(malformed);
    }
    Ok(EstimateClaims {
        doctor: payload.iss,
        patient: payload.sub,
        service: payload.service,
        plan: payload.plan,
        price: Money::parse(&payload.amount, payload.currency).map_err(|_| malformed)?,
        issued: payload.iat,
        valid_until: payload.exp,
        appointment: payload.appointment,
    })
}

/// What a patient keeps: the estimate, and the center's word for the key that signed it. As a file
/// it is a small JSON object with `version`, `estimate` and `certificate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimateFile {
    /// The estimate.
    pub estimate: SignedEstimate,
    /// The center's word for the doctor's keys.
    pub certificate: DoctorCertificate,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with version, estimate and certificate")]
struct FileFields {
    version: u32,
    estimate: SignedEstimate,
    certificate: DoctorCertificate,
}

/// Why a text is no file of an estimate. Each is one line for a person.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadEstimateFile {
    /// More than such a file ever has.
    #[error("is longer than {ESTIMATE_FILE_BYTES_MAX} bytes, which no file of an estimate is")]
    TooLong,
    /// Not the JSON that was expected; where, and what is wrong.
    #[error("is no file of an estimate: {0}")]
    NotUnderstood(String),
    /// A version that this program does not know.
    #[error("has version {0}, and only version {VERSION} is known here")]
    UnknownVersion(u32),
}

impl EstimateFile {
    /// The text of the file, with a line break at its end.
    #[must_use]
    pub fn to_text(&self) -> String {
        let fields = FileFields {
            version: VERSION,
            estimate: self.estimate.clone(),
            certificate: self.certificate.clone(),
        };
        let mut text =
            serde_json::to_string_pretty(&fields).expect("a file has only strings for keys");
        text.push('\n');
        text
    }

    /// Reads the text of a file. Nothing is verified yet.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn from_text(text: &str) -> Result<Self, BadEstimateFile> {
        #[derive(Deserialize)]
        struct OnlyVersion {
            version: u32,
        }
        if text.len() > ESTIMATE_FILE_BYTES_MAX {
            return Err(BadEstimateFile::TooLong);
        }
        let bad = |error: serde_json::Error| BadEstimateFile::NotUnderstood(error.to_string());
        let OnlyVersion { version } = serde_json::from_str(text).map_err(bad)?;
        if version != VERSION {
            return Err(BadEstimateFile::UnknownVersion(version));
        }
        let fields: FileFields = serde_json::from_str(text).map_err(bad)?;
        Ok(Self { estimate: fields.estimate, certificate: fields.certificate })
    }

    /// What the estimate says, with the whole chain verified.
    ///
    /// # Errors
    /// As [`verify_estimate`].
    pub fn verify(&self, center: &VerifyingKey) -> Result<EstimateClaims, BadEstimate> {
        verify_estimate(&self.estimate, &self.certificate, center)
    }
}

#[cfg(test)]
mod tests;
