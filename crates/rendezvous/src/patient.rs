//! `rendezvous patient`: a visit in three phases, or an errand about one's own appointments.

mod choice;
mod counter;
mod device;
mod errands;
mod journal;
mod verifying;
mod visit;

use anyhow::{Context as _, bail};
use clap::error::ErrorKind;
use domain::{OneTimePassword, Password, PlanName, UserName};
use net::patient::Security;
use protocol::{Dialect, LogInWith, screen};

use crate::args::{Errand, Global, PatientArgs};
use crate::exit::Ended;
use crate::input::{self, BadInput};
use crate::outlet::{FLUSH_MAX, LineSender, Outlet};
use crate::serving;
use crate::summary::{Summary, VisitOutcome};
use crate::{password, printing, trust};

/// The digits of a second factor, for the accounts that have one.
const ONE_TIME_VARIABLE: &str = "RENDEZVOUS_ONE_TIME_PASSWORD";

/// Who the patient is, and what was said on the command line.
struct Patient {
    args: PatientArgs,
    /// The N of `Patient N`.
    n: String,
    user: UserName,
    password: Password,
    /// What the log-in brings besides.
    with: LogInWith,
    /// How the center is spoken to; nothing is ever said to it in another way.
    security: Security,
    screen: net::Screen,
    /// For what a person at a terminal is asked, whatever the screen.
    out: LineSender,
    journal: journal::Journal,
}

/// Does what the patient came for.
///
/// # Errors
/// When a file cannot be used, the center or the doctor cannot be reached, or the answer is "no".
pub(crate) fn run(args: PatientArgs, global: &Global) -> anyhow::Result<Ended> {
    if let Some(file) = &args.verify {
        let lines = verifying::verify(file, &args.center_key)?;
        printing::tell(&lines.join("\n"))?;
        return Ok(Ended::Done);
    }
    let Some(name) = args.name.clone() else { bail!("a patient has a NAME") };
    let outlet = Outlet::stdout()?;
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let summary_file = args.summary.clone();
    let mut summary = Summary::new(name.as_str(), VisitOutcome::Done);
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
            done = go(name, args, outlet.sender(), &mut summary) => done,
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
    name: UserName,
    args: PatientArgs,
    out: LineSender,
    summary: &mut Summary,
) -> anyhow::Result<Vec<String>> {
    let errand = args.errand();
    // Everything that can be wrong here is found before anybody is asked anything.
    let plan = match errand {
        Errand::Visit(_) => Some(plan(&name, &args)?),
        _ => None,
    };
    let security = security(&args)?;
    let device = match &args.device {
        Some(file) => device::read(file)?,
        None => None,
    };
    let with = LogInWith { one_time: one_time_password()?, device };
    let (user, password) = log_in_data(&name, &args)?;
    let patient = Patient {
        n: screen::number_of(name.as_str()).to_owned(),
        user,
        password,
        with,
        security,
        screen: serving::screen(args.screen, out.clone()),
        out,
        journal: journal::Journal::open(&args)?,
        args,
    };
    match errand {
        Errand::Visit(select) => {
            let plan = plan.context("a visit has a plan")?;
            summary.plan = Some(plan.to_string());
            visit::visit(&patient, select, plan, summary).await?;
            patient.journal.close().map(|()| Vec::new())
        }
        Errand::List => errands::list(&patient).await,
        Errand::Appointments => errands::appointments(&patient).await,
        Errand::Accesses => errands::accesses(&patient).await,
        Errand::Cancel(appointment) => errands::cancel(&patient, appointment).await,
        Errand::Reschedule(appointment, select) => {
            errands::reschedule(&patient, appointment, select).await
        }
    }
}

fn plan(name: &UserName, args: &PatientArgs) -> Result<PlanName, BadInput> {
    match &args.plan {
        Some(plan) => Ok(plan.clone()),
        None => {
            input::plan(&args.input, name.as_str()).map_err(|error| error.or_flag("--plan PLAN"))
        }
    }
}

/// How the center is spoken to: over TLS, but for the classic words to a center on this machine.
fn security(args: &PatientArgs) -> Result<Security, BadInput> {
    if args.dialect == Dialect::Json {
        return trust::authorities(args.ca.as_deref()).map(Security::Tls);
    }
    Ok(Security::PlaintextOnLoopback)
}

/// What stands in [`ONE_TIME_VARIABLE`]; `None` when it is not set.
fn one_time_password() -> anyhow::Result<Option<OneTimePassword>> {
    let Some(value) = std::env::var_os(ONE_TIME_VARIABLE) else { return Ok(None) };
    let digits = OneTimePassword::try_from(value.to_string_lossy().trim().to_owned());
    digits.map(Some).map_err(|why| usage(&format!("{ONE_TIME_VARIABLE} {why}")))
}

fn usage(message: &str) -> anyhow::Error {
    clap::Error::raw(ErrorKind::ValueValidation, format!("{message}\n")).into()
}

/// User and password: the password from the environment, else the file, else the terminal.
fn log_in_data(name: &UserName, args: &PatientArgs) -> anyhow::Result<(UserName, Password)> {
    let from_file = match input::login(&args.input, name.as_str()) {
        Ok(row) => Some(row),
        Err(error) if error.is_missing() => None,
        Err(error) => return Err(error.into()),
    };
    let (user, in_file) = match from_file {
        Some(row) => (row.user, Some(row.password)),
        None => (name.clone(), None),
    };
    let password = match password::from_environment()?.or(in_file) {
        Some(password) => password,
        None => choice::ask_password(&user, &args.input)?,
    };
    Ok((user, password))
}
