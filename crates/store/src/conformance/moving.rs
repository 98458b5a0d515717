//! Sentences about cancelling and moving.

use domain::{Appointment, AppointmentId, AppointmentStatus, Refusal, Version};

use super::Clinic;
use super::at;
use super::clinic::{WEEK, cancelling, slot};
use crate::{Actor, Command, Outcome, Store};

const NO_SUCH: Outcome = Outcome::Refused(Refusal::NoSuchAppointment);
const CLOSED: Outcome = Outcome::Refused(Refusal::AppointmentClosed);

fn cancelled(appointment: &Appointment) -> Appointment {
    Appointment {
        version: Version(appointment.version.0 + 1),
        status: AppointmentStatus::Cancelled,
        ..appointment.clone()
    }
}

pub(super) fn a_cancelled_slot_is_free_again(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let first = clinic.booked(1, 2);
    assert_eq!(clinic.cancel(1, first.id), Outcome::Cancelled(cancelled(&first)));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    let second = clinic.booked(2, 2);
    assert_eq!(clinic.appointments_of(1), [cancelled(&first)]);
    assert_eq!(clinic.appointments_of(2), [second]);
    // And once more through the same slot, by the one who had it first.
    let second = clinic.appointments_of(2)[0].id;
    clinic.cancel(2, second);
    let third = clinic.booked(1, 2);
    assert_ne!(third.id, first.id);
}

pub(super) fn what_is_cancelled_stays_cancelled(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    clinic.cancel(1, appointment.id);
    assert_eq!(clinic.cancel(1, appointment.id), CLOSED);
}

pub(super) fn a_visit_that_has_begun_is_not_changed(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    clinic.now = at(15);
    assert_eq!(clinic.cancel(1, appointment.id), CLOSED);
    assert_eq!(clinic.reschedule(1, appointment.id, 1), CLOSED);
    let operator =
        crate::Cancel { patient: None, actor: Actor::Operator, ..cancelling(1, appointment.id) };
    assert_eq!(clinic.run(Command::Cancel(operator)), CLOSED);
    assert_eq!(clinic.appointments_of(1), [appointment]);
}

pub(super) fn another_patients_appointment_does_not_exist(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    assert_eq!(clinic.cancel(2, appointment.id), NO_SUCH);
    assert_eq!(clinic.reschedule(2, appointment.id, 1), NO_SUCH);
    let nothing = AppointmentId::from_bytes([77; 16]);
    assert_eq!(clinic.cancel(1, nothing), NO_SUCH);
    assert_eq!(clinic.reschedule(1, nothing, 1), NO_SUCH);
    assert_eq!(clinic.appointments_of(1), [appointment]);
}

pub(super) fn the_operator_cancels_anybodys(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    let mut cancel = cancelling(1, appointment.id);
    (cancel.patient, cancel.actor) = (None, Actor::Operator);
    cancel.reason = Some(domain::Reason::new("doc2 is ill").unwrap());
    let outcome = clinic.run(Command::Cancel(cancel));
    assert_eq!(outcome, Outcome::Cancelled(cancelled(&appointment)));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
}

pub(super) fn a_moved_appointment_keeps_its_id_and_frees_its_slot(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let before = clinic.booked(1, 2);
    let after = Appointment { version: Version(2), slot: slot(4, WEEK[3]), ..before.clone() };
    assert_eq!(clinic.reschedule(1, before.id, 4), Outcome::Rescheduled(after.clone()));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 5, 6]);
    assert_eq!(clinic.appointments_of(1), std::slice::from_ref(&after));
    // Back again, and off.
    let back = Appointment { version: Version(3), slot: slot(2, WEEK[1]), ..before };
    assert_eq!(clinic.reschedule(1, back.id, 2), Outcome::Rescheduled(back.clone()));
    assert_eq!(clinic.cancel(1, back.id), Outcome::Cancelled(cancelled(&back)));
}

pub(super) fn a_move_to_its_own_slot_changes_nothing(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    let outcome = clinic.reschedule(1, appointment.id, 2);
    assert_eq!(outcome, Outcome::Rescheduled(appointment.clone()));
    assert_eq!(clinic.appointments_of(1), [appointment]);
}

pub(super) fn a_move_to_a_taken_slot_changes_nothing(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let mine = clinic.booked(1, 2);
    clinic.booked(2, 1);
    assert_eq!(clinic.reschedule(1, mine.id, 1), Outcome::Refused(Refusal::SlotTaken));
    assert_eq!(clinic.appointments_of(1), [mine]);
    assert_eq!(clinic.free_indices(), [3, 4, 5, 6]);
}

pub(super) fn a_move_to_the_patients_other_slot_is_refused(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let (one, other) = (clinic.booked(1, 2), clinic.booked(1, 1));
    assert_eq!(clinic.reschedule(1, one.id, 1), Outcome::Refused(Refusal::SlotTaken));
    assert_eq!(clinic.appointments_of(1), [one, other]);
}

pub(super) fn a_move_to_no_slot_changes_nothing(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 1);
    assert_eq!(clinic.reschedule(1, appointment.id, 9), Outcome::Refused(Refusal::NoSuchSlot));
    // Slot 2 has begun by then.
    clinic.now = at(16);
    assert_eq!(clinic.reschedule(1, appointment.id, 2), Outcome::Refused(Refusal::NoSuchSlot));
    assert_eq!(clinic.appointments_of(1), [appointment]);
}

pub(super) fn a_cancelled_appointment_is_not_moved(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    clinic.cancel(1, appointment.id);
    assert_eq!(clinic.reschedule(1, appointment.id, 1), CLOSED);
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
}
