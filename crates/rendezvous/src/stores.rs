//! Opening a store by its path, with what is wrong with the path or the file in words.

use std::path::Path;

use store::StoreError;
use store::sqlite::Sqlite;

use crate::input::BadInput;

/// Opens the store at `path`, and makes it if there is none.
///
/// # Errors
/// [`BadInput`] for a file that is no store of ours; otherwise when it cannot be opened.
pub(crate) fn open(path: &Path) -> anyhow::Result<Sqlite> {
    Sqlite::open(path).map_err(|error| match error {
        StoreError::NotOurs(why) => not_ours(path, &why).into(),
        other => anyhow::Error::new(other).context(format!("{}: cannot be opened", path.display())),
    })
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
