//! Lines on their way out: a bounded queue and a thread that writes, so that nobody's work ever
//! waits for whoever reads standard output or the log.
//!
//! When nobody reads, the queue fills, new lines are dropped and counted, and the count is told as
//! soon as there is room again. When the reader is gone, everything is dropped without a word.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// The most lines that wait to be written.
pub(crate) const LINES_QUEUED_MAX: usize = 4_096;

/// The longest text of one line, in bytes; what is beyond is cut off.
const LINE_BYTES_MAX: usize = 64 * 1_024;

/// How long the end of the program waits for the last lines to be written.
pub(crate) const FLUSH_MAX: Duration = Duration::from_secs(1);

/// Whether everything got out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flushed {
    /// All of it, or its reader is gone.
    Whole,
    /// The time was over before.
    Cut,
}

/// The queue and its writing thread. Ends with [`Outlet::finish`].
pub(crate) struct Outlet {
    queue: Arc<Queue>,
}

/// Puts lines into an [`Outlet`]; cheap to clone.
#[derive(Clone)]
pub(crate) struct LineSender {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct State {
    texts: VecDeque<String>,
    dropped: u64,
    stage: Stage,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Stage {
    #[default]
    Open,
    /// No new lines; those in the queue are still written.
    Finishing,
    /// Nothing is written any more.
    Closed,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing that panics happens under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, text: String) {
        let mut state = self.lock();
        if state.stage != Stage::Open {
            return;
        }
        if state.texts.len() >= self.capacity {
            state.dropped += 1;
            return;
        }
        state.texts.push_back(text);
        drop(state);
        self.changed.notify_all();
    }
}

impl Outlet {
    /// Starts a thread that writes to `destination`; at most `capacity` lines wait for it.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn new(
        destination: impl Write + Send + 'static,
        capacity: usize,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue {
            state: Mutex::new(State::default()),
            changed: Condvar::new(),
            capacity,
        });
        let for_thread = Arc::clone(&queue);
        std::thread::Builder::new()
            .name("outlet".to_owned())
            .spawn(move || write_all_lines(&for_thread, destination))?;
        Ok(Self { queue })
    }

    /// Standard output.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn stdout() -> io::Result<Self> {
        Self::new(io::stdout(), LINES_QUEUED_MAX)
    }

    /// Standard error.
    ///
    /// # Errors
    /// When no thread can be started.
    pub(crate) fn stderr() -> io::Result<Self> {
        Self::new(io::stderr(), LINES_QUEUED_MAX)
    }

    /// Something to put lines in with.
    pub(crate) fn sender(&self) -> LineSender {
        LineSender { queue: Arc::clone(&self.queue) }
    }

    /// Takes no more lines, and waits until all are written, for at most `limit`.
    pub(crate) fn finish(self, limit: Duration) -> Flushed {
        let deadline = Instant::now() + limit;
        let mut state = self.queue.lock();
        if state.stage == Stage::Open {
            state.stage = Stage::Finishing;
        }
        self.queue.changed.notify_all();
        while state.stage != Stage::Closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Flushed::Cut;
            }
            let woken = self.queue.changed.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        Flushed::Whole
    }
}

impl LineSender {
    /// Queues `text` and a line break. Never blocks: when the queue is full the line is dropped.
    pub(crate) fn line(&self, mut text: String) {
        cut(&mut text);
        text.push('\n');
        self.queue.push(text);
    }

    /// Queues `text` as it is, without a line break: a question on a terminal.
    pub(crate) fn prompt(&self, mut text: String) {
        cut(&mut text);
        self.queue.push(text);
    }
}

/// One log line: what the formatter writes is sent as a whole when it is dropped.
pub(crate) struct LogLine {
    sender: LineSender,
    bytes: Vec<u8>,
}

impl Write for LogLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for LogLine {
    fn drop(&mut self) {
        if !self.bytes.is_empty() {
            let text = String::from_utf8_lossy(&self.bytes);
            self.sender.line(text.trim_end_matches('\n').to_owned());
        }
    }
}

impl<'a> MakeWriter<'a> for LineSender {
    type Writer = LogLine;

    fn make_writer(&'a self) -> LogLine {
        LogLine { sender: self.clone(), bytes: Vec::new() }
    }
}

fn cut(text: &mut String) {
    if text.len() > LINE_BYTES_MAX {
        text.truncate(text.floor_char_boundary(LINE_BYTES_MAX));
        text.push('…');
    }
}

fn write_all_lines(queue: &Queue, mut destination: impl Write) {
    while let Some((texts, dropped)) = next_batch(queue) {
        let written = write_batch(&mut destination, &texts, dropped);
        if written.is_err() {
            break;
        }
    }
    let mut state = queue.lock();
    state.stage = Stage::Closed;
    state.texts.clear();
    drop(state);
    queue.changed.notify_all();
}

/// Everything that waits, and how many lines were dropped behind it; `None` at the end.
fn next_batch(queue: &Queue) -> Option<(VecDeque<String>, u64)> {
    let mut state = queue.lock();
    while state.texts.is_empty() && state.dropped == 0 {
        if state.stage != Stage::Open {
            return None;
        }
        state = queue.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
    Some((std::mem::take(&mut state.texts), std::mem::take(&mut state.dropped)))
}

fn write_batch(
    destination: &mut impl Write,
    texts: &VecDeque<String>,
    dropped: u64,
) -> io::Result<()> {
    for text in texts {
        destination.write_all(text.as_bytes())?;
    }
    if dropped > 0 {
        let lines = if dropped == 1 { "line was" } else { "lines were" };
        writeln!(destination, "({dropped} {lines} dropped here: nobody read them in time)")?;
    }
    destination.flush()
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Blocks in its first write until it is let go; keeps what is written.
    struct Gate {
        entered: mpsc::Sender<()>,
        opened: mpsc::Receiver<()>,
        kept: Arc<Mutex<String>>,
    }

    fn gate() -> (Gate, mpsc::Receiver<()>, mpsc::Sender<()>, Arc<Mutex<String>>) {
        let (entered, has_entered) = mpsc::channel();
        let (open, opened) = mpsc::channel();
        let kept = Arc::new(Mutex::new(String::new()));
        (Gate { entered, opened, kept: Arc::clone(&kept) }, has_entered, open, kept)
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.entered.send(()).unwrap();
            // An error means that the gate stands open for good.
            let _ = self.opened.recv();
            self.kept.lock().unwrap().push_str(std::str::from_utf8(bytes).unwrap());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_and_prompts_come_out_in_order() {
        let (gate, _entered, open, kept) = gate();
        drop(open);
        let outlet = Outlet::new(gate, 10).unwrap();
        let sender = outlet.sender();
        sender.line("one".to_owned());
        sender.prompt("two? ".to_owned());
        sender.line("three".to_owned());
        assert_eq!(outlet.finish(Duration::from_secs(60)), Flushed::Whole);
        assert_eq!(*kept.lock().unwrap(), "one\ntwo? three\n");
    }

    #[test]
    fn a_reader_that_never_reads_blocks_nobody_and_the_dropped_are_counted() {
        let (gate, entered, open, kept) = gate();
        let outlet = Outlet::new(gate, 2).unwrap();
        let sender = outlet.sender();
        sender.line("stuck".to_owned());
        entered.recv().unwrap();
        for number in 1..=1_000 {
            sender.line(format!("line {number}"));
        }
        drop(open);
        // The end of the notice in the text says that the first batch is out.
        sender_waits_for(&kept, "in time)\n");
        sender.line("after".to_owned());
        assert_eq!(outlet.finish(Duration::from_secs(60)), Flushed::Whole);
        assert_eq!(
            *kept.lock().unwrap(),
            "stuck\nline 1\nline 2\n\
             (998 lines were dropped here: nobody read them in time)\nafter\n"
        );
    }

    fn sender_waits_for(kept: &Mutex<String>, end: &str) {
        while !kept.lock().unwrap().ends_with(end) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_end_does_not_wait_for_ever() {
        let (gate, entered, _open, _kept) = gate();
        let outlet = Outlet::new(gate, 2).unwrap();
        outlet.sender().line("stuck".to_owned());
        entered.recv().unwrap();
        assert_eq!(outlet.finish(Duration::from_millis(1)), Flushed::Cut);
    }

    #[test]
    fn a_reader_that_is_gone_ends_it_quietly() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let outlet = Outlet::new(writer, 2).unwrap();
        let sender = outlet.sender();
        sender.line("nobody".to_owned());
        assert_eq!(outlet.finish(Duration::from_secs(60)), Flushed::Whole);
        sender.line("nobody".to_owned());
    }

    #[test]
    fn an_endless_line_is_cut() {
        let mut text = "é".repeat(LINE_BYTES_MAX);
        cut(&mut text);
        assert_eq!(text.len(), LINE_BYTES_MAX + '…'.len_utf8());
    }
}
