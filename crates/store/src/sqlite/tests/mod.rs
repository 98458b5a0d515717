//! What only a SQLite file can get wrong: two processes, a full disk, a damaged file, another
//! program's file. What every store must do is in `conformance`.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod contention;
mod failures;
mod forgetting;
mod identity;
mod migration;
mod plans;
mod schema;
mod speed;
mod tampering;
mod upkeep;

use std::path::{Path, PathBuf};

use rusqlite::Connection;
use tempfile::TempDir;

use super::Sqlite;
use crate::conformance::{Clinic, audit_key};

/// A folder with an open clinic in it.
struct Place {
    _folder: TempDir,
    path: PathBuf,
    store: Sqlite,
    clinic: Clinic,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    let store = Sqlite::open(&path, &audit_key()).unwrap();
    let clinic = Clinic::open(&store);
    Place { _folder: folder, path, store, clinic }
}

/// The file as SQLite itself sees it.
fn raw(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn violations(path: &Path) -> Vec<String> {
    super::upkeep::check(path).unwrap()
}
