//! The command line of one process of a simulation, and what only its environment may tell it.

use std::ffi::{OsStr, OsString};

/// The arguments of a process: a role, its flags, its names last.
pub(super) struct Words {
    flags: Vec<OsString>,
    names: Vec<OsString>,
    variables: Vec<(&'static str, String)>,
}

impl Words {
    /// Those of a role, without any flag.
    pub(super) fn new(role: &str) -> Self {
        Self { flags: vec![role.into()], names: Vec::new(), variables: Vec::new() }
    }

    /// The same with a flag.
    pub(super) fn with(mut self, flag: &str, value: impl AsRef<OsStr>) -> Self {
        // In one word, so that no value is ever taken for a flag.
        let mut word = OsString::from(flag);
        word.push("=");
        word.push(value);
        self.flags.push(word);
        self
    }

    /// The same for somebody.
    pub(super) fn names(mut self, name: &str) -> Self {
        self.names = vec!["--".into(), name.into()];
        self
    }

    /// The same with a variable: what is secret is never an argument.
    pub(super) fn hears(mut self, variable: &'static str, value: &str) -> Self {
        self.variables.push((variable, value.to_owned()));
        self
    }

    /// All arguments in their order, and the variables.
    pub(super) fn all(self) -> (Vec<OsString>, Vec<(&'static str, String)>) {
        ([self.flags, self.names].concat(), self.variables)
    }
}
