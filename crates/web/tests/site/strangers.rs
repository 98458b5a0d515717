//! Other sites, other hosts, other people's sessions: what a browser can be made to do with the pages.

use crate::browser::{Browser, Page, raw};
use crate::clinic::{Clinic, PASSWORD};

const ASKED: [(&str, &str); 2] = [("user", "ann"), ("password", PASSWORD)];

/// A log-in that comes with these headers.
async fn log_in_with(clinic: &Clinic, headers: &[(&str, &str)]) -> Page {
    let body: Vec<String> =
        ASKED.iter().map(|(name, value)| format!("{name}={}", value.replace(' ', "+"))).collect();
    clinic.browser().ask("POST", "/log-in", Some(body.join("&")), headers).await
}

#[tokio::test]
async fn a_form_from_another_site_changes_nothing() {
    let clinic = Clinic::open().await;
    let here = format!("http://{}", clinic.address);
    let at_another_port = "http://127.0.0.1:1";
    for (headers, expected) in [
        (vec![("Sec-Fetch-Site", "same-origin"), ("Origin", &*here)], 303),
        (vec![("Sec-Fetch-Site", "same-origin")], 303),
        (vec![("Sec-Fetch-Site", "none")], 303),
        (vec![("Origin", &*here)], 303),
        (vec![("Sec-Fetch-Site", "cross-site"), ("Origin", "https://evil.example")], 403),
        (vec![("Sec-Fetch-Site", "same-site"), ("Origin", at_another_port)], 403),
        (vec![("Sec-Fetch-Site", "cross-site")], 403),
        (vec![("Sec-Fetch-Site", "anything")], 403),
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Origin", at_another_port)], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", "")], 403),
        (vec![("Referer", &*here)], 403),
        (vec![], 403),
    ] {
        let page = log_in_with(&clinic, &headers).await;
        assert_eq!(page.status, expected, "{headers:?}");
        let is_in = page.headers.iter().any(|(_, value)| value.starts_with("__Host-session="));
        assert_eq!(is_in, expected == 303, "{headers:?}");
        let told = page.text().contains("This form was not sent from our pages.");
        assert_eq!(told, expected == 403, "{headers:?}: {page:?}");
    }
}

#[tokio::test]
async fn nobody_acts_with_anothers_session_from_elsewhere() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let page = ann.ask("POST", "/log-out", None, &[("Origin", "https://evil.example")]).await;
    assert_eq!(page.status, 403);
    let page = ann.ask("POST", "/log-out", None, &[]).await;
    assert_eq!(page.status, 403);
    // And a link does nothing at all.
    assert_eq!(ann.get("/log-out").await.status, 405);
    assert!(ann.get("/slots").await.text().contains("My appointments"));
}

#[tokio::test]
async fn a_session_that_somebody_else_planted_is_not_taken_over() {
    let clinic = Clinic::open().await;
    let mut eve = clinic.logged_in("bob").await;
    let planted = eve.cookie("__Host-session").unwrap().to_owned();
    let cookie = format!("__Host-session={planted}");
    let headers = [("Sec-Fetch-Site", "same-origin"), ("Cookie", cookie.as_str())];
    let page = log_in_with(&clinic, &headers).await;
    assert_eq!(page.status, 303);
    let given = page.headers.iter().find(|(_, value)| value.starts_with("__Host-session="));
    let (_, line) = given.expect("a session of its own");
    assert!(!line.contains(&planted), "the planted one");
    for word in ["; Path=/", "; Secure", "; HttpOnly", "; SameSite=Lax"] {
        assert!(line.contains(word), "{line}");
    }
    let text = eve.get("/slots").await.text();
    assert!(!text.contains("<bdi>ann</bdi>"), "{text}");
}

#[tokio::test]
async fn a_choice_of_language_sends_nobody_elsewhere() {
    let clinic = Clinic::open().await;
    let here = format!("http://{}", clinic.address);
    for (referer, expected) in [
        (format!("{here}/log-in?over"), "/log-in?over"),
        (format!("{here}//evil.example"), "/slots"),
        ("https://evil.example/log-in".to_owned(), "/slots"),
    ] {
        let headers = [("Origin", here.as_str()), ("Referer", referer.as_str())];
        let body = Some("language=de&back=https://evil.example".to_owned());
        let page = clinic.browser().ask("POST", "/language", body, &headers).await;
        assert_eq!(page.header("location"), Some(expected), "{referer}");
    }
}

#[tokio::test]
async fn another_host_name_is_in_no_page_and_has_no_session() {
    let clinic = Clinic::open().await;
    let ann = clinic.logged_in("ann").await;
    assert!(ann.cookie("__Host-session").is_some());
    // A name that was made to mean this address: the browser has no cookie for it.
    for path in ["/slots", "/log-in", "/nowhere", "/"] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n\
             Connection: close\r\n\r\n"
        );
        let page = raw(clinic.address, request.as_bytes()).await;
        assert!(!format!("{page:?}").contains("evil.example"), "{path}");
        assert!(!page.text().contains("My appointments"), "{path}");
    }
}

/// What every answer must say.
fn check_headers(what: &str, page: &Page) {
    let policy = page.header("content-security-policy").unwrap_or_default();
    for word in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
        assert!(policy.contains(word), "{what}: {page:?}");
    }
    assert!(!policy.contains("unsafe"), "{what}");
    for (name, value) in [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        assert_eq!(page.header(name), Some(value), "{what}");
    }
}

#[tokio::test]
async fn every_answer_says_what_a_browser_must_keep_to_and_none_is_kept() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let long = "a".repeat(20_000);
    let origin = ("Sec-Fetch-Site", "same-origin");
    let mut seen = Vec::new();
    for (method, path, body, headers) in [
        ("GET", "/slots", None, vec![]),
        ("HEAD", "/slots", None, vec![]),
        ("GET", "/", None, vec![]),
        ("GET", "/nowhere", None, vec![]),
        ("GET", "/static/none.css", None, vec![]),
        ("GET", "/language", None, vec![]),
        ("DELETE", "/slots", None, vec![]),
        ("POST", "/slots", Some(String::new()), vec![origin]),
        ("POST", "/log-in", Some("user=ann".to_owned()), vec![origin]),
        ("POST", "/log-in", Some(long.clone()), vec![origin]),
        ("POST", "/log-in", Some(String::new()), vec![origin, ("Content-Encoding", "gzip")]),
        ("POST", "/log-in", Some(String::new()), vec![]),
        ("GET", "/slots", None, vec![("X-Long", long.as_str())]),
        ("GET", "/slots", None, vec![("X Y", "z")]),
    ] {
        let page = ann.ask(method, path, body, &headers).await;
        let what = format!("{method} {path} {}", page.status);
        check_headers(&what, &page);
        assert_eq!(page.header("cache-control"), Some("no-store"), "{what}");
        let is_empty = page.body.trim().is_empty();
        assert_eq!(is_empty, method == "HEAD" || page.status == 303, "{what}: {page:?}");
        seen.push(page.status);
    }
    assert_eq!(seen, [200, 200, 303, 404, 404, 405, 405, 405, 422, 413, 415, 403, 431, 400]);
}

#[tokio::test]
async fn what_never_changes_is_kept_and_has_no_secret_in_it() {
    let clinic = Clinic::open().await;
    let mut browser: Browser = clinic.browser();
    let page = browser.get("/slots").await;
    let style = page.body.split("href=\"").find(|rest| rest.starts_with("/static/")).unwrap();
    let style = style.split('"').next().unwrap();
    let page = browser.get(style).await;
    check_headers(style, &page);
    assert_eq!(page.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(page.header("set-cookie"), None);
}
