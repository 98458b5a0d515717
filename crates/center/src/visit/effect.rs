//! What a visit wants done, and what came of it.

use std::net::IpAddr;

use domain::{DeviceCookie, DoctorName, Password, UserName};
use protocol::{LogInWith, Reply};
use store::{AccountRecord, Answer, Command, PasswordHash, Query};

use crate::Settled;

/// What a visit wants done.
#[derive(Debug)]
pub enum Effect {
    /// Find the account and compare the password, and the one-time code of an account that has them;
    /// takes as long for a user that does not exist.
    VerifyPassword {
        /// Who it says it is.
        user: UserName,
        /// What it knows.
        password: Password,
        /// What else it brings.
        with: LogInWith,
        /// Where it speaks from.
        source: IpAddr,
    },
    /// Hash what shall be a doctor's new password.
    HashNewPassword {
        /// Whose.
        doctor: DoctorName,
        /// The password.
        password: Password,
        /// Where it comes from.
        source: IpAddr,
    },
    /// Read from the store.
    Read(Query),
    /// Change the store.
    Commit(Command),
}

/// What came of an effect.
#[derive(Debug)]
pub enum Fed {
    /// Of a password.
    Verified(Verdict),
    /// Of a new password.
    Hashed(NewPassword),
    /// Of a query; `None` when the store could not be read.
    Read(Option<Answer>),
    /// Of a command.
    Settled(Settled),
}

/// What came of comparing a password.
#[derive(Debug)]
pub enum Verdict {
    /// It is the account's.
    Right(Box<Verified>),
    /// It is not, or the one-time code is not, or there is no such account.
    Wrong,
    /// Too many wrong guesses before: it was not even looked at.
    Throttled,
    /// Too many wait to be compared.
    Busy,
    /// The account could not be read.
    Unavailable,
}

/// An account whose password, and one-time code if it has them, were right.
#[derive(Debug)]
pub struct Verified {
    /// The account.
    pub account: AccountRecord,
    /// The step of the one-time code (RFC 6238 §4.2); `None` for an account without them.
    pub one_time_step: Option<u64>,
    /// What the device may bring the next time.
    pub device: DeviceCookie,
}

/// What came of hashing a new password.
#[derive(Debug)]
pub enum NewPassword {
    /// Its hash.
    Hashed(PasswordHash),
    /// It is too short, too long, or one that strangers try first.
    Weak,
    /// Too many tries before.
    Throttled,
    /// Too many wait to be hashed.
    Busy,
}

/// What a visit does next.
#[derive(Debug)]
pub enum Step {
    /// Carry this out and feed back what came of it.
    Do(Effect),
    /// Send this.
    Answer(Reply),
}
