//! Whole days in small: what CI replays by the thousand with the released program.

mod seeds;

use std::time::Duration;

use store::sqlite::Sqlite;
use store::{AuditKey, Store};

use super::{Outlets, Ran, Stopped, run};
use crate::plan::{FaultLevel, Faults, Numbers, Plan, Plant};
use crate::plant;
use crate::report::{About, Report, Tally};

fn numbers(seed: u64, patients: u32, faults: FaultLevel) -> Numbers {
    Numbers {
        seed,
        days: 1,
        patients,
        doctors: 4,
        slots: None,
        arrivals: None,
        faults,
        plant: None,
    }
}

fn day(numbers: &Numbers) -> Plan {
    Plan::from_numbers(numbers).unwrap()
}

fn play<'w>(plan: &'w Plan, outlets: Outlets<'w>) -> Result<Ran, Stopped> {
    let key = AuditKey::new([7; 32]);
    let make = {
        let key = key.clone();
        move || Ok(Box::new(Sqlite::in_memory_with(&key)?) as Box<dyn Store>)
    };
    run(plan, plant::in_store(plan.plant, make)?, &key, outlets)
}

fn reported(plan: &Plan) -> Report {
    let settings = Vec::new();
    let planned = Duration::from_hours(24);
    let mut tally = Tally::new(About { title: plan.title.clone(), settings, loss: None, planned });
    play(plan, Outlets { tally: Some(&mut tally), ..Outlets::default() }).unwrap();
    tally.finish()
}

/// What a day writes: its events and its history.
fn written(plan: &Plan) -> (Vec<u8>, Vec<u8>) {
    let (mut events, mut history) = (Vec::new(), Vec::new());
    let outlets =
        Outlets { events: Some(&mut events), history: Some(&mut history), ..Outlets::default() };
    play(plan, outlets).unwrap();
    (events, history)
}

#[test]
fn the_same_seed_is_the_same_day_byte_for_byte_and_another_is_another() {
    let plan = day(&numbers(1, 40, FaultLevel::Full));
    let once = written(&plan);
    assert!(once.0.len() > 100_000 && once.1.len() > 1_000);
    assert!(once == written(&plan), "the same seed");
    assert!(once != written(&day(&numbers(2, 40, FaultLevel::Full))), "another seed");
}

#[test]
fn no_event_and_no_line_of_the_history_holds_a_secret() {
    let (events, history) = written(&day(&numbers(3, 20, FaultLevel::Mild)));
    for text in [events, history] {
        let text = String::from_utf8(text).unwrap();
        assert!(!text.contains("secret") && !text.contains("own password"), "{text}");
    }
}

#[test]
fn days_end_well_whatever_goes_wrong() {
    for faults in FaultLevel::ALL {
        for seed in 1..=3 {
            let ran = play(&day(&numbers(seed, 40, faults)), Outlets::default()).unwrap();
            assert_eq!(ran.visits, 40, "seed {seed}, {}", faults.as_str());
        }
    }
}

#[test]
fn without_faults_everybody_is_served_or_told_why_not() {
    let report = reported(&day(&numbers(5, 60, FaultLevel::None)));
    let count = |name: &str| {
        let outcome = report.outcomes.iter().find(|counted| counted.outcome.as_str() == name);
        outcome.unwrap_or_else(|| panic!("{name} in {:?}", report.outcomes)).visits
    };
    assert_eq!((count("failed"), count("walked away")), (0, 0));
    assert!(count("served") >= 40, "{:?}", report.outcomes);
}

#[test]
fn a_run_stops_where_it_was_told_to_and_shows_what_went_before() {
    let plan = day(&numbers(1, 20, FaultLevel::Full));
    let outlets = Outlets { until: Some(500), last_lines: 10, ..Outlets::default() };
    match play(&plan, outlets) {
        Err(Stopped::Until { ran, transcript }) => {
            assert_eq!((ran.events, transcript.len()), (500, 10));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn everybody_of_many_is_somebody_else() {
    let plan = day(&numbers(1, 1, FaultLevel::None));
    let people = (0..200_000).map(|guest| super::setup::patient(&plan, guest));
    let people: std::collections::BTreeSet<_> = people.collect();
    assert_eq!(people.len(), 200_000);
}

/// How many of ten days show a planted bug, and which check it is that does.
fn found(plant: Plant) -> Vec<&'static str> {
    let play_with = |seed| {
        let plan = day(&Numbers { plant: Some(plant), ..numbers(seed, 100, FaultLevel::Full) });
        match play(&plan, Outlets::default()) {
            Err(Stopped::Violated { violation, .. }) => Some(violation.check),
            Ok(_) => None,
            Err(other) => panic!("{other:?}"),
        }
    };
    (1..=10).filter_map(play_with).collect()
}

#[test]
fn slots_that_are_looked_up_first_and_written_later_are_found_to_be_booked_twice() {
    let found = found(Plant::CheckThenInsert);
    assert!(found.len() >= 5, "{found:?}");
    assert!(found.contains(&"one slot, one appointment"), "{found:?}");
}

#[test]
fn bookings_that_are_acknowledged_before_they_are_durable_are_found_to_be_lost() {
    let found = found(Plant::AckBeforeCommit);
    assert!(found.len() >= 5, "{found:?}");
    assert!(found.contains(&"the store holds what was decided"), "{found:?}");
}

#[test]
fn prices_of_another_doctor_are_found() {
    let found = found(Plant::MixedUpDoctor);
    assert!(found.len() >= 5, "{found:?}");
    assert!(found.contains(&"a shown price is the doctor's"), "{found:?}");
}

/// Of so many questions in a network that loses each datagram with probability `loss`, the share that
/// is answered; five tries predict `1 - (1 - (1 - loss)²)⁵`.
fn answered(loss: f64) -> f64 {
    let mut plan = day(&Numbers { doctors: 8, ..numbers(11, 1_500, FaultLevel::None) });
    plan.faults = Faults { loss, ..plan.faults };
    let tries = reported(&plan).tries;
    assert!(tries.asked > 1_300, "{tries:?}");
    tries.answered_share
}

#[test]
fn five_tries_reach_a_doctor_as_often_as_the_losses_predict() {
    for (loss, predicted) in [(0.1, 0.9998), (0.2, 0.9940), (0.3, 0.9655)] {
        let measured = answered(loss);
        assert!((measured - predicted).abs() < 0.01, "{loss}: {measured}, not {predicted}");
    }
}
