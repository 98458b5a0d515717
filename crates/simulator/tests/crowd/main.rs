//! Crowds on real sockets: nobody's slot is anybody else's, whatever the network does.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod capture;
mod clinic;
mod losses;
mod slots;
