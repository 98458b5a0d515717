//! Secrets that are short texts: codes that people type, cookies that devices keep.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::secret::STARS;

/// Crockford's alphabet: no I, L, O, U.
const CODE_DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The digits of an enrolment code; they are shown in groups of 4.
const CODE_DIGITS_COUNT: usize = 16;

/// The longest device cookie, in bytes.
const DEVICE_COOKIE_BYTES_MAX: usize = 256;

/// A secret that is a text of the form that `$read` knows.
macro_rules! secret_text {
    ($(#[$doc:meta])* $name:ident, $(#[$wrong:meta])* $error:ident, $read:ident) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
        $(#[$wrong])*
        pub struct $error;

        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The secret itself, to be hashed, compared or sent.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                $read(&text).map(Self).ok_or($error)
            }
        }

        impl From<$name> for String {
            fn from(secret: $name) -> String {
                secret.0
            }
        }

        /// `********`, whatever the secret.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(STARS)
            }
        }
    };
}

secret_text! {
    /// What lets a doctor enrol once: 80 random bits in Crockford's base 32, which has no letter
    /// that looks like a digit. The store keeps only its SHA-256.
    EnrolmentCode,
    /// A text is not an enrolment code.
    #[error("is not an enrolment code, expected 4 groups of 4 letters and digits, \
             XXXX-XXXX-XXXX-XXXX")]
    EnrolmentCodeError,
    enrolment_code
}

secret_text! {
    /// The six digits that an authenticator shows (RFC 6238).
    OneTimePassword,
    /// A text is not a one-time password.
    #[error("is not a one-time password, expected 6 digits")]
    OneTimePasswordError,
    six_digits
}

secret_text! {
    /// What tells a device that has logged in before from strangers, so that their wrong guesses
    /// never keep its owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies").
    /// Only the center can read it.
    DeviceCookie,
    /// A text is not a device cookie.
    #[error("is not a device cookie, expected up to {DEVICE_COOKIE_BYTES_MAX} letters, digits, - _ .")]
    DeviceCookieError,
    cookie
}

impl EnrolmentCode {
    /// A code from fresh random bytes.
    #[must_use]
    pub fn fresh(entropy: &crate::Entropy) -> Self {
        let digit = |byte: &u8| char::from(CODE_DIGITS[usize::from(byte % 32)]);
        let digits: Vec<char> = entropy.0.iter().take(CODE_DIGITS_COUNT).map(digit).collect();
        let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
        Self(groups.join("-"))
    }
}

/// In capitals and in groups, however it was typed: people leave the dashes out, or type blanks.
fn enrolment_code(text: &str) -> Option<String> {
    let typed = text.chars().filter(|digit| *digit != '-' && !digit.is_whitespace());
    let mut code = String::with_capacity(CODE_DIGITS_COUNT + 3);
    for (at, digit) in typed.enumerate() {
        let digit = digit.to_ascii_uppercase();
        let known = u8::try_from(digit).is_ok_and(|byte| CODE_DIGITS.contains(&byte));
        if !known || at == CODE_DIGITS_COUNT {
            return None;
        }
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        code.push(digit);
    }
    (code.len() == CODE_DIGITS_COUNT + 3).then_some(code)
}

fn six_digits(text: &str) -> Option<String> {
    let right = text.len() == 6 && text.bytes().all(|digit| digit.is_ascii_digit());
    right.then(|| text.to_owned())
}

fn cookie(text: &str) -> Option<String> {
    let fits = (1..=DEVICE_COOKIE_BYTES_MAX).contains(&text.len());
    let right = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (fits && text.bytes().all(right)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Entropy;

    #[test]
    fn an_enrolment_code_is_read_as_people_type_it() {
        let code = EnrolmentCode::fresh(&Entropy(std::array::from_fn(|i| i as u8 * 3)));
        assert_eq!(code.expose(), "0369-CFJN-RVY1-47AD");
        for typed in [
            " 0369-cfjn-rvy1-47ad\n",
            "0369CFJNRVY147AD",
            "0369 cfjn rvy1 47ad",
            "0369 - CFJN-RVY147AD",
        ] {
            assert!(EnrolmentCode::try_from(typed.to_owned()) == Ok(code.clone()), "{typed}");
        }
        for wrong in [
            "",
            "----",
            "0369-CFJN-RVY1",
            "0369-CFJN-RVY1-47A",
            "0369-CFJN-RVY1-47AI",
            "0369-CFJN-RVY1-47AD-0",
            "0369_CFJN_RVY1_47AD",
            "0369-CFJN-RVY1-47AÄ",
        ] {
            assert!(EnrolmentCode::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn codes_and_cookies_have_their_form_and_print_as_stars() {
        let code = OneTimePassword::try_from("012345".to_owned()).unwrap();
        let cookie = DeviceCookie::try_from("v1.ab-c_d".to_owned()).unwrap();
        assert_eq!(format!("{code:?} {cookie:?}"), "******** ********");
        for wrong in ["", "12345", "1234567", "12345a", "１２３４５６"] {
            assert!(OneTimePassword::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
        for wrong in ["", "a b", "ü", &"a".repeat(DEVICE_COOKIE_BYTES_MAX + 1)] {
            assert!(DeviceCookie::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
