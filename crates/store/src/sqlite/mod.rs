//! The store in one SQLite file, or in memory.
//!
//! [`Sqlite`] is the [`Store`], [`TestStore`] a simulation's; [`upkeep`] checks, backs up, restores and scrubs its file; [`lock`]
//! says who has it in use. A file is in WAL mode with `synchronous=FULL`: readers and the writer do
//! not wait for each other, and what was acknowledged outlives a power cut.

mod accounts;
mod asking;
mod blocking;
mod booking;
mod chain;
mod check;
mod connection;
mod doctors;
mod enrolment;
mod erasure;
mod finding;
mod free;
mod holding;
mod inviting;
pub mod lock;
mod looking;
mod marking;
mod offering;
mod overseeing;
mod patients;
mod persons;
mod publishing;
mod reading;
mod requests;
mod rows;
mod sessions;
mod sheet;
mod statements;
#[cfg(test)]
mod tests;
mod tickets;
mod trail;
pub mod upkeep;
mod verify;
mod writing;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use domain::CenterId;
use rusqlite::Connection;

use self::connection::Purpose;
use self::lock::StoreLock;
use crate::{AuditKey, Reader, Store, StoreError, Writer};

/// The key of audits in memory that nobody will ever verify.
const MEMORY_KEY: [u8; 32] = [0x4d; 32];

/// A SQLite database with one center's data.
#[derive(Debug, Clone)]
pub struct Sqlite {
    center: CenterId,
    /// What the audit is chained with.
    key: AuditKey,
    place: Place,
}

/// Where a database is.
#[derive(Debug, Clone)]
enum Place {
    File(Arc<StoreFile>),
    /// One connection for writer and readers: a second one would see a database of its own.
    Memory(Arc<Mutex<Connection>>),
}

/// A store's file, locked against being replaced while anything of ours has it open.
#[derive(Debug)]
struct StoreFile {
    path: PathBuf,
    _in_use: StoreLock,
}

impl Sqlite {
    /// Opens the database at `path`, makes it if there is none, and runs the migrations it lacks.
    /// Its audit is chained under `key`. While this value, or a writer or reader of it, lives, the
    /// store cannot be replaced by [`upkeep::restore`].
    ///
    /// # Errors
    /// `NotOurs` for a file of another program or of a newer version of this one (it is left as it
    /// is), `InUse` while it is being restored, and whatever the file system says.
    pub fn open(path: &Path, key: &AuditKey) -> Result<Self, StoreError> {
        // Absolute, so that SQLite takes no name for a special one (`:memory:`, `file:…`).
        let path = std::path::absolute(path)?;
        let in_use = StoreLock::shared(&path)?;
        let center = CenterId::default();
        connection::open_or_create(&path, center)?;
        let file = StoreFile { path, _in_use: in_use };
        Ok(Self { center, key: key.clone(), place: Place::File(Arc::new(file)) })
    }

    /// A database in memory, gone when this value and its writers and readers are. Its audit is
    /// chained under a fixed key.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::in_memory_with(&AuditKey::new(MEMORY_KEY))
    }

    /// The same, with its audit chained under `key`, for whoever wants to verify it.
    ///
    /// # Errors
    /// When there is not enough memory.
    pub fn in_memory_with(key: &AuditKey) -> Result<Self, StoreError> {
        let center = CenterId::default();
        let connection = connection::in_memory(center)?;
        let place = Place::Memory(Arc::new(Mutex::new(connection)));
        Ok(Self { center, key: key.clone(), place })
    }
}

/// A new store of a simulation, which may hold cheap password hashes: its file bears another mark
/// than a center's, so that no center, no backup and no other command ever takes it for one.
#[derive(Debug, Clone)]
pub struct TestStore(Sqlite);

impl TestStore {
    /// Makes a store at `path`. Its audit is chained under `key`.
    ///
    /// # Errors
    /// `Io` with `AlreadyExists` when there is a file: what is in it is nobody's to play with; `InUse`
    /// while somebody has it open, and whatever the file system says.
    pub fn create(path: &Path, key: &AuditKey) -> Result<Self, StoreError> {
        let path = std::path::absolute(path)?;
        let center = CenterId::default();
        // Without its mark it looks like a center's: nobody else may open it before it has one.
        let alone = StoreLock::exclusive(&path)?;
        connection::create_test_store(&path, center)?;
        drop(alone);
        let file = StoreFile { _in_use: StoreLock::shared(&path)?, path };
        Ok(Self(Sqlite { center, key: key.clone(), place: Place::File(Arc::new(file)) }))
    }
}

impl Store for TestStore {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        self.0.writer()
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.0.reader()
    }
}

impl Store for Sqlite {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        Ok(match &self.place {
            Place::File(file) => Box::new(writing::FileWriter::open(
                Arc::clone(file),
                self.center,
                self.key.clone(),
            )?),
            Place::Memory(shared) => Box::new(writing::MemoryWriter::new(
                Arc::clone(shared),
                self.center,
                self.key.clone(),
            )),
        })
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        Ok(match &self.place {
            Place::File(file) => {
                let connection = connection::open(&file.path, Purpose::Read)?;
                Box::new(reading::FileReader::new(Arc::clone(file), connection, self.center))
            }
            Place::Memory(shared) => {
                Box::new(reading::MemoryReader::new(Arc::clone(shared), self.center))
            }
        })
    }
}
