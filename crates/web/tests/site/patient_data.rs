//! What is the patient's own: the data, the plan, the household, the files to take along.

use domain::{Entropy, PatientId, Person, PersonName, SessionToken};
use jiff::Timestamp;
use protocol::ticket::SigningKey;
use store::{Actor, AddDependant, AddPerson, Command, Outcome, Store as _};

use crate::clinic::Clinic;
use crate::patient::{book, free, patient_of};
use crate::practice::{Doctor, Manner};

/// Lets ann act for her child Emma, whose id is given.
fn add_emma(clinic: &Clinic) -> PatientId {
    let emma = PatientId::fresh(Timestamp::now(), &Entropy([77; 32]));
    let name = PersonName::new("Emma Example").unwrap();
    let person = Person { name: Some(name), ..Person::default() };
    let add = AddPerson { patient: emma, person, actor: Actor::Operator };
    let user = "ann".parse().unwrap();
    let tend = AddDependant { user, patient: emma, actor: Actor::Operator };
    let commands = [Command::AddPerson(add), Command::AddDependant(tend)];
    let mut writer = clinic.store.writer().unwrap();
    let outcomes = writer.commit(Timestamp::now(), &commands).unwrap();
    assert_eq!(outcomes, [Outcome::Done, Outcome::Done]);
    emma
}

#[tokio::test]
async fn somebody_books_for_a_child_and_for_herself() {
    let clinic = Clinic::open().await;
    let emma = add_emma(&clinic).to_string();
    let mut ann = clinic.logged_in("ann").await;
    let page = ann.submit("/me/patient", &[("patient", &emma)]).await;
    assert!(page.text().contains("From now on these pages are about"), "{page:?}");
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    let emmas = book(&mut ann, &slot).await;
    let list = ann.get("/appointments").await;
    assert!(list.text().contains("Emma Example") && list.body.contains(&emmas), "{list:?}");

    let own = patient_of("ann", &clinic).to_string();
    ann.post("/me/patient", &[("patient", &own)]).await;
    let list = ann.get("/appointments").await;
    assert!(list.text().contains("ann Example") && !list.body.contains(&emmas), "{list:?}");
    let page = ann.get(&emmas).await;
    assert_eq!(page.status, 200, "a link to the child's appointment works all the same");
    assert!(page.text().contains("Emma Example"), "{page:?}");

    // A form is about whom its page was, whoever was chosen meanwhile in another window.
    ann.post("/me/patient", &[("patient", &emma)]).await;
    let slot = free(&clinic, "doc1", 1).await.remove(0).id.to_string();
    let page = ann.submit("/slots/hold", &[("slot", &slot)]).await;
    let (patient, request) = (page.value_of("patient"), page.value_of("request"));
    let (patient, request) = (patient.unwrap(), request.unwrap());
    assert_eq!(patient, emma);
    ann.post("/me/patient", &[("patient", &own)]).await;
    let form = [("slot", slot.as_str()), ("request", &request), ("patient", &patient)];
    let page = ann.submit("/book", &form).await;
    assert!(page.text().contains("Emma Example"), "{page:?}");

    // Whoever a forged cookie names, the account is asked.
    let bobs = patient_of("bob", &clinic).to_string();
    for forged in [bobs.as_str(), "nonsense", ""] {
        ann.forge_cookie("__Host-patient", forged);
        let page = ann.get("/me").await;
        assert_eq!(page.status, 200, "{forged}");
        assert!(page.text().contains("ann Example"), "{forged}: {page:?}");
        assert!(!page.text().contains("bob Example"), "{forged}: {page:?}");
    }
}

#[tokio::test]
async fn a_plan_is_kept_for_the_patient_and_a_wrong_one_is_given_back() {
    let clinic = Clinic::open().await;
    let emma = add_emma(&clinic).to_string();
    let mut ann = clinic.logged_in("ann").await;
    let page = ann.submit("/me/plan", &[("plan", "  Basic ")]).await;
    assert!(page.text().contains("Your plan is kept."), "{page:?}");
    assert_eq!(page.value_of("plan").as_deref(), Some("Basic"));
    let page = ann.post("/me/plan", &[("plan", "two words")]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.value_of("plan").as_deref(), Some("two words"));
    assert!(page.body.contains("aria-invalid=\"true\""), "{page:?}");
    let mut elsewhere = clinic.logged_in("ann").await;
    assert_eq!(elsewhere.get("/me").await.value_of("plan").as_deref(), Some("Basic"));
    let page = ann.submit("/me/patient", &[("patient", &emma)]).await;
    assert_eq!(page.value_of("plan").as_deref(), Some(""), "a child has a plan of its own");
    let page = elsewhere.submit("/me/plan", &[("plan", "")]).await;
    assert!(page.text().contains("No plan is kept any more."), "{page:?}");
    assert_eq!(page.value_of("plan").as_deref(), Some(""));
}

#[tokio::test]
async fn everything_held_about_a_patient_is_a_file_without_secrets() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    book(&mut ann, &slot).await;
    ann.post("/me/plan", &[("plan", "Basic")]).await;
    let page = ann.post("/me/export", &[]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("application/json"));
    let name = "attachment; filename=\"my-data.json\"";
    assert_eq!(page.header("content-disposition"), Some(name));
    let data: serde_json::Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(data["users"], serde_json::json!(["ann"]));
    assert_eq!(data["person"]["name"], "ann Example");
    assert_eq!(data["person"]["plan"], "Basic");
    assert_eq!(data["appointments"].as_array().unwrap().len(), 1);
    assert_eq!(data["appointments"][0]["history"][0]["what"], "booked");
    assert!(!data["deeds"].as_array().unwrap().is_empty());
    let token = ann.cookie("__Host-session").unwrap();
    for secret in ["argon2", PASSWORD_WORD, token, "bob"] {
        assert!(!page.body.contains(secret), "{secret}");
    }
}

/// What would give a password away.
const PASSWORD_WORD: &str = "long enough";

#[tokio::test]
async fn a_patient_sees_who_looked_at_the_data() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let page = ann.get("/me/accesses").await;
    assert!(!page.text().contains("Front desk"), "{page:?}");
    let frank = clinic.logged_in("frank").await;
    let token = frank.cookie("__Host-session").unwrap().to_owned();
    let token = SessionToken::try_from(token).unwrap();
    let now = Timestamp::now();
    let come_back = center::errand::come_back(&token, [127, 0, 0, 1].into(), now);
    let account = clinic.runtime.run(come_back).await.unwrap();
    let tending = account.tend_for(patient_of("ann", &clinic)).unwrap();
    clinic.runtime.run(tending.person(now)).await.unwrap();
    clinic.runtime.run(tending.appointments(now)).await.unwrap();
    let page = ann.get("/me/accesses").await;
    assert!(page.text().contains("Front desk"), "{page:?}");
    assert!(page.text().contains("Looked at who you are."), "{page:?}");
    assert!(page.text().contains("Looked at your appointments."), "{page:?}");
    let mut bob = clinic.logged_in("bob").await;
    assert!(!bob.get("/me/accesses").await.text().contains("Front desk"));
}

#[tokio::test]
async fn an_appointment_is_taken_along_as_a_calendar_file() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let slots = free(&clinic, "doc1", 2).await;
    let path = book(&mut ann, &slots[0]).await;
    let file = ann.get(&format!("{path}/calendar.ics")).await;
    let kind = "text/calendar; charset=utf-8; method=PUBLISH";
    assert_eq!(file.header("content-type"), Some(kind));
    let id = path.rsplit('/').next().unwrap();
    let begin = slots[0].start.strftime("%Y%m%dT%H%M%SZ").to_string();
    for line in [
        format!("UID:{id}@127.0.0.1"),
        "SEQUENCE:0".to_owned(),
        format!("DTSTART:{begin}"),
        "SUMMARY:Visit to doc1".to_owned(),
        "STATUS:CONFIRMED".to_owned(),
    ] {
        assert!(file.body.contains(&format!("\r\n{line}\r\n")), "{line}: {file:?}");
    }
    let slot = slots[1].id.to_string();
    ann.post(&format!("{path}/move"), &[("slot", &slot), ("request", "m")]).await;
    ann.post(&format!("{path}/cancel"), &[("request", "c")]).await;
    let file = ann.get(&format!("{path}/calendar.ics")).await;
    for line in [format!("UID:{id}@127.0.0.1"), "SEQUENCE:2".into(), "STATUS:CANCELLED".into()] {
        assert!(file.body.contains(&format!("\r\n{line}\r\n")), "{line}: {file:?}");
    }
}

#[tokio::test]
async fn without_a_signed_estimate_a_page_says_why_and_what_to_do() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    let path = format!("{}/estimate", book(&mut ann, &slot).await);
    let page = ann.get(&path).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("No plan is chosen."), "{page:?}");
    ann.post("/me/plan", &[("plan", "Basic")]).await;
    let page = ann.get(&path).await;
    assert_eq!(page.status, 404, "{page:?}");
    assert!(page.text().contains("This doctor does not sign estimates online."), "{page:?}");
    assert!(page.text().contains("Your appointment stands."), "{page:?}");
}

#[tokio::test]
async fn the_doctors_own_price_stands_beside_the_slot_and_can_be_taken_along_signed() {
    let clinic = Clinic::open().await;
    let _doctor = Doctor::enrol(&clinic, "doc1", Manner::Answers).await;
    let mut ann = clinic.logged_in("ann").await;
    ann.post("/me/plan", &[("plan", "gold")]).await;
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    ann.post("/slots/hold", &[("slot", &slot.id.to_string())]).await;
    let mut price = ann.get("/deciding/price/0").await;
    while price.body.contains("data-refresh") {
        price = ann.get("/deciding/price/0").await;
    }
    assert!(price.text().contains("30.50") && price.text().contains("with gold"), "{price:?}");
    assert!(ann.get("/deciding").await.text().contains("30.50"));
    let path = book(&mut ann, &slot).await;
    assert!(ann.get(&path).await.text().contains("30.50"));
    let page = ann.get(&format!("{path}/estimate")).await;
    assert_eq!(page.status, 200, "{page:?}");
    let name = "attachment; filename=\"estimate.json\"";
    assert_eq!(page.header("content-disposition"), Some(name));
    let file = protocol::EstimateFile::from_text(&page.body).unwrap();
    // The center of `Clinic::open` vouches for its doctors with this key.
    let center = SigningKey::from_seed([9; 32]).unwrap().verifying_key();
    let claims = file.verify(&center).unwrap();
    assert_eq!(claims.price.to_string(), "30.50");
    assert_eq!(claims.patient, patient_of("ann", &clinic));

    ann.post("/me/plan", &[("plan", "Tin")]).await;
    let page = ann.get(&format!("{path}/estimate")).await;
    assert_eq!(page.status, 409, "{page:?}");
    assert!(page.text().contains("Your plan does not cover this visit."), "{page:?}");
}

#[tokio::test]
async fn a_doctor_who_does_not_answer_blocks_no_page_and_no_booking() {
    let clinic = Clinic::open().await;
    let _doctor = Doctor::enrol(&clinic, "doc1", Manner::Silent).await;
    let mut ann = clinic.logged_in("ann").await;
    ann.post("/me/plan", &[("plan", "gold")]).await;
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    let page = ann.submit("/slots/hold", &[("slot", &slot.id.to_string())]).await;
    assert!(page.body.contains("data-refresh=\"/deciding/price/0\""), "{page:?}");
    let path = book(&mut ann, &slot).await;
    let page = ann.get(&format!("{path}/estimate")).await;
    assert_eq!(page.status, 503, "{page:?}");
    assert!(page.text().contains("The doctor does not answer right now."), "{page:?}");
    assert!(page.text().contains("Your appointment stands all the same."), "{page:?}");
}

#[tokio::test]
async fn every_page_is_there_in_every_language_and_no_address_tells_anything() {
    let clinic = Clinic::open().await;
    add_emma(&clinic);
    let mut ann = clinic.logged_in("ann").await;
    let mut bob = clinic.logged_in("bob").await;
    let slots = free(&clinic, "doc1", 4).await;
    bob.post("/slots/hold", &[("slot", &slots[3].id.to_string())]).await;
    ann.post("/me/plan", &[("plan", "Basic")]).await;
    let path = book(&mut ann, &slots[0]).await;
    ann.post("/slots/hold", &[("slot", &slots[1].id.to_string())]).await;
    ann.post("/slots/hold", &[("slot", &slots[2].id.to_string())]).await;
    for language in ["en", "es", "de"] {
        ann.language = language;
        let mut pages = Vec::new();
        for address in ["/deciding", "/appointments", "/me", "/me/accesses"] {
            pages.push((200, ann.get(address).await));
        }
        for verb in ["", "/cancel", "/move", "/price"] {
            pages.push((200, ann.get(&format!("{path}{verb}")).await));
        }
        pages.push((200, ann.get("/deciding/price/0").await));
        pages.push((404, ann.get(&format!("{path}/estimate")).await));
        pages.push((404, ann.get("/deciding/price/7").await));
        let taken = slots[3].id.to_string();
        pages.push((409, ann.post("/book", &[("slot", &taken), ("request", "x")]).await));
        pages.push((409, ann.post("/slots/hold", &[("slot", "9")]).await));
        pages.push((422, ann.post("/me/plan", &[("plan", "a b")]).await));
        let wrong = [("reason", "\u{7}"), ("request", "y")];
        pages.push((422, ann.post(&format!("{path}/cancel"), &wrong).await));
        for (expected, page) in pages {
            assert_eq!(page.status, expected, "{language}: {page:?}");
            if page.body.contains("<html") {
                assert!(page.body.contains(&format!("<html lang=\"{language}\"")), "{page:?}");
                assert_eq!(page.body.matches("<h1").count(), 1, "{page:?}");
            }
            for address in addresses_of(&page.body) {
                assert!(tells_nothing(&address), "{address}");
            }
        }
    }
}

/// Where a page's links and forms lead.
fn addresses_of(html: &str) -> Vec<String> {
    let after = |mark: &str| {
        let pieces: Vec<String> = html
            .split(mark)
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
            .collect();
        pieces
    };
    ["href=\"", "action=\"", "data-refresh=\""].into_iter().flat_map(after).collect()
}

/// Whether an address is of words that every patient sees, places on a page, and random ids.
fn tells_nothing(address: &str) -> bool {
    let plain = |part: &str| {
        let word = part.bytes().all(|it| it.is_ascii_lowercase() || matches!(it, b'-' | b'.'));
        let place = part.len() == 1 && part.bytes().all(|it| it.is_ascii_digit());
        let random = part.len() == 36 && part.bytes().filter(|it| *it == b'-').count() == 4;
        word && !part.contains("doc") && !part.contains("ann") && !part.contains("asic")
            || place
            || random
    };
    address.starts_with("/static/")
        || address == "data:,"
        || address.starts_with('#')
        || address == "/me#plan"
        || address.split('/').all(plain)
}
