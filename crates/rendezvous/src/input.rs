//! The files of a clinic's folder: opened, read whole, parsed by `protocol::files`; a mistake
//! becomes `path:line:column: what is wrong, what was expected`. Nothing is ever partly used.

mod clinic;
#[cfg(test)]
mod tests;

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use domain::{Currency, PlanName, Tariff};
use protocol::files::{self, AvailabilityRow, FileMistake, UserRow};
use thiserror::Error;

#[cfg(test)]
use clinic::patients_of;
pub(crate) use clinic::{Clinic, whole_clinic};

/// The largest file that is read, in bytes: a million rows and more.
const FILE_BYTES_MAX: u64 = 256 * 1_024 * 1_024;

const USERS_FILE: &str = "users.txt";
pub(crate) const AVAILABILITIES_FILE: &str = "availabilities.txt";

/// A file or a configuration that cannot be used: exit code 2.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) struct BadInput {
    /// Which file or folder.
    path: PathBuf,
    /// The line, and the column if there is one to name, from 1; `None` when it is about the file as
    /// a whole.
    place: Option<(u32, Option<u32>)>,
    /// What is wrong, and what was expected.
    message: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Missing,
    Other,
}

/// `path:line:column: what is wrong, what was expected`.
impl fmt::Display for BadInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        match self.place {
            Some((line, Some(column))) => write!(f, "{line}:{column}:")?,
            Some((line, None)) => write!(f, "{line}:")?,
            None => {}
        }
        write!(f, " {}", self.message)
    }
}

impl BadInput {
    /// Something about a file or folder as a whole.
    pub(crate) fn of_file(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), place: None, message: message.into(), kind: Kind::Other }
    }

    /// A mistake at a place in a file.
    pub(crate) fn in_file(path: &Path, mistake: FileMistake) -> Self {
        Self {
            path: path.to_owned(),
            place: Some((mistake.line, Some(mistake.column))),
            message: mistake.message,
            kind: Kind::Other,
        }
    }

    /// A mistake that is about a line as a whole.
    pub(crate) fn on_line(path: &Path, line: u32, message: String) -> Self {
        Self { place: Some((line, None)), ..Self::of_file(path, message) }
    }

    /// A mistake in a row of the `availabilities.txt` of `dir` that shows only in the store.
    pub(crate) fn in_availabilities(dir: &Path, line: u32, message: String) -> Self {
        let path = dir.join(AVAILABILITIES_FILE);
        Self::in_file(&path, FileMistake { line, column: 1, message })
    }

    /// Names `flag` too when the file is just not there: it does without the file.
    pub(crate) fn or_flag(mut self, flag: &str) -> Self {
        if self.is_missing() {
            self.message = format!("{}, or {flag}", self.message);
        }
        self
    }

    /// Whether the file is just not there.
    pub(crate) fn is_missing(&self) -> bool {
        self.kind == Kind::Missing
    }
}

/// The accounts of `users.txt` in `dir`.
///
/// # Errors
/// When the file cannot be read or has a mistake.
pub(crate) fn users(dir: &Path) -> Result<Vec<UserRow>, BadInput> {
    read_with(&dir.join(USERS_FILE), "<user> <password>", files::parse_users)
}

/// The slots of `availabilities.txt` in `dir`, each of `slot_minutes`.
///
/// # Errors
/// When the file cannot be read or has a mistake.
pub(crate) fn availabilities(
    dir: &Path,
    slot_minutes: u32,
) -> Result<Vec<AvailabilityRow>, BadInput> {
    let columns = "<index> <day> <time> <doctor> <port>";
    read_with(&dir.join(AVAILABILITIES_FILE), columns, |bytes| {
        files::parse_availabilities(bytes, slot_minutes)
    })
}

/// The prices in the file at `path`, in `currency`.
///
/// # Errors
/// When the file cannot be read or has a mistake.
pub(crate) fn tariff(path: &Path, currency: Currency) -> Result<Tariff, BadInput> {
    read_with(path, "<plan> <cost>", |bytes| files::parse_tariff(bytes, currency))
}

/// The path of a doctor's tariff in `dir`: `NAME.txt`.
///
/// # Errors
/// When the name cannot be one of a file.
pub(crate) fn tariff_path(dir: &Path, doctor: &str) -> Result<PathBuf, BadInput> {
    file_of(dir, doctor, ".txt")
}

/// The user name and password of `NAME.txt` in `dir`. [`BadInput::is_missing`] tells when there is
/// no such file.
///
/// # Errors
/// When the file cannot be read or has a mistake.
pub(crate) fn login(dir: &Path, name: &str) -> Result<UserRow, BadInput> {
    read_with(&file_of(dir, name, ".txt")?, "<user> <password>", files::parse_login)
}

/// The plan of `NAMEinsurance.txt` in `dir`. [`BadInput::is_missing`] tells when there is no such
/// file.
///
/// # Errors
/// When the file cannot be read or has a mistake.
pub(crate) fn plan(dir: &Path, name: &str) -> Result<PlanName, BadInput> {
    read_with(&file_of(dir, name, "insurance.txt")?, "<plan>", files::parse_plan)
}

/// A name comes from a file or the command line: it must not lead out of the folder.
pub(crate) fn file_of(dir: &Path, name: &str, end: &str) -> Result<PathBuf, BadInput> {
    if name.contains(['/', '\\']) {
        let message = format!("{name:?} cannot be the name of a file, expected no slash in it");
        return Err(BadInput::of_file(dir, message));
    }
    Ok(dir.join(format!("{name}{end}")))
}

fn read_with<T>(
    path: &Path,
    columns: &str,
    parse: impl FnOnce(&[u8]) -> Result<T, FileMistake>,
) -> Result<T, BadInput> {
    let bytes = read(path, &format!("a file of {columns}"))?;
    parse(&bytes).map_err(|mistake| BadInput::in_file(path, mistake))
}

/// The bytes of a plain file of at most [`FILE_BYTES_MAX`]; `expected` names what it should be.
pub(crate) fn read(path: &Path, expected: &str) -> Result<Vec<u8>, BadInput> {
    let metadata = check_plain(path, expected)?;
    let too_large = || {
        let message = format!("is larger than {FILE_BYTES_MAX} bytes, expected a smaller file");
        BadInput::of_file(path, message)
    };
    if metadata.len() > FILE_BYTES_MAX {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| unreadable(path, expected, &error))?;
    // It may have grown since it was looked at.
    if bytes.len() as u64 > FILE_BYTES_MAX { Err(too_large()) } else { Ok(bytes) }
}

/// Looks at a file before it is opened: to open a FIFO would wait for a writer.
///
/// # Errors
/// When it is not there, or no plain file.
pub(crate) fn check_plain(path: &Path, expected: &str) -> Result<Metadata, BadInput> {
    let metadata = path.metadata().map_err(|error| unreadable(path, expected, &error))?;
    if metadata.is_dir() {
        return Err(BadInput::of_file(path, "is a folder, expected a file"));
    }
    if !metadata.is_file() {
        return Err(BadInput::of_file(path, "is a pipe or a device, expected a file"));
    }
    Ok(metadata)
}

fn unreadable(path: &Path, expected: &str, error: &io::Error) -> BadInput {
    match error.kind() {
        io::ErrorKind::NotFound => BadInput {
            kind: Kind::Missing,
            ..BadInput::of_file(path, format!("not found, expected {expected}"))
        },
        io::ErrorKind::NotADirectory => {
            BadInput::of_file(path, format!("is not in a folder, expected {expected}"))
        }
        _ => BadInput::of_file(path, format!("cannot be read ({error}), expected {expected}")),
    }
}
