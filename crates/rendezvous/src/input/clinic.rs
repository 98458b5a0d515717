//! A whole clinic: everything that `rendezvous simulate` needs, checked before anything starts.

use std::cmp::Ordering;
use std::fs;
use std::path::Path;

use domain::{Currency, DoctorName, UserName};

use super::{BadInput, availabilities, login, plan, tariff, tariff_path, users};

/// Who plays in a simulation. Every file behind it has been read and is right.
#[derive(Debug)]
pub(crate) struct Clinic {
    /// The doctors, in the order of their first slot, with their UDP ports.
    pub(crate) doctors: Vec<(DoctorName, u16)>,
    /// The patients, in name order; at least one.
    pub(crate) patients: Vec<UserName>,
    /// How many accounts users.txt has.
    pub(crate) accounts: usize,
}

/// Checks a folder as a whole: users, slots, a tariff for each doctor, a log-in and a plan for each
/// patient.
///
/// # Errors
/// The first mistake.
pub(crate) fn whole_clinic(
    dir: &Path,
    slot_minutes: u32,
    currency: Currency,
) -> Result<Clinic, BadInput> {
    // First of all: it says so when the folder itself is not there.
    let stems = patients_of(dir)?;
    let accounts = users(dir)?.len();
    let mut doctors: Vec<(DoctorName, u16)> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for row in availabilities(dir, slot_minutes)? {
        if known.insert(row.doctor.clone()) {
            doctors.push((row.doctor, row.port));
        }
    }
    for (doctor, _) in &doctors {
        tariff(&tariff_path(dir, doctor.as_str())?, currency)?;
    }
    if stems.is_empty() {
        let message = "holds no patient, expected patientN.txt and patientNinsurance.txt";
        return Err(BadInput::of_file(dir, message));
    }
    let mut patients = Vec::with_capacity(stems.len());
    for stem in stems {
        login(dir, &stem)?;
        plan(dir, &stem)?;
        let path = dir.join(format!("{stem}.txt"));
        let name = UserName::new(&stem)
            .map_err(|why| BadInput::of_file(&path, format!("the patient's name {why}")))?;
        patients.push(name);
    }
    Ok(Clinic { doctors, patients, accounts })
}

/// The stems of the `patient*.txt` in `dir` that do not end in `insurance.txt`, in natural order:
/// patient2 before patient10.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn patients_of(dir: &Path) -> Result<Vec<String>, BadInput> {
    let expected = "expected a folder of users.txt, availabilities.txt, patientN.txt, docN.txt";
    let failed = |error: std::io::Error| {
        let wrong = match error.kind() {
            std::io::ErrorKind::NotFound => "not found".to_owned(),
            std::io::ErrorKind::NotADirectory => "is not a folder".to_owned(),
            _ => format!("cannot be read ({error})"),
        };
        BadInput::of_file(dir, format!("{wrong}, {expected}"))
    };
    let mut stems = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        // A name that is not UTF-8 is none of a patient's: those are typed on a command line.
        let Some(name) = name.to_str() else { continue };
        if name.starts_with("patient") && !name.ends_with("insurance.txt") {
            stems.extend(name.strip_suffix(".txt").map(str::to_owned));
        }
    }
    stems.sort_by(|a, b| in_natural_order(a, b));
    Ok(stems)
}

/// Digits are compared as numbers, everything else as text.
pub(super) fn in_natural_order(a: &str, b: &str) -> Ordering {
    let (mut rest_a, mut rest_b) = (a, b);
    while !rest_a.is_empty() && !rest_b.is_empty() {
        let ((part_a, tail_a), (part_b, tail_b)) = (first_part(rest_a), first_part(rest_b));
        let by_number = || {
            let digits = |part: &'_ str| part.bytes().all(|b| b.is_ascii_digit());
            (digits(part_a) && digits(part_b)).then(|| {
                let (a, b) = (part_a.trim_start_matches('0'), part_b.trim_start_matches('0'));
                a.len().cmp(&b.len()).then_with(|| a.cmp(b))
            })
        };
        let order = by_number().unwrap_or_else(|| part_a.cmp(part_b));
        if order.is_ne() {
            return order;
        }
        (rest_a, rest_b) = (tail_a, tail_b);
    }
    rest_a.len().cmp(&rest_b.len()).then_with(|| a.cmp(b))
}

/// The digits in front, or all that is in front of the first digit, and the rest.
fn first_part(text: &str) -> (&str, &str) {
    let is_digit = |c: char| c.is_ascii_digit();
    let number = text.starts_with(is_digit);
    let end = text.find(|c| is_digit(c) != number).unwrap_or(text.len());
    text.split_at(end)
}
