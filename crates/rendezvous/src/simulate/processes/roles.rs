//! The processes of a simulation: started with pipes, listened to, and stopped in any case.
//!
//! Whatever happens to the simulation, no process is left behind: dropping the [`Cast`] kills and
//! reaps what still runs, and if the simulation itself is killed, the standard input of each child
//! ends, which `--end-with-stdin` tells it to take for the end.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::transcript::Stream;
use super::words::Words;

/// How many lines of children may wait for the transcript; then their pipes fill.
const NEWS_QUEUED_MAX: usize = 1_024;

/// The longest line of a child, in bytes; longer ones are broken.
const LINE_BYTES_MAX: usize = 16 * 1_024;

/// How long a child whose outputs are closed may take to end.
const LEAVE_MAX: Duration = Duration::from_secs(5);

/// How long the last resort, after SIGKILL, waits for the system to end a process.
const REAP_MAX: Duration = Duration::from_secs(2);

/// What the name of every environment variable of ours begins with.
const OUR_VARIABLES: &str = "RENDEZVOUS_";

/// Which process: its place in the order of starting.
pub(super) type Seat = usize;

/// What is heard of a process.
#[derive(Debug)]
pub(super) enum News {
    /// A line, without its end.
    Line(Seat, Stream, String),
    /// It ended, after all its lines.
    Ended(Seat, ExitStatus),
}

enum Heard {
    Line(Seat, Stream, String),
    Silence(Seat),
}

struct Process {
    child: Child,
    /// Held open: its end is the sign to leave.
    stdin: Option<ChildStdin>,
    ended: Option<ExitStatus>,
}

/// All processes of a simulation.
pub(super) struct Cast {
    program: PathBuf,
    processes: Vec<Process>,
    news: mpsc::Receiver<Heard>,
    teller: mpsc::Sender<Heard>,
    /// A process that fell silent and whose end is not in the news yet; `None` when there is none.
    silent: Option<Seat>,
}

impl Cast {
    /// Nobody yet; each process will be this very program.
    ///
    /// # Errors
    /// When the system does not say where the program is.
    pub(super) fn new() -> io::Result<Self> {
        let (teller, news) = mpsc::channel(NEWS_QUEUED_MAX);
        let program = std::env::current_exe()?;
        Ok(Self { program, processes: Vec::new(), news, teller, silent: None })
    }

    /// Starts this program with `words`. None of our own environment variables and no configuration
    /// file reach it.
    ///
    /// # Errors
    /// When the system starts no more processes.
    pub(super) fn start(&mut self, words: Words) -> io::Result<Seat> {
        let mut command = Command::new(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with(OUR_VARIABLES) {
                command.env_remove(name);
            }
        }
        let (arguments, variables) = words.all();
        command.args(["--config", "", "--end-with-stdin"]).args(arguments).envs(variables);
        self.give_seat(command)
    }

    fn give_seat(&mut self, mut command: Command) -> io::Result<Seat> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let seat = self.processes.len();
        let (stdin, stdout, stderr) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let teller = self.teller.clone();
        tokio::spawn(async move {
            let screen = tell_lines(seat, Stream::Screen, stdout, &teller);
            let log = tell_lines(seat, Stream::Log, stderr, &teller);
            tokio::join!(screen, log);
            // Without a receiver the simulation is over.
            let _ = teller.send(Heard::Silence(seat)).await;
        });
        self.processes.push(Process { child, stdin, ended: None });
        Ok(seat)
    }

    /// The next thing that is heard of any process; waits for ever when all are silent. Dropped
    /// before it answers, it loses nothing.
    ///
    /// # Errors
    /// When the system does not tell how a process ended.
    pub(super) async fn next(&mut self) -> io::Result<News> {
        loop {
            if let Some(seat) = self.silent {
                let status = self.see_out(seat).await?;
                self.silent = None;
                return Ok(News::Ended(seat, status));
            }
            match self.news.recv().await {
                Some(Heard::Line(seat, stream, text)) => return Ok(News::Line(seat, stream, text)),
                Some(Heard::Silence(seat)) => self.silent = Some(seat),
                // We hold a sender ourselves.
                None => std::future::pending().await,
            }
        }
    }

    async fn see_out(&mut self, seat: Seat) -> io::Result<ExitStatus> {
        let process = &mut self.processes[seat];
        let status = match timeout(LEAVE_MAX, process.child.wait()).await {
            Ok(status) => status?,
            Err(_) => {
                process.child.start_kill()?;
                process.child.wait().await?
            }
        };
        process.ended = Some(status);
        process.stdin = None;
        Ok(status)
    }

    /// Writes `line` to the standard input of all of `seats`, one right after the other.
    pub(super) async fn tell_all(&mut self, seats: &[Seat], line: &str) {
        for &seat in seats {
            if let Some(stdin) = &mut self.processes[seat].stdin {
                // One that has just ended does not read; its end is in the news.
                let _ = stdin.write_all(line.as_bytes()).await;
            }
        }
    }

    /// How many have not ended.
    pub(super) fn running(&self) -> usize {
        self.processes.iter().filter(|process| process.ended.is_none()).count()
    }

    /// Asks everybody who still runs to leave: SIGTERM, and the end of standard input.
    pub(super) fn ask_to_leave(&mut self) {
        for process in self.processes.iter_mut().filter(|process| process.ended.is_none()) {
            let pid = process.child.id().and_then(|id| i32::try_from(id).ok());
            if let Some(pid) = pid.and_then(Pid::from_raw) {
                // It may have ended by itself; not reaped yet, its number is still its own.
                let _ = kill_process(pid, Signal::TERM);
            }
            process.stdin = None;
        }
    }

    /// Kills everybody who still runs.
    pub(super) fn kill(&mut self) {
        for process in self.processes.iter_mut().filter(|process| process.ended.is_none()) {
            // It may have ended by itself.
            let _ = process.child.start_kill();
        }
    }
}

impl Drop for Cast {
    fn drop(&mut self) {
        self.kill();
        let deadline = Instant::now() + REAP_MAX;
        let mut left: Vec<&mut Process> =
            self.processes.iter_mut().filter(|process| process.ended.is_none()).collect();
        while !left.is_empty() && Instant::now() < deadline {
            left.retain_mut(|process| matches!(process.child.try_wait(), Ok(None)));
            std::thread::yield_now();
        }
    }
}

async fn tell_lines(
    seat: Seat,
    stream: Stream,
    source: Option<impl AsyncRead + Unpin>,
    teller: &mpsc::Sender<Heard>,
) {
    let Some(mut source) = source else { return };
    let mut lines = LineCutter::default();
    let mut bytes = [0; 4_096];
    loop {
        let count = match source.read(&mut bytes).await {
            Ok(0) | Err(_) => break,
            Ok(count) => count,
        };
        for line in lines.push(&bytes[..count]) {
            if teller.send(Heard::Line(seat, stream, line)).await.is_err() {
                return;
            }
        }
    }
    if let Some(line) = lines.rest() {
        // Without a receiver the simulation is over.
        let _ = teller.send(Heard::Line(seat, stream, line)).await;
    }
}

/// Cuts bytes into lines of at most [`LINE_BYTES_MAX`].
#[derive(Default)]
struct LineCutter {
    partial: Vec<u8>,
}

impl LineCutter {
    fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        for &byte in bytes {
            if byte == b'\n' {
                lines.push(self.take());
                continue;
            }
            if self.partial.len() == LINE_BYTES_MAX {
                lines.push(self.take());
            }
            self.partial.push(byte);
        }
        lines
    }

    fn rest(&mut self) -> Option<String> {
        (!self.partial.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> String {
        let line = std::mem::take(&mut self.partial);
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
        text.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_end_that_nobody_waited_for_is_told_to_whoever_asks_next() {
        let mut cast = Cast::new().unwrap();
        let mut command = Command::new("sh");
        // Silent at once, and gone when it is told.
        command.args(["-c", "exec >&- 2>&-; read -r line; exit 7"]);
        let seat = cast.give_seat(command).unwrap();
        while cast.silent.is_none() {
            let given_up = timeout(Duration::from_millis(1), cast.next()).await;
            assert!(given_up.is_err(), "{given_up:?}");
        }
        cast.tell_all(&[seat], "go\n").await;
        let news = timeout(Duration::from_secs(60), cast.next()).await.unwrap().unwrap();
        assert!(matches!(news, News::Ended(0, status) if status.code() == Some(7)), "{news:?}");
        assert_eq!(cast.running(), 0);
    }

    #[test]
    fn bytes_are_cut_into_lines_wherever_they_are_split() {
        let bytes = b"one\ntwo\r\n\nthr\xFFee";
        let expected = ["one", "two", "", "thr\u{FFFD}ee"];
        for at in 0..bytes.len() {
            let mut cutter = LineCutter::default();
            let mut lines = cutter.push(&bytes[..at]);
            lines.extend(cutter.push(&bytes[at..]));
            lines.extend(cutter.rest());
            assert_eq!(lines, expected, "split at {at}");
        }
    }

    #[test]
    fn an_endless_line_is_broken() {
        let mut cutter = LineCutter::default();
        let lines = cutter.push(&[b'x'; LINE_BYTES_MAX + 1]);
        assert_eq!(lines.iter().map(String::len).collect::<Vec<_>>(), [LINE_BYTES_MAX]);
        assert_eq!(cutter.rest(), Some("x".to_owned()));
    }
}
