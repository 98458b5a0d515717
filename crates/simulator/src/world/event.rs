//! What can happen in the virtual world.

use std::fmt;
use std::net::SocketAddr;

use super::network::Machine;

/// A patient's number, from 0 in the order of arrival.
pub(super) type GuestNumber = u32;
/// A doctor's number, from 0.
pub(super) type DoctorNumber = u16;
/// A connection's number, never used twice.
pub(super) type WireNumber = u64;

/// One event. What a number names may be gone by then: then nothing happens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A patient comes.
    Arrives { guest: GuestNumber },
    /// A patient's next deadline, or the end of a pause.
    GuestTimer { guest: GuestNumber },
    /// A connection reaches the center.
    Knocks { wire: WireNumber },
    /// Whoever called hears that the connection stands.
    Connected { wire: WireNumber },
    /// Bytes arrive at one end of a connection.
    Bytes { wire: WireNumber, end: End, bytes: Box<[u8]> },
    /// The other side has said all it will say.
    EndOfInput { wire: WireNumber, end: End },
    /// One end hears that the connection is broken, or was never taken.
    Broken { wire: WireNumber, end: End, caller: Caller },
    /// A deadline of a connection at the center.
    ConnectionTimer { wire: WireNumber },
    /// The center is done with what a connection waits for, other than a batch.
    Ready { wire: WireNumber },
    /// A password that a connection brought is hashed; `life` is the center's at its begin.
    Hashed { wire: WireNumber, life: u32 },
    /// The batch under way reaches the disk; `life` is the center's at its begin.
    Commits { life: u32 },
    /// A datagram arrives.
    Datagram { from: SocketAddr, to: SocketAddr, bytes: Box<[u8]> },
    /// A doctor's program has something to do for itself.
    DoctorTimer { doctor: DoctorNumber },
    /// The center dies, with all that was in its memory.
    CenterCrashes,
    /// The center starts again.
    CenterComesBack,
    /// A doctor's program dies.
    DoctorLeaves { doctor: DoctorNumber },
    /// A doctor's program starts again.
    DoctorComesBack { doctor: DoctorNumber },
    /// A doctor's prices change.
    NewPrices,
    /// A machine cannot be reached for a while.
    Partition,
    /// A machine's wall clock is set wrong.
    ClockStep,
    /// A machine's wall clock is set right again.
    ClockIsRight { machine: Machine },
    /// Nothing goes wrong from here on, for a while or for good.
    Calm { last: bool },
    /// Whoever was here when it became calm must have left.
    CalmIsOver { last: bool },
    /// A day has passed.
    DayIsOver { day: u32 },
}

/// An end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The center's.
    Center,
    /// That of whoever called.
    Caller,
}

/// Who calls the center.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// A patient.
    Guest(GuestNumber),
    /// A doctor.
    Doctor(DoctorNumber),
}

/// As it stands in the log: what arrives is told by its length and a checksum, since it may be a
/// secret.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrives { guest } => write!(f, "patient{} comes", guest + 1),
            Self::GuestTimer { guest } => write!(f, "patient{} has waited", guest + 1),
            Self::Knocks { wire } => write!(f, "connection {wire} reaches the center"),
            Self::Connected { wire } => write!(f, "connection {wire} stands"),
            Self::Bytes { wire, end, bytes } => {
                let (length, sum) = (bytes.len(), checksum(bytes));
                write!(f, "connection {wire}: {length} bytes ({sum:08x}) reach the {end}")
            }
            Self::EndOfInput { wire, end } => {
                write!(f, "connection {wire}: the end reaches the {end}")
            }
            Self::Broken { wire, end, .. } => {
                write!(f, "connection {wire}: the {end} finds it broken")
            }
            Self::ConnectionTimer { wire } => write!(f, "connection {wire}: a deadline"),
            Self::Ready { wire } => write!(f, "connection {wire}: the center has what it needs"),
            Self::Hashed { wire, .. } => write!(f, "connection {wire}: its password is hashed"),
            Self::Commits { life } => write!(f, "a batch reaches the disk (life {life})"),
            Self::Datagram { from, to, bytes } => {
                let (length, sum) = (bytes.len(), checksum(bytes));
                write!(f, "{length} bytes ({sum:08x}) from {from} reach {to}")
            }
            Self::DoctorTimer { doctor } => write!(f, "doc{} has waited", doctor + 1),
            Self::CenterCrashes => f.write_str("the center crashes"),
            Self::CenterComesBack => f.write_str("the center comes back"),
            Self::DoctorLeaves { doctor } => write!(f, "doc{} leaves", doctor + 1),
            Self::DoctorComesBack { doctor } => write!(f, "doc{} comes back", doctor + 1),
            Self::NewPrices => f.write_str("a doctor changes prices"),
            Self::Partition => f.write_str("a machine is cut off"),
            Self::ClockStep => f.write_str("a clock is set wrong"),
            Self::ClockIsRight { machine } => write!(f, "the clock of {machine} is right again"),
            Self::Calm { last: false } => f.write_str("it becomes calm"),
            Self::Calm { last: true } => f.write_str("it becomes calm for good"),
            Self::CalmIsOver { .. } => f.write_str("who was here must have left"),
            Self::DayIsOver { day } => write!(f, "day {} is over", day + 1),
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Center => "center",
            Self::Caller => "caller",
        })
    }
}

/// A short mark by which two logs can be told apart (FNV-1a, 32 bits).
fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |sum, byte| (sum ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}
