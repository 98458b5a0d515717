//! A sealed question, and everything that has to be right about its answer.

use domain::{DoctorName, Entropy, PlanName, Refusal};
use thiserror::Error;

use crate::estimate::Estimate;
use crate::message::Admission;
use crate::sealed::{self, Asked, words};
use crate::signed_estimate::{EstimateClaims, EstimateFile};
use crate::ticket::{self, BadTicket, TicketClaims, TicketKind};

/// Why a question cannot be sealed. It is not asked in the clear then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotSealed {
    /// What the center gave is no ticket.
    #[error("the ticket {0}")]
    Ticket(BadTicket),
    /// The ticket is for another doctor than the one to be asked.
    #[error("the ticket is meant for another doctor")]
    AnotherDoctor,
    /// The center's own key did not sign the certificate.
    #[error("the doctor's certificate {0}")]
    Certificate(BadTicket),
    /// The certificate is for another doctor, or for other keys.
    #[error("the doctor's certificate is for another doctor or other keys")]
    NotCertified,
    /// The doctor's key is none that can be sealed for, or ticket and plan are too long.
    #[error("the request cannot be sealed for the doctor's key")]
    NotSealable,
}

#[derive(Debug)]
pub(super) struct Sealed {
    asked: Asked,
    admission: Admission,
    plan: PlanName,
    /// What the ticket says; the answer has to be about that.
    claims: TicketClaims,
}

impl Sealed {
    pub(super) fn new(
        admission: &Admission,
        doctor: &DoctorName,
        plan: &PlanName,
        entropy: &Entropy,
    ) -> Result<Self, NotSealed> {
        let claims = ticket::read_unverified(&admission.ticket).map_err(NotSealed::Ticket)?;
        if claims.doctor != *doctor {
            return Err(NotSealed::AnotherDoctor);
        }
        // Whether it was in force shows with the estimate, which says when it was made.
        let certified = ticket::read_certificate(&admission.certificate, &admission.center_key)
            .map_err(NotSealed::Certificate)?;
        if certified.doctor != *doctor || certified.keys != admission.keys {
            return Err(NotSealed::NotCertified);
        }
        let text = words::write_request(&admission.ticket, plan);
        let asked =
            sealed::ask(&admission.keys.sealing, &text, entropy).ok_or(NotSealed::NotSealable)?;
        Ok(Self { asked, admission: admission.clone(), plan: plan.clone(), claims })
    }

    pub(super) fn datagram(&self) -> &[u8] {
        self.asked.datagram()
    }

    /// Some bits of the ephemeral public key, which are random and no secret.
    pub(super) fn jitter(&self) -> u64 {
        let key = sealed::ephemeral(self.datagram());
        key.and_then(|key| key.first_chunk()).map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// `None` for anything but the doctor's own answer to this question.
    pub(super) fn receive(&self, datagram: &[u8]) -> Option<Result<Estimate, Refusal>> {
        let text = self.asked.open(datagram)?;
        let estimate = match words::read_answer(&text)? {
            Ok(estimate) => estimate,
            Err(refusal) => return Some(Err(refusal)),
        };
        let file = EstimateFile { estimate, certificate: self.admission.certificate.clone() };
        let claims = file.verify(&self.admission.center_key).ok()?;
        self.is_what_was_asked(&claims).then_some(Ok(Estimate {
            price: claims.price,
            doctor: Some(claims.doctor),
            signed: Some(file),
        }))
    }

    fn is_what_was_asked(&self, claims: &EstimateClaims) -> bool {
        let appointment = match self.claims.kind {
            TicketKind::Visit { appointment, .. } => Some(appointment),
            TicketKind::Quote => None,
        };
        claims.doctor == self.claims.doctor
            && claims.patient == self.claims.patient
            && claims.service == self.claims.service
            && claims.plan == self.plan
            && claims.appointment == appointment
    }
}

#[cfg(test)]
mod tests;
