//! The flags of `rendezvous simulate`.

use std::path::PathBuf;

use clap::{Args, value_parser};
use protocol::Dialect;

use super::values::{PatientSelect, StoreLocation, Zone};
use super::{ColorChoice, SLOT_MINUTES_MAX};

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

impl SimulateArgs {
    /// What no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
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
