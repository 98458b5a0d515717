//! Every polite "no" of the system, in one place.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An answer to a person that is "no": not an error of ours, not a bug. Its message is fit to be
/// shown to whoever asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Unknown user or wrong password; which of them is nobody's business.
    #[error("wrong user name or password")]
    WrongCredentials,
    /// Too many wrong guesses at this account; the right password is not even looked at.
    #[error("too many wrong log-ins, try again later")]
    Throttled,
    /// A new password that is too short, too long, or one that strangers try first.
    #[error(
        "the password is too weak: 8 to 128 characters, not a common one, not the user's own name"
    )]
    WeakPassword,
    /// The account's role does not have the right to this.
    #[error("this account may not do that")]
    NotAllowed,
    /// From this address the center speaks TLS only.
    #[error("only TLS is spoken from your address")]
    TlsRequired,
    /// A session token that is unknown, ended or too old.
    #[error("the session has ended, log in again")]
    SessionEnded,
    /// Something that needs a log-in was asked without one.
    #[error("log in first")]
    NotLoggedIn,
    /// A second log-in on one connection.
    #[error("already logged in")]
    AlreadyLoggedIn,
    /// Somebody else holds the slot.
    #[error("the slot is taken")]
    SlotTaken,
    /// No such slot among those that can still be booked.
    #[error("there is no such slot")]
    NoSuchSlot,
    /// There is not one slot left to offer.
    #[error("no slot is available")]
    NoSlotsLeft,
    /// No such appointment, or another patient's: alike on purpose.
    #[error("there is no such appointment")]
    NoSuchAppointment,
    /// The appointment was cancelled before, or its visit has begun.
    #[error("the appointment can no longer be changed")]
    AppointmentClosed,
    /// The patient holds as many appointments as the center allows one patient.
    #[error("no more appointments can be booked, cancel one first")]
    TooManyAppointments,
    /// The patient holds as many slots, while deciding, as one patient may.
    #[error("no more slots can be held at once, book or release one first")]
    TooManyHolds,
    /// A link to choose a password that was used, replaced, or is too old.
    #[error("this link was used before or is too old, ask for a new one")]
    InvitationOver,
    /// Somebody else logs in under this user name.
    #[error("this user name is taken")]
    UserNameTaken,
    /// The time overlaps a slot of the same doctor.
    #[error("the time overlaps another slot of this doctor")]
    SlotsOverlap,
    /// The doctor's time is blocked then.
    #[error("the doctor's time is blocked then")]
    TimeBlocked,
    /// The visit has not begun, so nobody can have missed it or had it.
    #[error("the visit has not begun")]
    VisitNotBegun,
    /// The request id was used for another command.
    #[error("this request id was used for another command")]
    RequestIdReused,
    /// No such doctor, or one that has not enrolled.
    #[error("there is no such doctor")]
    NoSuchDoctor,
    /// Where a doctor wants to answer, another one does.
    #[error("another doctor answers at this address")]
    AddressTaken,
    /// No such patient.
    #[error("there is no such patient")]
    NoSuchPatient,
    /// The doctor has no price for this plan.
    #[error("the plan is not covered by this doctor")]
    PlanNotCovered,
    /// Too much to do right now; nothing was changed.
    #[error("busy, try again")]
    Busy,
    /// Something of ours is broken; nothing was changed.
    #[error("unavailable, try again later")]
    Unavailable,
    /// The request was not understood.
    #[error("the request was not understood")]
    NotUnderstood,
    /// A line or datagram over the limit.
    #[error("the request is too long")]
    TooLong,
    /// The request did not come, or not whole, in time.
    #[error("the request took too long to arrive")]
    TooSlow,
    /// A version of the protocol that this program does not speak.
    #[error("this version of the protocol is not spoken here")]
    UnknownVersion,
}
