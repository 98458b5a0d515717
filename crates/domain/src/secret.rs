//! Secrets: values that cannot be printed, logged or compared by accident.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

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
        bytes_of_hexadecimal(&text).map(Self).ok_or(SessionTokenError)
    }
}

impl From<SessionToken> for String {
    fn from(token: SessionToken) -> String {
        use std::fmt::Write as _;
        token.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            // Writing into a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

/// `********`, whatever the token.
impl fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

/// What 64 hexadecimal digits stand for; `None` when the text is anything else.
pub(crate) fn bytes_of_hexadecimal(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// A text is not an enrolment code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not an enrolment code, expected 4 groups of 4 letters and digits, XXXX-XXXX-XXXX-XXXX")]
pub struct EnrolmentCodeError;

/// What lets a doctor enrol once: 80 random bits in Crockford's base 32, which has no letter that
/// looks like a digit. The store keeps only its SHA-256.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnrolmentCode(String);

/// Crockford's alphabet: no I, L, O, U.
const CODE_DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl EnrolmentCode {
    /// A code from fresh random bytes.
    #[must_use]
    pub fn fresh(entropy: &crate::Entropy) -> Self {
        let digit = |byte: &u8| char::from(CODE_DIGITS[usize::from(byte % 32)]);
        let digits: Vec<char> = entropy.0.iter().take(16).map(digit).collect();
        let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
        Self(groups.join("-"))
    }

    /// The code itself, for hashing, for the wire, and for the operator who hands it over.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EnrolmentCode {
    type Error = EnrolmentCodeError;
    fn try_from(text: String) -> Result<Self, EnrolmentCodeError> {
        let text = text.trim().to_ascii_uppercase();
        let groups: Vec<&str> = text.split('-').collect();
        let right = |group: &&str| {
            group.len() == 4 && group.bytes().all(|digit| CODE_DIGITS.contains(&digit))
        };
        let whole = groups.len() == 4 && groups.iter().all(right);
        if whole { Ok(Self(text)) } else { Err(EnrolmentCodeError) }
    }
}

impl From<EnrolmentCode> for String {
    fn from(code: EnrolmentCode) -> String {
        code.0
    }
}

/// `********`, whatever the code.
impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

/// A text is not a one-time password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a one-time password, expected 6 digits")]
pub struct OneTimePasswordError;

/// The six digits that an authenticator shows (RFC 6238).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OneTimePassword(String);

impl OneTimePassword {
    /// The digits, to be compared.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OneTimePassword {
    type Error = OneTimePasswordError;
    fn try_from(text: String) -> Result<Self, OneTimePasswordError> {
        let right = text.len() == 6 && text.bytes().all(|digit| digit.is_ascii_digit());
        if right { Ok(Self(text)) } else { Err(OneTimePasswordError) }
    }
}

impl From<OneTimePassword> for String {
    fn from(password: OneTimePassword) -> String {
        password.0
    }
}

/// `********`, whatever the digits.
impl fmt::Debug for OneTimePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(STARS)
    }
}

/// The longest device cookie, in bytes.
const DEVICE_COOKIE_BYTES_MAX: usize = 256;

/// A text is not a device cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a device cookie, expected up to {DEVICE_COOKIE_BYTES_MAX} letters, digits, - _ .")]
pub struct DeviceCookieError;

/// What tells a device that has logged in before from strangers, so that their wrong guesses never
/// keep its owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). Only the
/// center can read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeviceCookie(String);

impl DeviceCookie {
    /// The cookie itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for DeviceCookie {
    type Error = DeviceCookieError;
    fn try_from(text: String) -> Result<Self, DeviceCookieError> {
        let fits = (1..=DEVICE_COOKIE_BYTES_MAX).contains(&text.len());
        let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if fits && text.bytes().all(right) { Ok(Self(text)) } else { Err(DeviceCookieError) }
    }
}

impl From<DeviceCookie> for String {
    fn from(cookie: DeviceCookie) -> String {
        cookie.0
    }
}

/// `********`, whatever the cookie.
impl fmt::Debug for DeviceCookie {
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
    fn an_enrolment_code_is_read_as_people_type_it() {
        let code = EnrolmentCode::fresh(&Entropy(std::array::from_fn(|i| i as u8 * 3)));
        assert_eq!(code.expose(), "0369-CFJN-RVY1-47AD");
        assert!(EnrolmentCode::try_from(" 0369-cfjn-rvy1-47ad\n".to_owned()) == Ok(code));
        for wrong in ["", "0369-CFJN-RVY1", "0369-CFJN-RVY1-47AI", "0369CFJNRVY147AD"] {
            assert!(EnrolmentCode::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
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
