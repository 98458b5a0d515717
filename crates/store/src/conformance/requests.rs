//! Sentences about request ids.

use domain::{Refusal, SlotId};
use jiff::SignedDuration;

use super::Clinic;
use super::at;
use super::clinic::{cancelling, moving, request};
use crate::{Actor, Book, Cancel, Command, Outcome, Reschedule, SlotChoice, Store};

const TAKEN: Outcome = Outcome::Refused(Refusal::SlotTaken);
const REUSED: Outcome = Outcome::Refused(Refusal::RequestIdReused);

fn named_booking(clinic: &mut Clinic, patient: u8, index: u32, id: &str) -> Command {
    Command::Book(Book { request: request(id), ..clinic.booking(patient, index) })
}

pub(super) fn the_same_request_gets_the_same_answer(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let command = named_booking(&mut clinic, 1, 2, "r1");
    let first = clinic.run(command);
    let Outcome::Booked(appointment) = &first else { panic!("{first:?}") };
    // A retry comes with another fresh appointment id.
    let retry = named_booking(&mut clinic, 1, 2, "r1");
    assert_eq!(clinic.run(retry.clone()), first);
    assert_eq!(clinic.appointments_of(1), std::slice::from_ref(appointment));
    // Also when the appointment is long gone, and the slot somebody else's.
    clinic.cancel(1, appointment.id);
    clinic.booked(2, 2);
    assert_eq!(clinic.run(retry), first);
}

pub(super) fn a_refusal_is_remembered_too(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let theirs = clinic.booked(2, 2);
    let taken = named_booking(&mut clinic, 1, 2, "r1");
    assert_eq!(clinic.run(taken.clone()), TAKEN);
    let no_slot = named_booking(&mut clinic, 1, 9, "r2");
    assert_eq!(clinic.run(no_slot), Outcome::Refused(Refusal::NoSuchSlot));
    clinic.cancel(2, theirs.id);
    assert_eq!(clinic.run(taken), TAKEN);
    let anew = named_booking(&mut clinic, 1, 2, "r3");
    let Outcome::Booked(held) = clinic.run(anew) else { panic!("slot 2 is free") };
    let again = named_booking(&mut clinic, 1, 2, "r4");
    assert_eq!(clinic.run(again.clone()), Outcome::AlreadyHeld(held.clone()));
    assert_eq!(clinic.run(again), Outcome::AlreadyHeld(held));
}

pub(super) fn another_command_of_the_same_id_is_refused(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let first = named_booking(&mut clinic, 1, 2, "r1");
    let Outcome::Booked(appointment) = clinic.run(first.clone()) else { panic!() };
    let id = appointment.id;
    let other_slot = named_booking(&mut clinic, 1, 3, "r1");
    let mut by_id = clinic.booking(1, 2);
    by_id.request = request("r1");
    by_id.slot = SlotChoice::Id(SlotId(2));
    let cancel = Command::Cancel(Cancel { request: request("r1"), ..cancelling(1, id) });
    let moved = Command::Reschedule(Reschedule { request: request("r1"), ..moving(1, id, 2) });
    for other in [other_slot, Command::Book(by_id), cancel, moved] {
        assert_eq!(clinic.run(other.clone()), REUSED, "{other:?}");
    }
    // The id still stands for what it first stood for.
    assert_eq!(clinic.run(first), Outcome::Booked(appointment));
}

pub(super) fn another_patient_may_use_the_same_id(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    for (patient, index) in [(1, 1), (2, 2)] {
        let command = named_booking(&mut clinic, patient, index, "r1");
        assert!(matches!(clinic.run(command), Outcome::Booked(_)), "patient {patient}");
    }
}

pub(super) fn a_repetition_in_one_batch_is_carried_out_once(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let batch = [
        named_booking(&mut clinic, 1, 2, "r1"),
        named_booking(&mut clinic, 1, 2, "r1"),
        named_booking(&mut clinic, 1, 3, "r1"),
    ];
    let outcomes = clinic.batch(&batch);
    assert!(matches!(outcomes[0], Outcome::Booked(_)));
    assert_eq!(outcomes[1..], [outcomes[0].clone(), REUSED]);
}

pub(super) fn an_answer_is_kept_until_a_week_after_the_visit(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let command = named_booking(&mut clinic, 1, 2, "r1");
    let first = clinic.run(command.clone());
    clinic.now = at(16 + 7 * 24) - SignedDuration::from_millis(1);
    assert_eq!(clinic.run(command.clone()), first);
    clinic.now = at(16 + 7 * 24);
    assert_eq!(clinic.run(command.clone()), Outcome::Refused(Refusal::NoSuchSlot));
    // And that answer is kept in its place.
    let other = named_booking(&mut clinic, 1, 3, "r1");
    assert_eq!(clinic.run(other), REUSED);
}

pub(super) fn an_old_visits_refusal_is_kept_for_a_week_from_now(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let id = clinic.booked(1, 2).id;
    clinic.now = at(30 * 24);
    let cancel = Command::Cancel(Cancel { request: request("r1"), ..cancelling(1, id) });
    let closed = Outcome::Refused(Refusal::AppointmentClosed);
    assert_eq!(clinic.run(cancel.clone()), closed);
    clinic.now = at(36 * 24);
    let other = named_booking(&mut clinic, 1, 2, "r1");
    assert_eq!(clinic.batch(&[cancel, other]), [closed, REUSED]);
}

pub(super) fn cancelling_and_moving_are_remembered(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let id = clinic.booked(1, 2).id;
    let moved = Command::Reschedule(Reschedule { request: request("m"), ..moving(1, id, 3) });
    let outcome = clinic.run(moved.clone());
    assert!(matches!(&outcome, Outcome::Rescheduled(a) if a.version.0 == 2), "{outcome:?}");
    assert_eq!(clinic.run(moved), outcome);
    let cancel = Cancel { request: request("c"), ..cancelling(1, id) };
    let outcome = clinic.run(Command::Cancel(cancel.clone()));
    assert!(matches!(&outcome, Outcome::Cancelled(a) if a.version.0 == 3), "{outcome:?}");
    assert_eq!(clinic.run(Command::Cancel(cancel.clone())), outcome);
    let other_reason = Cancel { reason: Some(domain::Reason::new("ill").unwrap()), ..cancel };
    assert_eq!(clinic.run(Command::Cancel(other_reason)), REUSED);
}

pub(super) fn the_operator_has_no_requests(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let id = clinic.booked(1, 2).id;
    let cancel = Command::Cancel(Cancel {
        patient: None,
        actor: Actor::Operator,
        request: request("c"),
        ..cancelling(1, id)
    });
    assert!(matches!(clinic.run(cancel.clone()), Outcome::Cancelled(_)));
    assert_eq!(clinic.run(cancel), Outcome::Refused(Refusal::AppointmentClosed));
}
