//! Writing a history while it happens: every end has its begin, because only a begin gives what can
//! be ended.
//!
//! What is deliberately not here: clocks. Whoever records says what time it is.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Entry, EntryKind, Op};

/// Writes a history, a line at a time, each in one write. Cheap to clone; all clones write to the
/// same place, from whatever thread.
#[derive(Debug, Clone)]
pub struct Recorder {
    lines: Arc<Mutex<Lines>>,
}

/// Who does what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Whoever does one thing after another: it has at most one operation open.
    pub process: u64,
    /// What is done.
    pub op: Op,
    /// The slot; `None` for a list.
    pub slot: Option<String>,
    /// For whom.
    pub patient: String,
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// A booking or a cancellation was done.
    Done,
    /// A list was shown.
    Listed {
        /// The free slots in it.
        free: Vec<String>,
        /// Whether there may be others.
        extent: Extent,
    },
    /// It was refused: a booking because somebody else held the slot at some moment between, a
    /// cancellation because the patient did not hold it at some moment between.
    Refused,
    /// Nobody knows; also busy, unavailable, and whatever else says nothing about the slot.
    Unknown,
}

/// How much a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Every free slot there is.
    Whole,
    /// A page, a window of days: there may be free slots that it does not have.
    Part,
}

/// An operation that has begun and not ended. Dropped, its outcome is unknown.
#[derive(Debug)]
#[must_use = "an operation that is dropped is of unknown outcome"]
pub struct Open {
    recorder: Recorder,
    /// The begin; `None` when it has ended.
    begun: Option<Entry>,
}

struct Lines {
    out: Box<dyn Write + Send>,
    written: u64,
    /// The first error; nothing is written after it.
    broken: Option<io::Error>,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines").field("written", &self.written).finish_non_exhaustive()
    }
}

impl Operation {
    /// A patient takes a slot.
    #[must_use]
    pub fn book(process: u64, slot: String, patient: &str) -> Self {
        Self { process, op: Op::Book, slot: Some(slot), patient: patient.to_owned() }
    }

    /// A patient gives a slot back.
    #[must_use]
    pub fn cancel(process: u64, slot: String, patient: &str) -> Self {
        Self { process, op: Op::Cancel, slot: Some(slot), patient: patient.to_owned() }
    }

    /// A patient looks which slots are free.
    #[must_use]
    pub fn list(process: u64, patient: &str) -> Self {
        Self { process, op: Op::List, slot: None, patient: patient.to_owned() }
    }
}

impl Recorder {
    /// Writes to `out`, which may be buffered: [`Self::finish`] flushes it.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { lines: Arc::new(Mutex::new(Lines { out, written: 0, broken: None })) }
    }

    /// An operation begins at `time`, in nanoseconds: before anything of it is sent.
    pub fn begin(&self, operation: Operation, time: u64) -> Open {
        let Operation { process, op, slot, patient } = operation;
        let kind = EntryKind::Invoke;
        let begun = Entry { process, kind, op, slot, patient, time, free: None, partial: false };
        self.write(&begun);
        Open { recorder: self.clone(), begun: Some(begun) }
    }

    /// How many lines were written, all of them flushed.
    ///
    /// # Errors
    /// The first one there was in writing any line.
    pub fn finish(&self) -> io::Result<u64> {
        let mut lines = self.lines();
        if let Some(error) = lines.broken.take() {
            return Err(error);
        }
        lines.out.flush()?;
        Ok(lines.written)
    }

    fn write(&self, entry: &Entry) {
        let line = entry.to_line();
        let mut lines = self.lines();
        if lines.broken.is_some() {
            return;
        }
        match lines.out.write_all(line.as_bytes()) {
            Ok(()) => lines.written += 1,
            Err(error) => lines.broken = Some(error),
        }
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        // Whoever panicked while writing left at worst half a line, which the reader will name.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// It ended at `time`, in nanoseconds: after all of the answer was there.
    pub fn end(mut self, end: End, time: u64) {
        let Some(begun) = self.begun.take() else { return };
        let (kind, free, extent) = match end {
            End::Done => (EntryKind::Ok, None, Extent::Whole),
            End::Listed { free, extent } => (EntryKind::Ok, Some(free), extent),
            End::Refused => (EntryKind::Fail, None, Extent::Whole),
            End::Unknown => (EntryKind::Info, None, Extent::Whole),
        };
        let partial = extent == Extent::Part;
        self.recorder.write(&Entry { kind, time, free, partial, ..begun });
    }
}

impl Drop for Open {
    /// When an operation of unknown outcome is given up says nothing, so its begin's time will do.
    fn drop(&mut self) {
        if let Some(begun) = self.begun.take() {
            self.recorder.write(&Entry { kind: EntryKind::Info, ..begun });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is written, for whoever looks later.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn recorded(record: impl FnOnce(&Recorder)) -> String {
        let written = Shared::default();
        let recorder = Recorder::new(Box::new(written.clone()));
        record(&recorder);
        recorder.finish().unwrap();
        let bytes = written.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn every_operation_has_a_begin_and_an_end() {
        let written = recorded(|recorder| {
            let list = recorder.begin(Operation::list(3, "patient1"), 10);
            let free = vec!["1".to_owned(), "7".to_owned()];
            list.end(End::Listed { free, extent: Extent::Part }, 20);
            let book = recorder.begin(Operation::book(3, "7".to_owned(), "patient1"), 30);
            let other = recorder.begin(Operation::book(4, "7".to_owned(), "patient2"), 31);
            book.end(End::Done, 40);
            other.end(End::Refused, 41);
            recorder
                .begin(Operation::cancel(3, "7".to_owned(), "patient1"), 50)
                .end(End::Unknown, 60);
        });
        assert_eq!(
            written,
            r#"{"process":3,"type":"invoke","op":"list","patient":"patient1","time":10}
{"process":3,"type":"ok","op":"list","patient":"patient1","time":20,"free":["1","7"],"partial":true}
{"process":3,"type":"invoke","op":"book","slot":"7","patient":"patient1","time":30}
{"process":4,"type":"invoke","op":"book","slot":"7","patient":"patient2","time":31}
{"process":3,"type":"ok","op":"book","slot":"7","patient":"patient1","time":40}
{"process":4,"type":"fail","op":"book","slot":"7","patient":"patient2","time":41}
{"process":3,"type":"invoke","op":"cancel","slot":"7","patient":"patient1","time":50}
{"process":3,"type":"info","op":"cancel","slot":"7","patient":"patient1","time":60}
"#
        );
    }

    #[test]
    fn an_operation_that_is_dropped_is_of_unknown_outcome() {
        let written = recorded(|recorder| {
            drop(recorder.begin(Operation::book(1, "2".to_owned(), "patient1"), 5));
        });
        assert_eq!(
            written.lines().last(),
            Some(
                r#"{"process":1,"type":"info","op":"book","slot":"2","patient":"patient1","time":5}"#
            )
        );
    }
}
