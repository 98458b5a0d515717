//! Secrets: values that cannot be printed, logged or compared by accident.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{from_hexadecimal, to_hexadecimal};

/// What stands in the place of a secret wherever one would be shown.
pub(crate) const STARS: &str = "********";

/// The longest password, in bytes (OWASP ASVS 5, 6.2.9 asks for at least 64 characters).
const PASSWORD_BYTES_MAX: usize = 512;

/// Why a text is not a password. The text itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PasswordError {
    /// Nothing was there.
    #[error("the password is empty")]
    Empty,
    /// More bytes than a password may have.
    #[error("the password is {0} bytes long, expected at most {PASSWORD_BYTES_MAX}")]
    TooLong(usize),
    /// A line break, NUL or another control character.
    #[error("the password holds a control character")]
    ControlCharacter,
    /// A blank in front or behind, where the classic dialects would lose it.
    #[error("the password begins or ends with a blank")]
    BlanksAround,
}

/// A password in the clear, on its way to be hashed or sent. Blanks inside are part of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Password(Box<str>);

impl Password {
    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// When it is empty, too long, holds a control character, or has blanks around it.
    pub fn new(text: &str) -> Result<Self, PasswordError> {
        if text.is_empty() {
            return Err(PasswordError::Empty);
        }
        if text.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordError::TooLong(text.len()));
        }
        if text.chars().any(char::is_control) {
            return Err(PasswordError::ControlCharacter);
        }
        if text.trim() != text {
            return Err(PasswordError::BlanksAround);
        }
        Ok(Self(text.into()))
    }

    /// The secret itself, for the hash and for the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Password {
    type Error = PasswordError;
    fn try_from(text: String) -> Result<Self, PasswordError> {
        Self::new(&text)
    }
}

impl From<Password> for String {
    fn from(password: Password) -> String {
        password.0.into()
    }
}

/// `********`, whatever the password.
impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

/// `********`, whatever the password.
impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

/// A text is not a session token: 64 hexadecimal digits were expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a session token, expected 64 hexadecimal digits")]
pub struct SessionTokenError;

/// What lets a client come back without its password: 256 random bits, written as 64 hexadecimal
/// digits. The store keeps only its SHA-256.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionToken([u8; 32]);

impl SessionToken {
    /// A token from fresh random bytes.
    #[must_use]
    pub fn fresh(entropy: &crate::Entropy) -> Self {
        Self(entropy.0)
    }

    /// The secret bytes, for hashing.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<String> for SessionToken {
    type Error = SessionTokenError;
    fn try_from(text: String) -> Result<Self, SessionTokenError> {
        from_hexadecimal(&text).map(Self).ok_or(SessionTokenError)
    }
}

impl From<SessionToken> for String {
    fn from(token: SessionToken) -> String {
        to_hexadecimal(&token.0)
    }
}

/// `********`, whatever the token.
impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;

    #[test]
    fn a_secret_prints_as_stars() {
        let password = Password::new("password111").unwrap();
        let token = SessionToken::fresh(&Entropy([7; 32]));
        assert_eq!(
            format!("{password} {password:?} {token:?} {:?}", Entropy([7; 32])),
            "******** ******** ******** Entropy(********)"
        );
    }

    #[test]
    fn a_token_comes_back_from_its_text() {
        let token = SessionToken::fresh(&Entropy(std::array::from_fn(|i| i as u8 * 8)));
        let text = String::from(token.clone());
        assert_eq!(text.len(), 64);
        assert!(SessionToken::try_from(text) == Ok(token));
        assert_eq!(SessionToken::try_from("é".repeat(32)), Err(SessionTokenError));
    }
}
