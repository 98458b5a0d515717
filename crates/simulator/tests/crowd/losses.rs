//! What a bad network does to the doctors' prices: fewer of them come, and never a wrong one.

use std::time::Duration;

use protocol::Dialect;
use protocol::limits::ESTIMATE_TRIES;
use simulator::crowd::{CrowdPlan, Network, Pace};
use simulator::record::VisitEnd;
use tokio::time::timeout;

use crate::clinic::{PATIENCE, plan, play};

/// All bounds lie so many standard deviations from what is predicted.
const DEVIATIONS: f64 = 4.0;

fn predicted(loss: f64) -> f64 {
    let one_try = (1.0 - loss).powi(2);
    1.0 - (1.0 - one_try).powi(ESTIMATE_TRIES.cast_signed())
}

async fn check(dialect: Dialect, patients: u32, loss: f64) {
    let network = Network { loss, ..Network::default() };
    let plan = CrowdPlan {
        patients,
        doctors: 5,
        slots: 2 * patients,
        pace: Pace::Rate(100.0),
        dialect,
        network,
        ..plan()
    };
    let outcome = timeout(PATIENCE, play(&plan, None)).await.unwrap();
    outcome.assert_sound();
    let visits = f64::from(plan.patients);
    let served = outcome.count(|ended| *ended == VisitEnd::Served) as f64;
    let expected = predicted(loss);
    let tolerance = (DEVIATIONS * (expected * (1.0 - expected) / visits).sqrt()).max(0.01);
    let found = served / visits;
    assert!((found - expected).abs() <= tolerance, "{dialect} {loss}: {found}, not {expected}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_ten_percent_loss_five_tries_bring_nearly_every_price() {
    check(Dialect::Spec, 600, 0.1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_twenty_percent_loss_five_tries_bring_what_they_should() {
    check(Dialect::Spec, 600, 0.2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_thirty_percent_loss_five_tries_bring_what_they_should() {
    check(Dialect::Json, 300, 0.3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_is_late_doubled_and_overtaken_no_price_is_wrong_and_bytes_keep_their_order() {
    let network = Network {
        loss: 0.05,
        delay: Duration::from_millis(20),
        jitter: Duration::from_millis(15),
        duplicate: 0.3,
        reorder: 0.3,
    };
    for dialect in [Dialect::Json, Dialect::Seed] {
        let plan = CrowdPlan { dialect, network, patients: 100, slots: 200, ..plan() };
        let outcome = timeout(PATIENCE, play(&plan, None)).await.unwrap();
        outcome.assert_sound();
        // Three exchanges with the center and one with the doctor, each there and back.
        let least = Duration::from_millis(4 * 2 * 5);
        assert!(outcome.visits.iter().all(|visit| visit.left - visit.planned >= least));
        assert!(outcome.count(|ended| *ended == VisitEnd::Served) >= 95);
    }
}
