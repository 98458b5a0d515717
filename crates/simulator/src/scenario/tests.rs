use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;
use crate::plan::tests::check_plan;
use crate::plan::{Choice, FaultLevel};

mod bad_files;
mod played;

/// A small scenario that is right; tests change a line of it.
const SMALL: &str = r#"title = "A small clinic"
days = 2
zone = "UTC"
visit-minutes = 20
[hours]
mon = "08:00-09:00, 14:00-15:00"
tue = "08:00-09:10"
[[doctor]]
name = "adams"
prices = { insurance1 = "30", insurance2 = "45.50" }
[arrivals]
per-hour = { "08" = 12 }
"#;

fn read(text: &str) -> Scenario {
    Scenario::read(text).unwrap_or_else(|mistake| panic!("{mistake:?}"))
}

fn example(name: &str) -> Scenario {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    Scenario::read(&text)
        .unwrap_or_else(|m| panic!("{name}:{}:{}: {}", m.line, m.column, m.message))
}

fn same(one: &Plan, other: &Plan) -> bool {
    one.arrivals == other.arrivals && one.slots == other.slots
}

#[test]
fn every_example_is_read_and_makes_a_plan() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".toml"))
        .collect();
    names.sort();
    let told: Vec<String> = names
        .iter()
        .map(|name| {
            let plan = example(name).plan(None);
            check_plan(&plan);
            assert!(same(&plan, &example(name).plan(None)), "{name}");
            let (doctors, slots) = (plan.doctors.len(), plan.slots.len());
            format!("{name}: {}, {doctors} doctors, {slots} slots", plan.title)
        })
        .collect();
    assert_eq!(
        told,
        [
            "bad-network.toml: A bad network, 4 doctors, 960 slots",
            "quiet-practice-one-more-doctor.toml: A quiet practice, one more doctor, 2 doctors, \
             270 slots",
            "quiet-practice.toml: A quiet practice, 1 doctors, 198 slots",
            "vaccination-morning.toml: A vaccination morning, 6 doctors, 264 slots",
        ]
    );
}

#[test]
fn the_examples_ask_what_they_say() {
    let quiet = example("quiet-practice.toml").plan(None);
    assert!(quiet.slots.len() > quiet.arrivals.len(), "there is ample time");
    let more = example("quiet-practice-one-more-doctor.toml").plan(None);
    assert_eq!(quiet.arrivals, more.arrivals, "the same people at the same moments");
    assert_eq!(quiet.seed, 7);
    let morning = example("vaccination-morning.toml").plan(None);
    let eight = Duration::from_hours(8);
    let first_second = eight..=eight + Duration::from_secs(1);
    let at_once = morning.arrivals.iter().filter(|&at| first_second.contains(at)).count();
    assert!(at_once >= 300 && at_once > morning.slots.len(), "{at_once}");
    assert_eq!(morning.arrivals.len(), 360);
    let bad = example("bad-network.toml").plan(None);
    assert!((200..300).contains(&bad.arrivals.len()), "{}", bad.arrivals.len());
    assert!((bad.faults.loss - 0.2).abs() < 1e-12);
    assert_eq!(bad.faults.delay_max, Duration::from_millis(400));
    assert_eq!(bad.faults.stall_for, FaultLevel::Full.faults().stall_for);
}

#[test]
fn a_scenario_becomes_its_slots_and_its_patients() {
    let plan = read(SMALL).plan(None);
    check_plan(&plan);
    let told: Vec<String> = plan.slots[..10]
        .iter()
        .map(|slot| format!("{} {} {}", slot.index, slot.start, slot.end))
        .collect();
    assert_eq!(told[0], "1 2026-11-23T08:00:00Z 2026-11-23T08:20:00Z");
    assert_eq!(told[5], "6 2026-11-23T14:40:00Z 2026-11-23T15:00:00Z");
    assert_eq!(told[8], "9 2026-11-24T08:40:00Z 2026-11-24T09:00:00Z");
    // Two days, and a week ahead with one more Monday and Tuesday.
    assert_eq!(told[9], "10 2026-11-30T08:00:00Z 2026-11-30T08:20:00Z");
    assert_eq!(plan.slots.len(), 18);
    assert_eq!((plan.seed, plan.arrivals.len()), (1, 24));
    let eight = Duration::from_hours(8)..Duration::from_hours(9);
    assert!(plan.arrivals[..12].iter().all(|at| eight.contains(at)));
    assert_eq!(plan.habits.choice, Choice::Soon);
    let names: Vec<(&str, f64)> =
        plan.habits.plans.iter().map(|(plan, share)| (plan.as_str(), *share)).collect();
    assert_eq!(names, [("insurance1", 1.0), ("insurance2", 1.0)]);
    assert_eq!(plan.faults, FaultLevel::None.faults());
}

#[test]
fn the_seed_of_the_command_line_wins() {
    let scenario = read(&SMALL.replace("days = 2", "days = 2\nseed = 5"));
    assert_eq!((scenario.plan(None).seed, scenario.plan(Some(9)).seed), (5, 9));
    assert!(!same(&scenario.plan(None), &scenario.plan(Some(9))));
}

#[test]
fn nobody_comes_on_a_day_that_is_closed_and_busy_days_have_more() {
    let week = SMALL.replace("days = 2", "days = 7");
    assert_eq!(read(&week).plan(None).arrivals.len(), 24, "five days are closed");
    let busy = format!("{week}busy = {{ mon = \"250%\", tue = \"0%\" }}\n");
    let busy = read(&busy).plan(None).arrivals;
    assert_eq!(busy.len(), 30);
    let quiet = format!("{week}poisson = \"100/h\"\nbusy = {{ mon = \"0%\", tue = \"0%\" }}\n");
    assert_eq!(read(&quiet).plan(None).arrivals.len(), 0);
}

#[test]
fn one_kind_of_arrival_does_not_move_another() {
    let plain = read(SMALL).plan(None);
    let more = format!("{SMALL}at-once = {{ \"14:00\" = 5 }}\npoisson = \"1/h\"\n");
    let more = read(&more).plan(None);
    assert!(plain.arrivals.iter().all(|at| more.arrivals.contains(at)));
    let two = Duration::from_hours(14)..=Duration::from_hours(14) + Duration::from_secs(1);
    assert!(more.arrivals.iter().filter(|&at| two.contains(at)).count() >= 5);
}

#[test]
fn rates_of_faults_are_put_upon_a_level() {
    let text = format!(
        "{SMALL}[faults]\nlevel = \"mild\"\nloss = \"7.5%\"\nclock-step-each = \"never\"\n\
         delay = \"3ms\"\n"
    );
    let faults = read(&text).plan(None).faults;
    let mild = FaultLevel::Mild.faults();
    let three = Duration::from_millis(3);
    let expected = crate::plan::Faults {
        loss: 0.075,
        clock_step_each: Duration::ZERO,
        delay_min: three,
        delay_max: three,
        ..mild.clone()
    };
    assert_eq!(faults, expected);
    let text = format!("{SMALL}[faults]\ncrash-each = \"30m\"\nstall = \"1%\"\n");
    let faults = read(&text).plan(None).faults;
    assert_eq!(faults.crash_for, mild.crash_for, "what happens lasts");
    assert_eq!(faults.stall_for, mild.stall_for);
    assert_eq!(faults.partition_for, Duration::ZERO);
}

#[test]
fn a_change_of_the_clocks_makes_no_slots_overlap() {
    // 28 March 2027 is day 125: 02:00 to 03:00 do not exist in Berlin.
    let text = SMALL
        .replace("days = 2", "days = 130")
        .replace("zone = \"UTC\"", "zone = \"Europe/Berlin\"")
        .replace("tue = ", "sun = \"01:00-02:30, 02:40-03:00, 03:00-05:00\"\ntue = ");
    let plan = read(&text).plan(None);
    check_plan(&plan);
    let twenty = SignedDuration::from_mins(20);
    assert!(plan.slots.iter().all(|slot| slot.end.duration_since(slot.start) == twenty));
}

fn hours() -> impl Strategy<Value = String> {
    (0_u32..12, 0_u32..60, 12_u32..24, 0_u32..60)
        .prop_map(|(h, m, to_h, to_m)| format!("{h:02}:{m:02}-{to_h:02}:{to_m:02}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_scenario_makes_a_plan_that_holds_together(
        seed in any::<u64>(), days in 1_u32..9, minutes in 1_u32..200, ahead in 0_u32..9,
        monday in hours(), own in proptest::option::of(hours()),
        by_hour in 0_u32..50, at_once in 0_u32..50, rate in 1_u32..60,
    ) {
        let own = own.map(|own| format!("hours = {{ mon = \"{own}\", sun = \"{own}\" }}\n"));
        let own = own.unwrap_or_default();
        let text = format!(
            "title = \"x\"\ndays = {days}\nzone = \"America/New_York\"\nvisit-minutes = {minutes}\n\
             book-ahead-days = {ahead}\n[hours]\nmon = \"{monday}\"\nsat = \"00:00-24:00\"\n\
             [[doctor]]\nname = \"a\"\nprices = {{ p = \"1\" }}\n\
             [[doctor]]\nname = \"b\"\nprices = {{ p = \"2\" }}\n{own}\
             [arrivals]\nper-hour = {{ \"10\" = {by_hour} }}\nat-once = {{ \"09:00\" = {at_once} }}\n\
             poisson = \"{rate}/h\"\n"
        );
        // A Monday that is too short for one visit is a mistake, and named.
        if let Ok(scenario) = Scenario::read(&text) {
            let plan = scenario.plan(Some(seed));
            check_plan(&plan);
            prop_assert!(same(&plan, &scenario.plan(Some(seed))));
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "[a-z=\\[\\]\"{}%0-9:\\n. -]{0,200}") {
        let _ = Scenario::read(&text);
        let _ = Scenario::read(&format!("{SMALL}{text}"));
    }
}
