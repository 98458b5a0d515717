//! The audit as values, and the chain of codes that makes it tamper-evident.
//!
//! Each record's code is an HMAC-SHA-256 (RFC 2104) under a key that is kept outside the store, over
//! the code before it and the record: who has no key can neither alter, remove, insert nor re-order
//! a record without a trace. What a tail that was cut off leaves is a shorter chain that is right in
//! itself; for that its head is to be kept elsewhere, too. Nothing here knows a table or a file.

use std::fmt;
use std::net::IpAddr;

use aws_lc_rs::hmac;
use domain::{AccountId, PatientId, Refusal, Role, UserName};
use jiff::Timestamp;

/// The bytes of a code of the chain.
pub const MAC_BYTES: usize = 32;

/// What stands for the code before the first record's.
pub const CHAIN_START: [u8; MAC_BYTES] = [0; MAC_BYTES];

/// The key of a chain: 32 random bytes. Printing it shows nothing.
#[derive(Clone)]
pub struct AuditKey(hmac::Key);

impl AuditKey {
    /// Keeps 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
    }
}

impl fmt::Debug for AuditKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuditKey(********)")
    }
}

/// The code of `record` after `previous`: HMAC-SHA-256 over the two, one behind the other. The first
/// is always of one length, so that no other pair gives the same bytes.
#[must_use]
pub fn next_mac(key: &AuditKey, previous: &[u8; MAC_BYTES], record: &[u8]) -> [u8; MAC_BYTES] {
    let mut context = hmac::Context::with_key(&key.0);
    context.update(previous);
    context.update(record);
    let mut mac = [0; MAC_BYTES];
    mac.copy_from_slice(context.sign().as_ref());
    mac
}

/// How far a chain has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// The number of its last record.
    pub entry: u64,
    /// That record's code.
    pub mac: [u8; MAC_BYTES],
}

/// Who did something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuditActor {
    /// An account.
    Account(AccountId),
    /// Whoever runs `rendezvous admin` on the machine itself, or the center itself.
    Operator,
    /// Somebody who was not logged in.
    Stranger,
}

/// One record of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number: 1 for the first.
    pub entry: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: AuditActor,
    /// What that account logs in with now; `None` when it was no account.
    pub user: Option<UserName>,
    /// What that account is; `None` when it was no account.
    pub role: Option<Role>,
    /// What was asked.
    pub verb: String,
    /// What it was asked of: an id, never a name; `None` for the center as a whole.
    pub subject: Option<String>,
    /// Whose data it was about; `None` when nobody's.
    pub patient: Option<PatientId>,
    /// What came of it.
    pub outcome: String,
    /// Where it came from; `None` when that is not known, or the machine itself.
    pub source: Option<IpAddr>,
    /// How often it happened, when several times were put into one record.
    pub times: u32,
    /// Its code; `None` for a record from before there was a chain.
    pub mac: Option<[u8; MAC_BYTES]>,
}

/// What was asked, in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteVerb {
    /// To speak with the center at all.
    Connect,
    /// To log in, with a password or a session.
    LogIn,
    /// To enrol as a doctor.
    Enrol,
    /// To register a doctor's address and keys.
    RegisterDoctor,
    /// To hear what is new for a doctor.
    Practise,
    /// To see free slots.
    SeeSlots,
    /// To see a patient's appointments or data.
    Look,
    /// To book.
    Book,
    /// To cancel.
    Cancel,
    /// To move an appointment.
    Reschedule,
    /// To get a ticket.
    Ticket,
    /// To see or end sessions, or to see the audit.
    Oversee,
    /// To work at the front desk.
    RunDesk,
    /// To publish slots, or to block and open doctors' time.
    Schedule,
}

impl NoteVerb {
    /// Its word in the audit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::LogIn => "log_in",
            Self::Enrol => "enrol",
            Self::RegisterDoctor => "register_doctor",
            Self::Practise => "practise",
            Self::SeeSlots => "see_slots",
            Self::Look => "look",
            Self::Book => "book",
            Self::Cancel => "cancel",
            Self::Reschedule => "reschedule",
            Self::Ticket => "ticket",
            Self::Oversee => "oversee",
            Self::RunDesk => "run_desk",
            Self::Schedule => "schedule",
        }
    }
}

/// What came of it, in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoteOutcome {
    /// It was done.
    Done,
    /// It was refused; too many wrong log-ins are [`Refusal::Throttled`].
    Refused(Refusal),
}

/// Something that the store does not see by itself, for the audit: a log-in that keeps no session, a
/// refusal before anything was asked of the store. Its moment is that of its batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    /// Who; `None` for somebody who was not logged in (a wrong password is nobody's).
    pub account: Option<AccountId>,
    /// What was asked.
    pub verb: NoteVerb,
    /// What came of it.
    pub outcome: NoteOutcome,
    /// Where it came from; `None` when that is not known.
    pub source: Option<IpAddr>,
    /// Whose data it was about; `None` when nobody's.
    pub patient: Option<PatientId>,
    /// How often it happened; at least 1.
    pub times: u32,
}

/// What a look through a chain has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditReport {
    /// How many records there are.
    pub entries: u64,
    /// How many of them are from before there was a chain; the chain binds them all as one.
    pub before_chain: u64,
    /// How far the chain has come; `None` while nothing is chained.
    pub head: Option<AuditHead>,
    /// The numbers of the records that say that the signed head was missing when they were written:
    /// what was cut off before them cannot be seen. The first of them, if there are very many.
    pub head_missing_at: Vec<u64>,
    /// What is wrong, a sentence each; empty when all is well.
    pub faults: Vec<String>,
    /// How many faults there are beyond those in `faults`.
    pub faults_untold: u64,
}
