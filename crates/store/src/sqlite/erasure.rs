//! Being forgotten: what says who a patient is goes, what was done stays under a random id.

use domain::{AppointmentId, AppointmentStatus, PatientId, Refusal, Version};

use super::rows;
use super::statements::{all, run};
use super::trail::{Deed, word};
use super::writing::Batch;
use crate::{Actor, Erase, Outcome, StoreError};

/// How the user name begins of an account whose person was forgotten.
pub(super) const ERASED: &str = "erased-";

impl Batch<'_> {
    pub(super) fn erase(&self, erase: &Erase) -> Result<Outcome, StoreError> {
        let patient = erase.patient;
        if !self.is_patient(patient)? {
            let outcome = word(Refusal::NoSuchPatient);
            self.audit(&Deed {
                patient: Some(patient),
                ..Deed::by(&erase.actor, "erase", &outcome)
            })?;
            return Ok(Outcome::Refused(Refusal::NoSuchPatient));
        }
        let appointments_cancelled = self.cancel_all_to_come(patient, &erase.actor)?;
        self.forget_person(patient)?;
        self.forget_accounts(patient)?;
        let outcome = format!("cancelled {appointments_cancelled}");
        self.audit(&Deed { patient: Some(patient), ..Deed::by(&erase.actor, "erase", &outcome) })?;
        Ok(Outcome::Erased { appointments_cancelled })
    }

    /// Cancels what is booked and to come, and gives up what is held; how many were cancelled.
    fn cancel_all_to_come(&self, patient: PatientId, actor: &Actor) -> Result<usize, StoreError> {
        let key = (self.center, patient.as_bytes());
        let sql = "DELETE FROM claim WHERE center = ?1 AND held_by = ?2";
        run(self.connection, sql, key)?;
        let sql = "SELECT a.appointment FROM appointment a CROSS JOIN slot s USING (center, slot)
            WHERE a.center = ?1 AND a.patient = ?2 AND a.status = 'booked' AND s.starts > ?3
            ORDER BY a.appointment";
        let to_come = all(self.connection, sql, (key.0, key.1, self.now), |row| {
            Ok(AppointmentId::from_bytes(row.get(0)?))
        })?;
        for id in &to_come {
            let Some(appointment) = self.appointment_of(*id, Some(patient))? else { continue };
            let cancelled = self.call_off(appointment, actor, None)?;
            assert_eq!(cancelled.status, AppointmentStatus::Cancelled);
            assert!(cancelled.version > Version(1), "a cancellation is a later version");
            self.audit(&Deed {
                subject: Some(&id.to_string()),
                patient: Some(patient),
                ..Deed::by(actor, "cancel", "cancelled")
            })?;
        }
        Ok(to_come.len())
    }

    /// Forgets what is known of the person, what the person said, and what was answered.
    fn forget_person(&self, patient: PatientId) -> Result<(), StoreError> {
        let key = (self.center, patient.as_bytes());
        run(self.connection, "DELETE FROM person WHERE center = ?1 AND patient = ?2", key)?;
        run(self.connection, "DELETE FROM request WHERE center = ?1 AND patient = ?2", key)?;
        let sql = "UPDATE appointment_history SET reason = NULL
            WHERE center = ?1 AND reason IS NOT NULL AND appointment IN (
              SELECT appointment FROM appointment WHERE center = ?1 AND patient = ?2)";
        run(self.connection, sql, key)?;
        Ok(())
    }

    /// Shuts the patient's own accounts: nobody logs in with them again, and the user names, which
    /// may be the person's, are free. The accounts stay, since the audit names them.
    fn forget_accounts(&self, patient: PatientId) -> Result<(), StoreError> {
        let sql = "SELECT account FROM acts_for
            WHERE center = ?1 AND patient = ?2 AND relation = 'self'";
        let key = (self.center, patient.as_bytes());
        for account in all(self.connection, sql, key, |row| rows::account(row, 0))? {
            let key = (self.center, account.as_bytes());
            let tables = [
                "DELETE FROM credential WHERE center = ?1 AND account = ?2",
                "DELETE FROM invitation WHERE center = ?1 AND account = ?2",
                "DELETE FROM session WHERE center = ?1 AND account = ?2",
                "UPDATE account SET user_name = 'erased-' || lower(hex(randomblob(16))),
                    ended = ended + 1 WHERE center = ?1 AND account = ?2",
            ];
            for sql in tables {
                run(self.connection, sql, key)?;
            }
        }
        Ok(())
    }
}
