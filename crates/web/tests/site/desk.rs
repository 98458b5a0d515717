//! The front desk's day: who comes, who is on the phone, who is here.

use domain::{DoctorName, Service};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use store::{Actor, AddSlots, Answer, Command, NewSlot, Query, Store as _};

use crate::browser::{Browser, Page};
use crate::clinic::Clinic;

/// The day on which the first slots are: tomorrow.
pub(crate) fn tomorrow() -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.checked_add(Span::new().days(1)).unwrap().to_string()
}

/// The page from `mark` on, for reading the form that stands there.
pub(crate) fn from(page: &Page, mark: &str) -> Page {
    let text = page.text();
    let at = text.find(mark).unwrap_or_else(|| panic!("no {mark} in {text}"));
    Page { status: page.status, headers: Vec::new(), body: text[at..].to_owned() }
}

/// The page from the beginning of the form that holds `mark` on.
fn form_with(page: &Page, mark: &str) -> Page {
    let text = page.text();
    let at = text.find(mark).unwrap_or_else(|| panic!("no {mark} in {text}"));
    let at = text[..at].rfind("<form").unwrap();
    Page { status: page.status, headers: Vec::new(), body: text[at..].to_owned() }
}

/// What a form for a slot brings along.
pub(crate) struct Reached {
    pub(crate) slot: String,
    doctor: String,
    day: String,
}

impl Reached {
    /// The first slot that the page has from `mark` on.
    pub(crate) fn at(page: &Page, mark: &str) -> Self {
        let page = from(page, mark);
        let value = |name: &str| page.value_of(name).unwrap();
        Self { slot: value("slot"), doctor: value("doctor"), day: value("day") }
    }

    pub(crate) fn with<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut form = vec![("slot", &*self.slot), ("doctor", &*self.doctor), ("day", &*self.day)];
        form.extend_from_slice(more);
        form
    }
}

/// The path of the patient of the first link on the page to one.
fn person_on(page: &Page) -> String {
    let at = page.body.find("href=\"/desk/people/").unwrap() + "href=\"".len();
    page.body[at..].split('"').next().unwrap().to_owned()
}

/// The appointment's path, from the link that moves it.
fn appointment_on(page: &Page) -> String {
    let at = page.body.find("/move\"").unwrap();
    page.body[..at].rsplit('"').next().unwrap().to_owned()
}

/// A visit to doc1 that began ten minutes ago, on the sheet of its day.
async fn a_visit_that_has_begun(clinic: &Clinic) -> (String, String) {
    let start = Timestamp::now() - SignedDuration::from_mins(10);
    let slots = vec![NewSlot { start, end: start + SignedDuration::from_mins(50) }];
    let doctor = DoctorName::new("doc1").unwrap();
    let service = Service::visit();
    let add = AddSlots { doctor, service, slots, actor: Actor::Operator };
    let settled = clinic.runtime.commit(Command::AddSlots(add)).await;
    assert!(format!("{settled:?}").contains("SlotsAdded"), "{settled:?}");
    let zoned = start.to_zoned(TimeZone::UTC);
    let hour = if zoned.hour() % 12 == 0 { 12 } else { zoned.hour() % 12 };
    let half = if zoned.hour() < 12 { "am" } else { "pm" };
    (zoned.date().to_string(), format!("{hour}:{:02} {half}", zoned.minute()))
}

/// Books tomorrow's first free slot of doc1 for somebody who is new.
pub(crate) async fn book_for(frank: &mut Browser, name: &str) -> Page {
    let day = tomorrow();
    let sheet = frank.get(&format!("/desk?day={day}")).await;
    let reached = Reached::at(&sheet, "action=\"/desk/book\"");
    let new =
        [("step", "add"), ("name", name), ("birth_date", "1971-02-28"), ("contact", "555 01")];
    let back = format!("/desk?day={day}");
    let page =
        frank.post("/desk/book", &reached.with(&[&new[..], &[("back", &back)]].concat())).await;
    assert_eq!(page.status, 303, "{page:?}");
    assert_eq!(page.header("location"), Some(&*back));
    frank.get(&back).await
}

#[tokio::test]
async fn somebody_on_the_phone_is_booked_without_an_account() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let sheet = book_for(&mut frank, "Clara Newcomer").await;
    let text = sheet.text();
    for said in ["It is booked.", "Clara Newcomer", "28 Feb 1971", "555 01", "1 booked", "15 free"]
    {
        assert!(text.contains(said), "{said}: {text}");
    }
    // Called again with the same form, she is the same person, who has the slot already.
    let page = frank.post("/desk/people", &[("text", "newcomer")]).await;
    assert_eq!(page.body.matches("Clara Newcomer").count(), 1, "{}", page.text());
    let person = person_on(&page);
    let page = frank.get(&person).await;
    assert!(page.text().contains("no account"), "{}", page.text());
    assert!(!person.contains("Clara"));
}

#[tokio::test]
async fn a_visit_goes_from_waived_to_arrived_to_done_and_back() {
    let clinic = Clinic::open().await;
    let (day, time) = a_visit_that_has_begun(&clinic).await;
    let mut frank = clinic.logged_in("frank").await;
    let sheet = frank.get(&format!("/desk?day={day}")).await;
    assert!(sheet.text().contains(&time), "{time}: {}", sheet.text());
    let reached = Reached::at(&sheet, &time);
    let found = frank.post("/desk/book", &reached.with(&[("step", "find"), ("text", "ann")])).await;
    let ann = found.value_of("patient").unwrap();
    let request = found.value_of("request").unwrap();
    let ask = [("step", "book"), ("patient", &*ann), ("request", &*request)];
    let refused = frank.post("/desk/book", &reached.with(&ask)).await;
    assert_eq!(refused.status, 404, "{}", refused.text());
    assert!(refused.text().contains("This slot is no longer offered."));
    assert!(refused.text().contains("The next free ones with"), "{}", refused.text());
    // It has begun and not ended: for a reason it is done all the same.
    let request = from(&refused, "Do it all the same").value_of("request").unwrap();
    let back = format!("/desk?day={day}");
    let mut ask = vec![("step", "waive"), ("patient", &*ann), ("request", &*request)];
    let unsaid = frank.post("/desk/book", &reached.with(&ask)).await;
    assert_eq!(unsaid.status, 422, "{}", unsaid.text());
    ask.extend([("reason", "walked in with a fever"), ("back", &*back)]);
    let sheet = frank.submit("/desk/book", &reached.with(&ask)).await;
    assert!(sheet.text().contains("ann Example"), "{}", sheet.text());

    let appointment = from(&sheet, "action=\"/desk/mark\"").value_of("appointment").unwrap();
    let path = appointment_on(&sheet);
    for (status, said) in [
        ("arrived", "Marked as arrived."),
        ("done", "Marked as done."),
        ("booked", "Taken back."),
        ("no-show", "Marked as not come."),
        ("booked", "Taken back."),
    ] {
        let form = [("appointment", &*appointment), ("status", status), ("back", &*back)];
        let sheet = frank.submit("/desk/mark", &form).await;
        assert!(sheet.text().contains(said), "{status}: {}", sheet.text());
    }
    let history = frank.get(&path).await.text();
    for said in ["walked in with a fever", "arrived", "done", "did not come", "Front desk"] {
        assert!(history.contains(said), "{said}: {history}");
    }
}

#[tokio::test]
async fn nobody_has_missed_a_visit_that_has_not_begun() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let sheet = book_for(&mut frank, "Early Bird").await;
    let row = from(&sheet, "action=\"/desk/mark\"");
    let appointment = row.value_of("appointment").unwrap();
    assert!(!sheet.body.contains("value=\"no-show\""), "{}", sheet.text());
    let form = [("appointment", &*appointment), ("status", "no-show")];
    let page = frank.post("/desk/mark", &form).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains("The visit has not begun."), "{}", page.text());
}

#[tokio::test]
async fn an_appointment_is_moved_and_cancelled_with_a_reason() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let sheet = book_for(&mut frank, "Clara Newcomer").await;
    let path = appointment_on(&sheet);
    let page = frank.get(&format!("{path}/move")).await;
    assert!(!page.text().contains("<strong>9:00 am</strong></p><button>"), "{}", page.text());
    let ten = form_with(&page, "<strong>10:00 am</strong>");
    let reached = Reached::at(&ten, "<form");
    let request = ten.value_of("request").unwrap();
    let page =
        frank.submit(&format!("{path}/move"), &reached.with(&[("request", &*request)])).await;
    assert!(page.text().contains("The appointment is moved."), "{}", page.text());
    assert!(page.text().contains("10:00 am"));

    let page = frank.get(&format!("{path}/cancel")).await;
    let request = page.value_of("request").unwrap();
    let form = [("request", &*request), ("reason", "she has recovered")];
    for _ in 0..2 {
        // Sent twice, it is one deed.
        let page = frank.submit(&format!("{path}/cancel"), &form).await;
        assert!(page.text().contains("The appointment is cancelled."), "{}", page.text());
        assert_eq!(page.text().matches("she has recovered").count(), 1);
    }
    let sheet = frank.get(&format!("/desk?day={}", tomorrow())).await;
    assert!(sheet.text().contains("0 booked"), "{}", sheet.text());
}

#[tokio::test]
async fn a_slot_that_somebody_holds_gives_way_only_for_a_reason() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let day = tomorrow();
    let sheet = frank.get(&format!("/desk?day={day}")).await;
    let reached = Reached::at(&sheet, "action=\"/desk/book\"");
    let answer = clinic.store.reader().unwrap();
    let mut reader = answer;
    let user = domain::UserName::new("ann").unwrap();
    let query = Query::Patient(store::PatientChoice::User(user));
    let Answer::Patient(Some(ann)) = reader.read(&query).unwrap() else { panic!("no ann") };
    drop(reader);
    let hold = store::Hold {
        patient: ann.patient,
        actor: Actor::Operator,
        slot: domain::SlotId(reached.slot.parse().unwrap()),
        expires: Timestamp::now() + SignedDuration::from_mins(5),
        holds_max: 2,
    };
    let settled = clinic.runtime.commit(Command::Hold(hold)).await;
    assert!(format!("{settled:?}").contains("Held"), "{settled:?}");
    let sheet = frank.get(&format!("/desk?day={day}")).await;
    assert!(sheet.text().contains("held until"), "{}", sheet.text());

    let found = frank.post("/desk/book", &reached.with(&[("step", "find"), ("text", "bob")])).await;
    let bob = found.value_of("patient").unwrap();
    let ask = [("step", "book"), ("patient", &*bob), ("request", "1")];
    let refused = frank.post("/desk/book", &reached.with(&ask)).await;
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(refused.text().contains("Do it all the same"), "{}", refused.text());
    let ask = [("step", "waive"), ("patient", &*bob), ("request", "2"), ("reason", "an emergency")];
    let page = frank.post("/desk/book", &reached.with(&ask)).await;
    assert_eq!(page.status, 303, "{}", page.text());

    // What is booked gives way to nobody.
    let found = frank.post("/desk/people", &[("text", "ann")]).await;
    let ann = person_on(&found).rsplit('/').next().unwrap().to_owned();
    let ask = [("step", "book"), ("patient", &*ann), ("request", "3")];
    let refused = frank.post("/desk/book", &reached.with(&ask)).await;
    assert_eq!(refused.status, 409);
    assert!(!refused.text().contains("Do it all the same"), "{}", refused.text());
}

#[tokio::test]
async fn only_the_front_desk_works_at_the_front_desk() {
    let clinic = Clinic::open().await;
    let mut ann = clinic.logged_in("ann").await;
    let mut adam = clinic.logged_in("adam").await;
    let mut nobody = clinic.browser();
    let id = "01900000-0000-7000-8000-000000000000";
    let gets = [
        "/desk".to_owned(),
        "/desk/week".to_owned(),
        "/desk/people".to_owned(),
        format!("/desk/people/{id}"),
        format!("/desk/people/{id}/{id}"),
        format!("/desk/people/{id}/{id}/cancel"),
        format!("/desk/people/{id}/{id}/move"),
        "/desk/rows".to_owned(),
        "/desk/week/rows".to_owned(),
    ];
    for path in gets {
        assert_eq!(ann.get(&path).await.status, 403, "{path}");
        assert_eq!(adam.get(&path).await.status, 403, "{path}");
        let expected = if path.ends_with("rows") { 401 } else { 303 };
        assert_eq!(nobody.get(&path).await.status, expected, "{path}");
    }
    let slot = [("slot", "1"), ("doctor", "doc1"), ("day", "2026-11-23"), ("step", "book")];
    let posts: [(String, &[(&str, &str)]); 8] = [
        ("/desk/mark".to_owned(), &[("appointment", id), ("status", "arrived")]),
        ("/desk/book".to_owned(), &slot),
        ("/desk/people".to_owned(), &[("text", "bob")]),
        ("/desk/people/add".to_owned(), &[("name", "x")]),
        (format!("/desk/people/{id}"), &[("name", "x")]),
        (format!("/desk/people/{id}/plan"), &[("plan", "")]),
        (format!("/desk/people/{id}/account"), &[("user", "ann")]),
        (format!("/desk/people/{id}/invitation"), &[("user", "ann")]),
    ];
    for (path, form) in posts {
        for browser in [&mut ann, &mut adam] {
            let page = browser.post(&path, form).await;
            assert_eq!(page.status, 403, "{path}: {}", page.text());
        }
    }
    assert_eq!(ann.get("/schedule").await.status, 403);
    assert_eq!(adam.get("/schedule").await.status, 200);
}

#[tokio::test]
async fn whoever_is_on_a_sheet_is_looked_at_once() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    book_for(&mut frank, "Clara Newcomer").await;
    for path in ["/desk", "/desk/rows", "/desk"] {
        let page = frank.get(&format!("{path}?day={}", tomorrow())).await;
        assert!(page.text().contains("Clara Newcomer"));
    }
    let mut reader = clinic.store.reader().unwrap();
    let query = Query::AuditTrail { since: None, patient: None, after: None, limit: 1_000 };
    let Answer::AuditTrail(records) = reader.read(&query).unwrap() else { panic!("no audit") };
    let looks: Vec<_> = records.iter().filter(|it| it.verb == "look_at_sheet").collect();
    assert_eq!(looks.len(), 1, "{looks:?}");
    assert!(looks[0].patient.is_some());
    assert_eq!(looks[0].user.as_ref().map(ToString::to_string).as_deref(), Some("frank"));
}

#[tokio::test]
async fn a_person_gets_a_name_a_plan_and_a_link_to_an_account() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let form = [("name", "Dora Little"), ("birth_date", "2019-05-01"), ("contact", "")];
    let page = frank.submit("/desk/people/add", &form).await;
    assert!(page.text().contains("Dora Little"), "{}", page.text());
    let found = frank.post("/desk/people", &[("text", "Dora")]).await;
    let path = person_on(&found);
    let form = [("name", "Dora Large"), ("birth_date", "2019-05-01"), ("contact", "555 02")];
    let page = frank.submit(&path, &form).await;
    assert!(page.text().contains("Dora Large") && page.text().contains("555 02"));
    let form = [("name", ""), ("birth_date", "2019-05-01"), ("contact", "kept as typed")];
    let page = frank.post(&path, &form).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("kept as typed"));

    let page = frank.submit(&format!("{path}/account"), &[("user", "bob")]).await;
    assert!(page.text().contains("It is kept."), "{}", page.text());
    let page = frank.post(&format!("{path}/account"), &[("user", "nobody")]).await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("There is no patient’s account of this user name."));

    let page = frank.post(&format!("{path}/invitation"), &[("user", "ann")]).await;
    assert_eq!(page.status, 409, "{}", page.text());
    let page = frank.post(&format!("{path}/invitation"), &[("user", "dora")]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let link = format!("http://{}/password/", clinic.address);
    assert!(page.text().contains(&link), "{}", page.text());
}

#[tokio::test]
async fn the_desk_speaks_three_languages_and_says_when_nothing_is_open() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let sheet = book_for(&mut frank, "Clara Newcomer").await;
    let (path, person) = (appointment_on(&sheet), person_on(&sheet));
    for (language, week, closed) in [
        ("en", "Week", "Nothing is published for this day."),
        ("es", "Semana", "No hay nada publicado para este día."),
        ("de", "Woche", "Für diesen Tag ist nichts veröffentlicht."),
    ] {
        frank.language = language;
        let page = frank.get(&format!("/desk/week?day={}", tomorrow())).await;
        assert!(page.text().contains(week) && page.text().contains("Clara Newcomer"));
        let page = frank.get("/desk?day=2020-01-01").await;
        assert!(page.text().contains(closed), "{}", page.text());
        let paths = [
            "/desk/people",
            "/schedule",
            &path,
            &person,
            &format!("{path}/cancel"),
            &format!("{path}/move"),
        ];
        for path in paths {
            let page = frank.get(path).await;
            assert_eq!(page.status, 200, "{path}");
            assert_eq!(page.body.matches("<h1>").count(), 1, "{path}");
        }
    }
}
