//! Every sub-command and flag, declared once: parsing, help, environment variables, the
//! configuration file, completions and man pages are all made from this.
//!
//! What is deliberately not here: reading `rendezvous.toml` (see `config`), and what the commands
//! do. Passwords are never arguments: anybody on the machine can read those of a process.

mod admin;
mod center;
mod doctor;
mod environment;
mod limits;
mod pages;
mod patient;
mod simulate;
#[cfg(test)]
mod tests;
mod values;

use std::path::PathBuf;

use clap::builder::OsStringValueParser;
use clap::builder::TypedValueParser as _;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub(crate) use admin::{
    AddPatientArgs, AddSlotsArgs, AdminArgs, AdminTask, CancelArgs, ImportArgs, SetPasswordArgs,
};
pub(crate) use admin::{
    AddStaffArgs, AuditArgs, CertificateArgs, EndSessionsArgs, EnrolArgs, EraseArgs, ExportArgs,
    NewTotpArgs, RotateKeysArgs,
};
pub(crate) use center::{CenterArgs, LoadArgs, NetworkArgs};
pub(crate) use doctor::{Advertised, DoctorArgs};
pub(crate) use limits::LimitArgs;
pub(crate) use pages::{completions, man_page, man_pages};
pub(crate) use patient::{Errand, PatientArgs};
pub(crate) use simulate::{SimulateArgs, SimulationKind, per_second};
pub(crate) use values::{
    ConfigFile, DoctorAt, LogFilter, PatientNamed, PatientSelect, Select, StoreLocation, Zone,
};

/// Help heading of the flags that say what to do this time. They are no settings: they have no
/// place in `rendezvous.toml`.
pub(crate) const ERRANDS: &str = "Errands";

/// All headings of such flags: what is simulated is another thing each time, too.
pub(crate) const NO_SETTINGS: [&str; 4] =
    [ERRANDS, simulate::VIRTUAL, simulate::CROWD, simulate::OUTPUT];

/// The longest visit, in minutes: a day.
const SLOT_MINUTES_MAX: i64 = 24 * 60;

/// An online medical appointment system over TCP and UDP
#[derive(Debug, Parser)]
#[command(
    name = "rendezvous",
    version,
    propagate_version = true,
    max_term_width = 100,
    after_help = "Examples:
  rendezvous simulate --input input     play a whole clinic, every role its own process
  rendezvous center --input input       the health center, on 127.0.0.1:21000
  rendezvous doctor doc1 --input input  a doctor, at the port that availabilities.txt names
  rendezvous patient patient1           log in, choose a slot, ask the doctor for the cost
  rendezvous admin appointments --json  what is booked

Every flag is also an environment variable named with its role (RENDEZVOUS_CENTER_LISTEN), every
setting a key of rendezvous.toml: a flag wins over the environment, the environment over the file.

Exit codes: 0 done, 1 failure, 2 bad usage, configuration or input file, 3 refused."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) role: Role,
}

/// Flags of every sub-command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct Global {
    /// How the program's own log is written to standard error
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log_format: LogFormat,
    /// What the log holds: a level, or targets with levels, e.g. info,rendezvous=debug [default:
    /// info, and warn for the roles of simulate]
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log: Option<LogFilter>,
    /// Configuration file [default: rendezvous.toml in the working folder, if it is there]
    #[arg(long, global = true, value_name = "FILE",
          value_parser = OsStringValueParser::new().map(ConfigFile::from))]
    pub(crate) config: Option<ConfigFile>,
    /// Leave when standard input ends: whoever started this program is gone
    #[arg(long, global = true, hide = true)]
    pub(crate) end_with_stdin: bool,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// One line for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Whether the exercise's messages are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Screen {
    /// Every message of the exercise, to standard output.
    Exercise,
    /// None.
    Quiet,
}

/// Whether a terminal is painted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// When standard output is a terminal and NO_COLOR is not set.
    Auto,
    /// In any case.
    Always,
    /// Never.
    Never,
}

/// What the program is this time.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    Simulate(Box<SimulateArgs>),
    Center(Box<CenterArgs>),
    Doctor(DoctorArgs),
    Patient(PatientArgs),
    Admin(AdminArgs),
    CheckHistory(CheckHistoryArgs),
    Config(ConfigArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Say whether a history of bookings is linearizable: no slot was ever held twice
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous simulate --patients 1000 --rate 100/s --history crowd.jsonl
  rendezvous check-history crowd.jsonl")]
pub(crate) struct CheckHistoryArgs {
    /// The history, a JSON object a line; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Print a rendezvous.toml with every setting, commented out
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rendezvous config > rendezvous.toml")]
pub(crate) struct ConfigArgs {}

/// Print a shell's completions
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rendezvous completions bash > /etc/bash_completion.d/rendezvous")]
pub(crate) struct CompletionsArgs {
    /// Which shell
    #[arg(value_name = "SHELL", value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Print the man page, or write one for each sub-command to a folder
#[derive(Debug, Args)]
#[command(after_help = "Example:
  rendezvous man --output /usr/local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The folder [default: print the main page]
    #[arg(long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
}

/// The whole declaration, with an environment variable behind every flag.
pub(crate) fn command() -> clap::Command {
    environment::with_variables(Cli::command())
}

/// The same, for tests: it reads no environment variables.
#[cfg(test)]
pub(crate) fn command_without_variables() -> clap::Command {
    environment::without_variables(command())
}

/// Reads the arguments of `command` (from [`command`], perhaps with other defaults), flag by flag.
///
/// # Errors
/// What clap says: also the help and the version, which are no mistakes.
pub(crate) fn read<I, T>(command: &mut clap::Command, words: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<std::ffi::OsString> + Clone,
{
    use clap::FromArgMatches as _;
    let mut matches = command.try_get_matches_from_mut(words)?;
    Cli::from_arg_matches_mut(&mut matches).map_err(|error| error.format(command))
}

/// The same, and checks what no single flag can see.
///
/// # Errors
/// As [`read`].
pub(crate) fn parse<I, T>(mut command: clap::Command, words: I) -> Result<Cli, clap::Error>
where
    I: IntoIterator<Item = T>,
    T: Into<std::ffi::OsString> + Clone,
{
    let cli = read(&mut command, words)?;
    let checked = match &cli.role {
        Role::Simulate(args) => args.check(),
        Role::Doctor(args) => args.check(),
        Role::Patient(args) => args.check(),
        Role::Center(args) => args.check(),
        Role::Admin(args) => args.check(),
        Role::CheckHistory(_) | Role::Config(_) | Role::Completions(_) | Role::Man(_) => Ok(()),
    };
    checked.map_err(|wrong| command.error(ErrorKind::ArgumentConflict, wrong))?;
    Ok(cli)
}
