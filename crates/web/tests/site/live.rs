//! A change made elsewhere is told to pages that are open.

use std::time::{Duration, Instant};

use domain::{DoctorName, Service};
use jiff::{SignedDuration, Timestamp};
use store::sqlite::Sqlite;
use store::{Actor, AddSlots, AuditKey, Command, NewSlot, Store as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use web::Doors;

use crate::browser::Browser;
use crate::clinic::Clinic;
use crate::desk::{book_for, tomorrow};

/// How soon a change must be seen.
const SEEN_WITHIN: Duration = Duration::from_secs(2);

/// A page that listens.
struct Listener {
    stream: TcpStream,
    heard: String,
}

impl Listener {
    async fn of(clinic: &Clinic, browser: &Browser) -> Self {
        let mut stream = TcpStream::connect(clinic.address).await.unwrap();
        let session = browser.cookie("__Host-session").unwrap();
        let request = format!(
            "GET /live HTTP/1.1\r\nHost: {}\r\nCookie: __Host-session={session}\r\n\r\n",
            clinic.address,
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut listener = Self { stream, heard: String::new() };
        // The first number is said at once.
        assert!(listener.hears_a_change().await, "{}", listener.heard);
        assert!(listener.heard.to_lowercase().contains("content-type: text/event-stream"));
        listener
    }

    /// Whether one more change is told in time.
    async fn hears_a_change(&mut self) -> bool {
        let before = self.heard.matches("event: changed").count();
        let read = async {
            let mut bytes = [0; 1_024];
            while self.heard.matches("event: changed").count() == before {
                let count = self.stream.read(&mut bytes).await.unwrap();
                if count == 0 {
                    return false;
                }
                self.heard.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
            true
        };
        timeout(SEEN_WITHIN, read).await.unwrap_or(false)
    }
}

#[tokio::test]
async fn a_booking_in_another_browser_is_seen_at_once() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    let mut listener = Listener::of(&clinic, &frank).await;
    let mut other = clinic.logged_in("fiona").await;
    book_for(&mut other, "Clara Newcomer").await;
    let since = Instant::now();
    assert!(listener.hears_a_change().await, "{}", listener.heard);
    let rows = frank.get(&format!("/desk/rows?day={}", tomorrow())).await;
    assert!(rows.text().contains("Clara Newcomer"), "{}", rows.text());
    assert!(since.elapsed() < SEEN_WITHIN);
    assert!(rows.body.starts_with("<div id=\"sheet\" data-live="), "{}", rows.body);
}

#[tokio::test]
async fn what_another_process_writes_is_seen_too() {
    let folder = tempfile::tempdir().unwrap();
    let (path, key) = (folder.path().join("center.db"), AuditKey::new([3; 32]));
    let clinic = Clinic::open_on(Sqlite::open(&path, &key).unwrap(), Doors::default()).await;
    let mut frank = clinic.logged_in("frank").await;
    let mut listener = Listener::of(&clinic, &frank).await;
    // As `rendezvous admin` does: its own connection to the same file.
    let elsewhere = Sqlite::open(&path, &key).unwrap();
    let start = Timestamp::now() + SignedDuration::from_mins(30);
    let slots = vec![NewSlot { start, end: start + SignedDuration::from_mins(10) }];
    let add = AddSlots {
        doctor: DoctorName::new("doc2").unwrap(),
        service: Service::visit(),
        slots,
        actor: Actor::Operator,
    };
    let mut writer = elsewhere.writer().unwrap();
    let outcomes = writer.commit(Timestamp::now(), &[Command::AddSlots(add)]).unwrap();
    assert!(format!("{outcomes:?}").contains("SlotsAdded"), "{outcomes:?}");
    assert!(listener.hears_a_change().await, "{}", listener.heard);
    let day = start.to_zoned(jiff::tz::TimeZone::UTC).date();
    let rows = frank.get(&format!("/desk/rows?day={day}")).await;
    assert!(rows.text().contains("1 free"), "{}", rows.text());
}

#[tokio::test]
async fn looking_at_a_sheet_is_no_change() {
    let clinic = Clinic::open().await;
    let mut frank = clinic.logged_in("frank").await;
    book_for(&mut frank, "Clara Newcomer").await;
    let before = *clinic.runtime.changes().borrow();
    frank.get(&format!("/desk/rows?day={}", tomorrow())).await;
    frank.get(&format!("/desk?day={}", tomorrow())).await;
    assert_eq!(*clinic.runtime.changes().borrow(), before);
}

#[tokio::test]
async fn a_session_listens_with_few_pages_and_strangers_with_none() {
    let clinic = Clinic::open().await;
    assert_eq!(clinic.browser().get("/live").await.status, 401);
    assert_eq!(clinic.logged_in("ann").await.get("/live").await.status, 403);
    assert_eq!(clinic.logged_in("adam").await.get("/live").await.status, 403);
    let mut frank = clinic.logged_in("frank").await;
    let mut listeners = Vec::new();
    for _ in 0..4 {
        listeners.push(Listener::of(&clinic, &frank).await);
    }
    assert_eq!(frank.get("/live").await.status, 429);
    // A page that is closed makes room for another one, as soon as the center notices.
    drop(listeners.pop());
    let listens_again = async {
        loop {
            let mut stream = TcpStream::connect(clinic.address).await.unwrap();
            let session = frank.cookie("__Host-session").unwrap();
            let request = format!(
                "GET /live HTTP/1.1\r\nHost: x\r\nCookie: __Host-session={session}\r\n\r\n",
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut first = [0; 12];
            stream.read_exact(&mut first).await.unwrap();
            if &first == b"HTTP/1.1 200" {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(10), listens_again).await.unwrap();
}

#[tokio::test]
async fn a_center_that_closes_does_not_wait_for_those_who_listen() {
    let mut clinic = Clinic::open().await;
    let frank = clinic.logged_in("frank").await;
    let mut listener = Listener::of(&clinic, &frank).await;
    let since = Instant::now();
    clinic.close();
    clinic.closed().await;
    assert!(since.elapsed() < SEEN_WITHIN, "{:?}", since.elapsed());
    assert!(!listener.hears_a_change().await, "{}", listener.heard);
}
