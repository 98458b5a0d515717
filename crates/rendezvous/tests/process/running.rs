//! A role that runs as a process for one test, and is gone with it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The project's own copy of the exercise's files.
pub(crate) const INPUT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../input");

/// What colours are decided by, besides the terminal.
const COLORS: [&str; 3] = ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"];

/// The binary, to be run in `folder`. Of the environment of whoever runs the tests, nothing that
/// means anything to it reaches it.
pub(crate) fn rendezvous(folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rendezvous"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("RENDEZVOUS_") {
            command.env_remove(name);
        }
    }
    for name in COLORS {
        command.env_remove(name);
    }
    command.current_dir(folder).args(words).stdin(Stdio::null());
    command
}

/// Exit code, standard output and standard error of a command that ends by itself.
pub(crate) fn told(command: &mut Command) -> (i32, String, String) {
    words_of(&command.output().unwrap())
}

/// The same, of a command that is given a line on standard input.
pub(crate) fn told_with(command: &mut Command, line: &str) -> (i32, String, String) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), "{line}").unwrap();
    words_of(&child.wait_with_output().unwrap())
}

/// Exit code, standard output and standard error.
pub(crate) fn words_of(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// How long a test waits for something to come true.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until `look` gives something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A center or a doctor.
pub(crate) struct Running {
    child: Child,
    screen: BufReader<ChildStdout>,
    /// The first line of its screen.
    pub(crate) first_line: String,
    /// Where it serves.
    pub(crate) address: SocketAddr,
}

impl Running {
    /// Starts a role on a port of its own and comes back when it has said where it serves.
    pub(crate) fn start(folder: &Path, words: &[&str]) -> Self {
        Self::start_with(folder, words, Stdio::null())
    }

    /// The same, with its log in a file.
    pub(crate) fn start_logging(folder: &Path, words: &[&str], log: &Path) -> Self {
        Self::start_with(folder, words, std::fs::File::create(log).unwrap().into())
    }

    fn start_with(folder: &Path, words: &[&str], log: Stdio) -> Self {
        let mut command = rendezvous(folder, words);
        command.args(["--listen", "127.0.0.1:0"]).stderr(log);
        Self::spawn(&mut command)
    }

    /// Starts a role as `command` says, without its log.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::spawn(command.stderr(Stdio::null()))
    }

    fn spawn(command: &mut Command) -> Self {
        command.stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut screen = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        screen.read_line(&mut line).unwrap();
        let port = line
            .split_whitespace()
            .skip_while(|word| *word != "port")
            .find_map(|word| word.parse().ok())
            .unwrap_or_else(|| panic!("{command:?} began with {line:?}"));
        let first_line = line.trim_end().to_owned();
        Self { child, screen, first_line, address: SocketAddr::from(([127, 0, 0, 1], port)) }
    }

    /// The next line of its screen.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.screen.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it with a signal and waits for that.
    pub(crate) fn end(mut self, signal: Signal) -> ExitStatus {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
