//! The demonstration, running for one test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use crate::running::rendezvous;

/// `rendezvous center --demo` on ports of its own.
pub(super) struct Demo {
    child: Child,
    /// Where its pages are.
    pub(super) url: String,
    /// Everything that it said at its start.
    pub(super) said: Vec<String>,
    folder: tempfile::TempDir,
}

impl Demo {
    /// Starts it, and comes back when it has said where to look.
    pub(super) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let words = ["center", "--demo", "--listen", "127.0.0.1:0", "--web", "127.0.0.1:0"];
        let mut command = rendezvous(folder.path(), &words);
        // Its own folder is made in there, and must be gone at the end.
        command.env("TMPDIR", folder.path()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        for line in lines.by_ref().map_while(Result::ok) {
            let last = line.starts_with("Ctrl-C");
            said.push(line);
            if last {
                break;
            }
        }
        let url = said.iter().find_map(|line| line.split_once(" at ").map(|(_, url)| url));
        let url = url.unwrap_or_else(|| panic!("no address in {said:?}")).trim().to_owned();
        Self { child, url, said, folder }
    }

    /// Asks it to stop, and gives what it has left behind.
    pub(super) fn stop(mut self) -> Vec<std::path::PathBuf> {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert!(self.child.wait().unwrap().success());
        let left = std::fs::read_dir(self.folder.path()).unwrap();
        left.map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
