//! Sentences about the front desk: marks, waivers, sheets, and who was looked at.

use domain::{AppointmentId, AppointmentStatus, Reason, Refusal, Role, SlotId, Version};
use jiff::SignedDuration;

use super::Clinic;
use super::at;
use super::clinic::{
    WEEK, closing, doctor_name, moving, patient_id, request, slot, standing, token, user_name,
};
use crate::{
    Actor, Answer, Book, Command, Hold, LookAt, LookAtMany, Mark, Outcome, PersonRecord, Place,
    Query, Reschedule, SAME_LOOK, SESSION_IDLE_MAX, Sheet, Standing, Store,
};
use domain::Person;

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused(refusal)
}

fn mark(
    clinic: &mut Clinic,
    desk: Standing,
    id: AppointmentId,
    status: AppointmentStatus,
) -> Outcome {
    clinic.run(Command::Mark(Mark { appointment: id, actor: Actor::Account(desk), status }))
}

fn reason(text: &str) -> Option<Reason> {
    Some(Reason::new(text).unwrap())
}

fn history(clinic: &mut Clinic, patient: u8, appointment: AppointmentId) -> Vec<String> {
    let query = Query::Appointment {
        appointment,
        patient: patient_id(patient),
        standing: standing(patient),
        now: clinic.now,
    };
    let Answer::Appointment(data) = clinic.read(&query) else { panic!("an appointment") };
    let step = |step: crate::StepData| {
        format!("{} {} {}", step.version, step.what, step.reason.unwrap_or_default())
    };
    data.map(|data| data.history.into_iter().map(step).collect()).unwrap_or_default()
}

pub(super) fn each_mark_is_the_next_version(store: &dyn Store) {
    use AppointmentStatus::{Arrived, Booked, Done, NoShow};
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let id = clinic.booked(1, 2).id;
    let last = clinic.audit().len() as u64;
    clinic.now = at(14);
    let Outcome::Marked(marked) = mark(&mut clinic, desk, id, Arrived) else { panic!("marked") };
    assert_eq!((marked.status, marked.version), (Arrived, Version(2)));
    for early in [Done, NoShow] {
        assert_eq!(mark(&mut clinic, desk, id, early), refused(Refusal::VisitNotBegun));
    }
    clinic.now = at(15);
    mark(&mut clinic, desk, id, Done);
    mark(&mut clinic, desk, id, NoShow);
    // Said twice, it is no other version.
    let Outcome::Marked(again) = mark(&mut clinic, desk, id, NoShow) else { panic!("marked") };
    assert_eq!((again.status, again.version), (NoShow, Version(4)));
    mark(&mut clinic, desk, id, Booked);
    let expected = ["1 booked ", "2 arrived ", "3 done ", "4 no-show ", "5 booked "];
    assert_eq!(history(&mut clinic, 1, id), expected);
    let expected = [
        "mark: arrived",
        "mark: visit_not_begun",
        "mark: visit_not_begun",
        "mark: done",
        "mark: no-show",
        "mark: no-show",
        "mark: booked",
    ];
    assert_eq!(clinic.told_after(last), expected);
    let record = clinic.audit().pop().unwrap();
    let subject = Some(id.to_string());
    assert_eq!((record.subject, record.patient), (subject, Some(patient_id(1))));
}

pub(super) fn what_cannot_be_marked_is_refused(store: &dyn Store) {
    use AppointmentStatus::{Arrived, Cancelled};
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let id = clinic.booked(1, 2).id;
    let nobodys = AppointmentId::from_bytes([255; 16]);
    let none = refused(Refusal::NoSuchAppointment);
    assert_eq!(mark(&mut clinic, desk, nobodys, Arrived), none);
    let stale = Standing { credential: Some(2), ..desk };
    assert_eq!(mark(&mut clinic, stale, id, Arrived), refused(Refusal::SessionEnded));
    clinic.cancel(1, id);
    assert_eq!(mark(&mut clinic, desk, id, Arrived), refused(Refusal::AppointmentClosed));
    let actor = Actor::Account(desk);
    let bad = Command::Mark(Mark { appointment: id, actor, status: Cancelled });
    assert!(clinic.writer.commit(clinic.now, &[bad]).is_err());
}

pub(super) fn a_mark_makes_no_ticket_void(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    clinic.registered("doc2", 52000);
    let id = clinic.booked(1, 2).id;
    clinic.now = at(15);
    mark(&mut clinic, desk, id, AppointmentStatus::Arrived);
    mark(&mut clinic, desk, id, AppointmentStatus::Booked);
    let changes = Query::ChangedAppointments {
        doctor: doctor_name("doc2"),
        standing: standing(61),
        now: clinic.now,
        since: at(0),
        limit: 9,
    };
    assert_eq!(clinic.read(&changes), Answer::Changes { changes: Vec::new(), rest: None });
}

fn waived(clinic: &mut Clinic, desk: Standing, patient: u8, index: u32) -> Book {
    let book = clinic.booking(patient, index);
    Book { actor: Actor::Account(desk), waiver: reason("in pain"), ..book }
}

pub(super) fn a_waiver_overrides_what_holds_for_patients_and_nothing_else(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let hold = Hold {
        patient: patient_id(2),
        actor: Actor::Account(standing(2)),
        slot: SlotId(1),
        expires: at(9),
        holds_max: 1,
    };
    clinic.run(Command::Hold(hold));
    let last = clinic.audit().len() as u64;
    // Another's hold gives way, and the limit does not count.
    let book = Book { appointments_max: Some(0), ..waived(&mut clinic, desk, 1, 1) };
    let Outcome::Booked(booked) = clinic.run(Command::Book(book)) else { panic!("booked") };
    assert_eq!(history(&mut clinic, 1, booked.id), ["1 booked in pain"]);
    // A booked slot gives way to nobody.
    let taken = waived(&mut clinic, desk, 3, 1);
    assert_eq!(clinic.run(Command::Book(taken)), refused(Refusal::SlotTaken));
    // One that has begun can be booked until it ends.
    clinic.now = at(15) + SignedDuration::from_mins(59);
    let begun = waived(&mut clinic, desk, 3, 2);
    assert!(matches!(clinic.run(Command::Book(begun)), Outcome::Booked(_)));
    assert_eq!(clinic.book(3, 2), refused(Refusal::NoSuchSlot));
    clinic.now = at(59);
    let over = waived(&mut clinic, desk, 3, 4);
    assert_eq!(clinic.run(Command::Book(over)), refused(Refusal::NoSuchSlot));
    let expected = [
        "book_waived: booked",
        "book_waived: slot_taken",
        "book_waived: booked",
        "book: no_such_slot",
        "book_waived: no_such_slot",
    ];
    assert_eq!(clinic.told_after(last), expected);
}

pub(super) fn a_visit_that_has_begun_is_moved_with_a_waiver(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let id = clinic.booked(1, 2).id;
    clinic.now = at(15);
    assert_eq!(clinic.reschedule(1, id, 3), refused(Refusal::AppointmentClosed));
    let actor = Actor::Account(desk);
    let move_it = Reschedule { actor, waiver: reason("the doctor is late"), ..moving(1, id, 3) };
    let named = Reschedule { request: request("r1"), ..move_it.clone() };
    let moved = clinic.run(Command::Reschedule(named.clone()));
    assert!(matches!(moved, Outcome::Rescheduled(_)), "{moved:?}");
    assert_eq!(clinic.run(Command::Reschedule(named)), moved);
    // Without its waiver it is another command.
    let other = Reschedule { waiver: None, request: request("r1"), ..move_it };
    let reused = refused(Refusal::RequestIdReused);
    assert_eq!(clinic.run(Command::Reschedule(other)), reused);
    let expected = ["1 booked ", "2 moved the doctor is late"];
    assert_eq!(history(&mut clinic, 1, id), expected);
    let verbs: Vec<String> = clinic.audit().iter().rev().take(3).map(|r| r.verb.clone()).collect();
    assert_eq!(verbs, ["reschedule", "reschedule_waived", "reschedule_waived"]);
}

pub(super) fn a_sheet_shows_who_has_which_slot(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let booked = clinic.booked(1, 2);
    let hold = Hold {
        patient: patient_id(2),
        actor: Actor::Account(standing(2)),
        slot: SlotId(1),
        expires: at(9),
        holds_max: 1,
    };
    clinic.run(Command::Hold(hold));
    let sheet = |clinic: &mut Clinic, doctor: Option<&str>, standing| {
        let doctor = doctor.map(doctor_name);
        let (from, until, now) = (at(15), at(86), clinic.now);
        clinic.read(&Query::Sheet { doctor, from, until, standing, now })
    };
    let who = |number: u8| PersonRecord {
        patient: patient_id(number),
        person: Person::default(),
        plan: None,
        user: Some(user_name(&format!("patient{number}"))),
    };
    let places = |answer: Answer| match answer {
        Answer::Sheet(Sheet { rows, blocks }) => {
            assert_eq!(blocks, []);
            rows.into_iter().map(|row| (row.slot, row.place)).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let mondays = (slot(2, WEEK[1]), Place::Booked { appointment: Box::new(booked), who: who(1) });
    let tuesdays = (slot(1, WEEK[0]), Place::Held { who: who(2), expires: at(9) });
    let wednesdays = (slot(4, WEEK[3]), Place::Free);
    let all = vec![mondays, tuesdays.clone(), wednesdays.clone()];
    assert_eq!(places(sheet(&mut clinic, None, desk)), all);
    let of_one = vec![tuesdays, wednesdays.clone()];
    assert_eq!(places(sheet(&mut clinic, Some("doc1"), desk)), of_one);
    clinic.now = at(9);
    let free_again = vec![(slot(1, WEEK[0]), Place::Free), wednesdays];
    assert_eq!(places(sheet(&mut clinic, Some("doc1"), desk)), free_again);
    assert_eq!(places(sheet(&mut clinic, Some("doc9"), desk)), []);
    let stale = Standing { credential: Some(2), ..desk };
    assert_eq!(sheet(&mut clinic, None, stale), Answer::NoStanding);
}

pub(super) fn the_same_look_is_recorded_once(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    clinic.run(Command::AddStaff(super::clinic::staff(51, "other", Role::FrontDesk)));
    let last = clinic.audit().len();
    let look = |clinic: &mut Clinic, standing, patients: &[u8], what| {
        let patients = patients.iter().map(|number| patient_id(*number)).collect();
        let actor = Actor::Account(standing);
        clinic.run(Command::LookAtMany(LookAtMany { actor, patients, what }))
    };
    let sheet = LookAt::Sheet;
    assert_eq!(look(&mut clinic, desk, &[1, 2], sheet), Outcome::Done);
    // Patient 9 is nobody; patient 3 was not looked at before.
    assert_eq!(look(&mut clinic, desk, &[1, 2, 3, 9], sheet), Outcome::Done);
    look(&mut clinic, desk, &[1], LookAt::Patient);
    look(&mut clinic, standing(51), &[1], sheet);
    clinic.now = at(8) + SAME_LOOK - SignedDuration::from_millis(1);
    look(&mut clinic, desk, &[1], sheet);
    clinic.now = at(8) + SAME_LOOK;
    look(&mut clinic, desk, &[1], sheet);
    let records = clinic.audit().split_off(last);
    let told: Vec<_> = records.iter().map(|r| (&*r.verb, r.patient, r.user.clone())).collect();
    let of = |number| Some(patient_id(number));
    let by = |user: &str| Some(user_name(user));
    let expected = [
        ("look_at_sheet", of(1), by("desk")),
        ("look_at_sheet", of(2), by("desk")),
        ("look_at_sheet", of(3), by("desk")),
        ("look_at_patient", of(1), by("desk")),
        ("look_at_sheet", of(1), by("other")),
        ("look_at_sheet", of(1), by("desk")),
    ];
    assert_eq!(told, expected);
    // A screen that looks by itself keeps nobody logged in.
    let since = clinic.now;
    let watching = clinic.open_session(2, 50);
    clinic.now = since + SESSION_IDLE_MAX - SignedDuration::from_mins(1);
    assert_eq!(look(&mut clinic, watching, &[1], sheet), Outcome::Done);
    clinic.now = since + SESSION_IDLE_MAX;
    assert_eq!(look(&mut clinic, watching, &[1], sheet), refused(Refusal::SessionEnded));
    clinic.open_session(1, 1);
    clinic.run(closing(1));
    let ended = Standing { session: Some(token(1)), ..standing(1) };
    assert_eq!(look(&mut clinic, ended, &[2], sheet), refused(Refusal::SessionEnded));
}
