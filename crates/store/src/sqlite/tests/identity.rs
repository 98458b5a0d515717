//! Which files are ours.

use std::fs;
use std::path::Path;

use super::super::{Sqlite, TestStore, upkeep};
use super::{place, raw};
use crate::StoreError;
use crate::conformance::{Clinic, audit_key};

fn check(path: &Path, expected: &str) {
    let before = fs::read(path).unwrap();
    match Sqlite::open(path, &audit_key()) {
        Err(StoreError::NotOurs(why)) => {
            assert_eq!(why, format!("{} {expected}", path.display()));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read(path).unwrap(), before, "the file was changed");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "patient1 password111\n".repeat(1_000)).unwrap();
    check(&path, "is not a database");
}

#[test]
fn another_programs_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    raw(&path).execute_batch("CREATE TABLE bookmark (url TEXT)").unwrap();
    check(&path, "is a database of another program");
}

#[test]
fn a_newer_versions_database_is_refused_and_left_alone() {
    let place = place();
    drop((place.clinic, place.store));
    raw(&place.path).pragma_update(None, "user_version", 4).unwrap();
    let why = "is from a newer version of this program (schema 4, known: 3)";
    check(&place.path, why);
}

#[test]
fn an_empty_file_becomes_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.db");
    fs::write(&path, "").unwrap();
    Sqlite::open(&path, &audit_key()).unwrap();
    Sqlite::open(&path, &audit_key()).unwrap();
}

#[test]
fn a_file_in_no_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let result = Sqlite::open(&folder.path().join("no/such/folder.db"), &audit_key());
    assert!(matches!(result, Err(StoreError::Io(_))), "{result:?}");
}

#[test]
fn the_file_is_set_up_to_lose_nothing() {
    let place = place();
    let connection =
        super::super::connection::open(&place.path, super::super::connection::Purpose::Write)
            .unwrap();
    let pragma = |name: &str| -> String {
        let value: rusqlite::types::Value =
            connection.pragma_query_value(None, name, |row| row.get(0)).unwrap();
        format!("{value:?}")
    };
    assert_eq!(pragma("journal_mode"), "Text(\"wal\")");
    assert_eq!(pragma("synchronous"), "Integer(2)");
    assert_eq!(pragma("foreign_keys"), "Integer(1)");
}

fn test_store() -> (tempfile::TempDir, std::path::PathBuf, TestStore) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crowd.db");
    let store = TestStore::create(&path, &audit_key()).unwrap();
    (folder, path, store)
}

#[test]
fn a_test_store_serves_its_simulation_and_no_center() {
    let (_folder, path, store) = test_store();
    let mut clinic = Clinic::open(&store);
    clinic.booked(1, 1);
    drop((clinic, store));
    let why =
        "is a test store of a simulation, with cheap password hashes: no real center opens it";
    check(&path, why);
}

#[test]
fn a_test_store_is_neither_backed_up_nor_restored_nor_scrubbed() {
    let (folder, path, store) = test_store();
    drop(store);
    let other = folder.path().join("other.db");
    let refused = [
        upkeep::backup(&path, &other).map(|()| None),
        upkeep::restore(&other, &path),
        upkeep::scrub(&path).map(|()| None),
    ];
    for result in refused {
        let said = result.unwrap_err().to_string();
        assert!(said.contains("is a test store of a simulation"), "{said}");
    }
    assert!(!other.exists());
}

#[test]
fn a_test_store_is_made_where_nothing_is() {
    let place = place();
    drop((place.clinic, place.store));
    let before = fs::read(&place.path).unwrap();
    let error = TestStore::create(&place.path, &audit_key()).unwrap_err();
    assert!(matches!(error, StoreError::Io(_)), "{error:?}");
    assert_eq!(fs::read(&place.path).unwrap(), before);
    let link = place.path.with_file_name("link.db");
    let nowhere = place.path.with_file_name("nowhere.db");
    std::os::unix::fs::symlink(&nowhere, &link).unwrap();
    assert!(TestStore::create(&link, &audit_key()).is_err());
    assert!(!nowhere.exists(), "a link that leads nowhere is there as well");
}
