//! The bug of acknowledging before committing: what people do is on the disk only a while after they
//! were told that it is done, as if nobody had called `fsync`.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use store::{Command, CommitError, Outcome, Reader, Store, StoreError, Writer};

use super::Make;

/// How long what people do is in memory only: as long as Linux keeps a page that nobody asks it to
/// write (`vm.dirty_expire_centisecs`).
const WRITTEN_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// A store with this bug: one in memory, and the batches of which it can be made again.
pub(super) struct AckBeforeCommit {
    make: Box<Make>,
    state: Arc<Mutex<State>>,
}

struct State {
    /// What everybody sees.
    volatile: Box<dyn Store>,
    disk: Disk,
}

/// What is on the disk and what is not yet, in order.
#[derive(Default)]
struct Disk {
    written: Vec<Dated>,
    waiting: VecDeque<Dated>,
}

/// A batch with its moment.
struct Dated {
    at: Timestamp,
    batch: Vec<Command>,
}

impl AckBeforeCommit {
    pub(super) fn new(make: Box<Make>) -> Result<Self, StoreError> {
        let state = State { volatile: make()?, disk: Disk::default() };
        Ok(Self { make, state: Arc::new(Mutex::new(state)) })
    }

    /// What is not on the disk is gone; the rest is done once more, with the same outcomes, since all
    /// ids are in the commands.
    pub(super) fn crash(&self) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        state.disk.waiting.clear();
        let again = (self.make)()?;
        let mut writer = again.writer()?;
        for dated in &state.disk.written {
            writer.commit(dated.at, &dated.batch).map_err(|error| match error {
                CommitError::Busy => io::Error::from(io::ErrorKind::ResourceBusy).into(),
                CommitError::RolledBack(error) | CommitError::Unknown(error) => error,
            })?;
        }
        drop(writer);
        state.volatile = again;
        Ok(())
    }
}

impl Store for AckBeforeCommit {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        let writer = lock(&self.state).volatile.writer()?;
        Ok(Box::new(WritesLater { writer, state: Arc::clone(&self.state) }))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        lock(&self.state).volatile.reader()
    }
}

struct WritesLater {
    writer: Box<dyn Writer>,
    state: Arc<Mutex<State>>,
}

impl Writer for WritesLater {
    fn commit(&mut self, now: Timestamp, batch: &[Command]) -> Result<Vec<Outcome>, CommitError> {
        let outcomes = self.writer.commit(now, batch)?;
        lock(&self.state).disk.take(Dated { at: now, batch: batch.to_vec() });
        Ok(outcomes)
    }
}

impl Disk {
    fn take(&mut self, dated: Dated) {
        let now = dated.at;
        let waits = dated.batch.iter().all(is_of_every_day);
        self.waiting.push_back(dated);
        // The clock may be set back, too.
        while self
            .waiting
            .front()
            .is_some_and(|first| !waits || now.duration_since(first.at).abs() >= WRITTEN_AFTER)
        {
            self.written.extend(self.waiting.pop_front());
        }
    }
}

/// Whether this is what patients do all day. Anything else is on the disk at once, with all before
/// it: without accounts and slots there would be nothing to see.
fn is_of_every_day(command: &Command) -> bool {
    matches!(
        command,
        Command::Book(_)
            | Command::Cancel(_)
            | Command::Reschedule(_)
            | Command::OpenSession(_)
            | Command::TouchSession(_)
            | Command::CloseSession(_)
            | Command::IssueTicket(_)
            | Command::Look(_)
            | Command::Note(_)
    )
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::checks::story::{Story, booked, memory};
    use crate::plan::Plant;
    use crate::plant::in_store;

    fn story() -> Story {
        Story::in_store(in_store(Some(Plant::AckBeforeCommit), memory).unwrap())
    }

    #[test]
    fn a_booking_that_a_crash_has_lost_is_found() {
        let mut story = story();
        booked(story.book(1, 7));
        story.compare().unwrap();
        story.crash();
        let violation = story.compare().unwrap_err();
        assert_eq!(violation.check, "the store holds what was decided");
        assert_eq!(
            violation.what,
            "slot 7 is held by patient 01010101-0101-0101-0101-010101010101 (appointment \
             00000000-0000-0000-0000-000000000001), but not in the store"
        );
    }

    #[test]
    fn a_cancellation_that_a_crash_has_lost_is_found() {
        let mut story = story();
        let held = booked(story.book(1, 7));
        story.now += Duration::from_secs(30);
        story.cancel(1, held.id).unwrap();
        story.crash();
        let violation = story.compare().unwrap_err();
        assert_eq!(violation.check, "the store holds what was decided");
    }

    #[test]
    fn what_was_decided_some_time_before_a_crash_is_there_after_it() {
        let mut story = story();
        booked(story.book(1, 7));
        story.now += Duration::from_secs(30);
        story.book(2, 7).unwrap();
        story.compare().unwrap();
        story.crash();
        // The refusal is gone, and with it a record of the audit; no booking is.
        let violation = story.compare().unwrap_err();
        assert_eq!(violation.check, "the audit chain is whole");
        assert_eq!(
            violation.what,
            "the store's chain ends with record 2, and had come as far as record 3"
        );
    }

    #[test]
    fn the_store_as_it_is_loses_nothing() {
        let mut story = Story::in_store(in_store(None, memory).unwrap());
        booked(story.book(1, 7));
        story.crash();
        story.compare().unwrap();
    }
}
