//! `rendezvous admin`: what an operator does to a store, beside a running center or without one.
//!
//! Every change is one command to the store's writer, as the center's are; what is deliberately not
//! here: SQL, and any rule about who may have which slot.

mod changes;
mod lists;

use std::path::{Path, PathBuf};

use crate::printing::tell;
use crate::stores::{expect_store, not_ours, open};
use anyhow::Context as _;
use jiff::tz::TimeZone;
use store::sqlite::{Sqlite, upkeep};
use store::{Answer, Query, Store as _, StoreError};

use crate::args::{AdminArgs, AdminTask, ImportArgs, StoreLocation};
use crate::exit::{Declined, Ended};
use crate::input::{self, BadInput};
use crate::loading;

/// Does one task.
///
/// # Errors
/// When the answer is "no" ([`Declined`] or a `Refusal`), the store is not there ([`BadInput`]), or
/// it fails.
pub(crate) fn run(args: AdminArgs) -> anyhow::Result<Ended> {
    let StoreLocation::Sqlite(path) = args.store;
    let told = match args.task {
        AdminTask::Check => return check(&path),
        AdminTask::Backup(task) => back_up(&path, &task.file)?,
        AdminTask::Restore(task) => restore(&path, &task.file)?,
        AdminTask::Import(task) => import(&path, &task)?,
        // The first log-in may come before the first load.
        AdminTask::AddPatient(task) => {
            let made = !path.exists();
            let told = changes::add_patient(&Books::open_or_make(&path)?, task)?;
            if made { format!("{told} to the new store {}", path.display()) } else { told }
        }
        AdminTask::SetPassword(task) => changes::set_password(&Books::open(&path)?, &task)?,
        AdminTask::AddSlots(task) => changes::add_slots(&Books::open(&path)?, task)?,
        AdminTask::Cancel(task) => changes::cancel(&Books::open(&path)?, task)?,
        AdminTask::Patients(task) => lists::patients(&Books::open(&path)?, task.json)?,
        AdminTask::Doctors(task) => lists::doctors(&Books::open(&path)?, task.json)?,
        AdminTask::Slots(task) => lists::slots(&Books::open(&path)?, task.json)?,
        AdminTask::Appointments(task) => {
            lists::appointments(&Books::open(&path)?, task.list.json, task.all)?
        }
    };
    tell(&told)?;
    Ok(Ended::Done)
}

/// An open store, and the zone its times are shown in.
struct Books {
    store: Sqlite,
    zone: TimeZone,
}

impl Books {
    /// Opens a store that is there.
    fn open(path: &Path) -> anyhow::Result<Self> {
        expect_store(path)?;
        Self::open_or_make(path)
    }

    fn open_or_make(path: &Path) -> anyhow::Result<Self> {
        let store = open(path)?;
        let zone = loading::zone(&store, None)?;
        Ok(Self { store, zone })
    }

    fn read(&self, query: &Query) -> anyhow::Result<Answer> {
        Ok(self.store.reader()?.read(query)?)
    }
}

fn check(path: &Path) -> anyhow::Result<Ended> {
    expect_store(path)?;
    let violations =
        upkeep::check(path).with_context(|| format!("{}: cannot be checked", path.display()))?;
    if violations.is_empty() {
        tell(&format!("{}: all is well", path.display()))?;
        return Ok(Ended::Done);
    }
    for violation in &violations {
        tell(&format!("{}: {violation}", path.display()))?;
    }
    Ok(Ended::Failure)
}

fn back_up(path: &Path, file: &Path) -> anyhow::Result<String> {
    expect_store(path)?;
    upkeep::backup(path, file).map_err(|error| file_trouble(error, file))?;
    Ok(format!("backed up {} to {}", path.display(), file.display()))
}

fn restore(path: &Path, file: &Path) -> anyhow::Result<String> {
    expect_store(file)?;
    let replaced: Option<PathBuf> =
        upkeep::restore(path, file).map_err(|error| file_trouble(error, file))?;
    let kept = match replaced {
        Some(old) => format!("; the store that was there is now {}", old.display()),
        None => String::new(),
    };
    Ok(format!("restored {} from {}{kept}", path.display(), file.display()))
}

/// What kept a backup from being made or used: the file that was named, or something of ours.
fn file_trouble(error: StoreError, file: &Path) -> anyhow::Error {
    match error {
        StoreError::InUse(_) => {
            Declined::new(format!("{error}: stop the center first, nothing was changed")).into()
        }
        StoreError::NotOurs(why) => not_ours(file, &why).into(),
        StoreError::Io(why) if why.kind() == std::io::ErrorKind::AlreadyExists => {
            BadInput::of_file(file, "is there already, expected a new file").into()
        }
        other => anyhow::Error::new(other).context(file.display().to_string()),
    }
}

fn import(path: &Path, task: &ImportArgs) -> anyhow::Result<String> {
    if !path.exists() {
        // No store is made for files that cannot be loaded.
        input::users(&task.dir)?;
        input::availabilities(&task.dir, task.load.slot_minutes)?;
    }
    let store = open(path)?;
    let counts = loading::load(&store, &task.dir, &task.load)?;
    let zone = loading::zone(&store, None)?;
    Ok(format!(
        "loaded {}: {} accounts and {} doctors added, {} slots published, {} withdrawn, {} \
         unchanged; clocks show {}",
        task.dir.display(),
        counts.accounts_added,
        counts.doctors_added,
        counts.slots_published,
        counts.slots_withdrawn,
        counts.slots_unchanged,
        loading::name_of(&zone),
    ))
}
