//! `rendezvous center --demo`: a whole clinic on this machine, to look at.
//!
//! Its store, keys and files are in a folder of its own, which is removed at the end. Its doctors are
//! those of `rendezvous doctor`, as tasks of the same process; its people are invented.

mod clinic;
mod people;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use anyhow::Context as _;
use domain::{DoctorName, EnrolmentCode, Role};
use jiff::Timestamp;
use net::Shutdown;
use runtime::password::one_time;
use store::Store;
use tempfile::TempDir;
use tokio::task::JoinSet;
use web::{Demo, DemoLogIn};

use self::clinic::DOCTORS;
use crate::args::{self, CenterArgs, DoctorArgs, Role as ArgsRole, Screen, StoreLocation};
use crate::keys::Keys;
use crate::{doctor, enrolling, printing};

/// Where the pages are shown unless it is said otherwise.
const PAGES: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8_080);

/// What the one-time passwords of the front desk are made of: everybody may know it.
const DESK_SECRET: [u8; one_time::SECRET_BYTES] = *b"a demo's front desk!";
/// The administrator's.
const ADMINISTRATOR_SECRET: [u8; one_time::SECRET_BYTES] = *b"a demo administrator";

/// Somebody who can log in.
struct Person {
    user: &'static str,
    password: &'static str,
    role: Role,
    secret: Option<[u8; one_time::SECRET_BYTES]>,
    shown: Option<fn(Timestamp) -> String>,
}

/// Everybody who can log in; the first two are the exercise's.
const LOG_INS: [Person; 4] = [
    Person {
        user: "patient1",
        password: "password111",
        role: Role::Patient,
        secret: None,
        shown: None,
    },
    Person {
        user: "patient2",
        password: "password222",
        role: Role::Patient,
        secret: None,
        shown: None,
    },
    Person {
        user: "desk",
        password: "demo-front-desk",
        role: Role::FrontDesk,
        secret: Some(DESK_SECRET),
        shown: Some(|now| one_time::shown_at(&DESK_SECRET, now)),
    },
    Person {
        user: "admin",
        password: "demo-administrator",
        role: Role::Administrator,
        secret: Some(ADMINISTRATOR_SECRET),
        shown: Some(|now| one_time::shown_at(&ADMINISTRATOR_SECRET, now)),
    },
];

/// A demonstration's folder.
pub(super) struct Stage {
    folder: TempDir,
}

impl Stage {
    /// Makes the folder, and says in `args` where everything is.
    pub(super) fn set(args: &mut CenterArgs) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("rendezvous-demo-").tempdir();
        let folder = folder.context("the demonstration has no folder")?;
        let input = folder.path().join("input");
        clinic::write_files(&input)?;
        args.store = StoreLocation::Sqlite(folder.path().join("clinic.db"));
        args.input = Some(input);
        args.web.web.get_or_insert(PAGES);
        args.screen = Screen::Quiet;
        Ok(Self { folder })
    }

    /// Brings people and bookings into the store, which the files have been loaded into.
    pub(super) fn furnish(store: &dyn Store) -> anyhow::Result<()> {
        people::move_in(store)
    }

    /// What everybody who comes is told.
    pub(super) fn demo() -> Demo {
        let log_in = |person: &Person| DemoLogIn {
            user: person.user.to_owned(),
            password: person.password.to_owned(),
            role: person.role,
            one_time: person.shown,
        };
        Demo { log_ins: LOG_INS.iter().map(log_in).collect() }
    }

    /// Opens the practices of all doctors, who enrol at the center at `address`.
    pub(super) fn open_practices(
        &self,
        store: &dyn Store,
        address: SocketAddr,
        shutdown: &Shutdown,
    ) -> anyhow::Result<JoinSet<()>> {
        let mut practices = JoinSet::new();
        for doctor in DOCTORS {
            let name: DoctorName = doctor.name.parse().context("a doctor of the demonstration")?;
            let code = enrolling::offer(store, &name)?;
            let args = self.doctor_args(doctor.name, address, code)?;
            let shutdown = shutdown.clone();
            practices.spawn(async move {
                if let Err(error) = doctor::practise(&args, shutdown).await {
                    tracing::error!("{name} cannot practise: {error:#}");
                }
            });
        }
        Ok(practices)
    }

    fn doctor_args(
        &self,
        name: &str,
        center: SocketAddr,
        code: EnrolmentCode,
    ) -> anyhow::Result<DoctorArgs> {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let words = ["rendezvous", "doctor", name, "--listen", "127.0.0.1:0"].map(str::to_owned);
        let more = [
            "--center".to_owned(),
            center.to_string(),
            "--ca".to_owned(),
            self.authority().display().to_string(),
            "--keys".to_owned(),
            path("doctors"),
            "--input".to_owned(),
            path("input"),
        ];
        let cli = args::parse(args::command(), words.into_iter().chain(more))?;
        match cli.role {
            ArgsRole::Doctor(args) => Ok(DoctorArgs { code: Some(code), ..args }),
            _ => anyhow::bail!("a doctor is no other role"),
        }
    }

    fn authority(&self) -> PathBuf {
        Keys::beside(&self.folder.path().join("clinic.db")).join("ca.pem")
    }
}

/// Tells whoever has started it where to look, and as whom.
pub(super) fn tell(url: &str) -> anyhow::Result<()> {
    let mut lines = vec![format!("Rendezvous shows a clinic at {url}"), String::new()];
    lines.push("Log in as:".to_owned());
    for person in &LOG_INS {
        let code = if person.secret.is_some() {
            "  (its one-time code stands on the log-in page)"
        } else {
            ""
        };
        let (role, user, password) = (person.role, person.user, person.password);
        lines.push(format!("  {:<14} {user:<9} {password}{code}", role.as_str()));
    }
    lines.push(String::new());
    lines.push("Ctrl-C ends it, and nothing is left behind.".to_owned());
    printing::tell(&lines.join("\n"))?;
    Ok(())
}
