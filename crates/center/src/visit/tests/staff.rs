//! The front desk and other programs: acting for patients, and what the audit and the patient see.

use super::clinic::{Clinic, book, cancel, for_patient, log_in_as};
use super::*;

#[test]
fn the_front_desk_books_and_cancels_in_its_own_name_for_a_patient() {
    let mut clinic = Clinic::open();
    let ann = clinic.patient("ann");
    let mut frank = clinic.logged_in("frank");
    let reply = clinic.ask(&mut frank, for_patient(ann, book(2)));
    let Reply::Booked(Referral::Full(referred)) = reply else { panic!("{reply:?}") };
    let id = referred.view.appointment.id;
    let booked = clinic.audited("book").pop().unwrap();
    assert_eq!((booked.patient, booked.role), (Some(ann), Some(Role::FrontDesk)));
    assert_eq!(booked.user.as_ref().map(UserName::as_str), Some("frank"));
    assert_eq!(booked.source, Some(visitor().source));
    let reply = clinic.ask(&mut frank, for_patient(ann, cancel(id)));
    assert!(matches!(reply, Reply::Cancelled(_)), "{reply:?}");
}

#[test]
fn a_look_at_anothers_appointments_is_recorded_before_they_are_read_and_shown_to_the_patient() {
    let mut clinic = Clinic::open();
    clinic.booked("ann", 1);
    let ann = clinic.patient("ann");
    let mut iris = clinic.logged_in("iris");
    clinic.done.clear();
    let reply = clinic.ask(&mut iris, for_patient(ann, Request::Appointments));
    assert!(matches!(&reply, Reply::Appointments(views) if views.len() == 1), "{reply:?}");
    assert_eq!(clinic.done, ["Look", "AppointmentsOf"]);

    let nobody = patient_id();
    clinic.done.clear();
    let reply = clinic.ask(&mut iris, for_patient(nobody, Request::Appointments));
    assert_eq!(reply, Reply::Refused(Refusal::NoSuchPatient));
    assert_eq!(clinic.done, ["Look"]);

    let mut visit = clinic.logged_in("ann");
    let reply = clinic.ask(&mut visit, Request::Accesses);
    let Reply::Accesses(accesses) = reply else { panic!("{reply:?}") };
    let roles: Vec<_> = accesses.iter().map(|access| access.role).collect();
    assert_eq!(roles, [Some(Role::Integrator)], "{accesses:?}");
    // The patient's own look is not recorded.
    clinic.done.clear();
    clinic.ask(&mut visit, Request::Appointments);
    assert_eq!(clinic.done, ["AppointmentsOf"]);
}

#[test]
fn staff_always_have_a_session_and_are_told_of_it_when_they_asked() {
    let mut clinic = Clinic::open();
    for (session, told) in [(KeepSession::No, false), (KeepSession::Yes, true)] {
        let mut visit = clinic.visit();
        clinic.done.clear();
        let reply = clinic.ask(&mut visit, log_in_as("frank", session));
        let Reply::LoggedIn(welcome) = reply else { panic!("{reply:?}") };
        assert_eq!(clinic.done, ["OpenSession"]);
        assert_eq!((welcome.token.is_some(), welcome.device.is_some()), (told, told));
    }
}

#[test]
fn staff_without_a_second_factor_and_with_one_used_before_are_refused() {
    let frank = || AccountRecord { role: Role::FrontDesk, ..account(None) };
    let mut visit = Visit::new(rules("UTC"), visitor());
    effect(ask(&mut visit, log_in(KeepSession::Yes)));
    let wrong = Reply::Refused(Refusal::WrongCredentials);
    assert_eq!(answer(visit.resume(Fed::Verified(right(frank())))), wrong);

    let verified = Verified { account: frank(), one_time_step: Some(7), device: device() };
    effect(ask(&mut visit, log_in(KeepSession::No)));
    let commit = effect(visit.resume(Fed::Verified(Verdict::Right(Box::new(verified)))));
    let Effect::Commit(Command::OpenSession(open)) = commit else { panic!("wants {commit:?}") };
    assert_eq!(open.one_time_step, Some(7));
    let used = Settled::Decided(Outcome::Refused(Refusal::WrongCredentials));
    assert_eq!(answer(visit.resume(Fed::Settled(used))), wrong);
    assert!(!visit.is_logged_in());
}
