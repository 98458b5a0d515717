//! Loading a clinic's files into the store: everything, or nothing.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use ::center::loading::{Calendar, schedule};
use anyhow::{Context as _, bail};
use domain::{AccountId, PatientId, Slot};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::files::{AvailabilityRow, UserRow};
use runtime::fresh_entropy;
use store::{
    AddPatient, Answer, Command, Import, ImportConflict, ImportCounts, Outcome, Query,
    SlotConflict, Store,
};

use crate::args::{LoadArgs, Zone};
use crate::input::{self, BadInput};

/// Loads the files; gives what came of it.
///
/// # Errors
/// [`BadInput`] when a file cannot be used or contradicts what is booked; nothing is loaded then.
pub(crate) fn load(store: &dyn Store, dir: &Path, how: &LoadArgs) -> anyhow::Result<ImportCounts> {
    let users = input::users(dir)?;
    let rows = input::availabilities(dir, how.slot_minutes)?;
    let zone = zone(store, how.zone.as_ref())?;
    let now = Timestamp::now();
    let calendar = Calendar { zone: zone.clone(), now, slot_minutes: how.slot_minutes };
    let elsewhere: BTreeMap<_, _> =
        how.doctor_at.iter().map(|at| (at.doctor.clone(), at.address)).collect();
    for doctor in elsewhere.keys() {
        if !rows.iter().any(|row| row.doctor == *doctor) {
            let message = format!("{doctor} has no slot in the file, expected one of its doctors");
            return Err(BadInput::of_file(Path::new("--doctor-at"), message).into());
        }
    }
    let schedule = schedule(&rows, &calendar, &elsewhere).map_err(|line| {
        let message = "lies beyond the end of the calendar, expected an earlier time";
        BadInput::in_availabilities(dir, line, message.to_owned())
    })?;
    for line in &schedule.skipped {
        let file = dir.join(input::AVAILABILITIES_FILE);
        tracing::warn!(file = %file.display(), line, "clocks skip this time, and the next is taken");
    }
    let import = Import {
        zone: name_of(&zone).to_owned(),
        accounts: new_accounts(store, now, users)?,
        doctors: schedule.doctors,
        slots: schedule.slots,
    };
    let outcome = commit(store, now, Command::Import(import))?;
    match outcome {
        Outcome::Imported(counts) => Ok(counts),
        Outcome::ImportConflict(conflict) => Err(explain(&conflict, &zone, &rows, dir).into()),
        other => bail!("the store answered an import with {other:?}"),
    }
}

/// Runs one command by itself.
///
/// # Errors
/// When it was not committed, or may not have been.
pub(crate) fn commit(
    store: &dyn Store,
    now: Timestamp,
    command: Command,
) -> anyhow::Result<Outcome> {
    let outcomes = store.writer()?.commit(now, &[command])?;
    outcomes.into_iter().next().context("the store gave no outcome")
}

/// The center's zone: the store's, else the one that was asked for, else the system's.
///
/// # Errors
/// [`BadInput`] when another zone is asked for than the store keeps.
pub(crate) fn zone(store: &dyn Store, wanted: Option<&Zone>) -> anyhow::Result<TimeZone> {
    let Answer::Center(center) = store.reader()?.read(&Query::Center)? else {
        bail!("the store did not answer about the center");
    };
    let wanted = wanted.map(|zone| zone.time_zone().clone());
    let Some(kept) = center else { return Ok(wanted.unwrap_or_else(system_zone)) };
    match wanted {
        Some(other) if name_of(&other) != kept.zone => Err(wrong_zone(&other, &kept.zone).into()),
        _ => TimeZone::get(&kept.zone)
            .with_context(|| format!("the store's zone {} is not known here", kept.zone)),
    }
}

/// The center's zone as [`zone`] has it, stored if it was not: from now on clocks show this one,
/// whoever loads files later.
///
/// # Errors
/// As [`zone`], and when it cannot be stored.
pub(crate) fn settle_zone(store: &dyn Store, wanted: Option<&Zone>) -> anyhow::Result<TimeZone> {
    let zone = zone(store, wanted)?;
    let settle = Command::SettleZone(name_of(&zone).to_owned());
    match commit(store, Timestamp::now(), settle)? {
        Outcome::Done => Ok(zone),
        // Somebody else was faster, and chose another one.
        _ => self::zone(store, wanted),
    }
}

/// The zone of this machine, or UTC where it has none with a name.
fn system_zone() -> TimeZone {
    let zone = TimeZone::system();
    match zone.iana_name().and_then(|name| TimeZone::get(name).ok()) {
        Some(zone) => zone,
        None => {
            tracing::warn!("this machine's time zone has no IANA name, UTC is used");
            TimeZone::UTC
        }
    }
}

/// The IANA name of a zone of ours; every one has a name.
pub(crate) fn name_of(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

/// The accounts that are not in the store yet. Only their passwords are hashed: that takes its
/// time on purpose.
fn new_accounts(
    store: &dyn Store,
    now: Timestamp,
    users: Vec<UserRow>,
) -> anyhow::Result<Vec<AddPatient>> {
    let names = users.iter().map(|row| row.user.clone()).collect();
    let Answer::Users(known) = store.reader()?.read(&Query::KnownUsers(names))? else {
        bail!("the store did not answer about users");
    };
    let known: HashSet<_> = known.into_iter().collect();
    let new: Vec<UserRow> = users.into_iter().filter(|row| !known.contains(&row.user)).collect();
    if !new.is_empty() {
        tracing::info!(accounts = new.len(), "hashing the passwords of new accounts");
    }
    let passwords: Vec<_> = new.iter().map(|row| &row.password).collect();
    let hashes = runtime::password::hash_all(&passwords);
    let accounts = new.into_iter().zip(hashes).map(|(row, password)| AddPatient {
        account: AccountId::fresh(now, &fresh_entropy()),
        patient: PatientId::fresh(now, &fresh_entropy()),
        user: row.user,
        password,
        name: None,
    });
    Ok(accounts.collect())
}

fn wrong_zone(zone: &TimeZone, kept: &str) -> BadInput {
    let message = format!("the zone {} is not the store's, expected {kept}", name_of(zone));
    BadInput::of_file(Path::new("--zone"), message)
}

fn explain(
    conflict: &ImportConflict,
    zone: &TimeZone,
    rows: &[AvailabilityRow],
    dir: &Path,
) -> BadInput {
    match conflict {
        ImportConflict::Zone(kept) => wrong_zone(zone, kept),
        ImportConflict::Slot { line, conflict } => {
            BadInput::in_availabilities(dir, *line, explain_slot(conflict, zone))
        }
        ImportConflict::Address { doctor, holder } => {
            let line = rows.iter().find(|row| row.doctor == *doctor).map_or(1, |row| row.line);
            let message = format!(
                "{doctor} answers where {holder} does, who still has slots to come, expected \
                 another port"
            );
            BadInput::in_availabilities(dir, line, message)
        }
    }
}

/// A moment as clocks in `zone` show it: `Tue 2026-12-01 09:00`.
pub(crate) fn shown_moment(moment: Timestamp, zone: &TimeZone) -> String {
    moment.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M").to_string()
}

/// What stands in a slot's way, in words.
pub(crate) fn explain_slot(conflict: &SlotConflict, zone: &TimeZone) -> String {
    let shown = |slot: &Slot| {
        let start = shown_moment(slot.start, zone);
        format!("slot {} of {} on {start}", slot.index, slot.doctor.name)
    };
    match conflict {
        SlotConflict::IndexBooked(slot) => format!(
            "the index is that of {}, which is booked, expected the same doctor, time and length: \
             --slot-minutes",
            shown(slot)
        ),
        SlotConflict::IndexAddedByHand(slot) => format!(
            "the index is that of {}, which was added by hand, expected another index",
            shown(slot)
        ),
        SlotConflict::Overlap(slot) => {
            format!("overlaps {}, expected a time of its own", shown(slot))
        }
    }
}

#[cfg(test)]
mod tests {
    use store::sqlite::Sqlite;

    use super::*;

    const INPUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../input");

    fn how(zone: &str, doctor_at: &[&str]) -> LoadArgs {
        LoadArgs {
            zone: Some(zone.parse().unwrap()),
            slot_minutes: 60,
            doctor_at: doctor_at.iter().map(|at| at.parse().unwrap()).collect(),
        }
    }

    fn check(store: &Sqlite, how: &LoadArgs, expected: &str) {
        let found = match load(store, Path::new(INPUT), how) {
            Ok(counts) => format!("{counts:?}"),
            Err(error) => error.to_string(),
        };
        assert!(found.starts_with(expected), "{found}");
    }

    #[test]
    fn the_zone_that_a_center_has_opened_with_stays() {
        let store = Sqlite::in_memory().unwrap();
        let berlin = "Europe/Berlin".parse().unwrap();
        assert_eq!(name_of(&settle_zone(&store, Some(&berlin)).unwrap()), "Europe/Berlin");
        assert_eq!(name_of(&settle_zone(&store, None).unwrap()), "Europe/Berlin");
        let wrong = "--zone: the zone Asia/Tokyo is not the store's, expected Europe/Berlin";
        check(&store, &how("Asia/Tokyo", &[]), wrong);
        check(&store, &how("Europe/Berlin", &[]), "ImportCounts { accounts_added: 2");
    }

    #[test]
    fn an_address_is_given_to_doctors_of_the_file_only() {
        let store = Sqlite::in_memory().unwrap();
        let wrong = "--doctor-at: dok1 has no slot in the file, expected one of its doctors";
        check(&store, &how("UTC", &["doc1=127.0.0.1:5", "dok1=127.0.0.1:6"]), wrong);
        check(&store, &how("UTC", &["doc1=127.0.0.1:5"]), "ImportCounts { accounts_added: 2");
    }
}
