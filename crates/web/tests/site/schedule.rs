//! Doctors' time: published, blocked, opened.

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::browser::Page;
use crate::clinic::Clinic;
use crate::desk::{book_for, tomorrow};

/// The day in three weeks, on which nothing is published yet.
fn later() -> String {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    today.checked_add(Span::new().days(21)).unwrap().to_string()
}

fn hours<'a>(day: &'a str, until: &'a str, step: &'a str) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("doctor", "doc1"),
        ("service", "visit"),
        ("from_day", day),
        ("to_day", day),
        ("from_time", "08:00"),
        ("to_time", until),
        ("minutes", "20"),
        ("step", step),
    ];
    let weekdays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    form.extend(weekdays.map(|weekday| (weekday, "on")));
    form
}

fn free_on(sheet: &Page) -> String {
    let text = sheet.text();
    let at = text.find(" free").unwrap();
    text[..at].rsplit(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn slots_are_published_all_or_none() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let day = later();
    let page = frank.post("/schedule/publish", &hours(&day, "12:00", "preview")).await;
    assert!(page.text().contains("12 slots would be published."), "{}", page.text());
    let sheet = frank.get(&format!("/desk?day={day}")).await;
    assert!(sheet.text().contains("Nothing is published for this day."));

    let page = frank.submit("/schedule/publish", &hours(&day, "12:00", "publish")).await;
    assert!(page.text().contains("The slots are published."), "{}", page.text());
    assert_eq!(free_on(&frank.get(&format!("/desk?day={day}")).await), "12");

    // Some of these are free time, but not all: none is published.
    let page = frank.post("/schedule/publish", &hours(&day, "14:00", "publish")).await;
    assert_eq!(page.status, 409, "{}", page.text());
    assert!(page.text().contains("The time overlaps another slot of this doctor."));
    assert!(page.body.contains("value=\"14:00\""), "{}", page.body);
    assert_eq!(free_on(&frank.get(&format!("/desk?day={day}")).await), "12");
}

#[tokio::test]
async fn too_many_slots_and_none_are_told() {
    let clinic = Clinic::open().await;
    let mut adam = clinic.logged_in("adam").await;
    let day = later();
    let end = later().parse::<jiff::civil::Date>().unwrap();
    let end = end.checked_add(Span::new().days(200)).unwrap().to_string();
    let mut form = hours(&day, "18:00", "publish");
    form[3].1 = &end;
    let page = adam.post("/schedule/publish", &form).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("These are more than 1000 slots."), "{}", page.text());
    let page = adam.post("/schedule/publish", &hours("2020-01-01", "12:00", "preview")).await;
    assert_eq!(page.status, 422);
    assert!(page.text().contains("There is no slot to come in this."), "{}", page.text());
}

#[tokio::test]
async fn blocked_time_names_who_is_booked_and_is_opened_again() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    book_for(&mut frank, "Clara Newcomer").await;
    let day = tomorrow();
    let (from, until) = (format!("{day}T09:00"), format!("{day}T12:00"));
    let form =
        [("doctor", "doc1"), ("from", &*from), ("until", &*until), ("reason", "a conference")];
    let page = frank.submit("/schedule/block", &form).await;
    assert!(page.text().contains("The time is blocked."), "{}", page.text());
    assert!(page.text().contains("1 appointment stays until somebody moves it."));
    assert!(page.text().contains("Clara Newcomer") && page.body.contains("/move\""));
    // 16 in all: one is booked, two are withdrawn.
    let sheet = frank.get(&format!("/desk?day={day}")).await;
    assert_eq!(free_on(&sheet), "13");
    assert!(sheet.text().contains("a conference"), "{}", sheet.text());

    // Whoever only sees to doctors' time learns when, and not who.
    let mut adam = clinic.logged_in("adam").await;
    let start = format!("{from}:00Z").parse::<Timestamp>().unwrap().as_second();
    let key = page.body.split("/schedule?doctor=").nth(1).unwrap().split('"').next().unwrap();
    let end = start + 3 * 3_600;
    let path = format!("/schedule/blocked?doctor={key}&from={start}&until={end}");
    let page = adam.get(&path).await;
    assert!(page.text().contains("9:00 am") && !page.text().contains("Clara"), "{}", page.text());
    assert!(!adam.get("/schedule").await.text().contains("Clara"));

    let page = frank.get(&format!("/schedule?doctor={key}")).await;
    let block = page.value_of("block").unwrap();
    let form = [("doctor", "doc1"), ("block", &*block)];
    let page = frank.submit("/schedule/open", &form).await;
    assert!(page.text().contains("The time is open again."), "{}", page.text());
    assert_eq!(free_on(&frank.get(&format!("/desk?day={day}")).await), "15");
}
