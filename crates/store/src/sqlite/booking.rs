//! Booking, cancelling and moving: who gets a slot is decided by one INSERT into `claim`.

use domain::Version;
use domain::{
    Appointment, AppointmentId, AppointmentStatus, PatientId, Reason, Refusal, Slot, SlotId,
};

use super::requests::Verdict;
use super::rows::{self, APPOINTMENT_WIDTH, appointment_columns, slot_columns};
use super::statements::{one, run};
use super::trail::{Step, What};
use super::writing::Batch;
use crate::{Actor, Book, Cancel, Outcome, Reschedule, SlotChoice, StoreError};

/// What came of reaching for a slot.
enum Reach {
    Claimed,
    Taken,
}

/// What holds for a booking or a move.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Terms {
    /// What holds for patients.
    Patients,
    /// That is waived, for a reason that somebody gave.
    Waived,
}

impl Terms {
    pub(super) fn of(waiver: Option<&Reason>) -> Self {
        if waiver.is_some() { Self::Waived } else { Self::Patients }
    }
}

impl Verdict {
    /// A verdict about a visit in `slot`.
    fn about(slot: &Slot, outcome: Outcome) -> Self {
        Self { outcome, visit_ends: Some(slot.end.as_millisecond()) }
    }

    /// A refusal before any slot was known.
    fn refused(refusal: Refusal) -> Self {
        Self { outcome: Outcome::Refused(refusal), visit_ends: None }
    }
}

impl Batch<'_> {
    /// Claims the slot, then writes the appointment; a refusal has written nothing.
    pub(super) fn book(&self, book: &Book) -> Result<Verdict, StoreError> {
        let terms = Terms::of(book.waiver.as_ref());
        let Some(slot) = self.slot_on_offer(book.slot, terms)? else {
            return Ok(Verdict::refused(Refusal::NoSuchSlot));
        };
        if terms == Terms::Patients && self.holds_enough(book)? {
            let outcome = match self.held_by(slot.id, book.patient)? {
                Some(appointment) => Outcome::AlreadyHeld(appointment),
                None => Outcome::Refused(Refusal::TooManyAppointments),
            };
            return Ok(Verdict::about(&slot, outcome));
        }
        if let Reach::Taken = self.claim(slot.id, book.patient, book.appointment, terms)? {
            let outcome = match self.held_by(slot.id, book.patient)? {
                Some(appointment) => Outcome::AlreadyHeld(appointment),
                None => Outcome::Refused(Refusal::SlotTaken),
            };
            return Ok(Verdict::about(&slot, outcome));
        }
        let version = Version(1);
        let sql = "INSERT INTO appointment
            (center, appointment, version, status, patient, slot, booked, changed)
            VALUES (?1, ?2, ?3, 'booked', ?4, ?5, ?6, ?6)";
        let (id, patient) = (book.appointment, book.patient.as_bytes());
        let params = (self.center, id.as_bytes(), version.0, patient, slot.id.0, self.now);
        run(self.connection, sql, params)?;
        self.record(&Step {
            appointment: id,
            version,
            actor: book.actor,
            what: What::Booked,
            from: None,
            to: Some(slot.id),
            reason: book.waiver.as_ref().map(Reason::as_str),
        })?;
        let appointment =
            Appointment { id, version, status: AppointmentStatus::Booked, slot: slot.clone() };
        Ok(Verdict::about(&slot, Outcome::Booked(appointment)))
    }

    /// Calls an appointment off; its slot is free in the same moment.
    pub(super) fn cancel(&self, cancel: &Cancel) -> Result<Verdict, StoreError> {
        let found = self.appointment_of(cancel.appointment, cancel.patient)?;
        let Some(appointment) = found else {
            return Ok(Verdict::refused(Refusal::NoSuchAppointment));
        };
        let slot = appointment.slot.clone();
        if self.is_closed(&appointment, Terms::Patients) {
            return Ok(Verdict::about(&slot, Outcome::Refused(Refusal::AppointmentClosed)));
        }
        let reason = cancel.reason.as_ref().map(Reason::as_str);
        let cancelled = self.call_off(appointment, &cancel.actor, reason)?;
        Ok(Verdict::about(&slot, Outcome::Cancelled(cancelled)))
    }

    /// Cancels an appointment that can still be cancelled.
    pub(super) fn call_off(
        &self,
        mut appointment: Appointment,
        actor: &Actor,
        reason: Option<&str>,
    ) -> Result<Appointment, StoreError> {
        appointment.version = next(appointment.version);
        appointment.status = AppointmentStatus::Cancelled;
        let sql = "UPDATE appointment SET status = 'cancelled', version = ?3, changed = ?4
            WHERE center = ?1 AND appointment = ?2";
        let (id, slot) = (appointment.id, appointment.slot.id);
        run(self.connection, sql, (self.center, id.as_bytes(), appointment.version.0, self.now))?;
        self.drop_claim(slot)?;
        self.record(&Step {
            appointment: id,
            version: appointment.version,
            actor: *actor,
            what: What::Cancelled,
            from: Some(slot),
            to: None,
            reason,
        })?;
        Ok(appointment)
    }

    /// Claims the new slot, then frees the old one; the appointment keeps its id.
    pub(super) fn reschedule(&self, reschedule: &Reschedule) -> Result<Verdict, StoreError> {
        let found = self.appointment_of(reschedule.appointment, Some(reschedule.patient))?;
        let Some(mut appointment) = found else {
            return Ok(Verdict::refused(Refusal::NoSuchAppointment));
        };
        let from = appointment.slot.clone();
        let terms = Terms::of(reschedule.waiver.as_ref());
        if self.is_closed(&appointment, terms) {
            return Ok(Verdict::about(&from, Outcome::Refused(Refusal::AppointmentClosed)));
        }
        let Some(to) = self.slot_on_offer(reschedule.slot, terms)? else {
            return Ok(Verdict::about(&from, Outcome::Refused(Refusal::NoSuchSlot)));
        };
        if to.id == from.id {
            return Ok(Verdict::about(&to, Outcome::Rescheduled(appointment)));
        }
        let id = appointment.id;
        if let Reach::Taken = self.claim(to.id, reschedule.patient, id, terms)? {
            return Ok(Verdict::about(&to, Outcome::Refused(Refusal::SlotTaken)));
        }
        appointment.version = next(appointment.version);
        let sql = "UPDATE appointment SET slot = ?3, version = ?4, changed = ?5
            WHERE center = ?1 AND appointment = ?2";
        let params = (self.center, id.as_bytes(), to.id.0, appointment.version.0, self.now);
        run(self.connection, sql, params)?;
        self.drop_claim(from.id)?;
        self.record(&Step {
            appointment: id,
            version: appointment.version,
            actor: reschedule.actor,
            what: What::Moved,
            from: Some(from.id),
            to: Some(to.id),
            reason: reschedule.waiver.as_ref().map(Reason::as_str),
        })?;
        appointment.slot = to.clone();
        Ok(Verdict::about(&to, Outcome::Rescheduled(appointment)))
    }

    /// The slot that `choice` means, if it can still be asked for; free or not.
    pub(super) fn slot_on_offer(
        &self,
        choice: SlotChoice,
        terms: Terms,
    ) -> Result<Option<Slot>, StoreError> {
        let (sql, key) = match choice {
            SlotChoice::Index(index) => (
                concat!(
                    "SELECT ",
                    slot_columns!(),
                    " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
                    " WHERE s.center = ?1 AND s.idx = ?2 AND s.index_in_use = 1",
                    " AND iif(?4, s.ends, s.starts) > ?3"
                ),
                i64::from(index.number()),
            ),
            SlotChoice::Id(id) => (
                concat!(
                    "SELECT ",
                    slot_columns!(),
                    " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
                    " WHERE s.center = ?1 AND s.slot = ?2 AND s.state = 'published'",
                    " AND iif(?4, s.ends, s.starts) > ?3"
                ),
                id.0,
            ),
        };
        let params = (self.center, key, self.now, terms == Terms::Waived);
        one(self.connection, sql, params, rows::slot)
    }

    /// Reaches for a slot. The database decides: the row is there, or it is not.
    fn claim(
        &self,
        slot: SlotId,
        patient: PatientId,
        appointment: AppointmentId,
        terms: Terms,
    ) -> Result<Reach, StoreError> {
        let insert = || {
            let sql = "INSERT INTO claim (center, slot, appointment) VALUES (?1, ?2, ?3)
                ON CONFLICT (center, slot) DO NOTHING";
            run(self.connection, sql, (self.center, slot.0, appointment.as_bytes()))
        };
        if insert()? == 1 {
            return Ok(Reach::Claimed);
        }
        // A hold gives way when its time is over, to the patient for whom it was kept, and where what
        // holds for patients is waived.
        let sql = "DELETE FROM claim WHERE center = ?1 AND slot = ?2 AND expires IS NOT NULL
            AND (expires <= ?3 OR held_by = ?4 OR ?5)";
        let waived = terms == Terms::Waived;
        let params = (self.center, slot.0, self.now, patient.as_bytes(), waived);
        let gave_way = run(self.connection, sql, params)? == 1;
        Ok(if gave_way && insert()? == 1 { Reach::Claimed } else { Reach::Taken })
    }

    fn drop_claim(&self, slot: SlotId) -> Result<(), StoreError> {
        let sql = "DELETE FROM claim WHERE center = ?1 AND slot = ?2";
        run(self.connection, sql, (self.center, slot.0))?;
        self.withdraw_if_blocked(slot)
    }

    /// The appointment that has `slot`, if it is this patient's.
    fn held_by(&self, slot: SlotId, patient: PatientId) -> Result<Option<Appointment>, StoreError> {
        let sql = concat!(
            "SELECT ",
            appointment_columns!(),
            " FROM claim c",
            " CROSS JOIN appointment a USING (center, appointment)",
            " CROSS JOIN slot s ON s.center = a.center AND s.slot = a.slot",
            " CROSS JOIN doctor d ON d.center = s.center AND d.doctor = s.doctor",
            " WHERE c.center = ?1 AND c.slot = ?2 AND a.patient = ?3"
        );
        let params = (self.center, slot.0, patient.as_bytes());
        one(self.connection, sql, params, rows::appointment)
    }

    /// An appointment, if it is this patient's; anybody's for `None`.
    pub(super) fn appointment_of(
        &self,
        id: AppointmentId,
        patient: Option<PatientId>,
    ) -> Result<Option<Appointment>, StoreError> {
        let sql = concat!(
            "SELECT ",
            appointment_columns!(),
            ", a.patient FROM appointment a",
            " CROSS JOIN slot s USING (center, slot) CROSS JOIN doctor d USING (center, doctor)",
            " WHERE a.center = ?1 AND a.appointment = ?2"
        );
        let found = one(self.connection, sql, (self.center, id.as_bytes()), |row| {
            Ok((rows::appointment(row)?, rows::patient(row, APPOINTMENT_WIDTH)?))
        })?;
        Ok(found
            .filter(|(_, whose)| patient.is_none_or(|patient| patient == *whose))
            .map(|(appointment, _)| appointment))
    }

    /// Whether the patient may not hold one more. The write lock makes this and the claim one step.
    fn holds_enough(&self, book: &Book) -> Result<bool, StoreError> {
        let Some(max) = book.appointments_max else { return Ok(false) };
        let sql = "SELECT count(*) FROM appointment a CROSS JOIN slot s USING (center, slot)
            WHERE a.center = ?1 AND a.patient = ?2 AND a.status = 'booked' AND s.starts > ?3";
        let params = (self.center, book.patient.as_bytes(), self.now);
        let held = one(self.connection, sql, params, |row| Ok(row.get::<_, i64>(0)?))?;
        Ok(held.unwrap_or(0) >= i64::from(max))
    }

    /// Whether it is too late to change an appointment.
    fn is_closed(&self, appointment: &Appointment, terms: Terms) -> bool {
        let begun = appointment.slot.start.as_millisecond() <= self.now;
        !appointment.status.is_open() || (begun && terms == Terms::Patients)
    }
}

fn next(version: Version) -> Version {
    Version(version.0 + 1)
}
