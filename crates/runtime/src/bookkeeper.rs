//! The thread that keeps the ledger: takes batches, commits them, tells everybody the verdict.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use center::{AfterCommit, Batch, Ledger, LedgerFull, Settled};
use jiff::Timestamp;
use store::{Command, CommitError, Outcome, StoreError, Writer};
use tokio::sync::oneshot;

use crate::LEDGER_BATCH_MAX;
use crate::changes::{Changes, can_change, is_change};

/// How often it is looked whether another process has changed the store.
pub const CHANGED_ELSEWHERE_LOOKED_AT: Duration = Duration::from_millis(250);

type Waiter = oneshot::Sender<Settled>;

/// The way to the ledger's thread; cheap to clone.
#[derive(Clone)]
pub(crate) struct Bookkeeper {
    desk: Arc<Desk>,
}

struct Desk {
    state: Mutex<State>,
    something_came: Condvar,
}

struct State {
    ledger: Ledger<Waiter>,
    closed: bool,
}

impl Bookkeeper {
    pub(crate) fn start(
        mut writer: Box<dyn Writer>,
        waiting_max: usize,
        changes: Changes,
        threads: &mut Vec<JoinHandle<()>>,
    ) -> Result<Self, StoreError> {
        let ledger = Ledger::new(waiting_max, LEDGER_BATCH_MAX);
        let desk = Arc::new(Desk {
            state: Mutex::new(State { ledger, closed: false }),
            something_came: Condvar::new(),
        });
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn({
            let desk = Arc::clone(&desk);
            move || desk.keep(writer.as_mut(), &changes)
        })?;
        threads.push(thread);
        Ok(Self { desk })
    }

    /// Puts a command in line; `Err` when the line is full or closed.
    pub(crate) fn enter(&self, command: Command, waiter: Waiter) -> Result<(), LedgerFull<Waiter>> {
        let mut state = self.desk.lock();
        if state.closed {
            return Err(LedgerFull(waiter));
        }
        state.ledger.push(command, waiter)?;
        self.desk.something_came.notify_one();
        Ok(())
    }

    /// Nothing more comes; what is in line is still committed.
    pub(crate) fn close(&self) {
        self.desk.lock().closed = true;
        self.desk.something_came.notify_one();
    }
}

impl Desk {
    /// A panic elsewhere leaves the line as it was: every push and take is whole.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, writer: &mut dyn Writer, changes: &Changes) {
        let mut watch = Watch { due: Instant::now(), failed: false };
        loop {
            watch.look(writer, changes);
            match self.next(watch.due) {
                Next::Batch(batch) => commit(writer, changes, batch),
                Next::Nothing => {}
                Next::End => return,
            }
        }
    }

    /// Waits for a batch, but not beyond `due`.
    fn next(&self, due: Instant) -> Next {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.ledger.take_batch() {
                return Next::Batch(batch);
            }
            if state.closed {
                return Next::End;
            }
            let wait = due.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                return Next::Nothing;
            }
            let waited = self.something_came.wait_timeout(state, wait);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// What the thread does next.
enum Next {
    Batch(Batch<Waiter>),
    Nothing,
    End,
}

/// Looks now and then whether somebody else has changed the store.
struct Watch {
    due: Instant,
    failed: bool,
}

impl Watch {
    fn look(&mut self, writer: &mut dyn Writer, changes: &Changes) {
        let now = Instant::now();
        if now < self.due {
            return;
        }
        self.due = now + CHANGED_ELSEWHERE_LOOKED_AT;
        // A panic is a bug of the store, and says as little as an error does.
        let looking = std::panic::AssertUnwindSafe(|| writer.changed_elsewhere());
        let changed = std::panic::catch_unwind(looking)
            .unwrap_or_else(|_| Err(std::io::Error::other("a panic").into()));
        match changed {
            Ok(true) => changes.tell(),
            Ok(false) => {}
            Err(ref error) if !self.failed => {
                tracing::warn!(%error, "whether another process changes the store cannot be seen");
            }
            Err(_) => {}
        }
        self.failed = changed.is_err();
    }
}

fn commit(writer: &mut dyn Writer, changes: &Changes, batch: Batch<Waiter>) {
    let committing = || writer.commit(Timestamp::now(), batch.commands());
    // A panic is a bug, but not the end of the clinic: nobody knows how far the batch came.
    let committed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(committing))
        .unwrap_or_else(|_| Err(CommitError::Unknown(std::io::Error::other("a panic").into())));
    if let Err(error) = &committed {
        report(error, batch.commands().len());
    }
    // Before the verdicts: who hears one and reads again is not shown what was before.
    if is_changed(batch.commands(), &committed) {
        changes.tell();
    }
    match batch.settle(committed) {
        AfterCommit::Again(batches) => {
            batches.into_iter().for_each(|batch| commit(writer, changes, batch));
        }
        AfterCommit::Settled(verdicts) => {
            for (waiter, settled) in verdicts {
                // Nobody waits any more when the connection was closed meanwhile.
                let _ = waiter.send(settled);
            }
        }
    }
}

/// Whether the clinic has changed, or may have.
fn is_changed(commands: &[Command], committed: &Result<Vec<Outcome>, CommitError>) -> bool {
    match committed {
        Ok(outcomes) => {
            commands.iter().zip(outcomes).any(|(command, outcome)| is_change(command, outcome))
        }
        Err(CommitError::Unknown(_)) => commands.iter().any(can_change),
        Err(CommitError::Busy | CommitError::RolledBack(_)) => false,
    }
}

fn report(error: &CommitError, commands: usize) {
    let cause = std::error::Error::source(error);
    tracing::error!(%error, cause, commands, "a batch was not committed");
}

#[cfg(test)]
mod tests {
    use domain::{Entropy, SessionToken};
    use store::{CloseSession, TokenHash};

    use super::*;

    /// Cannot take a batch with `poison` in it, and breaks at the commit of one with `broken`.
    struct Picky {
        poison: TokenHash,
        broken: TokenHash,
    }

    impl Writer for Picky {
        fn commit(&mut self, _: Timestamp, batch: &[Command]) -> Result<Vec<Outcome>, CommitError> {
            let holds = |hash: TokenHash| {
                let same = |command: &Command| matches!(command, Command::CloseSession(other) if other.token == hash);
                batch.iter().any(same)
            };
            let error = || StoreError::Corrupt("on purpose".to_owned());
            if holds(self.poison) {
                return Err(CommitError::RolledBack(error()));
            }
            if holds(self.broken) {
                return Err(CommitError::Unknown(error()));
            }
            Ok(vec![Outcome::Done; batch.len()])
        }
    }

    fn hash(byte: u8) -> TokenHash {
        TokenHash::of(&SessionToken::fresh(&Entropy([byte; 32])))
    }

    fn closing(byte: u8) -> Command {
        Command::CloseSession(CloseSession { token: hash(byte), source: None })
    }

    /// What becomes of commands 0 to 5 in one batch, where 3 is poison and `broken` breaks.
    fn check(broken: u8, expected: &[Settled; 6]) {
        let mut ledger = Ledger::new(10, 10);
        let mut verdicts = Vec::new();
        for byte in 0..6 {
            let (waiter, verdict) = oneshot::channel();
            ledger.push(closing(byte), waiter).unwrap();
            verdicts.push(verdict);
        }
        let mut picky = Picky { poison: hash(3), broken: hash(broken) };
        commit(&mut picky, &Changes::new(), ledger.take_batch().unwrap());
        let settled: Vec<Settled> =
            verdicts.into_iter().map(|verdict| verdict.blocking_recv().unwrap()).collect();
        assert_eq!(settled, *expected);
    }

    #[test]
    fn a_command_that_the_store_cannot_take_hurts_no_other() {
        use Settled::{Unavailable, Unknown};
        let done = || Settled::Decided(Outcome::Done);
        check(9, &[done(), done(), done(), Unavailable, done(), done()]);
        check(1, &[done(), Unknown, done(), Unavailable, done(), done()]);
    }

    #[test]
    fn what_is_in_line_at_the_end_is_still_committed() {
        let mut threads = Vec::new();
        let picky = Picky { poison: hash(3), broken: hash(9) };
        let bookkeeper =
            Bookkeeper::start(Box::new(picky), 10, Changes::new(), &mut threads).unwrap();
        let (waiter, verdict) = oneshot::channel();
        bookkeeper.enter(closing(0), waiter).unwrap();
        bookkeeper.close();
        assert_eq!(verdict.blocking_recv(), Ok(Settled::Decided(Outcome::Done)));
        let (waiter, _) = oneshot::channel();
        assert!(bookkeeper.enter(closing(0), waiter).is_err());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
