//! Logging in through the whole runtime, with real hashes: who is let in, who is kept out, what shows
//! in the time it takes, and what it does to everybody else.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod clinic;
mod judging;
mod load;
mod noting;
mod timing;
