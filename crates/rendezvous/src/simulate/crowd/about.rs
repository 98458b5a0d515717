//! What the report of a crowd says it is.

use simulator::crowd::{CrowdPlan, Network, Pace, StillThere};
use simulator::report::{About, Loss, percent, time};

use crate::args::SimulateArgs;

/// The head of the report. A center that runs already has doctors and slots of its own, and what gets
/// lost is known on this machine only.
pub(super) fn about(args: &SimulateArgs, plan: &CrowdPlan) -> About {
    let mut settings = vec![("seed", plan.seed.to_string())];
    settings.push(("patients", plan.patients.to_string()));
    match args.center {
        Some(center) => settings.push(("center", center.to_string())),
        None => {
            settings.push(("doctors", plan.doctors.to_string()));
            settings.push(("slots", plan.slots.to_string()));
        }
    }
    let pace = match plan.pace {
        Pace::Rate(rate) => format!("{} a second", (rate * 1_000.0).round() / 1_000.0),
        Pace::Concurrency(most) => format!("{most} at any moment"),
    };
    settings.push(("they come", pace));
    if let Some(duration) = plan.duration {
        settings.push(("they keep coming for", format!("{duration:?}")));
    }
    settings.push(("dialect", plan.dialect.to_string()));
    settings.extend(network(&plan.network));
    let people = if plan.patients == 1 { "patient" } else { "patients" };
    let is_here = args.center.is_none_or(|center| center.ip().to_canonical().is_loopback());
    let loss = plan.network.loss;
    About {
        title: format!("A crowd of {} {people}", plan.patients),
        settings: settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        loss: is_here.then_some(Loss { there: loss, back: loss }),
        planned: plan.lasts().unwrap_or_default(),
    }
}

/// Who was still there when it was called off: the numbers of a report have only who had left.
pub(super) fn still_there(who: &StillThere) -> String {
    let StillThere { inside, waiting, longest } = who;
    if inside + waiting == 0 {
        return "nobody".to_owned();
    }
    let longest = time(longest.as_secs_f64() * 1_000.0);
    format!("{inside} inside and {waiting} in line, the first of them for {longest}")
}

/// What is wrong with the network; nothing of what is not.
fn network(network: &Network) -> Vec<(&'static str, String)> {
    let shares =
        [("loss", network.loss), ("duplicates", network.duplicate), ("overtaken", network.reorder)];
    let wrong = shares.into_iter().filter(|(_, share)| *share > 0.0);
    let mut settings: Vec<_> = wrong.map(|(name, share)| (name, percent(share))).collect();
    if !network.delay.is_zero() {
        settings.push(("delay", format!("{:?} ± {:?}", network.delay, network.jitter)));
    }
    settings
}
