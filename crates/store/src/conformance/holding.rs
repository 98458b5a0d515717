//! Sentences about slots that wait for a patient who is deciding.

use domain::{PatientId, Refusal, SlotId};
use jiff::{SignedDuration, Timestamp};

use super::Clinic;
use super::at;
use super::clinic::{WEEK, closing, patient_id, slot, standing};
use crate::{
    Actor, Answer, Command, Hold, HoldRecord, Outcome, Query, Release, SlotChoice, Standing, Store,
};

fn holding(clinic: &Clinic, patient: u8, slot: i64) -> Hold {
    Hold {
        patient: patient_id(patient),
        actor: Actor::Account(standing(patient)),
        slot: SlotId(slot),
        expires: clinic.now + SignedDuration::from_mins(5),
        holds_max: 2,
    }
}

fn hold(clinic: &mut Clinic, patient: u8, slot: i64) -> Outcome {
    let hold = holding(clinic, patient, slot);
    clinic.run(Command::Hold(hold))
}

fn release(clinic: &mut Clinic, patient: u8, slot: i64) -> Outcome {
    let (actor, patient) = (Actor::Account(standing(patient)), patient_id(patient));
    clinic.run(Command::Release(Release { patient, actor, slot: SlotId(slot) }))
}

fn held(id: i64, expires: Timestamp) -> Outcome {
    let slot = slot(id, WEEK[usize::try_from(id).unwrap() - 1]);
    Outcome::Held { slot, expires }
}

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused(refusal)
}

fn in_minutes(minutes: i64) -> Timestamp {
    at(8) + SignedDuration::from_mins(minutes)
}

pub(super) fn a_held_slot_is_nobody_elses_until_it_expires(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    assert_eq!(hold(&mut clinic, 1, 1), held(1, in_minutes(5)));
    assert_eq!(clinic.free_indices(), [2, 3, 4, 5, 6]);
    assert_eq!(hold(&mut clinic, 2, 1), refused(Refusal::SlotTaken));
    assert_eq!(clinic.book(2, 1), refused(Refusal::SlotTaken));
    let own = clinic.booked(2, 2);
    assert_eq!(clinic.reschedule(2, own.id, 1), refused(Refusal::SlotTaken));
    clinic.now = in_minutes(5);
    assert_eq!(clinic.free_indices(), [1, 3, 4, 5, 6]);
    assert_eq!(hold(&mut clinic, 2, 1), held(1, in_minutes(10)));
    assert_eq!(clinic.book(1, 1), refused(Refusal::SlotTaken));
}

pub(super) fn a_hold_gives_way_to_its_own_patient(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    hold(&mut clinic, 1, 1);
    let booked = clinic.booked(1, 1);
    // A booked slot is taken, also for whoever has it.
    assert_eq!(hold(&mut clinic, 1, 1), refused(Refusal::SlotTaken));
    hold(&mut clinic, 1, 3);
    let moved = clinic.reschedule(1, booked.id, 3);
    assert!(matches!(moved, Outcome::Rescheduled(_)), "{moved:?}");
    assert_eq!(clinic.free_indices(), [1, 2, 4, 5, 6]);
}

pub(super) fn a_patient_holds_so_many_slots_at_once(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    hold(&mut clinic, 1, 1);
    clinic.now = in_minutes(2);
    hold(&mut clinic, 1, 2);
    assert_eq!(hold(&mut clinic, 1, 3), refused(Refusal::TooManyHolds));
    // Held again, it begins anew, and is no third one.
    assert_eq!(hold(&mut clinic, 1, 1), held(1, in_minutes(7)));
    // Another patient's are another's.
    assert_eq!(hold(&mut clinic, 2, 3), held(3, in_minutes(7)));
    assert_eq!(release(&mut clinic, 1, 2), Outcome::Done);
    assert_eq!(hold(&mut clinic, 1, 4), held(4, in_minutes(7)));
    // What is over counts no more.
    clinic.now = in_minutes(7);
    assert_eq!(hold(&mut clinic, 1, 5), held(5, in_minutes(12)));
    assert_eq!(hold(&mut clinic, 1, 6), held(6, in_minutes(12)));
}

pub(super) fn a_hold_is_released_by_its_patient_only(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    hold(&mut clinic, 1, 1);
    assert_eq!(release(&mut clinic, 2, 1), Outcome::Done);
    assert_eq!(hold(&mut clinic, 2, 1), refused(Refusal::SlotTaken));
    assert_eq!(release(&mut clinic, 1, 1), Outcome::Done);
    assert_eq!(release(&mut clinic, 1, 1), Outcome::Done);
    assert_eq!(hold(&mut clinic, 2, 1), held(1, in_minutes(5)));
    // An appointment is no hold.
    clinic.booked(3, 2);
    assert_eq!(release(&mut clinic, 3, 2), Outcome::Done);
    assert_eq!(clinic.book(1, 2), refused(Refusal::SlotTaken));
}

pub(super) fn what_cannot_be_held_is_refused_and_recorded(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.open_session(1, 1);
    let last = clinic.audit().len() as u64;
    assert_eq!(hold(&mut clinic, 1, 99), refused(Refusal::NoSuchSlot));
    clinic.now = at(15);
    assert_eq!(hold(&mut clinic, 1, 2), refused(Refusal::NoSuchSlot), "it has begun");
    clinic.now = at(8);
    let nobody = Hold { patient: PatientId::from_bytes([9; 16]), ..holding(&clinic, 1, 1) };
    assert_eq!(clinic.run(Command::Hold(nobody)), refused(Refusal::NoSuchPatient));
    let ended = Standing { session: Some(super::clinic::token(1)), ..standing(1) };
    clinic.run(closing(1));
    let late = Hold { actor: Actor::Account(ended), ..holding(&clinic, 1, 1) };
    assert_eq!(clinic.run(Command::Hold(late)), refused(Refusal::SessionEnded));
    let (patient, actor) = (patient_id(1), Actor::Account(ended));
    let release = Release { patient, actor, slot: SlotId(1) };
    assert_eq!(clinic.run(Command::Release(release)), refused(Refusal::SessionEnded));
    hold(&mut clinic, 1, 1);
    assert_eq!(clinic.free_indices(), [2, 3, 4, 5, 6]);
    let expected = [
        "hold: no_such_slot",
        "hold: no_such_slot",
        "hold: no_such_patient",
        "log_out: done",
        "hold: session_ended",
        "release: session_ended",
        "hold: done",
    ];
    assert_eq!(clinic.told_after(last), expected);
    let record = clinic.audit().pop().unwrap();
    let subject = Some("slot 1".to_owned());
    assert_eq!((record.subject, record.patient), (subject, Some(patient_id(1))));
}

pub(super) fn a_patient_sees_what_is_held(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let holds = |clinic: &mut Clinic, standing| {
        clinic.read(&Query::Holds { patient: patient_id(1), standing, now: clinic.now })
    };
    hold(&mut clinic, 1, 1);
    clinic.now = in_minutes(2);
    hold(&mut clinic, 1, 2);
    hold(&mut clinic, 2, 3);
    let record = |id: i64, minutes| HoldRecord {
        slot: slot(id, WEEK[usize::try_from(id).unwrap() - 1]),
        expires: in_minutes(minutes),
    };
    // By start: slot 2 is on Monday.
    let both = Answer::Holds(vec![record(2, 7), record(1, 5)]);
    assert_eq!(holds(&mut clinic, standing(1)), both);
    clinic.now = in_minutes(5);
    assert_eq!(holds(&mut clinic, standing(1)), Answer::Holds(vec![record(2, 7)]));
    let stale = Standing { credential: Some(2), ..standing(1) };
    assert_eq!(holds(&mut clinic, stale), Answer::NoStanding);
}

pub(super) fn holds_that_are_over_are_tidied_away(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    hold(&mut clinic, 1, 1);
    clinic.now = in_minutes(5);
    clinic.batch(&[]);
    // As if the clock had been set back: a hold that is gone is gone.
    clinic.now = in_minutes(1);
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    let book = clinic.booking(2, 1);
    let by_id = crate::Book { slot: SlotChoice::Id(SlotId(1)), ..book };
    assert!(matches!(clinic.run(Command::Book(by_id)), Outcome::Booked(_)));
}
