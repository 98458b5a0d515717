//! The shells that own sockets: they move bytes in and out of the state machines of `protocol` and
//! `center` and decide nothing.
//!
//! [`center::serve`] takes patients in over TCP, [`doctor::serve`] answers over UDP, and
//! [`patient`] is the other end of both, [`tls`] what is around the words on a network. The caller
//! binds and hands in the socket. What is deliberately not here: SQL, printing, rules.

mod arrival;
pub mod center;
mod complaint;
mod connection;
mod crowd;
pub mod doctor;
pub mod limits;
pub mod patient;
mod proxy;
mod screen;
mod shutdown;
mod source;
mod stream;
pub mod tls;

pub use screen::Screen;
pub use shutdown::{Shutdown, ShutdownTrigger};
pub use source::PlaintextFrom;
