//! Sentences about sessions, staff and one-time passwords.

use domain::{Refusal, Role};
use jiff::SignedDuration;

use super::Clinic;
use super::clinic::{
    SOURCE, account_id, closing, offer, patient_id, staff, standing, token, user_name,
};
use crate::{
    Actor, AddStaff, Answer, Book, Command, CommitError, EndSessions, Erase, OfferEnrolment,
    OpenSession, Outcome, PasswordHash, Query, SESSION_IDLE_MAX, SESSION_MAX, SessionChoice,
    SessionId, SessionRecord, SetPassword, SetTotp, Standing, Store, StoreError, TotpSecret,
};

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const MOMENT: SignedDuration = SignedDuration::from_millis(1);
const WRONG: Outcome = Outcome::Refused(Refusal::WrongCredentials);

fn is_open(clinic: &mut Clinic, number: u8) -> bool {
    let now = clinic.now;
    match clinic.read(&Query::Session { token: token(number), now }) {
        Answer::Account(account) => account.is_some(),
        other => panic!("{other:?}"),
    }
}

fn sessions(clinic: &mut Clinic) -> Vec<SessionRecord> {
    let now = clinic.now;
    match clinic.read(&Query::Sessions { now }) {
        Answer::Sessions(sessions) => sessions,
        other => panic!("{other:?}"),
    }
}

pub(super) fn a_session_that_lies_idle_is_over(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let standing = clinic.open_session(1, 1);
    let opened = clinic.now;
    clinic.now = opened + SESSION_IDLE_MAX - MOMENT;
    assert!(is_open(&mut clinic, 1));
    clinic.now = opened + SESSION_IDLE_MAX;
    assert!(!is_open(&mut clinic, 1));
    // It can no longer be kept open, and nothing is done in it.
    let ended = Outcome::Refused(Refusal::SessionEnded);
    assert_eq!(clinic.run(Command::TouchSession(token(1))), ended);
    assert!(!is_open(&mut clinic, 1));
    let book = Book { actor: Actor::Account(standing), ..clinic.booking(1, 1) };
    assert_eq!(clinic.run(Command::Book(book)), ended);
    assert_eq!(sessions(&mut clinic), []);
}

pub(super) fn a_session_in_use_stays_open_until_it_expires(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let standing = clinic.open_session(1, 1);
    let opened = clinic.now;
    let used = |clinic: &mut Clinic| sessions(clinic)[0].used;
    // Within a minute nothing is written.
    clinic.now = opened + MINUTE - MOMENT;
    assert_eq!(clinic.run(Command::TouchSession(token(1))), Outcome::Done);
    assert_eq!(used(&mut clinic), opened);
    clinic.now = opened + MINUTE;
    clinic.run(Command::TouchSession(token(1)));
    assert_eq!(used(&mut clinic), opened + MINUTE);
    // A change in it is use as well.
    clinic.now = opened + MINUTE * 15;
    let book = Book { actor: Actor::Account(standing), ..clinic.booking(1, 1) };
    assert!(matches!(clinic.run(Command::Book(book)), Outcome::Booked(_)));
    assert_eq!(used(&mut clinic), opened + MINUTE * 15);
    for minutes in (20..).step_by(10) {
        clinic.now = opened + MINUTE * minutes;
        if clinic.now >= opened + SESSION_MAX {
            break;
        }
        assert!(is_open(&mut clinic, 1), "{minutes}");
        clinic.run(Command::TouchSession(token(1)));
    }
    assert!(!is_open(&mut clinic, 1), "twelve hours are the end");
}

pub(super) fn a_session_lasts_twelve_hours_at_most(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let (token, expires) = (token(1), clinic.now + SESSION_MAX * 2);
    let open = OpenSession { standing: standing(1), token, expires, one_time_step: None };
    assert_eq!(clinic.run(Command::OpenSession(open)), Outcome::Done);
    let latest = clinic.now + SESSION_MAX;
    assert_eq!(sessions(&mut clinic)[0].expires, latest);
}

pub(super) fn open_sessions_are_listed(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.front_desk();
    let opened = clinic.now;
    for (number, who) in [(1, 2), (2, 1), (3, 50)] {
        clinic.open_session(number, who);
    }
    clinic.run(closing(1));
    let record = |number, user: &str, role| SessionRecord {
        session: SessionId::of(&token(number)),
        user: user_name(user),
        role,
        opened,
        used: opened,
        expires: opened + SESSION_MAX,
    };
    let expected = [record(3, "desk", Role::FrontDesk), record(2, "patient1", Role::Patient)];
    assert_eq!(sessions(&mut clinic), expected);
    // What is shown can be typed, and is not the token's hash.
    let shown = expected[0].session.to_string();
    assert_eq!(shown.parse(), Ok(expected[0].session));
    assert_eq!(shown.len(), 16);
    assert!("+00000000000000f".parse::<SessionId>().is_err());
}

pub(super) fn sessions_are_ended_before_their_time(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    for (number, who) in [(1, 1), (2, 1), (3, 2), (4, 2)] {
        clinic.open_session(number, who);
    }
    let mut end = |whose| {
        let end = EndSessions { whose, actor: Actor::Operator };
        clinic.run(Command::EndSessions(end))
    };
    let one = SessionChoice::Session(SessionId::of(&token(3)));
    assert_eq!(end(one.clone()), Outcome::SessionsEnded(1));
    assert_eq!(end(one), Outcome::SessionsEnded(0));
    let all = SessionChoice::User(user_name("patient1"));
    assert_eq!(end(all.clone()), Outcome::SessionsEnded(2));
    assert_eq!(end(all), Outcome::SessionsEnded(0));
    assert_eq!(end(SessionChoice::User(user_name("nobody"))), Outcome::NoSuchUser);
    let open = [1, 2, 3, 4].map(|number| is_open(&mut clinic, number));
    assert_eq!(open, [false, false, false, true]);
}

fn with_totp() -> AddStaff {
    AddStaff { totp: Some(TotpSecret::new([9; 20])), ..staff(50, "desk", Role::FrontDesk) }
}

fn log_in(clinic: &mut Clinic, number: u8, step: Option<u64>) -> Outcome {
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(user_name("desk"))) else {
        panic!("the account is there");
    };
    clinic.run(Command::OpenSession(OpenSession {
        standing: Standing { ended: account.ended, ..standing(50) },
        token: token(number),
        expires: clinic.now + SESSION_MAX,
        one_time_step: step,
    }))
}

pub(super) fn a_one_time_password_works_once(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.run(Command::AddStaff(with_totp()));
    assert_eq!(log_in(&mut clinic, 1, None), WRONG, "it needs one");
    assert_eq!(log_in(&mut clinic, 2, Some(1_000)), Outcome::Done);
    for late in [1_000, 999, 0] {
        assert_eq!(log_in(&mut clinic, 3, Some(late)), WRONG, "{late}");
    }
    assert_eq!(log_in(&mut clinic, 4, Some(1_001)), Outcome::Done);
    // A new secret counts from the beginning.
    let (user, secret) = (user_name("desk"), TotpSecret::new([8; 20]));
    clinic.run(Command::SetTotp(SetTotp { user, secret, actor: Actor::Operator }));
    assert_eq!(log_in(&mut clinic, 5, Some(1_000)), Outcome::Done);
    // Who has none cannot come in with one.
    let open = OpenSession {
        standing: standing(1),
        token: token(6),
        expires: clinic.now + SESSION_MAX,
        one_time_step: Some(1),
    };
    assert_eq!(clinic.run(Command::OpenSession(open)), WRONG);
}

pub(super) fn staff_log_in_with_their_role(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    assert_eq!(clinic.run(Command::AddStaff(with_totp())), Outcome::Done);
    assert_eq!(clinic.run(Command::AddStaff(with_totp())), Outcome::UserExists);
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(user_name("desk"))) else {
        panic!("the account is there");
    };
    assert_eq!(account.account, account_id(50));
    assert_eq!((account.role, account.patient, account.doctor), (Role::FrontDesk, None, None));
    assert_eq!(account.totp, Some(TotpSecret::new([9; 20])));
    assert_eq!(account.credential, Some(1));
    assert_eq!(log_in(&mut clinic, 1, Some(1)), Outcome::Done);
    // For a patient the front desk books as the patient would.
    let desk = Standing { session: Some(token(1)), ..standing(50) };
    let book = Book { actor: Actor::Account(desk), ..clinic.booking(1, 1) };
    assert!(matches!(clinic.run(Command::Book(book)), Outcome::Booked(_)));
    assert_eq!(clinic.appointments_of(1).len(), 1);
}

pub(super) fn a_new_secret_for_one_time_passwords_ends_the_sessions(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.run(Command::AddStaff(with_totp()));
    log_in(&mut clinic, 1, Some(1));
    let mut set = |user: &str| {
        let (user, secret) = (user_name(user), TotpSecret::new([8; 20]));
        clinic.run(Command::SetTotp(SetTotp { user, secret, actor: Actor::Operator }))
    };
    assert_eq!(set("nobody"), Outcome::NoSuchUser);
    assert_eq!(set("desk"), Outcome::Done);
    assert!(!is_open(&mut clinic, 1));
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(user_name("desk"))) else {
        panic!("the account is there");
    };
    assert_eq!(account.totp, Some(TotpSecret::new([8; 20])));
    assert_eq!(account.credential, Some(1), "the password is as it was");
}

pub(super) fn a_patient_or_a_doctor_is_not_added_as_staff(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    for role in [Role::Patient, Role::Doctor] {
        let add = Command::AddStaff(staff(50, "desk", role));
        let result = clinic.writer.commit(clinic.now, &[add]);
        assert!(
            matches!(result, Err(CommitError::RolledBack(StoreError::BadCommand(_)))),
            "{result:?}"
        );
    }
    assert_eq!(clinic.read(&Query::Account(user_name("desk"))), Answer::Account(None));
}

pub(super) fn who_has_lost_the_standing_oversees_nothing(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.run(Command::AddStaff(staff(51, "admin", Role::Administrator)));
    let standing = clinic.open_session(1, 51);
    clinic.open_session(2, 1);
    clinic.now += SESSION_IDLE_MAX;
    clinic.run(closing(2));
    clinic.open_session(3, 1);
    let (actor, user) = (Actor::Account(standing), user_name("patient1"));
    let last = clinic.audit().len() as u64;
    let (whose, password) = (SessionChoice::User(user.clone()), PasswordHash::new("$x".to_owned()));
    let secret = TotpSecret::new([1; 20]);
    let commands = [
        Command::EndSessions(EndSessions { whose, actor }),
        Command::SetPassword(SetPassword { user: user.clone(), password, actor }),
        Command::SetTotp(SetTotp { user, secret, actor }),
        Command::Erase(Erase { patient: patient_id(1), actor }),
        Command::OfferEnrolment(OfferEnrolment { actor, ..offer("doc1", 1, clinic.now) }),
    ];
    let outcomes = clinic.batch(&commands);
    assert!(outcomes.iter().all(|o| *o == Outcome::Refused(Refusal::SessionEnded)), "{outcomes:?}");
    let verbs = ["end_sessions", "set_password", "set_totp", "erase", "offer_enrolment"];
    assert_eq!(clinic.told_after(last), verbs.map(|verb| format!("{verb}: session_ended")));
    assert!(is_open(&mut clinic, 3));
}

fn end_all(clinic: &mut Clinic, user: &str) -> Outcome {
    let whose = SessionChoice::User(user_name(user));
    clinic.run(Command::EndSessions(EndSessions { whose, actor: Actor::Operator }))
}

/// Whether a log-in may still book, see its appointments, and see free slots; never only some of it.
fn still_stands(clinic: &mut Clinic, standing: Standing) -> bool {
    let ended = Outcome::Refused(Refusal::SessionEnded);
    let book = Book { actor: Actor::Account(standing), ..clinic.booking(1, 1) };
    let mut stands = vec![clinic.run(Command::Book(book)) != ended];
    let (now, until) = (clinic.now, clinic.now + SESSION_MAX);
    let by_time = Query::FreeSlotsByTime {
        doctor: None,
        standing,
        now,
        from: now,
        until: None,
        after: None,
        limit: 9,
    };
    let patient = patient_id(1);
    for query in [
        Query::AppointmentsOf { patient, standing, now, limit: 9 },
        Query::FreeSlotsByIndex { standing, from: now, until, limit: 9 },
        by_time,
    ] {
        stands.push(clinic.read(&query) != Answer::NoStanding);
    }
    assert!(stands.iter().all(|each| *each == stands[0]), "{stands:?}");
    stands[0]
}

pub(super) fn ending_a_users_sessions_ends_the_log_ins_without_one(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let without = standing(1);
    clinic.open_session(1, 1);
    let one = SessionChoice::Session(SessionId::of(&token(1)));
    clinic.run(Command::EndSessions(EndSessions { whose: one, actor: Actor::Operator }));
    assert!(still_stands(&mut clinic, without), "one session was meant");
    assert_eq!(end_all(&mut clinic, "patient2"), Outcome::SessionsEnded(0));
    assert!(still_stands(&mut clinic, without), "somebody else was meant");
    assert_eq!(end_all(&mut clinic, "patient1"), Outcome::SessionsEnded(0));
    assert!(!still_stands(&mut clinic, without));
    // Nor does a session come of a log-in that was under way.
    let late = OpenSession {
        standing: without,
        token: token(2),
        expires: clinic.now + SESSION_MAX,
        one_time_step: None,
    };
    assert_eq!(clinic.run(Command::OpenSession(late)), WRONG);
    // The password is as it was: whoever logs in from now on stands, also when the clock stands still.
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(user_name("patient1"))) else {
        panic!("the account is there");
    };
    assert_eq!((account.credential, account.ended), (Some(1), 1));
    assert!(still_stands(&mut clinic, Standing { ended: account.ended, ..without }));
}

pub(super) fn a_new_secret_and_being_forgotten_end_the_log_ins_without_a_session(
    store: &dyn Store,
) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    assert!(still_stands(&mut clinic, desk));
    let (user, secret) = (user_name("desk"), TotpSecret::new([8; 20]));
    clinic.run(Command::SetTotp(SetTotp { user, secret, actor: Actor::Operator }));
    assert!(!still_stands(&mut clinic, desk));
    // Also one that never had a password to lose.
    let without = Standing { credential: None, ..standing(1) };
    assert!(still_stands(&mut clinic, without));
    clinic.run(Command::Erase(Erase { patient: patient_id(1), actor: Actor::Operator }));
    assert!(!still_stands(&mut clinic, without));
}

pub(super) fn a_log_out_is_recorded_with_where_it_came_from(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.open_session(1, 1);
    clinic.run(closing(1));
    let last = clinic.audit().pop().unwrap();
    let told = (last.verb.as_str(), last.user, last.patient, last.source);
    let expected = ("log_out", Some(user_name("patient1")), Some(patient_id(1)), Some(SOURCE));
    assert_eq!(told, expected);
}
