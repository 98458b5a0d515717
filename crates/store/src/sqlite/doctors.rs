//! A doctor's registered address and keys.

use domain::{Doctor, DoctorAddress, DoctorName, Refusal};

use super::rows;
use super::sessions::Stands;
use super::statements::one;
use super::trail::{DONE, Deed, word};
use super::writing::Batch;
use crate::{Actor, Outcome, RegisterDoctor, StoreError};

/// What a doctor is called in the audit: never by name.
pub(super) fn subject_of(doctor: i64) -> String {
    format!("doctor {doctor}")
}

impl Batch<'_> {
    pub(super) fn doctor_named(&self, name: &DoctorName) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT doctor FROM doctor WHERE center = ?1 AND name = ?2";
        one(self.connection, sql, (self.center, name.as_str()), |row| Ok(row.get(0)?))
    }

    pub(super) fn register_doctor(&self, register: &RegisterDoctor) -> Result<Outcome, StoreError> {
        let doctor = self.doctor_of(&register.actor)?;
        let registered = match (self.stands(&register.actor)?, doctor) {
            (Stands::No, _) => Err(Refusal::SessionEnded),
            (Stands::Yes, None) => Err(Refusal::NotAllowed),
            (Stands::Yes, Some(doctor)) if self.is_taken(doctor, &register.address)? => {
                Err(Refusal::AddressTaken)
            }
            (Stands::Yes, Some(doctor)) => Ok(self.keep_registration(doctor, register)?),
        };
        let outcome = registered.as_ref().map_or_else(|refusal| word(*refusal), |_| DONE.into());
        let subject = doctor.map(subject_of);
        self.audit(&Deed {
            subject: subject.as_deref(),
            ..Deed::by(&register.actor, "register_doctor", &outcome)
        })?;
        Ok(registered.map_or_else(Outcome::Refused, Outcome::Registered))
    }

    /// The doctor for whom an actor's account speaks.
    fn doctor_of(&self, actor: &Actor) -> Result<Option<i64>, StoreError> {
        let Some(account) = actor.account() else { return Ok(None) };
        let sql = "SELECT doctor FROM speaks_for WHERE center = ?1 AND account = ?2";
        one(self.connection, sql, (self.center, account.as_bytes()), |row| Ok(row.get(0)?))
    }

    fn is_taken(&self, doctor: i64, address: &DoctorAddress) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM doctor WHERE center = ?1 AND coalesce(host, '') = ?2
            AND port = ?3 AND present = 1 AND doctor <> ?4";
        let host = address.host.map(|host| host.to_string()).unwrap_or_default();
        let params = (self.center, host, address.port, doctor);
        Ok(one(self.connection, sql, params, |_| Ok(()))?.is_some())
    }

    fn keep_registration(
        &self,
        doctor: i64,
        register: &RegisterDoctor,
    ) -> Result<Doctor, StoreError> {
        let sql = "UPDATE doctor SET host = ?3, port = ?4, present = 1,
              sealing_key = ?5, verifying_key = ?6, registered = ?7
            WHERE center = ?1 AND doctor = ?2
            RETURNING name, host, port, sealing_key, verifying_key";
        let host = register.address.host.map(|host| host.to_string());
        let (sealing, verifying) = (register.keys.sealing.0, register.keys.verifying.0);
        let port = register.address.port;
        let params = (self.center, doctor, host, port, sealing, verifying, self.now);
        one(self.connection, sql, params, |row| rows::doctor(row, 0))?
            .ok_or_else(|| StoreError::Corrupt(format!("doctor {doctor} is gone")))
    }
}
