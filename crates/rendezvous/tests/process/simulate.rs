//! `rendezvous simulate`, the whole binary on real sockets: how it ends, and that it leaves nobody
//! behind, whatever happens to it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::running::{rendezvous, told, words_of};

/// How long processes may take to be gone before a test fails.
const GONE_MAX: Duration = Duration::from_secs(120);

/// The pause between two looks at all processes: a look costs more than a pause.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// The first line of the doctor's screen, up to its port: it comes when the center is open and the
/// doctor has enrolled there.
const CLINIC_IS_OPEN: &str = "Phase 3: Doctor 1 has a static UDP port";

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
        // Far from any rendezvous.toml.
        let mut command = rendezvous(self.path(), &["simulate", "--input"]);
        command.arg(self.path()).args(flags);
        command
    }

    /// Exit code, standard output, standard error.
    fn simulate(&self, flags: &[&str]) -> (i32, String, String) {
        let told = told(&mut self.command(flags));
        assert_eq!(self.processes(""), Vec::<i32>::new(), "left behind");
        told
    }

    /// Starts a simulation and comes back when its clinic is open, with the rest of its screen.
    fn begin(&self, flags: &[&str]) -> (Child, BufReader<std::process::ChildStdout>) {
        let mut command = self.command(flags);
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program runs");
        let mut screen = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        while !line.contains(CLINIC_IS_OPEN) {
            line.clear();
            let count = screen.read_line(&mut line).expect("a line");
            assert!(count > 0, "it ended before the clinic was open");
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

    /// Waits for the first patient, and then until no process of this clinic is left.
    fn expect_patients_to_come_and_go(&self) {
        let deadline = Instant::now() + GONE_MAX;
        while self.processes("patient").is_empty() {
            assert!(Instant::now() < deadline, "no patient comes");
            std::thread::sleep(LOOK_EVERY);
        }
        self.expect_nobody_left();
    }

    /// Waits until no process of this clinic is left.
    fn expect_nobody_left(&self) {
        let deadline = Instant::now() + GONE_MAX;
        while !self.processes("").is_empty() {
            assert!(Instant::now() < deadline, "left behind: {:?}", self.processes(""));
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

fn send(signal: Signal, pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a process"), signal).expect("it is running");
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
        let (code, screen, errors) = clinic.simulate(&["--dialect", dialect]);
        assert_eq!(code, 0, "{screen}{errors}");
        let expected = ["patient1", "patient2", "patient3"]
            .map(|patient| format!("{patient} doc1 gold {cost} done"));
        assert_eq!(outcomes(&screen), expected, "{dialect}");
        assert!(!screen.contains("secret"), "{screen}");
    }
}

#[test]
fn of_all_who_contend_for_a_slot_one_gets_it() {
    let clinic = Clinic::with_patients(12);
    let (code, screen, errors) = clinic.simulate(&["--contend"]);
    assert_eq!(code, 0, "{screen}{errors}");
    let outcomes = outcomes(&screen);
    assert_eq!(outcomes.iter().filter(|row| row.ends_with(" done")).count(), 1, "{screen}");
    let beaten = |row: &&String| row.ends_with("refused: the slot is taken");
    assert_eq!(outcomes.iter().filter(beaten).count(), 11, "{screen}");
}

#[test]
fn a_refusal_nobody_expected_ends_it_with_3() {
    let clinic = Clinic::with_patients(2);
    let flags = ["--select", "patient1=2", "--select", "patient2=2"];
    let (code, screen, _) = clinic.simulate(&flags);
    assert_eq!(code, 3, "{screen}");
    clinic.write("patient2.txt", "patient2 wrong");
    let (code, screen, _) = clinic.simulate(&[]);
    assert_eq!(code, 3, "{screen}");
    assert!(!screen.contains("secret"), "{screen}");
}

#[test]
fn a_doctor_without_a_tariff_is_a_bad_input_and_nothing_starts() {
    let clinic = Clinic::with_patients(1);
    let tariff = clinic.path().join("doc1.txt");
    fs::remove_file(&tariff).expect("a file");
    let expected = "not found, expected a file of <plan> <cost>";
    let expected = format!("{}: {expected}\n", tariff.display());
    assert_eq!(clinic.simulate(&[]), (2, String::new(), expected));
}

/// A port is said not to be free only when it is not: another test may have it just now.
fn expect_true_reasons(screen: &str) {
    let count = |words: &str| screen.lines().filter(|line| line.contains(words)).count();
    assert_eq!(count(" is not free: "), count(" cannot listen on "), "{screen}");
}

#[test]
fn what_the_center_calls_a_bad_input_ends_it_with_2() {
    let clinic = Clinic::with_patients(2);
    let store = ["--store", "sqlite:clinic.db", "--zone"];
    let (code, screen, errors) = clinic.simulate(&[&store[..], &["UTC"]].concat());
    assert_eq!(code, 0, "{screen}{errors}");
    assert!(screen.contains("the clinic's clocks show UTC"), "{screen}");
    let (code, screen, errors) = clinic.simulate(&[&store[..], &["Asia/Tokyo"]].concat());
    assert_eq!((code, errors), (2, String::new()), "{screen}");
    let expected = "--zone: the zone Asia/Tokyo is not the store's, expected UTC";
    assert!(screen.contains(expected), "{screen}");
    expect_true_reasons(&screen);
    // Slot 1 is booked, and now it is said to be at another time.
    clinic.write("availabilities.txt", "1 Sun 5pm doc1 41000\n");
    let (code, screen, errors) = clinic.simulate(&store[..2]);
    assert_eq!((code, errors), (2, String::new()), "{screen}");
    assert!(
        screen.contains("which is booked, expected the same doctor, time and length"),
        "{screen}"
    );
    expect_true_reasons(&screen);
}

#[test]
fn a_port_that_is_taken_is_said_to_be_and_another_one_does() {
    let clinic = Clinic::with_patients(1);
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    clinic.write("availabilities.txt", &format!("1 Mon 9am doc1 {port}\n"));
    // Another test may hold it: it is taken all the same.
    let center_port = std::net::TcpListener::bind("127.0.0.1:21000");
    let (code, screen, errors) = clinic.simulate(&[]);
    assert_eq!(code, 0, "{screen}{errors}");
    let doctor = format!("UDP port {port} is not free: doc1 takes another one");
    assert!(screen.contains(&doctor), "{screen}");
    if center_port.is_ok() {
        let center = "TCP port 21000 is not free: the center takes another one";
        assert!(screen.contains(center), "{screen}");
    }
}

#[test]
fn contenders_need_no_more_files_than_the_system_gives() {
    let clinic = Clinic::with_patients(40);
    let program = clinic.command(&["--contend"]);
    // A soft limit that is too low for four descriptors for each of them.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -Sn 100; exec \"$0\" \"$@\""]).arg(program.get_program());
    command.args(program.get_args()).current_dir(clinic.path());
    for (name, value) in program.get_envs() {
        assert!(value.is_none(), "{name:?} is only taken away");
        command.env_remove(name);
    }
    let (code, screen, errors) = told(&mut command);
    assert_eq!(code, 0, "{screen}{errors}");
}

#[test]
fn the_logs_of_all_are_in_the_format_that_was_asked_for() {
    let clinic = Clinic::with_patients(1);
    let (code, screen, errors) = clinic.simulate(&["--log", "info", "--log-format", "json"]);
    assert_eq!(code, 0, "{screen}{errors}");
    for label in ["center", "doc1"] {
        let is_json = |line: &str| line.contains(label) && line.contains("| {\"timestamp\"");
        assert!(screen.lines().any(is_json), "{label}: {screen}");
    }
}

#[test]
fn a_slow_reader_gets_all_of_it() {
    // So many that the transcript does not fit into a pipe.
    let clinic = Clinic::with_patients(30);
    let (mut child, mut screen) = clinic.begin(&[]);
    clinic.expect_patients_to_come_and_go();
    // Longer than a program that does not wait for its reader would stay.
    let patience = Instant::now() + Duration::from_secs(2);
    while Instant::now() < patience {
        assert!(child.try_wait().unwrap().is_none(), "it waits for its reader");
        std::thread::sleep(LOOK_EVERY);
    }
    let mut rest = String::new();
    screen.read_to_string(&mut rest).expect("the screen");
    assert_eq!(child.wait().unwrap().code(), Some(0), "{rest}");
    assert_eq!(rest.lines().filter(|line| line.contains("End of Phase 3 for")).count(), 30);
    assert_eq!(outcomes(&rest).len(), 30, "{rest}");
    assert!(rest.ends_with("┘\n"), "{rest}");
}

#[test]
fn a_signal_ends_it_also_when_only_its_reader_is_waited_for() {
    let clinic = Clinic::with_patients(30);
    let (child, _screen) = clinic.begin(&[]);
    clinic.expect_patients_to_come_and_go();
    send(Signal::TERM, i32::try_from(child.id()).expect("a process id"));
    let (code, _, errors) = words_of(&child.wait_with_output().expect("it ends"));
    assert_eq!((code, errors.as_str()), (1, "rendezvous: interrupted by SIGTERM\n"));
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
        let (code, _, errors) = words_of(&child.wait_with_output().expect("it ends"));
        assert_eq!((code, errors), (1, format!("rendezvous: interrupted by {name}\n")), "{rest}");
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
        let (code, _, errors) = words_of(&child.wait_with_output().expect("it ends"));
        let expected = format!("rendezvous: {label} ended too early (signal 9)\n");
        assert_eq!((code, errors), (1, expected), "{rest}");
        assert_eq!(clinic.processes(""), Vec::<i32>::new(), "left behind");
    }
}

#[test]
fn a_reader_that_is_gone_does_not_stop_it() {
    let clinic = Clinic::with_patients(3);
    let (child, screen) = clinic.begin(&[]);
    drop(screen);
    let (code, _, errors) = words_of(&child.wait_with_output().expect("it ends"));
    assert_eq!(code, 0, "{errors}");
    assert_eq!(clinic.processes(""), Vec::<i32>::new(), "left behind");
}
