//! Identifiers made of random bytes that the caller brings: this crate has no randomness.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One health center. Every key in the store begins with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CenterId(pub u32);

impl Default for CenterId {
    fn default() -> Self {
        Self(1)
    }
}

/// One stretch of a doctor's time that was blocked: counted within the center.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlockId(pub i64);

/// Fresh random bytes for one request: enough for an id (16) or a session token (32).
#[derive(Clone, Copy)]
pub struct Entropy(pub [u8; 32]);

impl Entropy {
    /// A UUID version 7 (RFC 9562 §5.7): its first 48 bits are the milliseconds of `now`, so that
    /// ids made one after another lie side by side in an index.
    fn uuid_v7(&self, now: Timestamp) -> Uuid {
        let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let mut random = [0; 10];
        random.copy_from_slice(&self.0[..10]);
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy(********)")
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id from fresh random bytes.
            #[must_use]
            pub fn fresh(now: Timestamp, entropy: &Entropy) -> Self {
                Self(entropy.uuid_v7(now))
            }

            /// The id behind its 16 bytes, as the store keeps it.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// Its 16 bytes, as the store keeps it.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::from_str(text).map(Self)
            }
        }
    };
}

id! {
    /// One appointment; it keeps its id when it is moved to another slot.
    AppointmentId
}
id! {
    /// One patient: random, and the only thing that stands for the person outside one table.
    PatientId
}
id! {
    /// One log-in account; not the same as a patient (a parent acts for two children).
    AccountId
}
