//! The words on the wire, and in the clinic's files: bytes to values and back.
//!
//! Everything here is sans-IO, as in quinn-proto and rustls: bytes and `now` come in as arguments,
//! values and bytes go out, and whoever owns the socket does the rest. [`Conversation`] is the
//! center's side of a TCP connection, [`Call`] the patient's; [`Practice`] is a doctor's side of
//! the UDP exchange and [`Inquiry`] the patient's. PROTOCOL.md says in words what they do.
//!
//! What is deliberately not here: sockets, threads, a clock, and any decision about who may book.

mod call;
mod classic;
mod conversation;
mod dialect;
mod estimate;
pub mod files;
#[doc(hidden)]
pub mod fuzz;
mod inquiry;
mod json;
pub mod limits;
mod message;
mod practice;
pub mod screen;
mod sealed;
mod signed_estimate;
#[cfg(test)]
mod testing;
pub mod ticket;

pub use call::{BadReply, Call, NotSpoken};
pub use conversation::Conversation;
pub use dialect::{Dialect, UnknownDialect};
pub use estimate::{Estimate, EstimateRequest};
pub use inquiry::{Inquiry, InquiryStep, NotSealed};
pub use message::{
    Access, Admission, AppointmentView, Cursor, KeepSession, LogInWith, LoggedIn, News, Offer,
    OfferDetails, Offers, Referral, Referred, Registered, Registration, Reply, Request, SlotNamed,
    SlotsWanted, TicketReply, TicketWanted, TicketsOver, UnknownCursor,
};
pub use practice::{Answered, Arrival, DoctorIdentity, Plaintext, Practice, Seen};
pub use sealed::SealingSecret;
pub use signed_estimate::{
    BadEstimate, BadEstimateFile, EstimateClaims, EstimateFile, STATEMENT, SignedEstimate,
    sign_estimate, verify_estimate,
};
