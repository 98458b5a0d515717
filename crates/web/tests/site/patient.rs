//! A patient decides, books, moves and cancels; another one is faster, or not.

use center::errand::{FreeSlotsWanted, Window, free_slots};
use domain::{DoctorName, Entropy, PatientId, Slot};
use jiff::{SignedDuration, Timestamp};
use store::{Actor, Command, Hold, Outcome, Store as _};

use crate::browser::{Browser, Page};
use crate::clinic::{Clinic, PASSWORD};

/// The first free slots of doc1, or of whoever is named.
pub(crate) async fn free(clinic: &Clinic, doctor: &str, limit: usize) -> Vec<Slot> {
    let now = Timestamp::now();
    let wanted = FreeSlotsWanted {
        doctors: vec![DoctorName::new(doctor).unwrap()],
        windows: vec![Window { from: now, until: Timestamp::MAX }],
        limit,
        ..FreeSlotsWanted::default()
    };
    clinic.runtime.run(free_slots(now, wanted)).await.unwrap().slots
}

/// Books a slot, and gives the path of the appointment.
pub(crate) async fn book(browser: &mut Browser, slot: &Slot) -> String {
    let slot = slot.id.to_string();
    let page = browser.submit("/slots/hold", &[("slot", &slot)]).await;
    assert_eq!(page.status, 200, "{page:?}");
    let request = page.value_of("request").unwrap();
    let page = browser.post("/book", &[("slot", &slot), ("request", &request)]).await;
    assert_eq!(page.status, 303, "{page:?}");
    page.header("location").unwrap().to_owned()
}

/// The patient of `Clinic::open` with this name.
pub(crate) fn patient_of(name: &str, clinic: &Clinic) -> PatientId {
    let query = store::Query::Patient(store::PatientChoice::User(name.parse().unwrap()));
    match clinic.store.reader().unwrap().read(&query).unwrap() {
        store::Answer::Patient(Some(record)) => record.patient,
        other => panic!("{other:?}"),
    }
}

fn offers(page: &Page, slot: &Slot) -> bool {
    page.body.contains(&format!("name=\"slot\" value=\"{}\"", slot.id))
}

#[tokio::test]
async fn a_patient_holds_books_moves_and_cancels_while_another_one_is_refused() {
    let clinic = Clinic::open().await;
    let slots = free(&clinic, "doc1", 4).await;
    let [first, second, third, fourth] = slots.as_slice() else { panic!("{slots:?}") };
    let mut ann = clinic.logged_in("ann").await;
    let mut bob = clinic.logged_in("bob").await;
    let (one, two) = (first.id.to_string(), second.id.to_string());

    let page = ann.submit("/slots/hold", &[("slot", &one)]).await;
    assert_eq!(page.status, 200);
    assert!(page.text().contains("doc1"), "{page:?}");
    assert!(page.body.contains("data-countdown=\""), "{page:?}");
    let request = page.value_of("request").unwrap();

    // A hold blocks others, who are told what is free instead.
    let refused = bob.post("/slots/hold", &[("slot", &one)]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("Someone has just taken 9:00 am."), "{refused:?}");
    let next = "The next free ones with doc1 are 10:00 am, 11:00 am and 12:00 pm.";
    assert!(refused.text().contains(next), "{refused:?}");
    assert!(!offers(&refused, first) && offers(&refused, second) && offers(&refused, third));
    assert!(offers(&refused, fourth));
    let other = &free(&clinic, "doc2", 1).await[0];
    assert!(offers(&refused, other), "the same time of another doctor is offered, too");

    let page = ann.submit("/book", &[("slot", &one), ("request", &request)]).await;
    assert!(page.text().contains("Your appointment is booked."), "{page:?}");
    assert!(page.text().contains("9:00 am"), "{page:?}");
    let refused = bob.post("/book", &[("slot", &one), ("request", "mine")]).await;
    assert_eq!(refused.status, 409);
    assert!(offers(&refused, second));

    // Moved: only then the old slot is free.
    let list = ann.get("/appointments").await;
    let path = appointment_path(&list);
    bob.post("/slots/hold", &[("slot", &two)]).await;
    let moving = format!("{path}/move");
    let refused = ann.post(&moving, &[("slot", &two), ("request", "move-1")]).await;
    assert_eq!(refused.status, 409);
    assert!(refused.text().contains("Someone has just taken 10:00 am."), "{refused:?}");
    assert!(offers(&refused, third) && !offers(&refused, second));
    assert!(!free(&clinic, "doc1", 1).await.contains(first), "the old slot stays");
    let three = third.id.to_string();
    let page = ann.submit(&moving, &[("slot", &three), ("request", "move-2")]).await;
    assert!(page.text().contains("Your appointment is moved."), "{page:?}");
    assert!(page.text().contains("11:00 am"), "{page:?}");
    assert!(free(&clinic, "doc1", 1).await.contains(first));

    // Cancelled, with a reason.
    let page = ann.get(&format!("{path}/cancel")).await;
    let request = page.value_of("request").unwrap();
    let form = [("reason", "I am well <again>"), ("request", request.as_str())];
    let page = ann.submit(&format!("{path}/cancel"), &form).await;
    assert!(page.text().contains("Your appointment is cancelled."), "{page:?}");
    assert!(page.body.contains("<bdi>I am well &#60;again&#62;</bdi>"), "{page:?}");
    let again = ann.get(&format!("{path}/cancel")).await;
    assert_eq!(again.status, 409);
    let list = ann.get("/appointments").await;
    assert!(list.text().contains("You have no appointment to come."), "{list:?}");
    assert!(list.text().contains("Cancelled"), "{list:?}");
    assert!(free(&clinic, "doc1", 8).await.contains(third));
}

fn appointment_path(page: &Page) -> String {
    let at = page.body.find("href=\"/appointments/").expect("an appointment is linked");
    page.body[at + "href=\"".len()..].split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_form_that_is_sent_twice_is_one_booking() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let slot = free(&clinic, "doc1", 1).await[0].id.to_string();
    let page = ann.submit("/slots/hold", &[("slot", &slot)]).await;
    let request = page.value_of("request").unwrap();
    let form = [("slot", slot.as_str()), ("request", request.as_str())];
    let first = ann.post("/book", &form).await;
    let second = ann.post("/book", &form).await;
    assert_eq!((first.status, second.status), (303, 303));
    assert_eq!(first.header("location"), second.header("location"));
    let list = ann.get("/appointments").await;
    assert_eq!(list.body.matches("href=\"/appointments/").count(), 1, "{list:?}");
}

#[tokio::test]
async fn a_stranger_logs_in_and_the_wanted_slot_is_held() {
    let clinic = Clinic::open().await;
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    let mut browser = clinic.browser();
    let page = browser.post("/slots/hold", &[("slot", &slot.id.to_string())]).await;
    assert_eq!(page.header("location"), Some("/log-in"));
    assert!(free(&clinic, "doc1", 1).await.contains(&slot), "nothing is held for nobody");
    let page = browser.post("/log-in", &[("user", "ann"), ("password", PASSWORD)]).await;
    assert_eq!(page.header("location"), Some("/deciding"));
    let page = browser.get("/deciding").await;
    assert_eq!(page.header("location"), Some("/deciding"));
    assert_eq!(browser.cookie("__Host-wanted"), None);
    let page = browser.get("/deciding").await;
    assert!(page.text().contains("Kept for you"), "{page:?}");
    assert!(!free(&clinic, "doc1", 1).await.contains(&slot));
    let page = browser.submit("/release", &[("slot", &slot.id.to_string())]).await;
    assert!(page.text().contains("The slot is released."), "{page:?}");
    assert!(page.text().contains("No slot is being kept for you."), "{page:?}");
    assert!(free(&clinic, "doc1", 1).await.contains(&slot));
}

#[tokio::test]
async fn somebody_whose_time_to_decide_is_over_is_told_and_can_try_again() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    let id = slot.id.to_string();
    ann.post("/slots/hold", &[("slot", &id)]).await;
    let over = Hold {
        patient: patient_of("ann", &clinic),
        actor: Actor::Operator,
        slot: slot.id,
        expires: Timestamp::now() - SignedDuration::from_secs(1),
        holds_max: 2,
    };
    let mut writer = clinic.store.writer().unwrap();
    let outcomes = writer.commit(Timestamp::now(), &[Command::Hold(over)]).unwrap();
    assert!(matches!(outcomes[0], Outcome::Held { .. }), "{outcomes:?}");
    drop(writer);

    let page = ann.get("/deciding").await;
    assert!(page.text().contains("The time to decide is over"), "{page:?}");
    assert!(!page.text().contains("Kept for you"), "{page:?}");
    assert!(offers(&page, &slot));
    let page = ann.submit("/slots/hold", &[("slot", &id)]).await;
    assert!(page.text().contains("Kept for you"), "{page:?}");
    assert!(!page.text().contains("The time to decide is over"), "{page:?}");
}

#[tokio::test]
async fn nobody_holds_more_than_two_slots() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let slots = free(&clinic, "doc1", 3).await;
    for slot in &slots[..2] {
        let page = ann.submit("/slots/hold", &[("slot", &slot.id.to_string())]).await;
        assert_eq!(page.status, 200);
    }
    let page = ann.post("/slots/hold", &[("slot", &slots[2].id.to_string())]).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("You are keeping two slots already."), "{page:?}");
    assert_eq!(page.body.matches("action=\"/release\"").count(), 2, "{page:?}");
    assert_eq!(page.body.matches("action=\"/book\"").count(), 2, "{page:?}");
    assert!(offers(&page, &slots[2]), "it can be tried again");
    assert!(free(&clinic, "doc1", 1).await.contains(&slots[2]));
}

#[tokio::test]
async fn what_is_anothers_is_refused_like_what_does_not_exist() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let mut bob = clinic.logged_in("bob").await;
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    let anns = book(&mut ann, &slot).await;
    let no_ones = format!(
        "/appointments/{}",
        domain::AppointmentId::fresh(Timestamp::now(), &Entropy([200; 32]))
    );
    for verb in ["", "/price", "/cancel", "/move", "/calendar.ics", "/estimate"] {
        let theirs = bob.get(&format!("{anns}{verb}")).await;
        assert_eq!(theirs.status, 404, "{verb}");
        for path in [no_ones.as_str(), "/appointments/1"] {
            let none = bob.get(&format!("{path}{verb}")).await;
            assert_eq!((none.status, &none.body), (404, &theirs.body), "{path}{verb}");
        }
    }
    let other = free(&clinic, "doc2", 1).await[0].id.to_string();
    let form = [("slot", other.as_str()), ("request", "mine"), ("reason", "")];
    for verb in ["/cancel", "/move"] {
        let theirs = bob.post(&format!("{anns}{verb}"), &form).await;
        let none = bob.post(&format!("{no_ones}{verb}"), &form).await;
        assert_eq!((theirs.status, none.status), (404, 404), "{verb}");
        assert_eq!(theirs.body, none.body, "{verb}");
    }
    assert!(ann.get(&anns).await.text().contains("9:00 am"), "ann has it still");

    let anns = patient_of("ann", &clinic).to_string();
    let no_ones = PatientId::fresh(Timestamp::now(), &Entropy([201; 32])).to_string();
    let theirs = bob.post("/me/patient", &[("patient", &anns)]).await;
    let none = bob.post("/me/patient", &[("patient", &no_ones)]).await;
    assert_eq!((theirs.status, none.status), (404, 404));
    assert_eq!(theirs.body, none.body);

    for slot in ["9999999", "-1", "x", ""] {
        for path in ["/slots/hold", "/book"] {
            let page = bob.post(path, &[("slot", slot), ("request", "other")]).await;
            assert_eq!(page.status, 404, "{path} {slot}");
        }
    }
    // Another's hold is not released, and nobody learns whether there is one.
    let slot = free(&clinic, "doc1", 1).await.remove(0);
    ann.post("/slots/hold", &[("slot", &slot.id.to_string())]).await;
    let theirs = bob.post("/release", &[("slot", &slot.id.to_string())]).await;
    let none = bob.post("/release", &[("slot", "9999999")]).await;
    assert_eq!(theirs.status, none.status);
    assert!(!free(&clinic, "doc1", 1).await.contains(&slot));
}

#[tokio::test]
async fn only_patients_have_these_pages() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let mut stranger = clinic.browser();
    for path in ["/deciding", "/appointments", "/me", "/me/accesses"] {
        assert_eq!(frank.get(path).await.status, 403, "{path}");
        assert_eq!(stranger.get(path).await.header("location"), Some("/log-in"), "{path}");
    }
}
