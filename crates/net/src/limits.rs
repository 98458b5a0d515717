//! The limits and deadlines of the sockets, each with its unit. ARCHITECTURE.md has them in a table.
//!
//! [`Limits`] holds what an operator may set; what follows it holds for everybody.

use std::time::Duration;

use protocol::limits::{Deadlines, LineLimits};

/// What a center's operator may set. Past a limit the oldest silent stranger makes room for the
/// newcomer; where there is none, the newcomer is told "busy". Nobody who has logged in is ever cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one source: an IPv4 address, or the /64 network of an IPv6 one.
    pub connections_per_source_max: usize,
    /// Connections at once that have not logged in.
    pub strangers_max: usize,
    /// Connections at once from one source that have not logged in.
    pub strangers_per_source_max: usize,
    /// Connections over the limits that are told "busy" at once; further ones are just closed.
    pub refusals_at_once_max: usize,
    /// How long the center waits for a peer.
    pub deadlines: Deadlines,
    /// How many bytes of a peer it takes.
    pub lines: LineLimits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections_max: 16_384,
            // One practice, or one NAT, may be a thousand patients, who may come back at once.
            connections_per_source_max: 4_096,
            strangers_max: 12_288,
            strangers_per_source_max: 2_048,
            refusals_at_once_max: 256,
            deadlines: Deadlines::default(),
            lines: LineLimits::default(),
        }
    }
}

impl Limits {
    /// The same, but with no more connections than `open_files` allow: each is one, and
    /// [`OPEN_FILES_KEPT`] are kept for everything else. Where they are few, at most one in
    /// [`REFUSALS_SHARE`] is for saying "busy".
    #[must_use]
    pub fn within_open_files(self, open_files: usize) -> Self {
        let room = open_files.saturating_sub(OPEN_FILES_KEPT);
        let refusals_at_once_max = self.refusals_at_once_max.min(room / REFUSALS_SHARE);
        let connections_max = self.connections_max.min((room - refusals_at_once_max).max(1));
        Self { connections_max, refusals_at_once_max, ..self }
    }
}

/// Open files that are not for connections: the store's, the log, what is being accepted. A center
/// by itself has about 25.
pub const OPEN_FILES_KEPT: usize = 64;
/// Of the open files for connections, one in so many may be for those that are told "busy".
pub const REFUSALS_SHARE: usize = 4;
/// How long a connection over the limits has for its first message.
pub const REFUSAL_DEADLINE: Duration = Duration::from_secs(1);
/// Connections that the kernel completes before the center has accepted them.
pub const BACKLOG: u32 = 1_024;
/// How much is read from a socket at once, in bytes.
pub const READ_BYTES: usize = 4 * 1_024;
/// The longest PROXY header, in bytes: an IPv6 pair and what load balancers add to it.
pub const PROXY_HEADER_BYTES_MAX: usize = 1_024;
/// How long a peer may take to read its reply.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// How long the center reads on after its last word, so that the peer gets to see it.
pub const LINGER: Duration = Duration::from_secs(1);
/// How often the center looks whether a stranger whose request is being worked on is still there.
pub const GONE_LOOKED_AT: Duration = Duration::from_secs(1);
/// How long a stopping center finishes what is in flight.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(5);
/// The pause after the operating system has refused a connection (no file descriptors).
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How many silent strangers are let go when there are no file descriptors left.
pub const STRANGERS_LET_GO: usize = 64;

/// The receive buffer of a doctor's socket, in bytes: a burst of a thousand patients.
pub const DOCTOR_RECEIVE_BUFFER_BYTES: usize = 1_024 * 1_024;
/// How many datagrams a doctor takes before it looks for anything else: one alone is cheaper than
/// the way through the scheduler.
pub const DATAGRAMS_AT_ONCE: usize = 64;
/// How much is received at once from a datagram socket, in bytes: the longest datagram there is.
pub const RECEIVE_BYTES: usize = 65_535;

/// How long a patient waits for the center to take the connection.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// How long a patient waits for the center to prove who it is.
pub const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(10);
/// How long a patient waits for a reply: a thousand log-ins before it may have to be hashed.
pub const REPLY_DEADLINE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_open_files_for_everything_else() {
        let limits = Limits::default();
        assert_eq!(limits.within_open_files(20_000), limits);
        let check = |open_files, connections, refusals| {
            let limits = limits.within_open_files(open_files);
            let found = (limits.connections_max, limits.refusals_at_once_max);
            assert_eq!(found, (connections, refusals), "{open_files}");
        };
        check(4_096, 4_096 - 64 - 256, 256);
        check(1_024, 720, 240);
        check(200, 102, 34);
        check(64, 1, 0);
        check(0, 1, 0);
    }
}
