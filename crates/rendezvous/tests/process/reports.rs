//! `rendezvous simulate --report`: what is written, what is refused before anything begins, and that a
//! browser shows the page without a complaint.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::running::{INPUT, rendezvous, told};

/// Where browsers are that can be told what to do from here.
const BROWSERS: [&str; 2] = ["chromium", "chromium-browser"];

/// What every page has, in this order.
const HEADINGS: [&str; 4] = [
    "Visits and how they ended",
    "How long each phase took",
    "Arrivals and bookings over time",
    "Who said what to whom",
];

/// Plays the exercise's folder, with reports of these names.
fn simulate(folder: &Path, names: &[&str]) -> (i32, String, String) {
    let mut command = rendezvous(folder, &["simulate", "--input", INPUT]);
    for name in names {
        command.args(["--report", name]);
    }
    told(&mut command)
}

#[test]
fn five_processes_are_told_in_a_page_and_in_json() {
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = simulate(folder.path(), &["day.html", "day.json"]);
    assert_eq!(code, 0, "{errors}");
    let json = fs::read(folder.path().join("day.json")).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(report["visits"], 2);
    assert_eq!(report["outcomes"][0]["outcome"], "served");
    assert_eq!(report["outcomes"][0]["visits"], 2);
    assert_eq!(report["latency"][0]["count"], 2);
    let diagrams = report["diagrams"].as_array().unwrap();
    assert_eq!(diagrams.len(), 2, "{diagrams:?}");
    for diagram in diagrams {
        let said: Vec<_> = diagram["exchanges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|said| (said["from"].as_str().unwrap(), said["to"].as_str().unwrap()))
            .collect();
        let doctor = said.last().unwrap().0;
        assert!(doctor.starts_with("doc"), "{diagram}");
        let expected = [
            ("patient", "center"),
            ("center", "patient"),
            ("center", "patient"),
            ("patient", "center"),
            ("center", "patient"),
            ("patient", doctor),
            (doctor, "patient"),
        ];
        assert_eq!(said, expected);
    }
    let page = fs::read_to_string(folder.path().join("day.html")).unwrap();
    assert!(page.contains("patient1") && page.contains("class=\"sequence\""));
    let left: Vec<PathBuf> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!left.iter().any(|path| path.to_string_lossy().contains(".report-")), "{left:?}");
}

#[test]
fn a_report_that_cannot_be_written_is_refused_before_anything_begins() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("folder.html")).unwrap();
    for (name, expected) in [
        ("day.txt", "expected .html or .json"),
        ("day", "expected .html or .json"),
        ("missing/day.html", "cannot be written"),
        ("folder.html", "expected a file"),
    ] {
        let (code, screen, errors) = simulate(folder.path(), &[name]);
        assert_eq!((code, screen.as_str()), (2, ""), "{name}: {errors}");
        assert!(errors.contains(name) && errors.contains(expected), "{name}: {errors}");
    }
}

/// The browser of this machine; `None` when there is none, which is right everywhere but where the
/// whole check runs.
fn browser() -> Option<&'static str> {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let found = BROWSERS.into_iter().find(runs);
    let must_be_there = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found.is_some() || !must_be_there, "no browser, and CI=true");
    if found.is_none() {
        eprintln!("SKIPPED: there is no chromium on this machine");
    }
    found
}

/// What a browser says on its standard output when it opens a page, in a width, with a choice of
/// colours: 0 for dark, 1 for light. It must not complain.
fn open_page(browser: &str, page: &Path, (width, colours): (u32, u8), what: &str) -> Vec<u8> {
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=2000"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--window-size={width},1400"))
        .arg(format!("--blink-settings=preferredColorScheme={colours}"))
        .arg(what)
        .arg(format!("file://{}", page.display()))
        .current_dir(profile.path())
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{log}");
    let complaints: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert_eq!(complaints, Vec::<&str>::new());
    output.stdout
}

#[test]
fn the_report_opens_in_a_browser() {
    let Some(browser) = browser() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (code, _, errors) = simulate(folder.path(), &["day.html"]);
    assert_eq!(code, 0, "{errors}");
    let page = folder.path().join("day.html");
    let shown = open_page(browser, &page, (1_100, 1), "--dump-dom");
    let shown = String::from_utf8(shown).unwrap();
    let places: Vec<Option<usize>> =
        HEADINGS.iter().map(|heading| shown.find(&format!("{heading}</h2>"))).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} in {shown}");
    let mut pictures = Vec::new();
    for (name, width, colours) in [("light", 1_100, 1), ("dark", 1_100, 0), ("narrow", 500, 1)] {
        let picture = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}.png"));
        let what = format!("--screenshot={}", picture.display());
        open_page(browser, &page, (width, colours), &what);
        let bytes = fs::read(&picture).unwrap();
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 10_000, "{name}");
        pictures.push(bytes);
    }
    assert_ne!(pictures[0], pictures[1], "light and dark look alike");
}
