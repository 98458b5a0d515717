//! The flags of the tasks about keys, accounts, the audit and privacy.

use std::path::PathBuf;

use clap::{Args, value_parser};
use domain::{DoctorName, Role, UserName};
use store::SessionId;

use super::ListArgs;
use crate::args::values::{self, Moment, PatientNamed, Span};
use crate::keys::certificate::{CERTIFICATE_DAYS, CERTIFICATE_DAYS_MAX, SiteName};

/// Make a certificate for a small site, under a private authority of its own that is made once; a
/// center that runs takes it over by itself
#[derive(Debug, Args)]
pub(crate) struct CertificateArgs {
    /// What clients call the center, a host or an address; may be repeated [default: localhost, its
    /// addresses, and the name of this machine]
    #[arg(long, value_name = "NAME", value_delimiter = ' ')]
    pub(crate) name: Vec<SiteName>,
    /// For how many days it is good
    #[arg(long, value_name = "N", default_value_t = CERTIFICATE_DAYS,
          value_parser = value_parser!(u32).range(1..=CERTIFICATE_DAYS_MAX))]
    pub(crate) days: u32,
}

/// Sign tickets with a new key from a minute from now; the old ones stay valid until their last
/// ticket has expired
#[derive(Debug, Args)]
pub(crate) struct RotateKeysArgs {
    /// Sign with it now and forget the old ones: all tickets that are out are void. For a key that
    /// others may have
    #[arg(long)]
    pub(crate) at_once: bool,
}

/// Give a doctor a code to enrol with, once; an earlier code is void
#[derive(Debug, Args)]
pub(crate) struct EnrolArgs {
    /// Who
    #[arg(value_name = "DOCTOR")]
    pub(crate) doctor: DoctorName,
    /// How long the code works
    #[arg(long, value_name = "TIME", default_value = "24h")]
    pub(crate) valid: Span,
}

/// Add an account of somebody who works here, or of a program; the password comes from
/// RENDEZVOUS_PASSWORD, the terminal or standard input
#[derive(Debug, Args)]
pub(crate) struct AddStaffArgs {
    /// What it logs in with
    #[arg(value_name = "USER")]
    pub(crate) user: UserName,
    /// What it is: front-desk, administrator or integrator
    #[arg(long, value_name = "ROLE", value_parser = values::staff_role)]
    pub(crate) role: Role,
    /// The person's name
    #[arg(long, value_name = "NAME", value_parser = values::person_name)]
    pub(crate) name: Option<String>,
}

/// Give an account a new secret for its authenticator; the old one is void and its sessions end
#[derive(Debug, Args)]
pub(crate) struct NewTotpArgs {
    /// Whose
    #[arg(value_name = "USER")]
    pub(crate) user: UserName,
}

/// End sessions before their time: all of a user, or one
#[derive(Debug, Args)]
pub(crate) struct EndSessionsArgs {
    /// Whose
    #[arg(value_name = "USER")]
    pub(crate) user: Option<UserName>,
    /// Only this one, as `admin sessions` shows it
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<SessionId>,
}

impl EndSessionsArgs {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        match (&self.user, &self.session) {
            (Some(_), Some(_)) => Err("only one of USER and --session can be given"),
            (None, None) => Err("one of USER and --session ID is needed"),
            _ => Ok(()),
        }
    }
}

/// List who did what, when and from where, or verify that nobody has changed that record
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    #[command(flatten)]
    pub(crate) list: ListArgs,
    /// Recompute the chain and compare it with its signed head; exit 1 if something is wrong
    #[arg(long)]
    pub(crate) verify: bool,
    /// Only what happened then or later, e.g. 2026-12-01 or 2026-12-01T09:00 in the center's zone
    #[arg(long, value_name = "WHEN")]
    pub(crate) since: Option<Moment>,
    /// Only what is about this patient: a user name or an id
    #[arg(long, value_name = "PATIENT")]
    pub(crate) patient: Option<PatientNamed>,
}

impl AuditArgs {
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let some = self.list.json || self.since.is_some() || self.patient.is_some();
        if self.verify && some {
            return Err("--verify looks at the whole audit, it takes no other flag");
        }
        Ok(())
    }
}

/// Write everything that is held about a patient, as JSON
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Who: a user name or a patient's id
    #[arg(value_name = "PATIENT")]
    pub(crate) patient: PatientNamed,
    /// The file to write, for its owner only; it must not be there [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Forget a patient: name, birth date, contact, log-in and plan; appointments to come are cancelled
#[derive(Debug, Args)]
pub(crate) struct EraseArgs {
    /// Who: a user name or a patient's id
    #[arg(value_name = "PATIENT")]
    pub(crate) patient: PatientNamed,
    /// Do not ask again
    #[arg(long)]
    pub(crate) yes: bool,
}
