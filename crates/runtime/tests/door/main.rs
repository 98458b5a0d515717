//! The whole runtime over a real store. Logging in, with real hashes: who is let in, who is kept out,
//! what shows in the time it takes, and what it does to everybody else. Asking real doctors for
//! prices. Hearing that something has changed.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod changing;
mod clinic;
mod judging;
mod load;
mod noting;
mod practice;
mod pricing;
mod timing;
