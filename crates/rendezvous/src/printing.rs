//! Printing what was asked for: whole, and only when it is all there. (Screen messages and the log
//! are another thing: they go through `outlet`, which drops lines when nobody reads.)

use std::io::{self, Write as _};

use anyhow::bail;

/// Prints lines to standard output. A reader that is gone has seen enough.
///
/// # Errors
/// When they cannot be written for any other reason.
pub(crate) fn tell(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = if text.is_empty() { Ok(()) } else { writeln!(out, "{text}") };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => bail!("standard output: {error}"),
        Ok(()) => Ok(()),
    }
}
