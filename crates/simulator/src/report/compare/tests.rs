use std::time::Duration;

use domain::Refusal;

use super::*;
use crate::record::{DoctorUse, Phase, VisitEnd, VisitRecord};
use crate::report::{About, Tally};

/// A run in which so many were served and so many found no slot.
fn report(title: &str, served: u64, turned_away: u64, doctors: &[(&str, usize, usize)]) -> Report {
    let about = About {
        title: title.to_owned(),
        settings: Vec::new(),
        loss: None,
        planned: Duration::from_hours(1),
    };
    let mut tally = Tally::new(about);
    let ends = (0..served)
        .map(|_| VisitEnd::Served)
        .chain((0..turned_away).map(|_| VisitEnd::Refused(Refusal::NoSlotsLeft)));
    for ended in ends {
        let planned = Duration::from_secs(60);
        tally.visit(VisitRecord {
            patient: "patient1".to_owned(),
            planned,
            phases: vec![(Phase::LogIn, Duration::from_millis(2))],
            ended,
            left: planned + Duration::from_millis(2),
            booking: None,
            price: None,
            tries: None,
            connections: 1,
            exchanges: Vec::new(),
        });
    }
    let used = doctors.iter().map(|&(name, slots, booked)| DoctorUse {
        doctor: name.parse().unwrap(),
        slots,
        booked,
        missed: 1,
    });
    tally.doctors(used.collect());
    tally.finish()
}

fn two() -> Report {
    let mut one = report("One <doctor>", 10, 4, &[("doc1", 10, 10)]);
    let other = report("Two & more", 13, 0, &[("doc1", 10, 7), ("doc2", 10, 6)]);
    one.compare_with(&other);
    one
}

#[test]
fn two_runs_stand_side_by_side() {
    let tables = two().tables();
    let table = tables.last().unwrap();
    assert_eq!(table.caption, "Side by side");
    let heads: Vec<&str> = table.columns.iter().map(|column| column.head.as_str()).collect();
    assert_eq!(heads, ["what", "One <doctor>", "Two & more", "difference"]);
    let rows: Vec<String> = table.rows.iter().map(|row| row.join(" | ")).collect();
    assert_eq!(
        rows,
        [
            "visits | 14 | 13 | −1",
            "served | 10 | 13 | +3",
            "booked, without a price | 0 | 0 | =",
            "booked, and called off | 0 | 0 | =",
            "refused | 4 | 0 | −4",
            "walked away | 0 | 0 | =",
            "failed | 0 | 0 | =",
            "refused: no slot is available | 4 | 0 | −4",
            "booking to visit, p50 | – | – | –",
            "booking to visit, p90 | – | – | –",
            "booking to visit, longest | – | – | –",
            "slots | 10 | 20 | +10",
            "slots missed | 1 | 2 | +1",
            "all doctors, full | 100 % | 65.0 % | −35.0 points",
            "doc1, full | 100 % | 70.0 % | −30.0 points",
            "doc2, full | – | 60.0 % | –",
            "book, p99 | – | – | –",
            "estimate, p99 | – | – | –",
            "whole visit, p99 | 2.00 ms | 2.00 ms | =",
        ]
    );
}

#[test]
fn programs_get_numbers_with_their_unit() {
    let value: serde_json::Value = serde_json::from_str(&two().to_json()).unwrap();
    assert_eq!(
        value["comparison"]["rows"][1],
        serde_json::json!({
            "what": "served", "unit": "count", "one": 10.0, "other": 13.0, "difference": 3.0
        })
    );
    assert_eq!(value["comparison"]["rows"][15]["one"], serde_json::Value::Null);
}

#[test]
fn a_run_by_itself_has_no_comparison() {
    let alone = report("Alone", 1, 0, &[]);
    assert!(!alone.to_json().contains("comparison"));
}

#[test]
fn a_page_shows_both_and_no_title_is_markup() {
    let page = two().to_html();
    assert!(page.contains("<h2 id=\"comparison\">Side by side</h2>"));
    assert!(page.contains("<th scope=\"col\" class=\"number\">Two &#38; more</th>"), "{page}");
    let row = "<th scope=\"row\" class=\"words\">served</th><td class=\"number\">10</td>\
               <td class=\"number\">13</td><td class=\"number\">+3</td>";
    assert!(page.contains(row), "{page}");
    assert!(!report("Alone", 1, 0, &[]).to_html().contains("comparison"));
}
