//! JSON lines: one object a line, each request with an `id` that its reply repeats.
//!
//! A line is read twice: first who it is (`version`, `id`, `request`), then the fields of that
//! request, so that a mistake in a field is still answered under its id. Unknown fields are passed
//! over: a newer client may say more.

mod reply;
mod request;

use domain::Refusal;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

pub(crate) use reply::{read_reply, write_reply};
pub(crate) use request::{read_request, write_request};

use crate::limits::MESSAGE_ID_BYTES_MAX;

/// The version of the JSON dialect that is spoken here.
pub(crate) const VERSION: u32 = 1;

/// A client's id of one message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "the id is neither a whole number nor a text of at most 64 bytes")]
pub(crate) enum MessageId {
    Number(u64),
    Text(ShortText),
}

/// The text of an id, not longer than [`MESSAGE_ID_BYTES_MAX`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct ShortText(String);

impl TryFrom<String> for ShortText {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.len() > MESSAGE_ID_BYTES_MAX {
            return Err(format!("an id has at most {MESSAGE_ID_BYTES_MAX} bytes"));
        }
        Ok(Self(text))
    }
}

/// A line that asks for nothing that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// `None` when not even that could be read.
    pub(crate) id: Option<MessageId>,
    pub(crate) refusal: Refusal,
    /// What exactly was wrong; `None` when the refusal says it all.
    pub(crate) detail: Option<String>,
}

/// A reply that is no reply of this version.
#[derive(Debug, Error)]
#[error("not a reply of this protocol: {0}")]
pub(crate) struct NotAReply(pub(crate) String);

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, String> {
    // JSON is UTF-8 (RFC 8259 §8.1), also in a field that nobody reads.
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// Reads a field that holds a secret: serde's own messages repeat the value they stumble over, and
/// they end up on screens and in logs.
fn secret<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let value = Option::<serde_json::Value>::deserialize(deserializer)?;
    let wrong = |_| D::Error::custom("a secret is not written as it must be");
    value.map(|value| T::deserialize(value).map_err(wrong)).transpose()
}

fn to_line(value: &impl Serialize) -> Vec<u8> {
    let mut line = serde_json::to_vec(value).expect("a message has only strings for keys");
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests;
