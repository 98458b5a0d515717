//! The thread that keeps the ledger: takes batches, commits them, tells everybody the verdict.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use center::{AfterCommit, Batch, Ledger, LedgerFull, Settled};
use jiff::Timestamp;
use store::{Command, CommitError, StoreError, Writer};
use tokio::sync::oneshot;

use crate::LEDGER_BATCH_MAX;

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
        threads: &mut Vec<JoinHandle<()>>,
    ) -> Result<Self, StoreError> {
        let ledger = Ledger::new(waiting_max, LEDGER_BATCH_MAX);
        let desk = Arc::new(Desk {
            state: Mutex::new(State { ledger, closed: false }),
            something_came: Condvar::new(),
        });
        let thread = std::thread::Builder::new().name("ledger".to_owned()).spawn({
            let desk = Arc::clone(&desk);
            move || desk.keep(writer.as_mut())
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

    fn keep(&self, writer: &mut dyn Writer) {
        while let Some(batch) = self.next_batch() {
            commit(writer, batch);
        }
    }

    fn next_batch(&self) -> Option<Batch<Waiter>> {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.ledger.take_batch() {
                return Some(batch);
            }
            if state.closed {
                return None;
            }
            state = self.something_came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn commit(writer: &mut dyn Writer, batch: Batch<Waiter>) {
    let committing = || writer.commit(Timestamp::now(), batch.commands());
    // A panic is a bug, but not the end of the clinic: nobody knows how far the batch came.
    let committed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(committing))
        .unwrap_or_else(|_| Err(CommitError::Unknown(std::io::Error::other("a panic").into())));
    if let Err(error) = &committed {
        report(error, batch.commands().len());
    }
    match batch.settle(committed) {
        AfterCommit::Again(batches) => batches.into_iter().for_each(|batch| commit(writer, batch)),
        AfterCommit::Settled(verdicts) => {
            for (waiter, settled) in verdicts {
                // Nobody waits any more when the connection was closed meanwhile.
                let _ = waiter.send(settled);
            }
        }
    }
}

fn report(error: &CommitError, commands: usize) {
    let cause = std::error::Error::source(error);
    tracing::error!(%error, cause, commands, "a batch was not committed");
}

#[cfg(test)]
mod tests {
    use domain::{Entropy, SessionToken};
    use store::{CloseSession, Outcome, TokenHash};

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
        commit(&mut Picky { poison: hash(3), broken: hash(broken) }, ledger.take_batch().unwrap());
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
        let bookkeeper = Bookkeeper::start(Box::new(picky), 10, &mut threads).unwrap();
        let (waiter, verdict) = oneshot::channel();
        bookkeeper.enter(closing(0), waiter).unwrap();
        bookkeeper.close();
        assert_eq!(verdict.blocking_recv(), Ok(Settled::Decided(Outcome::Done)));
        let (waiter, _) = oneshot::channel();
        assert!(bookkeeper.enter(closing(0), waiter).is_err());
        threads.into_iter().for_each(|thread| thread.join().unwrap());
    }
}
