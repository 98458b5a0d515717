//! Upkeep of a store's file: checking it and its audit, backing up, restoring, scrubbing.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode};

pub use super::check::check;
use super::connection;
use super::lock::{StoreLock, beside};
pub use super::verify::{follow_audit, holds_anything, verify_audit};
use crate::StoreError;

/// Writes a backup of `store`, which may be in use, to `file`: whole, checked, on the disk, and
/// only then under its name.
///
/// # Errors
/// `Io` with `AlreadyExists` when there is a `file`; `NotOurs` when `store` is none; `Corrupt` when
/// what was written does not pass [`check`]; and whatever the file system says. A file that is not
/// whole is never left under the name.
pub fn backup(store: &Path, file: &Path) -> Result<(), StoreError> {
    let store = std::path::absolute(store)?;
    let file = std::path::absolute(file)?;
    let _in_use = StoreLock::shared(&store)?;
    if file.try_exists()? {
        return Err(already_exists(&file));
    }
    let partial = Partial::beside(&file);
    let connection = connection::open_to_inspect(&store)?;
    copy_into(&connection, &partial.0)?;
    expect_whole(&partial.0)?;
    // A link, since renaming would silently replace a file that came in the meantime.
    match fs::hard_link(&partial.0, &file) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(already_exists(&file));
        }
        // Not every file system has links.
        Err(_) => fs::rename(&partial.0, &file)?,
    }
    drop(partial);
    sync_folder_of(&file)
}

/// Puts a copy of the backup `file` in the place of `store`. The old store is not destroyed but
/// moved aside, to `<store>.replaced-<UTC time>`; that path is given back, `None` when there was no
/// store.
///
/// # Errors
/// `InUse` while a center or an admin command uses the store; `NotOurs` when `file` is no store of
/// this program, `Corrupt` when it does not pass [`check`]; and whatever the file system says. The
/// old store is untouched then.
pub fn restore(store: &Path, file: &Path) -> Result<Option<PathBuf>, StoreError> {
    let store = match fs::canonicalize(store) {
        Ok(store) => store,
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(store)?,
        Err(error) => return Err(error.into()),
    };
    let file = std::path::absolute(file)?;
    let _alone = StoreLock::exclusive(&store)?;
    expect_whole(&file)?;
    let partial = Partial::beside(&store);
    copy_into(&connection::open_to_inspect(&file)?, &partial.0)?;
    expect_whole(&partial.0)?;
    let replaced = if store.try_exists()? { Some(set_aside(&store)?) } else { None };
    fs::rename(&partial.0, &store)?;
    sync_folder_of(&store)?;
    Ok(replaced)
}

/// Makes the bytes of what was deleted disappear from the file of `store`, which may be in use, and
/// from its log: the file is written anew and the log emptied. Takes as much memory as the file is
/// large. Copies of the store (backups, what a restore has set aside) are files of their own.
///
/// # Errors
/// `InUse` while somebody reads or writes for longer than the deadline: nothing is lost, try again.
/// `NotOurs` when it is no store of this program.
pub fn scrub(store: &Path) -> Result<(), StoreError> {
    let store = std::path::absolute(store)?;
    let _in_use = StoreLock::shared(&store)?;
    connection::open_to_inspect(&store)?;
    let connection = connection::open(&store, connection::Purpose::Write)?;
    let in_use = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::InUse(store.clone())
        }
        _ => error.into(),
    };
    connection.execute_batch("VACUUM").map_err(in_use)?;
    // The new file is still in the log, behind what is to disappear.
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let busy: bool = connection.query_row(sql, [], |row| row.get(0)).map_err(in_use)?;
    if busy { Err(StoreError::InUse(store.clone())) } else { Ok(()) }
}

/// A file on its way to being whole; gone when dropped.
struct Partial(PathBuf);

impl Partial {
    fn beside(file: &Path) -> Self {
        Self(beside(file, &format!(".partial-{}", std::process::id())))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // It may have got its name by now, or never have been; nothing else can be done here.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes a copy of an open database to `path`, as one moment saw it, and on to the disk.
fn copy_into(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    // What a crash left behind under this name is of no use to anybody.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    let name = path.to_str().ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidFilename, "the path is not valid UTF-8")
    })?;
    connection::make_private(path)?;
    connection.execute("VACUUM INTO ?1", [name])?;
    File::open(path)?.sync_all()?;
    Ok(())
}

fn expect_whole(path: &Path) -> Result<(), StoreError> {
    let violations = check(path)?;
    match violations.first() {
        None => Ok(()),
        Some(first) => Err(StoreError::Corrupt(format!(
            "{}: {first} ({} violations in all)",
            path.display(),
            violations.len()
        ))),
    }
}

/// Moves a store, with all that belongs to it, to a name of its own. `store` keeps its name until
/// another file takes it, so that no crash leaves the place empty.
fn set_aside(store: &Path) -> Result<PathBuf, StoreError> {
    let now = Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
    let aside = (0..100)
        .map(|attempt: u32| match attempt {
            0 => beside(store, &format!(".replaced-{now}")),
            _ => beside(store, &format!(".replaced-{now}-{attempt}")),
        })
        .find(|aside| !aside.exists())
        .ok_or_else(|| already_exists(store))?;
    fold_log(store)?;
    let siblings = ["-wal", "-shm"];
    fs::hard_link(store, &aside).or_else(|_| fs::rename(store, &aside))?;
    for sibling in siblings {
        // Only a store too broken to be opened still has them.
        match fs::rename(beside(store, sibling), beside(&aside, sibling)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(aside)
}

/// Brings the write-ahead log of a store into its file, which is then all of it. A store that is
/// too broken for that is left as it is: that may be why it is being replaced.
fn fold_log(store: &Path) -> Result<(), StoreError> {
    let folded = connection::open(store, connection::Purpose::Write).and_then(|connection| {
        let mode = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        mode.and_then(|()| {
            connection.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(()))
        })?;
        Ok(())
    });
    match folded {
        Err(StoreError::Database(error))
            if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) =>
        {
            Err(StoreError::InUse(store.to_owned()))
        }
        Err(error) => {
            tracing::warn!(%error, "the log of the old store could not be folded in");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Makes a new name in a folder durable.
fn sync_folder_of(file: &Path) -> Result<(), StoreError> {
    let folder = file.parent().filter(|folder| folder.as_os_str() != OsStr::new(""));
    // Only Unix opens folders as files; elsewhere the file system sees to it.
    if cfg!(unix) {
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn already_exists(file: &Path) -> StoreError {
    let message = format!("{} exists already", file.display());
    io::Error::new(io::ErrorKind::AlreadyExists, message).into()
}
