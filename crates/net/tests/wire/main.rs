//! The center and the doctors over real sockets, as plain clients see them.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod authority;
mod bad_peers;
mod clinic;
mod contention;
mod doctors;
mod gone;
mod limits;
mod proxy;
mod relay;
mod retries;
mod tls;
mod transcripts;
