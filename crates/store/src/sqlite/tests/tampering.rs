//! Somebody who may write the file, but has no key, changes the audit: it is found.

use rusqlite::Connection;
use rusqlite::types::Value;

use super::super::upkeep::{follow_audit, holds_anything, verify_audit};
use super::{Place, place, raw};
use crate::conformance::{at, audit_key};
use crate::{Answer, AuditHead, AuditKey, AuditRecord, Command, OperatorDeed, Query};

/// A clinic with a dozen records of all kinds, and where its chain has come to.
fn audited() -> (Place, AuditHead) {
    let mut place = place();
    let clinic = &mut place.clinic;
    clinic.front_desk();
    clinic.registered("doc1", 51000);
    let held = clinic.booked(1, 1);
    clinic.now = at(9);
    clinic.reschedule(1, held.id, 3);
    clinic.book(2, 3);
    clinic.cancel(1, held.id);
    clinic.open_session(1, 1);
    clinic.set_password("patient2", "$new");
    let Answer::AuditHead(Some(head)) = clinic.read(&Query::AuditHead) else { panic!("a chain") };
    assert_eq!(head.entry, clinic.audit().len() as u64);
    assert!(head.entry >= 10);
    (place, head)
}

/// The file, open to somebody whom nothing stops.
fn unlocked(place: &Place) -> Connection {
    let connection = raw(&place.path);
    let all_off = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;
        DROP TRIGGER audit_is_kept; DROP TRIGGER audit_is_true; DROP TRIGGER audit_is_chained;";
    connection.execute_batch(all_off).unwrap();
    connection
}

fn faults(place: &Place, head: Option<&AuditHead>) -> Vec<String> {
    verify_audit(&place.path, &audit_key(), head).unwrap().faults
}

/// Undoes what `change` does after it was looked at.
fn found(place: &Place, connection: &Connection, head: Option<&AuditHead>, change: &str) {
    assert_eq!(faults(place, head), Vec::<String>::new());
    let keep = "CREATE TABLE kept AS SELECT * FROM audit";
    connection.execute_batch(keep).unwrap();
    connection.execute_batch(change).unwrap();
    let said = faults(place, head);
    assert!(!said.is_empty(), "nobody noticed: {change}");
    let back = "DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept";
    connection.execute_batch(back).unwrap();
}

#[test]
fn an_audit_that_nobody_changed_is_right() {
    let (place, head) = audited();
    let report = verify_audit(&place.path, &audit_key(), Some(&head)).unwrap();
    assert_eq!(report.head, Some(head));
    assert_eq!((report.entries, report.before_chain), (head.entry, 0));
    assert_eq!(report.faults, Vec::<String>::new());
}

#[test]
fn an_audit_that_is_followed_piece_by_piece_comes_to_its_head() {
    let (mut place, head) = audited();
    let records = place.clinic.audit();
    let mut followed = None;
    for piece in records.chunks(3) {
        followed = follow_audit(&audit_key(), followed, piece).unwrap();
    }
    assert_eq!(followed, Some(head));
    assert_eq!(follow_audit(&audit_key(), followed, &[]), Ok(followed));
}

#[test]
fn a_record_that_is_followed_and_is_another_is_found() {
    let (mut place, _) = audited();
    let good = place.clinic.audit();
    let said = |change: &dyn Fn(&mut Vec<AuditRecord>)| {
        let mut records = good.clone();
        change(&mut records);
        follow_audit(&audit_key(), None, &records).unwrap_err()
    };
    let is_another = "record 3 is not as it was written, or not in its place";
    assert_eq!(said(&|records| records[2].outcome.push('!')), is_another);
    assert_eq!(said(&|records| records[2].times += 1), is_another);
    assert_eq!(said(&|records| records[2].mac = None), "record 3 has no code");
    assert_eq!(said(&|records| drop(records.remove(2))), "after record 2 comes 4");
    assert!(follow_audit(&AuditKey::new([8; 32]), None, &good).is_err());
}

#[test]
fn another_value_in_any_column_of_any_record_is_found() {
    let (place, head) = audited();
    let connection = unlocked(&place);
    let columns = [
        "center", "chain", "entry", "at", "actor", "who", "verb", "subject", "patient", "outcome",
        "source", "times", "mac",
    ];
    let sql = "SELECT count(*) FROM pragma_table_info('audit')";
    let count: i64 = connection.query_row(sql, [], |row| row.get(0)).unwrap();
    assert_eq!(count, columns.len() as i64, "a column that no code covers?");
    for entry in 1..=head.entry {
        for column in columns {
            let sql = format!("SELECT {column} FROM audit WHERE entry = {entry}");
            let value: Value = connection.query_row(&sql, [], |row| row.get(0)).unwrap();
            let other = match value {
                Value::Integer(_) => format!("{column} + 1000"),
                Value::Text(_) => format!("{column} || ' '"),
                Value::Blob(_) => format!("unhex(replace(hex({column}), '0', '1') || '0a')"),
                Value::Null if matches!(column, "who" | "patient") => "zeroblob(16)".to_owned(),
                Value::Null => "''".to_owned(),
                Value::Real(_) => unreachable!("no column is real"),
            };
            let change = format!("UPDATE audit SET {column} = {other} WHERE entry = {entry}");
            // The last record is its own head: moved elsewhere it is a tail that was cut.
            found(&place, &connection, Some(&head), &change);
        }
    }
}

#[test]
fn a_single_bit_of_any_code_is_found() {
    let (place, head) = audited();
    let connection = unlocked(&place);
    for bit in 0..256_usize {
        let entry = (bit as u64 % head.entry + 1) as i64;
        let sql = "SELECT mac FROM audit WHERE entry = ?1";
        let mac: [u8; 32] = connection.query_row(sql, [entry], |row| row.get(0)).unwrap();
        let mut other = mac;
        other[bit / 8] ^= 1 << (bit % 8);
        let set = "UPDATE audit SET mac = ?2 WHERE entry = ?1";
        connection.execute(set, (entry, other)).unwrap();
        assert!(!faults(&place, None).is_empty(), "bit {bit} of record {entry}");
        connection.execute(set, (entry, mac)).unwrap();
    }
    assert_eq!(faults(&place, Some(&head)), Vec::<String>::new());
}

#[test]
fn a_record_that_is_gone_is_found() {
    let (place, head) = audited();
    let connection = unlocked(&place);
    for entry in 1..=head.entry {
        let delete = format!("DELETE FROM audit WHERE entry = {entry}");
        found(&place, &connection, Some(&head), &delete);
        // Also when those behind it close the gap.
        let closed = format!(
            "{delete}; UPDATE audit SET entry = -entry WHERE entry > {entry};
             UPDATE audit SET entry = -entry - 1 WHERE entry < 0"
        );
        found(&place, &connection, Some(&head), &closed);
        if entry < head.entry {
            found(&place, &connection, None, &closed);
        }
    }
}

#[test]
fn two_records_in_each_others_place_are_found() {
    let (place, head) = audited();
    let connection = unlocked(&place);
    for entry in 1..head.entry {
        let next = entry + 1;
        let swapped = format!(
            "UPDATE audit SET entry = -1 WHERE entry = {entry};
             UPDATE audit SET entry = {entry} WHERE entry = {next};
             UPDATE audit SET entry = {next} WHERE entry = -1"
        );
        found(&place, &connection, None, &swapped);
    }
}

#[test]
fn a_record_that_was_put_in_is_found() {
    let (place, head) = audited();
    let connection = unlocked(&place);
    let columns = "center, chain, at, actor, who, verb, subject, patient, outcome, source, times";
    for (entry, mac) in [(0, "mac"), (head.entry + 1, "mac"), (head.entry + 1, "NULL")] {
        let copy = format!(
            "INSERT INTO audit ({columns}, entry, mac)
             SELECT {columns}, {entry}, {mac} FROM audit WHERE entry = 3"
        );
        found(&place, &connection, None, &copy);
    }
    // Not in a chain of its own, either, which nobody ever began.
    let elsewhere = "INSERT INTO audit (center, chain, entry, at, actor, verb, outcome, times, mac)
        VALUES (1, 7, 1, 0, 'operator', 'x', 'y', 1, zeroblob(32))";
    found(&place, &connection, None, elsewhere);
    // Nor as a record from before there were codes, where there never were such records.
    for (center, chain) in [(1, 7), (1, -1), (2, 0)] {
        let old = format!(
            "INSERT INTO audit (center, chain, entry, at, actor, verb, outcome, times)
             VALUES ({center}, {chain}, 1, 0, 'operator', 'x', 'y', 1)"
        );
        found(&place, &connection, Some(&head), &old);
    }
}

#[test]
fn a_tail_that_was_cut_is_found_by_the_head_that_was_kept() {
    let (place, head) = audited();
    let connection = unlocked(&place);
    for from in 1..=head.entry {
        let cut = format!("DELETE FROM audit WHERE entry >= {from}");
        found(&place, &connection, Some(&head), &cut);
    }
    // With no code at all the whole thing would look like an old one.
    found(&place, &connection, Some(&head), "UPDATE audit SET mac = NULL");
    let other = AuditHead { mac: [1; 32], ..head };
    let said = faults(&place, Some(&other));
    let expected = format!("record {} is another one than the head that was kept says", head.entry);
    assert_eq!(said, [expected]);
}

#[test]
fn a_chain_goes_on_after_the_head_that_was_kept() {
    let (mut place, head) = audited();
    place.clinic.booked(1, 5);
    assert_eq!(faults(&place, Some(&head)), Vec::<String>::new());
}

#[test]
fn a_chain_of_another_key_is_found() {
    let (mut place, _) = audited();
    let other = AuditKey::new([8; 32]);
    let report = verify_audit(&place.path, &other, None).unwrap();
    assert_eq!(report.faults.len() as u64, report.entries);
    // Who writes on without the key is found from there on.
    let forger = super::Sqlite::open(&place.path, &other).unwrap();
    let book = Command::Book(place.clinic.booking(1, 5));
    crate::Store::writer(&forger).unwrap().commit(at(9), &[book]).unwrap();
    let said = faults(&place, None);
    let last = report.entries + 1;
    let expected = format!("record {last} is not as it was written, or not in its place");
    assert_eq!(said, [expected]);
}

#[test]
fn an_audit_that_is_gone_as_a_whole_is_found_without_its_head() {
    let (place, head) = audited();
    let connection = unlocked(&place);
    found(&place, &connection, None, "DELETE FROM audit");
    found(&place, &connection, Some(&head), "DELETE FROM audit");
    // As if all of it were from before there was a chain.
    found(&place, &connection, None, "UPDATE audit SET mac = NULL");
}

#[test]
fn an_empty_store_needs_no_audit_and_any_other_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    let store = super::Sqlite::open(&path, &audit_key()).unwrap();
    assert!(!holds_anything(&path).unwrap());
    assert_eq!(verify_audit(&path, &audit_key(), None).unwrap().faults, Vec::<String>::new());
    drop(store);
    assert!(holds_anything(&place().path).unwrap());
}

#[test]
fn each_record_of_a_missing_head_is_told() {
    let (mut place, head) = audited();
    let none = verify_audit(&place.path, &audit_key(), None).unwrap();
    assert_eq!(none.head_missing_at, Vec::<u64>::new());
    for _ in 0..2 {
        place.clinic.run(Command::Operated(OperatorDeed::SignMissingHead));
    }
    let report = verify_audit(&place.path, &audit_key(), Some(&head)).unwrap();
    assert_eq!(report.head_missing_at, [head.entry + 1, head.entry + 2]);
    assert_eq!(report.faults, Vec::<String>::new());
}
