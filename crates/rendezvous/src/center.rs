//! `rendezvous center`: load the files, take patients in, stop in good order.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use ::center::Rules;
use anyhow::Context as _;
use jiff::tz::TimeZone;
use net::Screen;
use net::center::Center;
use protocol::limits::Deadlines;
use protocol::screen;
use runtime::{Runtime, Settings};
use store::Store;
use tokio::net::TcpListener;

use crate::args::{CenterArgs, Global, StoreLocation};
use crate::exit::Ended;
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
    let preparing = tokio::task::spawn_blocking({
        let args = Arc::clone(&args);
        move || prepare(&args)
    });
    let (runtime, zone) = tokio::select! {
        biased;
        () = shutdown.wait() => return Ok(Ended::Done),
        prepared = preparing => prepared.context("the loading broke")??,
    };
    let deadlines = Deadlines::default();
    let rules = Rules { zone, appointments_max: args.appointments_max, tickets: None };
    let center = Center { runtime: runtime.clone(), rules, deadlines, screen: screen.clone() };
    if !address.ip().is_loopback() {
        tracing::warn!(%address, "passwords and plans cross the network in the clear");
    }
    tracing::info!(%address, store = %args.store, "the health center is open");
    screen.show(|| screen::center::has_address(address.port(), address.ip()));
    net::center::serve(listener, center, shutdown).await;
    // Everything acknowledged is on disk already; this is for what still waits in line.
    runtime.stop();
    tracing::info!("the health center is closed");
    Ok(Ended::Done)
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    net::center::listen(address).with_context(|| format!("cannot listen on {address}"))
}

/// Loads the files and opens the store for business.
fn prepare(args: &CenterArgs) -> anyhow::Result<(Runtime, TimeZone)> {
    let StoreLocation::Sqlite(path) = &args.store;
    let store = stores::open(path)?;
    if let Some(dir) = &args.input {
        load_input(&store, args, dir)?;
    }
    let zone = loading::settle_zone(&store, args.load.zone.as_ref())?;
    tracing::info!(zone = loading::name_of(&zone), "clocks");
    Ok((Runtime::start(&store, &Settings::default())?, zone))
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
