//! What must hold of every parser that a stranger's bytes reach, whatever the bytes are.
//!
//! Each module has one `check`, which panics when its parser breaks a promise; a fuzz target hands
//! it the bytes that the fuzzer thought of. What is deliberately not here: sockets, a clock, files,
//! and what the parsed words mean to a center.
#![forbid(unsafe_code)]

mod clinic;
pub mod datagram;
pub mod input_file;
pub mod json_request;
pub mod line;
pub mod script;
mod sealed;
pub mod ticket;
mod visitor;
