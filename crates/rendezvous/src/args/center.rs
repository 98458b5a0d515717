//! The flags of `rendezvous center`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, value_parser};

use super::values::{self, DoctorAt, StoreLocation, Zone};
use super::{SLOT_MINUTES_MAX, Screen};

/// Be the health center, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous center --input input
  rendezvous center --listen 127.0.0.1:0 --store sqlite:/var/lib/rendezvous/clinic.db
  RENDEZVOUS_CENTER_ZONE=Europe/Berlin rendezvous center --input input --slot-minutes 30")]
pub(crate) struct CenterArgs {
    /// TCP address to serve; port 0 means any, and it is printed
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:21000",
          value_parser = values::address)]
    pub(crate) listen: SocketAddr,
    /// Folder whose users.txt and availabilities.txt are loaded first [default: none is loaded]
    #[arg(long, value_name = "DIR")]
    pub(crate) input: Option<PathBuf>,
    /// Where the bookings are kept
    #[arg(long, value_name = "STORE", default_value_t = StoreLocation::default())]
    pub(crate) store: StoreLocation,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// How many appointments to come one patient may hold [default: any number]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) appointments_max: Option<u32>,
    /// Whether the exercise's messages are printed to standard output
    #[arg(long, value_enum, default_value_t = Screen::Exercise)]
    pub(crate) screen: Screen,
}

/// How the files of a clinic are placed in the store.
#[derive(Debug, Clone, Args)]
pub(crate) struct LoadArgs {
    /// IANA time zone, e.g. Europe/Berlin; stored at the first load [default: the store's, else the
    /// system's]
    #[arg(long, value_name = "IANA")]
    pub(crate) zone: Option<Zone>,
    /// How long each visit of availabilities.txt takes, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "60",
          value_parser = value_parser!(u32).range(1..=SLOT_MINUTES_MAX))]
    pub(crate) slot_minutes: u32,
    /// Refer patients of a doctor to this address instead of the file's port; may be repeated
    #[arg(long, value_name = "NAME=ADDR", value_delimiter = ' ')]
    pub(crate) doctor_at: Vec<DoctorAt>,
}
