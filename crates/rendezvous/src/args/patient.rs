//! The flags of `rendezvous patient`.

use std::path::PathBuf;

use clap::Args;
use domain::{AppointmentId, PlanName, UserName};
use protocol::Dialect;

use super::values::{self, Select};
use super::{ERRANDS, Screen};

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

    /// What no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
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
