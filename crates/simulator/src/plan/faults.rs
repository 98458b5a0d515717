//! What can go wrong in the virtual world, each with how often.

use std::time::Duration;

/// Rates of everything that goes wrong. Probabilities go from 0 (never) to 1 (always); what happens by
/// itself has a mean time between two of its kind, where zero means never.
#[derive(Debug, Clone, PartialEq)]
pub struct Faults {
    /// Of each datagram: is lost.
    pub loss: f64,
    /// Of each datagram: arrives twice.
    pub duplicate: f64,
    /// Of each datagram: waits so long that later ones overtake it.
    pub reorder: f64,
    /// Of each datagram: arrives with a byte that is another.
    pub corrupt: f64,
    /// The shortest way between two machines, for datagrams and for segments of TCP.
    pub delay_min: Duration,
    /// The longest.
    pub delay_max: Duration,
    /// Of each write on a TCP connection: the connection is reset, and what is under way is lost.
    pub reset: f64,
    /// Of each write on a TCP connection: nothing moves on it for [`Self::stall_for`].
    pub stall: f64,
    /// How long a stall lasts at most.
    pub stall_for: Duration,
    /// Of each TCP connection: what is written arrives in pieces, split at any byte.
    pub split: f64,
    /// Between two partitions: the center, or a doctor, cannot be reached.
    pub partition_each: Duration,
    /// How long a partition lasts at most.
    pub partition_for: Duration,
    /// Between two crashes of the center.
    pub crash_each: Duration,
    /// How long the center is away at most.
    pub crash_for: Duration,
    /// Between two restarts of a doctor.
    pub doctor_restart_each: Duration,
    /// How long a doctor is away at most.
    pub doctor_restart_for: Duration,
    /// Of each batch: the store rolls it back.
    pub rolled_back: f64,
    /// Of each batch: another process holds the lock; nothing was changed.
    pub busy: f64,
    /// Of each batch: the store breaks at the commit, and the batch is in it or not, one as probable as
    /// the other.
    pub unknown: f64,
    /// Of each query: it cannot be answered.
    pub unreadable: f64,
    /// Between two steps of a machine's wall clock.
    pub clock_step_each: Duration,
    /// How far a clock is set forward or back at most.
    pub clock_step: Duration,
    /// Between two changes of a doctor's prices.
    pub new_prices_each: Duration,
}

/// How much goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultLevel {
    /// Nothing.
    None,
    /// As on a bad day.
    Mild,
    /// Everything that can.
    Full,
}

impl FaultLevel {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::None, Self::Mild, Self::Full];

    /// The word on the command line and in a scenario.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Mild => "mild",
            Self::Full => "full",
        }
    }

    /// The rates.
    #[must_use]
    pub fn faults(self) -> Faults {
        match self {
            Self::None => Faults::none(),
            Self::Mild => Faults::mild(),
            Self::Full => Faults::full(),
        }
    }
}

impl Faults {
    fn none() -> Self {
        let never = Duration::ZERO;
        Self {
            loss: 0.0,
            duplicate: 0.0,
            reorder: 0.0,
            corrupt: 0.0,
            delay_min: Duration::from_micros(200),
            delay_max: Duration::from_millis(2),
            reset: 0.0,
            stall: 0.0,
            stall_for: never,
            split: 0.0,
            partition_each: never,
            partition_for: never,
            crash_each: never,
            crash_for: never,
            doctor_restart_each: never,
            doctor_restart_for: never,
            rolled_back: 0.0,
            busy: 0.0,
            unknown: 0.0,
            unreadable: 0.0,
            clock_step_each: never,
            clock_step: never,
            new_prices_each: Duration::from_hours(4),
        }
    }

    fn mild() -> Self {
        Self {
            loss: 0.02,
            duplicate: 0.005,
            reorder: 0.01,
            corrupt: 0.001,
            delay_min: Duration::from_millis(2),
            delay_max: Duration::from_millis(40),
            reset: 0.002,
            stall: 0.002,
            stall_for: Duration::from_secs(2),
            split: 0.02,
            partition_each: Duration::from_hours(8),
            partition_for: Duration::from_secs(20),
            crash_each: Duration::from_hours(6),
            crash_for: Duration::from_secs(5),
            doctor_restart_each: Duration::from_hours(6),
            doctor_restart_for: Duration::from_secs(5),
            rolled_back: 0.001,
            busy: 0.001,
            unknown: 0.001,
            unreadable: 0.0005,
            clock_step_each: Duration::from_hours(12),
            clock_step: Duration::from_secs(5),
            ..Self::none()
        }
    }

    fn full() -> Self {
        Self {
            loss: 0.1,
            duplicate: 0.05,
            reorder: 0.1,
            corrupt: 0.02,
            delay_min: Duration::from_millis(1),
            delay_max: Duration::from_millis(200),
            reset: 0.02,
            stall: 0.02,
            stall_for: Duration::from_secs(8),
            split: 0.1,
            partition_each: Duration::from_hours(2),
            partition_for: Duration::from_secs(60),
            crash_each: Duration::from_mins(30),
            crash_for: Duration::from_secs(20),
            doctor_restart_each: Duration::from_hours(1),
            doctor_restart_for: Duration::from_secs(20),
            rolled_back: 0.02,
            busy: 0.01,
            unknown: 0.04,
            unreadable: 0.01,
            clock_step_each: Duration::from_hours(2),
            clock_step: Duration::from_secs(90),
            new_prices_each: Duration::from_mins(30),
        }
    }

    /// Everything was mended: nothing goes wrong any more, and prices stay.
    #[must_use]
    pub fn over() -> Self {
        Self { new_prices_each: Duration::ZERO, ..Self::none() }
    }
}
