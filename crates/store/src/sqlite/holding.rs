//! Slots that wait for a patient who is deciding.

use domain::{PatientId, Refusal, Slot, SlotId};
use jiff::Timestamp;

use super::booking::Terms;
use super::reading::Reading;
use super::rows::{self, SLOT_WIDTH, slot_columns};
use super::statements::{all, one, run};
use super::trail::{DONE, Deed};
use super::writing::Batch;
use crate::{Hold, HoldRecord, Outcome, Release, SlotChoice, StoreError};

/// Removes up to `?3` holds that were over at `?2`.
pub(super) const TIDY_HOLDS: &str = "DELETE FROM claim WHERE center = ?1 AND slot IN (
    SELECT slot FROM claim WHERE center = ?1 AND expires <= ?2 LIMIT ?3)";

/// The slots that the patient `?2` holds at `?3`.
pub(super) const HOLDS: &str = concat!(
    "SELECT ",
    slot_columns!(),
    ", c.expires FROM claim c CROSS JOIN slot s USING (center, slot)",
    " CROSS JOIN doctor d USING (center, doctor)",
    " WHERE c.center = ?1 AND c.held_by = ?2 AND c.expires > ?3 ORDER BY s.starts, s.slot"
);

impl Batch<'_> {
    pub(super) fn hold(&self, hold: &Hold) -> Result<Outcome, StoreError> {
        let subject = format!("slot {}", hold.slot.0);
        let deed = Deed {
            patient: Some(hold.patient),
            subject: Some(&subject),
            ..Deed::by(&hold.actor, "hold", DONE)
        };
        self.attempt(&hold.actor, &deed, || {
            if !self.is_patient(hold.patient)? {
                return Ok(Outcome::Refused(Refusal::NoSuchPatient));
            }
            Ok(match self.keep_for(hold)? {
                Ok(slot) => Outcome::Held { slot, expires: hold.expires },
                Err(refusal) => Outcome::Refused(refusal),
            })
        })
    }

    pub(super) fn release(&self, release: &Release) -> Result<Outcome, StoreError> {
        let subject = format!("slot {}", release.slot.0);
        let deed = Deed {
            patient: Some(release.patient),
            subject: Some(&subject),
            ..Deed::by(&release.actor, "release", DONE)
        };
        self.attempt(&release.actor, &deed, || {
            let sql = "DELETE FROM claim WHERE center = ?1 AND slot = ?2 AND held_by = ?3";
            let params = (self.center, release.slot.0, release.patient.as_bytes());
            run(self.connection, sql, params)?;
            Ok(Outcome::Done)
        })
    }

    /// Makes the hold, or makes it anew; a refusal has written nothing. The write lock makes the
    /// looks and the claim one step.
    fn keep_for(&self, hold: &Hold) -> Result<Result<Slot, Refusal>, StoreError> {
        let Some(slot) = self.slot_on_offer(SlotChoice::Id(hold.slot), Terms::Patients)? else {
            return Ok(Err(Refusal::NoSuchSlot));
        };
        if self.is_anothers(hold.slot, hold.patient)? {
            return Ok(Err(Refusal::SlotTaken));
        }
        if self.holds_of(hold.patient, hold.slot)? >= i64::from(hold.holds_max) {
            return Ok(Err(Refusal::TooManyHolds));
        }
        // What is over gives way, and so does the patient's own hold: it begins anew.
        let patient = hold.patient.as_bytes();
        let sql = "DELETE FROM claim WHERE center = ?1 AND held_by = ?2 AND expires <= ?3";
        run(self.connection, sql, (self.center, patient, self.now))?;
        let sql = "DELETE FROM claim WHERE center = ?1 AND slot = ?2 AND expires IS NOT NULL";
        run(self.connection, sql, (self.center, hold.slot.0))?;
        let sql = "INSERT INTO claim (center, slot, held_by, expires) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (center, slot) DO NOTHING";
        let expires = hold.expires.as_millisecond();
        let made = run(self.connection, sql, (self.center, hold.slot.0, patient, expires))?;
        Ok(if made == 1 { Ok(slot) } else { Err(Refusal::SlotTaken) })
    }

    /// Whether the slot is booked, or held for another patient.
    fn is_anothers(&self, slot: SlotId, patient: PatientId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM claim WHERE center = ?1 AND slot = ?2
            AND (expires IS NULL OR (expires > ?3 AND held_by <> ?4))";
        let params = (self.center, slot.0, self.now, patient.as_bytes());
        Ok(one(self.connection, sql, params, |_| Ok(()))?.is_some())
    }

    /// How many slots but this one the patient holds.
    fn holds_of(&self, patient: PatientId, but: SlotId) -> Result<i64, StoreError> {
        let sql = "SELECT count(*) FROM claim
            WHERE center = ?1 AND held_by = ?2 AND expires > ?3 AND slot <> ?4";
        let params = (self.center, patient.as_bytes(), self.now, but.0);
        Ok(one(self.connection, sql, params, |row| Ok(row.get(0)?))?.unwrap_or(0))
    }
}

impl Reading<'_> {
    pub(super) fn holds(
        &self,
        patient: PatientId,
        now: Timestamp,
    ) -> Result<Vec<HoldRecord>, StoreError> {
        let params = (self.center, patient.as_bytes(), now.as_millisecond());
        all(self.connection, HOLDS, params, |row| {
            let expires = rows::instant(row.get(SLOT_WIDTH)?)?;
            Ok(HoldRecord { slot: rows::slot(row)?, expires })
        })
    }
}
