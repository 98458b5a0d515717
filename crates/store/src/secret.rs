//! What the store keeps of secrets, and of what stands for one: values that print as stars.
//!
//! Nothing here hashes a password or computes a one-time password: that is `runtime`'s work.

use std::fmt;
use std::str::FromStr;

use domain::{EnrolmentCode, from_hexadecimal, to_hexadecimal};
use thiserror::Error;

/// A password as the store keeps it: a PHC string (`$argon2id$v=19$…`). Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Keeps a PHC string.
    #[must_use]
    pub fn new(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for verification and for the row.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

/// The SHA-256 of a session token: all that the store knows of it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Hashes a token.
    #[must_use]
    pub fn of(token: &domain::SessionToken) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(token.expose()).into())
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(********)")
    }
}

/// The SHA-256 of a doctor's enrolment code: all that the store knows of it. A plain hash is enough,
/// since the code is 80 random bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeHash([u8; 32]);

impl CodeHash {
    /// Hashes a code.
    #[must_use]
    pub fn of(code: &EnrolmentCode) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(code.expose()).into())
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(********)")
    }
}

/// The secret that one-time passwords are made of (RFC 6238): 20 bytes, as long as the SHA-1 that
/// every authenticator computes with. Printing it shows nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct TotpSecret([u8; 20]);

impl TotpSecret {
    /// Keeps 20 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The bytes, for the computation and for whoever sets up an authenticator.
    #[must_use]
    pub fn expose(&self) -> &[u8; 20] {
        &self.0
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

/// A text is no session's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is no session, expected 16 hexadecimal digits as `admin sessions` shows them")]
pub struct SessionIdError;

/// What an operator calls a session: the first 8 bytes of its token's hash, which are of no use to
/// log in with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 8]);

impl SessionId {
    /// The name of the session with this token.
    #[must_use]
    pub fn of(token: &TokenHash) -> Self {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&token.0[..8]);
        Self(bytes)
    }

    /// A session by the first bytes of its row's key.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The 8 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

/// 16 hexadecimal digits.
impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&to_hexadecimal(&self.0))
    }
}

impl FromStr for SessionId {
    type Err = SessionIdError;
    fn from_str(text: &str) -> Result<Self, SessionIdError> {
        from_hexadecimal(text).map(Self).ok_or(SessionIdError)
    }
}
