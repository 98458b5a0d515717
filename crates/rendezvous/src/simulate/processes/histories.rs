//! `simulate --history FILE`: each patient writes its own history; at the end they become one, in the
//! order of time, which is checked.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use simulator::history::Entry;

use super::Play;
use super::roles::Seat;
use crate::args::{SimulateArgs, StoreLocation};
use crate::check_history;
use crate::exit::Ended;
use crate::input::BadInput;
use crate::simulate::files;

/// A history begins with slots that are free: it cannot go on from a store with bookings. Where one is
/// wanted, its file is made.
///
/// # Errors
/// When the flags want that, or the file cannot be written.
pub(super) fn begin(args: &SimulateArgs) -> Result<(), BadInput> {
    match (&args.history, &args.store) {
        (Some(_), Some(StoreLocation::Sqlite(store))) if store.exists() => {
            let message = "is there already, and --history needs a new store: a history begins with \
                           slots that are all free";
            Err(BadInput::of_file(store, message))
        }
        (Some(history), _) => files::create(history).map(drop),
        (None, _) => Ok(()),
    }
}

impl Play {
    /// The history of one patient; `None` when nobody wants to know.
    pub(super) fn history_path(&self, patient: &str) -> Option<PathBuf> {
        self.args.history.as_ref().map(|_| self.folder.join(format!("{patient}.history")))
    }

    /// Writes the one history of all patients, checks it and says what came of it; a run whose
    /// history does not hold has failed, however it ended.
    pub(super) fn judge(&self, patients: &[Seat], ended: Ended) -> anyhow::Result<Ended> {
        let Some(path) = &self.args.history else { return Ok(ended) };
        let mut entries = Vec::new();
        for &seat in patients {
            if let Some(own) = self.history_path(&self.members[seat].label) {
                entries.extend(of_patient(&own, seat)?);
            }
        }
        entries.sort_by_key(|entry| entry.time);
        write(files::create(path)?, &entries)
            .with_context(|| format!("{}: the history cannot be written", path.display()))?;
        Ok(check_history::judge(path, ended, |line| self.transcript.note(line))?)
    }
}

/// What a patient wrote, as the process of its seat. One that came to nothing wrote nothing, and one
/// that was killed while it wrote may have left a part of a line.
fn of_patient(path: &Path, seat: Seat) -> anyhow::Result<Vec<Entry>> {
    let text = match fs::read(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| path.display().to_string()),
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let entries = whole.lines().map(|line| {
        let entry: Entry = serde_json::from_str(line)?;
        Ok(Entry { process: seat as u64, ..entry })
    });
    entries.collect()
}

fn write(mut file: BufWriter<File>, entries: &[Entry]) -> io::Result<()> {
    for entry in entries {
        file.write_all(entry.to_line().as_bytes())?;
    }
    file.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_patient_that_was_killed_the_whole_lines_are_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("patient1.history");
        let begun = r#"{"process":4711,"type":"invoke","op":"book","slot":"7","patient":"patient1","time":5}"#;
        fs::write(&path, format!("{begun}\n{}", &begun[..30])).unwrap();
        let lines: Vec<String> = of_patient(&path, 3).unwrap().iter().map(Entry::to_line).collect();
        assert_eq!(lines, [format!("{}\n", begun.replace("4711", "3"))]);
        assert_eq!(of_patient(&folder.path().join("none"), 3).unwrap(), []);
    }
}
