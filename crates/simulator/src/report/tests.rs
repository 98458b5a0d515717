//! That a tally stays as small as it began.

use std::time::Duration;

use super::*;
use crate::record::{Exchange, Fate, Party};

fn about() -> About {
    About {
        title: "Many".to_owned(),
        settings: Vec::new(),
        loss: None,
        planned: Duration::from_secs(60),
    }
}

/// Visits that differ in whatever may differ, and take ever longer.
fn visit(number: u32) -> VisitRecord {
    let long_word = "x".repeat(1_000);
    let said = Exchange {
        at: Duration::ZERO,
        from: Party::Patient,
        to: Party::Doctor(format!("doc{number}")),
        what: long_word.clone(),
        fate: Fate::Lost,
    };
    VisitRecord {
        patient: format!("patient{number}"),
        planned: Duration::from_secs(u64::from(number)),
        phases: vec![(Phase::LogIn, Duration::from_micros(u64::from(number)))],
        ended: match number % 3 {
            0 => VisitEnd::Failed(format!("{number}{long_word}")),
            1 => VisitEnd::WithoutPrice(format!("{number}{long_word}")),
            _ => VisitEnd::Served,
        },
        left: Duration::from_secs(u64::from(number) * 2),
        booking: None,
        price: None,
        tries: Some(number),
        connections: number,
        exchanges: vec![said; 250],
    }
}

/// Everything in a tally that could grow.
fn sizes(tally: &Tally) -> [usize; 6] {
    let (visits, exchanges) = tally.kept.len();
    let reasons = tally.failures.len() + tally.without_price.len();
    [
        tally.latencies.cells(),
        tally.timeline.len(),
        tally.refusals.len(),
        reasons,
        visits,
        exchanges,
    ]
}

#[test]
fn a_hundred_thousand_visits_take_no_more_than_a_thousand() {
    let mut tally = Tally::new(about());
    let plain = VisitRecord { exchanges: Vec::new(), ..visit(2) };
    (0..1_000).for_each(|number| tally.visit(visit(number)));
    let [cells, bins, refusals, reasons, visits, exchanges] = sizes(&tally);
    assert!(bins <= 120 && reasons == 64 && visits <= 10 && exchanges <= 2_000);
    for number in 1_000..100_000 {
        // Most with nothing to draw, so that the test is fast.
        let exchanges = if number % 100 == 0 { visit(number).exchanges } else { Vec::new() };
        let ended = VisitEnd::Failed(number.to_string());
        let planned = Duration::from_secs(u64::from(number));
        let left = planned * 2;
        tally.visit(VisitRecord { planned, ended, left, exchanges, ..plain.clone() });
    }
    let after = sizes(&tally);
    assert_eq!((after[0], after[2], after[3]), (cells, refusals, reasons));
    assert!(after[1] <= 120 && after[4] <= 10 && after[5] <= 2_000, "{after:?}");
    assert_eq!(tally.finish().visits, 100_000);
}

#[test]
fn of_a_visit_without_end_only_so_much_is_kept() {
    let mut tally = Tally::new(about());
    tally.visit(visit(2));
    let diagram = &tally.finish().diagrams[0];
    assert_eq!((diagram.exchanges.len(), diagram.untold), (200, 50));
    assert_eq!(diagram.exchanges[0].what.chars().count(), 201);
}
