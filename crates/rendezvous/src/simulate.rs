//! `rendezvous simulate`, in its three kinds: the plain one, where every role of a folder is a process
//! of its own; the virtual world, where whole days are the consequence of a seed; and the crowd, which
//! comes to real sockets.
//!
//! Here is only which kind it is. What is deliberately not here: what happens in any of them.

mod bar;
mod crowd;
mod files;
mod processes;
mod reporting;
mod virtual_world;

use crate::args::{Global, SimulateArgs, SimulationKind};
use crate::exit::Ended;

/// Simulates what the arguments say.
///
/// # Errors
/// When an input file has a mistake ([`crate::input::BadInput`]), or something of ours fails.
pub(crate) fn run(args: SimulateArgs, global: &Global) -> anyhow::Result<Ended> {
    files::keep_apart(&args)?;
    match args.kind() {
        SimulationKind::Processes => processes::run(args, global),
        SimulationKind::Virtual => virtual_world::run(&args),
        SimulationKind::Crowd => crowd::run(&args, global),
    }
}
