//! `rendezvous center`: load the files, take patients in, stop in good order.

use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context as _;
use jiff::tz::TimeZone;
use net::center::Center;
use protocol::limits::Deadlines;
use protocol::screen;
use runtime::Runtime;
use store::Store;
use store::sqlite::Sqlite;
use tokio::net::TcpListener;

use crate::args::{CenterArgs, Global, StoreLocation};
use crate::exit::Ended;
use crate::loading::{self, Load};
use crate::outlet::{FLUSH_MAX, Outlet};
use crate::serving;

/// Serves until it is told to stop.
///
/// # Errors
/// When the address, the store or a file cannot be used.
#[expect(clippy::needless_pass_by_value, reason = "a command owns its arguments")]
pub(crate) fn run(args: CenterArgs, global: &Global) -> anyhow::Result<Ended> {
    serving::raise_open_files_limit();
    let outlet = Outlet::stdout()?;
    let tasks = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = tasks.block_on(async {
        // First of all: patients who come during the loading wait in the kernel's queue.
        let listener = listen(args.listen)?;
        let store = open(&args.store)?;
        let zone = prepare(&store, &args)?;
        let runtime = Runtime::start(&store)?;
        let screen = serving::screen(args.screen, outlet.sender());
        let address = listener.local_addr()?;
        let center = Center {
            runtime: runtime.clone(),
            zone,
            deadlines: Deadlines::default(),
            screen: screen.clone(),
        };
        let shutdown = serving::stop_signals(global)?;
        tracing::info!(%address, store = %args.store, "the health center is open");
        screen.show(|| screen::center::has_address(address.port(), address.ip()));
        net::center::serve(listener, center, shutdown).await;
        // Everything acknowledged is on disk already; this is for what still waits in line.
        runtime.stop();
        tracing::info!("the health center is closed");
        Ok(Ended::Done)
    });
    tasks.shutdown_background();
    outlet.finish(FLUSH_MAX);
    ended
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    net::center::listen(address).with_context(|| format!("cannot listen on {address}"))
}

/// Opens the store that a command was given.
///
/// # Errors
/// When it cannot be opened, or is not ours.
pub(crate) fn open(location: &StoreLocation) -> anyhow::Result<Sqlite> {
    let StoreLocation::Sqlite(path) = location;
    Sqlite::open(path).with_context(|| format!("cannot open the store {}", path.display()))
}

fn prepare(store: &dyn Store, args: &CenterArgs) -> anyhow::Result<TimeZone> {
    if let Some(dir) = &args.input {
        load_input(store, args, dir)?;
    }
    let zone = loading::zone(store, args.zone.as_ref())?;
    tracing::info!(zone = loading::name_of(&zone), "clocks");
    Ok(zone)
}

fn load_input(store: &dyn Store, args: &CenterArgs, dir: &Path) -> anyhow::Result<()> {
    let counts = loading::load(
        store,
        Load {
            dir,
            zone: args.zone.as_ref(),
            slot_minutes: args.slot_minutes,
            doctor_at: &args.doctor_at,
        },
    )?;
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
