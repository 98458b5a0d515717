//! A clinic of a crowd's own: a center and its doctors as the product runs them, in this process, on
//! ports of their own of this machine.

use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use center::Rules;
use center::tickets::{NoTicketKey, TicketKey, TicketOffice};
use domain::{DoctorAddress, DoctorName, Tariff};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use net::center::Center;
use net::doctor::{Office, Recorded};
use net::limits::Limits;
use net::patient::Security;
use net::tls::TlsDoor;
use net::{PlaintextFrom, Screen, Shutdown, ShutdownTrigger};
use protocol::ticket::{NoSecret, SigningKey};
use protocol::{DoctorIdentity, News, Practice, SealingSecret};
use runtime::{Runtime, fresh_entropy};
use store::sqlite::TestStore;
use store::{
    AccountRecord, Actor, Answer, Command, CommitError, Outcome, Query, RegisterDoctor, Standing,
    Store as _, StoreError,
};
use thiserror::Error;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use super::furnishing::{FurnishedDoctor, Furnishing};
use super::{CrowdPlan, Destination, Relay};
use crate::capture::Capture;
use crate::record::DoctorUse;

/// Why a clinic could not be opened.
#[derive(Debug, Error)]
pub enum ClinicError {
    /// The operating system has no socket.
    #[error("no socket for {who}")]
    Socket {
        /// Whose.
        who: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// The store cannot be opened or read.
    #[error("the store of the crowd's clinic")]
    Store(#[from] StoreError),
    /// The store could not take patients, doctors and slots.
    #[error("the store of the crowd's clinic could not be filled")]
    Filling(#[from] CommitError),
    /// It would not take them.
    #[error("the store of the crowd's clinic took {registered} of {doctors} doctors")]
    NotTaken {
        /// How many doctors there are.
        doctors: usize,
        /// How many of them are known by address and keys.
        registered: usize,
    },
    /// Random bytes were no key.
    #[error("the keys of the crowd's clinic")]
    Keys(#[from] NoSecret),
    /// There is nothing to sign tickets with.
    #[error(transparent)]
    NoTicketKey(#[from] NoTicketKey),
    /// The thread that filled the store is gone.
    #[error("the store of the crowd's clinic was not filled")]
    Gone,
}

/// A center with its doctors, open until [`Self::close`].
pub struct OwnClinic {
    furnishing: Furnishing,
    /// Where patients go.
    address: SocketAddr,
    store: TestStore,
    runtime: Runtime,
    center: JoinHandle<()>,
    doctors: JoinSet<()>,
    shutdown: ShutdownTrigger,
    /// Of the relay, which lives as long as the clinic, if there is one.
    network: ShutdownTrigger,
}

impl OwnClinic {
    /// Fills `store` with what `plan` says and opens for patients. With `tls` the center speaks TLS
    /// too. Where the plan has a bad network, or something is to be captured, a relay stands in front
    /// of the center and of each doctor. To be called inside the runtime.
    ///
    /// # Errors
    /// When there is no socket, or the store does not take what is to be in it.
    pub async fn open(
        plan: &CrowdPlan,
        store: TestStore,
        tls: Option<TlsDoor>,
        capture: Option<Capture>,
    ) -> Result<Self, ClinicError> {
        let furnishing = Furnishing::of(plan, Timestamp::now());
        let (network, over) = ShutdownTrigger::new();
        let relayed = !plan.network.is_plain() || capture.is_some();
        let relay = relayed.then(|| Relay::open(plan.network, plan.seed, capture, over));
        let desks = desks(&furnishing, relay.as_ref())?;
        let furnishing = fill(&store, furnishing, &desks).await?;
        let (shutdown, closing) = ShutdownTrigger::new();
        let office = office()?;
        let mut doctors = JoinSet::new();
        for (desk, doctor) in desks.into_iter().zip(&furnishing.doctors) {
            doctors.spawn(net::doctor::serve(desk.open(doctor, &office, closing.clone())));
        }
        let socket = |source| ClinicError::Socket { who: "the center".to_owned(), source };
        let listener = net::center::listen((Ipv4Addr::LOCALHOST, 0).into()).map_err(socket)?;
        let own = listener.local_addr().map_err(socket)?;
        let runtime = Runtime::start(&store, &runtime::Settings::default())?;
        let center = Center {
            runtime: runtime.clone(),
            rules: Rules { zone: TimeZone::UTC, appointments_max: None, tickets: Some(office) },
            limits: Limits::default(),
            plaintext: PlaintextFrom::loopback(),
            trusted_proxies: Vec::new(),
            tls,
            screen: Screen::quiet(),
        };
        let center = tokio::spawn(net::center::serve(listener, center, closing));
        let address = match &relay {
            Some(relay) => relay.lead_to_center(own).map_err(socket)?,
            None => own,
        };
        Ok(Self { furnishing, address, store, runtime, center, doctors, shutdown, network })
    }

    /// The way there, for patients who speak like this.
    #[must_use]
    pub fn destination(&self, security: Security) -> Destination {
        let Furnishing { guests, doctors, schedule, calendar, .. } = &self.furnishing;
        let tariffs = doctors.iter().map(|doctor| (doctor.name.clone(), doctor.tariff.clone()));
        Destination {
            center: self.address.to_string(),
            security,
            guests: guests.clone(),
            tariffs: tariffs.collect(),
            schedule: schedule.clone(),
            calendar: Some(*calendar),
            is_shared: false,
            detour: None,
        }
    }

    /// How the doctors' time is used, by what is in the store now; blocks while it is read.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn doctor_use(&self) -> Result<Vec<DoctorUse>, StoreError> {
        let slots = match self.store.reader()?.read(&Query::Slots)? {
            Answer::SlotRecords(slots) => slots,
            _ => Vec::new(),
        };
        let mut used: BTreeMap<DoctorName, (usize, usize)> = BTreeMap::new();
        for record in slots {
            let (all, booked) = used.entry(record.slot.doctor.name).or_default();
            *all += 1;
            *booked += usize::from(record.held_by.is_some());
        }
        let of = |(doctor, (slots, booked))| DoctorUse { doctor, slots, booked, missed: 0 };
        Ok(used.into_iter().map(of).collect())
    }

    /// Lets those who are there finish, and closes. What is in the store stays.
    pub async fn close(mut self) {
        self.shutdown.pull();
        // Tasks that broke have said so.
        let _ = self.center.await;
        while self.doctors.join_next().await.is_some() {}
        self.network.pull();
        let runtime = self.runtime;
        let _ = tokio::task::spawn_blocking(move || runtime.stop()).await;
    }
}

/// A doctor's socket and keys, before the practice is opened.
struct Desk {
    socket: UdpSocket,
    identity: DoctorIdentity,
    /// Where patients go.
    address: SocketAddr,
}

fn desks(furnishing: &Furnishing, relay: Option<&Relay>) -> Result<Vec<Desk>, ClinicError> {
    let desk = |doctor: &FurnishedDoctor| {
        let socket = |source| ClinicError::Socket { who: doctor.name.to_string(), source };
        let own = net::doctor::bind((Ipv4Addr::LOCALHOST, 0).into()).map_err(socket)?;
        let mut address = own.local_addr().map_err(socket)?;
        if let Some(relay) = relay {
            address = relay.lead_to_doctor(address).map_err(socket)?;
        }
        let identity = DoctorIdentity {
            sealing: SealingSecret::from_seed(fresh_entropy().0)?,
            signing: SigningKey::from_seed(fresh_entropy().0)?,
        };
        Ok(Desk { socket: own, identity, address })
    };
    furnishing.doctors.iter().map(desk).collect()
}

/// Puts everything into the store, on a thread that may block.
async fn fill(
    store: &TestStore,
    furnishing: Furnishing,
    desks: &[Desk],
) -> Result<Furnishing, ClinicError> {
    let at = |desk: &Desk| {
        let address = DoctorAddress { host: None, port: desk.address.port() };
        (address, desk.identity.keys())
    };
    let at: Vec<_> = desks.iter().map(at).collect();
    let store = store.clone();
    let filling = tokio::task::spawn_blocking(move || {
        let now = Timestamp::now();
        let mut writer = store.writer()?;
        let addresses: Vec<_> = at.iter().map(|(address, _)| *address).collect();
        let mut batch = vec![Command::Import(furnishing.import(&addresses, now))];
        batch.extend(furnishing.doctors.iter().flat_map(|doctor| doctor.enrolment(now)));
        let accounts = writer.commit(now, &batch)?.into_iter().filter_map(enrolled);
        // As the doctors themselves would do it, who then are known by address and keys.
        let register = |(account, (address, keys))| {
            let actor = Actor::Account(account);
            Command::RegisterDoctor(RegisterDoctor { actor, address, keys })
        };
        let batch: Vec<_> = accounts.zip(at).map(register).collect();
        let outcomes = writer.commit(now, &batch)?;
        let registered =
            outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Registered(_))).count();
        if registered == furnishing.doctors.len() {
            Ok(furnishing)
        } else {
            Err(ClinicError::NotTaken { doctors: furnishing.doctors.len(), registered })
        }
    });
    filling.await.unwrap_or(Err(ClinicError::Gone))
}

/// What a doctor's new account stands on; `None` for whatever else came about.
fn enrolled(outcome: Outcome) -> Option<Standing> {
    let Outcome::Enrolled(record) = outcome else { return None };
    let AccountRecord { account, credential, ended, .. } = record;
    Some(Standing { account, credential, ended, session: None, source: None })
}

/// What signs tickets, with keys of its own for this run.
fn office() -> Result<TicketOffice, ClinicError> {
    let identity = SigningKey::from_seed(fresh_entropy().0)?;
    let key = SigningKey::from_seed(fresh_entropy().0)?;
    let signs_from = Timestamp::now();
    Ok(TicketOffice::new(identity, vec![TicketKey { key, signs_from }])?)
}

impl Desk {
    fn open(self, doctor: &FurnishedDoctor, office: &TicketOffice, shutdown: Shutdown) -> Office {
        let mut practice = Practice::new(doctor.name.clone(), doctor.tariff.clone());
        practice.enrol(self.identity);
        let until = Timestamp::now();
        let ticket_keys = office.verifying_keys(until);
        practice.hear(&News { ticket_keys, over: Vec::new(), until });
        Office {
            socket: self.socket,
            practice,
            plaintext: PlaintextFrom::loopback(),
            // Nobody changes them: both may be without a sender.
            tariffs: watch::channel(Tariff::default()).1,
            news: mpsc::channel(1).1,
            keep: Box::new(|_| Recorded::Yes),
            screen: Screen::quiet(),
            shutdown,
        }
    }
}
