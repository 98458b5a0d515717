//! Logging in and out, and what every page brings.

use crate::clinic::{Clinic, PASSWORD};

#[tokio::test]
async fn a_patient_logs_in_and_out() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    assert!(ann.cookie("__Host-session").is_some());
    let page = ann.get("/slots").await;
    assert!(page.text().contains("My appointments"), "{page:?}");
    let page = ann.submit("/log-out", &[]).await;
    assert!(page.text().contains("You are logged out."), "{page:?}");
    assert!(!page.text().contains("My appointments"));
    assert_eq!(ann.cookie("__Host-session"), None);
}

#[tokio::test]
async fn who_logs_in_again_leaves_no_session_behind() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let before = ann.cookie("__Host-session").unwrap().to_owned();
    let form = [("user", "bob"), ("password", PASSWORD), ("one_time", "")];
    assert_eq!(ann.post("/log-in", &form).await.status, 303);
    let mut thief = clinic.browser();
    thief.forge_cookie("__Host-session", &before);
    assert_eq!(thief.get("/appointments").await.header("location"), Some("/log-in?over"));
}

#[tokio::test]
async fn a_wrong_password_is_told_on_the_page_and_sets_nothing() {
    let clinic = Clinic::open().await;
    let mut eve = clinic.browser();
    let page = eve.post("/log-in", &[("user", "ann"), ("password", "wrong one")]).await;
    assert_eq!(page.status, 401);
    assert!(page.text().contains("That did not match."));
    assert_eq!(eve.cookie("__Host-session"), None);
}

#[tokio::test]
async fn everybody_is_spoken_to_in_their_language() {
    let clinic = Clinic::open().await;
    for (asked, expected) in [
        ("de-AT,de;q=0.9", "Termin finden"),
        ("es", "Buscar hora"),
        ("fr", "Find a slot"),
        ("fr, de;q=0.5", "Termin finden"),
    ] {
        let mut browser = clinic.browser();
        browser.language = asked;
        assert!(browser.get("/slots").await.text().contains(expected), "{asked}");
    }
}
