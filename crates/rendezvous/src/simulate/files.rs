//! Files that a simulation writes while it runs: they are made before anything begins.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use crate::input::BadInput;

/// A file to be written, empty now.
///
/// # Errors
/// [`BadInput`] when it cannot be.
pub(super) fn create(path: &Path) -> Result<BufWriter<File>, BadInput> {
    let file = File::create(path).map_err(|error| cannot_be_written(path, &error))?;
    Ok(BufWriter::new(file))
}

/// What is said of a file that was named, and cannot be written.
pub(super) fn cannot_be_written(path: &Path, error: &io::Error) -> BadInput {
    BadInput::of_file(path, format!("cannot be written: {error}"))
}
