//! The calendar with everybody on it, for the front desk.

use domain::{BlockId, DoctorName};
use jiff::Timestamp;
use rusqlite::Row;

use super::persons::{person_columns, person_record, user_of_patient};
use super::reading::Reading;
use super::rows::{self, APPOINTMENT_WIDTH, appointment_columns, slot_columns};
use super::statements::all;
use crate::{BlockRecord, Place, Sheet, SheetRow, StoreError};

/// What a [`SheetRow`] is read with, of slots that begin at `?2` or later and before `?3`, with the
/// holds that are not over at `?4`; `$also` says which of them.
macro_rules! sheet_query {
    ($also:literal) => {
        concat!(
            "SELECT ",
            appointment_columns!(),
            ", c.expires, coalesce(a.patient, c.held_by) AS who, ",
            person_columns!(),
            ", ",
            user_of_patient!("coalesce(a.patient, c.held_by)"),
            " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
            " LEFT JOIN claim c ON c.center = s.center AND c.slot = s.slot",
            "  AND (c.expires IS NULL OR c.expires > ?4)",
            " LEFT JOIN appointment a ON a.center = c.center AND a.appointment = c.appointment",
            " LEFT JOIN person q ON q.center = s.center",
            "  AND q.patient = coalesce(a.patient, c.held_by)",
            " WHERE s.center = ?1 AND s.state = 'published'",
            " AND s.starts >= ?2 AND s.starts < ?3",
            $also,
            " ORDER BY s.starts, d.name, s.slot"
        )
    };
}

/// Everybody's slots.
pub(super) const SHEET: &str = sheet_query!("");

/// Those of the doctor named `?5`.
pub(super) const SHEET_OF_DOCTOR: &str =
    sheet_query!(" AND s.doctor = (SELECT doctor FROM doctor WHERE center = ?1 AND name = ?5)");

/// What is blocked of the time from `?2` to `?3`, of the doctor named `?4` (NULL: of anybody).
pub(super) const BLOCKS: &str = "SELECT b.block, d.name, b.starts, b.ends, b.reason
    FROM blocked b CROSS JOIN doctor d USING (center, doctor)
    WHERE b.center = ?1 AND b.lifted IS NULL AND b.ends > ?2 AND b.starts < ?3
      AND (?4 IS NULL OR d.name = ?4)
    ORDER BY b.starts, b.block";

impl Reading<'_> {
    pub(super) fn sheet(
        &self,
        doctor: Option<&DoctorName>,
        (from, until): (Timestamp, Timestamp),
        now: Timestamp,
    ) -> Result<Sheet, StoreError> {
        let (from, until) = (from.as_millisecond(), until.as_millisecond());
        let now = now.as_millisecond();
        let rows = match doctor {
            None => all(self.connection, SHEET, (self.center, from, until, now), sheet_row)?,
            Some(doctor) => {
                let params = (self.center, from, until, now, doctor.as_str());
                all(self.connection, SHEET_OF_DOCTOR, params, sheet_row)?
            }
        };
        let params = (self.center, from, until, doctor.map(DoctorName::as_str));
        let blocks = all(self.connection, BLOCKS, params, |row| {
            let reason: Option<String> = row.get(4)?;
            Ok(BlockRecord {
                block: BlockId(row.get(0)?),
                doctor: rows::doctor_name(row.get_ref(1)?.as_str().map_err(rows::corrupt)?)?,
                from: rows::instant(row.get(2)?)?,
                until: rows::instant(row.get(3)?)?,
                reason: reason.map(|it| it.parse()).transpose().map_err(rows::corrupt)?,
            })
        })?;
        Ok(Sheet { rows, blocks })
    }
}

fn sheet_row(row: &Row<'_>) -> Result<SheetRow, StoreError> {
    let slot = rows::slot(row)?;
    let who = APPOINTMENT_WIDTH + 1;
    if row.get_ref(who)?.as_blob_or_null().map_err(rows::corrupt)?.is_none() {
        return Ok(SheetRow { slot, place: Place::Free });
    }
    let who = person_record(row, who)?;
    let place = match row.get::<_, Option<i64>>(APPOINTMENT_WIDTH)? {
        Some(expires) => Place::Held { who, expires: rows::instant(expires)? },
        None => Place::Booked { appointment: Box::new(rows::appointment(row)?), who },
    };
    Ok(SheetRow { slot, place })
}
