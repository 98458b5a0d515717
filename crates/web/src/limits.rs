//! The limits and deadlines of the pages, each with its unit. ARCHITECTURE.md has them in a table.
//!
//! [`Limits`] holds what an operator may set; what follows it holds for everybody.

use std::time::Duration;

/// What a center's operator may set. Past a limit on connections the one that has been idle longest
/// makes room for the newcomer; where none is idle, the newcomer is told "busy".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Browsers' connections at once.
    pub connections_max: usize,
    /// The same from one source: an IPv4 address, or the /64 network of an IPv6 one. A trusted
    /// proxy is no source; whoever is behind it is.
    pub connections_per_source_max: usize,
    /// From the first byte of a request's head to its last; also from the connection to that first
    /// byte.
    pub head_deadline: Duration,
    /// From the end of the head to the end of the body, and then from there to the answer.
    pub body_deadline: Duration,
    /// Between an answer and the first byte of the next request.
    pub idle_deadline: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 2_048,
            // A hospital's people may all come from one address, each with a few connections.
            connections_per_source_max: 512,
            head_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(30),
            idle_deadline: Duration::from_secs(60),
        }
    }
}

impl Limits {
    /// The same, but with at most one connection for each [`OPEN_FILES_SHARE`] of `open_files`.
    #[must_use]
    pub fn within_open_files(self, open_files: usize) -> Self {
        let share = (open_files / OPEN_FILES_SHARE).max(1);
        Self { connections_max: self.connections_max.min(share), ..self }
    }

    /// How many open files that takes at most.
    #[must_use]
    pub fn open_files(&self) -> usize {
        self.connections_max + REFUSALS_AT_ONCE_MAX
    }
}

/// Of the open files of a process, one in so many is for browsers: patients at the TCP port, the
/// store and the log have the others.
pub const OPEN_FILES_SHARE: usize = 4;
/// Connections over the limits that are told "busy" at once; further ones are just closed.
pub const REFUSALS_AT_ONCE_MAX: usize = 64;
/// How long a connection over the limits has for its request.
pub const REFUSAL_DEADLINE: Duration = Duration::from_secs(1);
/// For TLS's handshake.
pub const TLS_DEADLINE: Duration = Duration::from_secs(5);
/// How long a browser may read nothing of an answer.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// How long a connection is read on after its last answer, so that the browser gets to see it.
pub const LINGER: Duration = Duration::from_secs(1);
/// How much of it is read on, in bytes.
pub const LINGER_BYTES_MAX: usize = 256 * 1_024;
/// How long answers in flight may take when the center closes.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(5);
/// Idle connections let go at once when open files are used up.
pub const IDLE_LET_GO: usize = 64;
/// The pause after a connection could not be accepted.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The longest head of a request, in bytes.
pub const HEAD_BYTES_MAX: usize = 16 * 1_024;
/// The most headers of a request.
pub const HEADERS_MAX: usize = 100;
/// The longest body of a request, in bytes: our longest form is a reason and a few fields.
pub const BODY_BYTES_MAX: usize = 16 * 1_024;
/// The most hops that are looked through in a `Forwarded` header.
pub const HOPS_MAX: usize = 16;
/// How long a browser comes back over HTTPS only (RFC 6797), in seconds: a year.
pub const HTTPS_ONLY_SECONDS: u32 = 365 * 24 * 60 * 60;
