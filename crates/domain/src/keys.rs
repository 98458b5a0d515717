//! Public keys, as values: what they prove is in `protocol`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A text is no key of 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a key, expected 64 hexadecimal digits")]
pub struct KeyError;

macro_rules! public_key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(pub [u8; 32]);

        /// 64 hexadecimal digits.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&crate::to_hexadecimal(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({self})", stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = KeyError;
            fn from_str(text: &str) -> Result<Self, KeyError> {
                crate::from_hexadecimal(text).map(Self).ok_or(KeyError)
            }
        }

        impl TryFrom<String> for $name {
            type Error = KeyError;
            fn try_from(text: String) -> Result<Self, KeyError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(key: $name) -> String {
                key.to_string()
            }
        }
    };
}

public_key! {
    /// An X25519 public key (RFC 7748): whom a datagram is sealed for.
    SealingKey
}
public_key! {
    /// An Ed25519 public key (RFC 8032): whose signature it is.
    VerifyingKey
}

/// A doctor's public keys, as the center has certified them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DoctorKeys {
    /// What requests for estimates are sealed for.
    pub sealing: SealingKey,
    /// What estimates are signed with.
    pub verifying: VerifyingKey,
}
