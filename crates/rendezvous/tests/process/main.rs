//! The whole binary, as its users run it: processes, sockets, files, exit codes.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod crowd;
mod durability;
mod eavesdroppers;
mod enrolment;
mod histories;
mod hospital;
mod operator;
mod oversight;
mod packaging;
mod relay;
mod reports;
mod running;
mod simulate;
mod site;
mod strangers;
mod tidy;
mod visits;
mod web;
