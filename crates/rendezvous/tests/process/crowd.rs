//! `rendezvous simulate --patients …`: crowds from the command line, against a clinic of their own and
//! against a center that runs.

use rustix::process::Signal;
use store::AuditKey;
use store::sqlite::TestStore;

use crate::running::{INPUT, Running, rendezvous, told};

#[test]
fn a_crowd_on_a_bad_network_leaves_a_history_and_ends_well() {
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
    ];
    let (code, screen, errors) = told(&mut rendezvous(folder.path(), &flags));
    assert_eq!(code, 0, "{screen}{errors}");
    assert!(screen.contains("│ all     ┆    300 │"), "{screen}");
    let lines = std::fs::read_to_string(folder.path().join("crowd.jsonl")).unwrap();
    let booked = lines.lines().filter(|line| line.contains(r#""type":"ok","op":"book""#)).count();
    assert_eq!(booked, 300);
    let said =
        format!("crowd.jsonl: {} lines of history, linearizable for its", lines.lines().count());
    assert!(screen.contains(&said), "{screen}");
    // The numbers are for a terminal, and nothing was wrong.
    assert!(!errors.contains("WARN") && !errors.contains("ERROR"), "{errors}");
}

#[test]
fn a_center_that_runs_is_visited_by_its_own_accounts() {
    let folder = tempfile::tempdir().unwrap();
    let center = Running::start(folder.path(), &["center", "--input", INPUT]);
    let address = center.address.to_string();
    let flags = ["simulate", "--input", INPUT, "--center", &address, "--concurrency", "2"];
    let (code, screen, errors) = told(&mut rendezvous(folder.path(), &flags));
    // Its doctors are not there, and that is told from a failure of a patient's.
    assert_eq!(code, 1, "{screen}{errors}");
    assert!(screen.contains("booked, without a price"), "{screen}");
    assert!(errors.contains("no doctor answered, and nothing was lost"), "{errors}");
    assert!(center.end(Signal::TERM).success());
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
