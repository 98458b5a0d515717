//! The values of flags, checked once: past this point they are right.

use std::ffi::OsString;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use domain::{AppointmentId, DoctorName, Role, SlotIndex, UserName};
use ipnet::IpNet;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use store::PatientChoice;

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

/// A number from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Count(pub(crate) usize);

impl FromStr for Count {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse::<u32>() {
            Ok(number @ 1..) => usize::try_from(number).map(Self).map_err(|why| why.to_string()),
            _ => Err(format!("is not a number, expected 1 to {}", u32::MAX)),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time that something takes, with its unit: `10ms`, `5s`, `1m 30s`, `24h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

/// The longest span, ten years: beyond it, clocks would have to be added to with care.
const SPAN_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);

impl Span {
    /// The same as a signed one.
    pub(crate) fn signed(self) -> SignedDuration {
        SignedDuration::try_from(self.0).unwrap_or(SignedDuration::MAX)
    }
}

impl FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let signed: Option<SignedDuration> = text.parse().ok();
        let span = signed.and_then(|signed| Duration::try_from(signed).ok());
        span.filter(|span| !span.is_zero() && *span <= SPAN_MAX).map(Self).ok_or_else(|| {
            "is not a time span, expected a number with its unit, e.g. 500ms, 10s, 5m or 24h"
                .to_owned()
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#}", self.signed())
    }
}

/// Days, as a number (`7`, `0.5`) or as a span with its unit (`90s`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Days(pub(crate) Span);

impl FromStr for Days {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "is not a number of days, expected e.g. 7 or 0.5, or a time span such as 12h".to_owned()
        };
        let Ok(days) = text.parse::<f64>() else {
            return text.parse().map(Self).map_err(|_: String| wrong());
        };
        let span = Duration::try_from_secs_f64(days * 24.0 * 60.0 * 60.0).ok();
        let span = span.filter(|span| !span.is_zero() && *span <= SPAN_MAX).ok_or_else(wrong)?;
        Ok(Self(Span(span)))
    }
}

/// A moment that an operator names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// With its offset from UTC.
    Exact(Timestamp),
    /// As clocks in the center's zone show it.
    Local(DateTime),
}

impl Moment {
    /// The moment itself, where clocks are in `zone`; of one that comes twice, the first.
    pub(crate) fn at(self, zone: &TimeZone) -> Result<Timestamp, jiff::Error> {
        match self {
            Self::Exact(moment) => Ok(moment),
            Self::Local(shown) => zone.to_timestamp(shown),
        }
    }
}

impl FromStr for Moment {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let exact = text.parse().map(Self::Exact);
        exact.or_else(|_| text.parse().map(Self::Local)).map_err(|_| {
            "is not a moment, expected a date, a date and time such as 2026-12-01T09:00, or one in \
             UTC such as 2026-12-01T08:00:00Z"
                .to_owned()
        })
    }
}

/// How an operator names a patient: by user name, or by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PatientNamed(pub(crate) PatientChoice);

impl FromStr for PatientNamed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(id) = text.parse() {
            return Ok(Self(PatientChoice::Id(id)));
        }
        let user: Result<UserName, _> = text.parse();
        user.map(|user| Self(PatientChoice::User(user))).map_err(|error| error.to_string())
    }
}

impl fmt::Display for PatientNamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            PatientChoice::User(user) => user.fmt(f),
            PatientChoice::Id(id) => id.fmt(f),
        }
    }
}

/// What somebody who works here may be: not a patient, and not a doctor, who enrols.
pub(super) fn staff_role(text: &str) -> Result<Role, String> {
    let role = text
        .parse()
        .ok()
        .filter(|role| matches!(role, Role::FrontDesk | Role::Administrator | Role::Integrator));
    role.ok_or_else(|| {
        "is not a role of staff, expected front-desk, administrator or integrator".to_owned()
    })
}

/// A network in CIDR notation; one address is a network too.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let one = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| one()).map_err(|_| {
        "is not a network, expected CIDR, e.g. 192.0.2.0/24 or 2001:db8::/32".to_owned()
    })
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
