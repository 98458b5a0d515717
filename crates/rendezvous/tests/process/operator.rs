//! What an operator does at the command line, with the whole binary: settings, exit codes, and the
//! tasks of `rendezvous admin` beside a running center.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::running::{INPUT, Running, rendezvous, told, told_with};

/// A working folder.
pub(crate) struct Office {
    dir: tempfile::TempDir,
}

impl Office {
    pub(crate) fn open() -> Self {
        Self { dir: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        rendezvous(self.path(), words)
    }

    /// Exit code, standard output, standard error.
    pub(crate) fn run(&self, words: &[&str]) -> (i32, String, String) {
        told(&mut self.command(words))
    }

    /// The same with a line on standard input.
    pub(crate) fn run_with(&self, words: &[&str], line: &str) -> (i32, String, String) {
        told_with(&mut self.command(words), line)
    }

    pub(crate) fn expect(&self, words: &[&str], code: i32, stdout: &str, stderr: &str) {
        let expected = (code, stdout.to_owned(), stderr.to_owned());
        assert_eq!(self.run(words), expected, "{words:?}");
    }
}

#[test]
fn a_flag_wins_over_the_environment_and_that_over_the_file() {
    let office = Office::open();
    let wants = |command: &mut Command, folder: &str| {
        let (code, _, stderr) = told(command);
        let expected = "not found, expected a file of <index> <day> <time> <doctor> <port>, or \
                        --listen ADDR";
        assert_eq!(stderr, format!("{folder}/availabilities.txt: {expected}\n"));
        assert_eq!(code, 2);
    };
    let words = ["doctor", "doc1"];
    wants(&mut office.command(&words), "input");
    fs::write(office.path().join("rendezvous.toml"), "[doctor]\ninput = \"file\"\n")
        .expect("a file");
    wants(&mut office.command(&words), "file");
    wants(office.command(&words).env("RENDEZVOUS_DOCTOR_INPUT", "environment"), "environment");
    let flag = ["doctor", "doc1", "--input", "flag"];
    wants(office.command(&flag).env("RENDEZVOUS_DOCTOR_INPUT", "environment"), "flag");
    wants(&mut office.command(&["doctor", "doc1", "--config", ""]), "input");
    wants(office.command(&words).env("RENDEZVOUS_CONFIG", ""), "input");
}

#[test]
fn a_broken_configuration_is_refused_with_its_place() {
    let office = Office::open();
    fs::write(office.path().join("rendezvous.toml"), "[doctor]\ninptu = \"x\"\n").expect("a file");
    let known = "listen, input, tariff, currency, center, ca, keys, advertise, allow-plaintext, \
                 screen";
    let wrong = format!("rendezvous.toml:2:1: inptu is not a setting, expected one of {known}\n");
    office.expect(&["doctor", "doc1"], 2, "", &wrong);
    let (code, printed, _) = office.run(&["config"]);
    assert_eq!(code, 0);
    fs::write(office.path().join("rendezvous.toml"), printed).expect("a file");
    let (_, _, stderr) = office.run(&["doctor", "doc1"]);
    assert!(stderr.starts_with("input/availabilities.txt: not found"), "{stderr}");
}

#[test]
fn usage_that_is_not_right_is_exit_code_2() {
    let office = Office::open();
    for words in [
        ["fly"].as_slice(),
        &[],
        &["patient"],
        &["patient", "a", "--select", "0"],
        &["center", "--slot-minutes", "0"],
    ] {
        assert_eq!(office.run(words).0, 2, "{words:?}");
    }
    for words in [["--help"].as_slice(), &["--version"], &["patient", "--help"]] {
        assert_eq!(office.run(words).0, 0, "{words:?}");
    }
}

#[test]
fn an_import_is_whole_or_not_at_all() {
    let office = Office::open();
    let store = "rendezvous.db";
    let nowhere = "not found, expected a file of <user> <password>";
    let wrong = format!("nowhere/users.txt: {nowhere}\n");
    office.expect(&["admin", "import", "nowhere"], 2, "", &wrong);
    assert!(!office.path().join(store).exists());
    let words = ["admin", "import", INPUT, "--zone", "Europe/Berlin"];
    let clocks = "clocks show Europe/Berlin";
    let (code, stdout, _) = office.run(&words);
    let counts = "2 accounts and 2 doctors added, 6 slots published, 0 withdrawn, 0 unchanged";
    assert_eq!((code, stdout), (0, format!("loaded {INPUT}: {counts}; {clocks}\n")));
    let counts = "0 accounts and 0 doctors added, 0 slots published, 0 withdrawn, 6 unchanged";
    office.expect(&words, 0, &format!("loaded {INPUT}: {counts}; {clocks}\n"), "");
    let zone = "--zone: the zone UTC is not the store's, expected Europe/Berlin\n";
    office.expect(&["admin", "import", INPUT, "--zone", "UTC"], 2, "", zone);
    let doctors = "{\"doctor\":\"doc1\",\"host\":null,\"port\":41000}\n\
                   {\"doctor\":\"doc2\",\"host\":null,\"port\":42000}\n";
    office.expect(&["admin", "doctors", "--json"], 0, doctors, "");
    office.expect(&["admin", "appointments", "--json"], 0, "", "");
    office.expect(&["admin", "check"], 0, &format!("{store}: all is well\n"), "");
}

#[test]
fn an_operator_adds_patients_and_slots() {
    let office = Office::open();
    office.run(&["admin", "import", INPUT, "--zone", "Europe/Berlin"]);
    let add = ["admin", "add-patient", "ana", "--name", "Ana Novak"];
    assert_eq!(
        office.run_with(&add, "correct horse"),
        (0, "added patient ana\n".to_owned(), String::new())
    );
    let exists = "rendezvous: ana exists already\n".to_owned();
    assert_eq!(office.run_with(&add, "correct horse"), (3, String::new(), exists));
    let none = "error: there is no password: set RENDEZVOUS_PASSWORD, or give it on standard \
                input\n";
    office.expect(&["admin", "add-patient", "bob"], 2, "", none);
    for (weak, why) in [
        ("x", "the password has 1 characters, expected 8 to 128"),
        ("Password", "the password is one of the most common ones, choose another"),
        ("ana.ana.", ""),
    ] {
        let (code, _, stderr) = office.run_with(&["admin", "set-password", "ana"], weak);
        match why {
            "" => assert_eq!(code, 0, "{stderr}"),
            why => assert_eq!((code, stderr), (2, format!("error: {why}\n")), "{weak}"),
        }
    }
    let unknown = "rendezvous: there is no user bob\n".to_owned();
    assert_eq!(
        office.run_with(&["admin", "set-password", "bob"], "correct horse"),
        (3, String::new(), unknown)
    );
    let (code, stdout, _) = office.run_with(&["admin", "set-password", "ana"], "battery staple");
    assert_eq!(
        (code, stdout.as_str()),
        (0, "ana has a new password, and all sessions are ended\n")
    );

    let start = "2999-12-03T09:00";
    let slots = ["admin", "add-slots", "doc1", start, "--count", "2", "--minutes", "30"];
    let published = "published slot 7: Tue 2999-12-03 09:00 with doc1\n\
                     published slot 8: Tue 2999-12-03 09:30 with doc1\n";
    office.expect(&slots, 0, published, "");
    let (code, _, stderr) = office.run(&slots);
    assert_eq!(code, 3, "{stderr}");
    let unknown = "rendezvous: there is no doctor doc9: doctors come with the clinic's files, by \
                   rendezvous admin import DIR\n";
    office.expect(&["admin", "add-slots", "doc9", start], 3, "", unknown);
    let id = "01938c1e-0000-7000-8000-000000000000";
    office.expect(&["admin", "cancel", id], 3, "", "rendezvous: there is no such appointment\n");
}

#[test]
fn a_store_is_restored_only_when_nobody_uses_it() {
    let office = Office::open();
    let missing = "rendezvous.db: not found, expected a store (the center makes one, or admin \
                   import)\n";
    office.expect(&["admin", "slots"], 2, "", missing);
    office.run(&["admin", "import", INPUT]);
    let mut center = Running::start(office.path(), &["center"]);
    let done = "backed up rendezvous.db to copy.db\nkeep rendezvous.keys beside it, in another safe \
                place: without the keys in it the audit of a restored store cannot be verified\n";
    office.expect(&["admin", "backup", "copy.db"], 0, done, "");
    let there = "copy.db: is there already, expected a new file\n";
    office.expect(&["admin", "backup", "copy.db"], 2, "", there);
    office.expect(&["admin", "check"], 0, "rendezvous.db: all is well\n", "");
    let (code, _, stderr) = office.run(&["admin", "restore", "copy.db"]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("stop the center first, nothing was changed"), "{stderr}");
    center.kill();
    let (code, stdout, stderr) = office.run(&["admin", "restore", "copy.db"]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.starts_with("restored rendezvous.db from copy.db; the store that was there"));
    fs::write(office.path().join("not.db"), "hello").expect("a file");
    let (code, _, stderr) = office.run(&["admin", "restore", "not.db"]);
    assert_eq!(code, 2, "{stderr}");
}
