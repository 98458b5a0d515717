//! A center with its pages, in one process: a real store and a real runtime behind a real socket.

use std::net::SocketAddr;

use center::tickets::TicketKey;
use center::{Rules, TicketOffice};
use domain::{AccountId, DoctorAddress, DoctorName, Entropy, PatientId, Role, Service, UserName};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use protocol::ticket::SigningKey;
use runtime::estimates::Estimates;
use runtime::{Runtime, Settings};
use store::sqlite::Sqlite;
use store::{
    Actor, AddPatient, AddStaff, Command, Import, NewSlot, Outcome, Store as _, TotpSecret,
};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use web::{Doors, Site};

use crate::browser::Browser;

/// The secret of all one-time passwords here.
const TOTP: [u8; 20] = [7; 20];
/// Everybody's password.
pub(crate) const PASSWORD: &str = "a long enough password";

/// A center with its pages.
pub(crate) struct Clinic {
    pub(crate) address: SocketAddr,
    pub(crate) runtime: Runtime,
    pub(crate) store: Sqlite,
    pages: JoinHandle<()>,
    close: Option<oneshot::Sender<()>>,
}

impl Clinic {
    /// Two doctors, doc1 and doc2, each with an hour free from 09:00 to 17:00 UTC on the next 14
    /// days; the patients ann and bob; frank and fiona at the front desk, adam the
    /// administrator.
    pub(crate) async fn open() -> Self {
        Self::open_on(Sqlite::in_memory().unwrap(), Doors::default()).await
    }

    /// The same, with doors of its own.
    pub(crate) async fn open_with(doors: Doors) -> Self {
        Self::open_on(Sqlite::in_memory().unwrap(), doors).await
    }

    /// The same on this store, which is empty.
    pub(crate) async fn open_on(store: Sqlite, doors: Doors) -> Self {
        let mut writer = store.writer().unwrap();
        let now = Timestamp::now();
        let mut commands = vec![Command::Import(the_files())];
        for doctor in ["doc1", "doc2"] {
            commands.push(Command::AddSlots(store::AddSlots {
                doctor: DoctorName::new(doctor).unwrap(),
                service: Service::visit(),
                slots: hours(now),
                actor: Actor::Operator,
            }));
        }
        for name in ["ann", "bob"] {
            commands.push(Command::AddPatient(patient(now, name)));
        }
        commands.push(Command::AddStaff(staff(now, "frank", Role::FrontDesk)));
        commands.push(Command::AddStaff(staff(now, "fiona", Role::FrontDesk)));
        commands.push(Command::AddStaff(staff(now, "adam", Role::Administrator)));
        for outcome in writer.commit(now, &commands).unwrap() {
            let fine =
                matches!(outcome, Outcome::Done | Outcome::Imported(_) | Outcome::SlotsAdded(_));
            assert!(fine, "{outcome:?}");
        }
        drop(writer);
        let runtime = Runtime::start(&store, &Settings::default()).unwrap();
        let identity = SigningKey::from_seed([9; 32]).unwrap();
        let key = TicketKey { key: SigningKey::from_seed([1; 32]).unwrap(), signs_from: now };
        let tickets = TicketOffice::new(identity, vec![key]).unwrap();
        let rules = Rules { zone: TimeZone::UTC, appointments_max: None, tickets: Some(tickets) };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}");
        let center = "clinic.example:21000".to_owned();
        let estimates = Estimates::new(runtime.clone(), rules.clone());
        let site = Site { runtime: runtime.clone(), rules, estimates, url, center, demo: None };
        let (close, closed) = oneshot::channel();
        let shutdown = async move {
            let _ = closed.await;
        };
        let pages = tokio::spawn(web::serve(listener, site, doors, shutdown));
        Self { address, runtime, store, pages, close: Some(close) }
    }

    /// Tells the pages to close.
    pub(crate) fn close(&mut self) {
        drop(self.close.take());
    }

    /// Waits until they are closed.
    pub(crate) async fn closed(&mut self) {
        (&mut self.pages).await.unwrap();
    }

    /// A browser that nobody has used yet.
    pub(crate) fn browser(&self) -> Browser {
        Browser::new(self.address)
    }

    /// A browser in which somebody has logged in.
    pub(crate) async fn logged_in(&self, user: &str) -> Browser {
        let mut browser = self.browser();
        let code = one_time_password(Timestamp::now());
        let one_time = if matches!(user, "frank" | "fiona" | "adam") { code.as_str() } else { "" };
        let form = [("user", user), ("password", PASSWORD), ("one_time", one_time)];
        let page = browser.post("/log-in", &form).await;
        assert_eq!(page.status, 303, "{page:?}");
        browser
    }
}

impl Drop for Clinic {
    fn drop(&mut self) {
        self.pages.abort();
    }
}

/// What frank's and adam's authenticators show.
pub(crate) fn one_time_password(now: Timestamp) -> String {
    runtime::password::one_time::shown_at(&TOTP, now)
}

fn the_files() -> Import {
    let doctor = |(name, port): (&str, u16)| {
        let address = DoctorAddress { host: None, port };
        domain::Doctor { name: DoctorName::new(name).unwrap(), address, keys: None }
    };
    Import {
        zone: "UTC".to_owned(),
        accounts: Vec::new(),
        doctors: [("doc1", 41_001), ("doc2", 41_002)].map(doctor).to_vec(),
        slots: Vec::new(),
    }
}

fn hours(now: Timestamp) -> Vec<NewSlot> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let days = (1..=14).map(|day| today.checked_add(jiff::Span::new().days(day)).unwrap());
    let hours = days.flat_map(|day| (9..17).map(move |hour| day.at(hour, 0, 0, 0)));
    let slot = |begin: jiff::civil::DateTime| {
        let start = begin.to_zoned(TimeZone::UTC).unwrap().timestamp();
        NewSlot { start, end: start + SignedDuration::from_hours(1) }
    };
    hours.map(slot).collect()
}

fn patient(now: Timestamp, name: &str) -> AddPatient {
    AddPatient {
        account: AccountId::fresh(now, &Entropy([name.as_bytes()[0]; 32])),
        patient: PatientId::fresh(now, &Entropy([name.as_bytes()[0] + 100; 32])),
        user: UserName::new(name).unwrap(),
        password: hash(),
        name: Some(format!("{name} Example")),
    }
}

fn staff(now: Timestamp, name: &str, role: Role) -> AddStaff {
    AddStaff {
        account: AccountId::fresh(now, &Entropy([name.as_bytes()[1]; 32])),
        user: UserName::new(name).unwrap(),
        password: hash(),
        role,
        name: None,
        totp: Some(TotpSecret::new(TOTP)),
        actor: Actor::Operator,
    }
}

pub(crate) fn hash() -> store::PasswordHash {
    let mut workspace = runtime::password::Workspace::default();
    runtime::password::hash_cheaply(&domain::Password::new(PASSWORD).unwrap(), &mut workspace)
}
