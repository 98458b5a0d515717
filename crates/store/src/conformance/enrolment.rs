//! Sentences about doctors who enrol and register.

use domain::{Doctor, DoctorAddress, Refusal, Role};

use super::Clinic;
use super::at;
use super::clinic::{
    account, account_id, doctor, doctor_name, enrolling, keys, offer, registering, rows, standing,
    the_file, token, user_name,
};
use crate::{
    AccountRecord, Actor, AddPatient, Answer, Command, Import, Outcome, PasswordHash, Query,
    RegisterDoctor, Standing, Store,
};

const WRONG: Outcome = Outcome::Refused(Refusal::WrongCredentials);
const TAKEN: Outcome = Outcome::Refused(Refusal::AddressTaken);

fn record(credential: i64) -> AccountRecord {
    AccountRecord {
        tends: Vec::new(),
        used: None,
        account: account_id(60),
        user: user_name("doc1"),
        patient: None,
        password: Some(PasswordHash::new("$hash60".to_owned())),
        credential: Some(credential),
        ended: credential - 1,
        role: Role::Doctor,
        doctor: Some(doctor_name("doc1")),
        totp: None,
    }
}

fn enrol(clinic: &mut Clinic, name: &str, code: u8) -> Outcome {
    clinic.run(Command::Enrol(enrolling(name, code, 60)))
}

fn offered(clinic: &mut Clinic, name: &str, code: u8) -> Outcome {
    let expires = at(9);
    clinic.run(Command::OfferEnrolment(offer(name, code, expires)))
}

fn doctors(clinic: &mut Clinic) -> Vec<Doctor> {
    match clinic.read(&Query::Doctors) {
        Answer::Doctors(doctors) => doctors,
        other => panic!("{other:?}"),
    }
}

pub(super) fn a_doctor_enrols_once_with_a_code(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    assert_eq!(enrol(&mut clinic, "doc1", 1), WRONG, "nothing was offered");
    assert_eq!(offered(&mut clinic, "doc9", 1), Outcome::NoSuchDoctor);
    assert_eq!(offered(&mut clinic, "doc1", 1), Outcome::Done);
    assert_eq!(enrol(&mut clinic, "doc1", 2), WRONG, "another code");
    assert_eq!(enrol(&mut clinic, "doc1", 1), Outcome::Enrolled(record(1)));
    let found = clinic.read(&Query::Account(user_name("doc1")));
    assert_eq!(found, Answer::Account(Some(record(1))));
    assert_eq!(enrol(&mut clinic, "doc1", 1), WRONG, "it works once");
}

pub(super) fn a_code_works_until_it_expires_and_for_its_doctor(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    offered(&mut clinic, "doc1", 1);
    assert_eq!(enrol(&mut clinic, "doc2", 1), WRONG);
    assert_eq!(enrol(&mut clinic, "doc9", 1), WRONG);
    clinic.now = at(9);
    assert_eq!(enrol(&mut clinic, "doc1", 1), WRONG);
    clinic.now = at(8);
    assert_eq!(enrol(&mut clinic, "doc1", 1), Outcome::Enrolled(record(1)));
}

pub(super) fn a_later_code_replaces_an_earlier_one(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    offered(&mut clinic, "doc1", 1);
    offered(&mut clinic, "doc1", 2);
    assert_eq!(enrol(&mut clinic, "doc1", 1), WRONG);
    assert_eq!(enrol(&mut clinic, "doc1", 2), Outcome::Enrolled(record(1)));
}

pub(super) fn a_doctor_who_enrols_again_gets_a_new_password(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    offered(&mut clinic, "doc1", 1);
    enrol(&mut clinic, "doc1", 1);
    clinic.open_session(1, 60);
    assert_eq!(offered(&mut clinic, "doc1", 2), Outcome::Done);
    let again = clinic.run(Command::Enrol(enrolling("doc1", 2, 61)));
    let password = Some(PasswordHash::new("$hash61".to_owned()));
    let expected = AccountRecord { password, ..record(2) };
    assert_eq!(again, Outcome::Enrolled(expected), "the account stays the same");
    let now = clinic.now;
    assert_eq!(clinic.read(&Query::Session { token: token(1), now }), Answer::Account(None));
}

pub(super) fn a_patients_user_name_is_no_doctors(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    offered(&mut clinic, "doc2", 1);
    for (number, name) in [(4, "doc1"), (5, "doc2")] {
        let user = user_name(name);
        clinic.run(Command::AddPatient(AddPatient { user, ..account(number) }));
    }
    assert_eq!(offered(&mut clinic, "doc1", 2), Outcome::UserExists);
    // Not when the patient was faster, either.
    assert_eq!(enrol(&mut clinic, "doc2", 1), WRONG);
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(user_name("doc2"))) else {
        panic!("the patient's account is there");
    };
    assert_eq!(account.role, Role::Patient);
}

pub(super) fn a_registered_doctor_answers_at_the_new_address(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let before = clinic.booked(1, 1);
    assert_eq!(before.slot.doctor, doctor("doc1", 41000));
    let registered = clinic.registered("doc1", 51000);
    let expected = Doctor { keys: Some(keys(60)), ..doctor("doc1", 51000) };
    assert_eq!(registered, expected);
    // Everybody sees it.
    assert_eq!(clinic.appointments_of(1)[0].slot.doctor, expected);
    let free = clinic.free().into_iter().find(|slot| slot.doctor.name == expected.name);
    assert_eq!(free.unwrap().doctor, expected);
    assert_eq!(doctors(&mut clinic)[0], expected);
    assert_eq!(clinic.booked(2, 3).slot.doctor, expected);
    // As often as the doctor moves.
    let host = Some("2001:db8::7".parse().unwrap());
    let address = DoctorAddress { host, port: 1 };
    let moved = RegisterDoctor { address, keys: keys(9), ..registering(60, 1) };
    let outcome = clinic.run(Command::RegisterDoctor(moved));
    let expected = Doctor { name: expected.name, address, keys: Some(keys(9)) };
    assert_eq!(outcome, Outcome::Registered(expected));
}

pub(super) fn an_address_in_use_is_refused(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let registered = clinic.registered("doc1", 51000);
    let at_doc2 = clinic.run(Command::RegisterDoctor(registering(60, 42000)));
    assert_eq!(at_doc2, TAKEN);
    assert_eq!(doctors(&mut clinic)[0], registered);
    // The same port of another host is another address.
    let host = Some("192.0.2.1".parse().unwrap());
    let address = DoctorAddress { host, port: 42000 };
    let elsewhere = RegisterDoctor { address, ..registering(60, 42000) };
    let outcome = clinic.run(Command::RegisterDoctor(elsewhere));
    assert!(matches!(outcome, Outcome::Registered(_)), "{outcome:?}");
}

pub(super) fn only_a_doctors_account_registers(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.registered("doc1", 51000);
    let not_allowed = Outcome::Refused(Refusal::NotAllowed);
    let by = |actor| Command::RegisterDoctor(RegisterDoctor { actor, ..registering(60, 52000) });
    assert_eq!(clinic.run(by(Actor::Account(standing(1)))), not_allowed);
    assert_eq!(clinic.run(by(Actor::Operator)), not_allowed);
    let stale = Standing { credential: Some(9), ..standing(60) };
    let ended = Outcome::Refused(Refusal::SessionEnded);
    assert_eq!(clinic.run(by(Actor::Account(stale))), ended);
    assert_eq!(doctors(&mut clinic)[0].address.port, 51000);
}

pub(super) fn an_import_leaves_a_registered_doctor_alone(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let registered = clinic.registered("doc1", 51000);
    let outcome = clinic.run(Command::Import(the_file()));
    assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
    assert_eq!(doctors(&mut clinic)[0], registered);
    // The address of the file is free for another one; the registered one is not.
    let told = |port| {
        let doctors = vec![doctor("doc2", port), doctor("doc1", 41000)];
        Command::Import(Import { doctors, ..the_file() })
    };
    let outcome = clinic.run(told(41000));
    assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
    let conflict =
        crate::ImportConflict::Address { doctor: doctor_name("doc2"), holder: doctor_name("doc1") };
    assert_eq!(clinic.run(told(51000)), Outcome::ImportConflict(conflict));
    assert_eq!(doctors(&mut clinic), [registered, doctor("doc2", 41000)]);
}

pub(super) fn a_doctor_who_left_and_comes_back_registers_again(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.registered("doc1", 51000);
    let only_doc2 = rows(&[(2, "doc2", 15)]);
    let left = Import { doctors: vec![doctor("doc2", 51000)], slots: only_doc2, ..the_file() };
    let outcome = clinic.run(Command::Import(left));
    assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
    let outcome = clinic.run(Command::Import(the_file()));
    assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
    assert_eq!(doctors(&mut clinic), [doctor("doc1", 41000), doctor("doc2", 42000)]);
    let outcome = clinic.run(Command::RegisterDoctor(registering(60, 51000)));
    assert!(matches!(outcome, Outcome::Registered(_)), "{outcome:?}");
}
