//! Sentences about doctors' time that is blocked and opened.

use domain::{BlockId, Reason, Refusal, Service, Slot, SlotId};

use super::Clinic;
use super::at;
use super::clinic::{WEEK, doctor_name, rows, slot, standing};
use crate::{
    Actor, AddSlots, Answer, BlockRecord, BlockTime, Command, Hold, ImportCounts, NewSlot,
    OpenTime, Outcome, Query, Standing, Store,
};

fn blocking(desk: Standing, doctor: &str, from: i64, until: i64) -> BlockTime {
    BlockTime {
        doctor: doctor_name(doctor),
        from: at(from),
        until: at(until),
        reason: Some(Reason::new("a conference").unwrap()),
        actor: Actor::Account(desk),
    }
}

fn block(clinic: &mut Clinic, desk: Standing, doctor: &str, from: i64, until: i64) -> Outcome {
    clinic.run(Command::BlockTime(blocking(desk, doctor, from, until)))
}

fn open(clinic: &mut Clinic, desk: Standing, block: i64) -> Outcome {
    let actor = Actor::Account(desk);
    clinic.run(Command::OpenTime(OpenTime { block: BlockId(block), actor }))
}

fn blocked(block: i64, withdrawn: usize) -> Outcome {
    Outcome::TimeBlocked { block: BlockId(block), withdrawn, booked: Vec::new() }
}

/// Index, id and start of each free slot.
fn free(clinic: &mut Clinic) -> Vec<(u32, i64)> {
    clinic.free().iter().map(|slot| (slot.index.number(), slot.id.0)).collect()
}

fn unchanged(outcome: Outcome) -> ImportCounts {
    match outcome {
        Outcome::Imported(counts) => counts,
        other => panic!("{other:?}"),
    }
}

pub(super) fn free_slots_in_blocked_time_are_withdrawn_and_published_anew(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let last = clinic.audit().len() as u64;
    // Of doc1, from the middle of slot 1 to the beginning of slot 3: slots 1 and 4.
    let half = |hours| at(hours) + jiff::SignedDuration::from_mins(30);
    let from_within = BlockTime { from: half(37), ..blocking(desk, "doc1", 0, 86) };
    assert_eq!(clinic.run(Command::BlockTime(from_within)), blocked(1, 2));
    assert_eq!(free(&mut clinic), [(2, 2), (3, 3), (5, 5), (6, 6)]);
    assert_eq!(clinic.book(1, 1), Outcome::Refused(Refusal::NoSuchSlot));
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(2));
    let expected = [(1, 7), (2, 2), (3, 3), (4, 8), (5, 5), (6, 6)];
    assert_eq!(free(&mut clinic), expected);
    // What is open, or never was blocked, is open.
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(0));
    assert_eq!(open(&mut clinic, desk, 9), Outcome::TimeOpened(0));
    assert_eq!(free(&mut clinic), expected);
    let expected = [
        "block_time: withdrawn 2, booked 0",
        "book: no_such_slot",
        "open_time: published 2",
        "open_time: not blocked",
        "open_time: not blocked",
    ];
    assert_eq!(clinic.told_after(last), expected);
    // To the file they are what they were.
    assert_eq!(unchanged(clinic.import(rows(WEEK))).slots_unchanged, 6);
}

pub(super) fn a_hold_does_not_protect_a_slot_and_an_appointment_does(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let kept = clinic.booked(1, 4);
    let hold = Hold {
        patient: super::clinic::patient_id(2),
        actor: Actor::Account(standing(2)),
        slot: SlotId(1),
        expires: at(9),
        holds_max: 1,
    };
    clinic.run(Command::Hold(hold));
    let expected =
        Outcome::TimeBlocked { block: BlockId(1), withdrawn: 2, booked: vec![kept.clone()] };
    assert_eq!(block(&mut clinic, desk, "doc1", 0, 100), expected);
    assert_eq!(clinic.book(2, 1), Outcome::Refused(Refusal::NoSuchSlot));
    assert_eq!(clinic.appointments_of(1), std::slice::from_ref(&kept));
    // Its slot is nobody's when the appointment leaves it.
    clinic.reschedule(1, kept.id, 2);
    assert_eq!(free(&mut clinic), [(5, 5), (6, 6)]);
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(3));
    assert_eq!(free(&mut clinic), [(1, 7), (3, 9), (4, 8), (5, 5), (6, 6)]);
}

pub(super) fn what_is_cancelled_in_blocked_time_is_not_free(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let appointment = clinic.booked(1, 4);
    block(&mut clinic, desk, "doc1", 58, 59);
    assert!(matches!(clinic.cancel(1, appointment.id), Outcome::Cancelled(_)));
    assert_eq!(clinic.book(2, 4), Outcome::Refused(Refusal::NoSuchSlot));
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(1));
    clinic.booked(2, 4);
}

pub(super) fn what_has_begun_is_not_published_anew(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    block(&mut clinic, desk, "doc1", 37, 59);
    clinic.now = at(37);
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(1));
    assert_eq!(free(&mut clinic), [(3, 3), (4, 7), (5, 5), (6, 6)]);
}

pub(super) fn nothing_is_published_in_blocked_time(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    block(&mut clinic, desk, "doc1", 37, 60);
    let last = clinic.audit().len() as u64;
    let add = |clinic: &mut Clinic, actor, from, until| {
        let slots = vec![
            NewSlot { start: at(130), end: at(131) },
            NewSlot { start: at(from), end: at(until) },
        ];
        let (doctor, service) = (doctor_name("doc1"), Service::visit());
        clinic.run(Command::AddSlots(AddSlots { doctor, service, slots, actor }))
    };
    let refused = Outcome::Refused(Refusal::TimeBlocked);
    assert_eq!(add(&mut clinic, Actor::Account(desk), 59, 61), refused);
    assert_eq!(add(&mut clinic, Actor::Operator, 36, 38), refused);
    // Beside it, and with another index than those that the file gets back.
    let Outcome::SlotsAdded(slots) = add(&mut clinic, Actor::Account(desk), 60, 61) else {
        panic!("added")
    };
    let indices = |slots: &[Slot]| slots.iter().map(|it| it.index.number()).collect::<Vec<_>>();
    assert_eq!(indices(&slots), [7, 8]);
    let stale = Standing { credential: Some(2), ..desk };
    let ended = Outcome::Refused(Refusal::SessionEnded);
    assert_eq!(add(&mut clinic, Actor::Account(stale), 70, 71), ended);
    let expected = [
        "add_slots: time_blocked",
        "add_slots: time_blocked",
        "add_slots: published 2",
        "add_slots: session_ended",
    ];
    assert_eq!(clinic.told_after(last), expected);
    assert_eq!(clinic.audit().pop().unwrap().who, crate::AuditActor::Account(desk.account));
}

pub(super) fn an_import_passes_blocked_rows_over(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    clinic.booked(1, 4);
    block(&mut clinic, desk, "doc1", 37, 60);
    let last = clinic.audit().len() as u64;
    let counts = ImportCounts { slots_unchanged: 6, ..ImportCounts::default() };
    assert_eq!(unchanged(clinic.import(rows(WEEK))), counts);
    assert_eq!(clinic.told_after(last), Vec::<String>::new());
    // Another row of the blocked time, with an index of its own, and one with the index of a slot.
    let mut week = WEEK.to_vec();
    week.extend([(7, "doc1", 39)]);
    week[2] = (3, "doc1", 41);
    let counts = ImportCounts { slots_unchanged: 7, slots_withdrawn: 1, ..counts };
    assert_eq!(unchanged(clinic.import(rows(&week))), counts);
    assert_eq!(free(&mut clinic), [(2, 2), (5, 5), (6, 6)]);
    // Once it is open, the file brings what it held back.
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(1));
    let counts = unchanged(clinic.import(rows(&week)));
    assert_eq!((counts.slots_published, counts.slots_unchanged), (2, 5));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 5, 6, 7]);
}

pub(super) fn time_blocked_twice_is_opened_twice(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    assert_eq!(block(&mut clinic, desk, "doc1", 37, 38), blocked(1, 1));
    assert_eq!(block(&mut clinic, desk, "doc1", 30, 60), blocked(2, 1));
    // Another doctor's time is another's.
    assert_eq!(block(&mut clinic, desk, "doc2", 37, 38), blocked(3, 0));
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(0));
    assert_eq!(free(&mut clinic), [(2, 2), (3, 3), (5, 5), (6, 6)]);
    assert_eq!(open(&mut clinic, desk, 2), Outcome::TimeOpened(2));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
}

pub(super) fn what_overlaps_a_slot_by_now_stays_withdrawn(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let half = at(37) + jiff::SignedDuration::from_mins(30);
    let second_half = BlockTime { from: half, ..blocking(desk, "doc1", 0, 60) };
    assert_eq!(clinic.run(Command::BlockTime(second_half)), blocked(1, 2));
    let slots = vec![NewSlot { start: at(37), end: half }];
    let (doctor, service) = (doctor_name("doc1"), Service::visit());
    let add = AddSlots { doctor, service, slots, actor: Actor::Account(desk) };
    assert!(matches!(clinic.run(Command::AddSlots(add)), Outcome::SlotsAdded(_)));
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(1));
    assert_eq!(clinic.free_indices(), [2, 3, 4, 5, 6, 7]);
}

pub(super) fn what_cannot_be_blocked_is_refused(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let last = clinic.audit().len() as u64;
    assert_eq!(block(&mut clinic, desk, "doc9", 0, 1), Outcome::NoSuchDoctor);
    let stale = Standing { credential: Some(2), ..desk };
    let ended = Outcome::Refused(Refusal::SessionEnded);
    assert_eq!(block(&mut clinic, stale, "doc1", 0, 100), ended);
    assert_eq!(open(&mut clinic, stale, 1), ended);
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    let expected =
        ["block_time: no_such_doctor", "block_time: session_ended", "open_time: session_ended"];
    assert_eq!(clinic.told_after(last), expected);
    let nothing = Command::BlockTime(blocking(desk, "doc1", 5, 5));
    assert!(clinic.writer.commit(clinic.now, &[nothing]).is_err());
}

pub(super) fn a_sheet_shows_what_is_blocked(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    block(&mut clinic, desk, "doc1", 37, 60);
    block(&mut clinic, desk, "doc2", 10, 12);
    block(&mut clinic, desk, "doc2", 13, 14);
    open(&mut clinic, desk, 3);
    let mut blocks = |doctor: Option<&str>, from, until| {
        let (doctor, from, until) = (doctor.map(doctor_name), at(from), at(until));
        match clinic.read(&Query::Sheet { doctor, from, until, standing: desk, now: at(8) }) {
            Answer::Sheet(sheet) => sheet.blocks,
            other => panic!("{other:?}"),
        }
    };
    let record = |block, doctor, from, until| BlockRecord {
        block: BlockId(block),
        doctor: doctor_name(doctor),
        from: at(from),
        until: at(until),
        reason: Some(Reason::new("a conference").unwrap()),
    };
    let (first, second) = (record(1, "doc1", 37, 60), record(2, "doc2", 10, 12));
    assert_eq!(blocks(None, 0, 100), [second.clone(), first.clone()]);
    assert_eq!(blocks(Some("doc2"), 0, 100), [second]);
    assert_eq!(blocks(None, 12, 37), []);
    assert_eq!(blocks(None, 12, 38), [first]);
}

pub(super) fn a_slot_of_the_desk_comes_back_as_one(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    clinic.add_slots("doc1", &[(40, 41)]);
    block(&mut clinic, desk, "doc1", 40, 41);
    // Its index is anybody's meanwhile.
    let Outcome::SlotsAdded(added) = clinic.add_slots("doc1", &[(45, 46)]) else { panic!("added") };
    assert_eq!(added[0].index.number(), 7);
    assert_eq!(open(&mut clinic, desk, 1), Outcome::TimeOpened(1));
    let Some(back) = clinic.free().pop() else { panic!("a slot") };
    assert_eq!((back.index.number(), back.start), (8, at(40)));
    // The file leaves it alone, and others as they are.
    assert_eq!(unchanged(clinic.import(rows(WEEK))).slots_withdrawn, 0);
    assert_eq!(clinic.free()[0], slot(1, WEEK[0]));
}
