//! What axe-core (https://github.com/dequelabs/axe-core) finds on every page, light and dark: WCAG 2.2,
//! levels A and AA. It is told where axe is by `RENDEZVOUS_TEST_AXE`, and says that it skipped else.

use super::clinic::Demo;
use super::window::{Way, Window, is_here};
use super::{ADMIN, DESK, FIRST};

/// What is looked for.
const RUN: &str = "const done = arguments[arguments.length - 1];
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    axe.run(document, { runOnly: { type: 'tag', values: tags } }).then(
        found => done(found.violations.map(it =>
            it.id + ': ' + it.nodes.map(node => node.html).join(' | '))),
        error => done(['axe: ' + error]));";

/// Pages that need nothing but their address, by who sees them.
const ANYBODYS: [&str; 4] = ["/slots", "/slots?view=week", "/log-in", "/no-such-page"];
const PATIENTS: [&str; 4] = ["/slots", "/appointments", "/me", "/me/accesses"];
const DESKS: [&str; 4] = ["/desk", "/desk/week", "/desk/people", "/schedule"];
const ADMINISTRATORS: [&str; 6] = [
    "/admin/doctors",
    "/admin/accounts",
    "/admin/sessions",
    "/admin/audit",
    "/admin/plans",
    "/schedule",
];

fn axe() -> Option<String> {
    let Some(path) = std::env::var_os("RENDEZVOUS_TEST_AXE") else {
        eprintln!("skipped: RENDEZVOUS_TEST_AXE does not say where axe.min.js is");
        return None;
    };
    Some(std::fs::read_to_string(path).unwrap())
}

/// Looks at the page that a window shows.
async fn look(window: &Window, axe: &str, page: &str, way: Way, found: &mut Vec<String>) {
    window.run(axe).await;
    let violations = window.run_async(RUN).await;
    for violation in violations.as_array().unwrap() {
        found.push(format!("{way:?} {page} {}", violation.as_str().unwrap()));
    }
}

async fn look_at_all(demo: &Demo, axe: &str, way: Way, found: &mut Vec<String>) {
    let window = Window::open(&demo.url, way).await;
    for page in ANYBODYS {
        window.go(page).await;
        look(&window, axe, page, way, found).await;
    }
    window.log_in(FIRST.0, FIRST.1).await;
    for page in PATIENTS {
        window.go(page).await;
        look(&window, axe, page, way, found).await;
    }
    window.go("/slots").await;
    window.press("form[action='/slots/hold'] button").await;
    window.wait_for("form[action='/book']").await;
    look(&window, axe, "/deciding", way, found).await;
    window.press("form[action='/book'] button").await;
    window.wait_for("a[href$='/move']").await;
    look(&window, axe, "/appointments/…", way, found).await;
    window.press("a[href$='/move']").await;
    window.wait_for("form[action$='/move']").await;
    look(&window, axe, "/appointments/…/move", way, found).await;
    window.go("/appointments").await;
    window.press("main a[href^='/appointments/']").await;
    window.press("a[href$='/cancel']").await;
    window.wait_for("form[action$='/cancel']").await;
    look(&window, axe, "/appointments/…/cancel", way, found).await;
    window.close().await;
    for (somebody, pages) in [(DESK, &DESKS[..]), (ADMIN, &ADMINISTRATORS[..])] {
        let window = Window::open(&demo.url, way).await;
        window.log_in(somebody.0, somebody.1).await;
        for page in pages {
            window.go(page).await;
            look(&window, axe, page, way, found).await;
        }
        window.close().await;
    }
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_light_or_dark() {
    if !is_here() {
        return;
    }
    let Some(axe) = axe() else { return };
    let mut found = Vec::new();
    for way in [Way::Desktop, Way::Dark, Way::Phone] {
        // A demonstration of its own: no one-time code works twice.
        let demo = Demo::start();
        look_at_all(&demo, &axe, way, &mut found).await;
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
