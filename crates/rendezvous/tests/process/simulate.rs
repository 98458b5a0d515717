//! `rendezvous simulate`, the whole binary on real sockets: how it ends, and that it leaves nobody
//! behind, whatever happens to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long processes may take to be gone before a test fails.
const GONE_MAX: Duration = Duration::from_secs(20);

/// The first line of the center's screen, up to its port.
const CENTER_IS_OPEN: &str = "The Health Center Server has port number";

/// A clinic of one doctor and some patients, in a place of its own.
struct Clinic {
    dir: tempfile::TempDir,
}

impl Clinic {
    fn with_patients(count: u32) -> Self {
        let clinic = Self { dir: tempfile::tempdir().expect("a folder") };
        let rows = |row: &dyn Fn(u32) -> String| (1..=count).map(row).collect::<String>();
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
        clinic.write("users.txt", &rows(&|n| format!("patient{n} secret{n}\n")));
        clinic.write(
            "availabilities.txt",
            &rows(&|n| {
                let day = days[n as usize / 10 % days.len()];
                format!("{n} {day} {}am doc1 41000\n", n % 10 + 1)
            }),
        );
        clinic.write("doc1.txt", "gold 30.50\r\n");
        for n in 1..=count {
            clinic.write(&format!("patient{n}.txt"), &format!("patient{n} secret{n}"));
            clinic.write(&format!("patient{n}insurance.txt"), "gold");
        }
        clinic
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).expect("a file");
    }

    fn command(&self, flags: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rendezvous"));
        // Far from any rendezvous.toml.
        command.current_dir(self.path()).args(["simulate", "--input"]).arg(self.path()).args(flags);
        command
    }

    fn simulate(&self, flags: &[&str]) -> Output {
        let output = self.command(flags).output().expect("the program runs");
        assert_eq!(self.processes(""), Vec::<i32>::new(), "left behind");
        output
    }

    /// Starts a simulation and comes back when its center is open, with the rest of its screen.
    fn begin(&self, flags: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
        let mut command = self.command(flags);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut screen = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while !line.contains(CENTER_IS_OPEN) {
            line.clear();
            let count = screen.read_line(&mut line).expect("a line");
            assert!(count > 0, "it ended before the center was open");
        }
        (child, screen)
    }

    /// The running roles of this clinic whose command line holds `word`.
    fn processes(&self, word: &str) -> Vec<i32> {
        let folder = self.path().to_str().expect("a path in UTF-8");
        let is_ours = |line: &str| line.contains("--end-with-stdin") && line.contains(folder);
        let entries = fs::read_dir("/proc").expect("/proc");
        let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
        pids.filter(|pid: &i32| {
            // One that is gone by now is not running.
            let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line);
            is_ours(&line) && line.split('\0').any(|argument| word.is_empty() || argument == word)
        })
        .collect()
    }

    /// Waits until no process of this clinic is left.
    fn expect_nobody_left(&self) {
        let deadline = Instant::now() + GONE_MAX;
        while !self.processes("").is_empty() {
            assert!(Instant::now() < deadline, "left behind: {:?}", self.processes(""));
            std::thread::yield_now();
        }
    }
}

fn send(signal: Signal, pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a process"), signal).expect("it is running");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The rows of the table, without what differs from run to run.
fn outcomes(screen: &str) -> Vec<String> {
    let rows = screen.lines().filter(|line| line.contains("┆ gold"));
    let cells = rows.map(|row| row.split(['│', '┆']).map(str::trim).collect::<Vec<_>>());
    cells.map(|cells| [cells[1], cells[3], cells[4], cells[5], cells[9]].join(" ")).collect()
}

#[test]
fn every_patient_gets_a_slot_and_a_price_in_every_dialect() {
    let clinic = Clinic::with_patients(3);
    for (dialect, cost) in
        [("json", "30.50 USD"), ("spec", "30.50"), ("nul", "30.50"), ("seed", "30.50")]
    {
        let output = clinic.simulate(&["--dialect", dialect]);
        let screen = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{screen}{}", text(&output.stderr));
        let expected = ["patient1", "patient2", "patient3"]
            .map(|patient| format!("{patient} doc1 gold {cost} done"));
        assert_eq!(outcomes(&screen), expected, "{dialect}");
        assert!(!screen.contains("secret"), "{screen}");
    }
}

#[test]
fn of_all_who_contend_for_a_slot_one_gets_it() {
    let clinic = Clinic::with_patients(12);
    let output = clinic.simulate(&["--contend"]);
    let screen = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{screen}{}", text(&output.stderr));
    let outcomes = outcomes(&screen);
    assert_eq!(outcomes.iter().filter(|row| row.ends_with(" done")).count(), 1, "{screen}");
    let beaten = |row: &&String| row.ends_with("refused: the slot is taken");
    assert_eq!(outcomes.iter().filter(beaten).count(), 11, "{screen}");
}

#[test]
fn a_refusal_nobody_expected_ends_it_with_3() {
    let clinic = Clinic::with_patients(2);
    let output = clinic.simulate(&["--select", "patient1=2", "--select", "patient2=2"]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stdout));
    clinic.write("patient2.txt", "patient2 wrong");
    let output = clinic.simulate(&[]);
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stdout));
    assert!(!text(&output.stdout).contains("secret"));
}

#[test]
fn a_doctor_without_a_tariff_is_a_bad_input_and_nothing_starts() {
    let clinic = Clinic::with_patients(1);
    let tariff = clinic.path().join("doc1.txt");
    fs::remove_file(&tariff).expect("a file");
    let output = clinic.simulate(&[]);
    assert_eq!(output.status.code(), Some(2));
    let expected = "not found, expected a file of <plan> <cost>";
    assert_eq!(text(&output.stderr), format!("{}: {expected}\n", tariff.display()));
    assert_eq!(text(&output.stdout), "");
}

#[test]
fn a_signal_ends_everybody() {
    for (signal, name) in
        [(Signal::INT, "SIGINT"), (Signal::TERM, "SIGTERM"), (Signal::HUP, "SIGHUP")]
    {
        let clinic = Clinic::with_patients(30);
        let (child, mut screen) = clinic.begin(&[]);
        send(signal, i32::try_from(child.id()).expect("a process id"));
        let mut rest = String::new();
        screen.read_to_string(&mut rest).expect("the screen");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{rest}");
        assert_eq!(text(&output.stderr), format!("rendezvous: interrupted by {name}\n"));
        assert_eq!(clinic.processes(""), Vec::<i32>::new(), "left behind");
    }
}

#[test]
fn when_it_is_killed_everybody_leaves() {
    let clinic = Clinic::with_patients(30);
    let (mut child, _screen) = clinic.begin(&[]);
    child.kill().expect("it is running");
    child.wait().expect("it is killed");
    clinic.expect_nobody_left();
}

#[test]
fn a_center_or_a_doctor_that_dies_ends_it() {
    for (role, label) in [("center", "center"), ("doctor", "doc1")] {
        let clinic = Clinic::with_patients(30);
        let (child, mut screen) = clinic.begin(&[]);
        let processes = clinic.processes(role);
        assert_eq!(processes.len(), 1, "one {role}");
        send(Signal::KILL, processes[0]);
        let mut rest = String::new();
        screen.read_to_string(&mut rest).expect("the screen");
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(1), "{rest}");
        let expected = format!("rendezvous: {label} ended too early (signal 9)\n");
        assert_eq!(text(&output.stderr), expected, "{rest}");
        assert_eq!(clinic.processes(""), Vec::<i32>::new(), "left behind");
    }
}

#[test]
fn a_reader_that_is_gone_does_not_stop_it() {
    let clinic = Clinic::with_patients(3);
    let (child, screen) = clinic.begin(&[]);
    drop(screen);
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(clinic.processes(""), Vec::<i32>::new(), "left behind");
}
