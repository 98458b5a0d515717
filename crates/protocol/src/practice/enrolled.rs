//! What a doctor has once it has enrolled: its keys, the center's ticket keys, and a memory of what
//! was answered. To whatever it cannot authenticate it says nothing.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::time::Instant;

use aws_lc_rs::digest;
use domain::{
    AppointmentId, DoctorKeys, DoctorName, Money, PatientId, PlanName, Refusal, Service, Tariff,
    VerifyingKey, Version,
};
use jiff::Timestamp;

use super::{Arrival, Seen};
use crate::limits::{
    ESTIMATE_VALID, OVER_REMEMBERED_MAX, SEALED_REMEMBERED, SEALED_REMEMBERED_MAX, TICKET_KEYS_MAX,
    TICKET_LIFE_MAX,
};
use crate::message::{News, TicketsOver};
use crate::sealed::{self, Check, SealingSecret, words};
use crate::signed_estimate::{EstimateClaims, sign_estimate};
use crate::ticket::{self, SigningKey, TicketClaims, TicketKind};

/// A doctor's secret keys.
#[derive(Debug, Clone)]
pub struct DoctorIdentity {
    /// What requests are opened with.
    pub sealing: SealingSecret,
    /// What estimates are signed with.
    pub signing: SigningKey,
}

impl DoctorIdentity {
    /// The public halves, for the registration.
    #[must_use]
    pub fn keys(&self) -> DoctorKeys {
        DoctorKeys { sealing: self.sealing.public(), verifying: self.signing.verifying_key() }
    }
}

/// A sealed request that was answered for the first time, for the doctor's own record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// What the ticket was for.
    pub kind: TicketKind,
    /// Who asked.
    pub patient: PatientId,
    /// For which kind of visit.
    pub service: Service,
    /// Under which plan.
    pub plan: PlanName,
    /// What was answered; `None` for "not covered".
    pub price: Option<Money>,
}

#[derive(Debug)]
pub(super) struct Enrolled {
    identity: DoctorIdentity,
    check: Check,
    ticket_keys: Vec<VerifyingKey>,
    over: Over,
    replies: Replies,
}

impl Enrolled {
    pub(super) fn new(identity: DoctorIdentity) -> Self {
        Self {
            check: Check::of(&identity.sealing.public().0),
            identity,
            ticket_keys: Vec::new(),
            over: Over::default(),
            replies: Replies::default(),
        }
    }

    pub(super) fn hear(&mut self, news: &News) {
        // Keys come oldest first, and most tickets are of the newest; more than a center ever has in
        // force at once are not searched.
        self.ticket_keys = news.ticket_keys.iter().rev().take(TICKET_KEYS_MAX).copied().collect();
        self.over.forget(news.until);
        news.over.iter().for_each(|over| self.over.keep(over, news.until));
    }

    /// Takes a datagram whose first byte says that it is sealed. In this order: a hash, a look into
    /// the memory, the key exchange, the ticket.
    pub(super) fn receive(
        &mut self,
        doctor: &DoctorName,
        tariff: &Tariff,
        arrival: &Arrival,
        datagram: &[u8],
    ) -> Seen {
        self.answer(doctor, tariff, arrival, datagram).unwrap_or(Seen::NOTHING)
    }

    fn answer(
        &mut self,
        doctor: &DoctorName,
        tariff: &Tariff,
        arrival: &Arrival,
        datagram: &[u8],
    ) -> Option<Seen> {
        let message = sealed::checked(&self.check, datagram)?;
        let key = *sealed::ephemeral(datagram)?;
        self.replies.forget(arrival.now);
        if let Some(known) = self.replies.by_key.get(&key) {
            return known.again(arrival.source, datagram);
        }
        let opened = sealed::open(&self.identity.sealing, message, &arrival.entropy)?;
        let (ticket, plan) = words::read_request(&opened.text)?;
        let claims = ticket::verify(&ticket, &self.ticket_keys, doctor, arrival.wall).ok()?;
        if self.over.is_over(claims.kind) {
            return None;
        }
        let price = tariff.estimate(&claims.service, &plan);
        let words = match price {
            Some(price) => {
                let estimate = estimate(&claims, &plan, price, arrival.wall);
                Ok(sign_estimate(&self.identity.signing, &estimate))
            }
            None => Err(Refusal::PlanNotCovered),
        };
        let answer = opened.answer(&words::write_answer(&words))?;
        let request = (plan, price);
        let reply = Reply {
            source: arrival.source,
            digest: digest_of(datagram),
            answer: answer.clone(),
            request: request.clone(),
        };
        self.replies.keep(arrival.now, key, reply);
        let TicketClaims { kind, patient, service, .. } = claims;
        let answered = Answered { kind, patient, service, plan: request.0.clone(), price };
        Some(Seen { answer: Some(answer), request: Some(request), answered: Some(answered) })
    }
}

fn estimate(
    claims: &TicketClaims,
    plan: &PlanName,
    price: Money,
    issued: Timestamp,
) -> EstimateClaims {
    EstimateClaims {
        doctor: claims.doctor.clone(),
        patient: claims.patient,
        service: claims.service.clone(),
        plan: plan.clone(),
        price,
        issued,
        valid_until: issued.saturating_add(ESTIMATE_VALID).unwrap_or(Timestamp::MAX),
        appointment: match claims.kind {
            TicketKind::Visit { appointment, .. } => Some(appointment),
            TicketKind::Quote => None,
        },
    }
}

fn digest_of(datagram: &[u8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest::digest(&digest::SHA256, datagram).as_ref());
    bytes
}

/// The requests that were answered, by their ephemeral key.
#[derive(Debug, Default)]
struct Replies {
    by_key: HashMap<[u8; 32], Reply>,
    /// When each was kept, oldest first.
    order: VecDeque<(Instant, [u8; 32])>,
}

#[derive(Debug)]
struct Reply {
    source: SocketAddr,
    digest: [u8; 32],
    answer: Vec<u8>,
    request: (PlanName, Option<Money>),
}

impl Reply {
    /// The same answer to the same bytes from the same source, whose answer was lost; to a replay
    /// from elsewhere, silence.
    fn again(&self, source: SocketAddr, datagram: &[u8]) -> Option<Seen> {
        let same = self.source == source && self.digest == digest_of(datagram);
        same.then(|| Seen {
            answer: Some(self.answer.clone()),
            request: Some(self.request.clone()),
            answered: None,
        })
    }
}

impl Replies {
    fn keep(&mut self, now: Instant, key: [u8; 32], reply: Reply) {
        while self.order.len() >= SEALED_REMEMBERED_MAX {
            self.forget_oldest();
        }
        self.order.push_back((now, key));
        self.by_key.insert(key, reply);
    }

    fn forget(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(kept, _)| *kept + SEALED_REMEMBERED <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, key)) = self.order.pop_front() {
            self.by_key.remove(&key);
        }
    }
}

/// Appointments whose older tickets are over, until the last of those has expired by itself.
#[derive(Debug, Default)]
struct Over {
    below: HashMap<AppointmentId, (Version, Timestamp)>,
    /// When each was heard, by the center's clock, oldest first; an appointment that was heard of
    /// again stands here twice.
    order: VecDeque<(Timestamp, AppointmentId)>,
}

impl Over {
    fn is_over(&self, kind: TicketKind) -> bool {
        let TicketKind::Visit { appointment, version } = kind else { return false };
        self.below.get(&appointment).is_some_and(|(below, _)| version < *below)
    }

    fn keep(&mut self, over: &TicketsOver, heard: Timestamp) {
        while self.order.len() >= OVER_REMEMBERED_MAX {
            self.forget_oldest();
        }
        let known = self.below.get(&over.appointment).map_or(over.below, |(below, _)| *below);
        self.below.insert(over.appointment, (over.below.max(known), heard));
        self.order.push_back((heard, over.appointment));
    }

    fn forget(&mut self, now: Timestamp) {
        let expired =
            |heard: Timestamp| heard.saturating_add(TICKET_LIFE_MAX).is_ok_and(|last| last <= now);
        while self.order.front().is_some_and(|(heard, _)| expired(*heard)) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((heard, appointment)) = self.order.pop_front() else { return };
        if self.below.get(&appointment).is_some_and(|(_, at)| *at == heard) {
            self.below.remove(&appointment);
        }
    }
}

#[cfg(test)]
mod tests;
