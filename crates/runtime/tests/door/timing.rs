//! Nothing of what was wrong shows in the time that the refusal takes.

use std::time::{Duration, Instant};

use domain::OneTimePassword;

use crate::clinic::{Attempt, Clinic, RIGHT, attempt, said};
use runtime::Settings;

/// The ways to be wrong.
const WAYS: [&str; 4] = ["unknown user", "wrong password", "no code", "wrong code"];

/// The median time of each way to be wrong, one after the other in turn, over `tries` of each, spread
/// over accounts and sources.
async fn medians(tries: usize) -> Vec<Duration> {
    let patients = 40;
    let clinic = Clinic::with(&Settings::default(), patients);
    // The first of each kind makes what is made once.
    let mut times = vec![Vec::new(); WAYS.len()];
    for number in 0..=tries {
        let from = format!("198.51.100.{}", number % 200);
        for (way, times) in times.iter_mut().enumerate() {
            let user = match way {
                0 => format!("nobody{}", number % 40),
                1 => format!("p{}", number % 40),
                _ => "frank".to_owned(),
            };
            let wrong = OneTimePassword::try_from("000000".to_owned()).unwrap();
            let (password, one_time) = match way {
                0 | 1 => ("wrong horse", None),
                2 => (RIGHT, None),
                _ => ("wrong horse", Some(wrong)),
            };
            let started = Instant::now();
            let tried = Attempt { one_time, from: &from, ..attempt(&user, password) };
            let verdict = clinic.log_in(tried).await;
            times.push(started.elapsed());
            assert_eq!(said(&verdict), "wrong", "{} {number}", WAYS[way]);
        }
    }
    let median = |mut times: Vec<Duration>| {
        times.remove(0);
        times.sort_unstable();
        times[times.len() / 2]
    };
    times.into_iter().map(median).collect()
}

#[tokio::test]
async fn every_way_to_be_wrong_costs_a_hash() {
    let medians = medians(7).await;
    // Whoever is let off the hash is a hundred times faster, not twice.
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(*most < *least * 3, "{WAYS:?}: {medians:?}");
}

#[tokio::test]
#[ignore = "a measurement, for a machine with nothing else to do: --release -- --ignored"]
async fn medians_of_a_hundred_tries_of_each_way_lie_within_a_millisecond() {
    let medians = medians(45).await;
    println!("{WAYS:?}: {medians:?}");
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(*most - *least < Duration::from_millis(1), "{WAYS:?}: {medians:?}");
}
