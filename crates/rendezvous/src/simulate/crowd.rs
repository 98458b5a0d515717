//! A crowd of patients on real sockets: what to start, what to show, what to write.

use anyhow::bail;

use crate::args::SimulateArgs;
use crate::exit::Ended;

pub(super) fn run(_args: &SimulateArgs) -> anyhow::Result<Ended> {
    bail!("no crowd came")
}
