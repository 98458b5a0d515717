//! Carries out what the center asks for, with threads: one that commits the ledger's batches, a few
//! that read, a few that hash passwords at the lowest priority, one that notes for the audit. The
//! shells hold a [`Runtime`] and `carry_out(effect).await`; no store call and no hash ever runs on
//! their own threads.
//!
//! It also asks doctors: [`doctor_line`] is the one socket it has.
//!
//! What is deliberately not here: SQL, HTTP, connections, rules.

mod bookkeeper;
mod changes;
mod device;
pub mod doctor_line;
mod door;
pub mod estimates;
mod lanes;
mod notes;
pub mod password;
mod pool;
mod remembered;
mod settings;
mod sightings;
pub mod throttle;

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use center::{Effect, Errand, Fed, NewPassword, No, Onward, Settled, Verdict};
use domain::{DoctorName, Entropy, Password, Refusal, UserName};
use jiff::Timestamp;
use store::{
    Answer, AuditNote, Command, NoteOutcome, NoteVerb, PasswordHash, Query, Store, StoreError,
};
use tokio::sync::{oneshot, watch};

use crate::bookkeeper::Bookkeeper;
pub use crate::bookkeeper::CHANGED_ELSEWHERE_LOOKED_AT;
use crate::changes::Changes;
use crate::door::{Attempt, Door};
use crate::lanes::{Lane, LaneLimits};
use crate::notes::Notes;
pub use crate::notes::{NOTES_APART_MAX, NOTES_COUNTED};
use crate::pool::{Pool, PoolFull};
pub use crate::settings::{
    HASHES_PER_SOURCE_MAX, HASHES_WAITING_MAX, LEDGER_WAITING_MAX, READS_WAITING_MAX, Settings,
};
pub use crate::sightings::SIGHTINGS_MAX;
use crate::sightings::Sightings;

/// The most changes in one transaction.
pub const LEDGER_BATCH_MAX: usize = 256;
/// Threads that read.
pub const READERS: usize = 2;

type Threads = Vec<JoinHandle<()>>;

/// The one handle of the shells; cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    parts: Arc<Parts>,
}

struct Parts {
    bookkeeper: Bookkeeper,
    changes: Changes,
    sightings: Sightings,
    readers: Pool<Box<dyn store::Reader>>,
    door: Door,
    notes: Notes,
    /// The one that notes goes first: what it still has, the ledger's thread commits.
    noting: Mutex<Option<JoinHandle<()>>>,
    threads: Mutex<Threads>,
}

impl Runtime {
    /// Opens the store's writer and readers and starts the threads.
    ///
    /// # Errors
    /// When the store cannot be opened or a thread not be started.
    pub fn start(store: &dyn Store, settings: &Settings) -> Result<Self, StoreError> {
        let mut threads = Vec::new();
        let waiting_max = settings.ledger_waiting_max;
        let changes = Changes::new();
        let bookkeeper =
            Bookkeeper::start(store.writer()?, waiting_max, changes.clone(), &mut threads)?;
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(store.reader()?);
        }
        let waiting_max = settings.reads_waiting_max;
        let limits = LaneLimits { waiting_max, per_source_max: waiting_max };
        let readers = Pool::start("reader", readers, limits, || {}, &mut threads)?;
        let door = Door::open(settings, &mut threads)?;
        let (notes, noting) = Notes::start(bookkeeper.clone())?;
        let (noting, threads) = (Mutex::new(Some(noting)), Mutex::new(threads));
        let sightings = Sightings::default();
        let parts = Parts { bookkeeper, changes, sightings, readers, door, notes, noting, threads };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Does what a visit asks for and gives back what came of it.
    pub async fn carry_out(&self, effect: Effect) -> Fed {
        match effect {
            Effect::VerifyPassword { user, password, with, source } => {
                let (one_time, device) = (with.one_time, with.device);
                let attempt = Attempt { user, password, one_time, device, source };
                Fed::Verified(self.verify(attempt).await)
            }
            Effect::HashNewPassword { doctor, password, source } => {
                // A doctor's user name is the doctor's name; they are names by the same rule.
                let user = UserName::new(doctor.as_str()).expect("a name is a name");
                Fed::Hashed(self.hash_password(&user, password, source).await)
            }
            Effect::Read(query) => Fed::Read(self.read_for_visit(query).await),
            Effect::Commit(command) => Fed::Settled(self.commit(command).await),
        }
    }

    /// Does what an errand asks for, to its end.
    ///
    /// # Errors
    /// What the errand is refused with.
    pub async fn run<T: Send + 'static>(&self, errand: Errand<T>) -> Result<T, No> {
        let mut errand = errand;
        loop {
            let (effect, then) = errand.into_parts();
            match then(self.carry_out(effect).await) {
                Onward::Errand(next) => errand = next,
                Onward::Over(result) => return result,
            }
        }
    }

    /// Notes something for the audit, with one of the next batches. Never waits; refusals that are
    /// alike are counted for [`NOTES_COUNTED`] and written as one.
    pub fn note(&self, note: AuditNote) {
        self.parts.notes.note(note);
    }

    /// Commits a command with the next batch.
    pub async fn commit(&self, command: Command) -> Settled {
        let (waiter, verdict) = oneshot::channel();
        if self.parts.bookkeeper.enter(command, waiter).is_err() {
            return Settled::Busy;
        }
        // A ledger's thread that is gone took the command with it, nobody knows how far.
        verdict.await.unwrap_or(Settled::Unknown)
    }

    /// Notes for the audit that `source` was refused before it could ask for anything; never waits.
    pub fn note_refused_connection(&self, source: IpAddr, refusal: Refusal) {
        self.note(AuditNote {
            account: None,
            verb: NoteVerb::Connect,
            outcome: NoteOutcome::Refused(refusal),
            source: Some(source),
            patient: None,
            times: 1,
        });
    }

    /// A number that grows when anything of the clinic has changed, here or by another process (which
    /// is looked for every [`CHANGED_ELSEWHERE_LOOKED_AT`]); notes, looks, tickets and log-ins are no
    /// change. It has grown before whoever made the change is told: who hears "booked" and reads
    /// again sees it.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.parts.changes.subscribe()
    }

    /// When a doctor last asked for news over TCP; `None` for one who did not since the start, or
    /// longer ago than [`SIGHTINGS_MAX`] others.
    #[must_use]
    pub fn last_seen(&self, doctor: &DoctorName) -> Option<Timestamp> {
        self.parts.sightings.last(doctor)
    }

    /// Hashes what shall be the new password of `user`, for whoever chooses one with a link, or
    /// enrols. A source has so many tries in an hour for one user name.
    pub async fn hash_password(
        &self,
        user: &UserName,
        password: Password,
        source: IpAddr,
    ) -> NewPassword {
        self.parts.door.hash_new(user, password, source).await
    }

    /// The hash of a password that nobody knows or will ever guess, for an account whose password is
    /// chosen with a link.
    ///
    /// # Errors
    /// `Busy` when too many wait to be hashed.
    pub async fn unusable_password(&self) -> Result<PasswordHash, Refusal> {
        self.parts.door.hash_unusable().await
    }

    /// Finishes what is in line and ends the threads; blocks until they are gone.
    pub fn stop(&self) {
        self.parts.notes.close();
        let noting = self.parts.noting.lock().ok().and_then(|mut noting| noting.take());
        // A thread that panicked has logged it; there is nothing left to wait for.
        let _ = noting.map(JoinHandle::join);
        self.parts.bookkeeper.close();
        self.parts.readers.close();
        self.parts.door.close();
        let threads = self.parts.threads.lock().map(|mut all| std::mem::take(&mut *all));
        for thread in threads.unwrap_or_default() {
            let _ = thread.join();
        }
    }

    async fn read_for_visit(&self, query: Query) -> Option<Answer> {
        let doctor = match &query {
            Query::ChangedAppointments { doctor, .. } => Some(doctor.clone()),
            _ => None,
        };
        let answer = self.read(query).await.ok()?;
        if let (Some(doctor), Answer::Changes { .. }) = (doctor, &answer) {
            self.parts.sightings.saw(doctor, now());
        }
        Some(answer)
    }

    async fn read(&self, query: Query) -> Result<Answer, ReadFailed> {
        let (sender, answer) = oneshot::channel();
        self.parts.readers.run(Lane::Known, move |reader| {
            // Nobody waits any more when the connection was closed meanwhile.
            if sender.is_closed() {
                return;
            }
            let answer = reader.read(&query);
            if let Err(error) = &answer {
                let error = error as &dyn std::error::Error;
                tracing::error!(error, query = query_name(&query), "the store could not be read");
            }
            let _ = sender.send(answer);
        })?;
        answer.await.map_err(|_| ReadFailed)?.map_err(|_| ReadFailed)
    }

    async fn verify(&self, attempt: Attempt) -> Verdict {
        let user = attempt.user.clone();
        let admitted = match self.parts.door.admit(attempt).await {
            Ok(admitted) => admitted,
            Err(verdict) => return verdict,
        };
        let Ok(Answer::Account(account)) = self.read(Query::Account(user)).await else {
            return Verdict::Unavailable;
        };
        self.parts.door.judge(admitted, account, now()).await
    }
}

/// A read came to nothing; why is in the log.
struct ReadFailed;

impl From<PoolFull> for ReadFailed {
    fn from(_: PoolFull) -> Self {
        tracing::warn!("too many reads wait, one was refused");
        Self
    }
}

/// The name of a query, without what it asks about: that may be a person.
fn query_name(query: &Query) -> &'static str {
    match query {
        Query::Account(_) => "account",
        Query::Session { .. } => "session",
        Query::FreeSlotsByIndex { .. } | Query::FreeSlotsByTime { .. } => "free slots",
        Query::AppointmentsOf { .. } => "appointments",
        Query::Accesses { .. } => "accesses",
        Query::ChangedAppointments { .. } => "changed appointments",
        _ => "other",
    }
}

/// Fresh random bytes from the operating system, for one request.
///
/// # Panics
/// When the operating system has none: nothing secret could be made any more.
#[must_use]
pub fn fresh_entropy() -> Entropy {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    Entropy(bytes)
}

/// The moment that decides what has begun.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::now()
}
