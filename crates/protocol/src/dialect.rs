//! Which words a patient uses.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How a patient talks. The center and the doctors find it out by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// JSON lines over TCP, JSON datagrams over UDP.
    Json,
    /// The exercise's words, exact bytes.
    Spec,
    /// The exercise's words, each message with one trailing NUL, as programs in C send them.
    Nul,
    /// The words of the seed's own programs.
    Seed,
}

impl Dialect {
    /// All of them, by the names they have on the command line.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Json, "json"), (Self::Spec, "spec"), (Self::Nul, "nul"), (Self::Seed, "seed")];
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::ALL.iter().find(|(dialect, _)| dialect == self).map_or("", |(_, n)| n);
        f.pad(name)
    }
}

/// A text names no dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a dialect, expected json, spec, nul or seed")]
pub struct UnknownDialect;

impl FromStr for Dialect {
    type Err = UnknownDialect;
    fn from_str(text: &str) -> Result<Self, UnknownDialect> {
        let found = Self::ALL.iter().find(|(_, name)| *name == text);
        found.map(|(dialect, _)| *dialect).ok_or(UnknownDialect)
    }
}
