//! The flags of `rendezvous doctor`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use domain::{Currency, DoctorName};

use super::Screen;
use super::values;

/// Be one or several doctors: answer requests for estimates over UDP, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous doctor doc1 --input input
  rendezvous doctor doc1 doc2
  rendezvous doctor doc1 --listen 127.0.0.1:0 --tariff prices.txt --currency EUR")]
pub(crate) struct DoctorArgs {
    /// Who: the doctor's name in availabilities.txt
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<DoctorName>,
    /// UDP address to serve; port 0 means any [default: 127.0.0.1 and the port in
    /// availabilities.txt]
    #[arg(long, value_name = "ADDR", value_parser = values::address)]
    pub(crate) listen: Option<SocketAddr>,
    /// Folder of availabilities.txt and the tariffs NAME.txt
    #[arg(long, value_name = "DIR", default_value = "input")]
    pub(crate) input: PathBuf,
    /// The tariff, `<plan> <cost>` a line [default: NAME.txt of the input folder]
    #[arg(long, value_name = "FILE")]
    pub(crate) tariff: Option<PathBuf>,
    /// The tariff's currency, an ISO 4217 code
    #[arg(long, value_name = "CODE", default_value = "USD")]
    pub(crate) currency: Currency,
    /// Whether the exercise's messages are printed to standard output
    #[arg(long, value_enum, default_value_t = Screen::Exercise)]
    pub(crate) screen: Screen,
}

impl DoctorArgs {
    /// What no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let one = self.names.len() == 1;
        if !one && self.listen.is_some_and(|address| address.port() != 0) {
            return Err("--listen with a port is for one NAME, for several use port 0");
        }
        if !one && self.tariff.is_some() {
            return Err("--tariff is for one NAME, for several use --input DIR");
        }
        let twice = |(at, name): (usize, _)| self.names[..at].contains(name);
        if self.names.iter().enumerate().any(twice) {
            return Err("each NAME can be given once");
        }
        Ok(())
    }
}
