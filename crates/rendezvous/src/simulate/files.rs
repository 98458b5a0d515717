//! Files that a simulation writes while it runs: they are made before anything begins, and never of
//! what somebody may still want.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, BufWriter, Read as _, Seek as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::args::{SimulateArgs, StoreLocation};
use crate::input::BadInput;

/// How a database of SQLite begins.
const DATABASE: &[u8; 16] = b"SQLite format 3\0";

/// Who may read a file that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Whoever the user's mask lets.
    Mask,
    /// Its owner.
    Owner,
}

/// Whether all that is to be written has a place of its own.
///
/// # Errors
/// [`BadInput`] when two outputs are one file, or one is the store.
pub(super) fn keep_apart(args: &SimulateArgs) -> Result<(), BadInput> {
    let store = args.store.as_ref().map(|StoreLocation::Sqlite(path)| ("--store", path));
    let named =
        [("--history", &args.history), ("--capture", &args.capture), ("--events", &args.events)];
    let named = named.into_iter().filter_map(|(flag, path)| Some((flag, path.as_ref()?)));
    let reports = args.report.iter().map(|path| ("--report", path));
    let mut seen: Vec<(&str, PathBuf)> = Vec::new();
    for (flag, path) in store.into_iter().chain(named).chain(reports) {
        // What keeps nothing takes everything.
        if fs::metadata(path).is_ok_and(|there| there.file_type().is_char_device()) {
            continue;
        }
        let place = place_of(path);
        if let Some((other, _)) = seen.iter().find(|(_, other)| *other == place) {
            let why = format!("is named by {other} and by {flag}, expected a file for each");
            return Err(BadInput::of_file(path, why));
        }
        seen.push((flag, place));
    }
    Ok(())
}

/// A file to be written, empty now.
///
/// # Errors
/// [`BadInput`] when it cannot be, or what is there is no file, or a database.
pub(super) fn create(path: &Path) -> Result<BufWriter<File>, BadInput> {
    create_for(path, Readers::Mask)
}

/// The same, for nobody's eyes but its owner's.
///
/// # Errors
/// As [`create`].
pub(super) fn create_private(path: &Path) -> Result<BufWriter<File>, BadInput> {
    create_for(path, Readers::Owner)
}

/// Whether what is at a path may be replaced, if there is anything.
///
/// # Errors
/// [`BadInput`] for a database, and for what cannot be looked at.
pub(super) fn check_replaceable(path: &Path) -> Result<(), BadInput> {
    match File::open(path) {
        Ok(file) => refuse_database(path, &file),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot_be_written(path, &error)),
    }
}

/// What is said of a file that was named, and cannot be written.
pub(super) fn cannot_be_written(path: &Path, error: &io::Error) -> BadInput {
    BadInput::of_file(path, format!("cannot be written: {error}"))
}

fn create_for(path: &Path, readers: Readers) -> Result<BufWriter<File>, BadInput> {
    let unwritten = |error| cannot_be_written(path, &error);
    let mode = match readers {
        Readers::Mask => 0o666,
        Readers::Owner => 0o600,
    };
    // Nothing is lost by opening it: what is there is looked at first.
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(mode);
    let mut file = options.open(path).map_err(unwritten)?;
    let kind = file.metadata().map_err(unwritten)?.file_type();
    if kind.is_file() {
        refuse_database(path, &file)?;
        if readers == Readers::Owner {
            file.set_permissions(Permissions::from_mode(mode)).map_err(unwritten)?;
        }
        file.set_len(0).map_err(unwritten)?;
        file.rewind().map_err(unwritten)?;
    } else if !kind.is_char_device() {
        return Err(BadInput::of_file(path, "cannot be written: it is no file"));
    }
    Ok(BufWriter::new(file))
}

fn refuse_database(path: &Path, file: &File) -> Result<(), BadInput> {
    let mut head = Vec::new();
    let read = file.take(DATABASE.len() as u64).read_to_end(&mut head);
    read.map_err(|error| cannot_be_written(path, &error))?;
    if head == DATABASE {
        return Err(BadInput::of_file(path, "is a database, which nothing is written over"));
    }
    Ok(())
}

/// One name for each file, whether or not it is there.
fn place_of(path: &Path) -> PathBuf {
    let of_folder = |path: &Path| {
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(|| of_folder(path)).unwrap_or_else(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_database_is_not_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clinic.db");
        let text = b"SQLite format 3\0and all the bookings";
        fs::write(&path, text).unwrap();
        for result in [create(&path).map(drop), create_private(&path).map(drop)] {
            let said = result.unwrap_err().to_string();
            assert!(said.ends_with("clinic.db: is a database, which nothing is written over"));
        }
        assert!(check_replaceable(&path).is_err());
        assert_eq!(fs::read(&path).unwrap(), text);
    }

    #[test]
    fn what_was_written_before_is_replaced_and_private_where_that_is_wanted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("crowd.pcapng");
        fs::write(&path, "what was there, which is longer than a header").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let mut file = create_private(&path).unwrap();
        file.write_all(b"new").unwrap();
        drop(file);
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_keeps_nothing_takes_everything_and_a_folder_takes_nothing() {
        create(Path::new("/dev/null")).unwrap().write_all(b"gone").unwrap();
        assert!(create(Path::new("/")).is_err());
    }

    #[test]
    fn a_file_has_one_place_whether_or_not_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let [plain, around] = ["day", "../day"].map(|name| folder.path().join("sub").join(name));
        fs::create_dir(folder.path().join("sub")).unwrap();
        assert_ne!(place_of(&plain), place_of(&around));
        assert_eq!(place_of(&around), place_of(&folder.path().join("day")));
        fs::write(&around, "").unwrap();
        assert_eq!(place_of(&around), place_of(&folder.path().join("day")));
    }
}
