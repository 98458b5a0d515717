//! Sentences about persons, households, plans and links to choose a password.

use domain::{PatientId, Person, PlanName, Refusal, Relation, Role};

use super::Clinic;
use super::at;
use super::clinic::{SOURCE, account_id, code, patient_id, standing, user_name};
use crate::{
    AccountOverview, AccountRecord, Actor, AddDependant, AddPerson, Answer, AuditActor,
    ChangePerson, ChoosePassword, ChoosePlan, Command, Erase, Invite, MemberRecord, Outcome,
    PasswordHash, PersonRecord, Query, SetPassword, Standing, Store,
};

fn refused(refusal: Refusal) -> Outcome {
    Outcome::Refused(refusal)
}

fn person(name: &str, birth_date: &str, contact: &str) -> Person {
    Person {
        name: Some(name.parse().unwrap()),
        birth_date: Some(birth_date.parse().unwrap()),
        contact: Some(contact.parse().unwrap()),
    }
}

fn add(clinic: &mut Clinic, desk: Standing, number: u8, person: Person) -> Outcome {
    let (patient, actor) = (patient_id(number), Actor::Account(desk));
    clinic.run(Command::AddPerson(AddPerson { patient, person, actor }))
}

fn change(clinic: &mut Clinic, desk: Standing, patient: PatientId, person: Person) -> Outcome {
    let actor = Actor::Account(desk);
    clinic.run(Command::ChangePerson(ChangePerson { patient, person, actor }))
}

fn choose(clinic: &mut Clinic, who: Standing, patient: PatientId, plan: Option<&str>) -> Outcome {
    let (plan, actor) = (plan.map(|plan| plan.parse().unwrap()), Actor::Account(who));
    clinic.run(Command::ChoosePlan(ChoosePlan { patient, plan, actor }))
}

fn depend(clinic: &mut Clinic, desk: Standing, user: &str, patient: PatientId) -> Outcome {
    let (user, actor) = (user_name(user), Actor::Account(desk));
    clinic.run(Command::AddDependant(AddDependant { user, patient, actor }))
}

fn found(clinic: &mut Clinic, patient: PatientId, standing: Standing) -> Vec<PersonRecord> {
    match clinic.read(&Query::Person { patient, standing, now: clinic.now }) {
        Answer::People(people) => people,
        other => panic!("{other:?}"),
    }
}

const NOBODY: PatientId = PatientId::from_bytes([9; 16]);

/// A log-in that does not stand.
fn stale(standing: Standing) -> Standing {
    Standing { credential: Some(99), ..standing }
}

pub(super) fn a_person_without_an_account_is_added_and_changed(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let last = clinic.audit().len() as u64;
    let anna = person("Anna", "2020-02-29", "+420 1");
    assert_eq!(add(&mut clinic, desk, 9, anna.clone()), Outcome::Done);
    assert_eq!(choose(&mut clinic, desk, patient_id(9), Some("insurance1")), Outcome::Done);
    let plan = Some(PlanName::new("insurance1").unwrap());
    let record = PersonRecord { patient: patient_id(9), person: anna, plan, user: None };
    assert_eq!(found(&mut clinic, patient_id(9), desk), std::slice::from_ref(&record));
    // The plan stays when the rest is replaced.
    let renamed = Person { contact: None, ..person("Anna Nová", "2020-02-28", "-") };
    assert_eq!(change(&mut clinic, desk, patient_id(9), renamed.clone()), Outcome::Done);
    assert_eq!(
        found(&mut clinic, patient_id(9), desk),
        [PersonRecord { person: renamed, ..record }]
    );
    assert_eq!(choose(&mut clinic, desk, patient_id(9), None), Outcome::Done);
    assert_eq!(found(&mut clinic, patient_id(9), desk)[0].plan, None);
    let expected =
        ["add_person: done", "choose_plan: done", "change_person: done", "choose_plan: done"];
    assert_eq!(clinic.told_after(last)[..4], expected);
    let records = clinic.audit().split_off(usize::try_from(last).unwrap());
    assert!(records[..4].iter().all(|record| record.patient == Some(patient_id(9))));
}

pub(super) fn a_person_who_is_not_there_is_not_changed(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let last = clinic.audit().len() as u64;
    let none = refused(Refusal::NoSuchPatient);
    assert_eq!(change(&mut clinic, desk, NOBODY, Person::default()), none);
    assert_eq!(choose(&mut clinic, desk, NOBODY, Some("p")), none);
    assert_eq!(depend(&mut clinic, desk, "patient1", NOBODY), none);
    assert_eq!(found(&mut clinic, NOBODY, desk), []);
    let ended = refused(Refusal::SessionEnded);
    let late = stale(desk);
    assert_eq!(add(&mut clinic, late, 9, Person::default()), ended);
    assert_eq!(change(&mut clinic, late, patient_id(1), Person::default()), ended);
    assert_eq!(choose(&mut clinic, late, patient_id(1), Some("p")), ended);
    assert_eq!(depend(&mut clinic, late, "patient1", patient_id(2)), ended);
    let query = Query::Person { patient: patient_id(1), standing: late, now: clinic.now };
    assert_eq!(clinic.read(&query), Answer::NoStanding);
    assert_eq!(found(&mut clinic, patient_id(9), desk), []);
    let expected = [
        "change_person: no_such_patient",
        "choose_plan: no_such_patient",
        "add_dependant: no_such_patient",
        "add_person: session_ended",
        "change_person: session_ended",
        "choose_plan: session_ended",
        "add_dependant: session_ended",
    ];
    assert_eq!(clinic.told_after(last), expected);
}

pub(super) fn an_account_acts_for_its_household(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    add(&mut clinic, desk, 4, person("Anna", "2020-02-29", "-"));
    clinic.now = at(9);
    for _ in 0..2 {
        assert_eq!(depend(&mut clinic, desk, "patient1", patient_id(4)), Outcome::Done);
    }
    assert_eq!(depend(&mut clinic, desk, "patient1", patient_id(1)), Outcome::Done);
    assert_eq!(depend(&mut clinic, desk, "desk", patient_id(4)), Outcome::NoSuchUser);
    // Who has an account of one's own is nobody's dependant.
    let not_allowed = refused(Refusal::NotAllowed);
    assert_eq!(depend(&mut clinic, desk, "patient1", patient_id(2)), not_allowed);
    assert_eq!(depend(&mut clinic, desk, "nobody", patient_id(4)), Outcome::NoSuchUser);
    let member = |number, relation, name: Option<&str>| MemberRecord {
        patient: patient_id(number),
        relation,
        name: name.map(|name| name.parse().unwrap()),
        plan: None,
    };
    let household = |standing| Query::Household { standing, now: at(9) };
    let both =
        vec![member(1, Relation::Myself, None), member(4, Relation::Dependant, Some("Anna"))];
    assert_eq!(clinic.read(&household(standing(1))), Answer::Household(both));
    assert_eq!(clinic.read(&household(stale(standing(1)))), Answer::NoStanding);
    let account = clinic.read(&Query::Account(user_name("patient1")));
    let Answer::Account(Some(AccountRecord { tends, patient, .. })) = account else {
        panic!("an account")
    };
    assert_eq!((tends, patient), (vec![patient_id(1), patient_id(4)], Some(patient_id(1))));
    // The child is found by whoever acts for it.
    assert_eq!(found(&mut clinic, patient_id(4), desk)[0].user, Some(user_name("patient1")));
}

pub(super) fn people_are_found_by_every_word(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let people = [
        (11, "Žofie Nová", "1971-02-28", "+420 777 111"),
        (12, "Adam Novák", "1971-02-28", "adam@example.org"),
        (13, "Eva Černá", "1980-12-01", "ZOFIE@example.org"),
    ];
    for (number, name, birth_date, contact) in people {
        add(&mut clinic, desk, number, person(name, birth_date, contact));
    }
    depend(&mut clinic, desk, "patient2", patient_id(13));
    let mut check = |text: &str, expected: &[u8]| {
        let text = text.to_owned();
        let query = Query::FindPeople { text: text.clone(), limit: 3, standing: desk, now: at(8) };
        let Answer::People(people) = clinic.read(&query) else { panic!("people") };
        let found: Vec<_> = people.iter().map(|person| person.patient).collect();
        let expected: Vec<_> = expected.iter().map(|number| patient_id(*number)).collect();
        assert_eq!(found, expected, "{text}");
    };
    check("NOV", &[12, 11]);
    check("žofie nov", &[11]);
    check("ŽOFIE", &[11]);
    check("zofie", &[13]);
    check("čern example", &[13]);
    for day in ["1971-02-28", "28.02.1971", "28/02/1971"] {
        check(day, &[12, 11]);
        check(&format!("Žofie {day}"), &[11]);
    }
    check("patient1", &[1]);
    // Patient 2, of whom no name is known, acts for Eva, too.
    check("patient2", &[13, 2]);
    check("patient2 eva", &[13]);
    check("PATIENT", &[13, 1, 2]);
    check("1971-02-27", &[]);
    check("nobody", &[]);
    // A word is not found over the end of a text, and who looks for nobody finds nobody.
    check("nováadam", &[]);
    check("  ", &[]);
    check(&"a ".repeat(17), &[]);
    let query = |standing| Query::FindPeople { text: "eva".into(), limit: 3, standing, now: at(8) };
    assert_eq!(clinic.read(&query(stale(desk))), Answer::NoStanding);
}

fn inviting(desk: Standing, user: &str, patient: Option<u8>, number: u8) -> Invite {
    Invite {
        user: user_name(user),
        patient: patient.map(patient_id),
        account: account_id(number),
        code: code(number),
        expires: at(20),
        actor: Actor::Account(desk),
    }
}

fn choose_password(clinic: &mut Clinic, number: u8) -> Outcome {
    let password = PasswordHash::new(format!("$chosen{number}"));
    let choose = ChoosePassword { code: code(number), password, source: Some(SOURCE) };
    clinic.run(Command::ChoosePassword(choose))
}

fn invited(clinic: &mut Clinic, number: u8) -> Answer {
    clinic.read(&Query::Invitation { code: code(number), now: clinic.now })
}

pub(super) fn a_patient_without_an_account_chooses_a_password_once(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    add(&mut clinic, desk, 9, person("Anna", "2020-02-29", "-"));
    let last = clinic.audit().len() as u64;
    let invite = Command::Invite(inviting(desk, "anna", Some(9), 90));
    assert_eq!(clinic.run(invite), Outcome::Done);
    let account = |clinic: &mut Clinic| match clinic.read(&Query::Account(user_name("anna"))) {
        Answer::Account(Some(account)) => account,
        other => panic!("{other:?}"),
    };
    let made = account(&mut clinic);
    assert_eq!((made.password, made.patient), (None, Some(patient_id(9))));
    let user = user_name("anna");
    assert_eq!(invited(&mut clinic, 90), Answer::Invited(Some(user.clone())));
    assert_eq!(choose_password(&mut clinic, 90), Outcome::PasswordChosen(user));
    assert_eq!(account(&mut clinic).password, Some(PasswordHash::new("$chosen90".to_owned())));
    assert_eq!(invited(&mut clinic, 90), Answer::Invited(None));
    assert_eq!(choose_password(&mut clinic, 90), refused(Refusal::InvitationOver));
    let expected = ["invite: done", "choose_password: done", "choose_password: invitation_over"];
    assert_eq!(clinic.told_after(last), expected);
    let records = clinic.audit().split_off(usize::try_from(last).unwrap());
    let told: Vec<_> = records.iter().map(|r| (r.who, r.patient, r.source)).collect();
    let by = |number| AuditActor::Account(account_id(number));
    let expected = [
        (by(50), Some(patient_id(9)), None),
        (by(90), Some(patient_id(9)), Some(SOURCE)),
        (AuditActor::Stranger, None, Some(SOURCE)),
    ];
    assert_eq!(told, expected);
}

pub(super) fn an_invitation_works_until_it_expires_or_is_replaced(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let invite = |clinic: &mut Clinic, number| {
        clinic.run(Command::Invite(inviting(desk, "patient1", Some(1), number)))
    };
    assert_eq!(invite(&mut clinic, 90), Outcome::Done);
    assert_eq!(invite(&mut clinic, 91), Outcome::Done);
    assert_eq!(invited(&mut clinic, 90), Answer::Invited(None));
    assert_eq!(choose_password(&mut clinic, 90), refused(Refusal::InvitationOver));
    clinic.now = at(20);
    assert_eq!(invited(&mut clinic, 91), Answer::Invited(None));
    assert_eq!(choose_password(&mut clinic, 91), refused(Refusal::InvitationOver));
    clinic.now = at(19);
    // Log-ins with the old password are over.
    let user = user_name("patient1");
    assert_eq!(choose_password(&mut clinic, 91), Outcome::PasswordChosen(user));
    assert_eq!(clinic.book(1, 1), refused(Refusal::SessionEnded));
}

pub(super) fn a_link_is_over_with_any_new_password(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    clinic.run(Command::Invite(inviting(desk, "patient1", Some(1), 90)));
    let password = PasswordHash::new("$another".to_owned());
    let (user, actor) = (user_name("patient1"), Actor::Operator);
    clinic.run(Command::SetPassword(SetPassword { user, password, actor }));
    assert_eq!(choose_password(&mut clinic, 90), refused(Refusal::InvitationOver));
}

pub(super) fn a_doctors_name_is_kept_for_the_doctor(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    add(&mut clinic, desk, 9, person("Anna", "2020-02-29", "-"));
    let invite = inviting(desk, "doc1", Some(9), 90);
    assert_eq!(clinic.run(Command::Invite(invite)), Outcome::UserExists);
}

pub(super) fn only_a_patients_own_account_is_invited_for_the_patient(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let last = clinic.audit().len() as u64;
    let mut invite = |user: &str, patient: Option<u8>| {
        clinic.run(Command::Invite(inviting(desk, user, patient, 90)))
    };
    assert_eq!(invite("patient2", Some(1)), Outcome::UserExists);
    assert_eq!(invite("desk", Some(1)), Outcome::UserExists);
    assert_eq!(invite("other", Some(1)), Outcome::NoSuchUser);
    assert_eq!(invite("other", None), Outcome::NoSuchUser);
    assert_eq!(invite("other", Some(77)), refused(Refusal::NoSuchPatient));
    assert_eq!(invite("desk", None), Outcome::Done);
    let late = Command::Invite(inviting(stale(desk), "desk", None, 91));
    assert_eq!(clinic.run(late), refused(Refusal::SessionEnded));
    assert_eq!(invited(&mut clinic, 91), Answer::Invited(None));
    let expected = [
        "invite: user_exists",
        "invite: user_exists",
        "invite: no_such_user",
        "invite: no_such_user",
        "invite: no_such_patient",
        "invite: done",
        "invite: session_ended",
    ];
    assert_eq!(clinic.told_after(last), expected);
    // An account that was not made is named nowhere.
    let subjects = clinic.audit().split_off(usize::try_from(last).unwrap());
    let unmade = Some(account_id(90).to_string());
    assert!(subjects.iter().all(|record| record.subject != unmade));
}

pub(super) fn who_is_forgotten_has_no_plan_and_no_invitation(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    choose(&mut clinic, standing(1), patient_id(1), Some("insurance1"));
    let Answer::PatientData(Some(data)) = clinic.read(&Query::PatientData(patient_id(1))) else {
        panic!("data")
    };
    assert_eq!(data.person.unwrap().plan.as_deref(), Some("insurance1"));
    clinic.run(Command::Invite(inviting(desk, "patient1", Some(1), 90)));
    clinic.run(Command::Erase(Erase { patient: patient_id(1), actor: Actor::Operator }));
    assert_eq!(invited(&mut clinic, 90), Answer::Invited(None));
    assert_eq!(choose_password(&mut clinic, 90), refused(Refusal::InvitationOver));
    let person = found(&mut clinic, patient_id(1), desk).remove(0);
    assert_eq!((person.person, person.plan), (Person::default(), None));
    // Nobody logs in under that name again, whoever is asked for a link.
    let erased = person.user.unwrap();
    for patient in [Some(1), None] {
        let again = inviting(desk, erased.as_str(), patient, 91);
        assert_eq!(clinic.run(Command::Invite(again)), Outcome::NoSuchUser);
    }
}

pub(super) fn accounts_are_listed_by_user_name(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    clinic.open_session(1, 1);
    let accounts = |clinic: &mut Clinic, text: &str, after: Option<&str>, limit, standing| {
        let (text, after, now) = (text.to_owned(), after.map(user_name), clinic.now);
        clinic.read(&Query::Accounts { text, after, limit, standing, now })
    };
    let names = |answer| match answer {
        Answer::Accounts(accounts) => {
            accounts.iter().map(|account: &AccountOverview| account.user.to_string()).collect()
        }
        other => panic!("{other:?}"),
    };
    let all: Vec<String> = names(accounts(&mut clinic, "", None, 9, desk));
    assert_eq!(all, ["desk", "patient1", "patient2", "patient3"]);
    let some: Vec<String> = names(accounts(&mut clinic, "IENT", Some("patient1"), 1, desk));
    assert_eq!(some, ["patient2"]);
    let overview = |user: &str, role, sessions| AccountOverview {
        user: user_name(user),
        role,
        name: None,
        added: at(8),
        has_password: true,
        has_totp: false,
        sessions,
    };
    let expected =
        vec![overview("desk", Role::FrontDesk, 0), overview("patient1", Role::Patient, 1)];
    assert_eq!(accounts(&mut clinic, "", None, 2, desk), Answer::Accounts(expected));
    assert_eq!(accounts(&mut clinic, "", None, 2, stale(desk)), Answer::NoStanding);
}
