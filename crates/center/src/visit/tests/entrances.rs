//! Sessions that end, and what of coming in the audit is told.

use jiff::SignedDuration;
use store::{Actor, EndSessions, NoteVerb, SessionChoice};

use super::clinic::{Clinic, book, log_in_as, user};
use super::*;

fn minutes(count: i64) -> SignedDuration {
    SignedDuration::from_mins(count)
}

/// A visit of ann's with a session, and its token.
fn in_session(clinic: &mut Clinic) -> (Visit, SessionToken) {
    let mut visit = clinic.visit();
    match clinic.ask(&mut visit, log_in_as("ann", KeepSession::Yes)) {
        Reply::LoggedIn(LoggedIn { token: Some(token), .. }) => (visit, token),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_visit_ends_after_a_quarter_of_an_hour_of_silence_and_after_twelve_hours() {
    let ended = Reply::Refused(Refusal::SessionEnded);
    for keeps_session in [false, true] {
        let mut clinic = Clinic::open();
        let enter = |clinic: &mut Clinic| match keeps_session {
            true => in_session(clinic).0,
            false => clinic.logged_in("ann"),
        };
        let mut visit = enter(&mut clinic);
        clinic.now += minutes(15);
        assert_eq!(clinic.ask(&mut visit, Request::Board), ended);
        assert!(!visit.is_logged_in());

        let mut visit = enter(&mut clinic);
        for _ in 0..72 {
            let reply = clinic.ask(&mut visit, Request::Appointments);
            assert_eq!(reply, Reply::Appointments(Vec::new()));
            clinic.now += minutes(10);
        }
        assert_eq!(clinic.ask(&mut visit, book(8)), ended);
        assert!(!visit.is_logged_in());
    }
}

#[test]
fn a_session_is_marked_as_used_once_a_minute_at_most() {
    let mut clinic = Clinic::open();
    let (mut visit, token) = in_session(&mut clinic);
    clinic.done.clear();
    for _ in 0..3 {
        clinic.ask(&mut visit, Request::Board);
        clinic.now += SignedDuration::from_secs(30);
    }
    let board = "FreeSlotsByIndex";
    assert_eq!(clinic.done, [board, board, "TouchSession", board]);
    // So another connection may come back with it later than it was opened.
    clinic.now += minutes(14);
    let mut other = clinic.visit();
    let reply = clinic.ask(&mut other, Request::Resume { token });
    assert_eq!(reply, Reply::LoggedIn(LoggedIn::default()));
}

#[test]
fn a_session_that_was_ended_ends_the_visit_also_for_what_everybody_may_see() {
    let mut clinic = Clinic::open();
    let (mut visit, _) = in_session(&mut clinic);
    let whose = SessionChoice::User(user("ann"));
    let end = EndSessions { whose, actor: Actor::Operator };
    let outcome = clinic.commit(Command::EndSessions(end));
    assert!(matches!(outcome, Outcome::SessionsEnded(_)), "{outcome:?}");
    clinic.now += minutes(1);
    let ended = Reply::Refused(Refusal::SessionEnded);
    assert_eq!(clinic.ask(&mut visit, Request::Board), ended);
    assert!(!visit.is_logged_in());
    let last = clinic.notes.last().map(|note| (note.verb, note.outcome));
    let refused = NoteOutcome::Refused(Refusal::SessionEnded);
    assert_eq!(last, Some((NoteVerb::SeeSlots, refused)));
}

#[test]
fn a_log_in_without_a_session_is_ended_at_once_for_whatever_it_asks() {
    for request in [Request::Board, Request::Slots(SlotsWanted::default()), book(1)] {
        let mut clinic = Clinic::open();
        let mut visit = clinic.logged_in("ann");
        let mut others = clinic.logged_in("bob");
        let whose = SessionChoice::User(user("ann"));
        let outcome =
            clinic.commit(Command::EndSessions(EndSessions { whose, actor: Actor::Operator }));
        assert_eq!(outcome, Outcome::SessionsEnded(0));
        let ended = Reply::Refused(Refusal::SessionEnded);
        assert_eq!(clinic.ask(&mut visit, request.clone()), ended);
        assert!(!visit.is_logged_in());
        assert_ne!(clinic.ask(&mut others, request.clone()), ended);
        // It is in the audit: from the store, or as a note where the store keeps no record of reads.
        let by_store = clinic.audited("book").iter().any(|r| r.outcome == "session_ended");
        let refused = NoteOutcome::Refused(Refusal::SessionEnded);
        let noted = clinic.notes.iter().any(|note| note.outcome == refused);
        assert_eq!((by_store, noted), (request == book(1), request != book(1)));
        // The password still lets ann in.
        let mut visit = clinic.logged_in("ann");
        assert_ne!(clinic.ask(&mut visit, request), ended);
    }
}

#[test]
fn an_id_that_is_shown_shares_nothing_with_the_token_of_the_same_request() {
    let mut clinic = Clinic::open();
    let (_, token) = in_session(&mut clinic);
    let mut visit = clinic.visit();
    let effect = visit.request(clinic.now, &entropy(3), log_in_as("ann", KeepSession::Yes));
    assert!(matches!(effect, Step::Do(_)));
    assert_ne!(token.expose(), &entropy(3).0);
    assert_ne!(bytes_for(Purpose::SessionToken, &entropy(3)).0, entropy(3).0);
}

#[test]
fn log_ins_that_the_store_does_not_see_are_noted() {
    let mut clinic = Clinic::open();
    clinic.logged_in("ann");
    let (_, token) = in_session(&mut clinic);
    let mut visit = clinic.visit();
    clinic.ask(&mut visit, log_in_as("nobody", KeepSession::Yes));
    clinic.ask(&mut visit, Request::Resume { token: SessionToken::fresh(&entropy(50)) });
    clinic.ask(&mut visit, Request::Resume { token });
    let source = Some(visitor().source);
    let told: Vec<_> = clinic
        .notes
        .iter()
        .map(|note| {
            assert_eq!((note.verb, note.source, note.times), (NoteVerb::LogIn, source, 1));
            (note.account.is_some(), note.outcome)
        })
        .collect();
    let refused = NoteOutcome::Refused;
    assert_eq!(
        told,
        [
            (true, NoteOutcome::Done),
            (false, refused(Refusal::WrongCredentials)),
            (false, refused(Refusal::SessionEnded)),
            (true, NoteOutcome::Done),
        ]
    );
    // The one with a session is in the audit by itself.
    assert_eq!(clinic.audited("log_in").len(), 1);

    let mut visit = clinic.visit();
    for (verdict, refusal) in [
        (Verdict::Throttled, Some(Refusal::Throttled)),
        (Verdict::Busy, None),
        (Verdict::Unavailable, None),
    ] {
        let step = visit.request(clinic.now, &entropy(4), log_in_as("ann", KeepSession::No));
        assert!(matches!(step, Step::Do(Effect::VerifyPassword { .. })));
        visit.resume(Fed::Verified(verdict));
        let noted: Vec<_> = visit.take_notes().iter().map(|note| note.outcome).collect();
        assert_eq!(noted, refusal.map(refused).into_iter().collect::<Vec<_>>());
    }
}
