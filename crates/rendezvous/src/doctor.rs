//! `rendezvous doctor`: one or several doctors answer requests for estimates.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use anyhow::Context as _;
use domain::DoctorName;
use protocol::{Practice, screen};
use tokio::task::JoinSet;

use crate::args::{DoctorArgs, Global};
use crate::exit::Ended;
use crate::input::{self, BadInput};
use crate::outlet::{FLUSH_MAX, Outlet};
use crate::serving;
use crate::tariff_watch;

/// How long a slot lasts does not matter for finding a doctor's port.
const SLOT_MINUTES_SHORTEST: u32 = 1;

/// Answers until it is told to stop.
///
/// # Errors
/// When an address or a file cannot be used.
#[expect(clippy::needless_pass_by_value, reason = "a command owns its arguments")]
pub(crate) fn run(args: DoctorArgs, global: &Global) -> anyhow::Result<Ended> {
    let outlet = Outlet::stdout()?;
    let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = tasks.block_on(async {
        let shutdown = serving::stop_signals(global)?;
        let screen = serving::screen(args.screen, outlet.sender());
        let mut practices = JoinSet::new();
        for (doctor, address) in addresses(&args)? {
            let path = match &args.tariff {
                Some(path) => path.clone(),
                None => input::tariff_path(&args.input, doctor.as_str())?,
            };
            let (tariff, tariffs) = tariff_watch::open(&path, args.currency)?;
            let socket = net::doctor::bind(address)
                .with_context(|| format!("{doctor} cannot listen on {address}"))?;
            let address = socket.local_addr()?;
            tracing::info!(%doctor, %address, prices = tariff.len(), "the doctor is in");
            screen.show(|| screen::doctor::has_address(&doctor, address.port(), address.ip()));
            let practice = Practice::new(doctor, tariff);
            let serve =
                net::doctor::serve(socket, practice, tariffs, screen.clone(), shutdown.clone());
            practices.spawn(serve);
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

/// Where each doctor answers: as told, else at the port of `availabilities.txt` on this machine.
fn addresses(args: &DoctorArgs) -> Result<Vec<(DoctorName, SocketAddr)>, BadInput> {
    let names = args.names.iter().cloned();
    if let Some(address) = args.listen {
        return Ok(names.map(|name| (name, address)).collect());
    }
    let rows = input::availabilities(&args.input, SLOT_MINUTES_SHORTEST)?;
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
