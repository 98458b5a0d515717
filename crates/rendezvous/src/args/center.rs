//! The flags of `rendezvous center`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, value_parser};
use ipnet::IpNet;

use super::values::{self, Days, DoctorAt, StoreLocation, Zone};
use super::{ERRANDS, LimitArgs, SLOT_MINUTES_MAX, Screen};

/// Be the health center, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous center --demo
  rendezvous center --input input --web 127.0.0.1:8080
  rendezvous center --listen 127.0.0.1:0 --store sqlite:/var/lib/rendezvous/clinic.db
  rendezvous center --listen 192.0.2.7:21000 --tls-cert clinic.pem --tls-key clinic.key
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
    /// Show everything on this machine: a center, its doctors and its pages, on the exercise's data
    /// with more doctors and a few weeks of slots, in a folder of its own that is removed at the end
    #[arg(long, help_heading = ERRANDS)]
    pub(crate) demo: bool,
    /// Folder of the center's keys [default: beside the store, DIR/clinic.keys for DIR/clinic.db]
    #[arg(long, value_name = "DIR")]
    pub(crate) keys: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) load: LoadArgs,
    /// How many appointments to come one patient may hold [default: any number]
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) appointments_max: Option<u32>,
    /// Whether the exercise's messages are printed to standard output
    #[arg(long, value_enum, default_value_t = Screen::Exercise)]
    pub(crate) screen: Screen,
    #[command(flatten)]
    pub(crate) web: WebArgs,
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// The pages.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pages")]
pub(crate) struct WebArgs {
    /// TCP address to show the pages at: in plaintext on loopback, else over HTTPS with the center's
    /// certificate [default: no pages]
    #[arg(long, value_name = "ADDR", value_parser = values::address)]
    pub(crate) web: Option<SocketAddr>,
    /// Where browsers find the pages, for links that are handed out, e.g. `https://clinic.example`
    /// [default: the address of --web]
    #[arg(long, value_name = "URL")]
    pub(crate) web_url: Option<String>,
    /// Believe the Forwarded headers (RFC 7239) of web proxies in this network, and those of
    /// --trust-proxy; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ' ', value_parser = values::network)]
    pub(crate) web_trust_proxy: Vec<IpNet>,
}

impl CenterArgs {
    /// Checks what no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let named = self.input.is_some() || self.keys.is_some();
        if self.demo && (named || self.store != StoreLocation::default()) {
            return Err("--demo has data of its own: it takes no --input, --store or --keys");
        }
        let local = |address: SocketAddr| address.ip().is_loopback();
        if self.demo && !(local(self.listen) && self.web.web.is_none_or(local)) {
            return Err("--demo is for this machine only: everybody knows its passwords");
        }
        match (&self.network.tls_cert, &self.network.tls_key) {
            (Some(_), None) => Err("--tls-cert needs --tls-key FILE, its private key"),
            (None, Some(_)) => Err("--tls-key needs --tls-cert FILE, its certificate"),
            _ if self.web.web.is_some() => Ok(()),
            _ if self.web.web_url.is_some() => Err("--web-url needs --web ADDR, the pages"),
            _ if !self.web.web_trust_proxy.is_empty() => {
                Err("--web-trust-proxy needs --web ADDR, the pages")
            }
            _ => Ok(()),
        }
    }
}

/// What a center shows a network, and whom it believes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "On a network")]
pub(crate) struct NetworkArgs {
    /// Certificates in PEM, the center's own first; taken over when the file changes [default: the
    /// one in the folder of keys, made if there is none]
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The certificate's private key in PEM; only its owner may have a right to the file
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Answer in plaintext from this network too, and not from this machine only; may be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ' ', value_parser = values::network)]
    pub(crate) allow_plaintext: Vec<IpNet>,
    /// Believe the PROXY headers of load balancers in this network, which then must send them; may
    /// be repeated
    #[arg(long, value_name = "CIDR", value_delimiter = ' ', value_parser = values::network)]
    pub(crate) trust_proxy: Vec<IpNet>,
    /// How often tickets are signed with a new key
    #[arg(long, value_name = "DAYS", default_value = "7")]
    pub(crate) ticket_key_days: Days,
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
