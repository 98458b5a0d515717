//! What patients have asked for, held against what the store has: nobody gets what nobody wanted, and
//! whoever has something knows of it, or has gone without knowing.

use std::collections::HashSet;

use domain::{PatientId, SlotIndex};
use store::{Command, Outcome};

use super::Violation;

/// The check that nothing is booked unasked.
const ASKED: &str = "only what was asked for is booked";

/// The check that whoever holds a slot knows it, or cannot know.
const KNOWN: &str = "who holds a slot knows it, or cannot know";

/// All wishes so far.
#[derive(Debug, Default)]
pub struct Wishes {
    /// Every slot that a patient ever asked for.
    asked: HashSet<(PatientId, u32)>,
    /// What was confirmed to patients.
    confirmed: HashSet<(PatientId, u32)>,
    /// Those who left without knowing.
    unsure: HashSet<PatientId>,
}

impl Wishes {
    /// A patient is about to ask for a slot.
    pub fn asks(&mut self, patient: PatientId, slot: SlotIndex) {
        self.asked.insert((patient, slot.number()));
    }

    /// A patient was told that a slot is its own.
    pub fn is_confirmed(&mut self, patient: PatientId, slot: SlotIndex) {
        self.confirmed.insert((patient, slot.number()));
    }

    /// A patient left while nobody knew what came of its wish.
    pub fn leaves_unsure(&mut self, patient: PatientId) {
        self.unsure.insert(patient);
    }

    /// The store decided a batch.
    ///
    /// # Errors
    /// When it booked what nobody had asked for.
    pub fn decided(&self, commands: &[Command], outcomes: &[Outcome]) -> Result<(), Violation> {
        for (command, outcome) in commands.iter().zip(outcomes) {
            let (Command::Book(book), Outcome::Booked(made)) = (command, outcome) else { continue };
            let slot = made.slot.index.number();
            if !self.asked.contains(&(book.patient, slot)) {
                let what = format!("slot {slot} was booked for patient {}, unasked", book.patient);
                return Err(Violation::new(ASKED, what));
            }
        }
        Ok(())
    }

    /// Everybody has left; `held` is who holds which slot.
    ///
    /// # Errors
    /// When somebody holds a slot and was never told, though nothing of its wishes was unknown.
    pub fn close(&self, held: impl Iterator<Item = (u32, PatientId)>) -> Result<(), Violation> {
        // The lowest one, whatever their order here.
        let unknown = held
            .filter(|(slot, patient)| {
                !self.confirmed.contains(&(*patient, *slot)) && !self.unsure.contains(patient)
            })
            .min_by_key(|(slot, _)| *slot);
        match unknown {
            None => Ok(()),
            Some((slot, patient)) => {
                let what = format!("patient {patient} holds slot {slot} and was never told");
                Err(Violation::new(KNOWN, what))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{Story, booked, index, patient_id};
    use super::*;

    #[test]
    fn what_nobody_asked_for_is_found() {
        let mut story = Story::new();
        let command = Command::Book(story.booking(1, 3));
        let made = booked(story.run(&command));
        let (commands, outcomes) = ([command], [Outcome::Booked(made)]);
        let mut wishes = Wishes::default();
        wishes.asks(patient_id(1), index(2));
        wishes.asks(patient_id(2), index(3));
        assert_eq!(wishes.decided(&commands, &outcomes).unwrap_err().check, ASKED);
        wishes.asks(patient_id(1), index(3));
        wishes.decided(&commands, &outcomes).unwrap();
    }

    #[test]
    fn who_holds_a_slot_was_told_or_left_without_knowing() {
        let mut wishes = Wishes::default();
        let held = || [(7, patient_id(1)), (9, patient_id(2))].into_iter();
        assert_eq!(wishes.close(held()).unwrap_err().check, KNOWN);
        wishes.is_confirmed(patient_id(1), index(7));
        wishes.is_confirmed(patient_id(2), index(8));
        assert_eq!(wishes.close(held()).unwrap_err().check, KNOWN);
        wishes.leaves_unsure(patient_id(2));
        wishes.close(held()).unwrap();
    }
}
