//! What a report says, and that its page stands alone, is well formed, and harmless.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod synthetic;

use std::fs;
use std::path::Path;
use std::time::Duration;

use domain::{Currency, DoctorName, Money, Refusal, SlotIndex};
use jiff::Timestamp;
use simulator::record::{Booking, DoctorUse, Exchange, Fate, Party, Phase, VisitEnd, VisitRecord};
use simulator::report::{About, Diagrams, Loss, Outcome, Report, Tally};

const MS: Duration = Duration::from_millis(1);

fn about() -> About {
    About {
        title: "Three patients".to_owned(),
        settings: vec![("seed".to_owned(), "7".to_owned())],
        loss: Some(Loss { there: 0.1, back: 0.1 }),
        planned: Duration::from_secs(60),
    }
}

fn record(patient: &str, planned_s: u64, took_ms: &[u32], ended: VisitEnd) -> VisitRecord {
    let planned = Duration::from_secs(planned_s);
    let phases: Vec<_> =
        Phase::ALL.into_iter().zip(took_ms.iter().map(|&took| took * MS)).collect();
    let left = planned + phases.iter().map(|(_, took)| *took).sum::<Duration>();
    VisitRecord {
        patient: patient.to_owned(),
        planned,
        phases,
        ended,
        left,
        booking: None,
        price: None,
        tries: None,
        connections: 1,
        exchanges: Vec::new(),
    }
}

fn booked(slot: u32, wait_min: i64) -> Booking {
    let booked: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    Booking {
        slot: SlotIndex::new(slot).unwrap(),
        doctor: Some("doc1".parse::<DoctorName>().unwrap()),
        start: Some(booked + jiff::SignedDuration::from_mins(wait_min)),
        booked: Some(booked),
    }
}

fn small_run() -> Report {
    let mut tally = Tally::new(about());
    let said = |at_ms: u32, from: Party, to: Party, what: &str, fate| Exchange {
        at: at_ms * MS,
        from,
        to,
        what: what.to_owned(),
        fate,
    };
    let doctor = || Party::Doctor("doc1".to_owned());
    tally.visit(VisitRecord {
        booking: Some(booked(1, 90)),
        price: Some(Money::parse("30", Currency::USD).unwrap()),
        tries: Some(2),
        exchanges: vec![
            said(1_000, Party::Patient, Party::Center, "log in", Fate::Arrived),
            said(1_020, Party::Patient, doctor(), "insurance1", Fate::Lost),
            said(1_040, doctor(), Party::Patient, "30 USD", Fate::Arrived),
        ],
        ..record("patient1", 1, &[10, 2, 5, 40], VisitEnd::Served)
    });
    tally.visit(VisitRecord {
        connections: 2,
        ..record("patient2", 2, &[12, 3, 4], VisitEnd::Refused(Refusal::SlotTaken))
    });
    tally.visit(VisitRecord {
        booking: Some(booked(2, 30)),
        tries: Some(5),
        ..record("patient3", 4, &[9, 2, 6], VisitEnd::WithoutPrice("no answer".to_owned()))
    });
    tally.doctors(vec![DoctorUse {
        doctor: "doc1".parse().unwrap(),
        slots: 4,
        booked: 2,
        missed: 1,
    }]);
    tally.finish()
}

#[test]
fn the_numbers_are_those_of_the_visits() {
    let report = small_run();
    assert_eq!((report.visits, report.lasted_s), (3, 4.017));
    let served = &report.outcomes[0];
    assert_eq!((served.outcome, served.visits, served.share), (Outcome::Served, 1, 0.333_333));
    assert_eq!(report.refusals[0].reason, Refusal::SlotTaken);
    let log_in = &report.latency[0];
    assert_eq!((log_in.count, log_in.p50_ms, log_in.max_ms), (3, 10.0, 12.0));
    let visit = &report.latency[4];
    assert_eq!((visit.count, visit.p50_ms, visit.max_ms), (3, 19.0, 57.0));
    let bins: Vec<_> =
        report.over_time.bins.iter().map(|bin| (bin.arrivals, bin.bookings)).collect();
    assert_eq!(bins, [(0, 0), (1, 1), (1, 0), (0, 0), (1, 1)]);
    let tries: Vec<_> = report.tries.by_try.iter().map(|row| row.visits).collect();
    assert_eq!(tries, [0, 1, 0, 0, 0, 1]);
    let waits = report.waits.unwrap();
    assert_eq!((waits.bookings, waits.p50_h, waits.max_h, waits.mean_h), (2, 0.5, 1.5, 1.0));
    assert_eq!(report.doctors[0].booked_share, 0.5);
    let connections: Vec<_> = report.connections.iter().map(|row| row.visits).collect();
    assert_eq!(connections, [2, 1]);
}

/// The whole text: whoever reads reports with a program relies on every name in it. After a change
/// that was meant, the new text is beside the test's other files.
#[test]
fn a_small_runs_json_is_this_text() {
    let json = small_run().to_json();
    fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("small.json"), &json).unwrap();
    assert_eq!(json, include_str!("report/small.json"));
}

#[test]
fn of_many_visits_those_that_show_something_are_kept() {
    let report = synthetic::run(5_000).finish();
    assert!(report.diagrams.len() <= 10, "{}", report.diagrams.len());
    let why: Vec<&str> =
        report.diagrams.iter().flat_map(|kept| &kept.why).map(String::as_str).collect();
    for expected in ["the first that ended: served", "the first that ended: refused", "the slowest"]
    {
        assert_eq!(why.iter().filter(|why| **why == expected).count(), 1, "{expected}: {why:?}");
    }
    let most = why.iter().filter(|why| **why == "among those with the most tries").count();
    assert_eq!(most, 3);
    let slowest = report.diagrams.iter().map(|kept| kept.took_ms).fold(0.0, f64::max);
    assert_eq!(slowest, report.latency[4].max_ms);
}

#[test]
fn all_of_a_handful_are_kept_in_order() {
    let mut tally = Tally::keeping(about(), Diagrams::All);
    for patient in ["patient1", "patient2", "patient3"] {
        tally.visit(VisitRecord {
            exchanges: vec![Exchange {
                at: MS,
                from: Party::Patient,
                to: Party::Center,
                what: "log in".to_owned(),
                fate: Fate::Arrived,
            }],
            ..record(patient, 0, &[1], VisitEnd::WalkedAway)
        });
    }
    let report = tally.finish();
    let patients: Vec<_> = report.diagrams.iter().map(|kept| kept.patient.as_str()).collect();
    assert_eq!(patients, ["patient1", "patient2", "patient3"]);
}

/// The tag names of a page in their order, each checked to be closed where it must be.
fn tags(page: &str) -> Vec<String> {
    let (mut open, mut seen) = (Vec::new(), Vec::new());
    let body = page.strip_prefix("<!DOCTYPE html>").unwrap();
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("never ends: <{part}"));
        assert!(!text.contains('>'), "a > that is no tag's: {text}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in the wrong place");
            continue;
        }
        let name = tag.split([' ', '/', '\n']).next().unwrap().to_owned();
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes of <{tag}>");
        if !tag.ends_with('/') {
            open.push(name.clone());
        }
        seen.push(name);
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    seen
}

fn check_alone_and_well_formed(page: &str) {
    for outside in ["http:", "https:", " src=", "@import", "url(", "<script", "javascript:", " on"]
    {
        let found = page.find(outside).filter(|at| {
            outside != " on"
                || page[at + 3..].split_once('=').is_some_and(|(name, _)| {
                    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase())
                })
        });
        assert_eq!(found, None, "{outside}: {}", &page[found.unwrap_or(0)..][..40]);
    }
    let seen = tags(page);
    let count = |name: &str| seen.iter().filter(|tag| *tag == name).count();
    assert_eq!((count("h1"), count("main"), count("title") > 0), (1, 1, true));
    assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\"").count());
    assert_eq!(page.matches("<svg").count(), page.matches("<desc ").count());
    assert_eq!(count("table"), count("caption"));
    assert_eq!(page.matches("<th ").count(), page.matches("<th scope=\"").count());
    let ids: Vec<&str> =
        page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "an id twice: {ids:?}");
    for named in page.split("labelledby=\"").skip(1) {
        for id in named.split('"').next().unwrap().split(' ') {
            assert!(distinct.contains(&id), "nothing is called {id}");
        }
    }
}

/// Its page is beside the test's other files, for whoever wants to look at it.
#[test]
fn a_page_stands_alone_and_is_well_formed() {
    for (name, report) in [
        ("sample", synthetic::run(4_000).finish()),
        ("small", small_run()),
        ("empty", Tally::new(about()).finish()),
    ] {
        let page = report.to_html();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        fs::write(folder.join(format!("{name}.html")), &page).unwrap();
        check_alone_and_well_formed(&page);
    }
}

#[test]
fn what_comes_from_outside_stays_text() {
    let evil = "<script>alert(1)</script>\"' onload=x &amp;\u{1b}\0";
    let mut tally = Tally::new(About {
        title: evil.to_owned(),
        settings: vec![(evil.to_owned(), evil.to_owned())],
        ..about()
    });
    for ended in [VisitEnd::Failed(evil.to_owned()), VisitEnd::WithoutPrice(evil.to_owned())] {
        tally.visit(VisitRecord {
            exchanges: vec![Exchange {
                at: MS,
                from: Party::Patient,
                to: Party::Doctor(evil.to_owned()),
                what: evil.to_owned(),
                fate: Fate::Lost,
            }],
            ..record(evil, 0, &[1], ended)
        });
    }
    let page = tally.finish().to_html();
    // The test's own look for handlers would take the text for one: text is where no tag is.
    let page = page.replace(" onload=x", "");
    check_alone_and_well_formed(&page);
    assert!(!page.contains(['\u{1b}', '\0']));
    assert!(page.contains("script"), "it is still there to be read");
}

#[test]
fn what_one_run_told_it_tells_again() {
    let (one, two) = (synthetic::run(500).finish(), synthetic::run(500).finish());
    assert_eq!(one.to_json(), two.to_json());
    assert_eq!(one.to_html(), two.to_html());
}

/// How light a colour is (WCAG 2.2, relative luminance), of `#rrggbb`.
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

/// WCAG 2.2 §1.4.3 (AA): 4.5 to 1 for all that is written.
#[test]
fn what_is_written_can_be_read_in_light_in_dark_and_on_paper() {
    let page = small_run().to_html();
    let sets: Vec<&str> = page.split(":root {").skip(1).collect();
    assert_eq!(sets.len(), 3);
    for set in sets {
        let colour = |name: &str| {
            let (_, rest) = set.split_once(&format!("--{name}: ")).unwrap();
            luminance(&rest[..7])
        };
        for name in ["ink", "muted", "first", "second", "bad"] {
            for ground in ["ground", "card"] {
                let (one, two) = (colour(name), colour(ground));
                let contrast = (one.max(two) + 0.05) / (one.min(two) + 0.05);
                assert!(contrast >= 4.5, "{name} on {ground}: {contrast}");
            }
        }
    }
}
