//! The secret half of an Ed25519 key: of tickets, of a center, of a doctor.

use std::fmt;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use domain::VerifyingKey;
use pasetors::keys::AsymmetricSecretKey;
use pasetors::version4::V4;
use thiserror::Error;

/// A seed of zeros is no secret: its file was made and never written, or its disk forgot it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is all zeros, which is no secret key: make a new one")]
pub struct NoSecret;

/// An Ed25519 secret key (RFC 8032 §5.1.5).
#[derive(Clone)]
pub struct SigningKey {
    /// The seed and the public key; pasetors wipes it when it is dropped.
    pub(super) secret: AsymmetricSecretKey<V4>,
    public: VerifyingKey,
}

impl SigningKey {
    /// The key behind a seed of 32 random bytes, which is what its file holds.
    ///
    /// # Errors
    /// When the seed is all zeros.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, NoSecret> {
        if seed == [0; 32] {
            return Err(NoSecret);
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| NoSecret)?;
        let public: [u8; 32] = pair.public_key().as_ref().try_into().map_err(|_| NoSecret)?;
        let mut both = [0; 64];
        both[..32].copy_from_slice(&seed);
        both[32..].copy_from_slice(&public);
        let secret = AsymmetricSecretKey::from(&both).map_err(|_| NoSecret)?;
        Ok(Self { secret, public: VerifyingKey(public) })
    }

    /// What others verify its signatures with.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public
    }
}

/// The public half, and stars.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(******** of {})", self.public)
    }
}
