//! Opening a store by its path, with what is wrong with the path or the file in words.

use std::path::Path;

use anyhow::Context as _;
use store::sqlite::Sqlite;
use store::{AuditKey, Store as _, StoreError};

use crate::audit_head::HeadKeeper;
use crate::input::BadInput;
use crate::keys::Keys;

/// Opens the store at `path` with the keys beside it, and makes what is not there.
///
/// # Errors
/// As [`open_with`].
pub(crate) fn open(path: &Path) -> anyhow::Result<Sqlite> {
    open_with(path, &Keys::open(&Keys::beside(path))?)
}

/// Opens the store at `path`, and makes it if there is none; its audit is chained with the key in
/// `keys`. When the audit has no signed head, that is recorded in it.
///
/// # Errors
/// [`BadInput`] for a file that is no store of ours, or a key that cannot be used; otherwise when it
/// cannot be opened.
pub(crate) fn open_with(path: &Path, keys: &Keys) -> anyhow::Result<Sqlite> {
    if path.exists() && !keys.audit_file().exists() {
        let (store, key) = (path.display(), keys.audit_file());
        let key = key.display();
        tracing::warn!(%store, %key, "the audit gets a new key, since there is none for this store");
    }
    let key = audit_key(keys)?;
    let store = Sqlite::open(path, &key).map_err(|error| match error {
        StoreError::NotOurs(why) => not_ours(path, &why).into(),
        other => anyhow::Error::new(other).context(format!("{}: cannot be opened", path.display())),
    })?;
    HeadKeeper::new(keys.clone(), store.reader()?)?.expect_signed(&store, path)?;
    Ok(store)
}

/// The key of the audit in `keys`, made if there is none.
///
/// # Errors
/// When it cannot be read, made or trusted.
fn audit_key(keys: &Keys) -> anyhow::Result<AuditKey> {
    let key = keys.audit().context("the audit's key")?;
    Ok(AuditKey::new(key.0))
}

/// The key of the audit in the folder `keys`, which must be there already: to verify with a new key
/// would find every record false.
///
/// # Errors
/// [`BadInput`] when it is not there, or cannot be read or trusted.
pub(crate) fn expect_audit_key(keys: &Path) -> anyhow::Result<(Keys, AuditKey)> {
    let file = keys.join("audit.key");
    if !file.exists() {
        let wrong = "not found, expected the key that the audit was written with (keep the keys \
                     folder with its backups)";
        return Err(BadInput::of_file(&file, wrong).into());
    }
    let keys = Keys::open(keys)?;
    let key = audit_key(&keys)?;
    Ok((keys, key))
}

/// The store names the file itself, by its whole path; here it stands in front anyway.
pub(crate) fn not_ours(path: &Path, why: &str) -> BadInput {
    let absolute = std::path::absolute(path).unwrap_or_default();
    let name = format!("{} ", absolute.display());
    BadInput::of_file(path, why.strip_prefix(&name).unwrap_or(why))
}

/// To open a store makes one: not where somebody only mistyped its name.
pub(crate) fn expect_store(path: &Path) -> Result<(), BadInput> {
    let wrong = match path.metadata() {
        Ok(metadata) if metadata.is_dir() => "is a folder, expected a store",
        Ok(_) => return Ok(()),
        Err(_) => "not found, expected a store (the center makes one, or admin import)",
    };
    Err(BadInput::of_file(path, wrong))
}
