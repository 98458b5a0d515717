//! What is said at the counter, for shells that have no wire: the values of a request and its reply.

pub use protocol::{KeepSession, LogInWith, LoggedIn, Reply, Request};
