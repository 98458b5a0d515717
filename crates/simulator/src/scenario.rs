//! What a clinic asks, as a small TOML file: a scenario becomes a [`crate::plan::Plan`].
//!
//! The worked examples, `quiet-practice.toml` and its neighbours, are the format's documentation. What
//! is deliberately not here: where the text comes from, and how a mistake in it is shown.

mod build;
mod file;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use domain::{Currency, Money, PlanName};
use protocol::files::FileMistake;

use crate::plan::{DoctorPlan, Plan};
use file::{DoctorTable, File};

/// The largest scenario, in bytes.
const TEXT_BYTES_MAX: usize = 1_024 * 1_024;

/// How many doctors a scenario may have.
const DOCTORS_MAX: usize = 10_000;

/// How many slots, with those published ahead.
const SLOTS_MAX: u64 = 10_000_000;

/// How many patients.
const PATIENTS_MAX: u64 = 1_000_000;

/// The longest title, in characters.
const TITLE_CHARACTERS_MAX: usize = 200;

/// How far from 100 % shares of plans may be, for thirds and the like.
const SHARES_OFF_MAX: f64 = 0.011;

/// The seed when nobody names one.
const SEED: u64 = 1;

/// A scenario that was read, and makes a plan.
#[derive(Debug, Clone)]
pub struct Scenario {
    file: File,
    doctors: Vec<DoctorPlan>,
    plans: Vec<(PlanName, f64)>,
}

/// A place in the text, and what is wrong there.
type Wrong = (Range<usize>, String);

impl Scenario {
    /// Reads `text`, the contents of a file.
    ///
    /// # Errors
    /// The first mistake: no TOML, a key that is none, a value that means nothing there, or more than a
    /// simulation can have.
    pub fn read(text: &str) -> Result<Self, FileMistake> {
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
        let mistake = |(span, message): Wrong| mistake_at(text, span.start, message);
        if text.len() > TEXT_BYTES_MAX {
            let message = format!("is larger than {TEXT_BYTES_MAX} bytes, expected a scenario");
            return Err(mistake((0..0, message)));
        }
        let file: File = toml::from_str(text).map_err(|error| {
            mistake((error.span().unwrap_or_default(), in_our_words(error.message())))
        })?;
        Self::check(file).map_err(mistake)
    }

    /// What people call it.
    #[must_use]
    pub fn title(&self) -> &str {
        self.file.title.get_ref()
    }

    /// The plan that follows from `seed`; from the scenario's own, or 1, when there is `None`.
    #[must_use]
    pub fn plan(&self, seed: Option<u64>) -> Plan {
        let seed = seed.or(self.file.seed.map(|seed| seed.0)).unwrap_or(SEED);
        build::plan(&self.file, self.doctors.clone(), self.plans.clone(), seed)
    }

    /// What no single value shows.
    fn check(file: File) -> Result<Self, Wrong> {
        let title = file.title.get_ref();
        let length = title.chars().count();
        if !(1..=TITLE_CHARACTERS_MAX).contains(&length) {
            let message =
                format!("title has {length} characters, expected 1 to {TITLE_CHARACTERS_MAX}");
            return Err((file.title.span(), message));
        }
        if title.chars().any(char::is_control) {
            let message = "title holds a control character, expected one line of text";
            return Err((file.title.span(), message.to_owned()));
        }
        let doctors = doctors(&file)?;
        let plans = plans(&file, &doctors)?;
        check_currency(&file)?;
        check_size(&file)?;
        Ok(Self { file, doctors, plans })
    }
}

fn doctors(file: &File) -> Result<Vec<DoctorPlan>, Wrong> {
    let tables = file.doctor.get_ref();
    if !(1..=DOCTORS_MAX).contains(&tables.len()) {
        let message = format!("{} doctors, expected 1 to {DOCTORS_MAX}", tables.len());
        return Err((file.doctor.span(), message));
    }
    let currency = match &file.currency {
        None => Currency::USD,
        Some(said) => said
            .get_ref()
            .parse()
            .map_err(|why| (said.span(), format!("currency {:?} {why}", said.get_ref())))?,
    };
    let mut names = BTreeSet::new();
    for table in tables {
        let name = &table.name.get_ref().0;
        if !names.insert(name) {
            let message = format!("there are two doctors {name}, expected one");
            return Err((table.name.span(), message));
        }
    }
    tables.iter().map(|table| doctor(table, currency)).collect()
}

fn doctor(table: &DoctorTable, currency: Currency) -> Result<DoctorPlan, Wrong> {
    let prices = table.prices.iter().map(|(plan, said)| {
        let amount = &said.get_ref().0.0;
        let price = Money::parse(amount, currency)
            .map_err(|why| (said.span(), format!("price {amount:?} {why}")))?;
        Ok((plan.0.clone(), price))
    });
    let prices = prices.collect::<Result<_, Wrong>>()?;
    Ok(DoctorPlan { name: table.name.get_ref().0.clone(), prices })
}

/// The plans that people have: as the scenario says, else all that a doctor covers, alike.
fn plans(file: &File, doctors: &[DoctorPlan]) -> Result<Vec<(PlanName, f64)>, Wrong> {
    let Some(said) = &file.habits.plans else {
        let covered = doctors.iter().flat_map(|doctor| &doctor.prices);
        let plans: BTreeMap<PlanName, f64> = covered.map(|(plan, _)| (plan.clone(), 1.0)).collect();
        return if plans.is_empty() {
            Err((file.doctor.span(), "no doctor has a price, expected prices".to_owned()))
        } else {
            Ok(plans.into_iter().collect())
        };
    };
    let plans: Vec<(PlanName, f64)> =
        said.get_ref().iter().map(|(plan, share)| (plan.0.clone(), share.0.0)).collect();
    let sum: f64 = plans.iter().map(|(_, share)| share).sum();
    if (sum - 1.0).abs() > SHARES_OFF_MAX {
        let message = format!("plans add up to {:.0}%, expected 100%", sum * 100.0);
        return Err((said.span(), message));
    }
    Ok(plans)
}

/// That nobody speaks a dialect in which a price would mean another currency.
fn check_currency(file: &File) -> Result<(), Wrong> {
    let speak_so = file.habits.classic.as_ref().is_some_and(|share| share.0.0 > 0.0);
    match &file.currency {
        Some(said) if speak_so && !build::speaks_of_dollars(file) => {
            let message = format!(
                "currency {:?} cannot be said in the first three dialects, expected USD or classic \
                 = \"0%\"",
                said.get_ref()
            );
            Err((said.span(), message))
        }
        _ => Ok(()),
    }
}

/// That it is no more than a simulation can have, and more than nothing.
fn check_size(file: &File) -> Result<(), Wrong> {
    let slots = build::slots_count(file);
    if !(1..=SLOTS_MAX).contains(&slots) {
        let message = format!("{slots} slots in all, expected 1 to {SLOTS_MAX}");
        return Err((file.doctor.span(), message));
    }
    let table = file.arrivals.get_ref();
    if table.per_hour.is_empty() && table.at_once.is_empty() && table.poisson.is_none() {
        let message = "nobody comes, expected per-hour, at-once or poisson".to_owned();
        return Err((file.arrivals.span(), message));
    }
    let patients = build::patients_count(file);
    if patients > PATIENTS_MAX {
        let message = format!("about {patients} patients in all, expected at most {PATIENTS_MAX}");
        return Err((file.arrivals.span(), message));
    }
    Ok(())
}

/// What the reader of TOML says, as the other files of this program are spoken of.
fn in_our_words(message: &str) -> String {
    let message = message.replace('\n', ", ").replace('`', "");
    if let Some((field, expected)) =
        message.strip_prefix("unknown field ").and_then(|rest| rest.split_once(','))
    {
        return format!("{field} is not a key,{expected}");
    }
    match message.strip_prefix("missing field ") {
        Some(field) => format!("{field} is missing, expected it here"),
        None if message == "duplicate key" => "the key is there twice, expected once".to_owned(),
        None => message,
    }
}

/// A mistake at a byte of the text, by its line and column.
fn mistake_at(text: &str, offset: usize, message: String) -> FileMistake {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    FileMistake {
        line: count(before.matches('\n').count()),
        column: count(before[line_start..].chars().count()),
        message,
    }
}

#[cfg(test)]
mod tests;
