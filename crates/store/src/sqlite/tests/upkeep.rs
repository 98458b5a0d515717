//! Checking, backing up and restoring.

use std::fs;
use std::io;

use super::super::Sqlite;
use super::super::lock::StoreLock;
use super::super::upkeep::{backup, check, restore};
use super::{Place, place, raw, violations};
use crate::StoreError;
use crate::conformance::Clinic;
use crate::conformance::audit_key;

/// A clinic with some past: a booking, a move, a cancellation, request ids.
fn place_with_a_past() -> Place {
    let mut place = place();
    let moved = place.clinic.booked(1, 2);
    place.clinic.reschedule(1, moved.id, 4);
    let cancelled = place.clinic.booked(2, 3);
    place.clinic.cancel(2, cancelled.id);
    let named = crate::Book {
        request: crate::conformance::clinic::request("r1"),
        ..place.clinic.booking(3, 6)
    };
    place.clinic.run(crate::Command::Book(named));
    place
}

/// What the check finds after `sql` was run with all constraints off.
fn check_finds(sql: &str, expected: &[&str]) {
    let place = place_with_a_past();
    assert_eq!(violations(&place.path), Vec::<String>::new());
    let connection = raw(&place.path);
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;")
        .unwrap();
    let triggers: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for trigger in triggers {
        connection.execute_batch(&format!("DROP TRIGGER {trigger}")).unwrap();
    }
    connection.execute_batch(sql).unwrap();
    let found = violations(&place.path);
    for sentence in expected {
        assert!(found.iter().any(|line| line.contains(sentence)), "{sentence}: {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn a_claim_without_its_appointment_is_found() {
    check_finds(
        "DELETE FROM claim WHERE slot = 4",
        &[
            "a live appointment does not have its slot's claim: appointment 00",
            "a slot is marked as booked or not, and its claim says otherwise: slot 4",
        ],
    );
    check_finds(
        "UPDATE claim SET slot = 5 WHERE slot = 4",
        &[
            "a live appointment does not have its slot's claim",
            "a claim for good has no live appointment in its slot: slot 5",
            "a slot is marked as booked or not, and its claim says otherwise: slot 4",
            "a slot is marked as booked or not, and its claim says otherwise: slot 5",
        ],
    );
    check_finds(
        "UPDATE appointment SET status = 'cancelled' WHERE slot = 4",
        &["a claim for good has no live appointment in its slot: slot 4"],
    );
}

#[test]
fn a_slot_booked_twice_is_found() {
    check_finds(
        "DROP INDEX appointment_one_per_slot;
         UPDATE appointment SET slot = 4 WHERE slot = 6; DELETE FROM claim WHERE slot = 6;",
        &[
            "a slot has two live appointments: slot 4",
            "a live appointment does not have its slot's claim",
            "a slot is marked as booked or not, and its claim says otherwise: slot 6",
        ],
    );
}

#[test]
fn a_slot_marked_wrongly_and_a_free_one_in_blocked_time_are_found() {
    check_finds(
        "UPDATE slot SET booked = 1 - booked WHERE slot IN (1, 4)",
        &[
            "a slot is marked as booked or not, and its claim says otherwise: slot 1",
            "a slot is marked as booked or not, and its claim says otherwise: slot 4",
        ],
    );
    // Slot 4, of the same doctor, is booked: it may stay.
    check_finds(
        "INSERT INTO blocked (center, block, doctor, starts, ends, added)
         SELECT 1, 1, doctor, 0, 9000000000000, 0 FROM slot WHERE slot = 1;",
        &[
            "a free slot is published in blocked time: slot 1, block 1",
            "a free slot is published in blocked time: slot 3, block 1",
        ],
    );
    check_finds(
        "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = 1, withdrawn_for = 7
         WHERE slot = 1",
        &["a slot was withdrawn for a block that is not there: slot 1"],
    );
}

#[test]
fn a_broken_calendar_is_found() {
    check_finds(
        "UPDATE slot SET ends = starts + 864000000 WHERE slot = 1",
        &[
            "two published slots of one doctor overlap: slots 4 and 1",
            "two published slots of one doctor overlap: slots 3 and 4",
        ],
    );
    check_finds(
        "DROP INDEX slot_by_index; UPDATE slot SET idx = 1 WHERE slot = 2",
        &["an index means two slots: index 1"],
    );
    check_finds(
        "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = 1
         WHERE slot = 4",
        &["a claim is on a slot that is not published: slot 4"],
    );
    check_finds(
        "UPDATE center SET slots_made = 5",
        &["a slot has an id that was not given out: slot 6"],
    );
}

#[test]
fn a_lost_past_is_found() {
    check_finds(
        "DELETE FROM appointment_history WHERE what = 'moved'",
        &[
            "rows of appointment name a row of appointment_history that is not there",
            "rows of outbox name a row of appointment_history that is not there",
            "the version of an appointment is not the length of its history",
        ],
    );
    check_finds(
        "DELETE FROM outbox WHERE kind = 'cancelled'",
        &["a step of an appointment's history has no row in the outbox"],
    );
    check_finds("DELETE FROM audit WHERE entry = 3", &["the audit has a gap: center 1"]);
}

#[test]
fn credentials_and_doctors_accounts_that_cannot_be_are_found() {
    check_finds(
        "DROP INDEX credential_one_totp_in_force;
         INSERT INTO credential (center, account, credential, kind, secret, added)
         SELECT 1, account, n.value, 'totp', '00', 0 FROM account, json_each('[2,3]') n
         WHERE user_name = 'patient1'",
        &["an account has two secrets for one-time passwords in force: account 01"],
    );
    let one = "an account speaks for a doctor without being one's, or is one's and speaks for \
        nobody: account 01";
    check_finds(
        "INSERT INTO speaks_for SELECT 1, account, 1, 0 FROM account WHERE user_name = 'patient1'",
        &[one],
    );
    check_finds("UPDATE account SET role = 'doctor' WHERE user_name = 'patient1'", &[one]);
    check_finds(
        "UPDATE audit SET mac = NULL WHERE entry = 3",
        &["a record of the audit without a code comes after one that has a code: entry 3"],
    );
}

#[test]
fn a_backup_of_the_first_version_is_checked_and_restored() {
    let folder = tempfile::tempdir().unwrap();
    let (old, file) = (folder.path().join("old.db"), folder.path().join("backup.db"));
    super::migration::first_version(&old);
    assert_eq!(violations(&old), Vec::<String>::new());
    backup(&old, &file).unwrap();
    let path = folder.path().join("clinic.db");
    restore(&path, &file).unwrap();
    Sqlite::open(&path, &audit_key()).unwrap();
    assert_eq!(violations(&path), Vec::<String>::new());
    raw(&file)
        .execute_batch("DROP TRIGGER audit_is_kept; DELETE FROM audit WHERE entry = 2")
        .unwrap();
    assert_eq!(violations(&file), ["the audit has a gap: center 1"]);
}

#[test]
fn an_untrue_answer_is_found() {
    check_finds(
        "UPDATE request SET outcome = '{\"booked\":1}'",
        &["the outcome of a request cannot be true: request r1: "],
    );
    check_finds(
        "UPDATE request SET outcome = json_set(outcome, '$.booked.version', 2)",
        &["the outcome of a request cannot be true: request r1: appointment "],
    );
}

#[test]
fn a_damaged_page_is_found() {
    let place = place_with_a_past();
    drop((place.clinic, place.store));
    let mut bytes = fs::read(&place.path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 4096].fill(0xaa);
    fs::write(&place.path, bytes).unwrap();
    let found = violations(&place.path);
    assert!(!found.is_empty());
    let folder = tempfile::tempdir().unwrap();
    let result = restore(&folder.path().join("clinic.db"), &place.path);
    assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the lock file");
}

#[test]
fn a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nothing.db");
    assert!(check(&path).is_err());
    assert!(!path.exists());
}

#[test]
fn a_backup_beside_an_open_writer_is_restored() {
    let mut place = place_with_a_past();
    let file = place.path.with_file_name("backup.db");
    let then = (place.clinic.free(), place.clinic.appointments_of(1));
    backup(&place.path, &file).unwrap();
    assert_eq!(violations(&file), Vec::<String>::new());
    place.clinic.booked(1, 1);
    let now = place.clinic.free();

    // Not while it is open.
    let refused = restore(&place.path, &file);
    assert!(matches!(refused, Err(StoreError::InUse(_))), "{refused:?}");
    drop((place.clinic, place.store));

    let replaced = restore(&place.path, &file).unwrap().unwrap();
    let mut clinic = Clinic::empty(&Sqlite::open(&place.path, &audit_key()).unwrap());
    assert_eq!((clinic.free(), clinic.appointments_of(1)), then);
    assert_eq!(violations(&place.path), Vec::<String>::new());
    // What was replaced is whole, and could be put back.
    let name = replaced.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("clinic.db.replaced-2"), "{name}");
    assert_eq!(violations(&replaced), Vec::<String>::new());
    drop(clinic);
    restore(&place.path, &replaced).unwrap();
    let mut clinic = Clinic::empty(&Sqlite::open(&place.path, &audit_key()).unwrap());
    assert_eq!(clinic.free(), now);
    // The backup can be used again.
    assert_eq!(violations(&file), Vec::<String>::new());
}

fn names_in(folder: &std::path::Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn upkeep_leaves_nothing_lying_about_and_tells_nobody() {
    let place = place_with_a_past();
    let folder = place.path.parent().unwrap();
    drop((place.clinic, place.store));
    assert_eq!(violations(&place.path), Vec::<String>::new());
    assert_eq!(names_in(folder), ["clinic.db", "clinic.db.lock"]);
    let file = place.path.with_file_name("backup.db");
    backup(&place.path, &file).unwrap();
    assert_eq!(names_in(folder), ["backup.db", "clinic.db", "clinic.db.lock"]);
    let other = place.path.with_file_name("other.db");
    restore(&other, &file).unwrap();
    let all = ["backup.db", "clinic.db", "clinic.db.lock", "other.db", "other.db.lock"];
    assert_eq!(names_in(folder), all);
    #[cfg(unix)]
    for path in [&place.path, &file, &other] {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_backup_overwrites_nothing_and_leaves_nothing_half() {
    let place = place();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("precious.txt");
    fs::write(&file, "precious").unwrap();
    let result = backup(&place.path, &file);
    let Err(StoreError::Io(error)) = result else { panic!("{result:?}") };
    assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    assert_eq!(fs::read(&file).unwrap(), b"precious");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    // And not what is no store.
    let result = backup(&file, &folder.path().join("backup.db"));
    assert!(matches!(result, Err(StoreError::NotOurs(_))), "{result:?}");
}

#[test]
fn a_store_is_restored_where_there_was_none_or_a_broken_one() {
    let place = place_with_a_past();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup.db");
    backup(&place.path, &file).unwrap();
    let path = folder.path().join("clinic.db");
    assert_eq!(restore(&path, &file).unwrap(), None);
    assert_eq!(violations(&path), Vec::<String>::new());
    fs::write(&path, "a broken store").unwrap();
    fs::write(folder.path().join("clinic.db-wal"), "and its log").unwrap();
    let aside = restore(&path, &file).unwrap().unwrap();
    assert_eq!(fs::read(&aside).unwrap(), b"a broken store");
    assert_eq!(violations(&path), Vec::<String>::new());
    assert!(!folder.path().join("clinic.db-wal").exists());
    Sqlite::open(&path, &audit_key()).unwrap();
}

#[test]
fn only_a_store_is_restored() {
    let place = place();
    drop((place.clinic, place.store));
    let before = fs::read(&place.path).unwrap();
    let file = place.path.with_file_name("other.db");
    raw(&file).execute_batch("CREATE TABLE bookmark (url TEXT)").unwrap();
    let result = restore(&place.path, &file);
    assert!(matches!(result, Err(StoreError::NotOurs(_))), "{result:?}");
    assert!(restore(&place.path, &place.path.with_file_name("nothing.db")).is_err());
    assert_eq!(fs::read(&place.path).unwrap(), before);
}

#[test]
fn the_lock_is_for_many_or_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    let many = [StoreLock::shared(&path).unwrap(), StoreLock::shared(&path).unwrap()];
    let refused = StoreLock::exclusive(&path).unwrap_err();
    let expected = format!("{} is in use by another process", path.display());
    assert_eq!(refused.to_string(), expected);
    drop(many);
    let one = StoreLock::exclusive(&path).unwrap();
    assert!(matches!(StoreLock::shared(&path), Err(StoreError::InUse(_))));
    assert!(matches!(StoreLock::exclusive(&path), Err(StoreError::InUse(_))));
    drop(one);
    StoreLock::shared(&path).unwrap();
}
