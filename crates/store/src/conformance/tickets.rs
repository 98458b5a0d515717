//! Sentences about tickets, looks at other people's data, and what doctors hear.

use domain::{AppointmentId, Doctor, Refusal, Role, Version};
use jiff::SignedDuration;

use super::Clinic;
use super::at;
use super::clinic::{doctor_name, patient_id, standing};
use crate::{
    AccessRecord, Actor, Answer, Command, IssueTicket, Look, LookAt, Outcome, Query, Standing,
    Store, TicketFor,
};

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused(refusal)
}

fn ask(clinic: &mut Clinic, patient: u8, ticket_for: TicketFor) -> Outcome {
    let actor = Actor::Account(standing(patient));
    let patient = patient_id(patient);
    clinic.run(Command::IssueTicket(IssueTicket { actor, patient, ticket_for }))
}

fn quote(name: &str) -> TicketFor {
    TicketFor::Quote(doctor_name(name))
}

pub(super) fn a_ticket_is_issued_for_a_visit_and_for_a_quote(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let doctor: Doctor = clinic.registered("doc1", 51000);
    let appointment = clinic.booked(1, 1);
    let visit = ask(&mut clinic, 1, TicketFor::Visit(appointment.id));
    let granted =
        Outcome::TicketGranted { appointment: Some(appointment.clone()), doctor: doctor.clone() };
    assert_eq!(visit, granted);
    let found = ask(&mut clinic, 2, quote("doc1"));
    assert_eq!(found, Outcome::TicketGranted { appointment: None, doctor });
    // Also in the middle of the visit, but not after it.
    clinic.now = at(37);
    let during = ask(&mut clinic, 1, TicketFor::Visit(appointment.id));
    assert!(matches!(during, Outcome::TicketGranted { .. }), "{during:?}");
    clinic.now = at(38);
    let after = ask(&mut clinic, 1, TicketFor::Visit(appointment.id));
    assert_eq!(after, refused(Refusal::AppointmentClosed));
    let mine =
        Query::AuditTrail { since: None, patient: Some(patient_id(1)), after: None, limit: 100 };
    let Answer::AuditTrail(records) = clinic.read(&mine) else { panic!("records") };
    let tickets = records.iter().filter(|record| record.verb == "ticket");
    let told: Vec<_> = tickets.map(|record| (&*record.outcome, record.subject.clone())).collect();
    let subject = Some(appointment.id.to_string());
    let expected = ["done", "done", "appointment_closed"].map(|word| (word, subject.clone()));
    assert_eq!(told, expected);
}

pub(super) fn a_ticket_is_for_ones_own_open_appointment(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.registered("doc1", 51000);
    let appointment = clinic.booked(1, 1);
    let nobodys = AppointmentId::from_bytes([255; 16]);
    for (patient, id) in [(2, appointment.id), (1, nobodys)] {
        let outcome = ask(&mut clinic, patient, TicketFor::Visit(id));
        assert_eq!(outcome, refused(Refusal::NoSuchAppointment));
    }
    clinic.cancel(1, appointment.id);
    let outcome = ask(&mut clinic, 1, TicketFor::Visit(appointment.id));
    assert_eq!(outcome, refused(Refusal::AppointmentClosed));
    let stale = Standing { credential: Some(2), ..standing(1) };
    let ticket = IssueTicket {
        actor: Actor::Account(stale),
        patient: patient_id(1),
        ticket_for: quote("doc1"),
    };
    assert_eq!(clinic.run(Command::IssueTicket(ticket)), refused(Refusal::SessionEnded));
    let ticket =
        IssueTicket { actor: Actor::Operator, patient: patient_id(77), ticket_for: quote("doc1") };
    assert_eq!(clinic.run(Command::IssueTicket(ticket)), refused(Refusal::NoSuchPatient));
}

pub(super) fn a_doctor_who_has_not_enrolled_gets_no_visitors_with_tickets(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 1);
    for wanted in [TicketFor::Visit(appointment.id), quote("doc1"), quote("doc9")] {
        assert_eq!(ask(&mut clinic, 1, wanted), refused(Refusal::NoSuchDoctor));
    }
}

fn changes(clinic: &mut Clinic, name: &str, hours: i64, limit: usize) -> Answer {
    changes_for(clinic, standing(1), name, hours, limit)
}

fn changes_for(
    clinic: &mut Clinic,
    standing: Standing,
    name: &str,
    hours: i64,
    limit: usize,
) -> Answer {
    let (doctor, now, since) = (doctor_name(name), clinic.now, at(hours));
    clinic.read(&Query::ChangedAppointments { doctor, standing, now, since, limit })
}

pub(super) fn changed_appointments_are_told_to_their_doctor(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let all = |changes| Answer::Changes { changes, rest: None };
    let [one, two, three] = [1, 3, 2].map(|index| clinic.booked(1, index).id);
    assert_eq!(changes(&mut clinic, "doc1", 0, 9), all(Vec::new()));
    clinic.now = at(9);
    clinic.cancel(1, one);
    clinic.now = at(10);
    // From doc1 to doc2, and within doc2's own time.
    clinic.reschedule(1, two, 5);
    clinic.reschedule(1, three, 6);
    let (cancelled, moved) = ((one, Version(2)), (two, Version(2)));
    assert_eq!(changes(&mut clinic, "doc1", 0, 9), all(vec![cancelled, moved]));
    assert_eq!(changes(&mut clinic, "doc1", 10, 9), all(vec![moved]));
    // The oldest come first, and the rest is there from the moment after the last.
    let rest = Some(at(9) + SignedDuration::from_millis(1));
    let first = Answer::Changes { changes: vec![cancelled], rest };
    assert_eq!(changes(&mut clinic, "doc1", 0, 1), first);
    assert_eq!(changes(&mut clinic, "doc1", 11, 9), all(Vec::new()));
    let of_doc2 = all(vec![(three, Version(2))]);
    assert_eq!(changes(&mut clinic, "doc2", 0, 9), of_doc2);
    assert_eq!(changes(&mut clinic, "doc9", 0, 9), all(Vec::new()));
    // Not to whoever came in with a password that no longer is one.
    let stale = Standing { credential: Some(2), ..standing(1) };
    assert_eq!(changes_for(&mut clinic, stale, "doc1", 0, 9), Answer::NoStanding);
}

fn look(clinic: &mut Clinic, standing: Standing, patient: u8) -> Outcome {
    let what = LookAt::Appointments;
    let (actor, patient) = (Actor::Account(standing), patient_id(patient));
    clinic.run(Command::Look(Look { actor, patient, what }))
}

pub(super) fn a_look_is_recorded_before_it_is_taken(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let last = clinic.audit().len() as u64;
    assert_eq!(look(&mut clinic, desk, 1), Outcome::Done);
    assert_eq!(look(&mut clinic, desk, 77), refused(Refusal::NoSuchPatient));
    let stale = Standing { credential: Some(2), ..desk };
    assert_eq!(look(&mut clinic, stale, 1), refused(Refusal::SessionEnded));
    let told = clinic.told_after(last);
    let outcomes = ["done", "no_such_patient", "session_ended"];
    assert_eq!(told, outcomes.map(|outcome| format!("look_at_appointments: {outcome}")));
}

fn accesses(clinic: &mut Clinic, standing: Standing, limit: usize) -> Answer {
    let now = clinic.now;
    clinic.read(&Query::Accesses { patient: patient_id(1), standing, now, limit })
}

pub(super) fn a_patient_sees_who_looked(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let appointment = clinic.booked(1, 1);
    assert_eq!(accesses(&mut clinic, standing(1), 9), Answer::Accesses(Vec::new()));
    clinic.now = at(9);
    look(&mut clinic, desk, 1);
    look(&mut clinic, desk, 2);
    clinic.now = at(10);
    let cancel = crate::Cancel {
        actor: Actor::Operator,
        patient: None,
        ..super::clinic::cancelling(1, appointment.id)
    };
    clinic.run(Command::Cancel(cancel));
    let cancelled = AccessRecord {
        at: at(10),
        role: None,
        verb: "cancel".to_owned(),
        appointment: Some(appointment.id),
    };
    let looked = AccessRecord {
        at: at(9),
        role: Some(Role::FrontDesk),
        verb: "look_at_appointments".to_owned(),
        appointment: None,
    };
    let both = Answer::Accesses(vec![cancelled.clone(), looked]);
    assert_eq!(accesses(&mut clinic, standing(1), 9), both);
    assert_eq!(accesses(&mut clinic, standing(1), 1), Answer::Accesses(vec![cancelled]));
    let stale = Standing { credential: Some(2), ..standing(1) };
    assert_eq!(accesses(&mut clinic, stale, 9), Answer::NoStanding);
}

pub(super) fn a_page_of_changes_never_ends_within_a_moment(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let [one, two, three] = [1, 3, 4].map(|index| clinic.booked(1, index).id);
    clinic.now = at(9);
    clinic.cancel(1, one);
    clinic.cancel(1, two);
    clinic.now = at(10);
    clinic.cancel(1, three);
    let told = |clinic: &mut Clinic, limit| match changes(clinic, "doc1", 0, limit) {
        Answer::Changes { changes, rest } => (changes.len(), rest),
        other => panic!("{other:?}"),
    };
    let after = |hours| Some(at(hours) + SignedDuration::from_millis(1));
    assert_eq!(told(&mut clinic, 1), (2, after(9)));
    assert_eq!(told(&mut clinic, 2), (2, after(9)));
    // A full page says that there may be more, also when there is not.
    assert_eq!(told(&mut clinic, 3), (3, after(10)));
    assert_eq!(told(&mut clinic, 4), (3, None));
}
