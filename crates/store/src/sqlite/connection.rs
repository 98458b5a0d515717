//! One connection to the database: how it is opened, what is set on it, which files are ours.

use std::error::Error;
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use domain::CenterId;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::statements::{STATEMENTS_MAX, one, run};
use crate::StoreError;

/// How long a statement waits for another process's write lock before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a database is tried to be opened while others make it or close it.
const OPEN_DEADLINE: Duration = Duration::from_secs(10);

/// The pause between two such tries.
const OPEN_PAUSE: Duration = Duration::from_millis(20);

/// Page cache of one connection, in KiB. A clinic of 10,000 slots fits in it.
const CACHE_KIB: i64 = 16 * 1024;

/// What the write-ahead log is cut back to after a checkpoint, in bytes.
const JOURNAL_BYTES_MAX: i64 = 16 * 1024 * 1024;

/// "RDVS", written into the file's header by the first migration.
const APPLICATION_ID: i64 = 0x5244_5653;

/// "RDVT": written instead into the header of a simulation's store, whose password hashes are cheap.
const TEST_APPLICATION_ID: i64 = 0x5244_5654;

/// The oldest SQLite without the WAL-reset bug, which could corrupt a database.
const SQLITE_VERSION_MIN: i32 = 3_051_003;

/// How often a migration is tried: another process may be running the same one.
const MIGRATION_TRIES: u32 = 3;

mod migrations {
    refinery::embed_migrations!("migrations");
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Write,
    Read,
}

/// What a file is, by its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    Empty,
    Ours { schema: i64 },
}

/// Opens the database at `path`, makes it if there is none, and brings it up to date.
pub(super) fn open_or_create(path: &Path, center: CenterId) -> Result<Connection, StoreError> {
    make_private(path)?;
    open_made(path, center)
}

/// Opens the file at `path`, be it empty, and brings it up to date.
fn open_made(path: &Path, center: CenterId) -> Result<Connection, StoreError> {
    let deadline = Instant::now() + OPEN_DEADLINE;
    loop {
        match try_to_open(path, center) {
            // Another process makes the same file just now, or is the last to close it.
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                std::thread::sleep(OPEN_PAUSE);
            }
            opened => return opened,
        }
    }
}

/// Makes a database at `path`, where nothing may be yet, and marks it as a test store. The caller
/// sees to it that nobody else opens it meanwhile.
pub(super) fn create_test_store(path: &Path, center: CenterId) -> Result<(), StoreError> {
    create_private(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            std::io::Error::new(error.kind(), format!("{} exists already", path.display()))
        }
        _ => error,
    })?;
    let connection = open_made(path, center)?;
    connection.pragma_update(None, "application_id", TEST_APPLICATION_ID)?;
    Ok(())
}

/// Whether another process was in the way, anywhere in the chain of causes.
fn is_busy(error: &StoreError) -> bool {
    use ErrorCode::{DatabaseBusy, DatabaseLocked, FileLockingProtocolFailed};
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(cause) = next {
        let code =
            cause.downcast_ref::<rusqlite::Error>().and_then(rusqlite::Error::sqlite_error_code);
        if matches!(code, Some(DatabaseBusy | DatabaseLocked | FileLockingProtocolFailed)) {
            return true;
        }
        next = cause.source();
    }
    false
}

fn try_to_open(path: &Path, center: CenterId) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // Before anything is written: a foreign file stays as it is.
    identify(&connection, path)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    configure(&connection, Purpose::Write)?;
    migrate(&mut connection, path)?;
    found(&connection, center)?;
    Ok(connection)
}

/// Makes an empty file that only its owner may read, unless there is one: it is to hold password
/// hashes and names. SQLite gives the files it makes beside it the same permissions.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    match create_private(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// The same, where nothing may be yet, not even a link.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

/// Opens the database at `path`, which [`open_or_create`] has made.
pub(super) fn open(path: &Path, purpose: Purpose) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    configure(&connection, purpose)?;
    Ok(connection)
}

/// Opens a database of ours to look at it, without bringing it up to date; refuses another file.
pub(super) fn open_to_inspect(path: &Path) -> Result<Connection, StoreError> {
    // Not for writing, but who may write cleans up after itself: a read-only connection leaves an
    // empty log behind. A file that cannot be written is opened for reading.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    match identify(&connection, path)? {
        Identity::Ours { .. } => Ok(connection),
        Identity::Empty => Err(StoreError::NotOurs(format!("{} is empty", path.display()))),
    }
}

/// A database in memory, gone with its connection.
pub(super) fn in_memory(center: CenterId) -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    configure(&connection, Purpose::Write)?;
    migrate(&mut connection, Path::new("memory"))?;
    found(&connection, center)?;
    Ok(connection)
}

/// Sets what is set on every connection.
fn configure(connection: &Connection, purpose: Purpose) -> Result<(), StoreError> {
    assert!(
        rusqlite::version_number() >= SQLITE_VERSION_MIN,
        "SQLite {} has the WAL-reset bug",
        rusqlite::version()
    );
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // A plan is made once per statement. Otherwise SQLite makes some of them anew for every value
    // that is bound (measured: an import took three times as long).
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // Acknowledged means durable: the log is synced at every commit, not at checkpoints only.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "journal_size_limit", JOURNAL_BYTES_MAX)?;
    // With a mapped file an I/O error is a signal that ends the process, not an error.
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // A view or trigger of a tampered file may not call functions with side effects.
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is deleted is overwritten, not only forgotten.
    connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    if purpose == Purpose::Read {
        connection.pragma_update(None, "query_only", true)?;
    }
    Ok(())
}

/// The newest schema this program knows.
fn newest_schema() -> i64 {
    let versions = migrations::migrations::runner();
    versions.get_migrations().iter().map(|m| i64::from(m.version())).max().unwrap_or(0)
}

fn identify(connection: &Connection, path: &Path) -> Result<Identity, StoreError> {
    let path = path.display();
    let header = |name: &str| -> Result<i64, StoreError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|error| {
            match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase) => {
                    StoreError::NotOurs(format!("{path} is not a database"))
                }
                _ => error.into(),
            }
        })
    };
    let application = header("application_id")?;
    let schema = header("user_version")?;
    let tables =
        one(connection, "SELECT count(*) FROM sqlite_schema", [], |row| Ok(row.get::<_, i64>(0)?))?;
    // Refinery makes its own table in a transaction before the first migration's.
    let untouched = tables.unwrap_or(0) == 0 || only_refinery(connection)?;
    match application {
        APPLICATION_ID if schema <= newest_schema() => Ok(Identity::Ours { schema }),
        APPLICATION_ID => Err(StoreError::NotOurs(format!(
            "{path} is from a newer version of this program (schema {schema}, known: {})",
            newest_schema()
        ))),
        TEST_APPLICATION_ID => Err(StoreError::NotOurs(format!(
            "{path} is a test store of a simulation, with cheap password hashes: no real center \
             opens it"
        ))),
        0 if schema == 0 && untouched => Ok(Identity::Empty),
        _ => Err(StoreError::NotOurs(format!("{path} is a database of another program"))),
    }
}

fn only_refinery(connection: &Connection) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'refinery_schema_history'";
    Ok(one(connection, sql, [], |row| Ok(row.get::<_, i64>(0)?))? == Some(0))
}

/// Runs the migrations that are missing, all in one transaction.
fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let up_to_date = |connection: &Connection| -> Result<bool, StoreError> {
        Ok(identify(connection, path)? == Identity::Ours { schema: newest_schema() })
    };
    if up_to_date(connection)? {
        return Ok(());
    }
    connection.set_transaction_behavior(TransactionBehavior::Immediate);
    let runner = migrations::migrations::runner().set_grouped(true);
    let mut tries = 1;
    while let Err(error) = runner.run(connection) {
        // Two processes may have found the same file empty: the slower one looks again.
        if up_to_date(connection)? {
            break;
        }
        if tries == MIGRATION_TRIES {
            return Err(StoreError::Migration(Box::new(error)));
        }
        tries += 1;
    }
    connection.set_transaction_behavior(TransactionBehavior::Deferred);
    // The statistics that a migration wrote count from here on, as they do for who opens it later.
    connection.execute_batch("ANALYZE sqlite_schema")?;
    assert!(up_to_date(connection)?, "the last migration sets user_version to its own number");
    tracing::info!(store = %path.display(), schema = newest_schema(), "the store is up to date");
    Ok(())
}

/// A database as an earlier version of the program left it.
#[cfg(test)]
pub(super) fn open_at_schema(path: &Path, schema: i32) -> Result<Connection, StoreError> {
    let mut connection = Connection::open(path)?;
    let runner = migrations::migrations::runner().set_grouped(true);
    let runner = runner.set_target(refinery::Target::Version(schema));
    runner.run(&mut connection).map_err(|error| StoreError::Migration(Box::new(error)))?;
    found(&connection, CenterId::default())?;
    Ok(connection)
}

/// Sees to it that the center has its row.
fn found(connection: &Connection, center: CenterId) -> Result<(), StoreError> {
    let there = one(connection, "SELECT 1 FROM center WHERE center = ?1", [center.0], |_| Ok(()))?;
    if there.is_none() {
        let sql = "INSERT INTO center (center) VALUES (?1) ON CONFLICT DO NOTHING";
        run(connection, sql, [center.0])?;
    }
    Ok(())
}
