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
  rendezvous patient patient1 --estimate cost.json  keep the estimate, signed by the doctor
  rendezvous patient --verify cost.json             later, without any center

The password comes from RENDEZVOUS_PASSWORD, else from NAME.txt of the input folder, else it is
asked for without echo; the digits of a second factor from RENDEZVOUS_ONE_TIME_PASSWORD. Neither is
ever an argument.
The center is spoken to over TLS, and nothing is sent to one that cannot prove its name. Only the
classic words (--dialect spec, nul or seed) go in the clear, to a center on this machine.")]
pub(crate) struct PatientArgs {
    /// Who: the stem of the files NAME.txt and NAMEinsurance.txt, else the user name
    #[arg(value_name = "NAME", required_unless_present = "verify")]
    pub(crate) name: Option<UserName>,
    /// Where the center is: a host name or an address, and a port
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:21000",
          value_parser = values::host_and_port)]
    pub(crate) center: String,
    /// Who vouches for the center: a file of certificates in PEM [default: rendezvous.keys/ca.pem
    /// of the working folder if it is there, else the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
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
    /// Add what the visit does to slots to FILE, as `check-history` reads it
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) history: Option<PathBuf>,
    /// Keep the estimate in FILE, signed by the doctor
    #[arg(long, value_name = "FILE")]
    pub(crate) estimate: Option<PathBuf>,
    /// What tells this device from strangers at the next log-in; FILE is made at the first one
    #[arg(long, value_name = "FILE")]
    pub(crate) device: Option<PathBuf>,
    /// The center's public key for --verify: 64 hexadecimal digits, or a file of them
    #[arg(long, value_name = "KEY", default_value = "rendezvous.keys/identity.pub")]
    pub(crate) center_key: String,
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
    /// Print who looked at my data and leave
    #[arg(long, help_heading = ERRANDS)]
    pub(crate) accesses: bool,
    /// Verify an estimate that --estimate kept, print it and leave; needs no center and no log-in
    #[arg(long, value_name = "FILE", help_heading = ERRANDS)]
    pub(crate) verify: Option<PathBuf>,
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
    /// See who looked at one's data.
    Accesses,
}

impl PatientArgs {
    /// What the patient came for. `check` has seen to it that it is one thing. (`--verify` is none:
    /// nobody comes for it.)
    pub(crate) fn errand(&self) -> Errand {
        match (self.cancel, self.reschedule, self.select) {
            (Some(appointment), _, _) => Errand::Cancel(appointment),
            (_, Some(appointment), Some(select)) => Errand::Reschedule(appointment, select),
            _ if self.list => Errand::List,
            _ if self.appointments => Errand::Appointments,
            _ if self.accesses => Errand::Accesses,
            (.., select) => Errand::Visit(select),
        }
    }

    /// What no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let errands = [
            self.list,
            self.appointments,
            self.accesses,
            self.cancel.is_some(),
            self.reschedule.is_some(),
            self.verify.is_some(),
        ];
        if errands.iter().filter(|&&wanted| wanted).count() > 1 {
            return Err(
                "only one of --list, --appointments, --accesses, --cancel, --reschedule and \
                        --verify can be given",
            );
        }
        if self.reschedule.is_some() && self.select.is_none() {
            return Err("--reschedule needs --select N, the slot to move to");
        }
        let own = self.appointments || self.cancel.is_some() || self.reschedule.is_some();
        if (own || self.accesses) && self.dialect != Dialect::Json {
            return Err("only --dialect json has words for one's own appointments");
        }
        if self.estimate.is_some() && self.dialect != Dialect::Json {
            return Err("only --dialect json brings estimates that are signed");
        }
        if self.device.is_some() && self.dialect != Dialect::Json {
            return Err("only --dialect json has words for a device");
        }
        Ok(())
    }
}
