//! Which clinic is meant: one in numbers, or a scenario.

use std::path::Path;

use simulator::plan::{Arrivals, FaultLevel, Numbers, Plan};
use simulator::scenario::Scenario;

use crate::args::{SimulateArgs, per_second};
use crate::input::{self, BadInput};

/// What there is when nothing is said about it.
pub(super) const SEED: u64 = 1;
const PATIENTS: u32 = 200;
const DOCTORS: u32 = 4;

/// The plan that the arguments mean, from this seed; from the scenario's own, or [`SEED`], when there is
/// `None`.
///
/// # Errors
/// [`BadInput`] when a file has a mistake, or there is no such clinic.
pub(super) fn plan(args: &SimulateArgs, seed: Option<u64>) -> anyhow::Result<Plan> {
    if let Some(path) = &args.scenario {
        return of_scenario(args, path, seed);
    }
    let numbers = Numbers {
        seed: seed.unwrap_or(SEED),
        days: args.days.unwrap_or(1),
        patients: args.patients.unwrap_or(PATIENTS),
        doctors: args.doctors.unwrap_or(DOCTORS),
        slots: args.slots,
        arrivals: args.arrivals.as_deref().map(arrivals).transpose()?,
        faults: args.faults.unwrap_or(FaultLevel::None),
        plant: args.plant,
    };
    Plan::from_numbers(&numbers).map_err(|wrong| {
        BadInput::of_file(Path::new("simulate"), format!("there is no such clinic: {wrong}")).into()
    })
}

/// The plan of `--compare`, from the seed of the first; `None` when nothing is compared.
///
/// # Errors
/// [`BadInput`] when its file has a mistake.
pub(super) fn other(args: &SimulateArgs, seed: u64) -> anyhow::Result<Option<Plan>> {
    args.compare.as_deref().map(|path| of_scenario(args, path, Some(seed))).transpose()
}

/// The plan of a scenario, with what else the arguments say.
fn of_scenario(args: &SimulateArgs, path: &Path, seed: Option<u64>) -> anyhow::Result<Plan> {
    let bytes = input::read(path, "a scenario")?;
    let text = String::from_utf8(bytes)
        .map_err(|_| BadInput::of_file(path, "is not UTF-8, expected a TOML file"))?;
    let scenario = Scenario::read(&text).map_err(|mistake| BadInput::in_file(path, mistake))?;
    let mut plan = scenario.plan(seed);
    plan.plant = args.plant;
    if let Some(level) = args.faults {
        plan.faults = level.faults();
    }
    Ok(plan)
}

/// `poisson:RATE`, or a file of times.
fn arrivals(text: &str) -> anyhow::Result<Arrivals> {
    if let Some(rate) = text.strip_prefix("poisson:") {
        let per_second =
            per_second(rate).map_err(|wrong| BadInput::of_file(Path::new("--arrivals"), wrong))?;
        return Ok(Arrivals::Poisson { per_second });
    }
    let path = Path::new(text);
    let bytes = input::read(path, "poisson:RATE or a file of times")?;
    Ok(Arrivals::parse_times(&bytes).map_err(|mistake| BadInput::in_file(path, mistake))?)
}
