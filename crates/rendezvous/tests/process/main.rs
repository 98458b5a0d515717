//! The whole binary, as its users run it: processes, sockets, files, exit codes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod durability;
mod operator;
mod packaging;
mod running;
mod simulate;
mod tidy;
mod visits;
