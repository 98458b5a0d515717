//! Where a doctor's enrolment code comes from: `RENDEZVOUS_ENROLMENT_CODE`, else a terminal without
//! echo. Never an argument, and never a part of any message.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use clap::error::ErrorKind;
use domain::{DoctorName, EnrolmentCode};

/// The variable: a code; or, for several doctors, `NAME=CODE` parted by blanks.
const VARIABLE: &str = "RENDEZVOUS_ENROLMENT_CODE";

/// The code of one of `doctors` in the environment; `None` when there is none.
///
/// # Errors
/// When the variable holds no code, or one code for several doctors: bad usage.
pub(super) fn from_environment(
    doctor: &DoctorName,
    doctors: &[DoctorName],
) -> anyhow::Result<Option<EnrolmentCode>> {
    let Some(value) = std::env::var_os(VARIABLE) else { return Ok(None) };
    let text = value.to_str().with_context(|| format!("{VARIABLE} is not UTF-8"))?;
    named(text, doctor, doctors)
}

fn named(
    text: &str,
    doctor: &DoctorName,
    doctors: &[DoctorName],
) -> anyhow::Result<Option<EnrolmentCode>> {
    let mut words = text.split_whitespace().peekable();
    if words.peek().is_none() {
        return Ok(None);
    }
    for word in words {
        let code = match word.rsplit_once('=') {
            Some((name, code)) if name == doctor.as_str() => code,
            Some(_) => continue,
            None if doctors.len() == 1 => word,
            None => {
                return Err(usage(&format!(
                    "{VARIABLE} is for one doctor, expected NAME=CODE for each of several"
                )));
            }
        };
        let code = EnrolmentCode::try_from(code.to_owned());
        return code.map(Some).map_err(|why| usage(&format!("{VARIABLE} {why}")));
    }
    Ok(None)
}

/// Asks on the terminal, without echo; `None` when there is no terminal.
///
/// # Errors
/// When what was typed is no code.
pub(super) fn asked(doctor: &DoctorName) -> anyhow::Result<Option<EnrolmentCode>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let question = format!("Enrolment code of {doctor}: ");
    let text = rpassword::prompt_password(question).context("the code cannot be asked for")?;
    EnrolmentCode::try_from(text).map(Some).map_err(|why| usage(&format!("it {why}")))
}

fn usage(message: &str) -> anyhow::Error {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{message}\n")).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Ended;

    const CODE: &str = "0369-CFJN-RVY1-47AD";

    fn check(text: &str, doctors: &[&str], expected: Result<Option<&str>, ()>) {
        let doctors: Vec<DoctorName> = doctors.iter().map(|name| name.parse().unwrap()).collect();
        let found = named(text, &doctors[0], &doctors);
        if let Err(error) = &found {
            assert_eq!(Ended::of_error(error), Ended::BadInput);
            assert!(!error.to_string().contains(text), "{error}");
        }
        let found = found.map_err(|_| ());
        assert_eq!(
            found.map(|code| code.map(|code| code.expose().to_owned())),
            expected.map(|code| code.map(str::to_owned)),
            "{text}"
        );
    }

    #[test]
    fn each_doctor_has_a_code_of_its_own() {
        check(CODE, &["doc1"], Ok(Some(CODE)));
        check("0369-cfjn-rvy1-47ad\n", &["doc1"], Ok(Some(CODE)));
        check(" ", &["doc1"], Ok(None));
        check("secret", &["doc1"], Err(()));
        check(CODE, &["doc1", "doc2"], Err(()));
        let both = format!("doc2=1111-1111-1111-1111 doc1={CODE}");
        check(&both, &["doc1", "doc2"], Ok(Some(CODE)));
        check(&both, &["doc3"], Ok(None));
    }
}
