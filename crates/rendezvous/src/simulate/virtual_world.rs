//! The virtual world: which plan, which seeds, what is written, and what is said when a check fails.

mod clinics;
mod seeds;

use std::io::{self, Write};
use std::time::{Duration, Instant};

use simulator::plan::Plan;
use simulator::plant;
use simulator::report::{About, Loss, Report, Tally};
use simulator::world::{self, Outlets, Ran, Stopped};
use store::sqlite::Sqlite;
use store::{AuditKey, Store};

use super::bar::bar;
use super::files;
use super::reporting::{self, Reports};
use crate::args::SimulateArgs;
use crate::check_history;
use crate::exit::Ended;

/// What the audits of virtual stores are chained with.
const AUDIT_KEY: [u8; 32] = [0x76; 32];

/// How far it is: the visits that have ended.
const BAR: &str = "{elapsed} [{bar:24}] {human_pos}/{human_len} visits";

/// How many lines are shown of what went before a violation.
const TRANSCRIPT_LINES: usize = 60;

pub(super) fn run(args: &SimulateArgs) -> anyhow::Result<Ended> {
    let reports = Reports::open(&args.report)?;
    if let Some(count) = args.seeds {
        return seeds::run(args, count);
    }
    let plan = clinics::plan(args, args.seed)?;
    let other = clinics::other(args, plan.seed)?;
    let mut events = args.events.as_deref().map(files::create).transpose()?;
    let mut history = args.history.as_deref().map(files::create).transpose()?;
    let mut tally = Tally::new(about(&plan));
    let began = Instant::now();
    let bar = bar(u64::try_from(plan.arrivals.len()).ok(), BAR);
    let mut watcher = |visits| bar.set_position(visits);
    let outlets = Outlets {
        events: events.as_mut().map(|file| file as &mut dyn Write),
        history: history.as_mut().map(|file| file as &mut dyn Write),
        tally: Some(&mut tally),
        watcher: Some(&mut watcher),
        until: args.until,
        last_lines: if args.until.is_some() { TRANSCRIPT_LINES } else { 0 },
    };
    let played = play(&plan, outlets);
    bar.finish_and_clear();
    let ended = match played {
        Ok(ran) => {
            let mut report = tally.finish();
            let took = began.elapsed();
            if let Some(other) = other {
                match beside(&other)? {
                    Some(other) => report.compare_with(&other),
                    None => return Ok(Ended::Failure),
                }
            }
            reporting::print(&report);
            say(&summary(&plan, &ran, took));
            reports.write(&report)?;
            Ended::Done
        }
        Err(Stopped::Until { ran, transcript }) => {
            transcript.iter().for_each(|line| say(line));
            say(&summary(&plan, &ran, began.elapsed()));
            Ended::Done
        }
        Err(Stopped::Violated { event, .. }) => {
            tell_violation(&plan, event);
            Ended::Failure
        }
        Err(stopped) => return Err(stopped.into()),
    };
    match &args.history {
        Some(path) => Ok(check_history::judge(path, ended, say)?),
        None => Ok(ended),
    }
}

/// How it went in the clinic that the first is compared with; `None` when a check failed there, which
/// was told.
fn beside(other: &Plan) -> anyhow::Result<Option<Report>> {
    let mut tally = Tally::new(about(other));
    let bar = bar(u64::try_from(other.arrivals.len()).ok(), BAR);
    let mut watcher = |visits| bar.set_position(visits);
    let outlets =
        Outlets { tally: Some(&mut tally), watcher: Some(&mut watcher), ..Outlets::default() };
    let played = play(other, outlets);
    bar.finish_and_clear();
    match played {
        Ok(_) => Ok(Some(tally.finish())),
        Err(Stopped::Violated { event, .. }) => {
            tell_violation(other, event);
            Ok(None)
        }
        Err(stopped) => Err(stopped.into()),
    }
}

/// Plays a plan on a store in memory.
fn play<'w>(plan: &'w Plan, outlets: Outlets<'w>) -> Result<Ran, Stopped> {
    let key = AuditKey::new(AUDIT_KEY);
    let make = {
        let key = key.clone();
        move || Ok(Box::new(Sqlite::in_memory_with(&key)?) as Box<dyn Store>)
    };
    world::run(plan, plant::in_store(plan.plant, make)?, &key, outlets)
}

/// The same once more, up to the event at which something did not hold, with what went before.
fn tell_violation(plan: &Plan, event: u64) {
    let outlets = Outlets { last_lines: TRANSCRIPT_LINES, ..Outlets::default() };
    match play(plan, outlets) {
        Err(Stopped::Violated { violation, event, at, transcript }) => {
            transcript.iter().for_each(|line| say(line));
            say(&format!("seed {}, event {event}, {at:?} after the beginning:", plan.seed));
            say(&format!("VIOLATED {violation}"));
            say(&format!("({} shows it again)", again(std::env::args(), plan.seed, event)));
        }
        // It would be a bug of the world's: the same seed is the same day.
        _ => say(&format!("seed {}: event {event} violated a check, but not again", plan.seed)),
    }
}

/// The command that plays `seed` again up to `event`: as it was given, but for what names the seeds.
fn again(words: impl Iterator<Item = String>, seed: u64, event: u64) -> String {
    const OTHERS: [&str; 4] = ["--seed", "--seeds", "--twice", "--until"];
    let mut kept = Vec::new();
    let mut words = words.skip(1);
    while let Some(word) = words.next() {
        let name = word.split('=').next().unwrap_or_default();
        match OTHERS.contains(&name) {
            true if word.contains('=') => {}
            true => drop(words.next()),
            false => kept.push(word),
        }
    }
    format!("rendezvous {} --seed {seed} --until {event}", kept.join(" "))
}

fn about(plan: &Plan) -> About {
    let settings = [
        ("seed", plan.seed.to_string()),
        ("days", plan.days.to_string()),
        ("patients", plan.arrivals.len().to_string()),
        ("doctors", plan.doctors.len().to_string()),
        ("slots", plan.slots.len().to_string()),
    ];
    let loss = plan.faults.loss;
    About {
        title: plan.title.clone(),
        settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
        loss: Some(Loss { there: loss, back: loss }),
        planned: plan.arrivals.last().copied().unwrap_or_default(),
    }
}

fn summary(plan: &Plan, ran: &Ran, took: Duration) -> String {
    let times = ran.lasted.as_secs_f64() / took.as_secs_f64().max(f64::MIN_POSITIVE);
    format!(
        "seed {}: {} events, {} visits, {} commands, {} datagrams ({} lost); {:.1} h in {:.3} s, \
         {times:.0} times as fast as time",
        plan.seed,
        ran.events,
        ran.visits,
        ran.commands,
        ran.datagrams,
        ran.lost,
        ran.lasted.as_secs_f64() / 3_600.0,
        took.as_secs_f64(),
    )
}

/// Shows a line on standard output; a reader that is gone needs none.
fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_is_shown_again_by_the_same_command_with_one_seed() {
        let given = "rendezvous simulate --virtual --seeds 10 --faults full --twice=3 --seed 5";
        let words = given.split(' ').map(str::to_owned);
        let expected = "rendezvous simulate --virtual --faults full --seed 7 --until 99";
        assert_eq!(again(words, 7, 99), expected);
    }
}
