//! The names people and things go by: short texts without blanks, checked once.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest name, in bytes. Old clients pad their messages to 20 to 1,024 bytes; a name that
/// fills more than this is a mistake or an attack.
const NAME_BYTES_MAX: usize = 64;

/// Why a text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NameError {
    /// Nothing was there.
    #[error("is empty, expected 1 to {NAME_BYTES_MAX} bytes")]
    Empty,
    /// More bytes than a name may have.
    #[error("is {0} bytes long, expected 1 to {NAME_BYTES_MAX}")]
    TooLong(usize),
    /// A blank, a line break or another control character.
    #[error("holds a blank or a control character, expected one printable word")]
    Unprintable,
    /// A character that nobody sees: two names could look alike, or like none.
    #[error("holds U+{code:04X}, which is not to be seen, expected one printable word", code = u32::from(*.0))]
    Invisible(char),
}

/// The code points that are not to be seen: Unicode's `Default_Ignorable_Code_Point` (soft hyphen,
/// zero-width characters, marks of direction, byte order mark, fillers, variation selectors, tags),
/// the marks of annotations, and the empty pattern of Braille.
const INVISIBLE: [RangeInclusive<char>; 18] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{202a}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{2800}'..='\u{2800}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];
/// The code points that mean whatever two parties agree on (Unicode's private use).
const PRIVATE: [RangeInclusive<char>; 3] =
    ['\u{e000}'..='\u{f8ff}', '\u{f0000}'..='\u{ffffd}', '\u{100000}'..='\u{10fffd}'];

fn is_invisible(c: char) -> bool {
    INVISIBLE.iter().chain(&PRIVATE).any(|range| range.contains(&c))
}

fn check(text: &str) -> Result<(), NameError> {
    if text.is_empty() {
        return Err(NameError::Empty);
    }
    if text.len() > NAME_BYTES_MAX {
        return Err(NameError::TooLong(text.len()));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(NameError::Unprintable);
    }
    text.chars().find(|c| is_invisible(*c)).map_or(Ok(()), |c| Err(NameError::Invisible(c)))
}

/// A checked text: how it is made, shown, and taken from a string of JSON.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $error:ident, $check:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks and keeps `text`.
            ///
            /// # Errors
            /// When it is empty, too long, or not printable.
            pub fn new(text: &str) -> Result<Self, $error> {
                $check(text)?;
                Ok(Self(text.into()))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;
            fn from_str(text: &str) -> Result<Self, $error> {
                Self::new(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, $error> {
                Self::new(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0.into()
            }
        }
    };
}

/// [`text!`] with the rule of names.
macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        text! {
            $(#[$doc])*
            ///
            /// One word of 1 to 64 bytes of UTF-8 without blanks, control characters, characters that are
            /// not to be seen, and private ones.
            $name, NameError, check
        }
    };
}

name! {
    /// What an account logs in with, as the first column of `users.txt`.
    UserName
}
name! {
    /// A doctor as the clinic calls him or her, e.g. `doc1`.
    DoctorName
}
name! {
    /// An insurance plan, e.g. `insurance1`.
    PlanName
}
name! {
    /// A kind of visit. The exercise knows one: [`Service::visit`].
    Service
}
name! {
    /// The client's own id of a command that changes something, unique for its patient: the same id
    /// again gets the same answer, so that a reply lost on the way costs nothing.
    RequestId
}

/// The longest reason, in bytes.
const REASON_BYTES_MAX: usize = 1_024;
/// The longest name of a person, and the longest way to reach one, in bytes.
const PERSON_BYTES_MAX: usize = 256;
/// The longest specialty, in bytes.
const SPECIALTY_BYTES_MAX: usize = 64;

/// A text is not a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not printable text of 1 to {REASON_BYTES_MAX} bytes")]
pub struct ReasonError;

/// A text is neither a person's name nor a way to reach one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not printable text of 1 to {PERSON_BYTES_MAX} bytes")]
pub struct PersonTextError;

/// A text is not a specialty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not printable text of 1 to {SPECIALTY_BYTES_MAX} bytes")]
pub struct SpecialtyError;

/// Whether people can read a text of at most `bytes_max` bytes. Joiners belong into the words of some
/// languages; there has to be something besides them.
fn is_printable(text: &str, bytes_max: usize) -> bool {
    let is_seen = |c: char| !c.is_whitespace() && !is_invisible(c);
    let printable = !text.chars().any(char::is_control) && text.chars().any(is_seen);
    printable && text.len() <= bytes_max
}

fn check_reason(text: &str) -> Result<(), ReasonError> {
    if is_printable(text, REASON_BYTES_MAX) { Ok(()) } else { Err(ReasonError) }
}

fn check_person(text: &str) -> Result<(), PersonTextError> {
    if is_printable(text, PERSON_BYTES_MAX) { Ok(()) } else { Err(PersonTextError) }
}

fn check_specialty(text: &str) -> Result<(), SpecialtyError> {
    if is_printable(text, SPECIALTY_BYTES_MAX) { Ok(()) } else { Err(SpecialtyError) }
}

text! {
    /// Why something was changed, in the words of whoever asked: printable text of 1 to 1,024 bytes,
    /// not only blanks and what is not to be seen.
    Reason, ReasonError, check_reason
}
text! {
    /// What a person is called: printable text of 1 to 256 bytes.
    PersonName, PersonTextError, check_person
}
text! {
    /// How to reach a person, in whatever words: printable text of 1 to 256 bytes.
    Contact, PersonTextError, check_person
}
text! {
    /// What a doctor is specialised in, e.g. `General practice`: printable text of 1 to 64 bytes.
    Specialty, SpecialtyError, check_specialty
}

impl Service {
    /// The service of every slot that names none.
    #[must_use]
    pub fn visit() -> Self {
        Self("visit".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_printable_word() {
        assert_eq!(UserName::new("patient1").map(String::from), Ok("patient1".to_owned()));
        assert_eq!(UserName::new("Žofie"), UserName::new("Žofie"));
        assert_eq!(UserName::new(""), Err(NameError::Empty));
        assert_eq!(UserName::new("a b"), Err(NameError::Unprintable));
        assert_eq!(UserName::new("a\u{0}"), Err(NameError::Unprintable));
        assert_eq!(UserName::new(&"x".repeat(65)), Err(NameError::TooLong(65)));
    }

    #[test]
    fn a_name_has_only_what_is_seen() {
        for invisible in [
            '\u{feff}',
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2066}',
            '\u{ad}',
            '\u{3164}',
            '\u{2800}',
            '\u{fe0f}',
            '\u{e000}',
            '\u{e0041}',
            '\u{10fffd}',
        ] {
            for text in [invisible.to_string(), format!("ann{invisible}"), format!("{invisible}x")]
            {
                let error = Err(NameError::Invisible(invisible));
                assert_eq!(UserName::new(&text).map(String::from), error);
                assert_eq!(PlanName::new(&text).map(String::from), error);
            }
        }
        for seen in [
            "Zˇofie",
            "Z\u{30c}ofie",
            "山田",
            "محمد",
            "שרה",
            "Ελένη",
            "प्रिया",
            "o'neil",
            "a-b_c.d@e",
        ] {
            assert!(UserName::new(seen).is_ok(), "{seen}");
        }
        assert_eq!(
            NameError::Invisible('\u{feff}').to_string(),
            "holds U+FEFF, which is not to be seen, expected one printable word"
        );
    }

    #[test]
    fn a_reason_says_something() {
        for text in ["", " ", "\u{feff}", "\u{200b} \u{200d}", "a\nb"] {
            assert_eq!(Reason::new(text).map(String::from), Err(ReasonError), "{text:?}");
        }
        for text in ["ill", "می\u{200c}روم"] {
            assert!(Reason::new(text).is_ok(), "{text:?}");
        }
    }
}
