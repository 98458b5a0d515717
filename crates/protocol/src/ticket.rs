//! What is signed: tickets to a doctor, and the center's word that a doctor's keys are the doctor's.
//!
//! All of it is PASETO v4.public: text that anyone with the public key can verify and only the owner
//! of the secret one can make. Nothing in it is secret; that a ticket opens doors is, so it does not
//! print. Whether an appointment still stands is not to be seen on a ticket: the doctor is told
//! ([`crate::News`]).

mod certificate;
mod key;
mod token;

use domain::{AppointmentId, DoctorName, PatientId, Service, VerifyingKey, Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits::TICKET_LIFE_MAX;

pub(crate) use certificate::read_certificate;
pub use certificate::{CertificateClaims, certify, verify_certificate};
pub use key::{NoSecret, SigningKey};
pub use token::BadTicket;
use token::check_time;
pub(crate) use token::{Purpose, VERSION, open, sign};

macro_rules! signed_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text as it came; whether it is one, and in force, shows when it is verified.
            #[must_use]
            pub fn new(text: String) -> Self {
                Self(text)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Only how long it is: it opens doors.
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({} bytes)", stringify!($name), self.0.len())
            }
        }
    };
}

pub(crate) use signed_text;

signed_text! {
    /// A ticket: a PASETO v4.public token (<https://github.com/paseto-standard/paseto-spec>).
    Ticket
}
signed_text! {
    /// The center's word for a doctor's keys: a PASETO v4.public token.
    DoctorCertificate
}

/// What a ticket is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TicketKind {
    /// An appointment that is booked.
    Visit {
        /// Which.
        appointment: AppointmentId,
        /// As it stood when the ticket was made; a ticket of an older version may be over.
        version: Version,
    },
    /// A price before anything is booked.
    Quote,
}

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketClaims {
    /// What it is for.
    pub kind: TicketKind,
    /// Who may ask.
    pub patient: PatientId,
    /// Who is asked: the audience.
    pub doctor: DoctorName,
    /// For which kind of visit.
    pub service: Service,
    /// From when on; see [`crate::limits::TICKET_BACKDATED`].
    pub not_before: Timestamp,
    /// From when on no longer.
    pub expires: Timestamp,
    /// Random: no two tickets are alike.
    pub nonce: [u8; 16],
}

/// The claims in JSON: registered names where PASETO has one, and two spare ones that are there with
/// a visit and only with it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    v: u32,
    typ: KindWord,
    sub: PatientId,
    aud: DoctorName,
    service: Service,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    appointment: Option<AppointmentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<Version>,
    nbf: Timestamp,
    exp: Timestamp,
    /// 32 hexadecimal digits.
    jti: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindWord {
    Visit,
    Quote,
}

/// Makes a ticket. One that would live longer than [`TICKET_LIFE_MAX`] is cut to that: no doctor
/// would take it.
#[must_use]
pub fn issue(key: &SigningKey, claims: &TicketClaims) -> Ticket {
    let (typ, appointment, version) = match claims.kind {
        TicketKind::Visit { appointment, version } => {
            (KindWord::Visit, Some(appointment), Some(version))
        }
        TicketKind::Quote => (KindWord::Quote, None, None),
    };
    let payload = Payload {
        v: VERSION,
        typ,
        sub: claims.patient,
        aud: claims.doctor.clone(),
        service: claims.service.clone(),
        appointment,
        version,
        nbf: claims.not_before,
        exp: claims.expires.min(last_moment(claims.not_before)),
        jti: format!("{:032x}", u128::from_be_bytes(claims.nonce)),
    };
    Ticket::new(sign(key, Purpose::Ticket, &payload))
}

fn last_moment(not_before: Timestamp) -> Timestamp {
    not_before.saturating_add(TICKET_LIFE_MAX).unwrap_or(Timestamp::MAX)
}

/// What a ticket says, when one of `keys` signed it, it is meant for `doctor` and in force at `now`.
/// Whether its appointment still stands is another question.
///
/// # Errors
/// When any of that is not so, or it lives longer than [`TICKET_LIFE_MAX`].
pub fn verify(
    ticket: &Ticket,
    keys: &[VerifyingKey],
    doctor: &DoctorName,
    now: Timestamp,
) -> Result<TicketClaims, BadTicket> {
    let claims = open::<Payload>(ticket.as_str(), Purpose::Ticket, keys)?.claims()?;
    if claims.doctor != *doctor {
        return Err(BadTicket::ForAnother);
    }
    check_time(claims.not_before, claims.expires, now)?;
    if claims.expires > last_moment(claims.not_before) {
        return Err(BadTicket::Malformed);
    }
    Ok(claims)
}

/// What a ticket says, believed without proof: for the patient, who has it from the center itself
/// and has no key to verify it.
pub(crate) fn read_unverified(ticket: &Ticket) -> Result<TicketClaims, BadTicket> {
    token::open_unverified::<Payload>(ticket.as_str())?.claims()
}

impl Payload {
    fn claims(self) -> Result<TicketClaims, BadTicket> {
        let kind = match (self.typ, self.appointment, self.version) {
            (KindWord::Visit, Some(appointment), Some(version)) => {
                TicketKind::Visit { appointment, version }
            }
            (KindWord::Quote, None, None) => TicketKind::Quote,
            _ => return Err(BadTicket::Malformed),
        };
        let digits = self.jti.as_bytes();
        if digits.len() != 32 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(BadTicket::Malformed);
        }
        let nonce = u128::from_str_radix(&self.jti, 16).map_err(|_| BadTicket::Malformed)?;
        Ok(TicketClaims {
            kind,
            patient: self.sub,
            doctor: self.aud,
            service: self.service,
            not_before: self.nbf,
            expires: self.exp,
            nonce: nonce.to_be_bytes(),
        })
    }
}

#[cfg(test)]
mod tests;
