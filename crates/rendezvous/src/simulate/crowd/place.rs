//! Where a crowd goes: a clinic of its own, or a center that runs already.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use domain::{Currency, DoctorName, PlanName, Tariff};
use net::Shutdown;
use net::patient::Security;
use net::tls::{CertificatePem, TlsClient, TlsDoor};
use protocol::Dialect;
use simulator::capture::Capture;
use simulator::crowd::{CrowdPlan, Destination, Guest, OwnClinic, Relay};
use store::AuditKey;
use store::sqlite::TestStore;
use tempfile::TempDir;

use crate::args::SimulateArgs;
use crate::input::{self, BadInput};
use crate::keys::{Keys, private_file};
use crate::trust;

/// Where a crowd goes, for as long as this lives.
pub(super) struct Place {
    pub(super) destination: Destination,
    /// `None` when the center runs already.
    pub(super) own: Option<OwnClinic>,
    /// Of the clinic's store and keys, gone at the end.
    _folder: Option<TempDir>,
}

/// A center that runs already, and who goes there.
pub(super) struct Running {
    center: SocketAddr,
    security: Security,
    guests: Vec<Guest>,
    tariffs: HashMap<DoctorName, Tariff>,
}

impl Running {
    /// What the arguments and the folder say of it; `None` when none is named. `plan` learns how many
    /// patients there are. Nothing is begun.
    ///
    /// # Errors
    /// When an input file has a mistake, or nothing can stand in front of that center.
    pub(super) fn check(args: &SimulateArgs, plan: &mut CrowdPlan) -> anyhow::Result<Option<Self>> {
        let Some(center) = args.center else { return Ok(None) };
        let is_relayed = !plan.network.is_plain() || args.capture.is_some();
        if is_relayed && !center.ip().to_canonical().is_loopback() {
            let why = "is not on this machine, where the bad network and the capture are";
            return Err(BadInput::of_file("--center".as_ref(), why).into());
        }
        let (guests, tariffs) = people(args)?;
        if args.patients.is_none() {
            plan.patients = u32::try_from(guests.len()).unwrap_or(u32::MAX);
        }
        let security = match plan.dialect {
            Dialect::Json => Security::Tls(trust::authorities(None)?),
            _ => Security::PlaintextOnLoopback,
        };
        Ok(Some(Self { center, security, guests, tariffs }))
    }
}

impl Place {
    /// Opens a clinic of its own, or the way to the one that runs. What stands between ends with
    /// `over`.
    ///
    /// # Errors
    /// When there is no clinic.
    pub(super) async fn open(
        running: Option<Running>,
        plan: &CrowdPlan,
        capture: Option<Capture>,
        over: Shutdown,
    ) -> anyhow::Result<Self> {
        match running {
            Some(running) => Self::running(running, plan, capture, over),
            None => Self::own(plan, capture).await,
        }
    }

    async fn own(plan: &CrowdPlan, capture: Option<Capture>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("rendezvous-").tempdir()?;
        let path = folder.path().join("crowd.db");
        let keys = Keys::open(&Keys::beside(&path))?;
        let store = TestStore::create(&path, &AuditKey::new(keys.audit()?.0))
            .context("the crowd's store cannot be made")?;
        let (door, security) = match plan.dialect {
            Dialect::Json => {
                let (door, client) = tls(&keys)?;
                (Some(door), Security::Tls(client))
            }
            _ => (None, Security::PlaintextOnLoopback),
        };
        let own = OwnClinic::open(plan, store, door, capture).await?;
        let destination = own.destination(security);
        Ok(Self { destination, own: Some(own), _folder: Some(folder) })
    }

    fn running(
        running: Running,
        plan: &CrowdPlan,
        capture: Option<Capture>,
        over: Shutdown,
    ) -> anyhow::Result<Self> {
        let Running { center, security, guests, tariffs } = running;
        let mut address = center;
        let mut detour = None;
        if !plan.network.is_plain() || capture.is_some() {
            let relay = Relay::open(plan.network, plan.seed, capture, over);
            address = relay.lead_to_center(center).context("no socket for the relay")?;
            detour = Some(relay.into());
        }
        let (schedule, calendar) = (HashMap::new(), None);
        let center = address.to_string();
        let destination = Destination {
            center,
            security,
            guests,
            tariffs,
            schedule,
            calendar,
            is_shared: true,
            detour,
        };
        Ok(Self { destination, own: None, _folder: None })
    }
}

/// The center's door with a certificate of its own authority, and a patient who trusts that.
fn tls(keys: &Keys) -> anyhow::Result<(TlsDoor, TlsClient)> {
    let files = keys.certificate()?;
    let chain = input::read(&files.chain, "certificates in PEM")?;
    let key = private_file::read(&files.key, "a private key in PEM")?;
    let authority = input::read(&keys.authority_file(), "certificates in PEM")?;
    let door = TlsDoor::open(&CertificatePem { chain: &chain, key: key.expose() })?;
    Ok((door, TlsClient::trusting(&authority)?))
}

/// The accounts of users.txt, each with the plan of its own file, or in turn with one that some
/// doctor covers; and the doctors' prices.
fn people(args: &SimulateArgs) -> Result<(Vec<Guest>, HashMap<DoctorName, Tariff>), BadInput> {
    let dir = &args.input;
    let users = input::users(dir)?;
    let (tariffs, covered) = prices(args, dir)?;
    let mut guests = Vec::with_capacity(users.len());
    for (turn, row) in users.into_iter().enumerate() {
        let plan = match input::plan(dir, row.user.as_str()) {
            Ok(plan) => plan,
            Err(missing) if missing.is_missing() && !covered.is_empty() => {
                covered[turn % covered.len()].clone()
            }
            Err(error) => return Err(error),
        };
        guests.push(Guest { user: row.user, password: row.password, plan });
    }
    if guests.is_empty() {
        return Err(BadInput::of_file(dir, "users.txt has no account, expected at least one"));
    }
    Ok((guests, tariffs))
}

/// The doctors' prices as far as their files are there, and the plans in them.
fn prices(
    args: &SimulateArgs,
    dir: &Path,
) -> Result<(HashMap<DoctorName, Tariff>, Vec<PlanName>), BadInput> {
    let mut tariffs = HashMap::new();
    let mut covered = Vec::new();
    for row in input::availabilities(dir, args.slot_minutes)? {
        if tariffs.contains_key(&row.doctor) {
            continue;
        }
        match input::tariff(&input::tariff_path(dir, row.doctor.as_str())?, Currency::USD) {
            Ok(tariff) => {
                covered.extend(tariff.plans(&domain::Service::visit()).cloned());
                tariffs.insert(row.doctor, tariff);
            }
            Err(missing) if missing.is_missing() => {}
            Err(error) => return Err(error),
        }
    }
    covered.sort();
    covered.dedup();
    Ok((tariffs, covered))
}
