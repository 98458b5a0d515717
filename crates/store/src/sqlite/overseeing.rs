//! Answers for those who look after the center: sessions, the audit, who looked at whose data; and
//! for doctors, which tickets are void.

use domain::{AccountId, AppointmentId, DoctorName, PatientId, Role, Version};
use jiff::Timestamp;
use rusqlite::Row;

use super::chain::{CHAIN, CHAINED_COLUMNS};
use super::reading::{Reading, mistyped, rows_at_most};
use super::rows;
use super::sessions::{idle_since, is_open};
use super::statements::{all, one};
use crate::{
    AccessRecord, Answer, AuditActor, AuditHead, AuditRecord, SessionId, SessionRecord, StoreError,
};

impl Reading<'_> {
    pub(super) fn sessions(&self, now: Timestamp) -> Result<Vec<SessionRecord>, StoreError> {
        let now = now.as_millisecond();
        // The first moment is for the index, the other two for `is_open`.
        let params = (self.center, now, now, idle_since(now));
        all(self.connection, OPEN_SESSIONS, params, |row| {
            let mut first = [0; 8];
            first.copy_from_slice(&row.get::<_, [u8; 32]>(0)?[..8]);
            Ok(SessionRecord {
                session: SessionId::from_bytes(first),
                user: rows::user(row, 1)?,
                role: role_of(row, 2)?,
                opened: rows::instant(row.get(3)?)?,
                used: rows::instant(row.get(4)?)?,
                expires: rows::instant(row.get(5)?)?,
            })
        })
    }

    pub(super) fn audit_trail(
        &self,
        since: Option<Timestamp>,
        patient: Option<PatientId>,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Vec<AuditRecord>, StoreError> {
        let since = since.map_or(i64::MIN, Timestamp::as_millisecond);
        let after = after.map_or(0, |after| i64::try_from(after).unwrap_or(i64::MAX));
        let limit = rows_at_most(limit);
        match &patient {
            None => {
                let params = (self.center, CHAIN, after, since, limit);
                all(self.connection, AUDIT_TRAIL, params, audit_record)
            }
            Some(patient) => {
                let params = (self.center, CHAIN, after, since, limit, patient.as_bytes());
                all(self.connection, AUDIT_OF_PATIENT, params, audit_record)
            }
        }
    }

    pub(super) fn audit_head(&self) -> Result<Option<AuditHead>, StoreError> {
        let sql = "SELECT entry, mac FROM audit WHERE center = ?1 AND chain = ?2
            ORDER BY entry DESC LIMIT 1";
        let head = one(self.connection, sql, (self.center, CHAIN), |row| {
            let mac = row.get::<_, Option<[u8; 32]>>(1)?;
            Ok(mac.map(|mac| Ok::<_, StoreError>(AuditHead { entry: entry(row, 0)?, mac })))
        })?;
        head.flatten().transpose()
    }

    pub(super) fn accesses(
        &self,
        patient: PatientId,
        limit: usize,
    ) -> Result<Vec<AccessRecord>, StoreError> {
        let params = (self.center, patient.as_bytes(), CHAIN, rows_at_most(limit));
        all(self.connection, ACCESSES, params, |row| {
            let subject: Option<String> = row.get(3)?;
            Ok(AccessRecord {
                at: rows::instant(row.get(0)?)?,
                role: rows::role(row, 1)?,
                verb: row.get(2)?,
                appointment: match subject.filter(|_| row.get(4) == Ok(true)) {
                    Some(id) => Some(id.parse().map_err(rows::corrupt)?),
                    None => None,
                },
            })
        })
    }

    /// A page of changes, and since when the rest is to be asked for. No moment is divided: whoever
    /// asks on from a moment would get the same page again where a page is full of it.
    pub(super) fn changed_appointments(
        &self,
        doctor: &DoctorName,
        since: Timestamp,
        limit: usize,
    ) -> Result<Answer, StoreError> {
        let since = since.as_millisecond();
        let read = |until: i64, limit: usize| {
            let key = (self.center, since, doctor.as_str(), rows_at_most(limit), until);
            all(self.connection, CHANGED_APPOINTMENTS, key, |row| {
                let change = (AppointmentId::from_bytes(row.get(0)?), Version(row.get(1)?));
                Ok((change, row.get::<_, i64>(2)?))
            })
        };
        let changes_of = |rows: Vec<(_, i64)>| rows.into_iter().map(|(change, _)| change).collect();
        let page = read(i64::MAX, limit)?;
        match page.last() {
            Some(&(_, last)) if page.len() >= limit => {
                let rest = rows::instant(last.saturating_add(1))?;
                let changes = changes_of(read(last, usize::MAX)?);
                Ok(Answer::Changes { changes, rest: Some(rest) })
            }
            _ => Ok(Answer::Changes { changes: changes_of(page), rest: None }),
        }
    }
}

/// The sessions that are open at `?3`, idle since `?4` or later.
pub(super) const OPEN_SESSIONS: &str = concat!(
    "SELECT e.token, a.user_name, a.role, e.opened, e.used, e.expires",
    " FROM session e CROSS JOIN account a USING (center, account)",
    " WHERE e.center = ?1 AND e.expires > ?2",
    is_open!(),
    " ORDER BY a.user_name, e.opened, e.token"
);

/// What a record of the audit `u` is read with.
macro_rules! audit_record_columns {
    () => {
        "u.center, u.chain, u.entry, u.at, u.actor, u.who, u.verb, u.subject, u.patient, \
         u.outcome, u.source, u.times, u.mac, a.user_name, a.role"
    };
}

/// The records after number `?3` and not before the moment `?4`.
pub(super) const AUDIT_TRAIL: &str = concat!(
    "SELECT ",
    audit_record_columns!(),
    " FROM audit u LEFT JOIN account a ON a.center = u.center AND a.account = u.who",
    " WHERE u.center = ?1 AND u.chain = ?2 AND u.entry > ?3 AND u.at >= ?4",
    " ORDER BY u.entry LIMIT ?5"
);

/// The same, about the patient `?6`.
pub(super) const AUDIT_OF_PATIENT: &str = concat!(
    "SELECT ",
    audit_record_columns!(),
    " FROM audit u LEFT JOIN account a ON a.center = u.center AND a.account = u.who",
    " WHERE u.center = ?1 AND u.patient = ?6 AND u.chain = ?2 AND u.entry > ?3 AND u.at >= ?4",
    " ORDER BY u.entry LIMIT ?5"
);

/// What others than the accounts of the patient `?2` did about that patient, the latest first.
pub(super) const ACCESSES: &str = "SELECT u.at, a.role, u.verb, u.subject, u.verb IN
         ('book', 'book_waived', 'cancel', 'mark', 'reschedule', 'reschedule_waived', 'ticket')
       AND u.subject LIKE '________-____-____-____-____________'
     FROM audit u LEFT JOIN account a ON a.center = u.center AND a.account = u.who
     WHERE u.center = ?1 AND u.patient = ?2 AND u.chain = ?3 AND u.actor <> 'stranger'
       AND NOT EXISTS (SELECT 1 FROM acts_for f WHERE f.center = u.center
         AND f.account = u.who AND f.patient = u.patient)
     ORDER BY u.entry DESC LIMIT ?4";

/// The appointments with the doctor named `?3` that left their slot at `?2` or later, until `?5`.
pub(super) const CHANGED_APPOINTMENTS: &str = "SELECT h.appointment, h.version, h.at
     FROM appointment_history h CROSS JOIN slot s
       ON s.center = h.center AND s.slot = h.from_slot
     WHERE h.center = ?1 AND h.at BETWEEN ?2 AND ?5 AND h.from_slot IS NOT NULL
       AND s.doctor = (SELECT doctor FROM doctor WHERE center = ?1 AND name = ?3)
     ORDER BY h.at, h.appointment, h.version LIMIT ?4";

fn audit_record(row: &Row<'_>) -> Result<AuditRecord, StoreError> {
    let who = row.get::<_, Option<[u8; 16]>>(5)?.map(AccountId::from_bytes);
    let actor = match (row.get_ref(4)?.as_str().map_err(rows::corrupt)?, who) {
        ("account", Some(who)) => AuditActor::Account(who),
        ("operator", None) => AuditActor::Operator,
        ("stranger", None) => AuditActor::Stranger,
        _ => return Err(mistyped()),
    };
    let account = CHAINED_COLUMNS.len() + 1;
    let source: Option<String> = row.get(10)?;
    let user: Option<String> = row.get(account)?;
    Ok(AuditRecord {
        entry: entry(row, 2)?,
        at: rows::instant(row.get(3)?)?,
        who: actor,
        user: user.map(|_| rows::user(row, account)).transpose()?,
        role: rows::role(row, account + 1)?,
        verb: row.get(6)?,
        subject: row.get(7)?,
        patient: row.get::<_, Option<[u8; 16]>>(8)?.map(PatientId::from_bytes),
        outcome: row.get(9)?,
        source: source.map(|source| source.parse().map_err(rows::corrupt)).transpose()?,
        times: row.get(11)?,
        mac: row.get(12)?,
    })
}

fn entry(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(rows::corrupt)
}

fn role_of(row: &Row<'_>, column: usize) -> Result<Role, StoreError> {
    rows::role(row, column)?.ok_or_else(mistyped)
}
