//! `rendezvous simulate --patients …`: crowds from the command line, against a clinic of their own and
//! against a center that runs.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use store::AuditKey;
use store::sqlite::TestStore;

use crate::running::{INPUT, Running, rendezvous, told, wait_for, words_of};

#[test]
fn a_crowd_on_a_bad_network_leaves_a_history_and_a_report_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let flags = [
        "simulate",
        "--patients",
        "300",
        "--doctors",
        "5",
        "--slots",
        "400",
        "--rate",
        "150/s",
        "--loss",
        "5%",
        "--history",
        "crowd.jsonl",
        "--report",
        "crowd.html",
        "--report",
        "crowd.json",
    ];
    let (code, screen, errors) = told(&mut rendezvous(folder.path(), &flags));
    assert_eq!(code, 0, "{screen}{errors}");
    assert!(screen.contains("│ all                     ┆    300 ┆ 100 % │"), "{screen}");
    let lines = std::fs::read_to_string(folder.path().join("crowd.jsonl")).unwrap();
    let booked = lines.lines().filter(|line| line.contains(r#""type":"ok","op":"book""#)).count();
    assert_eq!(booked, 300);
    let said = "crowd.jsonl: linearizable for slots: ";
    assert!(screen.contains(said) && screen.contains(" bookings: 300 ok, "), "{screen}");
    let page = std::fs::read_to_string(folder.path().join("crowd.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("A crowd of 300 patients"));
    let report = std::fs::read(folder.path().join("crowd.json")).unwrap();
    check_report(&serde_json::from_slice(&report).unwrap());
    // The numbers are for a terminal, and nothing was wrong.
    assert!(!errors.contains("WARN") && !errors.contains("ERROR"), "{errors}");
}

/// All 300 patients are in it, each once, and what they booked is what the doctors have.
fn check_report(report: &serde_json::Value) {
    let sum = |list: &str, key: &str| -> u64 {
        let all = report[list].as_array().unwrap().iter();
        all.map(|one| one[key].as_u64().unwrap()).sum()
    };
    let settings = report["settings"].as_array().unwrap().iter();
    let words = |one: &serde_json::Value, key: &str| one[key].as_str().unwrap().to_owned();
    let settings: Vec<_> = settings.map(|one| (words(one, "name"), words(one, "value"))).collect();
    let expected = [
        ("seed", "1"),
        ("patients", "300"),
        ("doctors", "5"),
        ("slots", "400"),
        ("they come", "150 a second"),
        ("dialect", "json"),
        ("loss", "5.0 %"),
    ];
    assert_eq!(settings, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(report["visits"], 300);
    assert_eq!(sum("outcomes", "visits"), 300);
    assert_eq!((sum("doctors", "slots"), sum("doctors", "booked")), (400, 300));
    assert_eq!(report["tries"]["loss_there"], 0.05);
    assert_eq!(report["tries"]["asked"], 300);
}

#[test]
fn a_crowd_that_is_called_off_is_told_as_far_as_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let words = "simulate --patients 50 --doctors 2 --slots 5000 --concurrency 4 --duration 60s \
                 --history crowd.jsonl --report crowd.json";
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut command = rendezvous(folder.path(), &words);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let history = folder.path().join("crowd.jsonl");
    let begun = || std::fs::metadata(&history).ok().filter(|history| history.len() > 0);
    wait_for("a history that has begun", begun);
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let (code, screen, errors) = words_of(&child.wait_with_output().unwrap());
    assert!(code == 1 && errors.contains("called off: these are the "), "{code} {errors}");
    let still_there =
        screen.lines().find(|line| line.starts_with("still there when it was called"));
    let is_told = |line: &str| line.contains(" inside and ") || line.ends_with(": nobody");
    assert!(still_there.is_some_and(is_told), "{screen}");
    assert!(screen.contains("crowd.jsonl: linearizable for slots: "), "{screen}");
    let report = std::fs::read(folder.path().join("crowd.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
    assert!(report["visits"].as_u64().unwrap() > 0, "{report}");
}

#[test]
fn a_center_that_runs_is_visited_by_its_own_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let center = Running::start(folder.path(), &["center", "--input", INPUT]);
    let address = center.address.to_string();
    let flags = ["simulate", "--input", INPUT, "--center", &address, "--concurrency", "2"];
    let flags = [&flags[..], &["--history", "crowd.jsonl"]].concat();
    let (code, screen, errors) = told(&mut rendezvous(folder.path(), &flags));
    // Its doctors are not there, and that is told from a failure of a patient's.
    assert_eq!(code, 1, "{screen}{errors}");
    assert!(screen.contains("booked, without a price"), "{screen}");
    assert!(errors.contains("no doctor answered, and nothing was lost"), "{errors}");
    // Others may book there as well: what is not in a list is not known to be anybody's here.
    let history = std::fs::read_to_string(folder.path().join("crowd.jsonl")).unwrap();
    let lists = history.lines().filter(|line| line.contains("\"free\":"));
    let lists: Vec<bool> = lists.map(|line| line.contains("\"partial\":true")).collect();
    assert!(!lists.is_empty() && lists.iter().all(|is_partial| *is_partial), "{history}");
    assert!(center.end(Signal::TERM).success());
}

#[test]
fn nothing_is_written_over_a_database_and_no_file_holds_two_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("clinic.db");
    std::fs::write(&database, b"SQLite format 3\0and bookings").unwrap();
    let older = folder.path().join("older.jsonl");
    std::fs::write(&older, "older").unwrap();
    let crowd: &[&str] = &["--patients", "1"];
    let center = &["--center", "127.0.0.1:1", "--input", "none", "--history", "older.jsonl"];
    let cases: [(&[&str], &[&str], &str); 6] = [
        (crowd, &["--history", "clinic.db"], "clinic.db: is a database, which nothing"),
        (crowd, &["--capture", "clinic.db"], "clinic.db: is a database, which nothing"),
        (
            crowd,
            &["--history", "a", "--capture", "./a"],
            "./a: is named by --history and by --capture",
        ),
        (
            &["--input", INPUT],
            &["--store", "sqlite:a", "--history", "a"],
            "by --store and by --history",
        ),
        (
            &["--virtual"],
            &["--history", "a", "--events", "a"],
            "a: is named by --history and by --events",
        ),
        (crowd, center, "none"),
    ];
    for (kind, outputs, why) in cases {
        let words = [&["simulate"], kind, outputs].concat();
        let (code, screen, errors) = told(&mut rendezvous(folder.path(), &words));
        assert_eq!((code, screen.as_str(), errors.lines().count()), (2, "", 1), "{errors}");
        assert!(errors.contains(why), "{errors}");
    }
    assert_eq!(std::fs::read(&database).unwrap(), b"SQLite format 3\0and bookings");
    assert_eq!(std::fs::read(&older).unwrap(), b"older", "a mistake in the input costs no file");
}

#[test]
fn a_capture_of_passwords_is_its_owners_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let words = "simulate --patients 3 --dialect spec --capture crowd.pcapng";
    let words: Vec<&str> = words.split_whitespace().collect();
    let (code, screen, errors) = told(&mut rendezvous(folder.path(), &words));
    assert_eq!(code, 0, "{screen}{errors}");
    let warned = "names and passwords cross in the clear, and the capture holds them";
    assert_eq!(errors.matches(warned).count(), 1, "{errors}");
    let mode = std::fs::metadata(folder.path().join("crowd.pcapng")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
}

#[test]
fn no_center_opens_the_store_of_a_simulation() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crowd.db");
    drop(TestStore::create(&path, &AuditKey::new([7; 32])).unwrap());
    let why =
        "is a test store of a simulation, with cheap password hashes: no real center opens it";
    let expected = format!("crowd.db: {why}\n");
    let check = |words: &[&str]| {
        let (code, _, errors) = told(&mut rendezvous(folder.path(), words));
        assert!(code == 2 && errors.ends_with(&expected), "{words:?}: {code} {errors}");
    };
    check(&["center", "--listen", "127.0.0.1:0", "--store", "sqlite:crowd.db"]);
    check(&["admin", "--store", "sqlite:crowd.db", "patients"]);
}
