//! The pages of a health center: for anyone, for patients, the front desk and the administrator.
//!
//! A shell over `center`, as `net` is: a request comes in over HTTP, the [`visitor`] says who asks, a
//! page asks for [`center::Errand`]s, and a template shows what came of them. Every page works without
//! JavaScript. What is deliberately not here: rules, SQL, the wire protocol, and anybody's data in an
//! address or a line of the log.

mod assets;
mod calendar;
mod cookies;
mod language;
mod page;
mod pages;
mod problem;
mod routes;
mod server;
mod site;
mod visitor;

pub use server::{Doors, serve};
pub use site::{Demo, DemoLogIn, Site};
