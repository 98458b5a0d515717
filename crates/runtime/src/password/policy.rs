//! Which new passwords are taken (OWASP ASVS 5, 6.2.1 to 6.2.8; NIST SP 800-63B §3.1.1.2): 8 to 128
//! characters, none of the most common, nothing that a stranger would try first.
//!
//! What is deliberately not here: rules about capitals, digits and signs. They make passwords worse.
//! Passwords that come with the clinic's files are let in as they are, and never pass here.

use std::collections::HashSet;
use std::sync::LazyLock;

use domain::{Password, UserName};
use thiserror::Error;

/// The fewest characters (Unicode scalar values) of a new password.
pub const PASSWORD_CHARACTERS_MIN: usize = 8;
/// The most characters (Unicode scalar values) of a new password.
pub const PASSWORD_CHARACTERS_MAX: usize = 128;

/// What this program is called: the first thing to try on it.
const PRODUCT: &str = "rendezvous";
/// Where the list comes from, and under which licence, is in its head.
const COMMON: &str = include_str!("common.txt");

/// Why a password is not taken as a new one. The password itself is never part of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WeakPassword {
    /// Too few characters: so many.
    #[error(
        "the password has {0} characters, expected {PASSWORD_CHARACTERS_MIN} to \
         {PASSWORD_CHARACTERS_MAX}"
    )]
    TooShort(usize),
    /// Too many characters: so many.
    #[error(
        "the password has {0} characters, expected {PASSWORD_CHARACTERS_MIN} to \
         {PASSWORD_CHARACTERS_MAX}"
    )]
    TooLong(usize),
    /// One of the most common passwords.
    #[error("the password is one of the most common ones, choose another")]
    Common,
    /// The user name.
    #[error("the password is the user name, choose another")]
    UserName,
    /// The name of this program.
    #[error("the password is the name of this program, choose another")]
    Product,
}

/// Whether `password` may be the new password of `user`. Capitals make no difference.
///
/// # Errors
/// What is wrong with it, in one line for whoever chose it.
pub fn check(password: &Password, user: &UserName) -> Result<(), WeakPassword> {
    static LIST: LazyLock<HashSet<&str>> = LazyLock::new(|| common().collect());
    let characters = password.expose().chars().count();
    let lower = password.expose().to_lowercase();
    match characters {
        0..PASSWORD_CHARACTERS_MIN => Err(WeakPassword::TooShort(characters)),
        PASSWORD_CHARACTERS_MIN..=PASSWORD_CHARACTERS_MAX => {
            if lower == user.as_str().to_lowercase() {
                Err(WeakPassword::UserName)
            } else if lower == PRODUCT {
                Err(WeakPassword::Product)
            } else if LIST.contains(lower.as_str()) {
                Err(WeakPassword::Common)
            } else {
                Ok(())
            }
        }
        _ => Err(WeakPassword::TooLong(characters)),
    }
}

/// The most common passwords, most common first.
fn common() -> impl Iterator<Item = &'static str> {
    COMMON.lines().filter(|line| !line.starts_with("# "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_all(cases: &[(&str, Result<(), WeakPassword>)]) {
        let user = UserName::new("Front.Desk").unwrap();
        for (text, expected) in cases {
            assert_eq!(check(&Password::new(text).unwrap(), &user), *expected, "{text}");
        }
    }

    #[test]
    fn length_counts_in_characters_and_nothing_has_to_be_in_it() {
        let (longest, too_long) = ("ä".repeat(128), "ä".repeat(129));
        check_all(&[
            ("seven77", Err(WeakPassword::TooShort(7))),
            ("äöüßäöü", Err(WeakPassword::TooShort(7))),
            ("äöüßäöüß", Ok(())),
            ("nocapitalsnodigits", Ok(())),
            ("blanks are part of it", Ok(())),
            (&longest, Ok(())),
            (&too_long, Err(WeakPassword::TooLong(129))),
        ]);
    }

    #[test]
    fn what_a_stranger_tries_first_is_refused_whatever_its_capitals() {
        check_all(&[
            ("password", Err(WeakPassword::Common)),
            ("PassWord", Err(WeakPassword::Common)),
            ("trustno1", Err(WeakPassword::Common)),
            ("1qaz2wsx", Err(WeakPassword::Common)),
            ("front.desk", Err(WeakPassword::UserName)),
            ("Rendezvous", Err(WeakPassword::Product)),
        ]);
    }

    #[test]
    fn the_list_is_long_and_has_only_what_length_lets_through() {
        let words: HashSet<&str> = common().collect();
        assert!(words.len() >= 3_000, "{}", words.len());
        assert_eq!(words.len(), common().count(), "each once");
        for word in words {
            let fits = word.chars().count() >= PASSWORD_CHARACTERS_MIN;
            assert!(fits && word == word.to_lowercase() && word == word.trim(), "{word:?}");
        }
    }
}
