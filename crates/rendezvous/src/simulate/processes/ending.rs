//! What ends a simulation before its time, and how the last of it gets to its reader.

use std::io::{self, Write as _};
use std::process::ExitStatus;
use std::time::Duration;

use thiserror::Error;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::in_words;
use crate::outlet::{self, Outlet};

/// The most lines of the transcript that wait for a reader who is slow, as a pager is. A run that
/// has more of them and no reader drops the rest, and says how many.
const TRANSCRIPT_LINES_MAX: usize = 1_000_000;

/// How long the end of a run waits for its reader: as good as for ever. A signal, or a reader who
/// is gone, ends it before.
const READ_MAX: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

/// A signal came: nobody's fault, and no time to lose.
#[derive(Debug, Error)]
#[error("interrupted by {0}")]
pub(super) struct Interrupted(&'static str);

/// A role called its input bad before it was open. Why, it said in its log.
#[derive(Debug, Error)]
#[error("{label} ended at once ({})", in_words(*status))]
pub(super) struct RoleRefusedInput {
    /// Who.
    pub(super) label: String,
    /// How.
    pub(super) status: ExitStatus,
}

/// The signals that end a simulation.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Catches them from now on. To be called inside the runtime.
    ///
    /// # Errors
    /// When the system does not allow it.
    pub(super) fn catch() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(super) async fn next(&mut self) -> Interrupted {
        Interrupted(tokio::select! {
            biased;
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.hang_up.recv() => "SIGHUP",
        })
    }
}

/// Standard output, for a transcript of which no line is to be lost.
///
/// # Errors
/// When no thread can be started.
pub(super) fn screen() -> io::Result<Outlet> {
    Outlet::new(io::stdout(), TRANSCRIPT_LINES_MAX)
}

/// Waits until all of the transcript is read, writes `table` behind it, and gives what became of
/// the run. After a signal nobody is waited for any longer than at the end of any program.
///
/// # Errors
/// Those of `ended`, and [`Interrupted`].
pub(super) async fn let_read<T>(
    ended: anyhow::Result<T>,
    table: Option<String>,
    screen: Outlet,
    signals: &mut Signals,
) -> anyhow::Result<T> {
    let interrupted = ended.as_ref().is_err_and(anyhow::Error::is::<Interrupted>);
    let limit = if interrupted { outlet::FLUSH_MAX } else { READ_MAX };
    let reading = tokio::task::spawn_blocking(move || {
        screen.finish(limit);
        if let Some(table) = table {
            // A reader that is gone needs no table.
            let _ = writeln!(io::stdout().lock(), "{table}");
        }
    });
    tokio::select! {
        biased;
        interrupted = signals.next(), if !interrupted => Err(interrupted.into()),
        _ = reading => ended,
    }
}
