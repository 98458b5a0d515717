//! Histories that hold, histories that do not, and lines that are none.

mod clinic;
mod oracle;

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Entry, EntryKind, History, Offence, Op, Verdict, check};
use clinic::{Dice, Size};

fn text(lines: &[Entry]) -> String {
    lines.iter().map(Entry::to_line).collect()
}

fn checked(lines: &str) -> Verdict {
    check(&History::read(lines.as_bytes()).unwrap())
}

/// One step of some processes: who, and what it does or how that ends.
fn step() -> impl Strategy<Value = (u64, u8, u8, u8, u8)> {
    (0..4_u64, 0..10_u8, 0..3_u8, 0..2_u8, 0..8_u8)
}

/// Lines, from steps; so many have the same time.
fn lines_of(steps: &[(u64, u8, u8, u8, u8)], at_once: u64) -> Vec<Entry> {
    let mut open: [Option<Entry>; 4] = Default::default();
    let mut lines = Vec::new();
    for (place, &(process, what, patient, slot, end)) in (0_u64..).zip(steps) {
        let place_of = &mut open[usize::try_from(process).unwrap()];
        let time = place / at_once;
        let line = if let Some(begun) = place_of.take() {
            let kind = match end {
                0..=3 => EntryKind::Ok,
                4..=5 => EntryKind::Fail,
                _ => EntryKind::Info,
            };
            let listed = begun.op == Op::List && kind == EntryKind::Ok;
            let free: &[&str] = [&[][..], &["0"], &["1"], &["0", "1"]][usize::from(end.min(3))];
            let free = listed.then(|| free.iter().map(ToString::to_string).collect());
            Entry { kind, time, free, ..begun }
        } else {
            let op = [
                Op::Book,
                Op::Book,
                Op::Book,
                Op::Book,
                Op::Cancel,
                Op::Cancel,
                Op::Cancel,
                Op::List,
            ][usize::from(what.min(7))];
            let slot = (op != Op::List).then(|| slot.to_string());
            let patient = format!("patient{patient}");
            let (kind, partial) = (EntryKind::Invoke, op == Op::List && end % 2 == 0);
            let line = Entry { process, kind, op, slot, patient, time, free: None, partial };
            *place_of = Some(line.clone());
            line
        };
        lines.push(line);
    }
    lines
}

/// The operations that an offence names cannot be, whatever the others were.
fn is_sound(lines: &[Entry], offence: &Offence) -> bool {
    let needed: Vec<usize> =
        offence.operations.iter().map(|one| one.lines.0 as usize - 1).collect();
    let mut operations = oracle::operations(lines);
    let begin = lines[needed.iter().min().copied().unwrap()].time;
    operations.retain(|one| {
        let needs = needed.contains(&one.begin);
        let before =
            !offence.from_the_beginning && one.end.is_some_and(|end| lines[end].time < begin);
        needs || (one.ended.op != Op::List && one.ended.kind != EntryKind::Fail && !before)
    });
    for one in &mut operations {
        if !needed.contains(&one.begin) {
            one.end = None;
            one.ended.kind = EntryKind::Info;
        }
    }
    let anybody =
        ["patient0", "patient1", "patient2", "somebody"].map(|name| Some(name.to_owned()));
    let mut starts = vec![None];
    if !offence.from_the_beginning {
        starts.extend(anybody);
    }
    !oracle::slot_holds(&operations, &offence.slot, &starts)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_search_says_what_trying_every_order_says(
        steps in prop::collection::vec(step(), 1..16),
        at_once in 1..8_u64,
    ) {
        let lines = lines_of(&steps, at_once);
        let verdict = checked(&text(&lines));
        prop_assert_eq!(verdict.undecided, 0);
        prop_assert_eq!(verdict.violated == 0, oracle::holds(&lines), "\n{}", text(&lines));
        if let Some(offence) = &verdict.offence {
            prop_assert!(is_sound(&lines, offence), "{offence:?}\n{}", text(&lines));
        }
    }
}

const SMALL: Size = Size { operations: 300, processes: 8, slots: 3, unknown: 100, lists: 200 };

#[test]
fn what_slots_that_behave_have_done_holds() {
    for seed in 0..200 {
        let verdict = checked(&text(&clinic::history(SMALL, seed)));
        let found = (verdict.violated, verdict.undecided);
        assert_eq!(found, (0, 0), "seed {seed}: {:#?}", verdict.offence);
    }
}

#[test]
fn it_is_all_the_same_in_which_order_processes_are_written() {
    let mut lines = clinic::history(SMALL, 7);
    lines.sort_by_key(|line| line.process);
    let verdict = checked(&text(&lines));
    assert_eq!((verdict.violated, verdict.undecided), (0, 0));
}

/// How many of `seeds` do not hold any more when `change` has been made.
fn found(seeds: u64, change: impl Fn(&mut Vec<Entry>, &mut Dice) -> bool) -> (u64, u64) {
    let (mut changed, mut found) = (0, 0);
    let size = Size { operations: 60, processes: 4, slots: 3, unknown: 0, lists: 200 };
    for seed in 0..seeds {
        let mut lines = clinic::history(size, seed);
        if change(&mut lines, &mut Dice(seed)) {
            changed += 1;
            found += u64::from(checked(&text(&lines)).violated > 0);
        }
    }
    (changed, found)
}

/// Some line that is `wanted`.
fn some_line(
    lines: &mut [Entry],
    dice: &mut Dice,
    wanted: impl Fn(&Entry) -> bool,
) -> Option<usize> {
    let places: Vec<usize> = (0..lines.len()).filter(|&place| wanted(&lines[place])).collect();
    let at = dice.below(places.len().max(1) as u64);
    places.get(usize::try_from(at).unwrap()).copied()
}

#[test]
fn most_histories_do_not_hold_after_one_lie() {
    let is = |op: Op, kind: EntryKind| move |line: &Entry| line.op == op && line.kind == kind;
    let lie = |op: Op, was: EntryKind, told: EntryKind| {
        let counted = found(200, |lines, dice| {
            some_line(lines, dice, is(op, was)).map(|at| lines[at].kind = told).is_some()
        });
        assert!(counted.0 > 150, "{op:?} {was:?}: {counted:?}");
        assert!(counted.1 * 10 >= counted.0 * 4, "{op:?} {was:?}: {counted:?}");
    };
    // A slot booked twice, a booking that was lost, a refusal without a reason.
    lie(Op::Book, EntryKind::Fail, EntryKind::Ok);
    lie(Op::Cancel, EntryKind::Fail, EntryKind::Ok);
    lie(Op::Book, EntryKind::Ok, EntryKind::Fail);
    // A list that is old.
    let counted = found(200, |lines, dice| {
        let Some(at) = some_line(lines, dice, is(Op::List, EntryKind::Ok)) else { return false };
        let free = lines[at].free.clone().unwrap();
        lines[at].free =
            Some((0..3).map(|n| n.to_string()).filter(|n| !free.contains(n)).collect());
        lines[at].partial = false;
        true
    });
    assert!(counted.1 * 10 >= counted.0 * 9, "{counted:?}");
}

/// One line, in a form that is quick to write: slots may be numbers.
fn line(process: u64, kind: &str, op: &str, slot: u64, patient: u64, time: u64) -> String {
    format!(
        "{{\"process\":{process},\"type\":\"{kind}\",\"op\":\"{op}\",\"slot\":{slot},\
         \"patient\":\"patient{patient}\",\"time\":{time}}}\n"
    )
}

fn offence(lines: &str) -> (String, Vec<(u32, u32)>) {
    let offence = checked(lines).offence.expect("an offence");
    (offence.why, offence.operations.iter().map(|one| one.lines).collect())
}

#[test]
fn a_slot_that_is_booked_twice_is_told_with_the_two_operations_alone() {
    let lines = clinic::history(Size { lists: 0, ..SMALL }, 3);
    let last = lines.last().unwrap().time;
    let count = u32::try_from(lines.len()).unwrap();
    let more = [
        line(90, "invoke", "book", 9, 90, last + 1),
        line(90, "ok", "book", 9, 90, last + 2),
        line(91, "invoke", "book", 9, 91, last + 3),
        line(91, "ok", "book", 9, 91, last + 4),
    ];
    let (why, at) = offence(&(text(&lines) + &more.concat()));
    let expected = "patient90 and patient91 were both told it was theirs, and nobody gave it back in \
                    between";
    assert_eq!(why, expected);
    assert_eq!(at, [(count + 1, count + 2), (count + 3, count + 4)]);
}

#[test]
fn what_cannot_be_is_said_in_a_sentence() {
    let book = |who: u64, time: u64| {
        line(who, "invoke", "book", 7, who, time) + &line(who, "ok", "book", 7, who, time + 1)
    };
    let ended = |op: &str, kind: &str, who: u64, time: u64| {
        line(who, "invoke", op, 7, who, time) + &line(who, kind, op, 7, who, time + 1)
    };
    let list = |free: &str, time: u64| {
        format!(
            "{{\"process\":9,\"type\":\"invoke\",\"op\":\"list\",\"patient\":\"p\",\"time\":{time}}}\n\
             {{\"process\":9,\"type\":\"ok\",\"op\":\"list\",\"patient\":\"p\",\"time\":{time},\"free\":[{free}]}}\n"
        )
    };
    let check = |lines: String, expected: &str| assert_eq!(offence(&lines).0, expected, "{lines}");
    check(
        ended("book", "fail", 1, 1),
        "patient1 was refused, and nobody else can have held it at any moment in between",
    );
    check(
        book(1, 1) + &list("7", 5),
        "a list shows it as free, and patient1 held it all the while",
    );
    check(
        list("7", 1) + &list("", 3),
        "a list of all that is free does not show it, and nobody can have held it at any moment in \
         between",
    );
    check(
        ended("cancel", "ok", 1, 1),
        "patient1 was told that it is given back, and cannot have held it",
    );
    check(
        book(1, 1) + &ended("cancel", "fail", 1, 5),
        "patient1 was told that it does not hold it, and held it all the while",
    );
    check(
        book(1, 1) + &ended("cancel", "ok", 2, 5),
        "it was given back, and not by patient1 who held it",
    );
}

#[test]
fn an_unknown_booking_may_take_effect_long_after_and_explains_a_refusal() {
    let unknown = line(1, "invoke", "book", 7, 1, 1) + &line(1, "info", "book", 7, 1, 2);
    let free = "{\"process\":3,\"type\":\"invoke\",\"op\":\"list\",\"patient\":\"p\",\"time\":3}\n\
                {\"process\":3,\"type\":\"ok\",\"op\":\"list\",\"patient\":\"p\",\"time\":4,\"free\":[\"7\"]}\n";
    let refused = line(2, "invoke", "book", 7, 2, 5) + &line(2, "fail", "book", 7, 2, 6);
    assert_eq!(checked(&format!("{unknown}{free}{refused}")).violated, 0);
    let too_late = line(1, "invoke", "book", 7, 1, 7) + &line(1, "info", "book", 7, 1, 8);
    assert_eq!(checked(&format!("{too_late}{free}{refused}")).violated, 1);
}

#[test]
fn at_one_time_only_the_lines_of_one_process_have_an_order() {
    let book = |process: u64, kind: &str, from: u64, to: u64| {
        line(process, "invoke", "book", 7, process, from)
            + &line(process, kind, "book", 7, process, to)
    };
    let cancel = |process: u64, patient: u64| {
        line(process, "invoke", "cancel", 7, patient, 5)
            + &line(process, "ok", "cancel", 7, patient, 6)
    };
    // The cancellation began when the other booking had just ended, in the same millisecond.
    let holds = book(1, "ok", 1, 2) + &book(2, "ok", 3, 5) + &cancel(3, 1);
    assert_eq!(checked(&holds).violated, 0);
    let one_process = holds.replace("\"process\":3", "\"process\":2");
    assert_eq!(checked(&one_process).violated, 1);
}

#[test]
fn a_line_that_is_none_of_a_history_is_named() {
    let check = |lines: &str, expected: &str| {
        let error = History::read(lines.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{lines}");
    };
    let begin = line(1, "invoke", "book", 7, 1, 5);
    check(
        &format!("{begin}{begin}"),
        "line 2: process 1 begins an operation, and the one of line 1 has no end yet",
    );
    check(&line(1, "ok", "book", 7, 1, 5), "line 1: process 1 ends an operation without a begin");
    check(
        &format!("{begin}\n{}", line(1, "ok", "book", 7, 1, 4)),
        "line 3: the time of process 1 goes back from 5",
    );
    check(
        &format!("{begin}{}", line(1, "ok", "book", 8, 1, 6)),
        "line 2: is about another slot than its begin in line 1",
    );
    check(
        &format!("{begin}{}", line(1, "ok", "book", 7, 2, 6)),
        "line 2: is about another patient than its begin in line 1",
    );
    check(
        &format!("{begin}{}", line(1, "ok", "cancel", 7, 1, 6)),
        "line 2: is about another operation than its begin in line 1",
    );
    check(
        "{\"process\":1",
        "line 1: is no line of a history: EOF while parsing an object (byte 12)",
    );
    check(
        "{\"process\":1,\"type\":\"invoke\",\"op\":\"book\",\"patient\":\"p\",\"time\":1}",
        "line 1: has no slot",
    );
}

#[test]
fn many_unknown_outcomes_and_a_thousand_patients_at_one_slot_are_decided() {
    let sizes = [
        Size { operations: 20_000, processes: 1_000, slots: 1, unknown: 50, lists: 0 },
        Size { operations: 10_000, processes: 50, slots: 3, unknown: 50, lists: 200 },
    ];
    for size in sizes {
        let verdict = checked(&text(&clinic::history(size, 1)));
        assert_eq!((verdict.violated, verdict.undecided), (0, 0), "{size:?}");
    }
}

#[test]
fn what_overlaps_wholly_is_decided() {
    let mut undecided = Vec::new();
    for seed in 0..20 {
        let mut dice = Dice(seed);
        // As many bookings as cancellations of each of five patients, in any order of ends.
        let mut open: Vec<(u64, &str, u64)> = (0..40)
            .map(|process| {
                (process, if process % 2 == 0 { "book" } else { "cancel" }, process / 2 % 5)
            })
            .collect();
        let mut lines: String =
            open.iter().map(|&(process, op, who)| line(process, "invoke", op, 7, who, 1)).collect();
        for time in 100..140 {
            let at = usize::try_from(dice.below(open.len() as u64)).unwrap();
            let (process, op, who) = open.swap_remove(at);
            lines += &line(process, "ok", op, 7, who, time);
        }
        let verdict = checked(&lines);
        assert_eq!(verdict.violated, 0, "seed {seed}");
        undecided.extend((verdict.undecided > 0).then_some(seed));
    }
    assert_eq!(undecided, Vec::<u64>::new(), "seeds");
}

/// How long the check takes, at best of three.
fn took(size: Size) -> Duration {
    let lines = text(&clinic::history(size, 1));
    let times = (0..3).map(|_| {
        let began = Instant::now();
        let verdict = checked(&lines);
        assert_eq!((verdict.violated, verdict.undecided), (0, 0), "{size:?}");
        began.elapsed()
    });
    times.min().unwrap()
}

#[test]
fn four_times_the_length_takes_about_four_times_as_long() {
    let sizes = [
        Size { operations: 4_000, processes: 50, slots: 300, unknown: 20, lists: 10 },
        Size { operations: 4_000, processes: 1_000, slots: 1, unknown: 0, lists: 0 },
    ];
    for size in sizes {
        let (one, four) = (took(size), took(Size { operations: size.operations * 4, ..size }));
        assert!(four < one * 12, "{size:?}: {one:?} {four:?}");
    }
}

/// So many slots, each booked early and never given back, and as many lists of all that is free: the
/// first before anything, the second across all bookings, the others after them.
fn a_crowd_larger_than_its_slots(slots: u64) -> String {
    let list = |process: u64, kind: &str, time: u64, free: &str| {
        format!(
            "{{\"process\":{process},\"type\":\"{kind}\",\"op\":\"list\",\"patient\":\"p\",\"time\":{time}{free}}}\n"
        )
    };
    let all: Vec<String> = (0..slots).map(|slot| slot.to_string()).collect();
    let free = format!(",\"free\":[{}]", all.join(","));
    let mut lines =
        vec![list(0, "invoke", 1, ""), list(0, "ok", 2, &free), list(0, "invoke", 3, "")];
    for slot in 0..slots {
        lines.push(line(slot + 1, "invoke", "book", slot, slot, 10 + slot));
        // Of what is of unknown outcome nothing is sure.
        let kind = if slot % 3 == 0 { "info" } else { "ok" };
        lines.push(line(slot + 1, kind, "book", slot, slot, 20 + slot));
    }
    lines.push(list(0, "ok", 100 + slots, ",\"free\":[]"));
    for number in 0..slots {
        lines.push(list(0, "invoke", 100 + slots + number * 2, ""));
        lines.push(list(0, "ok", 101 + slots + number * 2, ",\"free\":[]"));
    }
    lines.concat()
}

#[test]
fn lists_of_everything_cost_no_more_for_many_slots() {
    let took = |slots: u64| {
        let history = History::read(a_crowd_larger_than_its_slots(slots).as_bytes()).unwrap();
        let times = (0..3).map(|_| {
            let began = Instant::now();
            let verdict = check(&history);
            assert_eq!((verdict.violated, verdict.undecided), (0, 0));
            began.elapsed()
        });
        times.min().unwrap()
    };
    let (one, four) = (took(2_000), took(8_000));
    assert!(four < one * 10, "{one:?} {four:?}");
}

#[test]
fn a_slot_that_nobody_booked_and_that_lists_do_not_show_is_an_offence() {
    let lines = a_crowd_larger_than_its_slots(50) + &line(900, "invoke", "cancel", 99, 1, 1_000);
    let verdict = checked(&lines);
    assert_eq!((verdict.violated, verdict.undecided), (1, 0));
    assert_eq!(verdict.offence.map(|offence| offence.slot), Some("99".to_owned()));
}
