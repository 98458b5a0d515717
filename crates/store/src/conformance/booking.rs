//! Sentences about booking.

use domain::{AppointmentId, Refusal, SlotId};

use super::Clinic;
use super::at;
use super::clinic::{WEEK, appointment, cancelling, moving, patient_id, request, rows, slot};
use crate::{
    Actor, Answer, Book, Cancel, Command, CommitError, Outcome, Query, Reschedule, SlotChoice,
    Store, StoreError,
};

pub(super) fn a_free_slot_is_booked(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let book = clinic.booking(1, 2);
    let id = book.appointment;
    let outcome = clinic.run(Command::Book(book));
    assert_eq!(outcome, Outcome::Booked(appointment(id, slot(2, WEEK[1]))));
    assert_eq!(clinic.free_indices(), [1, 3, 4, 5, 6]);
    assert_eq!(clinic.appointments_of(1), [appointment(id, slot(2, WEEK[1]))]);
    assert_eq!(clinic.appointments_of(2), []);
}

pub(super) fn a_taken_slot_is_refused(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 2);
    assert_eq!(clinic.book(2, 2), Outcome::Refused(Refusal::SlotTaken));
    assert_eq!(clinic.appointments_of(2), []);
}

pub(super) fn a_slot_is_booked_by_its_id(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let mut book = clinic.booking(1, 1);
    book.slot = SlotChoice::Id(SlotId(4));
    let id = book.appointment;
    let outcome = clinic.run(Command::Book(book.clone()));
    assert_eq!(outcome, Outcome::Booked(appointment(id, slot(4, WEEK[3]))));
    book.slot = SlotChoice::Id(SlotId(7));
    assert_eq!(clinic.run(Command::Book(book)), Outcome::Refused(Refusal::NoSuchSlot));
}

pub(super) fn a_slot_that_is_not_there_is_refused(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    for index in [7, 99, u32::MAX] {
        assert_eq!(clinic.book(1, index), Outcome::Refused(Refusal::NoSuchSlot), "{index}");
    }
    assert_eq!(Clinic::empty(store).book(1, 7), Outcome::Refused(Refusal::NoSuchSlot));
}

pub(super) fn a_slot_that_has_begun_is_not_on_offer(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.now = at(15);
    assert_eq!(clinic.free_indices(), [1, 3, 4, 5, 6]);
    assert_eq!(clinic.book(1, 2), Outcome::Refused(Refusal::NoSuchSlot));
    let mut book = clinic.booking(1, 1);
    book.slot = SlotChoice::Id(SlotId(2));
    assert_eq!(clinic.run(Command::Book(book)), Outcome::Refused(Refusal::NoSuchSlot));
}

pub(super) fn a_withdrawn_slot_is_not_on_offer(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.import(rows(&WEEK[1..]));
    assert_eq!(clinic.free_indices(), [2, 3, 4, 5, 6]);
    assert_eq!(clinic.book(1, 1), Outcome::Refused(Refusal::NoSuchSlot));
    let mut book = clinic.booking(1, 1);
    book.slot = SlotChoice::Id(SlotId(1));
    assert_eq!(clinic.run(Command::Book(book)), Outcome::Refused(Refusal::NoSuchSlot));
}

pub(super) fn a_slot_held_before_is_told_with_its_appointment(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let held = clinic.booked(1, 2);
    assert_eq!(clinic.book(1, 2), Outcome::AlreadyHeld(held.clone()));
    assert_eq!(clinic.appointments_of(1), [held]);
}

pub(super) fn a_patient_may_hold_several_slots(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let (tuesday, monday) = (clinic.booked(1, 1), clinic.booked(1, 2));
    assert_eq!(clinic.appointments_of(1), [monday, tuesday]);
}

pub(super) fn a_batch_gives_one_outcome_per_command_in_order(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let bookings = [(1, 1), (2, 1), (2, 9), (3, 3)].map(|(who, slot)| clinic.booking(who, slot));
    let ids = bookings.clone().map(|book| book.appointment);
    let outcomes = clinic.batch(&bookings.map(Command::Book));
    assert_eq!(
        outcomes,
        [
            Outcome::Booked(appointment(ids[0], slot(1, WEEK[0]))),
            Outcome::Refused(Refusal::SlotTaken),
            Outcome::Refused(Refusal::NoSuchSlot),
            Outcome::Booked(appointment(ids[3], slot(3, WEEK[2]))),
        ]
    );
}

pub(super) fn an_empty_batch_is_nothing(store: &dyn Store) {
    let mut clinic = Clinic::empty(store);
    assert_eq!(clinic.batch(&[]), []);
}

pub(super) fn a_batch_with_a_bad_command_changes_nothing(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let good = clinic.booking(1, 1);
    let mut bad = clinic.booking(2, 2);
    // Ids are random, so that one given twice is a bug of the caller.
    bad.appointment = good.appointment;
    let batch = [Command::Book(good.clone()), Command::Book(bad)];
    let result = clinic.writer.commit(clinic.now, &batch);
    assert!(matches!(result, Err(CommitError::RolledBack(StoreError::Database(_)))), "{result:?}");
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(clinic.read(&Query::Appointments { closed_too: true }), {
        Answer::AppointmentRecords(Vec::new())
    });
    // Also one that is there already.
    clinic.run(Command::Book(good.clone()));
    let mut again = clinic.booking(2, 2);
    again.appointment = good.appointment;
    assert!(clinic.writer.commit(clinic.now, &[Command::Book(again)]).is_err());
    assert_eq!(clinic.free_indices(), [2, 3, 4, 5, 6]);
    assert_ne!(good.appointment, AppointmentId::from_bytes([0; 16]));
}

pub(super) fn a_patient_holds_as_many_appointments_as_the_center_allows(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let book = |clinic: &mut Clinic, index| {
        let booking = clinic.booking(1, index);
        clinic.run(Command::Book(Book { appointments_max: Some(2), ..booking }))
    };
    let too_many = Outcome::Refused(Refusal::TooManyAppointments);
    assert!(matches!(book(&mut clinic, 1), Outcome::Booked(_)));
    let Outcome::Booked(second) = book(&mut clinic, 2) else { panic!("two are allowed") };
    assert_eq!(book(&mut clinic, 3), too_many);
    // What is held already is told, and others book as they like.
    assert_eq!(book(&mut clinic, 2), Outcome::AlreadyHeld(second.clone()));
    clinic.booked(2, 3);
    clinic.cancel(1, second.id);
    assert!(matches!(book(&mut clinic, 4), Outcome::Booked(_)));
    // An appointment that has begun no longer counts.
    assert_eq!(book(&mut clinic, 5), too_many);
    clinic.now = at(37);
    assert!(matches!(book(&mut clinic, 5), Outcome::Booked(_)));
}

pub(super) fn nothing_is_booked_or_changed_for_a_patient_who_does_not_exist(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let held = clinic.booked(1, 1);
    let (actor, nobody) = (Actor::Account(desk), patient_id(99));
    let last = clinic.audit().len() as u64;
    for request in [None, request("r1")] {
        let book =
            Book { actor, patient: nobody, request: request.clone(), ..clinic.booking(1, 2) };
        let cancel = Cancel {
            actor,
            patient: Some(nobody),
            request: request.clone(),
            ..cancelling(1, held.id)
        };
        let moving = Reschedule { actor, patient: nobody, request, ..moving(1, held.id, 3) };
        let commands = [Command::Book(book), Command::Cancel(cancel), Command::Reschedule(moving)];
        for outcome in clinic.batch(&commands) {
            assert_eq!(outcome, Outcome::Refused(Refusal::NoSuchPatient));
        }
    }
    let verbs = ["book", "cancel", "reschedule", "book", "cancel", "reschedule"];
    assert_eq!(clinic.told_after(last), verbs.map(|verb| format!("{verb}: no_such_patient")));
    assert_eq!(clinic.free_indices(), [2, 3, 4, 5, 6]);
}
