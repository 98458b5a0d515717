//! The words of the UDP exchange: a plan to a doctor, an estimated cost back.

use domain::{Currency, DoctorName, Money, PlanName, Refusal, Service};
use serde::{Deserialize, Serialize};

use crate::Dialect;
use crate::json::{MessageId, VERSION};
use crate::signed_estimate::EstimateFile;

/// What a patient asks a doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimateRequest {
    /// The patient's name, which the seed's doctors want first.
    pub patient: String,
    /// The kind of visit; the classic dialects cannot say it.
    pub service: Service,
    /// The insurance plan.
    pub plan: PlanName,
}

/// What a doctor answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// The estimated cost.
    pub price: Money,
    /// The doctor; `None` in the classic dialects, which carry only the amount.
    pub doctor: Option<DoctorName>,
    /// The estimate as the patient may keep it; `None` for one that came in the clear.
    pub signed: Option<EstimateFile>,
}

/// A JSON datagram from a patient.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JsonRequest {
    #[serde(default)]
    pub(crate) version: Option<u32>,
    pub(crate) id: MessageId,
    #[serde(default = "Service::visit")]
    pub(crate) service: Service,
    pub(crate) plan: PlanName,
}

/// A JSON datagram from a doctor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub(crate) enum JsonReply {
    Estimate { id: MessageId, doctor: DoctorName, amount: String, currency: Currency },
    Refused { id: MessageId, refusal: Refusal, message: String },
}

impl JsonReply {
    pub(crate) fn refused(id: MessageId, refusal: Refusal) -> Self {
        Self::Refused { id, refusal, message: refusal.to_string() }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a reply has only strings for keys")
    }
}

/// The datagrams that carry `request` in `dialect`, in the order they are sent.
pub(crate) fn datagrams(request: &EstimateRequest, dialect: Dialect, id: u64) -> Vec<Vec<u8>> {
    let plan = request.plan.as_str().as_bytes().to_vec();
    match dialect {
        Dialect::Spec => vec![plan],
        Dialect::Nul => vec![[plan.as_slice(), b"\0"].concat()],
        Dialect::Seed => vec![request.patient.clone().into_bytes(), plan],
        Dialect::Json => {
            let request = JsonRequest {
                version: Some(VERSION),
                id: MessageId::Number(id),
                service: request.service.clone(),
                plan: request.plan.clone(),
            };
            let bytes = serde_json::to_vec(&request).expect("a request has only strings for keys");
            vec![bytes]
        }
    }
}

/// Reads a doctor's answer; `None` when the datagram is not an answer to this request.
pub(crate) fn read_answer(
    datagram: &[u8],
    dialect: Dialect,
    id: u64,
) -> Option<Result<Estimate, Refusal>> {
    if dialect != Dialect::Json {
        return match classic_text(datagram)? {
            "notcovered" => Some(Err(Refusal::PlanNotCovered)),
            amount => {
                // Most currencies have two decimals; three are seen in a few.
                let price = Money::parse(amount, Currency::USD)
                    .or_else(|_| Money::parse(amount, Currency::NONE))
                    .ok()?;
                Some(Ok(Estimate { price, doctor: None, signed: None }))
            }
        };
    }
    // JSON is UTF-8 (RFC 8259 §8.1), also in a field that nobody reads.
    match serde_json::from_str(std::str::from_utf8(datagram).ok()?).ok()? {
        JsonReply::Estimate { id: of, doctor, amount, currency } if of == MessageId::Number(id) => {
            let price = Money::parse(&amount, currency).ok()?;
            Some(Ok(Estimate { price, doctor: Some(doctor), signed: None }))
        }
        JsonReply::Refused { id: of, refusal, .. } if of == MessageId::Number(id) => {
            Some(Err(refusal))
        }
        JsonReply::Estimate { .. } | JsonReply::Refused { .. } => None,
    }
}

/// The text of a classic datagram: cut at the first NUL, without blanks and line breaks around.
/// `None` when nothing is left or it is not UTF-8.
pub(crate) fn classic_text(datagram: &[u8]) -> Option<&str> {
    let text = datagram.split(|&b| b == 0).next().unwrap_or_default();
    let text = std::str::from_utf8(text).ok()?.trim_ascii();
    (!text.is_empty()).then_some(text)
}
