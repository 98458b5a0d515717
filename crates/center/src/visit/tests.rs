//! What a visit wants done for each request, and how it goes on from what came of it.

mod clinic;
mod doctors;
mod entrances;
mod matrix;
mod staff;

use domain::{
    AccountId, AppointmentId, AppointmentStatus, Doctor, DoctorAddress, DoctorName, Password,
    RequestId, Role, Service, SessionToken, Slot, SlotId, SlotIndex, Version,
};
use protocol::limits::PAGE_SLOTS_MAX;
use protocol::{LogInWith, LoggedIn, Offers, SlotNamed, SlotsWanted};
use store::{AccountRecord, Actor, Book};

use super::*;
use crate::fresh::{Purpose, bytes_for};

const NOW: &str = "2026-11-22T10:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

fn rules(zone: &str) -> Rules {
    Rules { zone: TimeZone::get(zone).unwrap(), appointments_max: Some(9), tickets: None }
}

fn entropy(byte: u8) -> Entropy {
    Entropy([byte; 32])
}

fn patient_id() -> PatientId {
    PatientId::fresh(now(), &entropy(2))
}

fn visitor() -> Visitor {
    Visitor { source: [192, 0, 2, 1].into() }
}

fn account(patient: Option<PatientId>) -> AccountRecord {
    AccountRecord {
        tends: Vec::new(),
        used: None,
        account: AccountId::fresh(now(), &entropy(1)),
        user: UserName::new("ann").unwrap(),
        patient,
        password: None,
        credential: Some(1),
        ended: 0,
        role: Role::Patient,
        doctor: None,
        totp: None,
    }
}

fn device() -> domain::DeviceCookie {
    domain::DeviceCookie::try_from("v1.a-cookie".to_owned()).unwrap()
}

/// The password was right, and no one-time code was asked for.
fn right(account: AccountRecord) -> Verdict {
    Verdict::Right(Box::new(Verified { account, one_time_step: None, device: device() }))
}

fn log_in(session: KeepSession) -> Request {
    Request::LogIn {
        user: UserName::new("ann").unwrap(),
        password: Password::new("secret").unwrap(),
        session,
        with: LogInWith::default(),
    }
}

fn book() -> Request {
    let slot = SlotNamed::Index(SlotIndex::new(2).unwrap());
    Request::Book { slot, request_id: Some(RequestId::new("r1").unwrap()) }
}

fn slot() -> Slot {
    Slot {
        id: SlotId(17),
        index: SlotIndex::new(2).unwrap(),
        doctor: Doctor {
            name: DoctorName::new("doc2").unwrap(),
            address: DoctorAddress { host: None, port: 42_000 },
            keys: None,
        },
        start: "2026-11-23T15:00:00Z".parse().unwrap(),
        end: "2026-11-23T16:00:00Z".parse().unwrap(),
        service: Service::visit(),
    }
}

fn appointment() -> Appointment {
    Appointment {
        id: AppointmentId::fresh(now(), &bytes_for(Purpose::Appointment, &entropy(7))),
        version: Version(1),
        status: AppointmentStatus::Booked,
        slot: slot(),
    }
}

fn ask(visit: &mut Visit, request: Request) -> Step {
    visit.request(now(), &entropy(7), request)
}

fn effect(step: Step) -> Effect {
    match step {
        Step::Do(effect) => effect,
        Step::Answer(reply) => panic!("answered {reply:?}"),
    }
}

fn answer(step: Step) -> Reply {
    match step {
        Step::Answer(reply) => reply,
        Step::Do(effect) => panic!("wants {effect:?}"),
    }
}

/// A visit whose patient has logged in, in the center's zone.
fn logged_in() -> Visit {
    let mut visit = Visit::new(rules("Europe/Berlin"), visitor());
    effect(ask(&mut visit, log_in(KeepSession::No)));
    let right = Fed::Verified(right(account(Some(patient_id()))));
    let welcome = LoggedIn::default();
    assert_eq!(answer(visit.resume(right)), Reply::LoggedIn(welcome));
    visit
}

#[test]
fn a_stranger_is_asked_to_log_in_whatever_it_wants() {
    let mut visit = Visit::new(rules("UTC"), visitor());
    for request in
        [book(), Request::Board, Request::Slots(SlotsWanted::default()), Request::Appointments]
    {
        let refused = Reply::Refused(Refusal::NotLoggedIn);
        assert_eq!(answer(ask(&mut visit, request)), refused);
    }
    assert_eq!(visit.user(), None);
}

#[test]
fn a_log_in_is_judged_by_its_password_and_by_whom_it_acts_for() {
    for (verdict, refusal) in [
        (Verdict::Wrong, Refusal::WrongCredentials),
        (right(account(None)), Refusal::WrongCredentials),
        (Verdict::Throttled, Refusal::Throttled),
        (Verdict::Busy, Refusal::Busy),
        (Verdict::Unavailable, Refusal::Unavailable),
    ] {
        let mut visit = Visit::new(rules("UTC"), visitor());
        let verify = effect(ask(&mut visit, log_in(KeepSession::Yes)));
        assert!(matches!(verify, Effect::VerifyPassword { .. }));
        assert_eq!(answer(visit.resume(Fed::Verified(verdict))), Reply::Refused(refusal));
        assert_eq!(visit.user(), None);
    }
    let again = answer(ask(&mut logged_in(), log_in(KeepSession::No)));
    assert_eq!(again, Reply::Refused(Refusal::AlreadyLoggedIn));
}

#[test]
fn a_session_is_told_only_when_it_is_kept() {
    let open = || {
        let mut visit = Visit::new(rules("UTC"), visitor());
        effect(ask(&mut visit, log_in(KeepSession::Yes)));
        let right = Fed::Verified(right(account(Some(patient_id()))));
        let commit = effect(visit.resume(right));
        let Effect::Commit(Command::OpenSession(session)) = commit else {
            panic!("wants {commit:?}");
        };
        (visit, session)
    };
    let (mut visit, session) = open();
    let reply = answer(visit.resume(Fed::Settled(Settled::Decided(Outcome::Done))));
    let Reply::LoggedIn(LoggedIn { token: Some(token), expires, device: given }) = reply else {
        panic!("{reply:?}");
    };
    assert_eq!(TokenHash::of(&token), session.token);
    assert_eq!(expires, Some("2026-11-22T22:00:00Z".parse().unwrap()));
    assert_eq!(given, Some(device()));
    assert_eq!(visit.user().map(UserName::as_str), Some("ann"));

    let (mut visit, _) = open();
    let unavailable = Reply::Refused(Refusal::Unavailable);
    assert_eq!(answer(visit.resume(Fed::Settled(Settled::Unknown))), unavailable);
    assert_eq!(visit.user(), None);
}

#[test]
fn who_comes_back_with_a_token_is_known_and_can_log_out() {
    let token = SessionToken::fresh(&entropy(9));
    let hash = TokenHash::of(&token);
    let mut visit = Visit::new(rules("UTC"), visitor());
    let read = effect(ask(&mut visit, Request::Resume { token: token.clone() }));
    assert!(matches!(read, Effect::Read(Query::Session { token, .. }) if token == hash));
    let none = Fed::Read(Some(Answer::Account(None)));
    assert_eq!(answer(visit.resume(none)), Reply::Refused(Refusal::SessionEnded));

    effect(ask(&mut visit, Request::Resume { token }));
    let found = Fed::Read(Some(Answer::Account(Some(account(Some(patient_id()))))));
    answer(visit.resume(found));
    let close = effect(ask(&mut visit, Request::LogOut));
    assert!(
        matches!(close, Effect::Commit(Command::CloseSession(close)) if close.token == hash && close.source.is_some())
    );
    let done = Fed::Settled(Settled::Decided(Outcome::Done));
    assert_eq!(answer(visit.resume(done)), Reply::LoggedOut);
    assert_eq!(answer(ask(&mut visit, book())), Reply::Refused(Refusal::NotLoggedIn));
}

#[test]
fn a_booking_is_the_patients_own_and_ends_as_the_store_decides() {
    let mut visit = logged_in();
    let view = AppointmentView {
        appointment: appointment(),
        // 15:00 in London is four in the afternoon in Berlin.
        when: WeekTime::parse("Mon", "04pm").unwrap(),
    };
    let full = || Referral::Full(Box::new(Referred { view: view.clone(), admission: None }));
    for (settled, reply) in [
        (Settled::Decided(Outcome::Booked(appointment())), Reply::Booked(full())),
        (Settled::Decided(Outcome::AlreadyHeld(appointment())), Reply::AlreadyHeld(full())),
        (
            Settled::Decided(Outcome::Refused(Refusal::SlotTaken)),
            Reply::Refused(Refusal::SlotTaken),
        ),
        (Settled::Busy, Reply::Refused(Refusal::Busy)),
        (Settled::Unavailable, Reply::Refused(Refusal::Unavailable)),
        (Settled::Unknown, Reply::Unknown),
    ] {
        let commit = effect(ask(&mut visit, book()));
        let Effect::Commit(Command::Book(command)) = commit else { panic!("wants {commit:?}") };
        assert_eq!(command.patient, patient_id());
        assert_eq!(command.appointment, appointment().id);
        assert_eq!(command.appointments_max, Some(9));
        assert_eq!(command.request.as_ref().map(RequestId::as_str), Some("r1"));
        assert_eq!(answer(visit.resume(Fed::Settled(settled))), reply);
    }
}

#[test]
fn lists_show_what_is_to_come_and_an_empty_board_is_a_refusal() {
    let mut visit = logged_in();
    let read = effect(ask(&mut visit, Request::Board));
    let Effect::Read(Query::FreeSlotsByIndex { from, until, limit: 64, .. }) = read else {
        panic!("wants {read:?}");
    };
    assert_eq!((from, until), (now(), "2026-11-29T10:00:00Z".parse().unwrap()));
    let empty = || Fed::Read(Some(Answer::Slots(store::Page { slots: Vec::new(), next: None })));
    assert_eq!(answer(visit.resume(empty())), Reply::Refused(Refusal::NoSlotsLeft));

    let wanted = SlotsWanted {
        from: Some("2020-01-01T00:00:00Z".parse().unwrap()),
        limit: Some(1_000_000),
        ..SlotsWanted::default()
    };
    let read = effect(ask(&mut visit, Request::Slots(wanted)));
    let Effect::Read(Query::FreeSlotsByTime { from, limit, .. }) = read else {
        panic!("wants {read:?}");
    };
    assert_eq!((from, limit), (now(), PAGE_SLOTS_MAX));
    assert_eq!(answer(visit.resume(empty())), Reply::Slots(Offers::default()));
    effect(ask(&mut visit, Request::Board));
    assert_eq!(answer(visit.resume(Fed::Read(None))), Reply::Refused(Refusal::Unavailable));
}

#[test]
fn who_has_lost_the_standing_is_a_stranger_again() {
    let ended = || Reply::Refused(Refusal::SessionEnded);
    let mut visit = logged_in();
    let commit = effect(ask(&mut visit, book()));
    let Effect::Commit(Command::Book(Book { actor: Actor::Account(standing), .. })) = commit else {
        panic!("wants {commit:?}");
    };
    assert_eq!(standing.credential, Some(1));
    let settled = Settled::Decided(Outcome::Refused(Refusal::SessionEnded));
    assert_eq!(answer(visit.resume(Fed::Settled(settled))), ended());
    assert_eq!(visit.user(), None);

    let mut visit = logged_in();
    effect(ask(&mut visit, Request::Appointments));
    assert_eq!(answer(visit.resume(Fed::Read(Some(Answer::NoStanding)))), ended());
    assert_eq!(visit.user(), None);
}
