//! Choosing a password with a link that works once.

use std::io;
use std::sync::{Arc, Mutex};

use center::Settled;
use domain::{AccountId, EnrolmentCode, Entropy, UserName};
use jiff::{SignedDuration, Timestamp};
use store::{Actor, CodeHash, Command, Invite, Outcome};

use crate::browser::{Browser, Page};
use crate::clinic::{Clinic, PASSWORD};

const NEW: &str = "another long enough one";

/// Hands out a link for `user` that works for `valid`; gives its path.
async fn link(clinic: &Clinic, user: &str, seed: u8, valid: SignedDuration) -> String {
    let code = EnrolmentCode::fresh(&Entropy([seed; 32]));
    let now = Timestamp::now();
    let invite = Command::Invite(Invite {
        user: UserName::new(user).unwrap(),
        patient: None,
        account: AccountId::fresh(now, &Entropy([seed; 32])),
        code: CodeHash::of(&code),
        expires: now + valid,
        actor: Actor::Operator,
    });
    let settled = clinic.runtime.commit(invite).await;
    assert!(matches!(settled, Settled::Decided(Outcome::Done)), "{settled:?}");
    format!("/password/{}", code.expose())
}

async fn choose(browser: &mut Browser, path: &str, password: &str, again: &str) -> Page {
    browser.post(path, &[("password", password), ("again", again)]).await
}

async fn log_in(clinic: &Clinic, user: &str, password: &str) -> u16 {
    let form = [("user", user), ("password", password), ("one_time", "")];
    clinic.browser().post("/log-in", &form).await.status
}

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn a_link_is_looked_at_often_and_used_once() {
    let clinic = Clinic::open().await;
    let path = link(&clinic, "ann", 1, DAY).await;
    let mut ann = clinic.browser();
    for _ in 0..3 {
        let page = ann.get(&path).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("<bdi>ann</bdi>"), "{page:?}");
        assert!(page.body.contains("autocomplete=\"new-password\""));
        // The code of the address is told to nobody else.
        assert_eq!(page.header("referrer-policy"), Some("same-origin"));
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let page = choose(&mut ann, &path, NEW, NEW).await;
    assert_eq!((page.status, page.header("location")), (303, Some("/log-in")));
    let page = ann.get("/log-in").await;
    assert!(page.text().contains("Your password is chosen. Log in with it."), "{page:?}");
    assert_eq!(log_in(&clinic, "ann", PASSWORD).await, 401);
    assert_eq!(log_in(&clinic, "ann", NEW).await, 303);
    for page in [
        ann.get(&path).await,
        choose(&mut ann, &path, "a third long one", "a third long one").await,
    ] {
        assert_eq!(page.status, 404);
        assert!(page.text().contains("This link was used before, or is too old."), "{page:?}");
        assert!(page.text().contains("Ask the front desk for a new one."));
    }
    assert_eq!(log_in(&clinic, "ann", NEW).await, 303);
}

#[tokio::test]
async fn a_used_a_replaced_an_old_and_a_made_up_code_are_told_alike() {
    let clinic = Clinic::open().await;
    let mut browser = clinic.browser();
    let replaced = link(&clinic, "ann", 1, DAY).await;
    let used = link(&clinic, "ann", 2, DAY).await;
    let old = link(&clinic, "bob", 3, -SignedDuration::from_mins(1)).await;
    let choosing = choose(&mut browser, &used, NEW, NEW).await;
    assert_eq!(choosing.status, 303);
    browser.get("/log-in").await;
    let made_up = "/password/0123-4567-89AB-CDEF".to_owned();
    let no_code = "/password/what".to_owned();
    let expected = browser.get(&made_up).await;
    assert_eq!(expected.status, 404);
    for path in [&replaced, &used, &old, &made_up, &no_code] {
        let page = browser.get(path).await;
        assert_eq!((page.status, &page.body), (404, &expected.body), "{path}");
        let page = choose(&mut browser, path, "yet another long one", "yet another long one").await;
        assert_eq!((page.status, &page.body), (404, &expected.body), "{path}");
    }
    assert_eq!(log_in(&clinic, "ann", NEW).await, 303);
    assert_eq!(log_in(&clinic, "bob", PASSWORD).await, 303);
}

#[tokio::test]
async fn a_password_that_is_not_taken_is_told_with_what_would_be() {
    let clinic = Clinic::open().await;
    let path = link(&clinic, "ann", 1, DAY).await;
    let mut ann = clinic.browser();
    let (longest, too_many_bytes) = ("é".repeat(129), "x".repeat(600));
    for (password, again, told) in [
        ("seven77", "seven77", "This password is too short."),
        ("", "", "This password is too short."),
        (longest.as_str(), longest.as_str(), "This password is too long."),
        (too_many_bytes.as_str(), too_many_bytes.as_str(), "This password is too long."),
        ("password", "password", "one of those that everybody tries first"),
        ("Rendezvous", "Rendezvous", "The name of this program is no password."),
        (NEW, "something else", "The two passwords are not the same."),
    ] {
        let page = choose(&mut ann, &path, password, again).await;
        assert_eq!(page.status, 422, "{told}");
        assert!(page.text().contains(told), "{told}: {page:?}");
        assert!(page.text().contains("8 to 128 characters"));
        assert!(page.body.contains("role=\"alert\"") && page.body.contains("name=\"again\""));
        let shown = format!("value=\"{password}\"");
        assert!(password.is_empty() || !page.body.contains(&shown), "{page:?}");
    }
    // Nothing of that has used the link up.
    assert_eq!(choose(&mut ann, &path, NEW, NEW).await.status, 303);
    assert_eq!(log_in(&clinic, "ann", NEW).await, 303);
}

#[tokio::test]
async fn one_source_chooses_passwords_for_one_user_name_so_often_in_an_hour() {
    let clinic = Clinic::open().await;
    let mut browser = clinic.browser();
    for seed in 1..=10 {
        let path = link(&clinic, "ann", seed, DAY).await;
        assert_eq!(choose(&mut browser, &path, NEW, NEW).await.status, 303, "{seed}");
    }
    let path = link(&clinic, "ann", 11, DAY).await;
    let page = choose(&mut browser, &path, "one too many of them", "one too many of them").await;
    assert_eq!(page.status, 429, "{page:?}");
    assert!(page.text().contains("Too many wrong tries."));
    // The link is as good as before, and so is what bob may do.
    assert_eq!(browser.get(&path).await.status, 200);
    let path = link(&clinic, "bob", 12, DAY).await;
    assert_eq!(choose(&mut browser, &path, NEW, NEW).await.status, 303);
}

/// Where a log is kept in a test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_code_is_in_no_line_of_the_log() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // The pages are served on this thread.
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::info!("the log is kept");
    let clinic = Clinic::open().await;
    let path = link(&clinic, "ann", 1, DAY).await;
    let mut ann = clinic.browser();
    ann.get(&path).await;
    choose(&mut ann, &path, "short", "short").await;
    assert_eq!(choose(&mut ann, &path, NEW, NEW).await.status, 303);
    ann.get(&path).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is kept"));
    let code = path.trim_start_matches("/password/");
    assert!(!log.contains(code) && !log.contains(&code.replace('-', "")), "{log}");
}

#[tokio::test]
async fn the_page_is_there_in_every_language() {
    let clinic = Clinic::open().await;
    let path = link(&clinic, "ann", 1, DAY).await;
    for (language, title, short) in [
        ("en", "Choose a password", "This password is too short."),
        ("de", "Passwort wählen", "Dieses Passwort ist zu kurz."),
        ("es", "Elegir una contraseña", "Esta contraseña es demasiado corta."),
    ] {
        let mut browser = clinic.browser();
        browser.language = language;
        assert!(browser.get(&path).await.text().contains(title));
        let page = choose(&mut browser, &path, "short", "short").await;
        assert!(page.text().contains(short), "{page:?}");
        assert_eq!(browser.get("/password/what").await.status, 404);
    }
}
