//! Answers about patients: who they are, and everything that is held about one of them.

use domain::{AccountId, AppointmentId, PatientId, UserName};
use rusqlite::Row;

use super::reading::{Reading, mistyped};
use super::rows::{self, APPOINTMENT_WIDTH, appointment_columns, slot_columns};
use super::statements::{all, one};
use crate::{
    AppointmentData, AuditActor, DeedData, PatientChoice, PatientData, PatientRecord, PersonData,
    SessionData, StepData, StoreError,
};

/// What a [`PatientRecord`] is read with; the user name can be sorted by.
macro_rules! patient_record_query {
    () => {
        "SELECT p.patient, p.added, q.name,
           (SELECT n.user_name FROM acts_for f
            JOIN account n ON n.center = f.center AND n.account = f.account
            WHERE f.center = p.center AND f.patient = p.patient
            ORDER BY f.relation = 'self' DESC, f.account LIMIT 1) AS user_name
         FROM patient p LEFT JOIN person q USING (center, patient)
         WHERE p.center = ?1"
    };
}

impl Reading<'_> {
    pub(super) fn patients(&self) -> Result<Vec<PatientRecord>, StoreError> {
        let sql = concat!(patient_record_query!(), " ORDER BY user_name, p.patient");
        all(self.connection, sql, [self.center], patient_record)
    }

    pub(super) fn patient(
        &self,
        choice: &PatientChoice,
    ) -> Result<Option<PatientRecord>, StoreError> {
        let patient = match choice {
            PatientChoice::Id(patient) => Some(*patient),
            PatientChoice::User(user) => self.patient_of_user(user)?,
        };
        let Some(patient) = patient else { return Ok(None) };
        one(self.connection, PATIENT, (self.center, patient.as_bytes()), patient_record)
    }

    fn patient_of_user(&self, user: &UserName) -> Result<Option<PatientId>, StoreError> {
        let sql = "SELECT f.patient FROM account a CROSS JOIN acts_for f USING (center, account)
            WHERE a.center = ?1 AND a.user_name = ?2 AND f.relation = 'self'";
        one(self.connection, sql, (self.center, user.as_str()), |row| rows::patient(row, 0))
    }

    pub(super) fn patient_data(
        &self,
        patient: PatientId,
    ) -> Result<Option<Box<PatientData>>, StoreError> {
        let sql = "SELECT added FROM patient WHERE center = ?1 AND patient = ?2";
        let key = (self.center, patient.as_bytes());
        let Some(added) = one(self.connection, sql, key, |row| rows::instant(row.get(0)?))? else {
            return Ok(None);
        };
        let accounts = self.accounts_of(patient)?;
        Ok(Some(Box::new(PatientData {
            patient,
            added,
            person: self.person(patient)?,
            users: accounts.iter().map(|(_, user)| user.clone()).collect(),
            appointments: self.appointment_data(patient)?,
            sessions: self.session_data(patient)?,
            deeds: self.deeds(patient, &accounts)?,
            accesses: self.accesses(patient, usize::MAX)?,
        })))
    }

    fn person(&self, patient: PatientId) -> Result<Option<PersonData>, StoreError> {
        let sql = "SELECT name, birth_date, contact, plan FROM person
            WHERE center = ?1 AND patient = ?2";
        one(self.connection, sql, (self.center, patient.as_bytes()), |row| {
            let (name, birth_date, contact) = (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(PersonData { name, birth_date, contact, plan: row.get(3)? })
        })
    }

    fn accounts_of(&self, patient: PatientId) -> Result<Vec<(AccountId, UserName)>, StoreError> {
        let sql = "SELECT a.account, a.user_name
            FROM acts_for f CROSS JOIN account a USING (center, account)
            WHERE f.center = ?1 AND f.patient = ?2 ORDER BY f.relation = 'self' DESC, a.user_name";
        all(self.connection, sql, (self.center, patient.as_bytes()), |row| {
            Ok((rows::account(row, 0)?, rows::user(row, 1)?))
        })
    }

    fn appointment_data(&self, patient: PatientId) -> Result<Vec<AppointmentData>, StoreError> {
        let sql = concat!(
            "SELECT ",
            appointment_columns!(),
            ", a.booked FROM appointment a CROSS JOIN slot s USING (center, slot)",
            " CROSS JOIN doctor d USING (center, doctor)",
            " WHERE a.center = ?1 AND a.patient = ?2 ORDER BY a.booked, a.appointment"
        );
        let found = all(self.connection, sql, (self.center, patient.as_bytes()), |row| {
            Ok((rows::appointment(row)?, rows::instant(row.get(APPOINTMENT_WIDTH)?)?))
        })?;
        let with_history = |(appointment, booked): (domain::Appointment, _)| {
            let history = self.history(appointment.id)?;
            Ok(AppointmentData { appointment, booked, history })
        };
        found.into_iter().map(with_history).collect()
    }

    /// One appointment, if it is this patient's.
    pub(super) fn one_appointment(
        &self,
        id: AppointmentId,
        patient: PatientId,
    ) -> Result<Option<Box<AppointmentData>>, StoreError> {
        let params = (self.center, id.as_bytes(), patient.as_bytes());
        let found = one(self.connection, ONE_APPOINTMENT, params, |row| {
            Ok((rows::appointment(row)?, rows::instant(row.get(APPOINTMENT_WIDTH)?)?))
        })?;
        let Some((appointment, booked)) = found else { return Ok(None) };
        let history = self.history(id)?;
        Ok(Some(Box::new(AppointmentData { appointment, booked, history })))
    }

    fn history(&self, appointment: AppointmentId) -> Result<Vec<StepData>, StoreError> {
        let sql = "SELECT h.version, h.at, h.what, a.role, h.reason FROM appointment_history h
            LEFT JOIN account a ON a.center = h.center AND a.account = h.actor
            WHERE h.center = ?1 AND h.appointment = ?2 ORDER BY h.version";
        all(self.connection, sql, (self.center, appointment.as_bytes()), |row| {
            Ok(StepData {
                version: row.get(0)?,
                at: rows::instant(row.get(1)?)?,
                what: row.get(2)?,
                by: rows::role(row, 3)?,
                reason: row.get(4)?,
            })
        })
    }

    fn session_data(&self, patient: PatientId) -> Result<Vec<SessionData>, StoreError> {
        let sql = "SELECT e.opened, e.used, e.expires, e.revoked
            FROM acts_for f CROSS JOIN session e USING (center, account)
            WHERE f.center = ?1 AND f.patient = ?2 ORDER BY e.opened, e.token";
        all(self.connection, sql, (self.center, patient.as_bytes()), |row| {
            Ok(SessionData {
                opened: rows::instant(row.get(0)?)?,
                used: rows::instant(row.get(1)?)?,
                expires: rows::instant(row.get(2)?)?,
                ended: row.get::<_, Option<i64>>(3)?.map(rows::instant).transpose()?,
            })
        })
    }

    /// What the patient's accounts did about the patient.
    fn deeds(
        &self,
        patient: PatientId,
        accounts: &[(AccountId, UserName)],
    ) -> Result<Vec<DeedData>, StoreError> {
        let own = |who: AuditActor| {
            accounts.iter().any(|(account, _)| who == AuditActor::Account(*account))
        };
        let records = self.audit_trail(None, Some(patient), None, usize::MAX)?;
        let deeds = records.into_iter().filter(|record| own(record.who)).map(|record| DeedData {
            at: record.at,
            verb: record.verb,
            subject: record.subject,
            outcome: record.outcome,
            source: record.source,
        });
        Ok(deeds.collect())
    }
}

/// The appointment `?2` of the patient `?3`.
pub(super) const ONE_APPOINTMENT: &str = concat!(
    "SELECT ",
    appointment_columns!(),
    ", a.booked FROM appointment a CROSS JOIN slot s USING (center, slot)",
    " CROSS JOIN doctor d USING (center, doctor)",
    " WHERE a.center = ?1 AND a.appointment = ?2 AND a.patient = ?3"
);

/// The patient `?2`.
pub(super) const PATIENT: &str = concat!(patient_record_query!(), " AND p.patient = ?2");

fn patient_record(row: &Row<'_>) -> Result<PatientRecord, StoreError> {
    let user = row.get_ref(3)?.as_bytes_or_null().map_err(|_| mistyped())?;
    Ok(PatientRecord {
        patient: rows::patient(row, 0)?,
        added: rows::instant(row.get(1)?)?,
        name: row.get(2)?,
        user: if user.is_some() { Some(rows::user(row, 3)?) } else { None },
    })
}
