//! How fast the slot page is with 100 doctors, 90 days and 100,000 bookings, against a bare axum page
//! of the same bytes in the same run, and how long sixteen patients wait who book at once through the
//! pages: `cargo bench -p web`. Says ratios, and fails when one is missed.

mod clinic;
mod load;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get as route_get;
use center::Settled;
use domain::{AppointmentId, Entropy, SlotId};
use store::{Actor, Book, Command, Outcome, SlotChoice};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::clinic::{Clinic, PASSWORD, PATIENTS};
use crate::load::{Connection, Measured, get, load, post};

/// Connections at once.
const AT_ONCE: usize = 16;
/// How long each page is asked for.
const LASTING: Duration = Duration::from_secs(4);
const BOOKINGS_MANY: usize = 100_000;
const BOOKINGS_FEW: usize = 1_000;
/// At least so much of the bare page's pages a second.
const OF_BARE_MIN: f64 = 0.3;
const P99_MAX: Duration = Duration::from_millis(50);
/// At most so many times the cost with few bookings.
const OF_FEW_MAX: f64 = 1.3;
const BOOKING_WAIT_MAX: Duration = Duration::from_millis(250);

/// What was missed.
#[derive(Default)]
struct Verdict(Vec<String>);

impl Verdict {
    fn check(&mut self, what: &str, fine: bool, said: &str) {
        println!("{} {what}: {said}", if fine { "ok    " } else { "MISSED" });
        if !fine {
            self.0.push(what.to_owned());
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mut verdict = Verdict::default();
    let begun = Instant::now();
    let few = Clinic::fill(folder.path(), BOOKINGS_FEW);
    let many = Clinic::fill(folder.path(), BOOKINGS_MANY);
    println!("two clinics filled in {:.1} s", begun.elapsed().as_secs_f64());
    let (few_at, many_at) = (open(&few).await, open(&many).await);

    let page = Connection::open(many_at).await.ask(&get(many_at, "/slots", "")).await.body;
    println!("the page has {} bytes", page.len());
    let bare = bare(page).await;
    let at = |address| async move { shown(address, "").await };
    let reference = at(bare).await;
    say("bare axum", &reference);
    let kept = at(many_at).await;
    say("a stranger's page", &kept);
    let ratio = kept.pages_a_second / reference.pages_a_second;
    verdict.check("of a bare page", ratio >= OF_BARE_MIN, &format!("{ratio:.2}"));
    verdict.check("p99 at 16 at a time", kept.p99 <= P99_MAX, &format!("{:?}", kept.p99));
    let of_few = at(few_at).await;
    say("a stranger's page, few bookings", &of_few);
    let ratio = of_few.pages_a_second / kept.pages_a_second;
    verdict.check("cost of 100,000 bookings", ratio <= OF_FEW_MAX, &format!("{ratio:.2}"));

    // Drawn for each patient: nothing is kept of somebody who has logged in.
    let (mut patient, mut patient_of_few) = (Vec::new(), Vec::new());
    for address in [many_at, few_at, many_at, few_at] {
        let cookies = log_in(address, 0).await;
        let drawn = shown(address, &cookies).await;
        say("a patient's page", &drawn);
        if address == many_at { &mut patient } else { &mut patient_of_few }.push(drawn);
    }
    let best = |all: &[Measured]| all.iter().map(|it| it.pages_a_second).fold(0.0, f64::max);
    let ratio = best(&patient_of_few) / best(&patient);
    verdict.check("the same, drawn each time", ratio <= OF_FEW_MAX, &format!("{ratio:.2}"));

    let booked = Arc::new(AtomicUsize::new(0));
    let stream = tokio::spawn(stream_of_bookings(&many, Arc::clone(&booked)));
    let meanwhile = at(many_at).await;
    stream.abort();
    let booked = booked.load(Ordering::Relaxed);
    say(&format!("a stranger's page while others book {booked} times"), &meanwhile);

    sixteen_book(&many, many_at, &mut verdict).await;
    for missed in &verdict.0 {
        eprintln!("missed: {missed}");
    }
    if verdict.0.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn say(what: &str, measured: &Measured) {
    let Measured { pages_a_second, middle, p99 } = measured;
    println!("       {what}: {pages_a_second:.0} pages/s, middle {middle:?}, p99 {p99:?}");
}

/// The slot page as it comes to whoever brings these cookies.
async fn shown(address: SocketAddr, cookies: &str) -> Measured {
    load(address, &get(address, "/slots", cookies), AT_ONCE, LASTING).await
}

async fn open(clinic: &Clinic) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let site = clinic.site(format!("http://{address}"));
    tokio::spawn(web::serve(listener, site, web::Doors::default(), std::future::pending::<()>()));
    address
}

/// A page of the same bytes that axum alone serves.
async fn bare(page: Vec<u8>) -> SocketAddr {
    let page = axum::body::Bytes::from(page);
    let kind = [(axum::http::header::CONTENT_TYPE, "text/html; charset=utf-8")];
    let pages = Router::new().route("/slots", route_get(async move || (kind, page.clone())));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.expect("it listens");
            stream.set_nodelay(true).expect("a socket has this option");
            let service = hyper_util::service::TowerToHyperService::new(pages.clone());
            let stream = hyper_util::rt::TokioIo::new(stream);
            tokio::spawn(
                hyper::server::conn::http1::Builder::new().serve_connection(stream, service),
            );
        }
    });
    address
}

/// Logs a patient in; gives the cookies.
async fn log_in(address: SocketAddr, patient: usize) -> String {
    let form = format!("user=patient{patient}&password={}&one_time=", PASSWORD.replace(' ', "+"));
    let mut connection = Connection::open(address).await;
    let response = connection.ask(&post(address, "/log-in", "", &form)).await;
    assert_eq!(response.status, 303, "{}", response.head);
    let cookies = response.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
    let session = cookies.filter(|cookie| cookie.starts_with("__Host-session="));
    let session = session.filter_map(|cookie| cookie.split(';').next()).next();
    session.expect("a session was opened").to_owned()
}

/// Books one slot after the other, so that every page is drawn anew; from the end of the calendar.
fn stream_of_bookings(
    clinic: &Clinic,
    booked: Arc<AtomicUsize>,
) -> impl Future<Output = ()> + Send + 'static {
    let (runtime, patient) = (clinic.runtime.clone(), clinic.patients[0]);
    let slots = clinic.free[..clinic.free.len() / 2].to_vec();
    async move {
        for slot in slots {
            let entropy: Entropy = runtime::fresh_entropy();
            let book = Book {
                patient,
                actor: Actor::Operator,
                request: None,
                slot: SlotChoice::Id(SlotId(slot)),
                appointment: AppointmentId::fresh(runtime::now(), &entropy),
                appointments_max: None,
                waiver: None,
            };
            let settled = runtime.commit(Command::Book(book)).await;
            assert!(matches!(settled, Settled::Decided(Outcome::Booked(_))), "{settled:?}");
            booked.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Sixteen patients keep and book a slot each, through the pages, at once, some times.
async fn sixteen_book(clinic: &Clinic, address: SocketAddr, verdict: &mut Verdict) {
    const ROUNDS: usize = 20;
    let mut booking = JoinSet::new();
    for patient in 0..PATIENTS {
        let cookies = log_in(address, patient).await;
        // The earliest ones: nobody of the stream before has come so far.
        let mine = clinic.free.iter().rev().skip(patient).step_by(PATIENTS).take(ROUNDS);
        let mine: Vec<i64> = mine.copied().collect();
        booking.spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut longest = Duration::ZERO;
            for slot in mine {
                let hold = post(address, "/slots/hold", &cookies, &format!("slot={slot}"));
                longest = longest.max(step(&mut connection, &hold).await);
                let form = format!("slot={slot}&request=bench-{patient}-{slot}");
                let book = post(address, "/book", &cookies, &form);
                longest = longest.max(step(&mut connection, &book).await);
            }
            longest
        });
    }
    let longest = booking.join_all().await.into_iter().max().unwrap_or_default();
    let fine = longest <= BOOKING_WAIT_MAX;
    verdict.check("sixteen book at once", fine, &format!("the longest wait {longest:?}"));
}

/// One form, which must be done; gives how long it took.
async fn step(connection: &mut Connection, form: &str) -> Duration {
    let asked = Instant::now();
    let response = connection.ask(form).await;
    let body = String::from_utf8_lossy(&response.body);
    assert_eq!(response.status, 303, "{}{body}", response.head);
    asked.elapsed()
}
