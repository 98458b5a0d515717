//! `rendezvous admin`: what an operator does to a store, beside a running center or without one.
//!
//! Every change is one command to the store's writer, as the center's are; what is deliberately not
//! here: SQL, and any rule about who may have which slot.

mod audit;
mod changes;
mod lists;
mod privacy;
mod site;
mod staff;

use std::path::{Path, PathBuf};

use anyhow::bail;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::sqlite::{Sqlite, upkeep};
use store::{Answer, Command, OperatorDeed, Outcome, Query, Store as _, StoreError};

use crate::args::{AdminArgs, AdminTask, ImportArgs, StoreLocation};
use crate::audit_head::{self, HeadKeeper};
use crate::exit::{Declined, Ended};
use crate::input::{self, BadInput};
use crate::keys::Keys;
use crate::loading;
use crate::printing::tell;
use crate::stores::{expect_store, not_ours, open_with};

/// Does one task.
///
/// # Errors
/// When the answer is "no" ([`Declined`] or a `Refusal`), the store is not there ([`BadInput`]), or
/// it fails.
pub(crate) fn run(args: AdminArgs) -> anyhow::Result<Ended> {
    let StoreLocation::Sqlite(store) = args.store;
    let keys = args.keys.unwrap_or_else(|| Keys::beside(&store));
    let place = Place { store, keys };
    let told = match args.task {
        AdminTask::Check => return audit::check(&place),
        AdminTask::Audit(task) => return audit::audit(&place, &task),
        AdminTask::Backup(task) => back_up(&place, &task.file)?,
        AdminTask::Restore(task) => restore(&place, &task.file)?,
        AdminTask::Import(task) => import(&place, &task)?,
        AdminTask::Certificate(task) => site::certificate(&place, &task)?,
        AdminTask::RotateKeys(task) => site::rotate_keys(&place, &task)?,
        AdminTask::Erase(task) => return privacy::erase(&place, &task),
        AdminTask::Scrub => privacy::scrub(&place)?,
        task => {
            let books = match &task {
                // The first log-in may come before the first load.
                AdminTask::AddPatient(_) | AdminTask::AddStaff(_) => Books::open_or_make(&place)?,
                _ => Books::open(&place)?,
            };
            let told = with_books(&books, task);
            books.sign_audit();
            told?
        }
    };
    tell(&told)?;
    Ok(Ended::Done)
}

/// Does a task that needs no more than an open store.
fn with_books(books: &Books, task: AdminTask) -> anyhow::Result<String> {
    match task {
        AdminTask::AddPatient(task) => changes::add_patient(books, task),
        AdminTask::SetPassword(task) => changes::set_password(books, &task),
        AdminTask::AddSlots(task) => changes::add_slots(books, task),
        AdminTask::Cancel(task) => changes::cancel(books, task),
        AdminTask::Patients(task) => lists::patients(books, task.json),
        AdminTask::Doctors(task) => lists::doctors(books, task.json),
        AdminTask::Slots(task) => lists::slots(books, task.json),
        AdminTask::Appointments(task) => lists::appointments(books, task.list.json, task.all),
        AdminTask::Sessions(task) => lists::sessions(books, task.json),
        AdminTask::EndSessions(task) => staff::end_sessions(books, task),
        AdminTask::Enrol(task) => staff::enrol(books, &task),
        AdminTask::AddStaff(task) => staff::add_staff(books, task),
        AdminTask::NewTotp(task) => staff::new_totp(books, &task),
        AdminTask::Export(task) => privacy::export(books, &task),
        AdminTask::Check
        | AdminTask::Audit(_)
        | AdminTask::Backup(_)
        | AdminTask::Restore(_)
        | AdminTask::Import(_)
        | AdminTask::Certificate(_)
        | AdminTask::RotateKeys(_)
        | AdminTask::Erase(_)
        | AdminTask::Scrub => bail!("this task needs more than an open store"),
    }
}

/// Where a store is, and its keys.
struct Place {
    store: PathBuf,
    keys: PathBuf,
}

impl Place {
    fn keys(&self) -> Result<Keys, BadInput> {
        Keys::open(&self.keys)
    }
}

/// An open store, and the zone its times are shown in.
struct Books {
    store: Sqlite,
    keys: Keys,
    zone: TimeZone,
    /// Whether this command made the store.
    origin: Origin,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Found,
    Made,
}

impl Books {
    /// Opens a store that is there.
    fn open(place: &Place) -> anyhow::Result<Self> {
        expect_store(&place.store)?;
        Self::open_or_make(place)
    }

    fn open_or_make(place: &Place) -> anyhow::Result<Self> {
        let origin = if place.store.exists() { Origin::Found } else { Origin::Made };
        let keys = place.keys()?;
        let store = open_with(&place.store, &keys)?;
        let zone = loading::zone(&store, None)?;
        Ok(Self { store, keys, zone, origin })
    }

    fn read(&self, query: &Query) -> anyhow::Result<Answer> {
        Ok(self.store.reader()?.read(query)?)
    }

    fn commit(&self, command: Command) -> anyhow::Result<Outcome> {
        loading::commit(&self.store, Timestamp::now(), command)
    }

    /// Records what the operator does, or is about to be shown.
    fn record(&self, deed: OperatorDeed) -> anyhow::Result<()> {
        match self.commit(Command::Operated(deed))? {
            Outcome::Done => Ok(()),
            other => bail!(changes::unexpected(&other)),
        }
    }

    /// Signs the audit's head with what this command has added, so that it is covered even when no
    /// center runs. What is done is done: if that fails, it is only told.
    fn sign_audit(&self) {
        let signed =
            self.store.reader().map_err(anyhow::Error::from).and_then(|reader| {
                HeadKeeper::new(self.keys.clone(), reader)?.keep(Timestamp::now())
            });
        match signed {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => tracing::error!("{fault}; run rendezvous admin audit --verify"),
            Err(error) => tracing::error!("the audit's head cannot be signed: {error:#}"),
        }
    }
}

fn back_up(place: &Place, file: &Path) -> anyhow::Result<String> {
    let path = &place.store;
    expect_store(path)?;
    upkeep::backup(path, file).map_err(|error| file_trouble(error, file))?;
    Ok(format!(
        "backed up {} to {}\nkeep {} beside it, in another safe place: without the keys in it the \
         audit of a restored store cannot be verified",
        path.display(),
        file.display(),
        place.keys.display(),
    ))
}

fn restore(place: &Place, file: &Path) -> anyhow::Result<String> {
    let path = &place.store;
    expect_store(file)?;
    let replaced: Option<PathBuf> =
        upkeep::restore(path, file).map_err(|error| file_trouble(error, file))?;
    let kept = match replaced {
        Some(old) => format!("; the store that was there is now {}", old.display()),
        None => String::new(),
    };
    // The audit of a backup ends before the head that was signed last.
    let set_aside = match audit_head::set_aside(&place.keys()?, Timestamp::now())? {
        Some(aside) => {
            format!("\nits audit ends earlier: the signed head is now {}", aside.display())
        }
        None => String::new(),
    };
    Books::open_or_make(place)?.sign_audit();
    let keys = place.keys.display();
    Ok(format!(
        "restored {} from {}{kept}{set_aside}\nits audit can be verified with the keys that belong to \
         it only, in {keys}: rendezvous admin audit --verify",
        path.display(),
        file.display()
    ))
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

fn import(place: &Place, task: &ImportArgs) -> anyhow::Result<String> {
    if !place.store.exists() {
        // No store is made for files that cannot be loaded.
        input::users(&task.dir)?;
        input::availabilities(&task.dir, task.load.slot_minutes)?;
    }
    let books = Books::open_or_make(place)?;
    let counts = loading::load(&books.store, &task.dir, &task.load);
    books.sign_audit();
    let counts = counts?;
    let zone = loading::zone(&books.store, None)?;
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
