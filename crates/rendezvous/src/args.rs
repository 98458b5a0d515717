//! Every sub-command and flag, declared once: parsing, help, environment variables, the
//! configuration file, completions and man pages are all made from this.
//!
//! What is deliberately not here: reading `rendezvous.toml` (see `config`), and what the commands
//! do. Passwords are never arguments: anybody on the machine can read those of a process.

mod admin;
mod environment;
mod pages;
#[cfg(test)]
mod tests;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::OsStringValueParser;
use clap::builder::TypedValueParser as _;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum, value_parser};
use domain::{AppointmentId, Currency, DoctorName, PlanName, UserName};
use protocol::Dialect;

pub(crate) use admin::{
    AddPatientArgs, AddSlotsArgs, AdminArgs, AdminTask, CancelArgs, ImportArgs, SetPasswordArgs,
};
pub(crate) use pages::{completions, man_page, man_pages};
pub(crate) use values::{
    ConfigFile, DoctorAt, LogFilter, PatientSelect, Select, StoreLocation, Zone,
};

/// Help heading of the flags that say what to do this time. They are no settings: they have no
/// place in `rendezvous.toml`.
pub(crate) const ERRANDS: &str = "Instead of booking";

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
    Simulate(SimulateArgs),
    Center(CenterArgs),
    Doctor(DoctorArgs),
    Patient(PatientArgs),
    Admin(AdminArgs),
    Config(ConfigArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Play a whole clinic: one center, every doctor and every patient of a folder, each a process
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous simulate --input input
  rendezvous simulate --select patient1=2 --select patient2=2
  rendezvous simulate --contend --dialect spec
  rendezvous simulate --store sqlite:clinic.db    keep the bookings")]
pub(crate) struct SimulateArgs {
    /// Folder of users.txt, availabilities.txt, docN.txt, patientN.txt, patientNinsurance.txt
    #[arg(long, value_name = "DIR", default_value = "input")]
    pub(crate) input: PathBuf,
    /// The slot that a patient chooses; may be given for each patient [default: the first offered]
    #[arg(long, value_name = "NAME=N", value_delimiter = ' ')]
    pub(crate) select: Vec<PatientSelect>,
    /// All patients go for the same slot at the same moment
    #[arg(long)]
    pub(crate) contend: bool,
    /// The words that the patients use: json, spec, nul or seed
    #[arg(long, default_value_t = Dialect::Json)]
    pub(crate) dialect: Dialect,
    /// Where the bookings are kept [default: a temporary file]
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<StoreLocation>,
    /// The center's IANA time zone, e.g. Europe/Berlin [default: the system's]
    #[arg(long, value_name = "IANA")]
    pub(crate) zone: Option<Zone>,
    /// How long each visit takes, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "60",
          value_parser = value_parser!(u32).range(1..=SLOT_MINUTES_MAX))]
    pub(crate) slot_minutes: u32,
    /// Whether the transcript is painted
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
}

/// Be the health center, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous center --input input
  rendezvous center --listen 127.0.0.1:0 --store sqlite:/var/lib/rendezvous/clinic.db
  RENDEZVOUS_CENTER_ZONE=Europe/Berlin rendezvous center --input input --slot-minutes 30")]
pub(crate) struct CenterArgs {
    /// TCP address to serve; port 0 means any, and it is printed
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:21000",
          value_parser = values::address)]
    pub(crate) listen: SocketAddr,
    /// Folder whose users.txt and availabilities.txt are loaded first [default: none is loaded]
    #[arg(long, value_name = "DIR")]
    pub(crate) input: Option<PathBuf>,
    /// Where the bookings are kept
    #[arg(long, value_name = "STORE", default_value_t = StoreLocation::default())]
    pub(crate) store: StoreLocation,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// How many appointments to come one patient may hold [default: any number]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) appointments_max: Option<u32>,
    /// Whether the exercise's messages are printed to standard output
    #[arg(long, value_enum, default_value_t = Screen::Exercise)]
    pub(crate) screen: Screen,
}

/// How the files of a clinic are placed in the store.
#[derive(Debug, Clone, Args)]
pub(crate) struct LoadArgs {
    /// IANA time zone, e.g. Europe/Berlin; stored at the first load [default: the store's, else the
    /// system's]
    #[arg(long, value_name = "IANA")]
    pub(crate) zone: Option<Zone>,
    /// How long each visit of availabilities.txt takes, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "60",
          value_parser = value_parser!(u32).range(1..=SLOT_MINUTES_MAX))]
    pub(crate) slot_minutes: u32,
    /// Refer patients of a doctor to this address instead of the file's port; may be repeated
    #[arg(long, value_name = "NAME=ADDR", value_delimiter = ' ')]
    pub(crate) doctor_at: Vec<DoctorAt>,
}

/// Be one or several doctors: answer requests for estimates over UDP, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous doctor doc1 --input input
  rendezvous doctor doc1 doc2
  rendezvous doctor doc1 --listen 127.0.0.1:0 --tariff prices.txt --currency EUR")]
pub(crate) struct DoctorArgs {
    /// Who: the doctor's name in availabilities.txt
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<DoctorName>,
    /// UDP address to serve; port 0 means any [default: 127.0.0.1 and the port in
    /// availabilities.txt]
    #[arg(long, value_name = "ADDR", value_parser = values::address)]
    pub(crate) listen: Option<SocketAddr>,
    /// Folder of availabilities.txt and the tariffs NAME.txt
    #[arg(long, value_name = "DIR", default_value = "input")]
    pub(crate) input: PathBuf,
    /// The tariff, `<plan> <cost>` a line [default: NAME.txt of the input folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) tariff: Option<PathBuf>,
    /// The tariff's currency, an ISO 4217 code
    #[arg(long, value_name = "CODE", default_value = "USD")]
    pub(crate) currency: Currency,
    /// Whether the exercise's messages are printed to standard output
    #[arg(long, value_enum, default_value_t = Screen::Exercise)]
    pub(crate) screen: Screen,
}

/// Be a patient: log in, choose a slot, ask the doctor what the visit will cost
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous patient patient1                       choose from a list, on a terminal
  rendezvous patient patient1 --select 2            take slot 2
  RENDEZVOUS_PASSWORD=... rendezvous patient ana --center clinic.example:21000 --plan gold
  rendezvous patient patient1 --appointments
  rendezvous patient patient1 --reschedule 0193... --select 3

The password comes from RENDEZVOUS_PASSWORD, else from NAME.txt of the input folder, else it is
asked for without echo. It is never an argument.")]
pub(crate) struct PatientArgs {
    /// Who: the stem of the files NAME.txt and NAMEinsurance.txt, else the user name
    #[arg(value_name = "NAME")]
    pub(crate) name: UserName,
    /// Where the center is: a host name or an address, and a port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:21000",
          value_parser = values::host_and_port)]
    pub(crate) center: String,
    /// Folder of NAME.txt (user and password) and NAMEinsurance.txt (the plan)
    #[arg(long, value_name = "DIR", default_value = "input")]
    pub(crate) input: PathBuf,
    /// The slot to take, or - to read its index from standard input after the list
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) select: Option<Select>,
    /// The words to use: json, spec, nul or seed
    #[arg(long, default_value_t = Dialect::Json)]
    pub(crate) dialect: Dialect,
    /// The insurance plan [default: the one in NAMEinsurance.txt]
    #[arg(long, value_name = "PLAN")]
    pub(crate) plan: Option<PlanName>,
    /// Whether the exercise's messages are printed to standard output
    #[arg(long, value_enum, default_value_t = Screen::Exercise)]
    pub(crate) screen: Screen,
    /// Write the visit to FILE as one JSON object when it ends
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Print the free slots and leave
    #[arg(long, help_heading = ERRANDS)]
    pub(crate) list: bool,
    /// Print my appointments and leave
    #[arg(long, help_heading = ERRANDS)]
    pub(crate) appointments: bool,
    /// Call an appointment off
    #[arg(long, value_name = "APPOINTMENT", help_heading = ERRANDS,
          value_parser = values::appointment)]
    pub(crate) cancel: Option<AppointmentId>,
    /// Move an appointment to the slot that --select names
    #[arg(long, value_name = "APPOINTMENT", help_heading = ERRANDS,
          value_parser = values::appointment)]
    pub(crate) reschedule: Option<AppointmentId>,
}

/// What a patient came for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Book a slot and ask for the cost; `None` leaves the choice to the terminal, or is the first.
    Visit(Option<Select>),
    /// See the free slots.
    List,
    /// See one's own appointments.
    Appointments,
    /// Call one off.
    Cancel(AppointmentId),
    /// Move one.
    Reschedule(AppointmentId, Select),
}

impl PatientArgs {
    /// What the patient came for. `check` has seen to it that it is one thing.
    pub(crate) fn errand(&self) -> Errand {
        match (self.cancel, self.reschedule, self.select) {
            (Some(appointment), _, _) => Errand::Cancel(appointment),
            (_, Some(appointment), Some(select)) => Errand::Reschedule(appointment, select),
            _ if self.list => Errand::List,
            _ if self.appointments => Errand::Appointments,
            (.., select) => Errand::Visit(select),
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        let errands =
            [self.list, self.appointments, self.cancel.is_some(), self.reschedule.is_some()];
        if errands.iter().filter(|&&wanted| wanted).count() > 1 {
            return Err(
                "only one of --list, --appointments, --cancel and --reschedule can be given",
            );
        }
        if self.reschedule.is_some() && self.select.is_none() {
            return Err("--reschedule needs --select N, the slot to move to");
        }
        let needs_json = self.appointments || self.cancel.is_some() || self.reschedule.is_some();
        if needs_json && self.dialect != Dialect::Json {
            return Err("only --dialect json has words for one's own appointments");
        }
        Ok(())
    }
}

impl DoctorArgs {
    fn check(&self) -> Result<(), &'static str> {
        let one = self.names.len() == 1;
        if !one && self.listen.is_some_and(|address| address.port() != 0) {
            return Err("--listen with a port is for one NAME, for several use port 0");
        }
        if !one && self.tariff.is_some() {
            return Err("--tariff is for one NAME, for several use --input DIR");
        }
        let twice = |(at, name): (usize, _)| self.names[..at].contains(name);
        if self.names.iter().enumerate().any(twice) {
            return Err("each NAME can be given once");
        }
        Ok(())
    }
}

impl SimulateArgs {
    fn check(&self) -> Result<(), &'static str> {
        let twice = |(at, chosen): (usize, &PatientSelect)| {
            self.select[..at].iter().any(|other| other.patient == chosen.patient)
        };
        if self.select.iter().enumerate().any(twice) {
            return Err("--select names a patient twice");
        }
        let one_slot = self.select.windows(2).all(|pair| pair[0].index == pair[1].index);
        if self.contend && !one_slot {
            return Err("--contend is about one slot, and --select names several");
        }
        Ok(())
    }
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
        Role::Center(_)
        | Role::Admin(_)
        | Role::Config(_)
        | Role::Completions(_)
        | Role::Man(_) => Ok(()),
    };
    checked.map_err(|wrong| command.error(ErrorKind::ArgumentConflict, wrong))?;
    Ok(cli)
}
