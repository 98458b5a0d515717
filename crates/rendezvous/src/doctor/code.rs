//! Where a doctor's enrolment code comes from: `RENDEZVOUS_ENROLMENT_CODE`, else a terminal without
//! echo. Never an argument, and never a part of any message.

use std::io::{self, IsTerminal as _};

use anyhow::Context as _;
use clap::error::ErrorKind;
use domain::{DoctorName, EnrolmentCode};

/// The variable: a code; or, for several doctors, `NAME=CODE` parted by blanks.
const VARIABLE: &str = "RENDEZVOUS_ENROLMENT_CODE";

/// How often a person is asked who types something else.
const ASKED_MAX: u32 = 3;

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
    let mut code = String::new();
    // Whose code the words are: it may be typed with blanks between its groups.
    let mut whose = (doctors.len() == 1).then_some(doctor.as_str());
    for word in text.split_whitespace() {
        let group = match word.rsplit_once('=') {
            Some((name, group)) => {
                whose = Some(name);
                group
            }
            None => word,
        };
        let Some(name) = whose else {
            return Err(usage(&format!(
                "{VARIABLE} is for one doctor, expected NAME=CODE for each of several"
            )));
        };
        if name == doctor.as_str() {
            code.push_str(group);
        }
    }
    if code.is_empty() {
        return Ok(None);
    }
    EnrolmentCode::try_from(code).map(Some).map_err(|why| usage(&format!("{VARIABLE} {why}")))
}

/// Asks on the terminal, without echo, and again when it was no code; `None` when there is no
/// terminal.
///
/// # Errors
/// When what was typed is no code up to the last time.
pub(super) fn asked(doctor: &DoctorName) -> anyhow::Result<Option<EnrolmentCode>> {
    if !io::stdin().is_terminal() {
        return Ok(None);
    }
    let question = format!("Enrolment code of {doctor}: ");
    let ask = |question: &str| {
        rpassword::prompt_password(question).context("the code cannot be asked for")
    };
    typed(&question, ask).map(Some)
}

/// The code that `ask` brings within [`ASKED_MAX`] times.
fn typed(
    question: &str,
    mut ask: impl FnMut(&str) -> anyhow::Result<String>,
) -> anyhow::Result<EnrolmentCode> {
    let mut words = question.to_owned();
    let mut asked = 1;
    loop {
        match EnrolmentCode::try_from(ask(&words)?) {
            Ok(code) => return Ok(code),
            Err(why) if asked == ASKED_MAX => return Err(usage(&format!("this {why}"))),
            Err(why) => words = format!("This {why}.\n{question}"),
        }
        asked += 1;
    }
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
        check("0369 CFJN RVY1 47AD", &["doc1"], Ok(Some(CODE)));
        let blanks = "doc2=1111 1111 1111 1111 doc1=0369 CFJNRVY1 47AD";
        check(blanks, &["doc1", "doc2"], Ok(Some(CODE)));
    }

    /// What comes of `lines`, and how many of them were read.
    fn type_lines(lines: &[&str]) -> (anyhow::Result<EnrolmentCode>, usize) {
        let mut count = 0;
        let code = typed("Code: ", |words| {
            assert_eq!(words.contains("is not an enrolment code"), count > 0, "{words}");
            assert!(words.ends_with("Code: "), "{words}");
            count += 1;
            Ok(lines[count - 1].to_owned())
        });
        (code, count)
    }

    #[test]
    fn who_mistypes_a_code_is_asked_again_at_once() {
        let (code, count) = type_lines(&["0369", "", CODE]);
        assert_eq!((code.unwrap().expose(), count), (CODE, 3));
        let (code, count) = type_lines(&["secret", "secret", "secret", CODE]);
        let error = code.unwrap_err();
        assert_eq!((Ended::of_error(&error), count), (Ended::BadInput, 3));
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
