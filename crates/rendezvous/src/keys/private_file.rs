//! Files that only their owner may read: made whole or not at all, with mode 0600, and refused when
//! anybody else has a right to them. The only way in which secrets get to and from the disk.
//!
//! What is deliberately not here: what the files mean, and any change of a mode that is wrong. A key
//! that others could read is to be looked at by a person, not made to look right.

use std::fmt;
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::input::{self, BadInput};

/// The largest private file, in bytes.
pub(crate) const PRIVATE_FILE_BYTES_MAX: usize = 1_024 * 1_024;

/// Rights of the group and of others, in a mode.
const OTHERS_MASK: u32 = 0o077;
/// Rights of the group and of others to change what is in a folder.
const OTHERS_WRITE_MASK: u32 = 0o022;
/// The mode of a folder that we make for keys.
const FOLDER_MODE: u32 = 0o700;
/// The mode of a private file.
const PRIVATE_MODE: u32 = 0o600;
/// The mode of a file that anybody may read: a public key, a certificate.
const PUBLIC_MODE: u32 = 0o644;

/// What a private file holds. It prints as stars.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// The secret itself.
    pub(crate) fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// `********`, whatever it is.
impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

/// Whose file is there now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Created {
    /// Ours: it was not there.
    Ours,
    /// Somebody else's: it was there already, or another process was faster. It is unchanged.
    Theirs,
}

/// The content of a private file; `expected` names what it should be. [`BadInput::is_missing`]
/// tells when there is no such file.
///
/// # Errors
/// When it cannot be read, is too large, or the group or others have any right to it.
pub(crate) fn read(path: &Path, expected: &str) -> Result<Secret, BadInput> {
    // What it says about a file that is missing, a folder, a pipe; and that it can be opened.
    input::check_plain(path, expected)?;
    let failed = |error: &io::Error| {
        BadInput::of_file(path, format!("cannot be read ({error}), expected {expected}"))
    };
    let file = File::open(path).map_err(|error| failed(&error))?;
    // Of the open file: it cannot be another one any more.
    check_mode(path, &file.metadata().map_err(|error| failed(&error))?)?;
    let mut bytes = Vec::new();
    file.take(PRIVATE_FILE_BYTES_MAX as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| failed(&error))?;
    if bytes.len() > PRIVATE_FILE_BYTES_MAX {
        let wrong = format!("is larger than {PRIVATE_FILE_BYTES_MAX} bytes, expected {expected}");
        return Err(BadInput::of_file(path, wrong));
    }
    Ok(Secret(bytes))
}

/// Looks at the rights to a private file without reading it; one that is not there is nobody's.
///
/// # Errors
/// When it cannot be looked at, or the group or others have any right to it.
pub(crate) fn check(path: &Path) -> Result<(), BadInput> {
    match path.metadata() {
        Ok(found) => check_mode(path, &found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            let wrong = format!("cannot be looked at ({error}), expected a private file");
            Err(BadInput::of_file(path, wrong))
        }
    }
}

fn check_mode(path: &Path, found: &Metadata) -> Result<(), BadInput> {
    let mode = found.permissions().mode() & 0o7777;
    if mode & OTHERS_MASK == 0 {
        return Ok(());
    }
    let wrong = format!("has mode {mode:04o}: others may get at it, expected mode 0600");
    Err(BadInput::of_file(path, wrong))
}

/// Makes a private file that is not there yet, whole and on the disk. Of several processes that do
/// this at once exactly one makes it; the others have to read what that one wrote.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn create(path: &Path, content: &[u8]) -> Result<Created, BadInput> {
    create_with(path, content, PRIVATE_MODE)
}

/// The same in a folder that may be somebody else's: the file is ours, whoever's the folder is.
///
/// # Errors
/// As [`create`].
pub(crate) fn create_for_us(path: &Path, content: &[u8]) -> Result<Created, BadInput> {
    let made = temporary(path, content, PRIVATE_MODE);
    made.and_then(|file| named(file, path)).map_err(|error| unwritable(path, &error))
}

/// The same for a file that anybody may read.
///
/// # Errors
/// As [`create`].
pub(crate) fn create_public(path: &Path, content: &[u8]) -> Result<Created, BadInput> {
    create_with(path, content, PUBLIC_MODE)
}

/// Puts a private file in the place of the one that may be there: whoever reads sees the old one or
/// the new one, also after a power cut.
///
/// # Errors
/// When it cannot be written; the old one is unchanged then.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), BadInput> {
    replace_with(path, content, PRIVATE_MODE)
}

/// The same for a file that anybody may read.
///
/// # Errors
/// As [`replace`].
pub(crate) fn replace_public(path: &Path, content: &[u8]) -> Result<(), BadInput> {
    replace_with(path, content, PUBLIC_MODE)
}

fn create_with(path: &Path, content: &[u8], mode: u32) -> Result<Created, BadInput> {
    let made = written(path, content, mode);
    made.and_then(|file| named(file, path)).map_err(|error| unwritable(path, &error))
}

/// Gives a file its name, unless that is taken.
fn named(file: NamedTempFile, path: &Path) -> io::Result<Created> {
    match file.persist_noclobber(path) {
        Ok(_) => settle(path).map(|()| Created::Ours),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(Created::Theirs),
        Err(error) => Err(error.error),
    }
}

fn replace_with(path: &Path, content: &[u8], mode: u32) -> Result<(), BadInput> {
    written(path, content, mode)
        .and_then(|file| file.persist(path).map_err(|error| error.error))
        .and_then(|_| settle(path))
        .map_err(|error| unwritable(path, &error))
}

/// Makes a folder for private files if it is not there, with mode 0700.
///
/// # Errors
/// When it cannot be made, is no folder, or the group or others may change what is in it.
pub(crate) fn folder(path: &Path) -> Result<(), BadInput> {
    let made = DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(path);
    let mode = made.and_then(|()| path.metadata()).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            BadInput::of_file(path, "is not a folder, expected a folder of keys")
        }
        _ => BadInput::of_file(path, format!("cannot be made ({error}), expected a folder")),
    })?;
    let mode = mode.permissions().mode() & 0o7777;
    if mode & OTHERS_WRITE_MASK != 0 {
        let wrong = format!("has mode {mode:04o}: others may change its keys, expected mode 0700");
        return Err(BadInput::of_file(path, wrong));
    }
    Ok(())
}

/// The same as [`temporary`], but for the folder's owner: what root does to the keys of a center is
/// to be of use to the center, which is not root.
fn written(path: &Path, content: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let file = temporary(path, content, mode)?;
    let folder = folder_of(path).metadata()?;
    if rustix::process::geteuid().is_root() && folder.uid() != file.as_file().metadata()?.uid() {
        std::os::unix::fs::fchown(file.as_file(), Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(file)
}

/// A temporary file beside `path` with its content on the disk.
fn temporary(path: &Path, content: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    // Nobody else's until it is whole.
    let mut file = NamedTempFile::new_in(folder_of(path))?;
    file.write_all(content)?;
    file.as_file().set_permissions(fs::Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Puts a new name of a file on the disk.
fn settle(path: &Path) -> io::Result<()> {
    File::open(folder_of(path))?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn unwritable(path: &Path, error: &io::Error) -> BadInput {
    BadInput::of_file(path, format!("cannot be written ({error}), expected a folder of our own"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_private_file_is_its_owners_and_stays_what_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        assert!(read(&path, "a key").unwrap_err().is_missing());
        assert_eq!(create(&path, b"one").unwrap(), Created::Ours);
        assert_eq!(create(&path, b"two").unwrap(), Created::Theirs);
        assert_eq!((read(&path, "a key").unwrap().expose(), mode_of(&path)), (&b"one"[..], 0o600));
        replace(&path, b"three").unwrap();
        assert_eq!(
            (read(&path, "a key").unwrap().expose(), mode_of(&path)),
            (&b"three"[..], 0o600)
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left lying about");
    }

    #[test]
    fn a_file_that_others_have_a_right_to_is_refused_by_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        create(&path, b"one").unwrap();
        for mode in [0o640, 0o604, 0o620, 0o610, 0o601, 0o602, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let expected = format!(
                "{}: has mode {mode:04o}: others may get at it, expected mode 0600",
                path.display()
            );
            assert_eq!(read(&path, "a key").unwrap_err().to_string(), expected);
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(read(&path, "a key").is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn a_folder_that_others_may_change_is_refused() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("deep").join("keys");
        folder(&path).unwrap();
        assert_eq!(mode_of(&path), 0o700);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        let expected = format!(
            "{}: has mode 0770: others may change its keys, expected mode 0700",
            path.display()
        );
        assert_eq!(folder(&path).unwrap_err().to_string(), expected);
        let file = outer.path().join("file");
        fs::write(&file, "").unwrap();
        let expected = format!("{}: is not a folder, expected a folder of keys", file.display());
        assert_eq!(folder(&file).unwrap_err().to_string(), expected);
    }

    #[test]
    fn of_many_who_make_a_file_at_once_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.key");
        let path = &path;
        let made: Vec<Created> = std::thread::scope(|scope| {
            let racers: Vec<_> =
                (0..8_u8).map(|i| scope.spawn(move || create(path, &[i]).unwrap())).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert_eq!(made.iter().filter(|made| **made == Created::Ours).count(), 1, "{made:?}");
        assert_eq!(format!("{:?}", read(path, "a key").unwrap()), "********");
    }
}
