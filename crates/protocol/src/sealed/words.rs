//! What is said inside sealed datagrams: JSON, with nothing passed over.

use domain::{PlanName, Refusal};
use serde::{Deserialize, Serialize};

use crate::signed_estimate::SignedEstimate;
use crate::ticket::Ticket;

/// The version of these words.
const VERSION: u32 = 1;

/// A patient's request: a price under this plan, please, for what the ticket says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestWords {
    v: u32,
    ticket: Ticket,
    plan: PlanName,
}

/// A doctor's answer: one of the two.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswerWords {
    v: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    estimate: Option<SignedEstimate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
}

pub(crate) fn write_request(ticket: &Ticket, plan: &PlanName) -> Vec<u8> {
    let words = RequestWords { v: VERSION, ticket: ticket.clone(), plan: plan.clone() };
    serde_json::to_vec(&words).expect("a request has only strings for keys")
}

pub(crate) fn read_request(text: &[u8]) -> Option<(Ticket, PlanName)> {
    let words: RequestWords = serde_json::from_slice(text).ok()?;
    (words.v == VERSION).then_some((words.ticket, words.plan))
}

pub(crate) fn write_answer(answer: &Result<SignedEstimate, Refusal>) -> Vec<u8> {
    let (estimate, refusal) = match answer {
        Ok(estimate) => (Some(estimate.clone()), None),
        Err(refusal) => (None, Some(*refusal)),
    };
    serde_json::to_vec(&AnswerWords { v: VERSION, estimate, refusal })
        .expect("an answer has only strings for keys")
}

pub(crate) fn read_answer(text: &[u8]) -> Option<Result<SignedEstimate, Refusal>> {
    match serde_json::from_slice(text).ok()? {
        AnswerWords { v: VERSION, estimate: Some(estimate), refusal: None } => Some(Ok(estimate)),
        AnswerWords { v: VERSION, estimate: None, refusal: Some(refusal) } => Some(Err(refusal)),
        AnswerWords { .. } => None,
    }
}
