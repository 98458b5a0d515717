//! Carries out what the center asks for, with threads: one that commits the ledger's batches, a few
//! that read, a few that hash passwords at the lowest priority. The shells hold a [`Runtime`] and
//! `carry_out(effect).await`; no store call and no hash ever runs on their own threads.
//!
//! What is deliberately not here: SQL, HTTP, sockets, rules.

mod bookkeeper;
pub mod password;
mod pool;
mod remembered;

use std::sync::Arc;
use std::thread::JoinHandle;

use center::{Effect, Fed, Settled, Verdict};
use domain::{Entropy, Password, UserName};
use jiff::Timestamp;
use store::{AccountRecord, Answer, Command, Query, Store, StoreError};
use tokio::sync::oneshot;

use crate::bookkeeper::Bookkeeper;
use crate::password::Workspace;
use crate::pool::{Pool, PoolFull};
use crate::remembered::Remembered;

/// The most changes that wait for the ledger's thread.
pub const LEDGER_WAITING_MAX: usize = 16_384;
/// The most changes in one transaction.
pub const LEDGER_BATCH_MAX: usize = 256;
/// The most reads that wait for a reader.
pub const READS_WAITING_MAX: usize = 16_384;
/// The most passwords that wait to be compared.
pub const HASHES_WAITING_MAX: usize = 8_192;
/// Threads that read.
pub const READERS: usize = 2;

/// The one handle of the shells; cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    parts: Arc<Parts>,
}

struct Parts {
    bookkeeper: Bookkeeper,
    readers: Pool<Box<dyn store::Reader>>,
    hashers: Pool<password::Workspace>,
    remembered: Remembered,
    threads: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Runtime {
    /// Opens the store's writer and readers and starts the threads.
    ///
    /// # Errors
    /// When the store cannot be opened or a thread not be started.
    pub fn start(store: &dyn Store) -> Result<Self, StoreError> {
        let mut threads = Vec::new();
        let bookkeeper = Bookkeeper::start(store.writer()?, &mut threads)?;
        let mut readers = Vec::new();
        for _ in 0..READERS {
            readers.push(store.reader()?);
        }
        let readers = Pool::start("reader", readers, READS_WAITING_MAX, || {}, &mut threads)?;
        let workers = (0..password::hashing_threads()).map(|_| Workspace::default()).collect();
        let hashers = Pool::start(
            "hasher",
            workers,
            HASHES_WAITING_MAX,
            password::lower_priority,
            &mut threads,
        )?;
        let remembered = Remembered::new(fresh_entropy());
        let threads = std::sync::Mutex::new(threads);
        let parts = Parts { bookkeeper, readers, hashers, remembered, threads };
        Ok(Self { parts: Arc::new(parts) })
    }

    /// Does what a visit asks for and gives back what came of it.
    pub async fn carry_out(&self, effect: Effect) -> Fed {
        match effect {
            Effect::VerifyPassword { user, password } => {
                Fed::Verified(self.verify(user, password).await)
            }
            Effect::Read(query) => Fed::Read(self.read(query).await.ok()),
            Effect::Commit(command) => Fed::Settled(self.commit(command).await),
        }
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

    /// Finishes what is in line and ends the threads; blocks until they are gone.
    pub fn stop(&self) {
        self.parts.bookkeeper.close();
        self.parts.readers.close();
        self.parts.hashers.close();
        let threads = self.parts.threads.lock().map(|mut all| std::mem::take(&mut *all));
        for thread in threads.unwrap_or_default() {
            // A thread that panicked has logged it; there is nothing left to wait for.
            let _ = thread.join();
        }
    }

    async fn read(&self, query: Query) -> Result<Answer, ReadFailed> {
        let (sender, answer) = oneshot::channel();
        self.parts.readers.run(move |reader| {
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

    async fn verify(&self, user: UserName, password: Password) -> Verdict {
        let Ok(Answer::Account(account)) = self.read(Query::Account(user)).await else {
            return Verdict::Unavailable;
        };
        let in_force = account.as_ref().and_then(|account| account.password.clone());
        if let (Some(account), Some(hash)) = (&account, &in_force)
            && self.parts.remembered.knows(account.account, hash, &password)
        {
            return Verdict::Right(Box::new(account.clone()));
        }
        let (sender, compared) = oneshot::channel();
        let queued = self.parts.hashers.run({
            let (hash, password) = (in_force.clone(), password.clone());
            // An account that does not exist costs the same time as one that does.
            move |workspace| {
                if sender.is_closed() {
                    return;
                }
                let right = match &hash {
                    Some(hash) => password::verify(&password, hash, workspace),
                    None => password::verify_nothing(&password, workspace),
                };
                let _ = sender.send(right);
            }
        });
        if queued.is_err() {
            return Verdict::Busy;
        }
        match compared.await {
            Ok(right) => self.admit(account, in_force, &password, right),
            // The job broke: that says nothing about the password.
            Err(_) => Verdict::Unavailable,
        }
    }

    fn admit(
        &self,
        account: Option<AccountRecord>,
        in_force: Option<store::PasswordHash>,
        password: &Password,
        right: bool,
    ) -> Verdict {
        match (account, in_force, right) {
            (Some(account), Some(hash), true) => {
                self.parts.remembered.keep(account.account, &hash, password);
                Verdict::Right(Box::new(account))
            }
            _ => Verdict::Wrong,
        }
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
