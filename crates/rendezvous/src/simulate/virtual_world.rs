//! The virtual world: which plan, which seeds, what to write, and what to say when a check fails.

use anyhow::bail;

use crate::args::SimulateArgs;
use crate::exit::Ended;

pub(super) fn run(_args: &SimulateArgs) -> anyhow::Result<Ended> {
    bail!("no world came about")
}
