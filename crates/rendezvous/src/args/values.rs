//! The values of flags, checked once: past this point they are right.

use std::ffi::OsString;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use domain::{AppointmentId, DoctorName, SlotIndex, UserName};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The longest name of a person, in bytes.
const PERSON_NAME_BYTES_MAX: usize = 256;

/// Where bookings are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StoreLocation {
    /// `sqlite:PATH`: a file of SQLite.
    Sqlite(PathBuf),
}

impl Default for StoreLocation {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from("rendezvous.db"))
    }
}

impl FromStr for StoreLocation {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            _ => Err("is not a store, expected sqlite:PATH".to_owned()),
        }
    }
}

impl fmt::Display for StoreLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
        }
    }
}

/// Which configuration file is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ConfigFile {
    /// None at all: `--config ""`.
    None,
    /// This one, and it must be there.
    At(PathBuf),
}

impl From<OsString> for ConfigFile {
    fn from(text: OsString) -> Self {
        if text.is_empty() { Self::None } else { Self::At(PathBuf::from(text)) }
    }
}

/// What the log holds, in the words of `tracing_subscriber::EnvFilter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFilter(String);

impl LogFilter {
    /// The directives, known to be right.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LogFilter {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match tracing_subscriber::EnvFilter::builder().parse(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(format!("is not a filter ({error}), expected e.g. info")),
        }
    }
}

/// A time zone with an IANA name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Zone(TimeZone);

impl Zone {
    /// The zone itself; it has an IANA name.
    pub(crate) fn time_zone(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match TimeZone::get(text) {
            Ok(zone) if zone.iana_name().is_some() => Ok(Self(zone)),
            _ => Err("is not a time zone, expected an IANA name, e.g. Europe/Berlin".to_owned()),
        }
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.iana_name().unwrap_or_default())
    }
}

/// Where a doctor's patients are referred to: `NAME=ADDR`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DoctorAt {
    /// Who.
    pub(crate) doctor: DoctorName,
    /// Where.
    pub(crate) address: SocketAddr,
}

impl FromStr for DoctorAt {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('=').and_then(|(name, address)| {
            Some(Self { doctor: name.parse().ok()?, address: address.parse().ok()? })
        });
        parts.filter(|at| at.address.port() != 0).ok_or_else(|| {
            "is not a doctor's address, expected NAME=ADDR, e.g. doc1=127.0.0.1:41001".to_owned()
        })
    }
}

impl fmt::Display for DoctorAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.doctor, self.address)
    }
}

/// The slot that one patient of a simulation chooses: `NAME=N`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatientSelect {
    /// Who: the stem of the patient's files.
    pub(crate) patient: UserName,
    /// Which slot.
    pub(crate) index: SlotIndex,
}

impl FromStr for PatientSelect {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.rsplit_once('=').and_then(|(name, index)| {
            Some(Self { patient: name.parse().ok()?, index: index.parse().ok()? })
        });
        parts.ok_or_else(|| "is not a choice, expected NAME=N, e.g. patient1=2".to_owned())
    }
}

/// How a patient names a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Select {
    /// By its index.
    Index(SlotIndex),
    /// `-`: by an index that comes on standard input once the list is shown.
    Stdin,
}

impl FromStr for Select {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "-" => Ok(Self::Stdin),
            _ => text
                .parse()
                .map(Self::Index)
                .map_err(|error: domain::SlotIndexError| format!("{error}, or -")),
        }
    }
}

/// An address to listen on; port 0 is any.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let parsed: Result<SocketAddr, _> = text.parse();
    parsed.map_err(|_| "is not an address, expected IP:PORT, e.g. 127.0.0.1:21000".to_owned())
}

/// A host (a name, or an address, an IPv6 one in brackets) and a port; looked up only when used.
pub(super) fn host_and_port(text: &str) -> Result<String, String> {
    let right = text.parse::<SocketAddr>().is_ok_and(|address| address.port() != 0)
        || text.rsplit_once(':').is_some_and(|(host, port)| {
            let name = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
            let digits = port.bytes().all(|b| b.is_ascii_digit());
            !host.is_empty()
                && host.chars().all(name)
                && digits
                && port.parse::<u16>().is_ok_and(|port| port != 0)
        });
    if right {
        Ok(text.to_owned())
    } else {
        Err("is not an address, expected HOST:PORT, e.g. 127.0.0.1:21000".to_owned())
    }
}

/// The id of an appointment (RFC 9562).
pub(super) fn appointment(text: &str) -> Result<AppointmentId, String> {
    let expected = "an id such as 01938c1e-0000-7000-8000-000000000000";
    text.parse().map_err(|_| format!("is not an appointment, expected {expected}"))
}

/// A date and time without a zone.
pub(super) fn civil_moment(text: &str) -> Result<DateTime, String> {
    let expected = "a date and time such as 2026-12-01T09:00";
    text.parse().map_err(|_| format!("is not a moment, expected {expected}"))
}

/// The name of a person: any printable text.
pub(super) fn person_name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() || text.len() > PERSON_NAME_BYTES_MAX || text.chars().any(char::is_control) {
        return Err(format!("is not printable text of 1 to {PERSON_NAME_BYTES_MAX} bytes"));
    }
    Ok(text.to_owned())
}
