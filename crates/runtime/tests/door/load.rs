//! An attack on logging in does not slow booking, and keeps out neither the known nor other sources.

use std::sync::Arc;
use std::time::{Duration, Instant};

use center::Settled;
use domain::{AppointmentId, SlotIndex};
use runtime::Settings;
use store::{Actor, Book, Command, Outcome, SlotChoice, Standing};
use tokio::task::JoinSet;

use crate::clinic::{Attempt, Clinic, RIGHT, account, attempt, patient, right, said};

/// How long each of `count` bookings takes, one after the other with a pause between, sorted.
async fn bookings(clinic: &Clinic, first: u32, count: u32, pause: Duration) -> Vec<Duration> {
    let mut times = Vec::new();
    for number in first..first + count {
        let standing = Standing {
            account: account(number),
            credential: Some(1),
            ended: 0,
            session: None,
            source: None,
        };
        let book = Book {
            waiver: None,
            patient: patient(number),
            actor: Actor::Account(standing),
            request: None,
            slot: SlotChoice::Index(SlotIndex::new(number + 1).unwrap()),
            appointment: AppointmentId::fresh(runtime::now(), &runtime::fresh_entropy()),
            appointments_max: None,
        };
        let started = Instant::now();
        let settled = clinic.runtime.commit(Command::Book(book)).await;
        times.push(started.elapsed());
        assert!(matches!(settled, Settled::Decided(Outcome::Booked(_))), "{settled:?}");
        tokio::time::sleep(pause).await;
    }
    times.sort_unstable();
    times
}

/// Log-ins with names and sources of their own, so many a second until they are aborted.
fn attack(clinic: &Arc<Clinic>, a_second: u32) -> JoinSet<()> {
    let mut attack = JoinSet::new();
    let clinic = Arc::clone(clinic);
    attack.spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_secs(1) / a_second);
        let mut tries = JoinSet::new();
        for number in 0_u32.. {
            tick.tick().await;
            let clinic = Arc::clone(&clinic);
            tries.spawn(async move {
                let user = format!("stranger{number}");
                let from = format!("203.0.{}.{}", number / 250 % 250, number % 250);
                clinic.log_in(Attempt { from: &from, ..attempt(&user, "wrong horse") }).await;
            });
            while tries.try_join_next().is_some() {}
        }
    });
    attack
}

fn p99(times: &[Duration]) -> Duration {
    times[times.len() * 99 / 100]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_go_on_while_many_more_log_ins_come_than_can_be_hashed() {
    let clinic = Arc::new(Clinic::with(&Settings::default(), 60));
    let mut attack = attack(&clinic, 500);
    // A booking that waited for the log-ins before it would take seconds: there are hundreds.
    let attacked = bookings(&clinic, 0, 60, Duration::from_millis(10)).await;
    attack.abort_all();
    let median = attacked[attacked.len() / 2];
    assert!(median < Duration::from_millis(500), "{median:?} of {attacked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement, for a machine with nothing else to do: --release -- --ignored"]
async fn with_500_log_ins_a_second_a_bookings_p99_is_within_100_ms() {
    let clinic = Arc::new(Clinic::with(&Settings::default(), 1_000));
    let alone = bookings(&clinic, 0, 200, Duration::from_millis(10)).await;
    let mut attack = attack(&clinic, 500);
    let attacked = bookings(&clinic, 200, 800, Duration::from_millis(10)).await;
    attack.abort_all();
    println!("p99 alone {:?}, attacked {:?}", p99(&alone), p99(&attacked));
    assert!(p99(&attacked) < Duration::from_millis(100));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_source_that_fills_the_line_keeps_out_neither_the_known_nor_other_sources() {
    let clinic = Arc::new(Clinic::with(&Settings::default(), 2));
    let device = Some(right(clinic.log_in(attempt("p0", RIGHT)).await).device);
    let mut tries = JoinSet::new();
    for number in 0..300 {
        let clinic = Arc::clone(&clinic);
        tries.spawn(async move {
            let user = format!("stranger{number}");
            let tried = Attempt { from: "203.0.113.66", ..attempt(&user, "wrong horse") };
            said(&clinic.log_in(tried).await)
        });
    }
    tokio::task::yield_now().await;
    // Not from memory: another password than the one it remembers is wrong, and hashed.
    let known = Attempt { device, ..attempt("p0", "wrong horse") };
    assert_eq!(said(&clinic.log_in(known).await), "wrong");
    right(clinic.log_in(Attempt { from: "198.51.100.7", ..attempt("p1", RIGHT) }).await);
    let mut through = 0;
    while let Some(done) = tries.try_join_next() {
        assert_eq!(done.unwrap(), "wrong");
        through += 1;
    }
    assert!(through < 150, "{through} of the flood came first");
    tries.abort_all();
}
