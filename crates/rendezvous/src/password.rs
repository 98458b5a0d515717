//! Where a password comes from: `RENDEZVOUS_PASSWORD`, a terminal without echo, or (a new one) a line
//! of standard input. Never an argument, and never a part of any message.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use clap::error::ErrorKind;
use domain::{Password, PasswordError, UserName};

/// The variable.
const VARIABLE: &str = "RENDEZVOUS_PASSWORD";

/// The longest line of standard input that is read for a password, in bytes.
const LINE_BYTES_MAX: u64 = 4_096;

/// The password in `RENDEZVOUS_PASSWORD`; `None` when it is not set.
///
/// # Errors
/// When it is set to something that is no password: bad usage.
pub(crate) fn from_environment() -> anyhow::Result<Option<Password>> {
    let Some(value) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let Some(text) = value.to_str() else {
        return Err(usage(&format!("{VARIABLE} is not UTF-8")));
    };
    checked(text, VARIABLE).map(Some)
}

/// A new password: from the environment, else asked for twice, else a line of standard input.
///
/// # Errors
/// When there is none, it is no password or a weak one, or the two differ.
pub(crate) fn new(user: &UserName) -> anyhow::Result<Password> {
    let password = any_new(user)?;
    runtime::password::policy::check(&password, user).map_err(|why| usage(&why.to_string()))?;
    Ok(password)
}

fn any_new(user: &UserName) -> anyhow::Result<Password> {
    if let Some(password) = from_environment()? {
        return Ok(password);
    }
    if !io::stdin().is_terminal() {
        return from_line(io::stdin().lock());
    }
    let first = asked(&format!("New password of {user}: "))?;
    let second = asked("Again: ")?;
    if first == second { Ok(first) } else { Err(usage("the two passwords differ")) }
}

/// Asks on the terminal, without echo.
///
/// # Errors
/// When there is no terminal, or no password comes from it.
pub(crate) fn asked(question: &str) -> anyhow::Result<Password> {
    let text = rpassword::prompt_password(question).context("the password cannot be asked for")?;
    // Whoever types knows where it is from.
    Password::new(&text).map_err(|why| usage(&why.to_string()))
}

fn from_line(input: impl io::BufRead) -> anyhow::Result<Password> {
    use io::BufRead as _;
    let mut line = Vec::new();
    input
        .take(LINE_BYTES_MAX)
        .read_until(b'\n', &mut line)
        .context("the password cannot be read from standard input")?;
    let line = line.strip_suffix(b"\n").unwrap_or(&line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let Ok(text) = std::str::from_utf8(line) else {
        return Err(usage("the password on standard input is not UTF-8"));
    };
    if text.is_empty() {
        let wrong = "there is no password: set RENDEZVOUS_PASSWORD, or give it on standard input";
        return Err(usage(wrong));
    }
    checked(text, "standard input")
}

fn checked(text: &str, place: &str) -> anyhow::Result<Password> {
    Password::new(text).map_err(|why: PasswordError| usage(&format!("{place}: {why}")))
}

fn usage(message: &str) -> anyhow::Error {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{message}\n")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Ended;

    fn check(input: &[u8], expected: Result<&str, &str>) {
        match (from_line(input), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.expose(), expected),
            (Err(error), Err(expected)) => {
                assert_eq!(error.to_string(), format!("error: {expected}\n"));
                assert_eq!(Ended::of_error(&error), Ended::BadInput);
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn a_line_of_standard_input_is_a_password() {
        check(b"correct horse\nbattery", Ok("correct horse"));
        check(b"secret\r\n", Ok("secret"));
        check(b"secret", Ok("secret"));
        let none = "there is no password: set RENDEZVOUS_PASSWORD, or give it on standard input";
        check(b"", Err(none));
        check(b"\n", Err(none));
        check(b"a\x07b\n", Err("standard input: the password holds a control character"));
        check(b"\xFF\n", Err("the password on standard input is not UTF-8"));
        check(
            &[b'x'; 10_000],
            Err("standard input: the password is 4096 bytes long, expected at most 512"),
        );
    }
}
