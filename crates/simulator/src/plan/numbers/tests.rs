use std::collections::BTreeSet;
use std::time::Instant;

use proptest::prelude::*;

use super::*;
use crate::plan::tests::check_plan;

fn numbers() -> Numbers {
    Numbers {
        seed: 7,
        days: 1,
        patients: 200,
        doctors: 4,
        slots: None,
        arrivals: None,
        faults: FaultLevel::Full,
        plant: None,
    }
}

#[test]
fn the_reference_clinic_is_this_one() {
    let plan = Plan::from_numbers(&numbers()).unwrap();
    check_plan(&plan);
    assert_eq!(plan.title, "200 patients, 4 doctors, 1 day, faults: full");
    assert_eq!(plan.begins.to_string(), "2026-11-23T00:00:00Z");
    assert_eq!(plan.arrivals.len(), 200);
    assert_eq!(plan.slots.len(), 8 * 4 * 30);
    let first = plan.slots[0];
    assert_eq!(first.index.number(), 1);
    assert_eq!(first.start.to_string(), "2026-11-23T08:00:00Z");
    assert_eq!(first.end.to_string(), "2026-11-23T08:20:00Z");
    let last = plan.slots.last().unwrap();
    assert_eq!(last.index.number(), 960);
    assert_eq!(last.end.to_string(), "2026-11-30T18:00:00Z");
    let opening = Duration::from_hours(8)..=Duration::from_hours(8) + Duration::from_millis(100);
    let at_opening = plan.arrivals.iter().filter(|&at| opening.contains(at)).count();
    assert!((2..50).contains(&at_opening), "{at_opening}");
    let gap = Duration::from_millis(100);
    let close = plan.arrivals.windows(2).filter(|pair| pair[1] - pair[0] < gap).count();
    assert!(close > 50, "half of them come in bursts: {close}");
}

#[test]
fn a_price_tells_whose_it_is_and_a_plan_is_not_covered_by_all() {
    let plan = Plan::from_numbers(&Numbers { doctors: 10_000, slots: Some(1), ..numbers() });
    let plan = plan.unwrap();
    for (name, _) in &plan.habits.plans {
        let prices: Vec<String> = plan
            .doctors
            .iter()
            .filter_map(|doctor| doctor.prices.iter().find(|(covered, _)| covered == name))
            .map(|(_, price)| price.to_string())
            .collect();
        let apart: BTreeSet<&String> = prices.iter().collect();
        assert_eq!(apart.len(), prices.len(), "{name}");
        let all = if name.to_string() == "insurance4" { 5_000 } else { 10_000 };
        assert_eq!(prices.len(), all, "{name}");
    }
}

#[test]
fn a_few_slots_are_spread_and_many_are_shorter() {
    let few = Plan::from_numbers(&Numbers { slots: Some(33), ..numbers() }).unwrap();
    check_plan(&few);
    assert_eq!(few.slots.len(), 33);
    assert!(few.slots.iter().all(|slot| slot.end.duration_since(slot.start).as_mins() == 20));
    let many = Plan::from_numbers(&Numbers { slots: Some(200_000), ..numbers() }).unwrap();
    check_plan(&many);
    assert_eq!(many.slots.len(), 200_000);
}

#[test]
fn people_come_at_the_times_of_a_file_each_day() {
    let times = Arrivals::Times(vec![Duration::from_secs(50), Duration::from_secs(20)]);
    let numbers = Numbers { arrivals: Some(times), days: 2, patients: 1, ..numbers() };
    let plan = Plan::from_numbers(&numbers).unwrap();
    let seconds: Vec<u64> = plan.arrivals.iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [20, 50, 86_420, 86_450]);
}

#[test]
fn people_come_at_a_rate_while_it_is_open() {
    let rate = |per_second| {
        let arrivals = Some(Arrivals::Poisson { per_second });
        Plan::from_numbers(&Numbers { arrivals, days: 10, patients: 10_000, ..numbers() }).unwrap()
    };
    let plan = rate(40.0 / 3_600.0);
    check_plan(&plan);
    assert!((3_800..4_200).contains(&plan.arrivals.len()), "{}", plan.arrivals.len());
    let of_day = |at: &Duration| Duration::from_secs(at.as_secs() % 86_400);
    assert!(plan.arrivals.iter().all(|at| (OPENS..CLOSES).contains(&of_day(at))));
    assert_eq!(rate(1e30).arrivals.len(), 10_000, "cut at the number of patients");
    assert_eq!(rate(1e-30).arrivals.len(), 0);
}

#[test]
fn what_is_no_clinic_is_refused() {
    let times = Arrivals::Times(vec![Duration::ZERO; 500_001]);
    for (wrong, expected) in [
        (Numbers { days: 0, ..numbers() }, "a clinic without a day, expected 1 or more"),
        (Numbers { doctors: 0, ..numbers() }, "a clinic without a doctor, expected 1 or more"),
        (
            Numbers { doctors: 10_000, days: 366, ..numbers() },
            "111900000 slots, expected at most 10000000: fewer doctors, fewer days, or --slots",
        ),
        (
            Numbers { doctors: 1, slots: Some(288_001), ..numbers() },
            "288001 slots, expected at most 288000 with so few doctors and days",
        ),
        (
            Numbers { patients: 1_000_001, ..numbers() },
            "1000001 patients, expected at most 1000000",
        ),
        (
            Numbers { days: 2, arrivals: Some(times), ..numbers() },
            "1000002 patients, expected at most 1000000",
        ),
    ] {
        assert_eq!(Plan::from_numbers(&wrong).unwrap_err().to_string(), expected);
    }
}

#[test]
fn a_large_day_is_planned_at_once() {
    let numbers = Numbers { patients: 100_000, doctors: 50, slots: Some(200_000), ..numbers() };
    let began = Instant::now();
    let plan = Plan::from_numbers(&numbers).unwrap();
    // Unoptimised, and among other tests.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!((plan.arrivals.len(), plan.slots.len()), (100_000, 200_000));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_plan_holds_together_and_follows_from_its_numbers(
        seed in any::<u64>(), days in 1_u32..4, patients in 0_u32..300, doctors in 1_u32..6,
        slots in proptest::option::of(0_u32..3_000),
        rate in proptest::option::of(0.0001_f64..0.1),
    ) {
        let arrivals = rate.map(|per_second| Arrivals::Poisson { per_second });
        let numbers = Numbers { seed, days, patients, doctors, slots, arrivals, ..numbers() };
        let plan = Plan::from_numbers(&numbers).unwrap();
        check_plan(&plan);
        let again = Plan::from_numbers(&numbers).unwrap();
        prop_assert_eq!((&plan.arrivals, &plan.slots), (&again.arrivals, &again.slots));
        if let Some(slots) = slots {
            prop_assert_eq!(plan.slots.len(), slots as usize);
        }
        if rate.is_none() {
            prop_assert_eq!(plan.arrivals.len(), patients as usize);
        }
    }
}
