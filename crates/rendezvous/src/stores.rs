//! Opening a store by its path, with what is wrong with the path or the file in words.

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use store::sqlite::Sqlite;
use store::{AuditKey, StoreError};

use crate::input::BadInput;

/// Opens the store at `path`, and makes it if there is none.
///
/// # Errors
/// [`BadInput`] for a file that is no store of ours; otherwise when it cannot be opened.
pub(crate) fn open(path: &Path) -> anyhow::Result<Sqlite> {
    let key = audit_key(path)?;
    Sqlite::open(path, &key).map_err(|error| match error {
        StoreError::NotOurs(why) => not_ours(path, &why).into(),
        other => anyhow::Error::new(other).context(format!("{}: cannot be opened", path.display())),
    })
}

/// The key of the store's audit: beside it, in a file of its own that only its owner may read, so
/// that who gets hold of the store alone cannot write an audit to his liking. Made with the store.
fn audit_key(path: &Path) -> anyhow::Result<AuditKey> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let name = beside(".audit-key");
    let context = || format!("{}: the key of the audit cannot be kept", name.display());
    if !name.try_exists().with_context(context)? {
        let partial = beside(&format!(".audit-key.partial-{}", std::process::id()));
        let made = make_key(&partial).and_then(|()| std::fs::hard_link(&partial, &name));
        // Where it cannot be removed it could not be made either, and that is told.
        let _ = std::fs::remove_file(&partial);
        match made {
            // Another process was faster: its key counts.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            made => made.with_context(context)?,
        }
    }
    let bytes = std::fs::read(&name).with_context(context)?;
    let Ok(key) = bytes.try_into() else {
        return Err(BadInput::of_file(&name, "is no key, expected 32 bytes").into());
    };
    Ok(AuditKey::new(key))
}

/// Writes a fresh key to a file that only its owner may read.
fn make_key(file: &Path) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    file.write_all(&runtime::fresh_entropy().0)?;
    file.sync_all()
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
