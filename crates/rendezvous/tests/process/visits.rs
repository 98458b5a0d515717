//! Patients and doctors at the command line, against a running center.

use std::io::Read as _;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::running::{INPUT, Running, rendezvous, told};

/// A center and both doctors of the exercise.
struct Clinic {
    folder: tempfile::TempDir,
    center: Running,
    doctors: [Running; 2],
}

impl Clinic {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let doctors = ["doc1", "doc2"]
            .map(|name| Running::start(folder.path(), &["doctor", name, "--input", INPUT]));
        let at = |n: usize| format!("doc{}={}", n + 1, doctors[n].address);
        let center = Running::start(
            folder.path(),
            &["center", "--input", INPUT, "--doctor-at", &at(0), "--doctor-at", &at(1)],
        );
        Self { folder, center, doctors }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn patient(&self, words: &[&str]) -> (i32, String, String) {
        let center = self.center.address.to_string();
        let mut command = rendezvous(self.path(), &["patient", "--center", &center]);
        told(command.args(["--input", INPUT]).args(words))
    }

    /// Exit code, and what stands on the screen without the ports, which differ.
    fn check(&self, words: &[&str], code: i32, screen_has: &str) {
        let (found, screen, errors) = self.patient(words);
        assert_eq!(found, code, "{words:?}\n{screen}{errors}");
        assert!(screen.contains(screen_has), "{words:?}\n{screen}{errors}");
        assert!(!format!("{screen}{errors}").contains("password111"), "{screen}{errors}");
    }
}

#[test]
fn a_visit_ends_as_its_exit_code_says() {
    let clinic = Clinic::open();
    clinic.check(&["patient1", "--select", "2"], 0, "Patient 1 receives 40$ estimation cost");
    clinic.check(&["patient1", "--select", "2"], 0, "reserved to Patient 1");
    clinic.check(&["patient2", "--select", "2"], 3, "from Patient 2 is not available. Exiting...");
    clinic.check(&["patient2", "--select", "99"], 3, "is not available. Exiting...");
    let (code, screen, errors) = clinic.patient(&["patient2", "--select", "3", "--plan", "gold"]);
    assert_eq!((code, errors.lines().count()), (3, 1), "{errors}");
    assert!(screen.contains("reserved to Patient 2"), "{screen}");
    let (_, rows, _) = clinic.patient(&["patient2", "--appointments", "--screen", "quiet"]);
    let id = rows.split(' ').next().unwrap();
    let line = format!(
        "rendezvous: there is no estimate, but the slot is booked all the same, as appointment \
         {id} (`rendezvous patient patient2 --cancel {id}` calls it off): the plan is not covered \
         by this doctor\n"
    );
    assert_eq!(errors, line);
    clinic.check(&["patient2"], 0, "reserved to Patient 2");
    for dialect in ["spec", "nul", "seed"] {
        let words = ["patient2", "--dialect", dialect, "--select", "2"];
        clinic.check(&words, 3, "Patient 2 is not available. Exiting...");
        clinic.check(&["patient1", "--dialect", dialect], 0, "estimation cost from doctor");
    }
    let (code, _, errors) = clinic.patient(&["nobody"]);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.ends_with("not found, expected a file of <plan>, or --plan PLAN\n"), "{errors}");
    let (code, _, errors) = clinic.patient(&["nobody", "--plan", "insurance1"]);
    assert_eq!(code, 2, "{errors}");
    assert!(errors.contains("nobody.txt: not found"), "{errors}");
}

#[test]
fn a_wrong_password_is_refused_and_a_missing_center_is_a_failure() {
    let clinic = Clinic::open();
    let center = clinic.center.address.to_string();
    for dialect in ["json", "spec", "nul", "seed"] {
        let words = ["patient", "patient1", "--input", INPUT, "--center", &center];
        let mut command = rendezvous(clinic.path(), &words);
        command.args(["--dialect", dialect]).env("RENDEZVOUS_PASSWORD", "wrong");
        let (code, screen, errors) = told(&mut command);
        assert_eq!(code, 3, "{screen}{errors}");
        assert!(screen.to_lowercase().contains("authentication result: failure"), "{screen}");
        assert!(!screen.contains("wrong"), "{screen}");
    }
    let words = ["patient", "patient1", "--input", INPUT, "--center", "127.0.0.1:1"];
    let (code, _, errors) = told(&mut rendezvous(clinic.path(), &words));
    assert_eq!(code, 1, "{errors}");
    assert!(errors.contains("no health center answers at 127.0.0.1:1"), "{errors}");
}

#[test]
fn a_patient_looks_after_appointments() {
    let clinic = Clinic::open();
    clinic.check(&["patient1", "--list"], 0, "4 Wed 10am doc1\n");
    clinic.check(&["patient1", "--select", "4"], 0, "reserved");
    let (_, screen, _) = clinic.patient(&["patient1", "--appointments", "--screen", "quiet"]);
    let appointment = screen.split(' ').next().unwrap().to_owned();
    assert_eq!(screen, format!("{appointment} booked 4 Wed 10am doc1\n"));

    let reschedule = |patient| [patient, "--reschedule", &appointment, "--select", "5"];
    clinic.check(&reschedule("patient2"), 3, "");
    let moved = format!("{appointment} booked 5 Sat 12pm doc2\n");
    clinic.check(&reschedule("patient1"), 0, &moved);
    clinic.check(&["patient1", "--list"], 0, "4 Wed 10am doc1\n");
    clinic.check(&["patient2", "--cancel", &appointment], 3, "");
    let cancelled = format!("{appointment} cancelled 5 Sat 12pm doc2\n");
    clinic.check(&["patient1", "--cancel", &appointment], 0, &cancelled);
    clinic.check(&["patient1", "--cancel", &appointment], 3, "");
    clinic.check(&["patient2", "--select", "5"], 0, "reserved");

    let admin = ["admin", "appointments", "--json"];
    let (code, rows, errors) = told(&mut rendezvous(clinic.path(), &admin));
    assert_eq!(code, 0, "{errors}");
    let row: serde_json::Value = serde_json::from_str(rows.trim_end()).unwrap();
    let found = ["slot", "doctor", "patient", "status"].map(|key| row[key].as_str().unwrap());
    assert_eq!(found, ["5", "doc2", "patient2", "booked"]);
}

/// The line without its port, which differs from run to run.
fn without_port(line: &str) -> String {
    for before in [" port number is ", " port number ", " UDP port "] {
        if let Some((start, rest)) = line.split_once(before) {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            return format!("{start}{before}__{rest}");
        }
    }
    line.to_owned()
}

fn check_lines<'a>(role: &str, lines: impl Iterator<Item = &'a str>, expected: &[&str]) {
    let found: Vec<String> = lines.map(without_port).collect();
    assert_eq!(found, expected, "{role}");
}

impl Running {
    /// Its first line and the next `count`.
    fn lines(&mut self, count: usize) -> Vec<String> {
        let first = self.first_line.clone();
        std::iter::once(first).chain((0..count).map(|_| self.line())).collect()
    }
}

#[test]
fn every_role_says_the_words_of_the_exercise_in_their_order() {
    let mut clinic = Clinic::open();
    let (code, screen, errors) = clinic.patient(&["patient1", "--select", "1"]);
    assert_eq!(code, 0, "{errors}");
    check_lines(
        "patient",
        screen.lines(),
        &[
            "Phase 1: Patient 1 has TCP port number __ and IP address 127.0.0.1.",
            "Phase 1: Authentication request from Patient 1 with username patient1 and password ******** has been sent to the Health Center Server.",
            "Phase 1: Patient 1 authentication result: success.",
            "Phase 1: End of Phase 1 for Patient 1.",
            "Phase 2: The following appointments are available for Patient 1:",
            "1 Tue 01pm",
            "2 Mon 03pm",
            "3 Thu 02pm",
            "4 Wed 10am",
            "5 Sat 12pm",
            "6 Fri 04pm",
            "Please enter the preferred appointment index and press enter: 1",
            "Phase 2: The requested appointment is available and reserved to Patient 1. The assigned doctor port number is __.",
            "Phase 3: Patient 1 has a dynamic UDP port number __ and IP address 127.0.0.1.",
            "Phase 3: The cost estimation request from Patient 1 with insurance plan insurance1 has been sent to the doctor with port number __ and IP address 127.0.0.1.",
            "Phase 3: Patient 1 receives 30$ estimation cost from doctor with port number __ and name doc1.",
            "Phase 3: End of Phase 3 for Patient 1.",
        ],
    );
    let lines = clinic.center.lines(6);
    check_lines(
        "center",
        lines.iter().map(String::as_str),
        &[
            "Phase 1: The Health Center Server has port number __ and IP address 127.0.0.1.",
            "Phase 1: The Health Center Server has received request from a patient with username patient1 and password ********.",
            "Phase 1: The Health Center Server sends the response success to patient with username patient1.",
            "Phase 2: The Health Center Server, receives a request for available time slots from patients with port number __ and IP address 127.0.0.1.",
            "Phase 2: The Health Center Server sends available time slots to patient with username patient1.",
            "Phase 2: The Health Center Server receives a request for appointment 1 from patient with port number __ and username patient1.",
            "Phase 2: The Health Center Server confirms the following appointment 1 to patient with username patient1.",
        ],
    );
    let lines = clinic.doctors[0].lines(2);
    check_lines(
        "doctor",
        lines.iter().map(String::as_str),
        &[
            "Phase 3: Doctor 1 has a static UDP port __ and IP address 127.0.0.1.",
            "Phase 3: Doctor 1 receives the request from the patient with port number __ and the insurance plan insurance1.",
            "Phase 3: Doctor 1 has sent estimated price 30$ to patient with port number __.",
        ],
    );
}

#[test]
fn a_long_list_is_read_whole_by_a_slow_reader() {
    const SLOTS: usize = 3_000;
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
    file("users.txt", "patient1 secret1\n".to_owned());
    file("patient1.txt", "patient1 secret1".to_owned());
    let row = |n: usize| {
        let (doctor, day, hour) = (n / 84, n / 12 % 7, n % 12 + 1);
        let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day];
        let port = 41_000 + doctor;
        // The rows do not fit into the pipe, so somebody has to wait for the reader.
        format!("{} {day} {hour}pm doctor-of-general-medicine-{doctor} {port}\n", n + 1)
    };
    file("availabilities.txt", (0..SLOTS).map(row).collect());
    let words = ["center", "--input", folder.path().to_str().unwrap(), "--zone", "UTC"];
    let center = Running::start(folder.path(), &words);
    let address = center.address.to_string();
    let words = ["patient", "patient1", "--input", ".", "--list", "--screen", "quiet"];
    let mut patient = rendezvous(folder.path(), &words)
        .args(["--center", &address])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut screen = patient.stdout.take().unwrap();
    let mut list = vec![0];
    screen.read_exact(&mut list).unwrap();
    // Longer than a program that does not wait for its reader would stay.
    let patience = Instant::now() + Duration::from_secs(2);
    while Instant::now() < patience {
        assert!(patient.try_wait().unwrap().is_none(), "it waits for its reader");
        std::thread::yield_now();
    }
    screen.read_to_end(&mut list).unwrap();
    assert_eq!(patient.wait().unwrap().code(), Some(0));
    // A slot or two may have begun meanwhile.
    let rows = list.iter().filter(|&&byte| byte == b'\n').count();
    assert!((SLOTS - 100..=SLOTS).contains(&rows), "{rows}");
}

#[test]
fn guesses_of_strangers_keep_a_known_device_in_and_the_guessers_out() {
    let clinic = Clinic::open();
    clinic.check(&["patient1", "--list", "--device", "device"], 0, "2 Mon 03pm doc2");
    let center = clinic.center.address.to_string();
    let words = ["patient", "patient1", "--input", INPUT, "--center", &center, "--list"];
    let guess =
        |password| told(rendezvous(clinic.path(), &words).env("RENDEZVOUS_PASSWORD", password));
    let throttled = "rendezvous: too many wrong log-ins, try again later\n";
    // Ten wrong guesses an hour and a few more: then it is not even looked at any more.
    let refused = (0..30).map(|n| guess(format!("guess-{n}"))).find(|(_, _, errors)| {
        assert!(!errors.contains("guess"), "{errors}");
        errors == throttled
    });
    assert_eq!(refused.map(|(code, ..)| code), Some(3));
    assert_eq!(guess("password111".to_owned()).2, throttled, "not even the right one");
    clinic.check(&["patient1", "--list", "--device", "device"], 0, "2 Mon 03pm doc2");
}

#[test]
fn patients_see_who_looked_at_their_data() {
    let clinic = Clinic::open();
    clinic.check(&["patient1", "--accesses", "--screen", "quiet"], 0, "");
    let (code, _, errors) = told(&mut rendezvous(clinic.path(), &["admin", "export", "patient1"]));
    assert_eq!(code, 0, "{errors}");
    let (_, rows, _) = clinic.patient(&["patient1", "--accesses", "--screen", "quiet"]);
    assert_eq!(rows.lines().count(), 1, "{rows}");
    assert!(rows.contains(" operator "), "{rows}");
    let (_, rows, _) = clinic.patient(&["patient2", "--accesses", "--screen", "quiet"]);
    assert_eq!(rows, "");
}

#[test]
fn a_doctor_without_files_is_told_of_the_flags() {
    let folder = tempfile::tempdir().unwrap();
    let check = |words: &[&str], end: &str| {
        let (code, _, errors) = told(rendezvous(folder.path(), &["doctor", "ann"]).args(words));
        assert_eq!((code, errors.lines().count()), (2, 1), "{errors}");
        assert!(errors.trim_end().ends_with(end), "{errors}");
    };
    check(&[], "or --listen ADDR");
    check(&["--listen", "127.0.0.1:0"], "or --tariff FILE");
}

#[test]
fn a_told_center_or_doctor_ends_with_0() {
    for signal in [Signal::TERM, Signal::INT] {
        let folder = tempfile::tempdir().unwrap();
        let center = Running::start(folder.path(), &["center", "--input", INPUT]);
        let doctor = Running::start(folder.path(), &["doctor", "doc1", "--input", INPUT]);
        assert_eq!(center.end(signal).code(), Some(0));
        assert_eq!(doctor.end(signal).code(), Some(0));
    }
}

#[test]
fn a_changed_tariff_is_in_force_and_a_broken_one_is_not() {
    use std::net::UdpSocket;
    let folder = tempfile::tempdir().unwrap();
    let tariff = folder.path().join("prices.txt");
    std::fs::write(&tariff, "gold 30\n").unwrap();
    let words = ["doctor", "ann", "--tariff", tariff.to_str().unwrap()];
    let doctor = Running::start(folder.path(), &words);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let ask = || {
        socket.send_to(b"gold", doctor.address).unwrap();
        let mut answer = [0; 100];
        let (count, _) = socket.recv_from(&mut answer).unwrap();
        String::from_utf8_lossy(&answer[..count]).into_owned()
    };
    let wait_for = |price: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        while ask() != price {
            assert!(Instant::now() < deadline, "no {price}");
        }
    };
    assert_eq!(ask(), "30");
    std::fs::write(&tariff, "gold 31.50\n").unwrap();
    wait_for("31.50");
    // Broken, missing, and good again: the old price holds in between.
    std::fs::write(&tariff, "gold -1\n").unwrap();
    std::fs::remove_file(&tariff).unwrap();
    std::fs::write(folder.path().join("new"), "gold 32\n").unwrap();
    assert_eq!(ask(), "31.50");
    std::fs::rename(folder.path().join("new"), &tariff).unwrap();
    wait_for("32");
}
