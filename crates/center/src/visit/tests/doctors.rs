//! A doctor's way: enrolling with a code, registering, hearing what is new; and the tickets that
//! patients then get.

use jiff::SignedDuration;
use protocol::ticket::{self, TicketKind};
use protocol::{News, Registration, TicketWanted, TicketsOver};

use super::clinic::{Clinic, book, cancel, doctor, enrol, keys, log_in_as, reschedule};
use super::*;

fn register(port: u16) -> Request {
    Request::Register(Registration { address: DoctorAddress { host: None, port }, keys: keys() })
}

/// A clinic in which doc1 has enrolled and registered, and the doctor's visit.
fn with_doc1() -> (Clinic, Visit) {
    let mut clinic = Clinic::open();
    let mut visit = clinic.enrolled("doc1");
    let reply = clinic.ask(&mut visit, register(50_000));
    assert!(matches!(reply, Reply::Registered(_)), "{reply:?}");
    (clinic, visit)
}

#[test]
fn a_code_enrols_once_and_the_password_counts_from_then_on() {
    let mut clinic = Clinic::open();
    let visit = clinic.enrolled("doc1");
    assert_eq!(visit.user().map(UserName::as_str), Some("doc1"));
    for name in ["doc1", "doc2", "doc3"] {
        let mut visit = clinic.visit();
        let reply = clinic.ask(&mut visit, enrol(name));
        assert_eq!(reply, Reply::Refused(Refusal::WrongCredentials), "{name}");
        assert!(!visit.is_logged_in());
    }
    let mut visit = clinic.visit();
    let reply = clinic.ask(&mut visit, log_in_as("doc1", KeepSession::No));
    assert_eq!(reply, Reply::LoggedIn(LoggedIn::default()));
}

#[test]
fn a_password_that_is_not_taken_never_reaches_the_store() {
    for (password, refusal) in [
        (NewPassword::Weak, Refusal::WeakPassword),
        (NewPassword::Throttled, Refusal::Throttled),
        (NewPassword::Busy, Refusal::Busy),
    ] {
        let mut visit = Visit::new(rules("UTC"), visitor());
        let hash = effect(ask(&mut visit, enrol("doc1")));
        assert!(matches!(hash, Effect::HashNewPassword { .. }));
        assert_eq!(answer(visit.resume(Fed::Hashed(password))), Reply::Refused(refusal));
        let noted = visit.take_notes().len();
        assert_eq!(noted, usize::from(refusal != Refusal::Busy));
    }
}

#[test]
fn a_doctor_registers_where_it_speaks_from_and_its_keys_are_certified() {
    let mut clinic = Clinic::open();
    let mut visit = clinic.enrolled("doc1");
    let reply = clinic.ask(&mut visit, register(50_000));
    let Reply::Registered(registered) = reply else { panic!("{reply:?}") };
    let host = Some(visitor().source);
    assert_eq!(registered.address, DoctorAddress { host, port: 50_000 });
    let office = clinic.office.clone().unwrap();
    assert_eq!(registered.center_key, office.center_key());
    let certificate = &registered.certificate;
    let claims =
        ticket::verify_certificate(certificate, &registered.center_key, clinic.now).unwrap();
    assert_eq!((claims.doctor, claims.keys), (doctor("doc1"), keys()));
    // Nobody else answers there.
    let mut other = clinic.enrolled("doc2");
    let reply = clinic.ask(&mut other, register(50_000));
    assert_eq!(reply, Reply::Refused(Refusal::AddressTaken));
}

#[test]
fn news_are_for_a_doctor_who_still_stands() {
    let (mut clinic, mut first) = with_doc1();
    let news = || Request::News { since: None };
    assert!(matches!(clinic.ask(&mut first, news()), Reply::News(_)));
    // Another password takes the place of the one that the first came in with.
    let mut second = clinic.enrolled("doc1");
    assert_eq!(clinic.ask(&mut first, news()), Reply::Refused(Refusal::SessionEnded));
    assert!(!first.is_logged_in());
    assert!(matches!(clinic.ask(&mut second, news()), Reply::News(_)));
}

#[test]
fn a_booking_brings_a_ticket_to_a_doctor_who_has_enrolled() {
    let (mut clinic, _) = with_doc1();
    let mut ann = clinic.logged_in("ann");
    for reply in [clinic.ask(&mut ann, book(1)), clinic.ask(&mut ann, book(1))] {
        let (Reply::Booked(Referral::Full(referred))
        | Reply::AlreadyHeld(Referral::Full(referred))) = reply
        else {
            panic!("{reply:?}")
        };
        let appointment = &referred.view.appointment;
        let admission = referred.admission.as_ref().expect("a ticket");
        assert_eq!(admission.keys, keys());
        let signers = clinic.office.as_ref().unwrap().verifying_keys(clinic.now);
        let claims =
            ticket::verify(&admission.ticket, &signers, &doctor("doc1"), clinic.now).unwrap();
        let kind = TicketKind::Visit { appointment: appointment.id, version: appointment.version };
        assert_eq!((claims.kind, claims.patient), (kind, clinic.patient("ann")));
        assert!(ticket::verify(&admission.ticket, &signers, &doctor("doc2"), clinic.now).is_err());
    }
    // doc2 has not enrolled.
    let reply = clinic.ask(&mut ann, book(5));
    assert!(matches!(&reply, Reply::Booked(Referral::Full(r)) if r.admission.is_none()));
}

#[test]
fn tickets_are_given_for_visits_and_quotes_and_audited() {
    let (mut clinic, _) = with_doc1();
    let anns = clinic.booked("ann", 1).id;
    let mut ann = clinic.logged_in("ann");
    let quote = |name| TicketWanted::Quote { doctor: doctor(name), service: Service::visit() };
    let mut nonces = std::collections::BTreeSet::new();
    for (wanted, minutes) in
        [(TicketWanted::Visit(anns), 60), (TicketWanted::Visit(anns), 60), (quote("doc1"), 10)]
    {
        let reply = clinic.ask(&mut ann, Request::Ticket(wanted));
        let Reply::Ticket(reply) = reply else { panic!("{reply:?}") };
        let signers = clinic.office.as_ref().unwrap().verifying_keys(clinic.now);
        let ticket = &reply.admission.ticket;
        let claims = ticket::verify(ticket, &signers, &reply.doctor.name, clinic.now).unwrap();
        assert_eq!(claims.expires, clinic.now + SignedDuration::from_mins(minutes));
        assert!(nonces.insert(claims.nonce));
    }
    for (wanted, refusal) in
        [(quote("doc2"), Refusal::NoSuchDoctor), (quote("doc3"), Refusal::NoSuchDoctor)]
    {
        let reply = clinic.ask(&mut ann, Request::Ticket(wanted));
        assert_eq!(reply, Reply::Refused(refusal));
    }
    assert_eq!(clinic.audited("ticket").len(), 5);
    clinic.office = None;
    let mut ann = clinic.logged_in("ann");
    let reply = clinic.ask(&mut ann, Request::Ticket(TicketWanted::Visit(anns)));
    assert_eq!(reply, Reply::Refused(Refusal::Unavailable));
}

#[test]
fn news_name_the_keys_and_the_appointments_whose_older_tickets_are_over() {
    let (mut clinic, mut doc1) = with_doc1();
    let cancelled = clinic.booked("ann", 1).id;
    let moved = clinic.booked("bob", 2).id;
    let others = clinic.booked("bob", 5).id;
    let mut ann = clinic.logged_in("ann");
    let mut bob = clinic.logged_in("bob");
    let before = clinic.now;
    clinic.ask(&mut ann, cancel(cancelled));
    clinic.now += SignedDuration::from_secs(1);
    clinic.ask(&mut bob, reschedule(moved, 3));
    clinic.ask(&mut bob, cancel(others));
    clinic.now += SignedDuration::from_secs(5);
    let news = |clinic: &mut Clinic, doc1: &mut Visit, since| match clinic
        .ask(doc1, Request::News { since })
    {
        Reply::News(news) => news,
        other => panic!("{other:?}"),
    };
    let over = |appointment| TicketsOver { appointment, below: Version(2) };
    let expected = News {
        ticket_keys: clinic.office.as_ref().unwrap().verifying_keys(clinic.now),
        over: vec![over(cancelled), over(moved)],
        until: clinic.now,
    };
    assert_eq!(news(&mut clinic, &mut doc1, None), expected);
    assert_eq!(expected.ticket_keys.len(), 1);
    // What is asked for anew overlaps what was heard by some seconds, not by more.
    assert_eq!(news(&mut clinic, &mut doc1, Some(before)).over.len(), 2);
    let since = Some(clinic.now);
    assert_eq!(news(&mut clinic, &mut doc1, since).over.len(), 2);
    clinic.now += SignedDuration::from_secs(6);
    let since = Some(clinic.now);
    assert_eq!(news(&mut clinic, &mut doc1, since).over, []);
    // However far back is asked: nothing older than the oldest ticket that can be in force.
    clinic.now += SignedDuration::from_mins(10);
    let long_ago = Some(Timestamp::UNIX_EPOCH);
    assert_eq!(news(&mut clinic, &mut doc1, long_ago).over.len(), 2);
    let mut doc1 = {
        clinic.now += SignedDuration::from_hours(2);
        clinic.logged_in("doc1")
    };
    assert_eq!(news(&mut clinic, &mut doc1, long_ago).over, []);
}
