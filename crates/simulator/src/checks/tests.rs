//! Each check in a good story, and in a bad one.

use std::time::Duration;

use domain::{Appointment, AppointmentId, DoctorName, Refusal, Version};
use store::{Answer, Book, Cancel, Command, Outcome, Query, Reader, Reschedule, Store, StoreError};

use super::story::{
    SLOTS, Story, booked, cancelling, doctor_name, index, money, moving, patient_id, plan, request,
    tariff,
};
use super::{Observation, Told, Violation};

const SECOND: Duration = Duration::from_secs(1);

/// The check that failed, with nothing of its words.
fn failed<T: std::fmt::Debug>(result: Result<T, Violation>) -> &'static str {
    result.expect_err("a check was to fail").check
}

fn confirmed(patient: u8, held: &Appointment) -> Observation<'static> {
    let (patient, slot) = (patient_id(patient), held.slot.index);
    Observation::Confirmed { patient, slot, appointment: Some(held.id) }
}

fn called_off(patient: u8, slot: u32) -> Observation<'static> {
    Observation::CalledOff { patient: patient_id(patient), slot: index(slot) }
}

fn refused(patient: u8) -> Observation<'static> {
    Observation::Refused { patient: patient_id(patient) }
}

#[test]
fn a_day_on_which_nothing_is_wrong_passes_every_check() {
    let mut story = Story::new();
    let first = booked(story.book(1, 1));
    assert_eq!(story.book(2, 1).unwrap(), Outcome::Refused(Refusal::SlotTaken));
    story.see(&refused(2)).unwrap();
    assert_eq!(story.book(1, 1).unwrap(), Outcome::AlreadyHeld(first.clone()));
    story.see(&confirmed(1, &first)).unwrap();
    story.reschedule(1, first.id, 1).unwrap();
    story.reschedule(1, first.id, 2).unwrap();
    story.see(&called_off(1, 1)).unwrap();
    let second = booked(story.book(2, 1));
    story.told = Told::Unknown;
    story.cancel(1, first.id).unwrap();
    story.see(&called_off(1, 2)).unwrap();
    story.see(&refused(1)).unwrap();
    assert_eq!(story.checks.held(), 1);
    story.compare().unwrap();
    let third = booked(story.book(3, 2));
    for held in [&second, &third] {
        let patient = if held.id == second.id { 2 } else { 3 };
        story.see(&confirmed(patient, held)).unwrap();
    }
    story.compare().unwrap();
}

#[test]
fn a_slot_with_two_appointments_is_found() {
    let mut story = Story::new();
    booked(story.book(1, 7));
    let second = booked(story.book(2, 8));
    let book = story.booking(3, 7);
    let mut made = Appointment { id: book.appointment, ..second.clone() };
    made.slot.index = index(7);
    let twice = Outcome::Booked(made);
    assert_eq!(failed(story.say(&Command::Book(book), &twice)), "one slot, one appointment");
    let mut moved = Appointment { version: Version(2), ..second.clone() };
    moved.slot.index = index(7);
    let onto = Outcome::Rescheduled(moved);
    assert_eq!(failed(story.say(&moving(2, second.id, 7), &onto)), "one slot, one appointment");
}

#[test]
fn an_outcome_that_does_not_follow_is_found() {
    const FOLLOWS: &str = "an outcome follows from those before";
    let mut story = Story::new();
    let held = booked(story.book(1, 7));
    let of = |version: u32, slot: u32| {
        let mut other = Appointment { version: Version(version), ..held.clone() };
        other.slot.index = index(slot);
        other
    };
    let other = Appointment { id: AppointmentId::from_bytes([9; 16]), ..held.clone() };
    let again = Command::Book(story.booking(1, 7));
    let by_another = Command::Book(story.booking(2, 7));
    let off = cancelling(1, held.id);
    let bad = [
        // Not the appointment by which the slot is held, or not the one who holds it.
        (&again, Outcome::AlreadyHeld(other.clone())),
        (&again, Outcome::AlreadyHeld(of(1, 8))),
        (&by_another, Outcome::AlreadyHeld(held.clone())),
        // Not the id or the slot that was asked for.
        (&again, Outcome::Booked(other.clone())),
        (&again, Outcome::Booked(held.clone())),
        // Not known, not the patient's, not the next version, not the slot it had.
        (&off, Outcome::Cancelled(other)),
        (&cancelling(2, held.id), Outcome::Cancelled(of(2, 7))),
        (&off, Outcome::Cancelled(of(1, 7))),
        (&off, Outcome::Cancelled(of(2, 8))),
        (&moving(2, held.id, 8), Outcome::Rescheduled(of(2, 8))),
        (&moving(1, held.id, 8), Outcome::Rescheduled(of(3, 8))),
        // Of another kind.
        (&off, Outcome::Booked(held.clone())),
    ];
    for (command, outcome) in bad {
        assert_eq!(failed(story.say(command, &outcome)), FOLLOWS, "{command:?}: {outcome:?}");
    }
    let commands = [off];
    let none = Observation::Committed { commands: &commands, outcomes: &[], told: Told::Outcomes };
    assert_eq!(failed(story.see(&none)), FOLLOWS);
    story.compare().unwrap();
}

#[test]
fn what_was_answered_before_is_an_answer_again() {
    let mut story = Story::new();
    let book = Book { request: request("r1"), ..story.booking(1, 7) };
    let held = booked(story.run(&Command::Book(book.clone())));
    let again = Book { appointment: AppointmentId::from_bytes([9; 16]), ..book };
    assert_eq!(story.run(&Command::Book(again.clone())).unwrap(), Outcome::Booked(held.clone()));
    let Command::Reschedule(moving) = moving(1, held.id, 8) else { unreachable!() };
    let moving = Command::Reschedule(Reschedule { request: request("r2"), ..moving });
    story.run(&moving).unwrap();
    story.run(&Command::Book(again.clone())).unwrap();
    let Command::Cancel(off) = cancelling(1, held.id) else { unreachable!() };
    let off = Command::Cancel(Cancel { request: request("r3"), ..off });
    story.run(&off).unwrap();
    for before in [Command::Book(again), moving, off] {
        story.run(&before).unwrap();
    }
    assert_eq!(story.checks.held(), 0);
    story.compare().unwrap();
}

#[test]
fn whoever_is_forgotten_holds_only_what_was() {
    let mut story = Story::new();
    for slot in [1, 5, 3] {
        booked(story.book(1, slot));
    }
    booked(story.book(2, 4));
    // Slot 1 has begun.
    story.now = Duration::from_mins(61);
    assert_eq!(story.erase(1).unwrap(), Outcome::Erased { appointments_cancelled: 2 });
    assert_eq!(story.checks.held(), 2);
    story.compare().unwrap();
    let erase = store::Erase { patient: patient_id(2), actor: store::Actor::Operator };
    let too_many = Outcome::Erased { appointments_cancelled: 2 };
    let said = story.say(&Command::Erase(erase), &too_many);
    assert_eq!(failed(said), "an outcome follows from those before");
}

#[test]
fn a_confirmation_that_is_not_so_is_found() {
    let mut story = Story::new();
    let held = booked(story.book(1, 7));
    let by_number = |patient: u8, slot: u32| Observation::Confirmed {
        patient: patient_id(patient),
        slot: index(slot),
        appointment: None,
    };
    story.see(&confirmed(1, &held)).unwrap();
    story.see(&by_number(1, 7)).unwrap();
    let other = Appointment { id: AppointmentId::from_bytes([9; 16]), ..held.clone() };
    for lie in [
        confirmed(2, &held),
        confirmed(1, &other),
        by_number(2, 7),
        by_number(1, 8),
        called_off(1, 7),
    ] {
        assert_eq!(failed(story.see(&lie)), "a confirmation is true", "{lie:?}");
    }
    story.cancel(1, held.id).unwrap();
    assert_eq!(
        story.see(&confirmed(1, &held)).unwrap_err().to_string(),
        "a confirmation is true: patient 01010101-0101-0101-0101-010101010101 was told that slot 7 \
         is booked as appointment 00000000-0000-0000-0000-000000000001, but it is free"
    );
    story.see(&called_off(1, 7)).unwrap();
}

#[test]
fn a_refused_patient_who_holds_a_slot_is_found() {
    let mut story = Story::new();
    story.see(&refused(1)).unwrap();
    let held: Vec<Appointment> = [3, 4, 5].map(|slot| booked(story.book(1, slot))).to_vec();
    for appointment in [&held[1], &held[0], &held[2]] {
        assert_eq!(failed(story.see(&refused(1))), "a refused patient holds nothing");
        story.cancel(1, appointment.id).unwrap();
    }
    story.see(&refused(1)).unwrap();
}

#[test]
fn a_reply_that_nobody_asked_for_is_found() {
    let mut story = Story::new();
    let asked = |connection| Observation::Asked { connection };
    let answered = |connection| Observation::Answered { connection };
    for fine in [asked(1), asked(1), asked(2), answered(1), answered(2), answered(1)] {
        story.see(&fine).unwrap();
    }
    assert_eq!(
        story.see(&answered(2)).unwrap_err().to_string(),
        "a reply only to a request: connection 2 was answered and had asked nothing"
    );
    assert_eq!(failed(story.see(&answered(3))), "a reply only to a request");
}

#[test]
fn a_line_that_is_too_long_is_found() {
    let mut story = Story::new();
    let waiting = |length| Observation::Waiting { line: "ledger", length, limit: 2 };
    story.see(&waiting(2)).unwrap();
    assert_eq!(
        story.see(&waiting(3)).unwrap_err().to_string(),
        "queues within their limits: 3 wait in the line \"ledger\", which may have 2"
    );
}

/// The doctor asks 30, from 10 s on 40, from 20 s on 50: a price that is shown is right from here to
/// there.
#[test]
fn a_price_is_one_that_was_in_force_since_it_was_asked_for() {
    let mut story = Story::new();
    let doctor = doctor_name();
    for (at, amount) in [(0, "30"), (10, "40"), (15, "40"), (20, "50")] {
        story.now = at * SECOND;
        story.see(&Observation::Prices { doctor: &doctor, tariff: &tariff(amount) }).unwrap();
    }
    story.now = 21 * SECOND;
    let mut shown = |doctor: &DoctorName, asked: u32, amount: &str| {
        let (plan, price, asked) = (&plan(), money(amount), asked * SECOND);
        story.see(&Observation::PriceShown { doctor, plan, price, asked })
    };
    for (asked, right) in [(5, 3), (9, 3), (10, 2), (19, 2), (20, 1), (21, 1)] {
        for (amount, age) in [("30", 3), ("40", 2), ("50", 1)] {
            let said = shown(&doctor, asked, amount);
            assert_eq!(said.is_ok(), age <= right, "{amount} asked at {asked}: {said:?}");
        }
    }
    assert_eq!(
        shown(&doctor, 12, "30").unwrap_err().what,
        "doc1 was said to charge 30 USD under insurance1, and charged 40 USD, then 50 USD from 12s \
         until 21s"
    );
    let nobody = DoctorName::new("doc9").unwrap();
    assert_eq!(failed(shown(&nobody, 20, "50")), "a shown price is the doctor's");
}

#[test]
fn prices_of_long_ago_are_forgotten_and_those_in_force_are_not() {
    let mut story = Story::new();
    let doctor = doctor_name();
    for hour in 0..100_u32 {
        story.now = hour * Duration::from_mins(40);
        let tariff = tariff(&hour.to_string());
        story.see(&Observation::Prices { doctor: &doctor, tariff: &tariff }).unwrap();
    }
    let (plan, now) = (plan(), story.now);
    let mut shown = |amount: &str, asked| {
        let (doctor, plan) = (&doctor, &plan);
        story.see(&Observation::PriceShown { doctor, plan, price: money(amount), asked })
    };
    shown("99", now).unwrap();
    shown("97", now - Duration::from_hours(1)).unwrap();
    assert!(shown("90", Duration::ZERO).is_err());
}

#[test]
fn a_row_that_nobody_decided_is_found() {
    const ROWS: &str = "the store holds what was decided";
    let mut story = Story::new();
    let held = booked(story.book(1, 7));
    let unseen = Command::Book(story.booking(2, 8));
    story.unseen(&unseen);
    assert_eq!(failed(story.compare()), ROWS);

    let mut story = Story::new();
    booked(story.book(1, 7));
    story.unseen(&moving(1, held.id, 8));
    assert_eq!(failed(story.compare()), ROWS);

    let mut story = Story::new();
    booked(story.book(1, 7));
    story.unseen(&cancelling(1, held.id));
    assert_eq!(
        story.compare().unwrap_err().what,
        "the store holds appointment 00000000-0000-0000-0000-000000000001 of patient1 in slot 7 as \
         cancelled, version 2, but patient 01010101-0101-0101-0101-010101010101 holds slot 7 by it, \
         version 1"
    );
}

#[test]
fn what_was_decided_and_is_not_in_the_store_is_found() {
    const ROWS: &str = "the store holds what was decided";
    let mut story = Story::new();
    let held = booked(story.book(1, 7));
    // Of a patient that the store knows as another one.
    let mut other = Story::new();
    booked(other.book(2, 7));
    assert_eq!(failed(story.checks.compare(&mut *other.store.reader().unwrap())), ROWS);
    // Of nothing at all.
    let empty = Story::new();
    assert_eq!(failed(story.checks.compare(&mut *empty.store.reader().unwrap())), ROWS);
    story.cancel(1, held.id).unwrap();
    assert_eq!(failed(story.checks.compare(&mut *empty.store.reader().unwrap())), ROWS);
    story.compare().unwrap();
}

/// What a reader tells, after somebody has changed it.
struct Changed<F>(Box<dyn Reader>, F);

impl<F: FnMut(&mut Answer) + Send> Reader for Changed<F> {
    fn read(&mut self, query: &Query) -> Result<Answer, StoreError> {
        let mut answer = self.0.read(query)?;
        (self.1)(&mut answer);
        Ok(answer)
    }
}

#[test]
fn two_live_rows_of_one_slot_are_found() {
    let mut story = Story::new();
    booked(story.book(1, 7));
    let twice = |answer: &mut Answer| {
        if let Answer::AppointmentRecords(rows) = answer {
            rows.push(rows[0].clone());
        }
    };
    let mut reader = Changed(story.store.reader().unwrap(), twice);
    assert_eq!(failed(story.checks.compare(&mut reader)), "one slot, one appointment");
}

#[test]
fn the_audit_is_followed_and_a_record_that_is_another_is_found() {
    const CHAIN: &str = "the audit chain is whole";
    let mut story = Story::new();
    booked(story.book(1, 7));
    story.compare().unwrap();
    for _ in 0..3 {
        story.book(2, 7).unwrap();
    }
    let another = |answer: &mut Answer| {
        if let Answer::AuditTrail(records) = answer {
            records[1].outcome = "booked".to_owned();
        }
    };
    let mut reader = Changed(story.store.reader().unwrap(), another);
    assert_eq!(
        story.checks.compare(&mut reader).unwrap_err().to_string(),
        "the audit chain is whole: record 4 is not as it was written, or not in its place"
    );
    let cut = |answer: &mut Answer| {
        if let Answer::AuditTrail(records) = answer {
            records.pop();
        }
    };
    let mut reader = Changed(story.store.reader().unwrap(), cut);
    assert_eq!(failed(story.checks.compare(&mut reader)), CHAIN);
    // The good ones before it are known by now.
    story.compare().unwrap();
}

#[test]
fn an_audit_of_many_pages_is_followed() {
    let mut story = Story::new();
    for round in 0..1_100_u32 {
        story.book(1, 1 + round % SLOTS).unwrap();
    }
    story.compare().unwrap();
    assert_eq!(story.checks.held(), SLOTS as usize);
    story.compare().unwrap();
}

#[test]
fn a_store_that_cannot_be_read_is_found() {
    let mut story = Story::new();
    let odd = |answer: &mut Answer| *answer = Answer::NoStanding;
    let mut reader = Changed(story.store.reader().unwrap(), odd);
    assert_eq!(failed(story.checks.compare(&mut reader)), "the store can be read");
}
