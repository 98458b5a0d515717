//! Histories: written by `simulate --history`, judged by `check-history`.

use std::fs;
use std::path::Path;

use crate::running::{INPUT, rendezvous, told, told_with};

/// A clinic of three patients and three slots.
fn write_clinic(folder: &Path) {
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    write("users.txt", "patient1 secret1\npatient2 secret2\npatient3 secret3\n");
    let slots = "1 Mon 1pm doc1 41000\n2 Tue 2pm doc1 41000\n3 Wed 3pm doc1 41000\n";
    write("availabilities.txt", slots);
    write("doc1.txt", "gold 30.50\n");
    for n in 1..=3 {
        write(&format!("patient{n}.txt"), &format!("patient{n} secret{n}"));
        write(&format!("patient{n}insurance.txt"), "gold");
    }
}

fn simulate(folder: &Path, flags: &[&str]) -> (i32, String, String) {
    let folder_word = folder.to_str().unwrap();
    let words =
        [&["simulate", "--input", folder_word, "--history", "history.jsonl"], flags].concat();
    told(&mut rendezvous(folder, &words))
}

fn check_history(folder: &Path, text: &str) -> (i32, String, String) {
    fs::write(folder.join("own.jsonl"), text).unwrap();
    told(&mut rendezvous(folder, &["check-history", "own.jsonl"]))
}

/// A booking from `time` on.
fn booking(process: u32, time: u32) -> String {
    let line = |kind: &str, time: u32| {
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"op\":\"book\",\"slot\":\"7\",\
             \"patient\":\"patient{process}\",\"time\":{time}}}\n"
        )
    };
    [line("invoke", time), line("ok", time + 5)].concat()
}

#[test]
fn patients_who_contend_for_a_slot_leave_a_history_that_holds() {
    let folder = tempfile::tempdir().unwrap();
    write_clinic(folder.path());
    let (code, screen, errors) = simulate(folder.path(), &["--contend"]);
    assert_eq!(code, 0, "{screen}{errors}");
    let expected = "linearizable for slots: 6 operations on 3 slots \
                    (3 bookings: 1 ok, 2 refused, 0 unknown; 3 lists: 3 ok, 0 refused, 0 unknown)";
    assert!(screen.contains(&format!("history.jsonl: {expected}")), "{screen}");
    let words = ["check-history", "history.jsonl"];
    let (code, said, errors) = told(&mut rendezvous(folder.path(), &words));
    assert_eq!((code, said.trim_end(), errors.as_str()), (0, expected, ""));
}

#[test]
fn patients_in_turn_leave_one_too_but_not_on_top_of_older_bookings() {
    let folder = tempfile::tempdir().unwrap();
    write_clinic(folder.path());
    let store = ["--store", "sqlite:clinic.db"];
    let (code, screen, errors) = simulate(folder.path(), &store);
    assert_eq!(code, 0, "{screen}{errors}");
    assert!(screen.contains("(3 bookings: 3 ok, 0 refused, 0 unknown; 3 lists: 3 ok,"), "{screen}");
    let (code, _, errors) = simulate(folder.path(), &store);
    let expected = "clinic.db: is there already, and --history needs a new store: a history begins \
                    with slots that are all free\n";
    assert_eq!((code, errors.as_str()), (2, expected));
}

#[test]
fn a_virtual_day_leaves_one_and_says_of_it_what_the_check_says() {
    let folder = tempfile::tempdir().unwrap();
    let check = |more: &[&str], code: i32, expected: &str| {
        let day = ["simulate", "--virtual", "--patients", "60", "--history", "day.jsonl"];
        let found = told(&mut rendezvous(folder.path(), &[&day, more].concat()));
        assert_eq!(found.0, code, "{found:?}");
        let last = found.1.lines().filter_map(|line| line.strip_prefix("day.jsonl: "));
        let last: Vec<&str> = last.collect();
        assert!(last[0].starts_with(expected), "{last:?}");
        let words = ["check-history", "day.jsonl"];
        let (_, said, _) = told(&mut rendezvous(folder.path(), &words));
        assert_eq!(said.lines().collect::<Vec<_>>(), last);
    };
    check(&[], 0, "linearizable for slots: ");
    check(&["--until", "500"], 0, "linearizable for slots: ");
}

#[test]
fn where_no_history_can_be_written_nothing_begins() {
    let folder = tempfile::tempdir().unwrap();
    let kinds: [&[&str]; 3] = [&["--input", INPUT], &["--patients", "1"], &["--virtual"]];
    for kind in kinds {
        let words = [&["simulate", "--history", "none/day.jsonl"], kind].concat();
        let (code, screen, errors) = told(&mut rendezvous(folder.path(), &words));
        assert_eq!((code, screen.as_str()), (2, ""), "{kind:?}: {errors}");
        assert!(errors.contains("none/day.jsonl: cannot be written: No such file"), "{errors}");
    }
}

#[test]
fn a_slot_that_two_were_told_is_theirs_ends_it_with_1() {
    let folder = tempfile::tempdir().unwrap();
    let (code, said, errors) =
        check_history(folder.path(), &[booking(1, 10), booking(2, 20)].concat());
    let expected = "\
not linearizable for 1 slot: 2 operations on 1 slot (2 bookings: 2 ok, 0 refused, 0 unknown)
slot 7: patient1 and patient2 were both told it was theirs, and nobody gave it back in between
  lines 1 and 2: 10 to 15 ns, process 1, patient1 book: ok
  lines 3 and 4: 20 to 25 ns, process 2, patient2 book: ok
";
    assert_eq!((code, said.as_str(), errors.as_str()), (1, expected, ""));
}

#[test]
fn a_line_that_is_none_of_a_history_ends_it_with_2() {
    let folder = tempfile::tempdir().unwrap();
    let first = booking(1, 10);
    let check = |more: &str, expected: &str| {
        let (code, said, errors) = check_history(folder.path(), &(first.clone() + more));
        let expected = format!("own.jsonl:3: {expected}\n");
        assert_eq!((code, said.as_str(), errors), (2, "", expected));
    };
    let end = booking(1, 11).lines().last().unwrap().to_owned();
    check(&end, "process 1 ends an operation without a begin");
    check(&booking(1, 9), "the time of process 1 goes back from 15");
    check("nothing\n", "is no line of a history: expected ident (byte 2)");
    let (code, _, errors) =
        told_with(&mut rendezvous(folder.path(), &["check-history", "-"]), "{}");
    let expected = "standard input:1: is no line of a history: missing field `process` (byte 2)\n";
    assert_eq!((code, errors.as_str()), (2, expected));
    let (code, _, errors) = told(&mut rendezvous(folder.path(), &["check-history", "none.jsonl"]));
    let expected = "none.jsonl: not found, expected a history of operations\n";
    assert_eq!((code, errors.as_str()), (2, expected));
}
