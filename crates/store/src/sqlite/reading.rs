//! Answers: each from one short read transaction, by an index.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{CenterId, PatientId, UserName};
use jiff::Timestamp;
use rusqlite::Connection;

use super::StoreFile;
use super::accounts::totp_of;
use super::free::Span;
use super::rows::{
    self, APPOINTMENT_WIDTH, SLOT_WIDTH, appointment_columns, name_of_patient, slot_columns,
};
use super::sessions::{Ground, idle_since, is_open, stands};
use super::statements::{all, one};
use crate::{
    AccountRecord, Answer, AppointmentRecord, CenterRecord, PasswordHash, Query, Reader,
    SlotRecord, Standing, StoreError, TokenHash,
};

/// A reader with a connection of its own.
pub(super) struct FileReader {
    connection: Connection,
    center: CenterId,
    /// Keeps the store from being replaced.
    _file: Arc<StoreFile>,
}

impl FileReader {
    pub(super) fn new(file: Arc<StoreFile>, connection: Connection, center: CenterId) -> Self {
        Self { connection, center, _file: file }
    }
}

impl Reader for FileReader {
    fn read(&mut self, query: &Query) -> Result<Answer, StoreError> {
        answer(&self.connection, self.center, query)
    }
}

/// A reader of a database in memory.
pub(super) struct MemoryReader {
    shared: Arc<Mutex<Connection>>,
    center: CenterId,
}

impl MemoryReader {
    pub(super) fn new(shared: Arc<Mutex<Connection>>, center: CenterId) -> Self {
        Self { shared, center }
    }
}

impl Reader for MemoryReader {
    fn read(&mut self, query: &Query) -> Result<Answer, StoreError> {
        let connection = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        answer(&connection, self.center, query)
    }
}

/// What the questions are asked of. The files beside this one add to it what it answers.
pub(super) struct Reading<'c> {
    pub(super) connection: &'c Connection,
    pub(super) center: i64,
}

fn answer(connection: &Connection, center: CenterId, query: &Query) -> Result<Answer, StoreError> {
    // One transaction, also for a question of several statements; dropped, it ends.
    let transaction = connection.unchecked_transaction()?;
    let reading = Reading { connection: &transaction, center: i64::from(center.0) };
    if let Some((standing, now)) = query.standing()
        && !reading.stands(standing, now)?
    {
        return Ok(Answer::NoStanding);
    }
    Ok(match query {
        Query::Center => Answer::Center(reading.center()?),
        Query::Account(user) => Answer::Account(reading.account(user)?),
        Query::Session { token, now } => Answer::Account(reading.session(token, *now)?),
        Query::KnownUsers(users) => Answer::Users(reading.known_users(users)?),
        Query::FreeSlotsByIndex { from, until, limit, .. } => {
            Answer::Slots(reading.free_slots_by_index(*from, *until, *limit)?)
        }
        Query::FreeSlotsByTime { doctor, now, from, until, after, limit, .. } => {
            let span = Span { now: *now, from: *from, until: *until, after: *after };
            Answer::Slots(reading.free_slots_by_time(doctor.as_ref(), &span, *limit)?)
        }
        Query::FreeSlots(wanted) => Answer::Slots(reading.free_slots(wanted)?),
        Query::PublishedSlot { slot, now } => Answer::Slots(reading.published_slot(*slot, *now)?),
        Query::Clinic { now } => Answer::Clinic(reading.clinic(*now)?),
        Query::Holds { patient, now, .. } => Answer::Holds(reading.holds(*patient, *now)?),
        Query::Appointment { appointment, patient, .. } => {
            Answer::Appointment(reading.one_appointment(*appointment, *patient)?)
        }
        Query::Household { standing, .. } => Answer::Household(reading.household(standing)?),
        Query::Sheet { doctor, from, until, now, .. } => {
            Answer::Sheet(reading.sheet(doctor.as_ref(), (*from, *until), *now)?)
        }
        Query::FindPeople { text, limit, .. } => Answer::People(reading.find_people(text, *limit)?),
        Query::Accounts { text, after, limit, now, .. } => {
            Answer::Accounts(reading.accounts(text, after.as_ref(), *limit, *now)?)
        }
        Query::Invitation { code, now } => Answer::Invited(reading.invited(code, *now)?),
        Query::Person { patient, .. } => Answer::People(reading.person_record(*patient)?),
        Query::AppointmentsOf { patient, limit, .. } => {
            Answer::Appointments(reading.appointments_of(*patient, *limit)?)
        }
        Query::Sessions { now } => Answer::Sessions(reading.sessions(*now)?),
        Query::AuditTrail { since, patient, after, limit } => {
            Answer::AuditTrail(reading.audit_trail(*since, *patient, *after, *limit)?)
        }
        Query::AuditLatest { since, until, patient, before, limit } => {
            let span = (*since, *until);
            Answer::AuditTrail(reading.audit_latest(span, *patient, *before, *limit)?)
        }
        Query::AuditHead => Answer::AuditHead(reading.audit_head()?),
        Query::Accesses { patient, limit, .. } => {
            Answer::Accesses(reading.accesses(*patient, *limit)?)
        }
        Query::ChangedAppointments { doctor, since, limit, .. } => {
            reading.changed_appointments(doctor, *since, *limit)?
        }
        Query::Patient(choice) => Answer::Patient(reading.patient(choice)?),
        Query::PatientData(patient) => Answer::PatientData(reading.patient_data(*patient)?),
        Query::Patients => Answer::Patients(reading.patients()?),
        Query::Doctors => Answer::Doctors(reading.doctors()?),
        Query::Slots => Answer::SlotRecords(reading.slots()?),
        Query::Appointments { closed_too } => {
            Answer::AppointmentRecords(reading.appointments(*closed_too)?)
        }
    })
}

/// What an account is read with, from an account `a`.
macro_rules! account_query {
    ($used:literal, $from:literal) => {
        concat!(
            "SELECT a.account, a.user_name,",
            " (SELECT f.patient FROM acts_for f WHERE f.center = a.center",
            "  AND f.account = a.account ORDER BY f.relation = 'self' DESC, f.patient LIMIT 1),",
            " (SELECT c.secret FROM credential c WHERE c.center = a.center",
            "  AND c.account = a.account AND c.kind = 'password' AND c.revoked IS NULL),",
            " (SELECT c.credential FROM credential c WHERE c.center = a.center",
            "  AND c.account = a.account AND c.kind = 'password' AND c.revoked IS NULL),",
            " a.role,",
            " (SELECT d.name FROM speaks_for f CROSS JOIN doctor d USING (center, doctor)",
            "  WHERE f.center = a.center AND f.account = a.account),",
            " (SELECT c.secret FROM credential c WHERE c.center = a.center",
            "  AND c.account = a.account AND c.kind = 'totp' AND c.revoked IS NULL),",
            " a.ended, ",
            $used,
            $from
        )
    };
}

impl Reading<'_> {
    fn stands(&self, standing: &Standing, now: Timestamp) -> Result<bool, StoreError> {
        let ground = stands(self.connection, self.center, standing, now.as_millisecond())?;
        Ok(ground != Ground::Lost)
    }

    fn center(&self) -> Result<Option<CenterRecord>, StoreError> {
        let sql = "SELECT zone FROM center WHERE center = ?1 AND zone IS NOT NULL";
        one(self.connection, sql, [self.center], |row| Ok(CenterRecord { zone: row.get(0)? }))
    }

    fn account(&self, user: &UserName) -> Result<Option<AccountRecord>, StoreError> {
        find_account(self.connection, ACCOUNT, (self.center, user.as_str()), self.center)
    }

    fn session(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<AccountRecord>, StoreError> {
        let now = now.as_millisecond();
        let params = (self.center, token.as_bytes(), now, idle_since(now));
        find_account(self.connection, SESSION, params, self.center)
    }

    fn known_users(&self, users: &[UserName]) -> Result<Vec<UserName>, StoreError> {
        let sql = "SELECT 1 FROM account WHERE center = ?1 AND user_name = ?2";
        let mut known = Vec::new();
        for user in users {
            if one(self.connection, sql, (self.center, user.as_str()), |_| Ok(()))?.is_some() {
                known.push(user.clone());
            }
        }
        Ok(known)
    }

    fn appointments_of(
        &self,
        patient: PatientId,
        limit: usize,
    ) -> Result<Vec<domain::Appointment>, StoreError> {
        let params = (self.center, patient.as_bytes(), rows_at_most(limit));
        all(self.connection, APPOINTMENTS_OF, params, rows::appointment)
    }

    fn doctors(&self) -> Result<Vec<domain::Doctor>, StoreError> {
        let sql = "SELECT name, host, port, sealing_key, verifying_key FROM doctor
            WHERE center = ?1 ORDER BY name";
        all(self.connection, sql, [self.center], |row| rows::doctor(row, 0))
    }

    fn slots(&self) -> Result<Vec<SlotRecord>, StoreError> {
        let sql = concat!(
            "SELECT ",
            slot_columns!(),
            ", ",
            name_of_patient!("coalesce(a.patient, c.held_by)"),
            " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
            " LEFT JOIN claim c ON c.center = s.center AND c.slot = s.slot",
            " LEFT JOIN appointment a ON a.center = c.center AND a.appointment = c.appointment",
            " WHERE s.center = ?1 AND s.state = 'published' ORDER BY s.starts, s.slot"
        );
        all(self.connection, sql, [self.center], |row| {
            Ok(SlotRecord { slot: rows::slot(row)?, held_by: rows::name_or_id(row, SLOT_WIDTH)? })
        })
    }

    fn appointments(&self, closed_too: bool) -> Result<Vec<AppointmentRecord>, StoreError> {
        let sql = concat!(
            "SELECT ",
            appointment_columns!(),
            ", a.booked, ",
            name_of_patient!("a.patient"),
            " FROM appointment a CROSS JOIN slot s USING (center, slot)",
            " CROSS JOIN doctor d USING (center, doctor)",
            " WHERE a.center = ?1 AND (?2 OR a.status IN ('booked', 'arrived'))",
            " ORDER BY s.starts, a.appointment"
        );
        all(self.connection, sql, (self.center, closed_too), |row| {
            Ok(AppointmentRecord {
                appointment: rows::appointment(row)?,
                booked: rows::instant(row.get(APPOINTMENT_WIDTH)?)?,
                patient: rows::name_or_id(row, APPOINTMENT_WIDTH + 1)?.ok_or_else(mistyped)?,
            })
        })
    }
}

/// An account by user name.
pub(super) const ACCOUNT: &str =
    account_query!("NULL", " FROM account a WHERE a.center = ?1 AND a.user_name = ?2");

/// The account of a session that is open at `?3`, idle since `?4` or later.
pub(super) const SESSION: &str = concat!(
    account_query!(
        "e.used",
        " FROM session e CROSS JOIN account a USING (center, account)
        WHERE e.center = ?1 AND e.token = ?2"
    ),
    is_open!()
);

/// The appointments of patient `?2`.
pub(super) const APPOINTMENTS_OF: &str = concat!(
    "SELECT ",
    appointment_columns!(),
    " FROM appointment a CROSS JOIN slot s USING (center, slot)",
    " CROSS JOIN doctor d USING (center, doctor)",
    " WHERE a.center = ?1 AND a.patient = ?2",
    " ORDER BY a.status = 'booked' DESC, s.starts, a.appointment LIMIT ?3"
);

/// Everybody for whom the account `?2` acts, its own patient first.
pub(super) const TENDS: &str = "SELECT patient FROM acts_for
    WHERE center = ?1 AND account = ?2 ORDER BY relation = 'self' DESC, added, patient";

/// An account from what [`ACCOUNT`] and [`SESSION`] give, but for whom it acts.
fn account_record(row: &rusqlite::Row<'_>) -> Result<AccountRecord, StoreError> {
    Ok(AccountRecord {
        account: rows::account(row, 0)?,
        user: rows::user(row, 1)?,
        patient: row.get::<_, Option<[u8; 16]>>(2)?.map(PatientId::from_bytes),
        password: row.get::<_, Option<String>>(3)?.map(PasswordHash::new),
        credential: row.get(4)?,
        ended: row.get(8)?,
        role: rows::role(row, 5)?.ok_or_else(mistyped)?,
        doctor: row
            .get::<_, Option<String>>(6)?
            .map(|name| rows::doctor_name(&name))
            .transpose()?,
        totp: match row.get::<_, Option<String>>(7)? {
            Some(secret) => Some(totp_of(&secret).ok_or_else(mistyped)?),
            None => None,
        },
        tends: Vec::new(),
        used: row.get::<_, Option<i64>>(9)?.map(rows::instant).transpose()?,
    })
}

/// The account that [`ACCOUNT`] or [`SESSION`] finds, with everybody for whom it acts.
pub(super) fn find_account(
    connection: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
    center: i64,
) -> Result<Option<AccountRecord>, StoreError> {
    let found = one(connection, sql, params, account_record)?;
    let Some(account) = found else { return Ok(None) };
    let key = (center, account.account.as_bytes());
    let tends = all(connection, TENDS, key, |row| rows::patient(row, 0))?;
    Ok(Some(AccountRecord { tends, ..account }))
}

pub(super) fn rows_at_most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

pub(super) fn mistyped() -> StoreError {
    StoreError::Corrupt("a column of another type".to_owned())
}
