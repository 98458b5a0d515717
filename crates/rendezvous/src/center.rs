//! `rendezvous center`: load the files, take patients in, stop in good order.

mod certificate;
mod pages;
mod upkeep;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ::center::Rules;
use anyhow::Context as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use net::center::Center;
use net::limits::Limits;
use net::{PlaintextFrom, Screen};
use protocol::screen;
use runtime::Runtime;
use store::Store;
use tokio::net::TcpListener;

use self::certificate::Certificate;
use self::upkeep::Upkeep;
use crate::args::{CenterArgs, Global, StoreLocation};
use crate::exit::Ended;
use crate::keys::Keys;
use crate::loading;
use crate::outlet::{FLUSH_MAX, Outlet};
use crate::{serving, stores};

/// Serves until it is told to stop.
///
/// # Errors
/// When the address, the store or a file cannot be used.
pub(crate) fn run(args: CenterArgs, global: &Global) -> anyhow::Result<Ended> {
    serving::raise_open_files_limit();
    let outlet = Outlet::stdout()?;
    let tasks = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let screen = serving::screen(args.screen, outlet.sender());
    let ended = tasks.block_on(serve(Arc::new(args), global, screen));
    tasks.shutdown_background();
    outlet.finish(FLUSH_MAX);
    ended
}

async fn serve(args: Arc<CenterArgs>, global: &Global, screen: Screen) -> anyhow::Result<Ended> {
    let mut shutdown = serving::stop_signals(global)?;
    // Before the loading: patients who come meanwhile wait in the kernel's queue.
    let listener = listen(args.listen)?;
    let address = listener.local_addr()?;
    let web = args.web.web.map(pages::listen).transpose()?;
    let preparing = tokio::task::spawn_blocking({
        let args = Arc::clone(&args);
        move || prepare(&args)
    });
    let Prepared { runtime, zone, certificate, upkeep } = tokio::select! {
        biased;
        () = shutdown.wait() => return Ok(Ended::Done),
        prepared = preparing => prepared.context("the loading broke")??,
    };
    let tickets = Some(upkeep.office());
    let center = Center {
        runtime: runtime.clone(),
        rules: Rules { zone, appointments_max: args.appointments_max, tickets },
        limits: limits_of(&args),
        plaintext: PlaintextFrom::loopback().and(args.network.allow_plaintext.iter().copied()),
        trusted_proxies: args.network.trust_proxy.clone(),
        tls: Some(certificate.door.clone()),
        screen: screen.clone(),
    };
    for network in &args.network.allow_plaintext {
        tracing::warn!(%network, "plaintext is answered: passwords and plans cross it in the clear");
    }
    for network in &args.network.trust_proxy {
        tracing::info!(%network, "PROXY headers from there are believed");
    }
    let pages = web.map(|listener| pages::open(listener, &args, &center, &certificate.door));
    let pages = pages.transpose()?;
    tokio::spawn(certificate.watch());
    let (end_upkeep, ended) = tokio::sync::oneshot::channel();
    let upkeep = tokio::spawn(upkeep.run(ended));
    tracing::info!(%address, store = %args.store, "the health center is open");
    screen.show(|| screen::center::has_address(address.port(), address.ip()));
    let pages = pages.map(|pages| tokio::spawn(pages.serve(shutdown.clone())));
    net::center::serve(listener, center, shutdown).await;
    if let Some(pages) = pages {
        pages.await.context("the pages broke")?;
    }
    // Everything acknowledged is on disk already; this is for what still waits in line.
    runtime.stop();
    // And the head of the audit for what has come since the last second.
    drop(end_upkeep);
    upkeep.await.context("the upkeep broke")?;
    tracing::info!("the health center is closed");
    Ok(Ended::Done)
}

/// The limits that were set, or less where open files are too few for them; the log says so.
fn limits_of(args: &CenterArgs) -> Limits {
    // Browsers have their own.
    let of_web = args.web.web.map_or(0, |_| pages::limits_of(args).open_files());
    let open_files = serving::open_files_limit().saturating_sub(of_web);
    let set = args.limits.of_sockets(usize::MAX);
    let limits = args.limits.of_sockets(open_files);
    if limits != set {
        tracing::warn!(
            "at most {open_files} open files: that leaves {} connections at once, instead of {} \
             (raise it with ulimit -n, or LimitNOFILE= of the unit)",
            limits.connections_max,
            set.connections_max
        );
    }
    limits
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    net::center::listen(address).with_context(|| format!("cannot listen on {address}"))
}

/// What a center needs to open.
struct Prepared {
    runtime: Runtime,
    zone: TimeZone,
    certificate: Certificate,
    upkeep: Upkeep,
}

/// Makes sure of the keys, loads the files and opens the store for business.
fn prepare(args: &CenterArgs) -> anyhow::Result<Prepared> {
    let StoreLocation::Sqlite(path) = &args.store;
    let keys = Keys::open(&args.keys.clone().unwrap_or_else(|| Keys::beside(path)))?;
    // What is wrong with a key is told before anything is loaded.
    let certificate = Certificate::open(&args.network, &keys)?;
    let device_key = keys.device()?.0;
    let store = stores::open_with(path, &keys)?;
    let every = args.network.ticket_key_days.0.0;
    let mut upkeep = Upkeep::start(&keys, every, store.reader()?)?;
    if let Some(dir) = &args.input {
        load_input(&store, args, dir)?;
    }
    let zone = loading::settle_zone(&store, args.load.zone.as_ref())?;
    tracing::info!(zone = loading::name_of(&zone), "clocks");
    // What was loaded is not without a signed head even if the center ends at once.
    upkeep.once(Timestamp::now());
    let runtime = Runtime::start(&store, &args.limits.of_runtime(device_key))?;
    Ok(Prepared { runtime, zone, certificate, upkeep })
}

fn load_input(store: &dyn Store, args: &CenterArgs, dir: &Path) -> anyhow::Result<()> {
    let counts = loading::load(store, dir, &args.load)?;
    tracing::info!(
        folder = %dir.display(),
        accounts_added = counts.accounts_added,
        doctors_added = counts.doctors_added,
        slots_published = counts.slots_published,
        slots_withdrawn = counts.slots_withdrawn,
        slots_unchanged = counts.slots_unchanged,
        "loaded"
    );
    Ok(())
}
