//! `rendezvous doctor`: one or several doctors answer requests for estimates.
//!
//! What is deliberately not here: what a doctor answers (see `protocol::Practice`), and its line to
//! the center (see `liaison`).

mod code;
mod known;
mod liaison;
mod record;
mod secrets;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context as _;
use domain::{DoctorAddress, DoctorName};
use net::doctor::{Office, Recorded};
use net::patient::Caller;
use net::{PlaintextFrom, Screen, Shutdown};
use protocol::ticket::{SigningKey, TicketKind};
use protocol::{Answered, DoctorIdentity, News, Practice, Registration, SealingSecret, screen};
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::args::{Advertised, DoctorArgs, Global};
use crate::exit::Ended;
use crate::input::{self, BadInput};
use crate::outlet::{FLUSH_MAX, Outlet};
use crate::{password, printing, serving, tariff_watch, trust};
use known::Known;
use liaison::{Account, Liaison, Standing};
use record::{Entry, Record};
use secrets::{Files, Secrets};

/// How long a slot lasts does not matter for finding a doctor's port.
const SLOT_MINUTES_SHORTEST: u32 = 1;

/// News that wait for the practice: it reads them at once.
const NEWS_QUEUED_MAX: usize = 4;

/// Answers until it is told to stop.
///
/// # Errors
/// When an address or a file cannot be used, or the center does not take the doctor.
#[expect(clippy::needless_pass_by_value, reason = "a command owns its arguments")]
pub(crate) fn run(args: DoctorArgs, global: &Global) -> anyhow::Result<Ended> {
    if args.verify_estimates {
        return verify_estimates(&args);
    }
    let outlet = Outlet::stdout()?;
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = tasks.block_on(async {
        let mut shutdown = serving::stop_signals(global)?;
        let screen = serving::screen(args.screen, outlet.sender());
        let mut practices = JoinSet::new();
        for (doctor, address) in addresses(&args)? {
            let opening = open(&args, doctor, address, &screen, shutdown.clone());
            let (office, line) = tokio::select! {
                biased;
                () = shutdown.wait() => break,
                opened = opening => opened?,
            };
            practices.spawn(net::doctor::serve(office));
            if let Some((liaison, caller)) = line {
                // It ends with its practice.
                tokio::spawn(liaison.keep(caller));
            }
        }
        while let Some(practice) = practices.join_next().await {
            practice.context("a doctor's task broke")?;
        }
        Ok(Ended::Done)
    });
    tasks.shutdown_background();
    outlet.finish(FLUSH_MAX);
    ended
}

/// Opens the practice of the one doctor of `args`, and answers until `shutdown`.
///
/// # Errors
/// As [`run`].
pub(crate) async fn practise(args: &DoctorArgs, mut shutdown: Shutdown) -> anyhow::Result<()> {
    let screen = Screen::quiet();
    for (doctor, address) in addresses(args)? {
        let opening = open(args, doctor, address, &screen, shutdown.clone());
        let (office, line) = tokio::select! {
            biased;
            () = shutdown.wait() => break,
            opened = opening => opened?,
        };
        if let Some((liaison, caller)) = line {
            tokio::spawn(liaison.keep(caller));
        }
        net::doctor::serve(office).await;
    }
    Ok(())
}

fn verify_estimates(args: &DoctorArgs) -> anyhow::Result<Ended> {
    let mut lines = Vec::new();
    for doctor in &args.names {
        lines.push(record::verify(&Files::new(&args.keys, doctor)?)?);
    }
    printing::tell(&lines.join("\n"))?;
    Ok(Ended::Done)
}

/// A doctor's line to the center: who keeps it, and the connection if there is one now.
type Line = (Liaison, Option<Caller>);

/// Opens a practice: it says its address once patients can be sent there.
async fn open(
    args: &DoctorArgs,
    doctor: DoctorName,
    address: SocketAddr,
    screen: &Screen,
    shutdown: Shutdown,
) -> anyhow::Result<(Office, Option<Line>)> {
    let path = match &args.tariff {
        Some(path) => path.clone(),
        None => input::tariff_path(&args.input, doctor.as_str())?,
    };
    // For several doctors there is no such flag.
    let flag = if args.names.len() == 1 { "--tariff FILE" } else { "--input DIR" };
    let (tariff, tariffs) =
        tariff_watch::open(&path, args.currency).map_err(|error| error.or_flag(flag))?;
    let prices = tariff.len();
    let mut practice = Practice::new(doctor.clone(), tariff);
    // The keys first: a port that nobody answers at is better than one without a record.
    let enrolment = match &args.center {
        Some(center) => Some(Enrolment::prepare(args, center, &doctor)?),
        None => None,
    };
    let socket = net::doctor::bind(address)
        .with_context(|| format!("{doctor} cannot listen on {address}"))?;
    let address = socket.local_addr()?;
    let (news_sender, news) = mpsc::channel(NEWS_QUEUED_MAX);
    let (line, record) = match enrolment {
        Some(enrolment) => {
            let (line, record) =
                enrolment.register(args, &socket, &mut practice, news_sender).await?;
            (Some(line), Some(record))
        }
        None => (None, None),
    };
    tracing::info!(%doctor, %address, prices, "the doctor is in");
    warn_of_plaintext(args, &doctor, address);
    screen.show(|| screen::doctor::has_address(&doctor, address.port(), address.ip()));
    let office = Office {
        socket,
        practice,
        plaintext: PlaintextFrom::loopback().and(args.allow_plaintext.iter().copied()),
        tariffs,
        news,
        keep: Box::new(move |answered| keep(record.as_ref(), answered)),
        screen: screen.clone(),
        shutdown,
    };
    Ok((office, line))
}

fn warn_of_plaintext(args: &DoctorArgs, doctor: &DoctorName, address: SocketAddr) {
    let local = address.ip().to_canonical().is_loopback();
    if !local && args.center.is_none() && args.allow_plaintext.is_empty() {
        tracing::warn!(%doctor, %address, "classic questions from the network are not answered: that takes --center, or --allow-plaintext");
    }
    for network in &args.allow_plaintext {
        tracing::warn!(%doctor, %network, "plans and prices cross this network in the clear");
    }
}

/// What a doctor needs before it can enrol.
struct Enrolment {
    files: Files,
    secrets: Secrets,
    identity: DoctorIdentity,
    known: Option<Known>,
    account: Account,
    center: String,
    tls: net::tls::TlsClient,
}

impl Enrolment {
    /// Reads or makes the doctor's files, and finds out how it proves who it is.
    fn prepare(args: &DoctorArgs, center: &str, doctor: &DoctorName) -> anyhow::Result<Self> {
        let tls = trust::authorities(args.ca.as_deref())?;
        let files = Files::new(&args.keys, doctor)?;
        let secrets = Secrets::open(&files)?;
        let unusable =
            |why: protocol::ticket::NoSecret| BadInput::of_file(&files.secrets(), why.to_string());
        let identity = DoctorIdentity {
            sealing: SealingSecret::from_seed(secrets.sealing.0).map_err(unusable)?,
            signing: SigningKey::from_seed(secrets.signing.0).map_err(unusable)?,
        };
        let known = Known::read(&files)?;
        let given = password::from_environment()?;
        // Keys alone say nothing: they are there before the first try to enrol.
        let standing = match (&given, &known) {
            (None, None) => Standing::Unknown,
            _ => Standing::Known,
        };
        let mut code = match &args.code {
            Some(code) => Some(code.clone()),
            None => code::from_environment(doctor, &args.names)?,
        };
        if code.is_none() && standing == Standing::Unknown {
            code = code::asked(doctor)?;
        }
        let password = given.unwrap_or_else(|| secrets.password.clone());
        let account = Account { doctor: doctor.clone(), password, standing, code };
        Ok(Self { files, secrets, identity, known, account, center: center.to_owned(), tls })
    }

    /// Gives the practice its keys, and tells the center where `socket` answers.
    async fn register(
        self,
        args: &DoctorArgs,
        socket: &UdpSocket,
        practice: &mut Practice,
        news: mpsc::Sender<News>,
    ) -> anyhow::Result<(Line, Record)> {
        let record = Record::open(&self.files, &self.secrets)?;
        let keys = self.identity.keys();
        practice.enrol(self.identity);
        let address = registered_address(args.advertise, socket.local_addr()?.port());
        let mut liaison = Liaison {
            center: self.center,
            tls: self.tls,
            account: self.account,
            registration: Registration { address, keys },
            files: self.files,
            known: self.known,
            news,
        };
        let caller = liaison.open().await?;
        Ok(((liaison, caller), record))
    }
}

fn registered_address(advertised: Option<Advertised>, port: u16) -> DoctorAddress {
    let advertised = advertised.unwrap_or(Advertised { host: None, port: None });
    DoctorAddress { host: advertised.host, port: advertised.port.unwrap_or(port) }
}

/// Notes an estimate before it is given.
fn keep(record: Option<&Record>, answered: &Answered) -> Recorded {
    let Some(record) = record else { return Recorded::Yes };
    let (ticket, appointment) = match answered.kind {
        TicketKind::Visit { appointment, .. } => ("visit", Some(appointment)),
        TicketKind::Quote => ("quote", None),
    };
    let entry = Entry {
        at: jiff::Timestamp::now(),
        ticket: ticket.to_owned(),
        appointment,
        patient: answered.patient,
        service: answered.service.clone(),
        plan: answered.plan.clone(),
        amount: answered.price.map(|price| price.to_string()),
        currency: answered.price.map(domain::Money::currency),
    };
    match record.keep(entry) {
        Ok(()) => Recorded::Yes,
        Err(record::NotRecorded) => Recorded::No,
    }
}

/// Where each doctor answers: as told, else at the port of `availabilities.txt` on this machine.
fn addresses(args: &DoctorArgs) -> Result<Vec<(DoctorName, SocketAddr)>, BadInput> {
    let names = args.names.iter().cloned();
    if let Some(address) = args.listen {
        return Ok(names.map(|name| (name, address)).collect());
    }
    let rows = input::availabilities(&args.input, SLOT_MINUTES_SHORTEST)
        .map_err(|error| error.or_flag("--listen ADDR"))?;
    names
        .map(|name| match rows.iter().find(|row| row.doctor == name) {
            Some(row) => Ok((name, SocketAddr::from((Ipv4Addr::LOCALHOST, row.port)))),
            None => Err(unknown(&name, &args.input)),
        })
        .collect()
}

fn unknown(doctor: &DoctorName, folder: &Path) -> BadInput {
    let message = format!("has no slot of {doctor}, expected one, or --listen ADDR");
    BadInput::of_file(&folder.join(input::AVAILABILITIES_FILE), message)
}
