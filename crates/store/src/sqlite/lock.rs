//! Who has the store in use: a lock on a file of its own beside the store.
//!
//! SQLite's own locks let several processes share the file. This one is for the rare act that none
//! of them would survive, putting another file in its place.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// A lock on `<store>.lock`, until it is dropped (or its process ends, however it ends).
#[derive(Debug)]
pub struct StoreLock {
    _file: File,
}

impl StoreLock {
    /// The lock of everybody who uses the store; any number may have it at once.
    ///
    /// # Errors
    /// `InUse` while somebody has it alone; `Io` when the file cannot be made.
    pub fn shared(store: &Path) -> Result<Self, StoreError> {
        Self::take(store, File::try_lock_shared)
    }

    /// The lock of one who must be alone with the store.
    ///
    /// # Errors
    /// `InUse` while anybody uses the store; `Io` when the file cannot be made.
    pub fn exclusive(store: &Path) -> Result<Self, StoreError> {
        Self::take(store, File::try_lock)
    }

    fn take(
        store: &Path,
        lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, StoreError> {
        // Never deleted: whoever deletes a lock file may delete the one that another just locked.
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(beside(store, ".lock"))?;
        match lock(&file) {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::InUse(store.to_owned())),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// The path of `store` with `suffix` at its end.
pub(super) fn beside(store: &Path, suffix: &str) -> PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
