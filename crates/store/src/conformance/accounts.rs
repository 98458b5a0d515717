//! Sentences about accounts, passwords and sessions.

use domain::{Entropy, Refusal, Role, SessionToken};

use super::Clinic;
use super::at;
use super::clinic::{account, account_id, closing, patient_id, standing, user_name};
use crate::{
    AccountRecord, Actor, AddPatient, Answer, Book, Command, OpenSession, Outcome, PasswordHash,
    Query, Standing, Store, TokenHash,
};

fn token(number: u8) -> TokenHash {
    TokenHash::of(&SessionToken::fresh(&Entropy([number; 32])))
}

fn record(number: u8, phc: &str) -> Answer {
    Answer::Account(Some(AccountRecord {
        tends: vec![patient_id(number)],
        used: None,
        account: account_id(number),
        user: user_name(&format!("patient{number}")),
        patient: Some(patient_id(number)),
        password: Some(PasswordHash::new(phc.to_owned())),
        credential: Some(match phc {
            "$new" => 2,
            "$newer" => 3,
            _ => 1,
        }),
        ended: match phc {
            "$new" => 1,
            "$newer" => 2,
            _ => 0,
        },
        role: Role::Patient,
        doctor: None,
        totp: None,
    }))
}

/// The same, by a session that was used when it was opened.
fn in_session(number: u8, phc: &str) -> Answer {
    match record(number, phc) {
        Answer::Account(Some(account)) => {
            Answer::Account(Some(AccountRecord { used: Some(at(8)), ..account }))
        }
        other => other,
    }
}

fn session(clinic: &mut Clinic, number: u8) -> Answer {
    let now = clinic.now;
    clinic.read(&Query::Session { token: token(number), now })
}

fn open_session(clinic: &mut Clinic, number: u8, who: u8) {
    let open = OpenSession {
        standing: standing(who),
        token: token(number),
        expires: at(20),
        one_time_step: None,
    };
    assert_eq!(clinic.run(Command::OpenSession(open)), Outcome::Done);
}

pub(super) fn an_added_patient_can_log_in(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let new = AddPatient { name: Some("Žofie Nová".to_owned()), ..account(4) };
    assert_eq!(clinic.run(Command::AddPatient(new)), Outcome::Done);
    let found = clinic.read(&Query::Account(user_name("patient4")));
    assert_eq!(found, record(4, "$hash4"));
    clinic.booked(4, 1);
    // A user name is exactly what it is.
    assert_eq!(clinic.read(&Query::Account(user_name("Patient4"))), Answer::Account(None));
}

pub(super) fn a_user_name_is_given_once(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let same = AddPatient { user: user_name("patient1"), ..account(4) };
    assert_eq!(clinic.run(Command::AddPatient(same)), Outcome::UserExists);
    let found = clinic.read(&Query::Account(user_name("patient1")));
    assert_eq!(found, record(1, "$hash1"));
}

pub(super) fn a_new_password_replaces_the_old_one_and_ends_the_sessions(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    open_session(&mut clinic, 1, 1);
    open_session(&mut clinic, 2, 2);
    assert_eq!(clinic.set_password("patient1", "$new"), Outcome::Done);
    let found = clinic.read(&Query::Account(user_name("patient1")));
    assert_eq!(found, record(1, "$new"));
    assert_eq!(session(&mut clinic, 1), Answer::Account(None));
    assert_eq!(session(&mut clinic, 2), in_session(2, "$hash2"));
    // As often as it takes; a new session is open again.
    assert_eq!(clinic.set_password("patient1", "$newer"), Outcome::Done);
    let newest = Standing { credential: Some(3), ended: 2, ..standing(1) };
    let open =
        OpenSession { standing: newest, token: token(3), expires: at(20), one_time_step: None };
    assert_eq!(clinic.run(Command::OpenSession(open)), Outcome::Done);
    assert_eq!(session(&mut clinic, 3), in_session(1, "$newer"));
}

pub(super) fn nobodys_password_is_not_set(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    assert_eq!(clinic.set_password("nobody", "$new"), Outcome::NoSuchUser);
}

pub(super) fn a_session_is_open_until_it_expires(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    open_session(&mut clinic, 1, 1);
    assert_eq!(session(&mut clinic, 1), in_session(1, "$hash1"));
    assert_eq!(session(&mut clinic, 2), Answer::Account(None));
    clinic.now = at(20);
    assert_eq!(session(&mut clinic, 1), Answer::Account(None));
    // Also once the writer has tidied it away.
    clinic.batch(&[]);
    clinic.now = at(19);
    assert_eq!(session(&mut clinic, 1), Answer::Account(None));
}

pub(super) fn a_closed_session_is_closed(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    open_session(&mut clinic, 1, 1);
    for _ in 0..2 {
        assert_eq!(clinic.run(closing(1)), Outcome::Done);
        assert_eq!(session(&mut clinic, 1), Answer::Account(None));
    }
}

pub(super) fn known_users_are_told_from_unknown_ones(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let asked = ["patient3", "nobody", "patient1"].map(user_name).to_vec();
    let known = ["patient3", "patient1"].map(user_name).to_vec();
    assert_eq!(clinic.read(&Query::KnownUsers(asked)), Answer::Users(known));
}

pub(super) fn who_has_lost_the_standing_changes_and_sees_nothing(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    open_session(&mut clinic, 1, 1);
    let with_session = Standing { session: Some(token(1)), ..standing(1) };
    let book = |clinic: &mut Clinic, standing| {
        let book = Book { actor: Actor::Account(standing), ..clinic.booking(1, 1) };
        clinic.run(Command::Book(book))
    };
    let list = |clinic: &mut Clinic, standing| {
        let (patient, now) = (patient_id(1), clinic.now);
        clinic.read(&Query::AppointmentsOf { patient, standing, now, limit: 9 })
    };
    let ended = Outcome::Refused(Refusal::SessionEnded);
    assert_eq!(list(&mut clinic, with_session), Answer::Appointments(Vec::new()));
    // Somebody else's session is none of one's own.
    assert_eq!(book(&mut clinic, Standing { session: Some(token(1)), ..standing(2) }), ended);
    clinic.run(closing(1));
    assert_eq!(book(&mut clinic, with_session), ended);
    assert_eq!(list(&mut clinic, with_session), Answer::NoStanding);
    // Without a session there is still the password, until it is changed.
    assert!(matches!(book(&mut clinic, standing(1)), Outcome::Booked(_)));
    clinic.set_password("patient1", "$new");
    assert_eq!(book(&mut clinic, standing(1)), ended);
    assert_eq!(list(&mut clinic, standing(1)), Answer::NoStanding);
    let late = OpenSession {
        standing: standing(1),
        token: token(3),
        expires: at(20),
        one_time_step: None,
    };
    let wrong = Outcome::Refused(Refusal::WrongCredentials);
    assert_eq!(clinic.run(Command::OpenSession(late)), wrong);
}
