//! A real browser window: Debian's chromium, driven over WebDriver as a person would use it.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use thirtyfour::Key;
use thirtyfour::prelude::*;

/// How long something that has been asked for may take to show.
const PATIENCE: Duration = Duration::from_secs(20);
/// The most times that somebody presses Tab to get somewhere.
const TABS_MAX: usize = 400;

/// How a window is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// With a mouse, on a desk.
    Desktop,
    /// With JavaScript off.
    WithoutScript,
    /// On a phone.
    Phone,
    /// By keyboard alone.
    Keyboard,
    /// In the dark.
    Dark,
}

/// `chromedriver`, gone with the window.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A window with a profile of its own.
pub(super) struct Window {
    driver: WebDriver,
    way: Way,
    url: String,
    _process: Driver,
    _profile: tempfile::TempDir,
}

/// Whether a browser can be driven here; says so when it cannot.
pub(super) fn is_here() -> bool {
    let found = |program: &str| {
        let asked = Command::new(program).arg("--version").output();
        asked.is_ok_and(|output| output.status.success())
    };
    let here = found("chromium") && found("chromedriver");
    if !here {
        eprintln!("skipped: chromium and chromedriver (Debian's chromium-driver) are not here");
    }
    here
}

impl Window {
    /// Opens the pages at `url`.
    pub(super) async fn open(url: &str, way: Way) -> Self {
        let (process, port) = start_driver();
        let profile = tempfile::tempdir().unwrap();
        let mut wanted = DesiredCapabilities::chrome();
        let profile_flag = format!("--user-data-dir={}", profile.path().display());
        let size = if way == Way::Phone { "390,844" } else { "1280,900" };
        let size_flag = format!("--window-size={size}");
        // 0 is dark, 1 light.
        let scheme = if way == Way::Dark { 0 } else { 1 };
        let scheme_flag = format!("--blink-settings=preferredColorScheme={scheme}");
        for flag in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--lang=en",
            &profile_flag,
            &size_flag,
            &scheme_flag,
        ] {
            wanted.add_arg(flag).unwrap();
        }
        if way == Way::WithoutScript {
            let off = serde_json::json!({"profile.managed_default_content_settings.javascript": 2});
            wanted.add_experimental_option("prefs", off).unwrap();
        }
        let address = format!("http://127.0.0.1:{port}");
        let driver = WebDriver::new(address, wanted).await.unwrap();
        let window =
            Self { driver, way, url: url.to_owned(), _process: process, _profile: profile };
        window.go("/slots").await;
        window
    }

    /// Types an address.
    pub(super) async fn go(&self, path: &str) {
        self.driver.goto(format!("{}{path}", self.url)).await.unwrap();
    }

    /// Presses a button, or follows a link; by keyboard alone when that is the way.
    pub(super) async fn press(&self, css: &str) {
        let element = self.element(css).await;
        if self.way == Way::Keyboard {
            self.tab_to(&element).await;
            element.send_keys(Key::Enter + "").await.unwrap();
        } else {
            element.scroll_into_view().await.ok();
            element.click().await.unwrap();
        }
    }

    /// Types a text into a field, instead of what was there.
    pub(super) async fn fill(&self, css: &str, text: &str) {
        let element = self.element(css).await;
        if self.way == Way::Keyboard {
            self.tab_to(&element).await;
        }
        element.clear().await.unwrap();
        element.send_keys(text).await.unwrap();
    }

    /// Logs somebody of the demonstration in, whose one-time code, if any, the page itself shows.
    pub(super) async fn log_in(&self, user: &str, password: &str) {
        self.go("/log-in").await;
        let row = format!("//table//tr[td/code[normalize-space()='{user}']]/td[last()]");
        let code = match self.driver.find(By::XPath(row)).await {
            Ok(cell) => cell.text().await.unwrap(),
            Err(_) => String::new(),
        };
        self.fill("#user", user).await;
        self.fill("#password", password).await;
        if !code.trim().is_empty() {
            self.fill("#one_time", code.trim()).await;
        }
        self.press("main form button").await;
        self.wait_for("form[action='/log-out']").await;
    }

    /// Waits until the page has such an element.
    pub(super) async fn wait_for(&self, css: &str) {
        let _ = self.element(css).await;
    }

    /// Waits until the page says this; without the marks that keep directions of writing apart.
    pub(super) async fn wait_for_text(&self, text: &str) {
        let began = Instant::now();
        loop {
            let shown = self.text().await;
            if shown.contains(text) {
                return;
            }
            assert!(began.elapsed() < PATIENCE, "{:?}: no {text:?} in {shown}", self.way);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the page says.
    pub(super) async fn text(&self) -> String {
        // A page that is being replaced has no text for a moment.
        let Ok(body) = self.driver.find(By::Css("body")).await else { return String::new() };
        let text = body.text().await.unwrap_or_default();
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    /// The text of the first such element.
    pub(super) async fn text_of(&self, css: &str) -> String {
        let text = self.element(css).await.text().await.unwrap();
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    /// An attribute of the first such element.
    pub(super) async fn attribute(&self, css: &str, name: &str) -> Option<String> {
        self.element(css).await.attr(name).await.unwrap()
    }

    /// The path of the page's address.
    pub(super) async fn path(&self) -> String {
        self.driver.current_url().await.unwrap().path().to_owned()
    }

    /// Runs a script with what it gives as JSON; WebDriver's own, which no policy of the page stops.
    pub(super) async fn run(&self, script: &str) -> serde_json::Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// The same, for a script that calls its last argument when it is done.
    pub(super) async fn run_async(&self, script: &str) -> serde_json::Value {
        self.driver.execute_async(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Closes the browser.
    pub(super) async fn close(self) {
        let Self { driver, .. } = self;
        driver.quit().await.unwrap();
    }

    async fn element(&self, css: &str) -> WebElement {
        let began = Instant::now();
        loop {
            if let Ok(element) = self.driver.find(By::Css(css)).await {
                return element;
            }
            if began.elapsed() >= PATIENCE {
                let (path, text) = (self.path().await, self.text().await);
                panic!("{:?}: no {css} at {path}: {text}", self.way);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Presses Tab until `wanted` has the focus, from wherever it is.
    async fn tab_to(&self, wanted: &WebElement) {
        for _ in 0..TABS_MAX {
            let active = self.driver.active_element().await.unwrap();
            if active.element_id() == wanted.element_id() {
                return;
            }
            active.send_keys(Key::Tab + "").await.unwrap();
        }
        let html = wanted.outer_html().await.unwrap_or_default();
        panic!("by keyboard alone nobody comes to {html}");
    }
}

fn start_driver() -> (Driver, u16) {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    });
    (Driver(child), port.expect("chromedriver says its port"))
}
