//! The flags of `rendezvous doctor`.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use domain::{Currency, DoctorName, EnrolmentCode};
use ipnet::IpNet;

use super::values;
use super::{ERRANDS, Screen};

/// Be one or several doctors: answer requests for estimates over UDP, until SIGTERM or Ctrl-C
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous doctor doc1 --input input
  rendezvous doctor doc1 doc2
  rendezvous doctor doc1 --listen 127.0.0.1:0 --tariff prices.txt --currency EUR
  RENDEZVOUS_ENROLMENT_CODE=... rendezvous doctor doc1 --center clinic.example:21000 \\
      --listen 192.0.2.7:41000 --tariff prices.txt
  rendezvous doctor doc1 --verify-estimates

With --center the doctor enrols once, with the code that `rendezvous admin enrol NAME` printed (from
RENDEZVOUS_ENROLMENT_CODE, else asked for without echo), and is known by its keys from then on. An
account of role doctor may log in instead, with RENDEZVOUS_PASSWORD. Neither is ever an argument.
Patients then ask in sealed datagrams; without --center only patients on this machine are answered.")]
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
    /// The center to enrol at, over TLS: a host name or an address, and a port [default: none, the
    /// doctor answers in the classic words only]
    #[arg(long, value_name = "HOST:PORT", value_parser = values::host_and_port)]
    pub(crate) center: Option<String>,
    /// Who vouches for the center: a file of certificates in PEM [default: rendezvous.keys/ca.pem
    /// of the working folder if it is there, else the system's]
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// Folder of the doctor's own keys and its record of estimates
    #[arg(long, value_name = "DIR", default_value = "doctor.keys")]
    pub(crate) keys: PathBuf,
    /// Where patients are told to ask, when that is not where the doctor listens, e.g. behind a
    /// router [default: the address the center sees, and the port of --listen]
    #[arg(long, value_name = "[IP][:PORT]")]
    pub(crate) advertise: Option<Advertised>,
    /// Answer the classic words, in the clear, to patients of this network too; may be repeated
    /// [default: to this machine only]
    #[arg(long, value_name = "CIDR", value_delimiter = ' ', value_parser = values::network)]
    pub(crate) allow_plaintext: Vec<IpNet>,
    /// Check the record of estimates and leave
    #[arg(long, help_heading = ERRANDS)]
    pub(crate) verify_estimates: bool,
    /// Whether the exercise's messages are printed to standard output
    #[arg(long, value_enum, default_value_t = Screen::Exercise)]
    pub(crate) screen: Screen,
    /// What to enrol with, for doctors of a demonstration, whose center hands it over itself; `None`
    /// where it comes from outside. Never an argument.
    #[arg(skip)]
    pub(crate) code: Option<EnrolmentCode>,
}

impl DoctorArgs {
    /// What no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let one = self.names.len() == 1;
        if !one && self.listen.is_some_and(|address| address.port() != 0) {
            return Err("--listen with a port is for one NAME, for several use port 0");
        }
        if !one && self.advertise.is_some_and(|advertised| advertised.port.is_some()) {
            return Err("--advertise with a port is for one NAME");
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

/// Where patients are told to ask a doctor: `IP`, `:PORT` or `IP:PORT` (an IPv6 address in brackets
/// when a port follows).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Advertised {
    /// The host; `None` for the one that the center sees.
    pub(crate) host: Option<IpAddr>,
    /// The UDP port, 1 to 65,535; `None` for the one that the doctor listens on.
    pub(crate) port: Option<u16>,
}

impl FromStr for Advertised {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(host) = text.parse() {
            return Ok(Self { host: Some(host), port: None });
        }
        let (host, port) = match (text.strip_prefix(':'), text.parse::<SocketAddr>()) {
            (Some(port), _) => (None, port.parse().ok()),
            (None, Ok(address)) => (Some(address.ip()), Some(address.port())),
            (None, Err(_)) => (None, None),
        };
        match port {
            Some(1..) => Ok(Self { host, port }),
            _ => Err("is no place, expected IP, :PORT or IP:PORT, e.g. 192.0.2.7:41000".to_owned()),
        }
    }
}

impl fmt::Display for Advertised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.host, self.port) {
            (Some(host), Some(port)) => SocketAddr::new(host, port).fmt(f),
            (Some(host), None) => host.fmt(f),
            (None, Some(port)) => write!(f, ":{port}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_a_port_or_both() {
        for text in ["192.0.2.7", "::1", ":41000", "192.0.2.7:41000", "[::1]:41000"] {
            assert_eq!(
                text.parse::<Advertised>().map(|place| place.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in ["", ":", ":0", "clinic", "clinic:41000", "192.0.2.7:0", ":65536"] {
            assert!(text.parse::<Advertised>().is_err(), "{text}");
        }
    }
}
