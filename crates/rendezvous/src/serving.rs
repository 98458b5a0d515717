//! What the roles that serve until they are told to stop have in common: their screen, the signals
//! that end them, and the operating system's limit on open files.

use std::io::Read as _;

use net::{Screen, Shutdown, ShutdownTrigger};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::{Global, Screen as ScreenChoice};
use crate::outlet::LineSender;

/// The screen that was asked for, in front of `lines`.
pub(crate) fn screen(choice: ScreenChoice, lines: LineSender) -> Screen {
    match choice {
        ScreenChoice::Exercise => Screen::new(move |line| lines.line(line)),
        ScreenChoice::Quiet => Screen::quiet(),
    }
}

/// A shutdown that comes with SIGTERM, Ctrl-C, a closed terminal or, where that was asked for, the
/// end of standard input. To be called inside the runtime.
///
/// # Errors
/// When the signals cannot be caught.
pub(crate) fn stop_signals(global: &Global) -> std::io::Result<Shutdown> {
    let (trigger, shutdown) = ShutdownTrigger::new();
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (starter_gone, gone) = tokio::sync::oneshot::channel::<()>();
    let mut never_gone = None;
    if global.end_with_stdin {
        // A thread of its own: a read of standard input cannot be called off.
        std::thread::Builder::new().name("stdin".to_owned()).spawn(move || {
            let mut left = std::io::stdin().lock();
            while matches!(left.read(&mut [0; 256]), Ok(1..)) {}
            drop(starter_gone);
        })?;
    } else {
        never_gone = Some(starter_gone);
    }
    tokio::spawn(async move {
        let _kept = never_gone;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
            _ = gone => {}
        }
        tracing::info!("stopping");
        trigger.pull();
    });
    Ok(shutdown)
}

/// Lets the process have as many open files as the operating system allows it: each patient's
/// connection is one.
pub(crate) fn raise_open_files_limit() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit on open files stays as it is");
    }
}

/// How many open files the process may have.
pub(crate) fn open_files_limit() -> usize {
    use rustix::process::{Resource, getrlimit};
    let limit = getrlimit(Resource::Nofile).current;
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}
