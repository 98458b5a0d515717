//! Finding a slot, and what it would cost.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use center::errand::come_back;
use domain::{DoctorAddress, DoctorName, PersonName, Service, SessionToken, SlotId, Specialty};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use sha2::{Digest as _, Sha256};
use store::{Actor, AddSlots, Command, DescribeDoctor, Import, NewSlot, Outcome};

use crate::browser::{Browser, Page};
use crate::clinic::Clinic;
use crate::practice::{Doctor, Manner, choose_plan, decided};

/// The first page with its style and script, in bytes over the wire.
const FIRST_PAGE_BYTES_MAX: usize = 60 * 1_024;
/// A page waits 350 ms for prices; a busy machine may take longer for all the rest.
const PAGE_WITHIN: Duration = Duration::from_millis(2_500);
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

fn key(name: &str) -> String {
    Sha256::digest(name).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// The values of an attribute, in order.
fn all<'p>(page: &'p Page, attribute: &str) -> Vec<&'p str> {
    let opening = format!(" {attribute}=\"");
    page.body.split(&opening).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The slots of a page, in order.
fn slots(page: &Page) -> Vec<i64> {
    let values = page.body.split("name=\"slot\" value=\"").skip(1);
    values.map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
}

/// Where the next page is.
fn next(page: &Page) -> Option<String> {
    let link = page
        .body
        .split("<a href=\"")
        .skip(1)
        .find(|link| link.split('>').next().is_some_and(|tag| tag.ends_with("rel=\"next\"")))?;
    Some(link.split('"').next()?.replace("&#38;", "&").replace("&amp;", "&"))
}

/// How often a doctor is named as the one of a slot.
fn named(page: &Page, doctor: &str) -> usize {
    page.body.matches(&format!("<span><bdi>{doctor}</bdi>")).count()
}

async fn hold(clinic: &Clinic, browser: &Browser, slot: i64) {
    let token = SessionToken::try_from(browser.cookie("__Host-session").unwrap().to_owned());
    let now = Timestamp::now();
    let errand = come_back(&token.unwrap(), [127, 0, 0, 1].into(), now);
    let account = clinic.runtime.run(errand).await.unwrap();
    let tending = account.tend_for(account.patient().unwrap()).unwrap();
    clinic.runtime.run(tending.hold(now, SlotId(slot))).await.unwrap();
}

async fn describe(clinic: &Clinic, doctor: &str, shown: &str, specialty: &str) {
    let describe = DescribeDoctor {
        doctor: DoctorName::new(doctor).unwrap(),
        shown_name: Some(PersonName::new(shown).unwrap()),
        specialty: Some(Specialty::new(specialty).unwrap()),
        actor: Actor::Operator,
    };
    assert_eq!(decided(clinic, Command::DescribeDoctor(describe)).await, Outcome::Done);
}

async fn add_slots(clinic: &Clinic, doctor: &str, service: Service, slots: Vec<NewSlot>) {
    let doctor = DoctorName::new(doctor).unwrap();
    let add = AddSlots { doctor, service, slots, actor: Actor::Operator };
    let added = decided(clinic, Command::AddSlots(add)).await;
    assert!(matches!(added, Outcome::SlotsAdded(_)), "{added:?}");
}

/// An hour on the `day`th day from now.
fn hour(day: i64, hour: i8) -> NewSlot {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let date = today.checked_add(Span::new().days(day)).unwrap();
    let start = date.at(hour, 0, 0, 0).to_zoned(TimeZone::UTC).unwrap().timestamp();
    NewSlot { start, end: start + SignedDuration::from_hours(1) }
}

#[tokio::test]
async fn anybody_finds_a_slot_by_doctor_specialty_service_day_and_time_of_day() {
    let clinic = Clinic::open().await;
    describe(&clinic, "doc2", "Dr Ada Quill", "Dermatology").await;
    let scan = Service::new("scan").unwrap();
    add_slots(&clinic, "doc2", scan, vec![hour(3, 18)]).await;
    let mut browser = clinic.browser();
    let page = browser.get("/slots").await;
    assert_eq!((page.status, slots(&page).len()), (200, 24));
    assert_eq!((named(&page, "doc1"), named(&page, "Dr Ada Quill")), (12, 12));
    for (query, doc1, doc2) in [
        (format!("doctor={}", key("doc1")), 24, 0),
        (format!("specialty={}", key("Dermatology")), 0, 24),
        (format!("service={}", key("scan")), 0, 1),
        ("time=evening".to_owned(), 0, 1),
        (format!("time=morning&doctor={}", key("doc1")), 24, 0),
    ] {
        let page = browser.get(&format!("/slots?{query}")).await;
        let found = (named(&page, "doc1"), named(&page, "Dr Ada Quill"));
        assert_eq!(found, (doc1, doc2), "{query}");
    }
    let day = hour(9, 0).start.to_zoned(TimeZone::UTC).date();
    let page = browser.get(&format!("/slots?day={day}&time=afternoon")).await;
    let times = all(&page, "datetime");
    assert_eq!(times[0], format!("{day}T12:00+00:00"));
    assert!(times.iter().all(|time| ("12:00".."17:00").contains(&&time[11..16])), "{times:?}");
}

#[tokio::test]
async fn the_pages_of_the_list_lose_no_slot_and_repeat_none() {
    let clinic = Clinic::open().await;
    let ann = clinic.logged_in("ann").await;
    let mut browser = clinic.browser();
    // One slot of the first pair: from now on pages end between two slots of one start.
    let first = slots(&browser.get("/slots").await)[0];
    hold(&clinic, &ann, first).await;
    let (mut seen, mut starts) = (Vec::new(), Vec::new());
    let mut address = Some("/slots".to_owned());
    while let Some(path) = address {
        let page = browser.get(&path).await;
        seen.extend(slots(&page));
        starts.extend(all(&page, "datetime").into_iter().map(str::to_owned));
        address = next(&page);
    }
    assert_eq!(seen.len(), 2 * 8 * 14 - 1);
    assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
    assert!(!seen.contains(&first));
    assert!(starts.is_sorted());
}

#[tokio::test]
async fn more_slots_of_one_start_than_a_page_holds_are_all_shown() {
    let clinic = Clinic::open().await;
    many_doctors(&clinic, 60, |_| vec![hour(1, 3)]).await;
    let mut browser = clinic.browser();
    let (mut seen, mut address) = (BTreeSet::new(), Some("/slots".to_owned()));
    for _ in 0..3 {
        let page = browser.get(&address.unwrap()).await;
        assert!(slots(&page).into_iter().all(|slot| seen.insert(slot)));
        address = next(&page);
    }
    assert_eq!(seen.len(), 72);
}

#[tokio::test]
async fn the_week_shows_seven_days_doctor_by_doctor() {
    let clinic = Clinic::open().await;
    let mut browser = clinic.browser();
    let page = browser.get("/slots?view=week").await;
    assert_eq!(page.body.matches("<div class=\"day\">").count(), 2 * 7);
    // Today has none; six days of eight hours each.
    assert_eq!(slots(&page).len(), 2 * 6 * 8);
    let one = format!("/slots?view=week&doctor={}", key("doc2"));
    let page = browser.get(&one).await;
    assert_eq!(slots(&page).len(), 6 * 8);
    let late = hour(40, 0).start.to_zoned(TimeZone::UTC).date();
    let page = browser.get(&format!("/slots?view=week&day={late}")).await;
    assert!(page.text().contains("Nothing is free in the next three months."), "{page:?}");
    assert!(slots(&page).is_empty());
}

#[tokio::test]
async fn a_week_with_many_times_and_many_doctors_leads_to_the_others() {
    let clinic = Clinic::open().await;
    let evening = (17..22).map(|at| hour(2, at)).collect();
    add_slots(&clinic, "doc1", Service::visit(), evening).await;
    many_doctors(&clinic, 3, |_| vec![hour(20, 9)]).await;
    let mut browser = clinic.browser();
    let page = browser.get("/slots?view=week").await;
    assert!(page.text().contains("5 more times"), "{page:?}");
    assert!(page.text().contains("The next free day is"), "{page:?}");
    assert_eq!(page.body.matches("<section class=\"card\">").count(), 4);
    let page = browser.get(&next(&page).unwrap()).await;
    assert_eq!(page.body.matches("<section class=\"card\">").count(), 1);
}

#[tokio::test]
async fn where_nothing_fits_it_is_said_what_there_is_instead() {
    let clinic = Clinic::open().await;
    let mut browser = clinic.browser();
    let page = browser.get(&format!("/slots?doctor={}&time=evening", key("doc1"))).await;
    assert!(page.text().contains("Nothing is free that fits."), "{page:?}");
    assert!(page.text().contains("The next free ones with this choice of doctors"));
    assert_eq!((named(&page, "doc1"), named(&page, "doc2")), (5, 1));
    let page = browser.get("/slots?doctor=00000000").await;
    assert!(page.text().contains("no longer offered"));
    assert_eq!(slots(&page).len(), 24);
    let empty = format!("/slots?doctor={}&specialty={}", key("doc1"), key("none"));
    assert_eq!(browser.get(&empty).await.status, 200);
}

#[tokio::test]
async fn a_patient_sees_the_doctors_own_price_for_the_plan_beside_each_slot() {
    let clinic = Clinic::open().await;
    let _doctor = Doctor::enrol(&clinic, "doc1", Manner::Answers).await;
    let page = clinic.browser().get("/slots").await;
    assert!(page.text().contains("Log in to see each doctor’s price"));
    assert!(!page.body.contains("class=\"price"));
    let mut ann = clinic.logged_in("ann").await;
    let page = ann.get("/slots").await;
    assert!(page.text().contains("Choose your plan to see"), "{page:?}");
    choose_plan(&clinic, "ann", "gold").await;
    let page = settled(&mut ann, "/slots").await;
    let text = page.text();
    assert_eq!(text.matches("<span class=\"price\">$30.50</span>").count(), 12, "{text}");
    assert_eq!(text.matches("No price: this doctor gives none online").count(), 12);
    let week = ann.get("/slots?view=week").await.text();
    assert_eq!(week.matches("$30.50").count(), 1, "{week}");
    choose_plan(&clinic, "ann", "silver").await;
    let text = settled(&mut ann, "/slots").await.text();
    assert_eq!(text.matches("Your plan does not cover this").count(), 12, "{text}");
    assert!(!text.contains("30.50"));
}

/// The page, once nobody is being asked any more.
async fn settled(browser: &mut Browser, path: &str) -> Page {
    let begun = Instant::now();
    loop {
        let page = browser.get(path).await;
        if !page.body.contains("data-refresh") {
            return page;
        }
        assert!(begun.elapsed() < PATIENCE, "{page:?}");
    }
}

#[tokio::test]
async fn a_silent_doctor_delays_neither_page_nor_booking() {
    let clinic = Clinic::open().await;
    let _doctor = Doctor::enrol(&clinic, "doc1", Manner::Silent).await;
    choose_plan(&clinic, "ann", "gold").await;
    let mut ann = clinic.logged_in("ann").await;
    let begun = Instant::now();
    let page = ann.get("/slots").await;
    assert!(begun.elapsed() < PAGE_WITHIN, "{:?}", begun.elapsed());
    assert!(page.text().contains("Asking the doctor’s office"), "{page:?}");
    assert_eq!(slots(&page).len(), 24);
    let again = all(&page, "data-refresh")[0].replace("&#38;", "&");
    let fragment = settled(&mut ann, &again).await;
    assert_eq!(fragment.status, 200);
    assert!(fragment.body.starts_with("<span class=\"price silent\">"), "{fragment:?}");
    let page = ann.get("/slots").await;
    assert!(page.text().contains("does not answer just now; you can book all the same"));
    assert_eq!(slots(&page).len(), 24);
}

#[tokio::test]
async fn no_name_plan_or_slot_is_in_an_address() {
    let clinic = Clinic::open().await;
    let _doctor = Doctor::enrol(&clinic, "doc1", Manner::Silent).await;
    describe(&clinic, "doc1", "Ada Quill", "Dermatology").await;
    choose_plan(&clinic, "ann", "gold").await;
    let mut ann = clinic.logged_in("ann").await;
    let keys = format!("doctor={}&specialty={}", key("doc1"), key("Dermatology"));
    for path in ["/slots", "/slots?view=week", &format!("/slots?{keys}")] {
        let page = ann.get(path).await;
        for attribute in ["href", "action", "data-refresh", "src"] {
            for address in all(&page, attribute) {
                let address = address.replace("&#38;", "&");
                check_address(&address);
            }
        }
    }
}

/// Nothing but what an address may hold.
fn check_address(address: &str) {
    let low = address.to_lowercase();
    for word in ["doc1", "doc2", "ada", "quill", "derma", "gold", "ann", "slot="] {
        assert!(!low.contains(word), "{address}");
    }
    let Some((_, query)) = address.split_once('?') else { return };
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        let is_key = value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_hexdigit());
        match name {
            "doctor" | "specialty" | "service" => assert!(is_key, "{address}"),
            "day" | "time" | "view" | "after" | "shown" | "passed" => {}
            _ => panic!("{address}"),
        }
    }
}

#[tokio::test]
async fn what_is_kept_for_strangers_is_of_nobody_and_never_old() {
    let clinic = Clinic::open().await;
    let (mut ann, mut stranger) = (clinic.logged_in("ann").await, clinic.browser());
    let before = stranger.get("/slots").await;
    let page = ann.get("/slots").await;
    assert!(page.body.contains("<bdi>ann</bdi>"));
    let first = slots(&before)[0];
    hold(&clinic, &ann, first).await;
    // Who has been told of a change sees it, and so does everybody else.
    let after = stranger.get("/slots").await;
    assert!(!slots(&after).contains(&first), "a slot that is held is not shown as free");
    let page = ann.submit("/log-out", &[]).await;
    assert!(page.text().contains("You are logged out."));
    let after = stranger.get("/slots").await;
    assert!(!after.text().contains("You are logged out."));
    assert!(!after.body.contains("ann"), "{after:?}");
    assert_eq!(after.header("set-cookie"), None);
    stranger.language = "de";
    assert!(stranger.get("/slots").await.text().contains("Termin finden"));
}

#[tokio::test]
async fn the_front_desk_sees_slots_but_keeps_none_for_itself() {
    let clinic = Clinic::open().await;
    let page = clinic.logged_in("frank").await.get("/slots").await;
    assert_eq!(named(&page, "doc1"), 12);
    assert!(slots(&page).is_empty());
}

#[tokio::test]
async fn the_first_page_is_light_and_asks_for_its_style_and_script_alone() {
    let clinic = Clinic::open().await;
    many_doctors(&clinic, 100, |at| (8..18).map(|on| hour(1 + at % 5, on)).collect()).await;
    for at in 0..100 {
        let (name, shown) = (format!("a{at}"), format!("Dr Maximiliane Musterfrau {at}"));
        describe(&clinic, &name, &shown, ["Dermatology", "Cardiology"][at % 2]).await;
    }
    let mut browser = clinic.browser();
    for path in ["/slots", "/slots?view=week"] {
        let page = browser.get(path).await;
        let mut wanted: Vec<&str> = all(&page, "src");
        let links = page.body.split("<link rel=\"stylesheet\"").skip(1);
        wanted.extend(links.filter_map(|link| link.split('"').nth(1)));
        assert_eq!(wanted.len(), 2, "{wanted:?}");
        assert_eq!(page.body.matches("<img").count() + page.body.matches("url(").count(), 0);
        let mut bytes = weight(&page);
        for path in wanted {
            let part = browser.get(path).await;
            assert_eq!(part.status, 200, "{path}");
            bytes += weight(&part);
        }
        assert!(bytes <= FIRST_PAGE_BYTES_MAX, "{path}: {bytes} bytes");
    }
}

/// How many bytes came over the wire.
fn weight(page: &Page) -> usize {
    let headers: BTreeMap<_, _> = page.headers.iter().cloned().collect();
    let head: usize = headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    "HTTP/1.1 200 OK\r\n\r\n".len() + head + page.body.len()
}

/// So many more doctors, `a0`, `a1` …, with these slots.
async fn many_doctors(clinic: &Clinic, count: u16, slots: impl Fn(i64) -> Vec<NewSlot>) {
    let name = |at: u16| DoctorName::new(&format!("a{at}")).unwrap();
    let doctor = |at: u16| domain::Doctor {
        name: name(at),
        address: DoctorAddress { host: None, port: 42_000 + at },
        keys: None,
    };
    let old = |(at, name)| domain::Doctor { name: DoctorName::new(name).unwrap(), ..doctor(at) };
    let doctors = [(1_001, "doc1"), (1_002, "doc2")].map(old).into_iter();
    let import = Import {
        zone: "UTC".to_owned(),
        accounts: Vec::new(),
        doctors: doctors.chain((0..count).map(doctor)).collect(),
        slots: Vec::new(),
    };
    let imported = decided(clinic, Command::Import(import)).await;
    assert!(matches!(imported, Outcome::Imported(_)), "{imported:?}");
    for at in 0..count {
        add_slots(clinic, &format!("a{at}"), Service::visit(), slots(i64::from(at))).await;
    }
}
