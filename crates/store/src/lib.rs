//! Where the center's data lives: values in, values out, one short transaction each.
//!
//! A [`Store`] opens one [`Writer`] and any number of [`Reader`]s; all of them are synchronous and
//! object-safe. A commit takes a *batch* of commands, runs them in one transaction and gives one
//! verdict per command: durability is paid for once per batch. The database decides who gets a slot,
//! in one statement; nothing here checks first and acts later.
//!
//! What is deliberately not here: the wire, async, threads, hashing of passwords.

pub mod audit;
mod command;
#[cfg(test)]
mod conformance;
mod query;
mod secret;
pub mod sqlite;

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

pub use audit::{
    AuditActor, AuditHead, AuditKey, AuditNote, AuditRecord, AuditReport, NoteOutcome, NoteVerb,
};
pub use command::{
    Actor, AddDependant, AddPatient, AddPerson, AddSlots, AddStaff, BlockTime, Book, Cancel,
    ChangePerson, ChoosePassword, ChoosePlan, CloseSession, Command, DescribeDoctor, EndSessions,
    Enrol, Erase, Hold, Import, ImportConflict, ImportCounts, ImportedSlot, Invite, IssueTicket,
    Look, LookAt, LookAtMany, Mark, NewSlot, OfferEnrolment, OpenSession, OpenTime, OperatorDeed,
    Outcome, RegisterDoctor, Release, Reschedule, SessionChoice, SetPassword, SetTotp, SlotChoice,
    SlotConflict, Standing, TicketFor,
};
pub use query::{
    AccessRecord, AccountOverview, AccountRecord, Answer, AppointmentData, AppointmentRecord,
    BlockRecord, CenterRecord, ClinicRecord, DeedData, DoctorRecord, FreeSlots, HoldRecord,
    MemberRecord, Page, PatientChoice, PatientData, PatientRecord, PersonData, PersonRecord, Place,
    Query, SessionData, SessionRecord, Sheet, SheetRow, SlotRecord, SlotsAfter, StepData, Window,
};
pub use secret::{CodeHash, PasswordHash, SessionId, SessionIdError, TokenHash, TotpSecret};

/// How long a session may lie idle: it is over when nothing was asked in it for so long (OWASP ASVS
/// 5, 7.3.1).
pub const SESSION_IDLE_MAX: SignedDuration = SignedDuration::from_mins(15);

/// How long a session lasts at most, however busy it is (OWASP ASVS 5, 7.3.2).
pub const SESSION_MAX: SignedDuration = SignedDuration::from_hours(12);

/// How long an account's look at the same of the same patient is the same look, and recorded once.
pub const SAME_LOOK: SignedDuration = SignedDuration::from_mins(15);

/// Why a batch was not committed, by what is known of it.
#[derive(Debug, Error)]
pub enum CommitError {
    /// Another process holds the write lock for longer than the deadline; nothing was changed.
    #[error("the database is busy with another writer")]
    Busy,
    /// Something failed before the commit and the whole batch was rolled back; nothing was changed.
    #[error("the batch was rolled back")]
    RolledBack(#[source] StoreError),
    /// The commit itself failed or did not answer: each command may or may not be in the store. Ask
    /// again with the same request ids.
    #[error("the outcome of the commit is unknown")]
    Unknown(#[source] StoreError),
}

/// A failure of the store: never an answer to a person.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database says no.
    #[error("database")]
    Database(#[from] rusqlite::Error),
    /// A migration could not be run.
    #[error("migration")]
    Migration(#[source] Box<refinery::Error>),
    /// The file is not ours, or from a newer version of the program.
    #[error("{0}")]
    NotOurs(String),
    /// The file system says no.
    #[error("file system")]
    Io(#[from] std::io::Error),
    /// Another process uses the store, or replaces it.
    #[error("{} is in use by another process", .0.display())]
    InUse(PathBuf),
    /// A command that contradicts itself: a bug of its caller.
    #[error("bad command: {0}")]
    BadCommand(&'static str),
    /// A row that the schema's constraints should have made impossible.
    #[error("the store holds a row that breaks its own rules: {0}")]
    Corrupt(String),
}

/// Opens the one writer and the readers of a database.
pub trait Store: Send + Sync {
    /// Opens a writer. Two writers of one database are safe (the database decides), not fast.
    ///
    /// # Errors
    /// When the database cannot be opened.
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError>;

    /// Opens a reader.
    ///
    /// # Errors
    /// When the database cannot be opened.
    fn reader(&self) -> Result<Box<dyn Reader>, StoreError>;
}

/// Changes the store.
pub trait Writer: Send {
    /// Runs `batch` in order, in one transaction, and makes it durable. Gives exactly one outcome
    /// per command, in order. `now` is the clock of a store inside this process; a database server
    /// uses its own.
    ///
    /// # Errors
    /// When the batch as a whole was not committed, or may not have been.
    fn commit(&mut self, now: Timestamp, batch: &[Command]) -> Result<Vec<Outcome>, CommitError>;

    /// Whether anybody but this writer has changed the store since this was last asked, or since the
    /// first time. What this writer commits does not count. A store that nobody else can reach never
    /// changes elsewhere.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn changed_elsewhere(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }
}

/// Reads from the store.
pub trait Reader: Send {
    /// Answers `query` from one short read transaction.
    ///
    /// # Errors
    /// When the database cannot be read.
    fn read(&mut self, query: &Query) -> Result<Answer, StoreError>;
}
