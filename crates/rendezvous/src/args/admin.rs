//! The flags of `rendezvous admin` and its tasks; those about keys, accounts, the audit and privacy
//! are in [`site`].

mod site;

use std::path::PathBuf;

use clap::{Args, Subcommand, value_parser};
use domain::{AppointmentId, DoctorName, Reason, Service, UserName};
use jiff::civil::DateTime;

pub(crate) use self::site::{
    AddStaffArgs, AuditArgs, CertificateArgs, EndSessionsArgs, EnrolArgs, EraseArgs, ExportArgs,
    NewTotpArgs, RotateKeysArgs,
};
use super::values::{self, StoreLocation};
use super::{LoadArgs, SLOT_MINUTES_MAX};

/// The most slots that one `add-slots` publishes.
const SLOTS_ADDED_MAX: i64 = 1_000;

/// Look after a center's store: all but restore work beside a running center
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous admin import input
  rendezvous admin appointments --json
  RENDEZVOUS_PASSWORD=... rendezvous admin add-patient ana --name 'Ana Novak'
  rendezvous admin add-slots doc1 2030-12-02T09:00 --count 6 --minutes 30
  rendezvous admin certificate --name clinic.example
  rendezvous admin enrol doc1
  rendezvous admin audit --verify
  rendezvous admin backup clinic-backup.db")]
pub(crate) struct AdminArgs {
    /// Where the bookings are kept
    #[arg(long, global = true, value_name = "STORE", default_value_t = StoreLocation::default())]
    pub(crate) store: StoreLocation,
    /// Folder of the center's keys [default: beside the store, DIR/clinic.keys for DIR/clinic.db]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) task: AdminTask,
}

/// How a list is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ListArgs {
    /// One JSON object a line, instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// What the operator wants done.
#[derive(Debug, Subcommand)]
pub(crate) enum AdminTask {
    Import(ImportArgs),
    /// List the patients
    Patients(ListArgs),
    /// List the doctors
    Doctors(ListArgs),
    /// List the published slots, free and booked
    Slots(ListArgs),
    Appointments(AppointmentsArgs),
    AddPatient(AddPatientArgs),
    SetPassword(SetPasswordArgs),
    AddSlots(AddSlotsArgs),
    Cancel(CancelArgs),
    Certificate(CertificateArgs),
    RotateKeys(RotateKeysArgs),
    Enrol(EnrolArgs),
    AddStaff(AddStaffArgs),
    NewTotp(NewTotpArgs),
    /// List the open sessions
    Sessions(ListArgs),
    EndSessions(EndSessionsArgs),
    Audit(AuditArgs),
    Export(ExportArgs),
    Erase(EraseArgs),
    /// Make the bytes of what was erased disappear from the store's file, as erase does by itself
    Scrub,
    Backup(BackupArgs),
    Restore(RestoreArgs),
    /// Check the database, everything that must hold in it, and the audit; exit 1 if something is
    /// wrong
    Check,
}

impl AdminArgs {
    /// Checks what no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match &self.task {
            AdminTask::EndSessions(task) => task.check(),
            AdminTask::Audit(task) => task.check(),
            _ => Ok(()),
        }
    }
}

/// Load users.txt and availabilities.txt of a folder, as the center's --input does
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The folder
    #[arg(value_name = "DIR")]
    pub(crate) dir: PathBuf,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
}

/// List the appointments that are booked
#[derive(Debug, Args)]
pub(crate) struct AppointmentsArgs {
    #[command(flatten)]
    pub(crate) list: ListArgs,
    /// Cancelled and past ones too
    #[arg(long)]
    pub(crate) all: bool,
}

/// Add a patient with a log-in; the password comes from RENDEZVOUS_PASSWORD, the terminal or
/// standard input
#[derive(Debug, Args)]
pub(crate) struct AddPatientArgs {
    /// What the patient logs in with
    #[arg(value_name = "USER")]
    pub(crate) user: UserName,
    /// The person's name
    #[arg(long, value_name = "NAME", value_parser = values::person_name)]
    pub(crate) name: Option<String>,
}

/// Give a log-in a new password, from RENDEZVOUS_PASSWORD, the terminal or standard input; its
/// sessions end
#[derive(Debug, Args)]
pub(crate) struct SetPasswordArgs {
    /// Whose
    #[arg(value_name = "USER")]
    pub(crate) user: UserName,
}

/// Publish slots of one doctor, one after another: all of them, or none
#[derive(Debug, Args)]
pub(crate) struct AddSlotsArgs {
    /// Whose time
    #[arg(value_name = "DOCTOR")]
    pub(crate) doctor: DoctorName,
    /// When the first begins, in the center's zone, e.g. 2026-12-01T09:00
    #[arg(value_name = "START", value_parser = values::civil_moment)]
    pub(crate) start: DateTime,
    /// How many
    #[arg(long, value_name = "N", default_value = "1",
          value_parser = value_parser!(u32).range(1..=SLOTS_ADDED_MAX))]
    pub(crate) count: u32,
    /// How long each takes, in minutes
    #[arg(long, value_name = "M", default_value = "60",
          value_parser = value_parser!(u32).range(1..=SLOT_MINUTES_MAX))]
    pub(crate) minutes: u32,
    /// The kind of visit they are for
    #[arg(long, value_name = "SERVICE", default_value = "visit")]
    pub(crate) service: Service,
}

/// Call an appointment off, whoever's it is
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// Its id, as `admin appointments` shows it
    #[arg(value_name = "APPOINTMENT", value_parser = values::appointment)]
    pub(crate) appointment: AppointmentId,
    /// Why, for the appointment's history
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<Reason>,
}

/// Copy the store to a file, whole and consistent, beside a running center
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to write; it must not be there
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

/// Put a backup in the store's place; refused while a center runs
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
