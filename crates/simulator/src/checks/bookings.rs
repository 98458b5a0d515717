//! Who holds which slot, as it follows from what the store decided.

use std::collections::HashMap;

use domain::{Appointment, AppointmentId, PatientId, SlotIndex};
use store::{Book, Cancel, Command, Erase, Outcome, Reschedule, SlotChoice};

use super::{Told, Violation};

/// The check that no slot is anybody's twice.
pub(super) const ONE: &str = "one slot, one appointment";

/// The check that an outcome follows from what was decided before.
const OUTCOMES: &str = "an outcome follows from those before";

/// The check that what a patient is told is so.
const CONFIRMED: &str = "a confirmation is true";

/// The check that a "no" leaves nothing behind.
const REFUSED: &str = "a refused patient holds nothing";

/// All appointments that ever came about. A number of a slot means one slot as long as all this lives,
/// as [`crate::plan::SlotPlan`] has it.
#[derive(Debug, Default)]
pub(super) struct Bookings {
    /// The live ones, by the number of their slot. Numbers begin with 1.
    slots: HashMap<u32, Held>,
    /// Where each of them is.
    places: HashMap<AppointmentId, u32>,
    /// A slot of each patient who holds any; the others follow by [`Held::next`].
    patients: HashMap<PatientId, u32>,
    /// Those that were called off.
    closed: HashMap<AppointmentId, Closed>,
}

/// A live appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) patient: PatientId,
    pub(super) appointment: AppointmentId,
    pub(super) version: u32,
    /// Another slot of the same patient; 0 for none.
    next: u32,
    /// When the visit begins, in milliseconds since the Unix epoch.
    starts: i64,
}

/// An appointment that was called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) patient: PatientId,
    pub(super) version: u32,
}

/// What is known of an appointment.
#[derive(Debug, Clone, Copy)]
pub(super) enum Known {
    /// It holds this slot.
    Live(u32, Held),
    /// It was called off.
    Closed(Closed),
    /// It never came about.
    Never,
}

impl Bookings {
    /// How many slots are held.
    pub(super) fn held(&self) -> usize {
        self.slots.len()
    }

    /// How many appointments were called off.
    pub(super) fn closed(&self) -> usize {
        self.closed.len()
    }

    /// The live ones with their slots, in no order.
    pub(super) fn live(&self) -> impl Iterator<Item = (u32, &Held)> {
        self.slots.iter().map(|(slot, held)| (*slot, held))
    }

    /// Who holds a slot; `None` when nobody does.
    pub(super) fn holder(&self, slot: u32) -> Option<&Held> {
        self.slots.get(&slot)
    }

    pub(super) fn known(&self, appointment: AppointmentId) -> Known {
        match (self.places.get(&appointment), self.closed.get(&appointment)) {
            (Some(slot), _) => Known::Live(*slot, self.slots[slot]),
            (None, Some(closed)) => Known::Closed(*closed),
            (None, None) => Known::Never,
        }
    }

    /// The store decided a batch.
    pub(super) fn decided(
        &mut self,
        commands: &[Command],
        outcomes: &[Outcome],
        told: Told,
    ) -> Result<(), Violation> {
        if commands.len() != outcomes.len() {
            let (asked, decided) = (commands.len(), outcomes.len());
            let what = format!("{asked} commands have {decided} outcomes");
            return Err(Violation::new(OUTCOMES, what));
        }
        for (command, outcome) in commands.iter().zip(outcomes) {
            self.decided_one(command, outcome).map_err(|mut violation| {
                if told == Told::Unknown {
                    violation.what.push_str(" (the center does not know of it)");
                }
                violation
            })?;
        }
        Ok(())
    }

    fn decided_one(&mut self, command: &Command, outcome: &Outcome) -> Result<(), Violation> {
        match (command, outcome) {
            (Command::Book(book), Outcome::Booked(made)) => self.booked(book, made),
            (Command::Book(book), Outcome::AlreadyHeld(held)) => self.already_held(book, held),
            (Command::Cancel(cancel), Outcome::Cancelled(off)) => self.cancelled(cancel, off),
            (Command::Reschedule(moving), Outcome::Rescheduled(moved)) => {
                self.rescheduled(moving, moved)
            }
            (Command::Erase(erase), Outcome::Erased { appointments_cancelled }) => {
                self.erased(erase, *appointments_cancelled)
            }
            (
                _,
                Outcome::Booked(odd)
                | Outcome::AlreadyHeld(odd)
                | Outcome::Cancelled(odd)
                | Outcome::Rescheduled(odd),
            ) => {
                let what = format!("appointment {} came of another kind of command", odd.id);
                Err(Violation::new(OUTCOMES, what))
            }
            _ => Ok(()),
        }
    }

    fn booked(&mut self, book: &Book, made: &Appointment) -> Result<(), Violation> {
        let patient = book.patient;
        let (id, slot) = (made.id, made.slot.index.number());
        // An answer from before to the same request.
        if book.request.is_some() && self.was_so(patient, made) {
            return Ok(());
        }
        let new = id == book.appointment && matches!(self.known(id), Known::Never);
        let asked_for = match book.slot {
            SlotChoice::Index(index) => index.number() == slot,
            SlotChoice::Id(id) => id == made.slot.id,
        };
        if !new || !asked_for || made.version.0 != 1 {
            let what = format!(
                "patient {patient} asked for {} as appointment {} and got slot {slot} as \
                 appointment {id}, version {}",
                in_words(book.slot),
                book.appointment,
                made.version
            );
            return Err(Violation::new(OUTCOMES, what));
        }
        self.take(slot, held(patient, made))
    }

    fn already_held(&self, book: &Book, named: &Appointment) -> Result<(), Violation> {
        let patient = book.patient;
        let (id, slot) = (named.id, named.slot.index.number());
        let holder = self.holder(slot);
        let is_so = holder.is_some_and(|held| (held.patient, held.appointment) == (patient, id));
        if is_so || book.request.is_some() && self.was_so(patient, named) {
            return Ok(());
        }
        let what = format!(
            "patient {patient} is said to hold slot {slot} already (appointment {id}), which {}",
            self.whose(slot)
        );
        Err(Violation::new(OUTCOMES, what))
    }

    fn cancelled(&mut self, cancel: &Cancel, off: &Appointment) -> Result<(), Violation> {
        let (id, slot, version) = (off.id, off.slot.index.number(), off.version.0);
        let asked = id == cancel.appointment;
        let may = |patient: PatientId| cancel.patient.is_none_or(|who| who == patient);
        match self.known(id) {
            Known::Live(place, held) if asked && may(held.patient) => {
                if (place, held.version + 1) == (slot, version) {
                    self.close(place, version);
                    return Ok(());
                }
            }
            Known::Closed(closed) if asked && may(closed.patient) => {
                if cancel.request.is_some() && closed.version == version {
                    return Ok(());
                }
            }
            Known::Live(..) | Known::Closed(_) | Known::Never => {}
        }
        let what = format!(
            "appointment {id} in slot {slot} was called off as version {version}, but {}",
            self.of(id)
        );
        Err(Violation::new(OUTCOMES, what))
    }

    fn rescheduled(&mut self, moving: &Reschedule, moved: &Appointment) -> Result<(), Violation> {
        let patient = moving.patient;
        let (id, slot, version) = (moved.id, moved.slot.index.number(), moved.version.0);
        if moving.request.is_some() && self.was_so(patient, moved) {
            return Ok(());
        }
        if let Known::Live(place, held) = self.known(id)
            && id == moving.appointment
            && held.patient == patient
        {
            // Where it was anyway: nothing is changed.
            if (place, held.version) == (slot, version) {
                return Ok(());
            }
            if held.version + 1 == version && place != slot {
                self.give_up(place);
                return self.take(slot, self::held(patient, moved));
            }
        }
        let what = format!(
            "appointment {id} of patient {patient} was moved to slot {slot} as version {version}, \
             but {}",
            self.of(id)
        );
        Err(Violation::new(OUTCOMES, what))
    }

    /// The appointments to come are off: so many, the latest ones.
    fn erased(&mut self, erase: &Erase, to_come: usize) -> Result<(), Violation> {
        let patient = erase.patient;
        let mut slots = self.slots_of(patient);
        if slots.len() < to_come {
            let what = format!(
                "patient {patient} was forgotten and {to_come} appointments called off, but there \
                 were {}",
                slots.len()
            );
            return Err(Violation::new(OUTCOMES, what));
        }
        slots.sort_by_key(|slot| std::cmp::Reverse((self.slots[slot].starts, *slot)));
        for slot in slots.into_iter().take(to_come) {
            let version = self.slots[&slot].version + 1;
            self.close(slot, version);
        }
        Ok(())
    }

    /// A patient was told that a slot is its own.
    pub(super) fn confirmed(
        &self,
        patient: PatientId,
        slot: SlotIndex,
        appointment: Option<AppointmentId>,
    ) -> Result<(), Violation> {
        let holder = self.holder(slot.number());
        let is_so = holder.is_some_and(|held| {
            held.patient == patient && appointment.is_none_or(|id| id == held.appointment)
        });
        if is_so {
            return Ok(());
        }
        let as_which = appointment.map_or_else(String::new, |id| format!(" as appointment {id}"));
        let what = format!(
            "patient {patient} was told that slot {slot} is booked{as_which}, but it {}",
            self.whose(slot.number())
        );
        Err(Violation::new(CONFIRMED, what))
    }

    /// A patient was told that its appointment is off.
    pub(super) fn called_off(&self, patient: PatientId, slot: SlotIndex) -> Result<(), Violation> {
        match self.holder(slot.number()) {
            Some(held) if held.patient == patient => {
                let what = format!(
                    "patient {patient} was told that slot {slot} is called off, but it {}",
                    self.whose(slot.number())
                );
                Err(Violation::new(CONFIRMED, what))
            }
            _ => Ok(()),
        }
    }

    /// A patient's visit ended with a "no".
    pub(super) fn refused(&self, patient: PatientId) -> Result<(), Violation> {
        match self.patients.get(&patient) {
            None => Ok(()),
            Some(slot) => {
                let what =
                    format!("patient {patient} was refused, but slot {slot} {}", self.whose(*slot));
                Err(Violation::new(REFUSED, what))
            }
        }
    }

    /// Whether this has come about for the patient, now or earlier.
    fn was_so(&self, patient: PatientId, then: &Appointment) -> bool {
        let (whose, version) = match self.known(then.id) {
            Known::Live(_, held) => (held.patient, held.version),
            Known::Closed(closed) => (closed.patient, closed.version),
            Known::Never => return false,
        };
        whose == patient && then.version.0 <= version
    }

    fn take(&mut self, slot: u32, held: Held) -> Result<(), Violation> {
        if let Some(holder) = self.slots.get(&slot) {
            let what = format!(
                "slot {slot} is held by patient {} (appointment {}) and was booked again for \
                 patient {} (appointment {})",
                holder.patient, holder.appointment, held.patient, held.appointment
            );
            return Err(Violation::new(ONE, what));
        }
        let next = self.patients.insert(held.patient, slot).unwrap_or(0);
        self.places.insert(held.appointment, slot);
        self.slots.insert(slot, Held { next, ..held });
        Ok(())
    }

    /// Frees a slot that is held, and gives what held it.
    fn give_up(&mut self, slot: u32) -> Held {
        let held = self.slots.remove(&slot).expect("only a slot that is held is given up");
        self.places.remove(&held.appointment);
        let first = self.patients.get_mut(&held.patient).expect("who holds a slot is known");
        if *first != slot {
            let mut before = *first;
            while let Some(other) = self.slots.get_mut(&before) {
                if other.next == slot {
                    other.next = held.next;
                    break;
                }
                before = other.next;
            }
        } else if held.next != 0 {
            *first = held.next;
        } else {
            self.patients.remove(&held.patient);
        }
        held
    }

    fn close(&mut self, slot: u32, version: u32) {
        let held = self.give_up(slot);
        self.closed.insert(held.appointment, Closed { patient: held.patient, version });
    }

    fn slots_of(&self, patient: PatientId) -> Vec<u32> {
        let first = self.patients.get(&patient).copied();
        std::iter::successors(first, |slot| match self.slots[slot].next {
            0 => None,
            next => Some(next),
        })
        .collect()
    }

    /// `is held by patient … (appointment …)`, or `is free`.
    pub(super) fn whose(&self, slot: u32) -> String {
        self.holder(slot).map_or_else(
            || "is free".to_owned(),
            |held| {
                format!("is held by patient {} (appointment {})", held.patient, held.appointment)
            },
        )
    }

    /// What is known of an appointment, as the end of a sentence.
    pub(super) fn of(&self, id: AppointmentId) -> String {
        match self.known(id) {
            Known::Live(slot, held) => format!(
                "patient {} holds slot {slot} by it, version {}",
                held.patient, held.version
            ),
            Known::Closed(closed) => {
                format!("patient {} has called it off, version {}", closed.patient, closed.version)
            }
            Known::Never => "it never came about".to_owned(),
        }
    }
}

fn held(patient: PatientId, made: &Appointment) -> Held {
    Held {
        patient,
        appointment: made.id,
        version: made.version.0,
        next: 0,
        starts: made.slot.start.as_millisecond(),
    }
}

fn in_words(choice: SlotChoice) -> String {
    match choice {
        SlotChoice::Index(index) => format!("slot {index}"),
        SlotChoice::Id(id) => format!("the slot with the id {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A day of 100,000 patients is to stay under 1 KiB a booking with the store and all. A map keeps
    /// at most as much again free, and a little for itself.
    #[test]
    fn a_booking_is_remembered_in_a_few_hundred_bytes() {
        let entries = size_of::<(u32, Held)>()
            + size_of::<(AppointmentId, u32)>()
            + size_of::<(PatientId, u32)>();
        assert!(entries <= 100, "{entries}");
    }
}
