//! Who shows the clinic live hears of every change in time, and of nothing else.

use std::time::Instant;

use center::{Effect, Fed};
use domain::{DoctorName, Refusal};
use runtime::{CHANGED_ELSEWHERE_LOOKED_AT, Settings};
use store::sqlite::Sqlite;
use store::{
    Actor, Answer, AuditKey, AuditNote, Command, IssueTicket, Look, LookAt, NoteOutcome, NoteVerb,
    Outcome, Query, Standing, Store as _, TicketFor,
};
use tokio::time::timeout;

use crate::clinic::{Clinic, HOME, name, patient, standing};
use crate::practice::{Doctor, Manner, PATIENCE};

#[tokio::test]
async fn whoever_is_told_that_it_was_booked_has_heard_of_the_change() {
    let clinic = Clinic::with(&Settings::default(), 2);
    let mut changes = clinic.runtime.changes();
    for index in 1..=2 {
        changes.mark_unchanged();
        let booked = clinic.decided(clinic.booking(0, index)).await;
        assert!(matches!(booked, Outcome::Booked(_)), "{booked:?}");
        assert!(changes.has_changed().unwrap());
    }
    changes.mark_unchanged();
    let taken = clinic.decided(clinic.booking(1, 1)).await;
    assert_eq!(taken, Outcome::Refused(Refusal::SlotTaken));
    assert!(!changes.has_changed().unwrap(), "nothing was changed");
}

/// What only leaves a trace.
fn traces(clinic: &Clinic) -> Vec<Command> {
    let (actor, patient) = (Actor::Account(clinic.frank()), patient(0));
    let ticket_for = TicketFor::Quote(DoctorName::new("doc1").unwrap());
    vec![
        Command::Look(Look { actor, patient, what: LookAt::Sheet }),
        Command::IssueTicket(IssueTicket { actor, patient, ticket_for }),
        Command::Note(AuditNote {
            account: None,
            verb: NoteVerb::LogIn,
            outcome: NoteOutcome::Done,
            source: Some(HOME.parse().unwrap()),
            patient: None,
            times: 1,
        }),
    ]
}

#[tokio::test]
async fn a_change_by_another_process_is_heard_of_and_a_trace_of_ours_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Sqlite::open(&folder.path().join("store"), &AuditKey::new([7; 32])).unwrap();
    let clinic = Clinic::in_store(open(), &Settings::default(), 2);
    let mut changes = clinic.runtime.changes();
    changes.mark_unchanged();
    // A page that records that it was looked at must not be shown again because of that.
    let began = Instant::now();
    while began.elapsed() < 3 * CHANGED_ELSEWHERE_LOOKED_AT {
        for trace in traces(&clinic) {
            clinic.decided(trace).await;
        }
    }
    assert!(!changes.has_changed().unwrap());
    let another = open();
    let booked = another.writer().unwrap().commit(runtime::now(), &[clinic.booking(0, 1)]);
    assert!(matches!(booked.unwrap()[..], [Outcome::Booked(_)]));
    timeout(PATIENCE, changes.changed()).await.expect("in time").unwrap();
    assert_eq!(*changes.borrow_and_update(), 1);
}

#[tokio::test]
async fn a_doctor_is_seen_who_asks_for_news() {
    let clinic = Clinic::open();
    let doctor = Doctor::enrol(&clinic, "doc1", Manner::Silent).await;
    let Answer::Account(Some(account)) = clinic.read(&Query::Account(name("doc1"))) else {
        panic!("the doctor has an account");
    };
    let before = runtime::now();
    let news = |standing: Standing| {
        Effect::Read(Query::ChangedAppointments {
            doctor: doctor.name.clone(),
            standing,
            now: before,
            since: before,
            limit: 10,
        })
    };
    let without = Standing { credential: Some(77), ..standing(&account) };
    let answer = clinic.runtime.carry_out(news(without)).await;
    assert!(matches!(answer, Fed::Read(Some(Answer::NoStanding))), "{answer:?}");
    assert_eq!(clinic.runtime.last_seen(&doctor.name), None);
    clinic.runtime.carry_out(news(standing(&account))).await;
    assert!(clinic.runtime.last_seen(&doctor.name).is_some_and(|seen| seen >= before));
    assert_eq!(clinic.runtime.last_seen(&DoctorName::new("doc2").unwrap()), None);
}
