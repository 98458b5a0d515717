//! The administrator's pages.

use center::Settled;
use domain::{AccountId, Entropy, OneTimePassword, PatientId, UserName};
use jiff::Timestamp;
use runtime::password::one_time;
use store::{AddPatient, Command, OperatorDeed, Outcome, Query, Store as _};

use crate::browser::{Browser, Page};
use crate::clinic::{Clinic, PASSWORD};

/// What stands between two marks of a page.
fn between<'p>(page: &'p Page, before: &str, after: &str) -> &'p str {
    let rest = page.body.split_once(before).unwrap_or_else(|| panic!("{before}: {page:?}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("{after}: {page:?}")).0
}

/// The secret of base 32 that a page shows in groups (RFC 4648 §6).
fn secret_of(page: &Page) -> [u8; 20] {
    let shown = between(page, "secret=", "&");
    let digit = |letter: u8| match letter {
        b'A'..=b'Z' => u64::from(letter - b'A'),
        b'2'..=b'7' => u64::from(letter - b'2') + 26,
        other => panic!("{other} in {shown}"),
    };
    let digits: Vec<u64> = shown.bytes().map(digit).collect();
    let mut secret = [0; 20];
    for (group, bytes) in digits.chunks(8).zip(secret.chunks_mut(5)) {
        let number = group.iter().fold(0, |number, digit| number << 5 | digit);
        bytes.copy_from_slice(&number.to_be_bytes()[3..]);
    }
    secret
}

async fn log_in(browser: &mut Browser, user: &str, password: &str, one_time: &str) -> Page {
    let form = [("user", user), ("password", password), ("one_time", one_time)];
    browser.post("/log-in", &form).await
}

#[tokio::test]
async fn somebody_who_works_here_is_added_and_comes_in() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    let form = [("user", "stella"), ("name", "Stella Maris"), ("role", "front-desk")];
    let page = adam.post("/admin/accounts/add", &form).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.text().contains("This is shown only once."));
    assert!(page.body.contains("<svg") && !page.body.contains("style="), "{page:?}");
    let secret = secret_of(&page);
    let in_groups = between(&page, "Secret</dt><dd><code class=\"secret\">", "<").replace(' ', "");
    assert_eq!(in_groups, one_time::in_base32(&secret));
    let link = format!("/password/{}", between(&page, "/password/", "<"));

    let mut stella = clinic.browser();
    let password = "stella's own long one";
    let chosen = [("password", password), ("again", password)];
    assert_eq!(stella.post(&link, &chosen).await.status, 303);
    assert_eq!(log_in(&mut stella, "stella", password, "").await.status, 401);
    let code = one_time::shown_at(&secret, Timestamp::now());
    let page = log_in(&mut stella, "stella", password, &code).await;
    assert_eq!((page.status, page.header("location")), (303, Some("/desk")));

    let page = adam.get("/admin/accounts").await;
    assert!(page.text().contains("Stella Maris"), "{page:?}");
    let page = adam.post("/admin/accounts/add", &form).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("This user name is taken."));
    assert_eq!(page.value_of("user").as_deref(), Some("adam"), "the list is still there");
    assert!(page.body.contains("value=\"Stella Maris\""), "what was typed is kept");
}

#[tokio::test]
async fn an_account_that_cannot_be_is_told_and_not_added() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    for (user, name, role, told) in [
        ("two words", "", "front-desk", "This cannot be a user name."),
        ("", "", "front-desk", "This cannot be a user name."),
        ("eve", "\u{7}", "front-desk", "The name of the person cannot be read."),
        ("eve", "", "patient", "No role was chosen."),
        ("eve", "", "doctor", "No role was chosen."),
        ("eve", "", "", "No role was chosen."),
    ] {
        let form = [("user", user), ("name", name), ("role", role)];
        let page = adam.post("/admin/accounts/add", &form).await;
        assert_eq!(page.status, 422, "{told}");
        assert!(page.text().contains(told) && page.body.contains("role=\"alert\""), "{page:?}");
        assert!(page.body.contains(&format!("name=\"user\" value=\"{user}\"")), "{page:?}");
    }
    let page = adam.post("/admin/accounts", &[("text", "eve")]).await;
    assert!(page.text().contains("No user name holds this text."), "{page:?}");
}

#[tokio::test]
async fn a_new_authenticator_ends_what_the_old_one_opened() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    let mut frank = clinic.logged_in("frank").await;
    let page = adam.post("/admin/accounts/authenticator", &[("user", "frank")]).await;
    assert_eq!(page.status, 200, "{page:?}");
    let secret = secret_of(&page);
    assert_ne!(secret, [7; 20]);
    assert!(!page.body.contains("/password/"), "the password stays");
    assert_eq!(frank.get("/admin/doctors").await.header("location"), Some("/log-in?over"));
    let code = one_time::shown_at(&secret, Timestamp::now());
    assert!(OneTimePassword::try_from(code.clone()).is_ok());
    assert_eq!(log_in(&mut frank, "frank", PASSWORD, &code).await.status, 303);
    let page = adam.post("/admin/accounts/authenticator", &[("user", "nobody")]).await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("There is no account with this user name."), "{page:?}");
}

#[tokio::test]
async fn whoever_forgot_the_password_gets_a_link_and_the_last_one_counts() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    let mut links = Vec::new();
    for _ in 0..2 {
        let page = adam.post("/admin/accounts/link", &[("user", "ann")]).await;
        assert_eq!(page.status, 200, "{page:?}");
        assert!(page.body.contains(&format!("http://{}/password/", clinic.address)));
        assert!(!page.body.contains("otpauth"), "no authenticator is touched");
        links.push(format!("/password/{}", between(&page, "/password/", "<")));
    }
    let mut ann = clinic.browser();
    assert_eq!(ann.get(&links[0]).await.status, 404);
    let chosen = [("password", "a wholly new one"), ("again", "a wholly new one")];
    assert_eq!(ann.post(&links[1], &chosen).await.status, 303);
    assert_eq!(log_in(&mut ann, "ann", "a wholly new one", "").await.status, 303);
    let page = adam.post("/admin/accounts/link", &[("user", "nobody")]).await;
    assert_eq!(page.status, 404, "{page:?}");
}

#[tokio::test]
async fn accounts_are_found_by_a_part_of_their_names_and_shown_in_pages() {
    let clinic = Clinic::open().await;
    for number in 0..60u8 {
        let now = Timestamp::now();
        let add = AddPatient {
            account: AccountId::fresh(now, &Entropy([number + 1; 32])),
            patient: PatientId::fresh(now, &Entropy([number + 130; 32])),
            user: UserName::new(&format!("many{number:02}")).unwrap(),
            password: store::PasswordHash::new("none".to_owned()),
            name: None,
        };
        let settled = clinic.runtime.commit(Command::AddPatient(add)).await;
        assert!(matches!(settled, Settled::Decided(Outcome::Done)), "{settled:?}");
    }
    let mut adam = clinic.logged_in("adam").await;
    let page = adam.post("/admin/accounts", &[("text", "many")]).await;
    assert!(page.body.contains("<bdi>many00</bdi>") && page.body.contains("<bdi>many49</bdi>"));
    assert!(!page.body.contains("<bdi>many50</bdi>") && !page.body.contains("<bdi>ann</bdi>"));
    let after = page.value_of("after").unwrap();
    let page = adam.post("/admin/accounts", &[("text", "many"), ("after", &after)]).await;
    assert!(page.body.contains("<bdi>many50</bdi>") && page.body.contains("<bdi>many59</bdi>"));
    assert!(!page.body.contains("<bdi>many49</bdi>"));
    assert_eq!(page.value_of("after"), None);
    let page = adam.post("/admin/accounts", &[("text", "any3%")]).await;
    assert!(page.text().contains("No user name holds this text."), "{page:?}");
}

#[tokio::test]
async fn who_is_logged_in_is_shown_and_can_be_ended() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    let mut ann = clinic.logged_in("ann").await;
    let mut bob = clinic.logged_in("bob").await;
    let page = adam.get("/admin/sessions").await;
    let row = page.body.split("<bdi>ann</bdi>").nth(1).unwrap();
    let session = row.split("name=\"session\" value=\"").nth(1).unwrap();
    let session = session.split('"').next().unwrap().to_owned();
    let page = adam.submit("/admin/sessions/end", &[("session", &session)]).await;
    assert!(page.text().contains("The session is ended."), "{page:?}");
    assert!(!page.body.contains("<bdi>ann</bdi>") && page.body.contains("<bdi>bob</bdi>"));
    assert_eq!(ann.get("/admin/sessions").await.header("location"), Some("/log-in?over"));
    for gone in [session.as_str(), "what"] {
        let page = adam.post("/admin/sessions/end", &[("session", gone)]).await;
        assert_eq!(page.status, 422, "{page:?}");
        assert!(page.text().contains("This session has ended already."));
    }
    let page = adam.submit("/admin/accounts/end-sessions", &[("user", "bob")]).await;
    assert!(page.text().contains("All log-ins of the account are ended."), "{page:?}");
    assert_eq!(bob.get("/admin/sessions").await.header("location"), Some("/log-in?over"));
    // One's own, too: then one logs in again.
    let page = adam.post("/admin/accounts/end-sessions", &[("user", "adam")]).await;
    assert_eq!(page.status, 303);
    assert_eq!(adam.get("/admin/accounts").await.header("location"), Some("/log-in?over"));
}

#[tokio::test]
async fn a_doctor_is_described_and_offered_a_code() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    let page = adam.get("/admin/doctors").await;
    assert!(page.text().contains("Not enrolled"), "{page:?}");
    assert!(page.body.contains("href=\"/schedule?doctor="), "the administrator has that right");
    assert!(!page.body.contains("href=\"/desk?doctor="), "and not that one");
    assert!(!page.text().contains("Waits to be used"));

    let form = [("doctor", "doc1"), ("shown_name", "Dr Ana <Ruiz>"), ("specialty", "Skin")];
    let page = adam.submit("/admin/doctors/describe", &form).await;
    assert!(page.text().contains("The doctor is shown like that from now on."), "{page:?}");
    assert!(page.body.contains("Dr Ana &#60;Ruiz&#62;"), "{page:?}");
    assert!(page.body.contains("<bdi>Skin</bdi>"));
    let form = [("doctor", "doc1"), ("shown_name", "\u{202e}"), ("specialty", "Eyes")];
    let page = adam.post("/admin/doctors/describe", &form).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("The name or the specialty cannot be read."), "{page:?}");
    assert!(page.body.contains("value=\"Eyes\""), "what was typed is kept");
    let form = [("doctor", "doc9"), ("shown_name", ""), ("specialty", "")];
    assert_eq!(adam.post("/admin/doctors/describe", &form).await.status, 404);

    let page = adam.post("/admin/doctors/offer", &[("doctor", "doc2")]).await;
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.text().contains("rendezvous doctor doc2 --center clinic.example:21000"));
    let code = between(&page, "<code class=\"secret\">", "<");
    assert!(domain::EnrolmentCode::try_from(code.to_owned()).is_ok(), "{code}");
    assert!(adam.get("/admin/doctors").await.text().contains("Waits to be used"));
    assert_eq!(adam.post("/admin/doctors/offer", &[("doctor", "doc9")]).await.status, 404);
}

#[tokio::test]
async fn plans_are_offered_one_a_line() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    let page = adam.submit("/admin/plans", &[("plans", "silver\r\ngold\r\n\r\ngold")]).await;
    assert!(page.text().contains("These plans are offered from now on."), "{page:?}");
    assert!(page.body.contains("gold\nsilver</textarea>"), "{page:?}");
    let page = adam.post("/admin/plans", &[("plans", "bronze\r\ntwo words")]).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("Line 2 is no name of a plan."), "{page:?}");
    assert!(page.body.contains("two words</textarea>"), "what was typed is kept");
    assert!(!adam.get("/admin/plans").await.body.contains("bronze"));
}

#[tokio::test]
async fn the_audit_is_read_backwards_by_day_and_by_patient_and_each_look_is_recorded() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    adam.submit("/admin/plans", &[("plans", "gold")]).await;
    let page = adam.get("/admin/audit").await;
    let records: Vec<&str> = page.body.split("<th scope=\"row\">").skip(1).collect();
    let number = |record: &&str| record.split('<').next().unwrap().parse::<u64>().unwrap();
    let numbers: Vec<u64> = records.iter().map(number).collect();
    assert!(numbers.is_sorted_by(|one, next| one > next), "{numbers:?}");
    assert!(records[0].contains("Look at the audit") && records[0].contains("<bdi>adam</bdi>"));
    assert!(records[0].contains("<code>127.0.0.1</code>"), "{}", records[0]);
    assert!(records[1].contains("Change the plans") && records[1].contains("Done"));
    let again = adam.get("/admin/audit").await;
    let first = again.body.split("<th scope=\"row\">").nth(1).unwrap();
    assert_eq!(number(&first), numbers[0] + 1);

    let today = Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let page = adam.post("/admin/audit", &[("day", &today.to_string())]).await;
    assert!(page.text().contains("Change the plans"), "{page:?}");
    let page = adam.post("/admin/audit", &[("day", "2001-01-01")]).await;
    assert!(page.text().contains("There is no such record."), "{page:?}");

    let ann = Query::Account(UserName::new("ann").unwrap());
    let found = clinic.store.reader().unwrap().read(&ann);
    let Ok(store::Answer::Account(Some(record))) = found else {
        panic!("ann has an account");
    };
    let patient = record.patient.unwrap().to_string();
    let page = adam.post("/admin/audit", &[("patient", &patient)]).await;
    assert!(page.text().contains("Add a patient"), "{page:?}");
    assert!(!page.text().contains("Change the plans"));
    for (field, wrong, told) in
        [("day", "yesterday", "This is no day."), ("patient", "ann", "This is no patient’s id.")]
    {
        let page = adam.post("/admin/audit", &[(field, wrong)]).await;
        assert_eq!(page.status, 422);
        assert!(page.text().contains(told), "{page:?}");
    }
}

#[tokio::test]
async fn a_long_audit_comes_in_pages() {
    let clinic = Clinic::open().await;
    for _ in 0..120 {
        let settled = clinic.runtime.commit(Command::Operated(OperatorDeed::LookAtSlots)).await;
        assert!(matches!(settled, Settled::Decided(Outcome::Done)), "{settled:?}");
    }
    let mut adam = clinic.logged_in("adam").await;
    let mut page = adam.get("/admin/audit").await;
    let (mut seen, mut pages) = (0, 1);
    loop {
        seen += page.text().matches("Look at all slots").count();
        let Some(before) = page.value_of("before") else { break };
        page = adam.post("/admin/audit", &[("before", &before)]).await;
        pages += 1;
    }
    assert_eq!((seen, pages), (120, 2));
}

#[tokio::test]
async fn every_page_speaks_every_language() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    adam.submit("/admin/plans", &[("plans", "gold")]).await;
    for (path, english, german, spanish) in [
        ("/admin/doctors", "Doctors", "Ärztinnen und Ärzte", "Médicos"),
        ("/admin/plans", "Plans, one a line", "Tarife, einer je Zeile", "Planes, uno por línea"),
        ("/admin/accounts", "Second factor", "Zweiter Faktor", "Segundo factor"),
        ("/admin/sessions", "Who is logged in", "Wer angemeldet ist", "Sesiones abiertas"),
        ("/admin/audit", "Look at the audit", "Protokoll ansehen", "Ver el registro"),
    ] {
        for (language, expected) in [("en", english), ("de", german), ("es", spanish)] {
            adam.language = language;
            let page = adam.get(path).await;
            assert_eq!(page.status, 200, "{page:?}");
            assert!(page.text().contains(expected), "{path} {language} {page:?}");
            assert_eq!(page.body.matches("<h1>").count(), 1);
            assert!(!page.body.contains("style=\""));
        }
    }
    for language in ["de", "es"] {
        adam.language = language;
        for (path, form) in [
            ("/admin/accounts/link", [("user", "ann")]),
            ("/admin/accounts/authenticator", [("user", "frank")]),
            ("/admin/doctors/offer", [("doctor", "doc1")]),
        ] {
            let page = adam.post(path, &form).await;
            assert_eq!(page.status, 200, "{page:?}");
            assert!(!page.text().contains("This is shown only once."), "{page:?}");
        }
    }
}
