//! Many seeds on all cores: each its own world, none of them with a thread of its own.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use aws_lc_rs::digest;
use simulator::world::{Outlets, Ran, Stopped};

use super::clinics::{SEED, plan};
use super::{play, say, tell_violation};
use crate::args::SimulateArgs;
use crate::exit::Ended;

/// How many failing seeds are named.
const NAMED_MAX: usize = 20;

/// What became of all seeds.
#[derive(Default)]
struct Sum {
    events: u64,
    visits: u64,
    /// In the order in which they were found.
    violated: Vec<(u64, u64)>,
    /// Seeds that were not the same day twice.
    differ: Vec<u64>,
    broken: Vec<anyhow::Error>,
}

/// Replays `count` seeds from `args.seed` on.
pub(super) fn run(args: &SimulateArgs, count: u64) -> anyhow::Result<Ended> {
    let first = args.seed.unwrap_or(SEED);
    // What is wrong with the numbers is wrong with all of them.
    plan(args, Some(first))?;
    let next = AtomicU64::new(0);
    let sum = Mutex::new(Sum::default());
    let began = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let seed = first.wrapping_add(number);
                    let outcome = if number < args.twice {
                        play_twice(args, seed)
                    } else {
                        play_once(args, seed, None).map(|ran| (ran, true))
                    };
                    note(&sum, seed, outcome);
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(error) = sum.broken.pop() {
        return Err(error);
    }
    sum.violated.sort_unstable();
    tell(&sum, args, count, began);
    let held = sum.violated.is_empty() && sum.differ.is_empty();
    Ok(if held { Ended::Done } else { Ended::Failure })
}

fn tell(sum: &Sum, args: &SimulateArgs, count: u64, began: Instant) {
    if let Some((seed, event)) = sum.violated.first()
        && let Ok(plan) = plan(args, Some(*seed))
    {
        tell_violation(&plan, *event);
    }
    for (seed, event) in sum.violated.iter().take(NAMED_MAX) {
        say(&format!("seed {seed} violates a check at event {event}"));
    }
    for seed in sum.differ.iter().take(NAMED_MAX) {
        say(&format!("seed {seed} was not the same day twice"));
    }
    say(&format!(
        "{count} seeds from {}: {} failed, {} of {} differed when played twice; {} events, {} \
         visits in {:.1} s",
        args.seed.unwrap_or(SEED),
        sum.violated.len(),
        sum.differ.len(),
        args.twice.min(count),
        sum.events,
        sum.visits,
        began.elapsed().as_secs_f64(),
    ));
}

fn note(sum: &Mutex<Sum>, seed: u64, outcome: Result<(Ran, bool), Stopped>) {
    let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    match outcome {
        Ok((ran, same)) => {
            sum.events += ran.events;
            sum.visits += ran.visits;
            if !same {
                sum.differ.push(seed);
            }
        }
        Err(Stopped::Violated { event, .. }) => sum.violated.push((seed, event)),
        Err(other) => sum.broken.push(other.into()),
    }
}

/// Without anything that nobody reads: it would not even be made.
fn play_once(
    args: &SimulateArgs,
    seed: u64,
    events: Option<&mut dyn Write>,
) -> Result<Ran, Stopped> {
    let plan = plan(args, Some(seed)).map_err(|error| io::Error::other(error.to_string()))?;
    match events {
        Some(events) => play(&plan, Outlets { events: Some(events), ..Outlets::default() }),
        None => play(&plan, Outlets::default()),
    }
}

/// Twice, and whether every byte of the events was the same.
fn play_twice(args: &SimulateArgs, seed: u64) -> Result<(Ran, bool), Stopped> {
    let mut digests = Vec::new();
    let mut ran = Ran::default();
    for _ in 0..2 {
        let mut digest = Digest(digest::Context::new(&digest::SHA256));
        ran = play_once(args, seed, Some(&mut digest))?;
        digests.push(digest.0.finish());
    }
    Ok((ran, digests[0].as_ref() == digests[1].as_ref()))
}

/// What is written is only digested.
struct Digest(digest::Context);

impl Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
