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

    /// One batch for each command, in order: so that one command the store cannot take does not
    /// take the others along.
    pub fn singly(self) -> impl Iterator<Item = Self> {
        let alone = |(command, waiter)| Self { commands: vec![command], waiters: vec![waiter] };
        self.commands.into_iter().zip(self.waiters).map(alone)
    }

    /// Gives everybody in the batch the verdict.
    ///
    /// # Panics
    /// When the store gave another number of outcomes than it got commands: a bug in the store.
    pub fn settle(
        self,
        committed: Result<Vec<Outcome>, CommitError>,
    ) -> impl Iterator<Item = (W, Settled)> {
        let everybody = |settled: Settled| vec![settled; self.waiters.len()];
        let verdicts = match committed {
            Ok(outcomes) => outcomes.into_iter().map(Settled::Decided).collect(),
            Err(CommitError::Busy) => everybody(Settled::Busy),
            Err(CommitError::RolledBack(_)) => everybody(Settled::Unavailable),
            Err(CommitError::Unknown(_)) => everybody(Settled::Unknown),
        };
        assert_eq!(verdicts.len(), self.waiters.len(), "one outcome per command");
        self.waiters.into_iter().zip(verdicts)
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
        let settled: Vec<usize> =
            batch.settle(Ok(vec![Outcome::Done; 4])).map(|(waiter, _)| waiter).collect();
        assert_eq!(settled, [0, 1, 2, 3]);
        assert_eq!(ledger.take_batch().unwrap().commands().len(), 2);
        assert!(ledger.take_batch().is_none() && ledger.is_empty());
    }

    #[test]
    fn a_full_line_sends_the_next_one_away() {
        let mut ledger = ledger_with(10);
        let full = ledger.push(closing(), 99).unwrap_err();
        assert_eq!(full.0, 99);
    }

    #[test]
    fn a_failure_at_the_commit_is_unknown_and_never_no() {
        let error = || StoreError::Corrupt("disk on fire".to_owned());
        for (failure, expected) in [
            (CommitError::Busy, Settled::Busy),
            (CommitError::RolledBack(error()), Settled::Unavailable),
            (CommitError::Unknown(error()), Settled::Unknown),
        ] {
            let batch = ledger_with(2).take_batch().unwrap();
            let settled: Vec<_> = batch.settle(Err(failure)).collect();
            assert_eq!(settled, [(0, expected.clone()), (1, expected)]);
        }
    }
}
