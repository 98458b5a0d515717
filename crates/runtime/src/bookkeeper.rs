//! The thread that keeps the ledger: takes batches, commits them, tells everybody the verdict.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use center::{Ledger, LedgerFull, Settled};
use jiff::Timestamp;
use store::{Command, CommitError, StoreError, Writer};
use tokio::sync::oneshot;

use crate::{LEDGER_BATCH_MAX, LEDGER_WAITING_MAX};

type Waiter = oneshot::Sender<Settled>;

/// The way to the ledger's thread.
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
        threads: &mut Vec<JoinHandle<()>>,
    ) -> Result<Self, StoreError> {
        let ledger = Ledger::new(LEDGER_WAITING_MAX, LEDGER_BATCH_MAX);
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
    pub(crate) fn enter(
        &self,
        command: Command,
        waiter: Waiter,
    ) -> Result<(), LedgerFull<Waiter>> {
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
            let committed = writer.commit(Timestamp::now(), batch.commands());
            if let Err(error) = &committed {
                report(error, batch.commands().len());
            }
            for (waiter, settled) in batch.settle(committed) {
                // Nobody waits any more when the connection was closed meanwhile.
                let _ = waiter.send(settled);
            }
        }
    }

    fn next_batch(&self) -> Option<center::Batch<Waiter>> {
        let mut state = self.lock();
        loop {
            if let Some(batch) = state.ledger.take_batch() {
                return Some(batch);
            }
            if state.closed {
                return None;
            }
            state =
                self.something_came.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn report(error: &CommitError, commands: usize) {
    let cause = std::error::Error::source(error);
    tracing::error!(%error, cause, commands, "a batch was not committed");
}
