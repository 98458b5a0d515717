//! The use cases of the health center.
//!
//! A [`Visit`] is one visitor at the counter: a state machine that takes requests, says what is to be
//! done ([`Effect`]) and is fed what came of it. An [`Errand`] is one thing that somebody who has logged
//! in asks for by itself, as pages do. A [`Ledger`] groups the changes of all visits into
//! batches, so that the price of durability is paid once per batch. A [`TicketOffice`] signs what
//! patients and doctors show each other. None of them calls anything: the
//! `runtime` crate carries the effects out with threads, the simulator without.
//!
//! What is deliberately not here: bytes, sockets, SQL, threads, a clock, randomness.

mod account;
pub mod errand;
mod fresh;
mod ledger;
pub mod loading;
pub mod message;
pub mod tickets;
mod visit;

pub use account::{Account, Desk, Oversight, Scheduling, Tending};
pub use errand::{Errand, No, Onward};
pub use ledger::{AfterCommit, Batch, Ledger, LedgerFull, Settled};
pub use tickets::TicketOffice;
pub use visit::{
    Effect, Fed, NewPassword, Present, Rules, Step, Verdict, Verified, Visit, Visitor,
};
