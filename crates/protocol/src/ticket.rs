//! What the center signs: tickets to a doctor, and its word that a doctor's keys are the doctor's.

use std::fmt;

macro_rules! signed_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes a text as it came; whether it is one, and in force, shows when it is verified.
            #[must_use]
            pub fn new(text: String) -> Self {
                Self(text)
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        /// Only how long it is: it opens doors.
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({} bytes)", stringify!($name), self.0.len())
            }
        }
    };
}

signed_text! {
    /// A ticket: a PASETO v4.public token (https://github.com/paseto-standard/paseto-spec).
    Ticket
}
signed_text! {
    /// The center's word for a doctor's keys: a PASETO v4.public token.
    DoctorCertificate
}
