//! The program's own log: `tracing` to standard error, through an [`Outlet`], so that logging
//! never blocks the work. Secrets cannot get here: their types print `********`.

use std::io::{self, IsTerminal as _};

use tracing_subscriber::EnvFilter;

use crate::args::{Global, LogFilter, LogFormat};
use crate::outlet::Outlet;

/// What the log holds when nothing is said about it.
pub(crate) const FILTER: &str = "info";
/// The same for a demonstration, whose screen is for people who look around.
pub(crate) const DEMO_FILTER: &str = "warn";

/// Sends the log of this process to standard error. The outlet holds what `usual` says unless
/// something else was asked for, and is to be finished at the end.
///
/// # Errors
/// When no thread can be started, or there is a log already.
pub(crate) fn start(global: &Global, usual: &str) -> anyhow::Result<Outlet> {
    let outlet = Outlet::stderr()?;
    let filter = global.log.as_ref().map_or(usual, LogFilter::as_str);
    let filter = EnvFilter::builder().parse(filter)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(outlet.sender())
        .with_ansi(is_painted());
    let started = match global.log_format {
        LogFormat::Text => lines.try_init(),
        LogFormat::Json => lines.json().with_ansi(false).try_init(),
    };
    started.map_err(|error| anyhow::anyhow!("the log cannot be started: {error}"))?;
    Ok(outlet)
}

fn is_painted() -> bool {
    io::stderr().is_terminal() && !colors_are_unwanted()
}

/// Whether `NO_COLOR` is set (<https://no-color.org>).
pub(crate) fn colors_are_unwanted() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}
