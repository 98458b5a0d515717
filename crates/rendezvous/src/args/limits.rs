//! The limits and deadlines that a center's operator may set. What each is when nothing is said
//! comes from the crate that keeps it: there is one place for every number.

use std::num::NonZeroU32;
use std::time::Duration;

use clap::Args;
use net::limits::Limits;
use protocol::limits::{Deadlines, LineLimits};
use runtime::Settings;
use runtime::throttle::ThrottleSettings;
use web::limits::Limits as WebLimits;

use super::values::{Count, Span};

/// How much of everything a center takes, and for how long it waits.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Connections at once; open files may allow fewer
    #[arg(long, value_name = "N", default_value_t = Count(Limits::default().connections_max))]
    connections_max: Count,
    /// Connections at once from one address (a /64 of IPv6)
    #[arg(long, value_name = "N",
          default_value_t = Count(Limits::default().connections_per_source_max))]
    connections_per_source_max: Count,
    /// Connections at once that have not logged in
    #[arg(long, value_name = "N", default_value_t = Count(Limits::default().strangers_max))]
    strangers_max: Count,
    /// Connections at once from one address that have not logged in
    #[arg(long, value_name = "N",
          default_value_t = Count(Limits::default().strangers_per_source_max))]
    strangers_per_source_max: Count,
    /// Connections over the limits that are told "busy" at once
    #[arg(long, value_name = "N",
          default_value_t = Count(Limits::default().refusals_at_once_max))]
    refusals_at_once_max: Count,
    /// From the connection to the first byte of a message, before the log-in
    #[arg(long, value_name = "TIME", default_value_t = Span(Deadlines::default().first_byte))]
    first_byte_deadline: Span,
    /// From the first byte of a message to its last
    #[arg(long, value_name = "TIME", default_value_t = Span(Deadlines::default().whole_message))]
    message_deadline: Span,
    /// From the first byte of TLS to the end of its handshake
    #[arg(long, value_name = "TIME", default_value_t = Span(Deadlines::default().tls_hello))]
    tls_deadline: Span,
    /// From the connection to a log-in that goes well
    #[arg(long, value_name = "TIME", default_value_t = Span(Deadlines::default().log_in))]
    log_in_deadline: Span,
    /// Between messages, after the log-in
    #[arg(long, value_name = "TIME", default_value_t = Span(Deadlines::default().idle))]
    idle_deadline: Span,
    /// How long a classic message without a terminator may pause before it counts as whole
    #[arg(long, value_name = "TIME", default_value_t = Span(Deadlines::default().grace))]
    grace: Span,
    /// The longest message of a classic dialect, in bytes
    #[arg(long, value_name = "BYTES",
          default_value_t = Count(LineLimits::default().classic_bytes_max))]
    classic_bytes_max: Count,
    /// The longest JSON line, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Count(LineLimits::default().json_bytes_max))]
    json_bytes_max: Count,
    /// Bytes of one connection that wait for their turn: its requests in flight
    #[arg(long, value_name = "BYTES",
          default_value_t = Count(LineLimits::default().waiting_bytes_max))]
    waiting_bytes_max: Count,
    /// Changes that wait to be committed
    #[arg(long, value_name = "N", default_value_t = Count(Settings::default().ledger_waiting_max))]
    ledger_waiting_max: Count,
    /// Reads that wait for a reader
    #[arg(long, value_name = "N", default_value_t = Count(Settings::default().reads_waiting_max))]
    reads_waiting_max: Count,
    /// Log-ins that wait for their hash
    #[arg(long, value_name = "N", default_value_t = Count(Settings::default().hashes_waiting_max))]
    hashes_waiting_max: Count,
    /// Strangers' log-ins from one address that wait for their hash
    #[arg(long, value_name = "N", default_value_t = Count(Settings::default().hashes_per_source_max))]
    hashes_per_source_max: Count,
    /// Strangers' wrong guesses in any hour at one user name from one address (a /64 of IPv6)
    #[arg(long, value_name = "N",
          default_value_t = ThrottleSettings::default().guesses_per_source_hour)]
    guesses_per_source_hour: NonZeroU32,
    /// Strangers' wrong guesses in any hour at one user name, wherever they come from
    #[arg(long, value_name = "N",
          default_value_t = ThrottleSettings::default().guesses_per_account_hour)]
    guesses_per_account_hour: NonZeroU32,
    /// Wrong guesses at once of a device that has logged in before
    #[arg(long, value_name = "N", default_value_t = ThrottleSettings::default().guesses_per_device)]
    guesses_per_device: NonZeroU32,
    /// The pause after which such a device has one more
    #[arg(long, value_name = "TIME",
          default_value_t = Span(ThrottleSettings::default().device_pause))]
    device_pause: Span,
    /// Tries in any hour to enrol as one doctor from one address
    #[arg(long, value_name = "N",
          default_value_t = ThrottleSettings::default().enrolments_per_source_hour)]
    enrolments_per_source_hour: NonZeroU32,
    /// Browsers' connections at once; open files may allow fewer
    #[arg(long, value_name = "N", default_value_t = Count(WebLimits::default().connections_max))]
    web_connections_max: Count,
    /// Browsers' connections at once from one address (a /64 of IPv6)
    #[arg(long, value_name = "N",
          default_value_t = Count(WebLimits::default().connections_per_source_max))]
    web_connections_per_source_max: Count,
    /// From the connection, or a request's first byte, to the end of its head
    #[arg(long, value_name = "TIME", default_value_t = Span(WebLimits::default().head_deadline))]
    web_head_deadline: Span,
    /// From there to the end of a request's body, and then to the answer
    #[arg(long, value_name = "TIME", default_value_t = Span(WebLimits::default().body_deadline))]
    web_body_deadline: Span,
    /// Between an answer and a browser's next request on the same connection
    #[arg(long, value_name = "TIME", default_value_t = Span(WebLimits::default().idle_deadline))]
    web_idle_deadline: Span,
}

impl LimitArgs {
    /// What holds at the sockets, with no more connections than `open_files` allow.
    pub(crate) fn of_sockets(&self, open_files: usize) -> Limits {
        let deadlines = Deadlines {
            grace: self.grace.0,
            first_byte: self.first_byte_deadline.0,
            whole_message: self.message_deadline.0,
            idle: self.idle_deadline.0,
            tls_hello: self.tls_deadline.0,
            log_in: self.log_in_deadline.0,
        };
        let lines = LineLimits {
            classic_bytes_max: self.classic_bytes_max.0,
            json_bytes_max: self.json_bytes_max.0,
            waiting_bytes_max: self.waiting_bytes_max.0,
        };
        let limits = Limits {
            connections_max: self.connections_max.0,
            connections_per_source_max: self.connections_per_source_max.0,
            strangers_max: self.strangers_max.0,
            strangers_per_source_max: self.strangers_per_source_max.0,
            refusals_at_once_max: self.refusals_at_once_max.0,
            deadlines,
            lines,
        };
        limits.within_open_files(open_files)
    }

    /// What holds for browsers.
    pub(crate) fn of_web(&self) -> WebLimits {
        WebLimits {
            connections_max: self.web_connections_max.0,
            connections_per_source_max: self.web_connections_per_source_max.0,
            head_deadline: self.web_head_deadline.0,
            body_deadline: self.web_body_deadline.0,
            idle_deadline: self.web_idle_deadline.0,
        }
    }

    /// What holds for whatever is carried out; device cookies are sealed with `device_key`.
    pub(crate) fn of_runtime(&self, device_key: [u8; 32]) -> Settings {
        let throttle = ThrottleSettings {
            guesses_per_source_hour: self.guesses_per_source_hour,
            guesses_per_account_hour: self.guesses_per_account_hour,
            guesses_per_device: self.guesses_per_device,
            device_pause: Duration::max(self.device_pause.0, DEVICE_PAUSE_MIN),
            enrolments_per_source_hour: self.enrolments_per_source_hour,
        };
        Settings {
            throttle,
            ledger_waiting_max: self.ledger_waiting_max.0,
            reads_waiting_max: self.reads_waiting_max.0,
            hashes_waiting_max: self.hashes_waiting_max.0,
            hashes_per_source_max: self.hashes_per_source_max.0,
            device_key,
        }
    }
}

/// A budget without any pause would be none.
const DEVICE_PAUSE_MIN: Duration = Duration::from_millis(1);
