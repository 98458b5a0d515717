//! The ledger: changes wait in line and are committed in batches, each with its own verdict.
//!
//! A value without thread or clock. Nothing is acknowledged here before the store has committed.

use std::collections::VecDeque;

use store::{Command, CommitError, Outcome};

/// What became of one command, as far as anyone knows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "nearly all are decided, and none is kept")]
pub enum Settled {
    /// It was decided, and is durable.
    Decided(Outcome),
    /// Too much to do; nothing was changed.
    Busy,
    /// The store failed before the commit; nothing was changed.
    Unavailable,
    /// The store failed at the commit: neither yes nor no.
    Unknown,
}

/// The line in front of the store. `W` is whoever waits for a command's verdict.
#[derive(Debug)]
pub struct Ledger<W> {
    waiting: VecDeque<(Command, W)>,
    waiting_max: usize,
    batch_max: usize,
}

/// The line is full; the one who would have waited comes back.
#[derive(Debug)]
pub struct LedgerFull<W>(pub W);

/// Commands on their way to the store.
#[derive(Debug)]
pub struct Batch<W> {
    commands: Vec<Command>,
    waiters: Vec<W>,
}

/// What is to be done after a commit.
#[derive(Debug)]
pub enum AfterCommit<W> {
    /// Tell everybody the verdict.
    Settled(Vec<(W, Settled)>),
    /// Commit these, one after another: each command by itself, in order, so that one that the store
    /// cannot take does not take the others along.
    Again(Vec<Batch<W>>),
}

impl<W> Ledger<W> {
    /// A ledger that lets `waiting_max` commands wait and commits at most `batch_max` at once.
    #[must_use]
    pub fn new(waiting_max: usize, batch_max: usize) -> Self {
        Self { waiting: VecDeque::new(), waiting_max, batch_max }
    }

    /// Puts a command in line.
    ///
    /// # Errors
    /// When the line is full: answer "busy", nothing was changed.
    pub fn push(&mut self, command: Command, waiter: W) -> Result<(), LedgerFull<W>> {
        if self.waiting.len() >= self.waiting_max {
            return Err(LedgerFull(waiter));
        }
        self.waiting.push_back((command, waiter));
        Ok(())
    }

    /// How many wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether nobody waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Takes the next batch, first come first served; `None` when nobody waits.
    pub fn take_batch(&mut self) -> Option<Batch<W>> {
        let size = self.waiting.len().min(self.batch_max);
        if size == 0 {
            return None;
        }
        let (commands, waiters) = self.waiting.drain(..size).unzip();
        Some(Batch { commands, waiters })
    }
}

impl<W> Batch<W> {
    /// What is to be committed, in one transaction.
    #[must_use]
    pub fn commands(&self) -> &[Command] {
        &self.commands
    }

    /// What is to be done after the commit, which is the end of it unless the whole batch was rolled
    /// back: nothing was changed then, and perhaps only one of its commands is at fault.
    ///
    /// # Panics
    /// When the store gave another number of outcomes than it got commands: a bug in the store.
    pub fn settle(self, committed: Result<Vec<Outcome>, CommitError>) -> AfterCommit<W> {
        let verdicts = match committed {
            Err(CommitError::RolledBack(_)) if self.commands.len() > 1 => {
                let alone =
                    |(command, waiter)| Self { commands: vec![command], waiters: vec![waiter] };
                return AfterCommit::Again(
                    self.commands.into_iter().zip(self.waiters).map(alone).collect(),
                );
            }
            Ok(outcomes) => outcomes.into_iter().map(Settled::Decided).collect(),
            Err(CommitError::Busy) => vec![Settled::Busy; self.waiters.len()],
            Err(CommitError::RolledBack(_)) => vec![Settled::Unavailable; self.waiters.len()],
            Err(CommitError::Unknown(_)) => vec![Settled::Unknown; self.waiters.len()],
        };
        assert_eq!(verdicts.len(), self.waiters.len(), "one outcome per command");
        AfterCommit::Settled(self.waiters.into_iter().zip(verdicts).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use store::StoreError;

    fn ledger_with(count: usize) -> Ledger<usize> {
        let mut ledger = Ledger::new(10, 4);
        for waiter in 0..count {
            ledger.push(closing(), waiter).unwrap();
        }
        ledger
    }

    fn closing() -> Command {
        let token = domain::SessionToken::fresh(&domain::Entropy([0; 32]));
        let token = store::TokenHash::of(&token);
        Command::CloseSession(store::CloseSession { token, source: None })
    }

    #[test]
    fn batches_keep_the_order_and_the_limit() {
        let mut ledger = ledger_with(6);
        let batch = ledger.take_batch().unwrap();
        assert_eq!(batch.commands().len(), 4);
        let settled = settled(batch.settle(Ok(vec![Outcome::Done; 4])));
        assert_eq!(settled.iter().map(|(waiter, _)| *waiter).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(ledger.take_batch().unwrap().commands().len(), 2);
        assert!(ledger.take_batch().is_none() && ledger.is_empty());
    }

    #[test]
    fn a_full_line_sends_the_next_one_away() {
        let mut ledger = ledger_with(10);
        let full = ledger.push(closing(), 99).unwrap_err();
        assert_eq!(full.0, 99);
    }

    fn settled(after: AfterCommit<usize>) -> Vec<(usize, Settled)> {
        match after {
            AfterCommit::Settled(settled) => settled,
            AfterCommit::Again(batches) => panic!("{} are to be tried again", batches.len()),
        }
    }

    #[test]
    fn a_failure_at_the_commit_is_unknown_and_never_no() {
        for (failure, expected) in
            [(CommitError::Busy, Settled::Busy), (CommitError::Unknown(broken()), Settled::Unknown)]
        {
            let batch = ledger_with(2).take_batch().unwrap();
            let settled = settled(batch.settle(Err(failure)));
            assert_eq!(settled, [(0, expected.clone()), (1, expected)]);
        }
    }

    #[test]
    fn a_batch_that_was_rolled_back_is_tried_again_one_by_one() {
        let rolled_back = || Err(CommitError::RolledBack(broken()));
        let batch = ledger_with(3).take_batch().unwrap();
        let AfterCommit::Again(alone) = batch.settle(rolled_back()) else {
            panic!("it is not tried again");
        };
        let refused: Vec<_> =
            alone.into_iter().flat_map(|batch| settled(batch.settle(rolled_back()))).collect();
        assert_eq!(refused, [0, 1, 2].map(|waiter| (waiter, Settled::Unavailable)));
    }

    fn broken() -> StoreError {
        StoreError::Corrupt("disk on fire".to_owned())
    }
}
