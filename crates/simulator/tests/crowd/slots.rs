//! Who gets which slot.

use std::time::Duration;

use domain::Refusal;
use protocol::Dialect;
use simulator::crowd::{CrowdPlan, Pace, Sent, VISITS_WHOLE_MAX};
use simulator::history::{self, History};
use simulator::plan::Choice;
use simulator::record::{Phase, VisitEnd};
use tokio::time::timeout;

use crate::clinic::{Outcome, PATIENCE, plan, play};

async fn check(plan: &CrowdPlan) -> Outcome {
    let outcome = timeout(PATIENCE, play(plan, None)).await.unwrap();
    assert_eq!(outcome.sent, Sent::All);
    outcome.assert_sound();
    let history = History::read(outcome.history.as_bytes()).unwrap();
    let verdict = history::check(&history);
    assert_eq!((verdict.violated, verdict.undecided), (0, 0), "{:?}", verdict.offence);
    let [booked, ..] = verdict.counts;
    assert_eq!(booked.ok, outcome.held.len());
    // The exercise has one word for every "no", which does not say that somebody else holds the slot.
    let never = if plan.dialect == Dialect::Json { booked.info } else { booked.fail };
    assert_eq!(never, 0, "{booked:?}");
    for visit in outcome.visits.iter().filter(|visit| !visit.exchanges.is_empty()) {
        let has_asked = visit.exchanges.iter().any(|said| said.what.starts_with("book slot"));
        let has_booked = visit.phases.iter().any(|(phase, _)| *phase == Phase::Book);
        assert_eq!(has_booked, has_asked, "{visit:?}");
    }
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_patients_get_two_hundred_of_three_hundred_slots() {
    let outcome = check(&plan()).await;
    assert_eq!(outcome.count(|ended| *ended == VisitEnd::Served), 200);
    assert_eq!(outcome.held.len(), 200);
    let slots: usize = outcome.doctors.iter().map(|doctor| doctor.slots).sum();
    let booked: usize = outcome.doctors.iter().map(|doctor| doctor.booked).sum();
    assert_eq!((outcome.doctors.len(), slots, booked), (4, 300, 200));
    let whole = outcome.visits.iter().filter(|visit| !visit.exchanges.is_empty()).count();
    assert!((40..=VISITS_WHOLE_MAX as usize).contains(&whole), "{whole}");
    for visit in &outcome.visits {
        let phases: Vec<Phase> = visit.phases.iter().map(|(phase, _)| *phase).collect();
        assert_eq!(phases, Phase::ALL);
        let took: Duration = visit.phases.iter().map(|(_, took)| *took).sum();
        assert!(visit.planned + took <= visit.left, "{visit:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_patients_than_slots_who_all_want_the_first_one_leave_none_and_take_none_twice() {
    let plan = CrowdPlan {
        patients: 90,
        slots: 60,
        pace: Pace::Concurrency(30),
        choice: Choice::Earliest,
        ..plan()
    };
    let outcome = check(&plan).await;
    assert_eq!(outcome.held.len(), 60);
    let refused = |ended: &VisitEnd| {
        matches!(ended, VisitEnd::Refused(Refusal::NoSlotsLeft | Refusal::SlotTaken))
    };
    assert_eq!(outcome.count(refused), 30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exercises_words_are_served_as_well() {
    for dialect in [Dialect::Spec, Dialect::Nul, Dialect::Seed] {
        let plan = CrowdPlan { dialect, patients: 40, slots: 60, ..plan() };
        let outcome = check(&plan).await;
        assert_eq!(outcome.count(|ended| *ended == VisitEnd::Served), 40, "{dialect}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_beaten_to_a_slot_in_the_exercises_words_leaves_a_history_that_holds() {
    let plan = CrowdPlan {
        dialect: Dialect::Spec,
        patients: 40,
        slots: 60,
        pace: Pace::Concurrency(20),
        choice: Choice::Earliest,
        ..plan()
    };
    let outcome = check(&plan).await;
    assert_eq!(outcome.held.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn patients_come_again_until_the_time_is_over() {
    let plan = CrowdPlan {
        patients: 5,
        slots: 2_000,
        pace: Pace::Concurrency(4),
        duration: Some(Duration::from_millis(700)),
        ..plan()
    };
    let outcome = check(&plan).await;
    assert!(outcome.visits.len() > 5, "{}", outcome.visits.len());
}
