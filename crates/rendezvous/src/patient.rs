//! `rendezvous patient`: a visit in three phases, or an errand about one's own appointments.

mod choice;
mod counter;
mod errands;
mod visit;

use anyhow::Context as _;
use domain::{Password, PlanName, UserName};
use protocol::screen;

use crate::args::{Errand, Global, PatientArgs};
use crate::exit::Ended;
use crate::input::{self, BadInput};
use crate::outlet::{FLUSH_MAX, LineSender, Outlet};
use crate::serving;
use crate::summary::{Summary, VisitOutcome};
use crate::{password, printing};

/// Who the patient is, and what was said on the command line.
struct Patient {
    args: PatientArgs,
    /// The N of `Patient N`.
    n: String,
    user: UserName,
    password: Password,
    screen: net::Screen,
    /// For what a person at a terminal is asked, whatever the screen.
    out: LineSender,
}

/// Does what the patient came for.
///
/// # Errors
/// When a file cannot be used, the center or the doctor cannot be reached, or the answer is "no".
pub(crate) fn run(args: PatientArgs, global: &Global) -> anyhow::Result<Ended> {
    let outlet = Outlet::stdout()?;
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let summary_file = args.summary.clone();
    let mut summary = Summary::new(args.name.as_str(), VisitOutcome::Done);
    let done = tasks.block_on(async {
        let mut stop = if global.end_with_stdin && !choice::reads_stdin(&args) {
            Some(serving::stop_signals(global)?)
        } else {
            None
        };
        let told_to_stop = async {
            match &mut stop {
                Some(stop) => stop.wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = told_to_stop => anyhow::bail!("told to stop"),
            done = go(args, outlet.sender(), &mut summary) => done,
        }
    });
    tasks.shutdown_background();
    outlet.finish(FLUSH_MAX);
    if let Ok(lines) = &done {
        printing::tell(&lines.join("\n"))?;
    }
    if let Err(error) = &done {
        summary.outcome = match Ended::of_error(error) {
            Ended::Refused => VisitOutcome::Refused,
            _ => VisitOutcome::Failed,
        };
        summary.message = Some(format!("{error:#}"));
    }
    if let Some(path) = summary_file {
        summary
            .write(&path)
            .with_context(|| format!("cannot write the summary to {}", path.display()))?;
    }
    done.map(|_| Ended::Done)
}

/// Gives back what to print when it is done.
async fn go(
    args: PatientArgs,
    out: LineSender,
    summary: &mut Summary,
) -> anyhow::Result<Vec<String>> {
    let errand = args.errand();
    // Everything that can be wrong here is found before anybody is asked anything.
    let plan = match errand {
        Errand::Visit(_) => Some(plan(&args)?),
        _ => None,
    };
    let (user, password) = log_in_data(&args)?;
    let patient = Patient {
        n: screen::number_of(args.name.as_str()).to_owned(),
        user,
        password,
        screen: serving::screen(args.screen, out.clone()),
        out,
        args,
    };
    match errand {
        Errand::Visit(select) => {
            let plan = plan.context("a visit has a plan")?;
            summary.plan = Some(plan.to_string());
            visit::visit(&patient, select, plan, summary).await.map(|()| Vec::new())
        }
        Errand::List => errands::list(&patient).await,
        Errand::Appointments => errands::appointments(&patient).await,
        Errand::Cancel(appointment) => errands::cancel(&patient, appointment).await,
        Errand::Reschedule(appointment, select) => {
            errands::reschedule(&patient, appointment, select).await
        }
    }
}

fn plan(args: &PatientArgs) -> Result<PlanName, BadInput> {
    match &args.plan {
        Some(plan) => Ok(plan.clone()),
        None => input::plan(&args.input, args.name.as_str()),
    }
}

/// User and password: the password from the environment, else the file, else the terminal.
fn log_in_data(args: &PatientArgs) -> anyhow::Result<(UserName, Password)> {
    let from_file = match input::login(&args.input, args.name.as_str()) {
        Ok(row) => Some(row),
        Err(error) if error.is_missing() => None,
        Err(error) => return Err(error.into()),
    };
    let (user, in_file) = match from_file {
        Some(row) => (row.user, Some(row.password)),
        None => (args.name.clone(), None),
    };
    let password = match password::from_environment()?.or(in_file) {
        Some(password) => password,
        None => choice::ask_password(&user, &args.input)?,
    };
    Ok((user, password))
}
