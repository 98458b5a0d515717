//! `NAME.estimates`: the doctor's own record of every estimate it gave, a JSON object a line, each
//! with a code (HMAC) over itself and the code before it. Whoever alters, removes or re-orders a
//! line without the doctor's key is found out; of a tail that was cut at most the last second is not,
//! since `NAME.estimates.head` says how far the record had come.
//!
//! What is deliberately not here: who may have an estimate; names, since a patient is an id; and what
//! was asked in the classic words, where nobody knows who asks.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use domain::{AppointmentId, Currency, PatientId, PlanName, Service, to_hexadecimal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::audit::{AuditKey, next_mac};

use super::secrets::{Files, Secrets};
use crate::exit::Declined;
use crate::input::{self, BadInput};
use crate::keys::private_file;

/// At most so long after it was written a line is on the disk.
const SYNC_EVERY: Duration = Duration::from_millis(500);

/// How long a disk that takes nothing is left alone before it is tried again.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Estimates that wait for the disk; past this none is given.
const ENTRIES_WAITING_MAX: usize = 4_096;

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 4_096;

/// The mode of the record: its owner's.
const RECORD_MODE: u32 = 0o600;

/// Bytes of a code.
const MAC_BYTES: usize = 32;

/// What stands before the code in a line, and behind it.
const BEFORE_MAC: &str = ",\"mac\":\"";
const AFTER_MAC: &str = "\"}";

/// An estimate that is given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When.
    pub(super) at: Timestamp,
    /// For which kind of ticket: `visit` or `quote`.
    pub(super) ticket: String,
    /// The appointment; `None` for a quote.
    pub(super) appointment: Option<AppointmentId>,
    /// Who asked.
    pub(super) patient: PatientId,
    /// The kind of visit.
    pub(super) service: Service,
    /// The plan that was asked for.
    pub(super) plan: PlanName,
    /// The price in major units; `None` when the plan is not covered.
    pub(super) amount: Option<String>,
    /// Its currency; `None` without a price.
    pub(super) currency: Option<Currency>,
}

/// How far a record has come: the number of its last entry (0 for an empty one), and its code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    entry: u64,
    mac: [u8; MAC_BYTES],
}

const BEGINNING: Head = Head { entry: 0, mac: [0; MAC_BYTES] };

/// The head, as its file holds it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenHead {
    entry: u64,
    mac: String,
    /// The code of the two above.
    code: String,
}

/// Why an estimate is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotRecorded;

/// A record that is open: entries go to a thread of its own, which writes and syncs them.
#[derive(Debug)]
pub(super) struct Record {
    entries: Option<SyncSender<Entry>>,
    writer: Option<JoinHandle<()>>,
}

impl Record {
    /// Opens the doctor's record, makes it if there is none, and checks what is in it.
    ///
    /// # Errors
    /// When it cannot be written, or was altered.
    pub(super) fn open(files: &Files, secrets: &Secrets) -> anyhow::Result<Self> {
        let writer = Writer::open(files, secrets)?;
        let (entries, waiting) = sync_channel(ENTRIES_WAITING_MAX);
        let name = "estimates".to_owned();
        let writer = std::thread::Builder::new()
            .name(name)
            .spawn(move || writer.write_all_that_comes(&waiting))?;
        Ok(Self { entries: Some(entries), writer: Some(writer) })
    }

    /// Takes an entry, to be on the disk within a second. Never waits.
    ///
    /// # Errors
    /// When too many wait for the disk: the estimate must not be given then.
    pub(super) fn keep(&self, entry: Entry) -> Result<(), NotRecorded> {
        let entries = self.entries.as_ref().ok_or(NotRecorded)?;
        entries.try_send(entry).map_err(|_| NotRecorded)
    }
}

impl Drop for Record {
    /// Waits until all of it is on the disk, as far as the disk takes it.
    fn drop(&mut self) {
        self.entries = None;
        if let Some(writer) = self.writer.take() {
            // A writer that broke has said so.
            let _ = writer.join();
        }
    }
}

struct Writer {
    file: File,
    path: PathBuf,
    head_path: PathBuf,
    key: AuditKey,
    head: Head,
    /// How long the file is with its last whole line, in bytes.
    length: u64,
}

impl Writer {
    fn open(files: &Files, secrets: &Secrets) -> anyhow::Result<Self> {
        let (path, head_path) = (files.estimates(), files.estimates_head());
        let key = AuditKey::new(secrets.record_key());
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(RECORD_MODE)
            .open(&path)
            .map_err(|error| BadInput::of_file(&path, format!("cannot be opened ({error})")))?;
        let read = read_chain(&file, &path, &key)?;
        check_head(&head_path, &key, &read)?;
        if read.torn_bytes > 0 {
            // The power failed in the middle of a line: it was never said to be on the disk.
            tracing::warn!(record = %path.display(), bytes = read.torn_bytes, "a torn last line is cut off");
            file.set_len(read.length)?;
        }
        let head = read.heads.last().copied().unwrap_or(BEGINNING);
        Ok(Self { file, path, head_path, key, head, length: read.length })
    }

    fn write_all_that_comes(mut self, waiting: &Receiver<Entry>) {
        let mut unsynced: Option<Instant> = None;
        loop {
            let due = unsynced.map(|since| since + SYNC_EVERY);
            let next = match due {
                Some(due) => waiting.recv_timeout(due.saturating_duration_since(Instant::now())),
                None => waiting.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(entry) => {
                    self.surely("write", |writer| writer.append(&entry));
                    unsynced.get_or_insert_with(Instant::now);
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.surely("sync", Self::sync);
                    unsynced = None;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    if unsynced.is_some() {
                        // Once: who leaves does not wait for a disk to be mended.
                        if let Err(error) = self.sync() {
                            tracing::error!(record = %self.path.display(), %error, "not synced");
                        }
                    }
                    return;
                }
            }
            if unsynced.is_some_and(|since| since.elapsed() >= SYNC_EVERY) {
                self.surely("sync", Self::sync);
                unsynced = None;
            }
        }
    }

    /// Again and again: meanwhile the queue fills, and then no more estimates are given.
    fn surely(&mut self, what: &str, mut act: impl FnMut(&mut Self) -> io::Result<()>) {
        while let Err(error) = act(self) {
            let record = self.path.display();
            tracing::error!(%record, %error, what, "the record of estimates is not kept");
            std::thread::sleep(RETRY_PAUSE);
        }
    }

    fn append(&mut self, entry: &Entry) -> io::Result<()> {
        let (line, head) = line_of(&self.key, self.head, entry)?;
        if let Err(error) = self.file.write_all(line.as_bytes()) {
            // Half of a line may be there.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += line.len() as u64;
        self.head = head;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        let head = written_head(&self.key, self.head)?;
        private_file::replace(&self.head_path, head.as_bytes()).map_err(io::Error::other)
    }
}

/// The line of the next entry, and how far the record has come with it.
fn line_of(key: &AuditKey, head: Head, entry: &Entry) -> io::Result<(String, Head)> {
    #[derive(Serialize)]
    struct Numbered<'a> {
        entry: u64,
        #[serde(flatten)]
        rest: &'a Entry,
    }
    let number = head.entry + 1;
    let mut line = serde_json::to_string(&Numbered { entry: number, rest: entry })?;
    let mac = next_mac(key, &head.mac, line.as_bytes());
    line.pop();
    let line = format!("{line}{BEFORE_MAC}{}{AFTER_MAC}\n", to_hexadecimal(&mac));
    Ok((line, Head { entry: number, mac }))
}

/// What was read of a record.
struct Chain {
    /// How far it had come after each entry.
    heads: Vec<Head>,
    /// The bytes of its whole lines.
    length: u64,
    /// What stands behind the last line break.
    torn_bytes: u64,
}

/// Reads all of a record and checks every code in it.
fn read_chain(file: &File, path: &Path, key: &AuditKey) -> Result<Chain, BadInput> {
    let failed = |error: io::Error| BadInput::of_file(path, format!("cannot be read ({error})"));
    let mut reader = BufReader::new(file);
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    let mut chain = Chain { heads: Vec::new(), length: 0, torn_bytes: 0 };
    let mut head = BEGINNING;
    loop {
        let mut line = Vec::new();
        let count =
            reader.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed)?
                as u64;
        if count == 0 {
            return Ok(chain);
        }
        if line.last() != Some(&b'\n') && count < LINE_BYTES_MAX {
            chain.torn_bytes = count;
            return Ok(chain);
        }
        let wrong = "was altered, or lines before it were removed or re-ordered";
        head = checked(key, head, &line)
            .ok_or_else(|| BadInput::of_file(path, format!("line {} {wrong}", head.entry + 1)))?;
        chain.heads.push(head);
        chain.length += count;
    }
}

/// How far the record has come with `line`, if it is what follows.
fn checked(key: &AuditKey, head: Head, line: &[u8]) -> Option<Head> {
    #[derive(Deserialize)]
    struct Number {
        entry: u64,
    }
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?.strip_suffix(AFTER_MAC)?;
    let (record, mac) = line.split_at_checked(line.len().checked_sub(2 * MAC_BYTES)?)?;
    let record = format!("{}}}", record.strip_suffix(BEFORE_MAC)?);
    let Number { entry } = serde_json::from_str(&record).ok()?;
    let expected = next_mac(key, &head.mac, record.as_bytes());
    (entry == head.entry + 1 && to_hexadecimal(&expected) == mac)
        .then_some(Head { entry, mac: expected })
}

fn written_head(key: &AuditKey, head: Head) -> io::Result<String> {
    let mac = to_hexadecimal(&head.mac);
    let code = to_hexadecimal(&next_mac(key, &head.mac, format!("head {}", head.entry).as_bytes()));
    let written = WrittenHead { entry: head.entry, mac, code };
    Ok(serde_json::to_string(&written)? + "\n")
}

/// What the head's file says must be in the record; the record may have come further.
fn check_head(path: &Path, key: &AuditKey, chain: &Chain) -> Result<(), BadInput> {
    let content = match private_file::read(path, "the head of a record") {
        Ok(content) => content,
        // Made with the first entry, within a second.
        Err(missing) if missing.is_missing() && chain.heads.len() < 2 => return Ok(()),
        Err(error) => return Err(error),
    };
    let forged = || BadInput::of_file(path, "was altered");
    let written: WrittenHead = serde_json::from_slice(content.expose()).map_err(|_| forged())?;
    let number = usize::try_from(written.entry).unwrap_or(usize::MAX);
    let found = match number {
        0 => Some(BEGINNING),
        _ => chain.heads.get(number - 1).copied(),
    };
    let Some(found) = found else {
        let message = format!(
            "says that the record has {number} entries, but only {} are there: its end was cut off",
            chain.heads.len()
        );
        return Err(BadInput::of_file(path, message));
    };
    let expected = written_head(key, found).map_err(|_| forged())?;
    if expected.trim_end().as_bytes() == content.expose().trim_ascii_end() {
        Ok(())
    } else {
        Err(forged())
    }
}

/// Checks the whole record of a doctor, and says what is in it.
///
/// # Errors
/// [`Declined`] when it does not hold; otherwise when it or the doctor's keys cannot be read.
pub(super) fn verify(files: &Files) -> anyhow::Result<String> {
    let key = AuditKey::new(Secrets::read(files)?.record_key());
    let path = files.estimates();
    input::check_plain(&path, "a record of estimates")?;
    let file = File::open(&path).with_context(|| path.display().to_string())?;
    let chain = read_chain(&file, &path, &key)
        .and_then(|chain| check_head(&files.estimates_head(), &key, &chain).map(|()| chain))
        .map_err(|wrong| Declined::new(wrong.to_string()))?;
    let count = chain.heads.len();
    let torn = if chain.torn_bytes > 0 { ", and a torn line that was never finished" } else { "" };
    Ok(format!("{}: {count} estimates, nothing altered or missing{torn}", path.display()))
}

#[cfg(test)]
mod tests;
