//! A clinic for one test: the files of `input/`, a center and two doctors on ports of their own.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use center::Rules;
use center::loading::{Calendar, schedule};
use domain::{AccountId, Currency, DoctorName, PatientId, Tariff};
use ipnet::IpNet;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use net::center::Center;
use net::doctor::{Office, Recorded};
use net::limits::Limits;
use net::tls::TlsDoor;
use net::{PlaintextFrom, Screen, Shutdown, ShutdownTrigger};
use protocol::limits::Deadlines;
use protocol::{Practice, files};
use runtime::{Runtime, fresh_entropy};
use store::sqlite::Sqlite;
use store::{AddPatient, AuditKey, Command, Import, Outcome, PasswordHash, Store};
use tokio::sync::watch;

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// `password111`, hashed by Argon2id with the least work there is: tests log in often.
pub(crate) const CHEAP_HASH: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$roppS9RI9js4mT2VRLywk2cP59WUao4b1ciknvhhI2Y";

/// What stands between a clinic and the network.
#[derive(Debug, Clone, Default)]
pub(crate) struct Front {
    pub(crate) limits: Limits,
    pub(crate) plaintext: PlaintextFrom,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) tls: Option<TlsDoor>,
}

pub(crate) struct Clinic {
    pub(crate) store: Sqlite,
    pub(crate) runtime: Runtime,
    pub(crate) center: SocketAddr,
    pub(crate) doctors: BTreeMap<String, SocketAddr>,
    shutdown: Shutdown,
    _trigger: ShutdownTrigger,
    _folder: tempfile::TempDir,
}

impl Clinic {
    /// The seed's clinic.
    pub(crate) async fn open() -> Self {
        Self::with(Deadlines::default(), 0).await
    }

    /// The seed's clinic with other deadlines and more patients (`p0`, `p1` … with the password
    /// `password111`).
    pub(crate) async fn with(deadlines: Deadlines, more_patients: usize) -> Self {
        let limits = Limits { deadlines, ..Limits::default() };
        Self::behind(Front { limits, ..Front::default() }, more_patients).await
    }

    /// The seed's clinic with more patients, and whatever a test wants in front of it.
    pub(crate) async fn behind(front: Front, more_patients: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            Sqlite::open(&folder.path().join("clinic.db"), &AuditKey::new([7; 32])).unwrap();
        import(&store, more_patients);
        let runtime = Runtime::start(&store, &runtime::Settings::default()).unwrap();
        let (trigger, shutdown) = ShutdownTrigger::new();
        let listener = net::center::listen(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let center = Center {
            runtime: runtime.clone(),
            rules: Rules { zone: TimeZone::UTC, appointments_max: None, tickets: None },
            limits: front.limits,
            plaintext: front.plaintext,
            trusted_proxies: front.trusted_proxies,
            tls: front.tls,
            screen: Screen::quiet(),
        };
        let address = listener.local_addr().unwrap();
        tokio::spawn(net::center::serve(listener, center, shutdown.clone()));
        let mut clinic = Self {
            store,
            runtime,
            center: address,
            doctors: BTreeMap::new(),
            shutdown,
            _trigger: trigger,
            _folder: folder,
        };
        for doctor in ["doc1", "doc2"] {
            let address = clinic.open_practice(doctor);
            clinic.doctors.insert(doctor.to_owned(), address);
        }
        clinic
    }

    fn open_practice(&self, doctor: &str) -> SocketAddr {
        let socket = net::doctor::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let address = socket.local_addr().unwrap();
        let practice = Practice::new(DoctorName::new(doctor).unwrap(), tariff(doctor));
        // Dropping the sender is fine: the prices stay as they are.
        let (_, tariffs) = watch::channel(Tariff::default());
        let screen = Screen::quiet();
        let office = Office {
            socket,
            practice,
            plaintext: PlaintextFrom::loopback(),
            tariffs,
            news: tokio::sync::mpsc::channel(1).1,
            keep: Box::new(|_| Recorded::Yes),
            screen,
            shutdown: self.shutdown.clone(),
        };
        tokio::spawn(net::doctor::serve(office));
        address
    }
}

fn tariff(doctor: &str) -> Tariff {
    files::parse_tariff(&input(&format!("{doctor}.txt")), Currency::USD).unwrap()
}

fn input(file: &str) -> Vec<u8> {
    let folder: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "..", "input"].iter().collect();
    std::fs::read(folder.join(file)).unwrap()
}

/// Puts the files of `input/`, and more patients, into `store`.
pub(crate) fn import(store: &dyn Store, more_patients: usize) {
    let now = Timestamp::now();
    let rows = files::parse_availabilities(&input("availabilities.txt"), 60).unwrap();
    let calendar = Calendar { zone: TimeZone::UTC, now, slot_minutes: 60 };
    let schedule = schedule(&rows, &calendar, &BTreeMap::new()).unwrap();
    let users = files::parse_users(&input("users.txt")).unwrap();
    let mut workspace = runtime::password::Workspace::default();
    let mut hash = |password| runtime::password::hash(&password, &mut workspace);
    let from_file: Vec<_> = users.into_iter().map(|row| (row.user, hash(row.password))).collect();
    let more = (0..more_patients).map(|n| {
        let user = domain::UserName::new(&format!("p{n}")).unwrap();
        (user, PasswordHash::new(CHEAP_HASH.to_owned()))
    });
    let accounts = from_file
        .into_iter()
        .chain(more)
        .map(|(user, password)| AddPatient {
            account: AccountId::fresh(now, &fresh_entropy()),
            patient: PatientId::fresh(now, &fresh_entropy()),
            user,
            password,
            name: None,
        })
        .collect();
    let import = Import {
        zone: "UTC".to_owned(),
        accounts,
        doctors: schedule.doctors,
        slots: schedule.slots,
    };
    let outcome = store.writer().unwrap().commit(now, &[Command::Import(import)]).unwrap();
    assert!(matches!(outcome[..], [Outcome::Imported(_)]), "{outcome:?}");
}
