//! `rendezvous`: every role of an online medical appointment system in one binary.
//!
//! Here is only the way in and the way out: arguments, configuration, the log, and which command
//! it is. What is deliberately not here: rules, protocols, sockets, SQL.

mod admin;
mod args;
mod audit_head;
mod center;
mod check_history;
mod config;
mod doctor;
mod enrolling;
mod exit;
mod file_stamp;
mod input;
mod keys;
mod loading;
mod logging;
mod outlet;
mod password;
mod patient;
mod printing;
mod serving;
mod simulate;
mod stores;
mod summary;
mod tariff_watch;
mod trust;

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use args::{Cli, Role};
use exit::Ended;
use input::BadInput;

fn main() -> ExitCode {
    let ended = arguments(std::env::args_os().collect()).and_then(run);
    ended.unwrap_or_else(|error| complain(&error)).into()
}

/// The arguments, twice: which configuration file is read stands among them.
fn arguments(words: Vec<OsString>) -> anyhow::Result<Cli> {
    // Not judged yet: what one flag lacks the file may bring.
    let cli = args::read(&mut args::command(), words.clone())?;
    if matches!(
        cli.role,
        Role::CheckHistory(_) | Role::Config(_) | Role::Completions(_) | Role::Man(_)
    ) {
        // They have no settings, and help to mend a file that is broken.
        return Ok(cli);
    }
    let command = config::with_file(args::command(), cli.global.config.as_ref())?;
    Ok(args::parse(command, words)?)
}

fn run(cli: Cli) -> anyhow::Result<Ended> {
    let usual = match &cli.role {
        Role::Center(args) if args.demo => logging::DEMO_FILTER,
        _ => logging::FILTER,
    };
    let log = logging::start(&cli.global, usual)?;
    let ended = match cli.role {
        Role::Simulate(args) => simulate::run(*args, &cli.global),
        Role::Center(args) => center::run(*args, &cli.global),
        Role::Doctor(args) => doctor::run(args, &cli.global),
        Role::Patient(args) => patient::run(args, &cli.global),
        Role::Admin(args) => admin::run(args),
        Role::CheckHistory(args) => check_history::run(&args),
        Role::Config(_) => print(config::commented_default(&args::command()).as_bytes()),
        Role::Completions(args) => print(&args::completions(args.shell)),
        Role::Man(args) => match args.output {
            Some(folder) => args::man_pages(&folder).map(|()| Ended::Done),
            None => print(&args::man_page()?),
        },
    };
    log.finish(outlet::FLUSH_MAX);
    ended
}

fn print(bytes: &[u8]) -> anyhow::Result<Ended> {
    std::io::stdout().lock().write_all(bytes)?;
    Ok(Ended::Done)
}

/// Says on standard error what went wrong (clap says its own, in colour), and how that ends us.
fn complain(error: &anyhow::Error) -> Ended {
    // Nobody is left to be told when standard error is closed.
    let _ = match error.downcast_ref::<clap::Error>() {
        Some(usage) => usage.print(),
        None => match error.chain().find_map(|cause| cause.downcast_ref::<BadInput>()) {
            Some(mistake) => writeln!(std::io::stderr(), "{mistake}"),
            None => writeln!(std::io::stderr(), "rendezvous: {error:#}"),
        },
    };
    Ended::of_error(error)
}
