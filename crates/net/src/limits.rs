//! The limits and deadlines of the sockets, each with its unit. ARCHITECTURE.md has them in a table.

use std::time::Duration;

/// The most connections that a center serves at once.
pub const CONNECTIONS_MAX: usize = 8_192;
/// The most connections from one address; one practice, or one NAT, may be a thousand patients.
pub const CONNECTIONS_PER_SOURCE_MAX: usize = 2_048;
/// The most connections over the limits that are told "busy" at once; further ones are just closed.
pub const REFUSALS_AT_ONCE_MAX: usize = 256;
/// How long a connection over the limits has for its first message.
pub const REFUSAL_DEADLINE: Duration = Duration::from_secs(1);
/// Connections that the kernel completes before the center has accepted them.
pub const BACKLOG: u32 = 1_024;
/// How much is read from a socket at once, in bytes.
pub const READ_BYTES: usize = 4 * 1_024;
/// How long a peer may take to read its reply.
pub const WRITE_DEADLINE: Duration = Duration::from_secs(10);
/// How long the center reads on after its last word, so that the peer gets to see it.
pub const LINGER: Duration = Duration::from_secs(1);
/// How long a stopping center finishes what is in flight.
pub const SHUTDOWN_DEADLINE: Duration = Duration::from_secs(5);
/// The pause after the operating system has refused a connection (no file descriptors).
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The receive buffer of a doctor's socket, in bytes: a burst of a thousand patients.
pub const DOCTOR_RECEIVE_BUFFER_BYTES: usize = 1_024 * 1_024;
/// How much is received at once from a datagram socket, in bytes: the longest datagram there is.
pub const RECEIVE_BYTES: usize = 65_535;

/// How long a patient waits for the center to take the connection.
pub const CONNECT_DEADLINE: Duration = Duration::from_secs(5);
/// How long a patient waits for a reply: a thousand log-ins before it may have to be hashed.
pub const REPLY_DEADLINE: Duration = Duration::from_secs(60);
