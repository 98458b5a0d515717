//! A store of the first version of the program: everything in it is found again.

use rusqlite::Connection;

use super::super::{Sqlite, connection, upkeep};
use super::{raw, violations};
use crate::conformance::clinic::{WEEK, patient_id, slot, standing, user_name};
use crate::conformance::{Clinic, at, audit_key};
use crate::{Answer, AuditActor, Outcome, Query, Standing, StoreError};

/// What the first version wrote: two patients of whom one has a session, two doctors, two slots of
/// which the first is booked, a cancelled appointment, answers, and six records of the audit.
const ROWS: &str = "
    UPDATE center SET zone = 'UTC', slots_made = 2;
    INSERT INTO account VALUES (1, unhex('01010101010101010101010101010101'), 'patient1', 5),
        (1, unhex('02020202020202020202020202020202'), 'patient2', 5);
    INSERT INTO credential SELECT 1, account, 1, 'password', '$hash', 5, NULL FROM account;
    INSERT INTO patient VALUES (1, unhex('65656565656565656565656565656565'), 5),
        (1, unhex('66666666666666666666666666666666'), 5);
    INSERT INTO person VALUES (1, unhex('65656565656565656565656565656565'), 'Jan', NULL, NULL);
    INSERT INTO acts_for VALUES
        (1, unhex('01010101010101010101010101010101'), unhex('65656565656565656565656565656565'),
            'self', 5),
        (1, unhex('02020202020202020202020202020202'), unhex('66666666666666666666666666666666'),
            'self', 5);
    INSERT INTO doctor VALUES (1, 1, 'doc1', NULL, 41000, 1, 5), (1, 2, 'doc2', NULL, 42000, 1, 5);
    INSERT INTO slot (center, slot, doctor, idx, starts, ends, origin, added)
        VALUES (1, 1, 1, 1, :tuesday, :tuesday + 3600000, 'file', 5),
        (1, 2, 2, 2, :monday, :monday + 3600000, 'file', 5);
    INSERT INTO claim (center, slot, appointment)
        VALUES (1, 1, unhex('aa000000000000000000000000000001')),
        (1, 2, unhex('aa000000000000000000000000000002'));
    INSERT INTO appointment VALUES (1, unhex('aa000000000000000000000000000001'), 1, 'booked',
        unhex('65656565656565656565656565656565'), 1, 6, 6),
        (1, unhex('aa000000000000000000000000000002'), 1, 'booked',
        unhex('66666666666666666666666666666666'), 2, 6, 6);
    INSERT INTO appointment_history VALUES
        (1, unhex('aa000000000000000000000000000001'), 1, 6,
            unhex('01010101010101010101010101010101'), 'booked', NULL, 1, NULL),
        (1, unhex('aa000000000000000000000000000002'), 1, 6, NULL, 'booked', NULL, 2, NULL);
    UPDATE appointment SET status = 'cancelled', version = 2 WHERE slot = 2;
    DELETE FROM claim WHERE slot = 2;
    INSERT INTO appointment_history VALUES (1, unhex('aa000000000000000000000000000002'), 2, 7,
        unhex('02020202020202020202020202020202'), 'cancelled', 2, NULL, 'ill');
    INSERT INTO outbox SELECT 1, appointment, version, what, at, NULL FROM appointment_history;
    INSERT INTO session VALUES (1, zeroblob(32), unhex('01010101010101010101010101010101'), 6,
        :tuesday, NULL);
    INSERT INTO request VALUES (1, unhex('65656565656565656565656565656565'), 'r1', zeroblob(32),
        '{\"refused\":\"slot_taken\"}', :tuesday);
    INSERT INTO audit VALUES (1, 1, 5, NULL, 'import', NULL, 'accounts 2'),
        (1, 2, 6, unhex('01010101010101010101010101010101'), 'open_session', NULL, 'opened'),
        (1, 3, 6, unhex('01010101010101010101010101010101'), 'book',
            'aa000000-0000-0000-0000-000000000001', 'booked'),
        (1, 4, 6, NULL, 'book', 'aa000000-0000-0000-0000-000000000002', 'booked'),
        (1, 5, 7, unhex('02020202020202020202020202020202'), 'cancel',
            'aa000000-0000-0000-0000-000000000002', 'cancelled'),
        (1, 6, 8, NULL, 'set_password', '02020202-0202-0202-0202-020202020202', 'set');";

/// A file of the first version, with [`ROWS`] in it.
pub(super) fn first_version(path: &std::path::Path) {
    let connection = connection::open_at_schema(path, 1).unwrap();
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())).unwrap();
    connection.pragma_update(None, "foreign_keys", true).unwrap();
    let rows = ROWS
        .replace(":tuesday", &at(37).as_millisecond().to_string())
        .replace(":monday", &at(15).as_millisecond().to_string());
    connection.execute_batch(&format!("BEGIN; {rows} COMMIT;")).unwrap();
}

fn table(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|n| row.get::<_, rusqlite::types::Value>(n));
        Ok(format!("{:?}", values.collect::<Result<Vec<_>, _>>()?))
    });
    rows.unwrap().map(Result::unwrap).collect()
}

#[test]
fn everything_in_a_store_of_the_first_version_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    first_version(&path);
    // Every column of every table, but of the one that was written anew.
    let tables = [
        "account",
        "credential",
        "patient",
        "person",
        "acts_for",
        "doctor",
        "slot",
        "claim",
        "appointment",
        "appointment_history",
        "request",
        "outbox",
        "session",
    ];
    let everything = || {
        let connection = raw(&path);
        tables.map(|name| {
            let sql = format!("SELECT name FROM pragma_table_info('{name}') ORDER BY cid");
            let mut statement = connection.prepare(&sql).unwrap();
            let columns = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            (name, columns.map(Result::unwrap).collect::<Vec<_>>())
        })
    };
    let columns = everything();
    let read = |columns: &[(&str, Vec<String>)]| {
        let connection = raw(&path);
        let all = columns.iter().map(|(name, columns)| {
            table(&connection, &format!("SELECT {} FROM {name}", columns.join(", ")))
        });
        all.collect::<Vec<_>>()
    };
    let before = read(&columns);
    assert!(before.iter().all(|rows| !rows.is_empty()), "{before:#?}");

    let store = Sqlite::open(&path, &audit_key()).unwrap();
    assert_eq!(read(&columns), before);
    assert_eq!(violations(&path), Vec::<String>::new());
    let mut clinic = Clinic::empty(&store);
    let appointment = clinic.appointments_of(1).remove(0);
    assert_eq!(appointment.slot, slot(1, WEEK[0]));
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(user_name("patient1"))) else {
        panic!("patient 1 is there")
    };
    assert_eq!((account.role, account.doctor, account.totp), (domain::Role::Patient, None, None));
    // What the migration wrote of the plans is there, too.
    let statistics = table(&raw(&path), "SELECT idx FROM sqlite_stat1 WHERE tbl = 'audit'");
    assert_eq!(statistics.len(), 2);
    assert!(matches!(clinic.book(2, 2), Outcome::Booked(_)));
}

#[test]
fn the_audit_of_the_first_version_is_bound_by_the_first_code() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    first_version(&path);
    let refused = upkeep::verify_audit(&path, &audit_key(), None);
    assert!(matches!(refused, Err(StoreError::NotOurs(_))), "{refused:?}");
    let store = Sqlite::open(&path, &audit_key()).unwrap();
    let mut clinic = Clinic::empty(&store);
    let told: Vec<_> =
        clinic.audit().into_iter().map(|r| (r.entry, r.who, r.patient, r.outcome, r.mac)).collect();
    let account = |number| AuditActor::Account(crate::conformance::clinic::account_id(number));
    let (operator, one, two) = (AuditActor::Operator, Some(patient_id(1)), Some(patient_id(2)));
    let expected = [
        (1, operator, None, "accounts 2".to_owned(), None),
        (2, account(1), None, "opened".to_owned(), None),
        (3, account(1), one, "booked".to_owned(), None),
        (4, operator, two, "booked".to_owned(), None),
        (5, account(2), two, "cancelled".to_owned(), None),
        (6, operator, None, "set".to_owned(), None),
    ];
    assert_eq!(told, expected);
    assert_eq!(clinic.read(&Query::AuditHead), Answer::AuditHead(None));
    let standing = Standing { credential: None, ..standing(1) };
    let book = crate::Book { actor: crate::Actor::Account(standing), ..clinic.booking(1, 2) };
    assert!(matches!(clinic.run(crate::Command::Book(book)), Outcome::Booked(_)));
    let faults = || upkeep::verify_audit(&path, &audit_key(), None).unwrap().faults;
    let report = upkeep::verify_audit(&path, &audit_key(), None).unwrap();
    assert_eq!((report.entries, report.before_chain), (7, 6));
    assert_eq!(report.head.map(|head| head.entry), Some(7));
    assert_eq!(report.faults, Vec::<String>::new());
    // None of the six can be changed, taken away or added to any more.
    let connection = raw(&path);
    connection.execute_batch("DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_true").unwrap();
    for change in [
        "UPDATE audit SET outcome = 'refused' WHERE entry = 1",
        "UPDATE audit SET entry = 99 WHERE entry = 6",
        "DELETE FROM audit WHERE entry = 1",
        "DELETE FROM audit WHERE entry <= 6; UPDATE audit SET entry = 1",
    ] {
        let (path, kept) = (&path, folder.path().join("kept.db"));
        std::fs::remove_file(&kept).ok();
        connection.execute("VACUUM INTO ?1", [kept.to_str().unwrap()]).unwrap();
        raw(path).execute_batch(change).unwrap();
        let found = faults();
        assert!(!found.is_empty(), "{change}");
        assert!(found[0].contains("record"), "{found:?}");
        raw(path).execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM audit").unwrap();
        let back = format!(
            "ATTACH '{}' AS kept; DROP TRIGGER IF EXISTS audit_is_chained;
             INSERT INTO audit SELECT * FROM kept.audit;",
            kept.display()
        );
        raw(path).execute_batch(&back).unwrap();
        assert_eq!(faults(), Vec::<String>::new());
    }
}

#[test]
fn a_store_of_the_second_version_knows_then_which_slots_are_booked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    first_version(&path);
    // Slot 1 is booked; slot 2 was, and waits for a patient now.
    let connection = connection::open_at_schema(&path, 2).unwrap();
    let hold = "INSERT INTO claim (center, slot, held_by, expires) SELECT 1, 2, patient, ?1
        FROM patient ORDER BY patient LIMIT 1";
    connection.execute(hold, [at(9).as_millisecond()]).unwrap();
    drop(connection);
    assert_eq!(violations(&path), Vec::<String>::new());

    let store = Sqlite::open(&path, &audit_key()).unwrap();
    assert_eq!(violations(&path), Vec::<String>::new());
    let booked = table(&raw(&path), "SELECT slot, booked, withdrawn_for FROM slot ORDER BY slot");
    let row = |slot, booked| format!("[Integer({slot}), Integer({booked}), Null]");
    assert_eq!(booked, [row(1, 1), row(2, 0)]);
    let mut clinic = Clinic::empty(&store);
    assert_eq!(clinic.free(), []);
    assert_eq!(clinic.book(2, 2), Outcome::Refused(domain::Refusal::SlotTaken));
    // From here on the triggers keep it.
    let appointment = clinic.appointments_of(1).remove(0);
    clinic.cancel(1, appointment.id);
    clinic.now = at(9);
    assert_eq!(clinic.free_indices(), [1, 2]);
    assert!(matches!(clinic.book(2, 2), Outcome::Booked(_)));
    assert_eq!(clinic.free_indices(), [1]);
    assert_eq!(violations(&path), Vec::<String>::new());
    assert_eq!(
        upkeep::verify_audit(&path, &audit_key(), None).unwrap().faults,
        Vec::<String>::new()
    );
    let statistics = table(&raw(&path), "SELECT idx FROM sqlite_stat1 WHERE tbl = 'slot'");
    assert_eq!(statistics.len(), 8);
}
