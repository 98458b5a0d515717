//! The pages over real connections: a browser's requests, byte by byte, against a real center.

#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod admin;
mod attacks;
mod browser;
mod clinic;
mod coming_in;
mod connections;
mod desk;
mod live;
mod password;
mod patient;
mod patient_data;
mod practice;
mod rights;
mod schedule;
mod slots;
mod strangers;
