//! Clinics in a bottle: whole days that follow from one seed, and crowds that come to real sockets.
//! Both are made of the product's own code, and both are watched.
//!
//! [`world`] is the virtual kind: a heap of events, a virtual network and clock, and the state machines
//! of `protocol` and `center` over a real store. [`crowd`] is the real kind: `net`'s own patient, many
//! times. A [`plan::Plan`] says what is to happen, [`checks`] look at every event, [`history`] is the
//! proof that no slot was booked twice, [`report`] tells people how it went.
//!
//! What is deliberately not here: printing, files, flags, and which back end keeps the data.

pub mod capture;
pub mod chance;
pub mod checks;
pub mod crowd;
pub mod history;
pub mod plan;
pub mod plant;
pub mod record;
pub mod report;
pub mod scenario;
pub mod world;
