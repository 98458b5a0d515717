//! The pages over real connections: a browser's requests, byte by byte, against a real center.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod browser;
mod clinic;
mod coming_in;
mod patient;
mod patient_data;
mod practice;
mod slots;
