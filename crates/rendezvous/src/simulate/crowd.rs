//! A crowd of patients on real sockets: what to start, what to show, what to write.
//!
//! What is deliberately not here: what patients, doctors, the center and the network between them do
//! (see [`simulator::crowd`]).

mod about;
mod live;
mod place;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use net::{Shutdown, ShutdownTrigger};
use protocol::Dialect;
use simulator::capture::Capture;
use simulator::crowd::{
    CrowdEvent, CrowdPlan, Network, Pace, SILENCE, Sent, VISITS_AT_ONCE_MAX, run as send,
};
use simulator::history::Recorder;
use simulator::plan::Choice;
use simulator::report::{Outcome, Report, Tally};

use self::live::Live;
use self::place::{Place, Running};
use super::files;
use super::reporting::{self, Reports};
use crate::args::{Global, SimulateArgs};
use crate::exit::Ended;
use crate::{check_history, printing, serving};

/// What is said of those without a record in a run that was called off.
const STILL_THERE: &str = "still there when it was called off";
/// How many patients come when nothing else is said.
const PATIENTS: u32 = 1_000;
/// How many doctors there are when nothing else is said.
const DOCTORS: u32 = 10;
/// How many slots there are for each patient when nothing else is said.
const SLOTS_EACH: u32 = 2;
/// How many are served at once when nothing is said about when they come.
const CONCURRENCY: usize = 64;
/// Open files for each visit: both ends of its connection, twice with a relay, and of its datagrams.
const OPEN_FILES_EACH: usize = 8;

/// Sends the crowd that the arguments say.
///
/// # Errors
/// When an input file has a mistake, a file cannot be written, there is no clinic, or a visit failed
/// that should not have.
pub(super) fn run(args: &SimulateArgs, global: &Global) -> anyhow::Result<Ended> {
    serving::raise_open_files_limit();
    let tasks = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = tasks.block_on(async {
        let stop = serving::stop_signals(global)?;
        play(args, stop).await
    });
    tasks.shutdown_background();
    ended
}

async fn play(args: &SimulateArgs, mut stop: Shutdown) -> anyhow::Result<Ended> {
    let mut plan = plan(args);
    // What is read comes first, so that a mistake there costs no file; then the files that are written:
    // nobody comes in vain.
    let running = Running::check(args, &mut plan)?;
    let reports = Reports::open(&args.report)?;
    let history = match &args.history {
        Some(path) => Some(Recorder::new(Box::new(files::create(path)?))),
        None => None,
    };
    let capture = match &args.capture {
        Some(path) => Some(begin_capture(path, plan.dialect)?),
        None => None,
    };
    let (_network, over) = ShutdownTrigger::new();
    let opening = Place::open(running, &plan, capture.clone(), over);
    let place = tokio::select! {
        biased;
        () = stop.wait() => bail!("called off before anybody came"),
        place = opening => place?,
    };
    let mut tally = Tally::new(about::about(args, &plan));
    let live = Live::of(&plan);
    let mut told = |event| match event {
        CrowdEvent::Over(visit) => tally.visit(*visit),
        CrowdEvent::Now(moment) => live.show(&moment, &tally),
    };
    let sent = send(&plan, Arc::new(place.destination), history.clone(), &mut told, stop).await;
    live.finish();
    let mut doctors = None;
    if let Some(own) = place.own {
        // Nobody else is here whom reading could keep waiting.
        doctors = Some(own.doctor_use());
        own.close().await;
    }
    // What is written is whole before anything is judged, or ends it.
    let packets = capture.map(|capture| capture.finish());
    let kept = history.map(|history| history.finish());
    if let Some(doctors) = doctors {
        tally.doctors(doctors?);
    }
    if let Sent::CalledOff(who) = &sent {
        tally.note(STILL_THERE, about::still_there(who));
    }
    let report = tally.finish();
    reporting::print(&report);
    if let Sent::CalledOff(who) = &sent {
        printing::tell(&format!("{STILL_THERE}: {}", about::still_there(who)))?;
    }
    reports.write(&report)?;
    if let (Some(packets), Some(path)) = (packets, &args.capture) {
        let packets = packets.with_context(|| unwritten(path))?;
        printing::tell(&format!("{}: {packets} packets", path.display()))?;
    }
    if let (Some(kept), Some(path)) = (kept, &args.history) {
        kept.with_context(|| unwritten(path))?;
        let ended = judge(path)?;
        if ended != Ended::Done {
            return Ok(ended);
        }
    }
    verdict(&plan, sent, &report)
}

fn begin_capture(path: &Path, dialect: Dialect) -> anyhow::Result<Capture> {
    let file = Box::new(files::create_private(path)?);
    if dialect != Dialect::Json {
        let file = path.display();
        tracing::warn!(%file, %dialect, "names and passwords cross in the clear, and the capture holds them");
    }
    Capture::begin(file).with_context(|| unwritten(path))
}

/// Says whether the history holds.
fn judge(path: &Path) -> anyhow::Result<Ended> {
    let mut lines = Vec::new();
    let ended = check_history::judge(path, Ended::Done, |line| lines.push(line.to_owned()))?;
    printing::tell(&lines.join("\n"))?;
    Ok(ended)
}

fn unwritten(path: &Path) -> String {
    format!("{} cannot be written", path.display())
}

fn plan(args: &SimulateArgs) -> CrowdPlan {
    let patients = args.patients.unwrap_or(PATIENTS);
    let pace = match (args.rate, args.concurrency) {
        (Some(rate), _) => Pace::Rate(rate),
        (None, Some(most)) => Pace::Concurrency(most as usize),
        (None, None) => Pace::Concurrency(CONCURRENCY),
    };
    let (delay, jitter) = args.delay.map_or_else(Default::default, |d| (d.mean, d.jitter));
    let network = Network {
        loss: args.loss.unwrap_or_default(),
        delay,
        jitter,
        duplicate: args.duplicate.unwrap_or_default(),
        reorder: args.reorder.unwrap_or_default(),
    };
    CrowdPlan {
        patients,
        doctors: args.doctors.unwrap_or(DOCTORS),
        slots: args.slots.unwrap_or(patients.saturating_mul(SLOTS_EACH)),
        pace,
        duration: args.duration,
        at_once_max: VISITS_AT_ONCE_MAX.min(serving::open_files_limit() / OPEN_FILES_EACH).max(1),
        seed: args.seed.unwrap_or(1),
        dialect: args.dialect,
        choice: Choice::Any,
        network,
    }
}

/// What whoever started it is told by the exit code: a polite "no" is as good as any answer, and so
/// is silence where datagrams get lost.
fn verdict(plan: &CrowdPlan, sent: Sent, report: &Report) -> anyhow::Result<Ended> {
    let visits = report.visits;
    if let Some(most) = report.failures.first() {
        let failed = report.ended(Outcome::Failed);
        bail!("{failed} of {visits} visits failed, mostly: {}", most.words);
    }
    let silent = report.without_price.iter().find(|reason| reason.words == SILENCE);
    if let (Some(silent), true) = (silent, plan.network.loss == 0.0) {
        bail!("in {} visits no doctor answered, and nothing was lost", silent.visits);
    }
    match sent {
        Sent::All => Ok(Ended::Done),
        Sent::CalledOff(_) => bail!("called off: these are the {visits} visits until then"),
    }
}
