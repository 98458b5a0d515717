//! The center and the doctors over real sockets, as plain clients see them.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod bad_peers;
mod clinic;
mod contention;
mod doctors;
mod retries;
mod transcripts;
