//! The bug of looking first and writing later: whether a slot is free is known from a look that was a
//! little earlier, and then the booking is written without looking again.

use std::collections::HashMap;

use domain::{Appointment, AppointmentStatus, Refusal, Slot, Version};
use jiff::{SignedDuration, Timestamp};
use store::{
    Answer, Book, Command, CommitError, Outcome, Query, Reader, SlotChoice, Store, StoreError,
    Writer,
};

/// The time between the look and the writing. Whoever wants a slot that another patient has taken
/// since the look gets it, too.
const LOOK_EACH: SignedDuration = SignedDuration::from_secs(2);

/// A store with this bug.
pub(super) struct CheckThenInsert(Box<dyn Store>);

impl CheckThenInsert {
    pub(super) fn new(store: Box<dyn Store>) -> Self {
        Self(store)
    }
}

impl Store for CheckThenInsert {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        let (writer, reader) = (self.0.writer()?, self.0.reader()?);
        Ok(Box::new(LooksFirst { writer, reader, look: None }))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.0.reader()
    }
}

/// A writer that believes in its last look, and looks only when somebody books.
struct LooksFirst {
    writer: Box<dyn Writer>,
    reader: Box<dyn Reader>,
    /// `None` before the first one.
    look: Option<Look>,
}

/// The slots that were free at a moment, by their numbers.
struct Look {
    at: Timestamp,
    free: HashMap<u32, Slot>,
}

impl Writer for LooksFirst {
    fn commit(&mut self, now: Timestamp, batch: &[Command]) -> Result<Vec<Outcome>, CommitError> {
        if !batch.iter().any(|command| matches!(command, Command::Book(_))) {
            return self.writer.commit(now, batch);
        }
        // The clock may be set back, too.
        let fresh = |look: &Look| now.duration_since(look.at).abs() < LOOK_EACH;
        let look = match self.look.take().filter(fresh) {
            Some(look) => look,
            None => Look { at: now, free: free(&mut *self.reader)? },
        };
        let outcomes = self.writer.commit(now, batch);
        let mut outcomes = outcomes.inspect_err(|_| self.look = None)?;
        for (command, outcome) in batch.iter().zip(&mut outcomes) {
            if let (Command::Book(book), Outcome::Refused(Refusal::SlotTaken)) = (command, &outcome)
                && let Some(slot) = look.slot(book)
            {
                *outcome = Outcome::Booked(Appointment {
                    id: book.appointment,
                    version: Version(1),
                    status: AppointmentStatus::Booked,
                    slot: slot.clone(),
                });
            }
        }
        self.look = Some(look);
        Ok(outcomes)
    }
}

impl Look {
    /// The slot that is asked for, if it was free.
    fn slot(&self, book: &Book) -> Option<&Slot> {
        match book.slot {
            SlotChoice::Index(index) => self.free.get(&index.number()),
            SlotChoice::Id(id) => self.free.values().find(|slot| slot.id == id),
        }
    }
}

fn free(reader: &mut dyn Reader) -> Result<HashMap<u32, Slot>, CommitError> {
    match reader.read(&Query::Slots).map_err(CommitError::RolledBack)? {
        Answer::SlotRecords(slots) => Ok(slots
            .into_iter()
            .filter(|record| record.held_by.is_none())
            .map(|record| (record.slot.index.number(), record.slot))
            .collect()),
        _ => Err(CommitError::RolledBack(StoreError::BadCommand("slots were asked for"))),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::checks::story::{Story, booked, memory};
    use crate::plan::Plant;
    use crate::plant::in_store;

    #[test]
    fn a_slot_that_was_free_a_moment_ago_is_booked_twice_and_that_is_found() {
        let mut story = Story::in_store(in_store(Some(Plant::CheckThenInsert), memory).unwrap());
        booked(story.book(1, 7));
        story.now += Duration::from_millis(1_500);
        let violation = story.book(2, 7).unwrap_err();
        assert_eq!(violation.check, "one slot, one appointment");
        assert_eq!(
            violation.what,
            "slot 7 is held by patient 01010101-0101-0101-0101-010101010101 (appointment \
             00000000-0000-0000-0000-000000000001) and was booked again for patient \
             02020202-0202-0202-0202-020202020202 (appointment \
             00000000-0000-0000-0000-000000000002)"
        );
    }

    #[test]
    fn a_slot_that_was_taken_before_the_look_is_refused() {
        let mut story = Story::in_store(in_store(Some(Plant::CheckThenInsert), memory).unwrap());
        booked(story.book(1, 7));
        story.now += Duration::from_secs(2);
        assert_eq!(story.book(2, 7).unwrap(), Outcome::Refused(Refusal::SlotTaken));
        story.compare().unwrap();
    }

    #[test]
    fn the_store_as_it_is_refuses_both_times() {
        let mut story = Story::in_store(in_store(None, memory).unwrap());
        booked(story.book(1, 7));
        assert_eq!(story.book(2, 7).unwrap(), Outcome::Refused(Refusal::SlotTaken));
        story.compare().unwrap();
    }
}
