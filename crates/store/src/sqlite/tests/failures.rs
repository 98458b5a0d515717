//! What is known when something fails, and what goes on afterwards.

use domain::Refusal;
use rusqlite::ErrorCode;

use super::super::connection::{self, Purpose};
use super::super::{Sqlite, writing};
use super::{place, raw, violations};
use crate::conformance::audit_key;
use crate::conformance::clinic::{WEEK, account, patient_id, request, rows};
use crate::conformance::{Clinic, at};
use crate::{Book, Command, CommitError, Outcome, Store, StoreError, Writer as _};

#[test]
fn a_reopened_file_has_everything() {
    let mut place = place();
    let appointment = place.clinic.booked(1, 2);
    let named = Book { request: request("r1"), ..place.clinic.booking(2, 3) };
    let outcome = place.clinic.run(Command::Book(named.clone()));
    let free = place.clinic.free();
    drop((place.clinic, place.store));
    let store = Sqlite::open(&place.path, &audit_key()).unwrap();
    let mut clinic = Clinic::empty(&store);
    assert_eq!(clinic.free(), free);
    assert_eq!(clinic.appointments_of(1), [appointment]);
    assert_eq!(clinic.run(Command::Book(named)), outcome);
}

#[test]
fn what_was_committed_is_there_without_a_clean_end() {
    let mut place = place();
    let appointment = place.clinic.booked(1, 2);
    // A copy of the files as a crash would leave them: the log was never folded in.
    let folder = tempfile::tempdir().unwrap();
    for file in ["clinic.db", "clinic.db-wal"] {
        let from = place.path.with_file_name(file);
        std::fs::copy(from, folder.path().join(file)).unwrap();
    }
    let path = folder.path().join("clinic.db");
    let mut clinic = Clinic::empty(&Sqlite::open(&path, &audit_key()).unwrap());
    assert_eq!(clinic.appointments_of(1), [appointment]);
    assert_eq!(violations(&path), Vec::<String>::new());
}

#[test]
fn a_full_disk_rolls_the_batch_back_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    let store = Sqlite::open(&path, &audit_key()).unwrap();
    let mut clinic = Clinic::open(&store);
    let connection = connection::open(&path, Purpose::Write).unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |r| r.get(0)).unwrap();
    // It counts for this connection only, as a disk that is full does for everybody.
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let mut writer = writing::FileWriter::with_connection(&store, connection);
    let batch: Vec<Command> =
        (4..=200).map(|n| Command::AddPatient(account(n))).take(150).collect();
    let mut full = vec![Command::Book(clinic.booking(1, 1))];
    full.extend(batch);
    let result = writer.commit(at(8), &full);
    let Err(CommitError::RolledBack(StoreError::Database(error))) = result else {
        panic!("{result:?}")
    };
    assert_eq!(error.sqlite_error_code(), Some(ErrorCode::DiskFull));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    // The writer goes on, with a new connection, once there is room.
    let outcomes = writer.commit(at(8), &full).unwrap();
    assert!(matches!(outcomes[0], Outcome::Booked(_)));
    assert_eq!(clinic.free_indices(), [2, 3, 4, 5, 6]);
    assert_eq!(violations(&path), Vec::<String>::new());
}

#[test]
fn a_commit_that_fails_is_unknown_and_asking_again_settles_it() {
    let mut place = place();
    let book = Book { request: request("r1"), ..place.clinic.booking(1, 1) };
    drop(place.clinic);
    // Without the log, a reader in the middle of its reading lets no commit through.
    let connection = raw(&place.path);
    connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).unwrap();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let mut writer = writing::FileWriter::with_connection(&place.store, connection);
    let reader = raw(&place.path);
    reader.execute_batch("BEGIN; SELECT * FROM slot").unwrap();
    let result = writer.commit(at(8), &[Command::Book(book.clone())]);
    assert!(matches!(result, Err(CommitError::Unknown(_))), "{result:?}");
    drop(reader);
    let outcomes = writer.commit(at(8), &[Command::Book(book.clone())]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Booked(_)), "{outcomes:?}");
    assert_eq!(writer.commit(at(8), &[Command::Book(book)]).unwrap(), outcomes);
    assert_eq!(violations(&place.path), Vec::<String>::new());
}

#[test]
fn a_hold_is_a_claim_until_it_expires() {
    let mut place = place();
    let hold = |slot: i64, patient: u8| {
        raw(&place.path)
            .execute(
                "INSERT INTO claim (center, slot, held_by, expires) VALUES (1, ?1, ?2, ?3)",
                (slot, patient_id(patient).as_bytes(), at(10).as_millisecond()),
            )
            .unwrap();
    };
    (1..=4).for_each(|slot| hold(slot, 2));
    let clinic = &mut place.clinic;
    assert_eq!(clinic.free_indices(), [5, 6]);
    assert_eq!(clinic.book(1, 1), Outcome::Refused(Refusal::SlotTaken));
    let mine = clinic.booked(1, 5);
    assert_eq!(clinic.reschedule(1, mine.id, 1), Outcome::Refused(Refusal::SlotTaken));
    // To an import a held slot is a booked one.
    let kept = clinic.import(rows(&WEEK[2..]));
    assert!(matches!(kept, Outcome::Imported(c) if c.slots_withdrawn == 0), "{kept:?}");
    // It gives way to the patient for whom it was kept, and to all when its time is over.
    clinic.booked(2, 1);
    clinic.now = at(10);
    assert_eq!(clinic.free_indices(), [2, 3, 4, 6]);
    assert!(matches!(clinic.reschedule(1, mine.id, 3), Outcome::Rescheduled(_)));
    clinic.booked(3, 2);
    let gone = clinic.import(rows(&WEEK[..3]));
    assert!(matches!(gone, Outcome::Imported(c) if c.slots_withdrawn == 3), "{gone:?}");
    assert_eq!(violations(&place.path), Vec::<String>::new());
}

#[test]
fn outdated_answers_are_tidied_away_some_at_a_time() {
    let mut place = place();
    let connection = raw(&place.path);
    let plant = "INSERT INTO request (center, patient, request, digest, outcome, keep_until)
        SELECT 1, ?1, 'r' || value, zeroblob(32), '{\"refused\":\"slot_taken\"}', ?2
        FROM (WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n LIMIT 1000)
              SELECT value FROM n)";
    connection.execute(plant, (patient_id(1).as_bytes(), at(9).as_millisecond())).unwrap();
    let left = || -> i64 {
        connection.query_row("SELECT count(*) FROM request", [], |row| row.get(0)).unwrap()
    };
    // Batch after batch while more is left, and then not again within the minute.
    place.clinic.now = at(9);
    let counts: Vec<i64> = (0..5)
        .map(|_| {
            place.clinic.batch(&[]);
            left()
        })
        .collect();
    assert_eq!(counts, [744, 488, 232, 0, 0]);
    connection.execute(plant, (patient_id(1).as_bytes(), at(9).as_millisecond())).unwrap();
    place.clinic.batch(&[]);
    assert_eq!(left(), 1000);
    place.clinic.now = at(10);
    place.clinic.batch(&[]);
    assert_eq!(left(), 744);
}

#[test]
fn a_foreign_row_is_corrupt_not_a_panic() {
    let mut place = place();
    let connection = raw(&place.path);
    connection.execute_batch("UPDATE doctor SET host = 'not an address'").unwrap();
    let result = place.clinic.reader.read(&crate::Query::Doctors);
    assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
    let book = place.clinic.booking(1, 1);
    let result = place.clinic.writer.commit(at(8), &[Command::Book(book)]);
    assert!(matches!(result, Err(CommitError::RolledBack(StoreError::Corrupt(_)))), "{result:?}");
}

#[test]
fn every_reader_and_writer_keeps_the_store_in_use() {
    let place = place();
    let (writer, reader) = (place.store.writer().unwrap(), place.store.reader().unwrap());
    let alone = || super::super::lock::StoreLock::exclusive(&place.path);
    drop((place.clinic, place.store));
    assert!(matches!(alone(), Err(StoreError::InUse(_))));
    drop(writer);
    assert!(matches!(alone(), Err(StoreError::InUse(_))));
    drop(reader);
    let locked = alone().unwrap();
    let refused = Sqlite::open(&place.path, &audit_key());
    assert!(matches!(refused, Err(StoreError::InUse(_))));
    drop(locked);
    Sqlite::open(&place.path, &audit_key()).unwrap();
}
