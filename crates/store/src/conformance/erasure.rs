//! Sentences about being forgotten, and about being told everything.

use domain::{Reason, Refusal, Role, Version};

use super::Clinic;
use super::at;
use super::clinic::{account, cancelling, patient_id, request, token, user_name};
use crate::{
    Actor, AddPatient, Answer, AppointmentData, Book, Cancel, Command, Erase, Look, LookAt,
    Outcome, PatientChoice, PatientData, PatientRecord, PersonData, Query, SESSION_MAX,
    SessionData, StepData, Store,
};

/// Patient 4, Žofie Nová, who has booked slots 1 and 2 and has cancelled slot 3 since she is ill.
fn with_a_past(store: &dyn Store) -> Clinic {
    let mut clinic = Clinic::open(store);
    let new = AddPatient { name: Some("Žofie Nová".to_owned()), ..account(4) };
    clinic.run(Command::AddPatient(new));
    clinic.booked(4, 1);
    let named = Book { request: request("r1"), ..clinic.booking(4, 2) };
    clinic.run(Command::Book(named));
    let id = clinic.booked(4, 3).id;
    let reason = Some(Reason::new("ill").unwrap());
    clinic.run(Command::Cancel(Cancel { reason, ..cancelling(4, id) }));
    clinic.open_session(4, 4);
    clinic
}

fn erase(clinic: &mut Clinic, patient: u8) -> Outcome {
    let patient = patient_id(patient);
    clinic.run(Command::Erase(Erase { patient, actor: Actor::Operator }))
}

fn data(clinic: &mut Clinic, patient: u8) -> Option<PatientData> {
    match clinic.read(&Query::PatientData(patient_id(patient))) {
        Answer::PatientData(data) => data.map(|data| *data),
        other => panic!("{other:?}"),
    }
}

fn patient(clinic: &mut Clinic, choice: PatientChoice) -> Option<PatientRecord> {
    match clinic.read(&Query::Patient(choice)) {
        Answer::Patient(patient) => patient,
        other => panic!("{other:?}"),
    }
}

pub(super) fn an_erased_patient_is_nobody(store: &dyn Store) {
    let mut clinic = with_a_past(store);
    let by_name = || PatientChoice::User(user_name("patient4"));
    let record = patient(&mut clinic, by_name()).unwrap();
    let expected = PatientRecord {
        patient: patient_id(4),
        user: Some(user_name("patient4")),
        name: Some("Žofie Nová".to_owned()),
        added: at(8),
    };
    assert_eq!(record, expected);
    assert_eq!(erase(&mut clinic, 4), Outcome::Erased { appointments_cancelled: 2 });
    assert_eq!(patient(&mut clinic, by_name()), None);
    let left = patient(&mut clinic, PatientChoice::Id(patient_id(4))).unwrap();
    assert_eq!(left.name, None);
    let user = left.user.unwrap();
    assert!(user.as_str().starts_with("erased-"), "{user}");
    // Nobody logs in any more, nor is logged in.
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(user)) else { panic!() };
    assert_eq!((account.password, account.credential), (None, None));
    let now = clinic.now;
    assert_eq!(clinic.read(&Query::Session { token: token(4), now }), Answer::Account(None));
    assert_eq!(clinic.book(4, 5), Outcome::Refused(Refusal::SessionEnded));
    // Others are who they were.
    let other = patient(&mut clinic, PatientChoice::Id(patient_id(1))).unwrap();
    assert_eq!(other.user, Some(user_name("patient1")));
    let Answer::Account(Some(other)) = clinic.read(&Query::Account(user_name("patient1"))) else {
        panic!("patient 1 is there")
    };
    assert_eq!(other.credential, Some(1));
}

pub(super) fn what_an_erased_patient_had_booked_is_free(store: &dyn Store) {
    let mut clinic = with_a_past(store);
    let other = clinic.booked(1, 6);
    // The visit of slot 2 has begun by then: what took place is kept.
    clinic.now = at(15);
    assert_eq!(clinic.free_indices(), [3, 4, 5]);
    let last = clinic.audit().len() as u64;
    assert_eq!(erase(&mut clinic, 4), Outcome::Erased { appointments_cancelled: 1 });
    assert_eq!(clinic.told_after(last), ["cancel: cancelled", "erase: cancelled 1"]);
    assert_eq!(clinic.free_indices(), [1, 3, 4, 5]);
    clinic.booked(2, 1);
    let left = data(&mut clinic, 4).unwrap();
    assert_eq!(left.person, None);
    assert_eq!(left.sessions, []);
    let steps: Vec<_> = left.appointments.iter().map(|a| a.history.len()).collect();
    assert_eq!(steps, [2, 1, 2], "history stays");
    let reasons =
        left.appointments.iter().flat_map(|a| &a.history).filter_map(|s| s.reason.clone());
    assert_eq!(reasons.collect::<Vec<String>>(), Vec::<String>::new());
    assert_eq!(clinic.appointments_of(1), [other]);
    // The answer under a request id is gone with what it said.
    assert_eq!(erase(&mut clinic, 4), Outcome::Erased { appointments_cancelled: 0 });
}

pub(super) fn a_user_name_is_free_after_its_owner_was_erased(store: &dyn Store) {
    let mut clinic = with_a_past(store);
    erase(&mut clinic, 4);
    let new = AddPatient { user: user_name("patient4"), ..account(5) };
    assert_eq!(clinic.run(Command::AddPatient(new)), Outcome::Done);
    let found = patient(&mut clinic, PatientChoice::User(user_name("patient4"))).unwrap();
    assert_eq!(found.patient, patient_id(5));
    // And the two stay two.
    erase(&mut clinic, 5);
    assert_eq!(data(&mut clinic, 5).unwrap().appointments, []);
    assert_eq!(data(&mut clinic, 4).unwrap().appointments.len(), 3);
}

pub(super) fn who_is_not_there_is_not_erased(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len() as u64;
    assert_eq!(erase(&mut clinic, 77), Outcome::Refused(Refusal::NoSuchPatient));
    assert_eq!(clinic.told_after(last), ["erase: no_such_patient"]);
    assert_eq!(data(&mut clinic, 77), None);
    assert_eq!(patient(&mut clinic, PatientChoice::Id(patient_id(77))), None);
}

pub(super) fn everything_that_is_held_about_a_patient_is_told(store: &dyn Store) {
    let mut clinic = with_a_past(store);
    let what = LookAt::Everything;
    let look = Look { actor: Actor::Operator, patient: patient_id(4), what };
    clinic.run(Command::Look(look));
    let held = data(&mut clinic, 4).unwrap();
    let name = Some("Žofie Nová".to_owned());
    assert_eq!(held.person, Some(PersonData { name, birth_date: None, contact: None, plan: None }));
    assert_eq!((held.patient, held.added), (patient_id(4), at(8)));
    assert_eq!(held.users, [user_name("patient4")]);
    let session =
        SessionData { opened: at(8), used: at(8), expires: at(8) + SESSION_MAX, ended: None };
    assert_eq!(held.sessions, [session]);
    let mine = clinic.appointments_of(4);
    let step = |version, what: &str, reason: Option<&str>| StepData {
        version,
        at: at(8),
        what: what.to_owned(),
        by: Some(Role::Patient),
        reason: reason.map(str::to_owned),
    };
    assert_eq!(held.appointments.len(), 3);
    let cancelled = mine.iter().find(|a| a.version == Version(2)).unwrap().clone();
    let expected = AppointmentData {
        appointment: cancelled,
        booked: at(8),
        history: vec![step(1, "booked", None), step(2, "cancelled", Some("ill"))],
    };
    assert_eq!(held.appointments[2], expected);
    let deeds: Vec<_> = held.deeds.iter().map(|deed| &*deed.verb).collect();
    assert_eq!(deeds, ["book", "book", "book", "cancel", "log_in"]);
    let accesses: Vec<_> = held.accesses.iter().map(|a| (&*a.verb, a.role)).collect();
    assert_eq!(accesses, [("look_at_everything", None), ("add_patient", None)]);
    // It can be written down, and no secret is in it.
    let json = serde_json::to_string(&held).unwrap();
    assert!(json.contains("Žofie Nová") && json.contains("ill"), "{json}");
    assert!(!json.contains("$hash"), "{json}");
}
