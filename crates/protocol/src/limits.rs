//! The limits and deadlines of the wire, each with its unit. ARCHITECTURE.md has them in a table.

use std::time::Duration;

/// The longest message of a classic dialect, padding not counted, in bytes.
pub const CLASSIC_LINE_BYTES_MAX: usize = 1_024;
/// The longest JSON line, in bytes.
pub const JSON_LINE_BYTES_MAX: usize = 16 * 1_024;
/// What comes so soon behind an open `available` may be the rest of that message; what begins with
/// a blank may be it at any time.
pub const AVAILABLE_REST: Duration = Duration::from_millis(200);
/// A classic list is shorter than this, in bytes: old clients read so many, once.
pub const BOARD_BYTES: usize = 1_024;
/// A classic list has at most so many rows.
pub const BOARD_ROWS_MAX: usize = 64;
/// A classic list shows slots that begin within this time.
pub const BOARD_AHEAD: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The most slots in one page of JSON.
pub const PAGE_SLOTS_MAX: usize = 500;
/// The slots in one page of JSON when the request names no limit.
pub const PAGE_SLOTS: usize = 100;
/// Once so many bytes of one connection wait for their turn, its socket is not read.
pub const WAITING_BYTES_MAX: usize = 64 * 1_024;
/// After so many refusals in a row before the log-in, a JSON connection is closed.
pub const STRANGER_REFUSALS_MAX: u32 = 10;
/// After so many messages in a row that are refused without asking the center (not understood, not a
/// number of a slot), a connection is closed, also after the log-in: one read may hold thousands.
pub const MISTAKES_MAX: u32 = 64;
/// What was wrong with a request is told in so many bytes; the rest is left out.
pub const DETAIL_BYTES_MAX: usize = 256;
/// The longest `id` of a JSON request, in bytes.
pub const MESSAGE_ID_BYTES_MAX: usize = 64;
/// The longest datagram that a doctor looks at, in bytes.
pub const DATAGRAM_BYTES_MAX: usize = 1_200;
/// The most patients' names a doctor remembers for the two-datagram request.
pub const NAMES_REMEMBERED_MAX: usize = 4_096;
/// How long a doctor remembers a patient's name for the plan that is to follow.
pub const NAME_REMEMBERED: Duration = Duration::from_secs(5);

/// How long a patient waits for the first answer to a request for an estimate (RFC 8085 §3.1.1).
pub const ESTIMATE_TIMEOUT: Duration = Duration::from_millis(400);
/// How often a patient asks, the first time included; each wait is twice the last.
pub const ESTIMATE_TRIES: u32 = 5;
/// How long a patient tries in all.
pub const ESTIMATE_TIMEOUT_ALL: Duration = Duration::from_secs(15);
/// A patient takes an unterminated classic reply for whole when nothing more has come for so long.
pub const REPLY_GRACE: Duration = Duration::from_millis(50);
/// The longest reply that a patient reads, in bytes.
pub const REPLY_BYTES_MAX: usize = 1_024 * 1_024;

/// How long the center waits for a peer, at each stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// A classic message without a terminator that ends in an argument is taken after this time
    /// without another byte.
    pub grace: Duration,
    /// From the connection (or the last reply) to the first byte of a message, before the log-in.
    pub first_byte: Duration,
    /// From the first byte of a message to its last.
    pub whole_message: Duration,
    /// Between messages, after the log-in.
    pub idle: Duration,
    /// From the first byte of a TLS hello to the end of the handshake; also for the PROXY header of
    /// a connection through a trusted proxy.
    pub tls_hello: Duration,
    /// From the connection to a log-in that goes well, the time not counted that the center itself
    /// takes to answer.
    pub log_in: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            grace: Duration::from_millis(10),
            first_byte: Duration::from_secs(10),
            whole_message: Duration::from_secs(5),
            idle: Duration::from_secs(5 * 60),
            tls_hello: Duration::from_secs(5),
            log_in: Duration::from_secs(30),
        }
    }
}

/// How many bytes of one connection the center takes, at each stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineLimits {
    /// The longest message of a classic dialect, padding not counted.
    pub classic_bytes_max: usize,
    /// The longest JSON line.
    pub json_bytes_max: usize,
    /// Once so many bytes wait for their turn, the socket is not read: this bounds the requests in
    /// flight. Never taken for less than a whole line.
    pub waiting_bytes_max: usize,
}

impl Default for LineLimits {
    fn default() -> Self {
        Self {
            classic_bytes_max: CLASSIC_LINE_BYTES_MAX,
            json_bytes_max: JSON_LINE_BYTES_MAX,
            waiting_bytes_max: WAITING_BYTES_MAX,
        }
    }
}

/// The longest text that is taken for something signed (ticket, certificate, estimate), in bytes.
pub const SIGNED_BYTES_MAX: usize = 2_048;
/// A ticket is in force from so long before it is made: the doctor's clock may be behind.
pub const TICKET_BACKDATED: Duration = Duration::from_secs(60);
/// The longest time that a ticket is in force. A doctor takes no ticket that lives longer, and so
/// need not remember for longer which appointments were cancelled or moved, nor an old key.
pub const TICKET_LIFE_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Every sealed datagram has so many bytes, request and answer, whatever it says.
pub const SEALED_BYTES: usize = 1_200;
/// A doctor remembers so many sealed requests that it has answered …
pub const SEALED_REMEMBERED_MAX: usize = 4_096;
/// … for so long: the same bytes from the same source get the same answer again, from another
/// source silence. A patient has long given up by then.
pub const SEALED_REMEMBERED: Duration = Duration::from_secs(10 * 60);
/// What is new for a doctor is told in pages of so many changed appointments, and as many more as
/// changed in the same moment as the last of them: a shorter page is the last one.
pub const NEWS_CHANGES_MAX: usize = 8_192;
/// A doctor remembers of so many appointments that older tickets are over.
pub const OVER_REMEMBERED_MAX: usize = 65_536;
/// A doctor answers so many different questions to one ticket; a lost answer is given again without
/// counting.
pub const TICKET_ANSWERS_MAX: u32 = 64;
/// A doctor counts the answers to so many tickets at once.
pub const TICKETS_COUNTED_MAX: usize = 65_536;
/// A doctor takes so many ticket keys at once.
pub const TICKET_KEYS_MAX: usize = 16;
/// A doctor stands by a signed estimate for so long.
pub const ESTIMATE_VALID: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The longest file of an estimate, in bytes.
pub const ESTIMATE_FILE_BYTES_MAX: usize = 8 * 1_024;
