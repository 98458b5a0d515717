//! A center over TLS with a doctor who has enrolled, and a relay in front of each.

use std::net::UdpSocket;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::relay::{TcpRelay, UdpRelay};
use crate::running::{Running, rendezvous, told, wait_for};

/// Whose names, passwords and plans they are; each has at least 8 bytes.
pub(crate) const PATIENTS: [(&str, &str, &str, &str); 2] = [
    ("zephyrine-morgenstern", "opensesame-quicksilver", "platinum-umbrella", "41.75"),
    ("balthazar-nightingale", "hunter2-candlestick", "copper-parasol", "12.25"),
];

/// All words that nobody may read.
pub(crate) fn secret_words() -> Vec<&'static str> {
    PATIENTS.iter().flat_map(|(user, password, plan, _)| [*user, *password, *plan]).collect()
}

/// The clinic's files, in `folder`.
pub(crate) fn write_files(folder: &Path) {
    write_files_with(folder, "");
}

/// The same, with `prefix` in front of each of the secret words.
pub(crate) fn write_files_with(folder: &Path, prefix: &str) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    let (mut users, mut tariff) = (String::new(), String::new());
    for (n, (user, password, plan, price)) in PATIENTS.iter().enumerate() {
        let [user, password, plan] = [user, password, plan].map(|word| format!("{prefix}{word}"));
        users += &format!("{user} {password}\n");
        tariff += &format!("{plan} {price}\n");
        let name = format!("patient{}", n + 1);
        write(&format!("{name}.txt"), &format!("{user} {password}\n"));
        write(&format!("{name}insurance.txt"), &format!("{plan}\n"));
    }
    write("users.txt", &users);
    let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let row = |n: usize| format!("{} {} {}am doc1 41000\n", n + 1, days[n % 7], n / 7 + 1);
    write("availabilities.txt", &(0..70).map(row).collect::<String>());
    write("doc1.txt", &tariff);
}

/// A hospital in a folder of its own.
pub(crate) struct Hospital {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) center: Running,
    /// In front of the center.
    pub(crate) counter: TcpRelay,
    pub(crate) doctor: Running,
    /// In front of the doctor.
    pub(crate) desk: UdpRelay,
}

impl Hospital {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path());
        let center = open_center(folder.path());
        let counter = TcpRelay::open([127, 0, 0, 1], center.address);
        let desk = UdpRelay::open();
        let code = enrolment_code(folder.path(), "doc1");
        let mut command =
            doctor_command(folder.path(), &counter.address.to_string(), &desk.address.to_string());
        let doctor = Running::of(command.env("RENDEZVOUS_ENROLMENT_CODE", code));
        desk.lead_to(doctor.address);
        Self { folder, center, counter, doctor, desk }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A patient who comes through the relays.
    pub(crate) fn patient(&self, words: &[&str]) -> Command {
        let center = self.counter.address.to_string();
        let mut command =
            rendezvous(self.path(), &["patient", "--input", ".", "--center", &center]);
        command.args(words);
        command
    }

    /// Exit code, and what stands on the screen and in the log.
    pub(crate) fn check(&self, words: &[&str], code: i32, has: &str) {
        let (found, screen, errors) = told(&mut self.patient(words));
        assert_eq!(found, code, "{words:?}\n{screen}{errors}");
        assert!(screen.contains(has) || errors.contains(has), "{words:?}\n{screen}{errors}");
    }

    /// Hands datagrams to the doctor from a socket of a stranger's own, and then a question in the
    /// classic words: the doctor lives, and whatever it had answered would have come first.
    pub(crate) fn expect_silence(&self, datagrams: &[Vec<u8>]) {
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        stranger.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stranger.connect(self.doctor.address).unwrap();
        for datagram in datagrams {
            stranger.send(datagram).unwrap();
        }
        let (_, _, plan, price) = PATIENTS[0];
        stranger.send(plan.as_bytes()).unwrap();
        let mut answer = [0; 2_048];
        let count = stranger.recv(&mut answer).unwrap();
        assert_eq!(String::from_utf8_lossy(&answer[..count]), price);
    }

    /// Waits until the doctor has kept what the center told about `word`.
    pub(crate) fn wait_until_the_doctor_knows(&self, word: &str) {
        let file = self.path().join("doctor.keys/doc1.center");
        wait_for("the doctor is told", || {
            let known = std::fs::read_to_string(&file).unwrap_or_default();
            known.contains(word).then_some(())
        });
    }
}

pub(crate) fn open_center(folder: &Path) -> Running {
    Running::start(folder, &["center", "--input", ".", "--zone", "UTC"])
}

/// What `rendezvous admin enrol` prints in its last line.
pub(crate) fn enrolment_code(folder: &Path, doctor: &str) -> String {
    let (code, printed, errors) = told(&mut rendezvous(folder, &["admin", "enrol", doctor]));
    assert_eq!(code, 0, "{errors}");
    printed.lines().last().unwrap().to_owned()
}

/// The doctor's command line, without its code.
pub(crate) fn doctor_command(folder: &Path, center: &str, advertised: &str) -> Command {
    let words = ["doctor", "doc1", "--input", ".", "--center", center, "--advertise", advertised];
    let mut command = rendezvous(folder, &words);
    command.args(["--listen", "127.0.0.1:0"]);
    command
}
