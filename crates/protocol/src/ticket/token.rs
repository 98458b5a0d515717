//! PASETO v4.public (<https://github.com/paseto-standard/paseto-spec>), as strict as it can be read:
//! one purpose per implicit assertion, one version, no field that is not known.
//!
//! The library's own checks of claims are not used: they ask the system's clock, and here `now` is
//! an argument.

use domain::VerifyingKey;
use jiff::Timestamp;
use pasetors::Public;
use pasetors::keys::AsymmetricPublicKey;
use pasetors::paserk::{FormatAsPaserk as _, Id};
use pasetors::token::UntrustedToken;
use pasetors::version4::{PublicToken, V4};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::SigningKey;
use crate::limits::SIGNED_BYTES_MAX;

/// The version of everything that is signed here.
pub(crate) const VERSION: u32 = 1;

/// Why something signed is not taken. It is for the log of whoever verifies; the peer gets silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BadTicket {
    /// Not a PASETO v4.public token, or longer than any of ours.
    #[error("is not a signed text of this kind")]
    NotSigned,
    /// It names no key among those that are known.
    #[error("is signed with a key that is not known, or no longer")]
    UnknownKey,
    /// The signature is wrong: forged, altered, or made for another purpose.
    #[error("has a wrong signature")]
    WrongSignature,
    /// A version that this program does not know.
    #[error("has a version that is not known here")]
    UnknownVersion,
    /// Well signed, but it does not say what it must, or says more.
    #[error("does not say what it must, or says more")]
    Malformed,
    /// For another doctor.
    #[error("is meant for another doctor")]
    ForAnother,
    /// Its time has not come.
    #[error("is not valid yet")]
    NotYet,
    /// Its time is over.
    #[error("has expired")]
    Expired,
}

/// What a token is for: the implicit assertion that goes into its signature, so that one kind is
/// never taken for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Ticket,
    Certificate,
    Estimate,
}

impl Purpose {
    const fn assertion(self) -> &'static [u8] {
        match self {
            Self::Ticket => b"rendezvous ticket v1",
            Self::Certificate => b"rendezvous doctor certificate v1",
            Self::Estimate => b"rendezvous estimate v1",
        }
    }
}

/// Signs `claims`. The footer names the key (`{"kid":"k4.pid.…"}`, PASERK), except on an estimate,
/// which has to fit into a datagram and comes with its key's certificate.
pub(crate) fn sign(key: &SigningKey, purpose: Purpose, claims: &impl Serialize) -> String {
    let message = serde_json::to_vec(claims).expect("claims have only strings for keys");
    let footer = footer(purpose, &key.verifying_key()).expect("a key of ours has 32 bytes");
    PublicToken::sign(&key.secret, &message, Some(&footer), Some(purpose.assertion()))
        .expect("a message that is not empty can be signed with a checked key")
}

/// Verifies a token under the one of `keys` that it names, and reads its claims.
pub(crate) fn open<T: DeserializeOwned>(
    text: &str,
    purpose: Purpose,
    keys: &[VerifyingKey],
) -> Result<T, BadTicket> {
    let token = untrusted(text)?;
    let named = token.untrusted_footer();
    let names = |key: &&VerifyingKey| footer(purpose, key).is_some_and(|footer| footer == named);
    let known = keys.iter().find(names).ok_or(BadTicket::UnknownKey)?;
    let key = AsymmetricPublicKey::from(&known.0).map_err(|_| BadTicket::UnknownKey)?;
    // The footer was compared above; `None` here means "whatever it is", not "none".
    let trusted = PublicToken::verify(&key, &token, None, Some(purpose.assertion()))
        .map_err(|_| BadTicket::WrongSignature)?;
    read(trusted.payload().as_bytes())
}

/// Reads the claims of a token without a key: only for whoever has it from the signer itself.
pub(crate) fn open_unverified<T: DeserializeOwned>(text: &str) -> Result<T, BadTicket> {
    read(untrusted(text)?.untrusted_payload())
}

fn untrusted(text: &str) -> Result<UntrustedToken<Public, V4>, BadTicket> {
    if text.len() > SIGNED_BYTES_MAX {
        return Err(BadTicket::NotSigned);
    }
    UntrustedToken::try_from(text).map_err(|_| BadTicket::NotSigned)
}

fn read<T: DeserializeOwned>(message: &[u8]) -> Result<T, BadTicket> {
    #[derive(serde::Deserialize)]
    struct OnlyVersion {
        v: u32,
    }
    let OnlyVersion { v } = serde_json::from_slice(message).map_err(|_| BadTicket::Malformed)?;
    if v != VERSION {
        return Err(BadTicket::UnknownVersion);
    }
    serde_json::from_slice(message).map_err(|_| BadTicket::Malformed)
}

fn footer(purpose: Purpose, key: &VerifyingKey) -> Option<Vec<u8>> {
    if purpose == Purpose::Estimate {
        return Some(Vec::new());
    }
    let mut id = String::new();
    Id::from(&AsymmetricPublicKey::<V4>::from(&key.0).ok()?).fmt(&mut id).ok()?;
    Some(format!(r#"{{"kid":"{id}"}}"#).into_bytes())
}

/// In force from `not_before` on, and no longer at `expires`.
pub(crate) fn check_time(
    not_before: Timestamp,
    expires: Timestamp,
    now: Timestamp,
) -> Result<(), BadTicket> {
    if now < not_before {
        return Err(BadTicket::NotYet);
    }
    if now >= expires { Err(BadTicket::Expired) } else { Ok(()) }
}
