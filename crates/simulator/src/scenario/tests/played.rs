//! The examples, played in the virtual world: what they show is what they say.

use store::AuditKey;
use store::sqlite::Sqlite;

use super::*;
use crate::plant;
use crate::report::{About, Outcome, Report, Tally};
use crate::world::{self, Outlets};

fn play(name: &str) -> Report {
    let plan = example(name).plan(None);
    let about = About {
        title: plan.title.clone(),
        settings: Vec::new(),
        loss: None,
        planned: Duration::from_hours(24) * plan.days,
    };
    let mut tally = Tally::new(about);
    let key = AuditKey::new([7; 32]);
    let opens = {
        let key = key.clone();
        move || Sqlite::in_memory_with(&key).map(|store| Box::new(store) as Box<dyn store::Store>)
    };
    let store = plant::in_store(None, opens).unwrap();
    let outlets = Outlets { tally: Some(&mut tally), last_lines: 40, ..Outlets::default() };
    world::run(&plan, store, &key, outlets)
        .unwrap_or_else(|stopped| panic!("{name}: {stopped:#?}"));
    tally.finish()
}

fn ended(report: &Report, outcome: Outcome) -> u64 {
    report.outcomes.iter().find(|counted| counted.outcome == outcome).unwrap().visits
}

#[test]
fn a_quiet_practice_turns_nobody_away_and_one_more_doctor_shortens_the_wait() {
    let (one, two) = (play("quiet-practice.toml"), play("quiet-practice-one-more-doctor.toml"));
    assert_eq!((one.visits, two.visits), (78, 78));
    assert_eq!(ended(&one, Outcome::Refused), 0);
    assert_eq!(ended(&two, Outcome::Refused), 0);
    let wait = |report: &Report| report.waits.as_ref().unwrap().p50_h;
    assert!(wait(&two) < wait(&one), "{} {}", wait(&two), wait(&one));
}

#[test]
fn a_vaccination_morning_turns_away_those_for_whom_there_is_no_slot() {
    let report = play("vaccination-morning.toml");
    assert_eq!(report.visits, 360);
    let booked: usize = report.doctors.iter().map(|doctor| doctor.booked).sum();
    // Of 264: some lose heart while there still are some, since everybody wants the same one.
    assert!((235..=264).contains(&booked), "{booked}");
    assert!(ended(&report, Outcome::Refused) > 50);
}

#[test]
fn on_a_bad_network_everything_holds_and_most_are_served() {
    let report = play("bad-network.toml");
    let came = example("bad-network.toml").plan(None).arrivals.len();
    assert_eq!(report.visits, u64::try_from(came).unwrap(), "everybody's visit ended");
    assert!(ended(&report, Outcome::Served) * 2 > report.visits);
}
