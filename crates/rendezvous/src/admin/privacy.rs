//! What an operator does for a patient who asks what is known, or wants to be forgotten.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use clap::error::ErrorKind;
use domain::{PatientId, Refusal};
use store::sqlite::upkeep;
use store::{
    Actor, Answer, Command, Erase, Look, LookAt, Outcome, PatientChoice, PatientRecord, Query,
    StoreError,
};

use super::changes::unexpected;
use super::{Books, Place};
use crate::args::{EraseArgs, ExportArgs, PatientNamed};
use crate::exit::{Declined, Ended};
use crate::input::BadInput;
use crate::keys::private_file::{self, Created};
use crate::printing::tell;
use crate::stores::expect_store;

/// The longest line that is read as a name, in bytes.
const LINE_BYTES_MAX: u64 = 1_024;
/// How long others may keep the store's file from being written anew.
const SCRUB_TRIED_MAX: Duration = Duration::from_secs(30);
/// The pause between two tries.
const SCRUB_PAUSE: Duration = Duration::from_millis(250);

/// Writes what is held about a patient; gives back what to tell.
pub(super) fn export(books: &Books, task: &ExportArgs) -> anyhow::Result<String> {
    if let Some(file) = task.output.as_ref().filter(|file| file.exists()) {
        return Err(there_already(file).into());
    }
    let patient = patient_id(books, &task.patient)?;
    let look = Look { actor: Actor::Operator, patient, what: LookAt::Everything };
    match books.commit(Command::Look(look))? {
        Outcome::Done => {}
        Outcome::Refused(refusal) => return Err(refusal.into()),
        other => bail!(unexpected(&other)),
    }
    let Answer::PatientData(data) = books.read(&Query::PatientData(patient))? else {
        bail!("the store did not answer about a patient");
    };
    let Some(data) = data else { return Err(Refusal::NoSuchPatient.into()) };
    let text = serde_json::to_string_pretty(&data)?;
    let Some(file) = &task.output else { return Ok(text) };
    match private_file::create_for_us(file, format!("{text}\n").as_bytes())? {
        Created::Ours => {
            Ok(format!("wrote what is held about {} to {}", task.patient, file.display()))
        }
        Created::Theirs => Err(there_already(file).into()),
    }
}

/// Forgets a patient, and tells what that means.
pub(super) fn erase(place: &Place, task: &EraseArgs) -> anyhow::Result<Ended> {
    let books = Books::open(place)?;
    let record = patient(&books, &task.patient)?;
    if !task.yes {
        confirm(&task.patient)?;
    }
    let erase = Erase { patient: record.patient, actor: Actor::Operator };
    let outcome = books.commit(Command::Erase(erase));
    books.sign_audit();
    // Its connections would keep the file from being written anew.
    drop(books);
    let cancelled = match outcome? {
        Outcome::Erased { appointments_cancelled } => appointments_cancelled,
        Outcome::Refused(refusal) => return Err(refusal.into()),
        other => bail!(unexpected(&other)),
    };
    scrub_file(place).context(
        "the person is forgotten, but the bytes may still be in the file: run rendezvous admin scrub",
    )?;
    tell(&format!(
        "erased {}: {cancelled} appointments to come are cancelled, what was stays under {} and \
         stands for nobody\nthe person is gone from {} and its log; backups that were made before \
         still hold the person, and so do stores that were set aside at a restore",
        task.patient,
        record.patient,
        place.store.display()
    ))?;
    Ok(Ended::Done)
}

/// Writes the store's file anew; gives back what to tell.
pub(super) fn scrub(place: &Place) -> anyhow::Result<String> {
    expect_store(&place.store)?;
    scrub_file(place)?;
    Ok(format!("{}: nothing of what was erased is left in it", place.store.display()))
}

fn scrub_file(place: &Place) -> anyhow::Result<()> {
    let began = Instant::now();
    loop {
        match upkeep::scrub(&place.store) {
            Ok(()) => return Ok(()),
            Err(StoreError::InUse(_)) if began.elapsed() < SCRUB_TRIED_MAX => {
                std::thread::sleep(SCRUB_PAUSE);
            }
            Err(error) => {
                let path = place.store.display();
                return Err(error).with_context(|| format!("{path}: cannot be scrubbed"));
            }
        }
    }
}

/// The id of the patient that was named; an id is taken as it is, since a person who was forgotten
/// still has one.
pub(super) fn patient_id(books: &Books, named: &PatientNamed) -> anyhow::Result<PatientId> {
    match &named.0 {
        PatientChoice::Id(id) => Ok(*id),
        PatientChoice::User(_) => Ok(patient(books, named)?.patient),
    }
}

fn patient(books: &Books, named: &PatientNamed) -> anyhow::Result<PatientRecord> {
    let Answer::Patient(found) = books.read(&Query::Patient(named.0.clone()))? else {
        bail!("the store did not answer about a patient");
    };
    found.ok_or_else(|| Declined::new(format!("there is no patient {named}")).into())
}

/// Has the name typed again.
fn confirm(named: &PatientNamed) -> anyhow::Result<()> {
    let usage = |wrong: &str| clap::Error::raw(ErrorKind::ValueValidation, format!("{wrong}\n"));
    if !io::stdin().is_terminal() {
        return Err(usage("this cannot be undone: say so with --yes").into());
    }
    let mut out = io::stderr().lock();
    write!(out, "This cannot be undone. Type {named} again: ")?;
    out.flush()?;
    let mut line = String::new();
    io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line)?;
    if line.trim() == named.to_string() {
        return Ok(());
    }
    Err(usage(&format!("that was not {named}: nothing was erased")).into())
}

fn there_already(file: &std::path::Path) -> BadInput {
    BadInput::of_file(file, "is there already, expected a new file")
}
