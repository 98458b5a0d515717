//! Rows as values of the domain. A value that the domain refuses means that the file was changed by
//! something other than this program: [`StoreError::Corrupt`].

use std::fmt::Display;

use domain::{
    AccountId, Appointment, AppointmentId, AppointmentStatus, Doctor, DoctorAddress, DoctorKeys,
    DoctorName, PatientId, PersonName, Role, SealingKey, Service, Slot, SlotId, SlotIndex,
    UserName, VerifyingKey, Version,
};
use jiff::Timestamp;
use rusqlite::Row;

use crate::StoreError;

/// The columns that [`slot`] reads, of a slot `s` and its doctor `d`.
macro_rules! slot_columns {
    () => {
        "s.slot, s.idx, s.starts, s.ends, s.service, d.name, d.host, d.port, \
         d.sealing_key, d.verifying_key"
    };
}

/// The columns that [`appointment`] reads, of an appointment `a`, its slot `s` and its doctor `d`.
macro_rules! appointment_columns {
    () => {
        concat!(slot_columns!(), ", a.appointment, a.version, a.status")
    };
}

/// The user name of the patient `$patient` of the center `?1`, or the patient's id where nobody
/// acts for the patient. An account of the patient's own comes before another one's.
macro_rules! name_of_patient {
    ($patient:literal) => {
        concat!(
            "coalesce((SELECT n.user_name FROM acts_for f",
            " JOIN account n ON n.center = f.center AND n.account = f.account",
            " WHERE f.center = ?1 AND f.patient = ",
            $patient,
            " ORDER BY f.relation = 'self' DESC, f.account LIMIT 1), ",
            $patient,
            ")"
        )
    };
}

pub(super) use {appointment_columns, name_of_patient, slot_columns};

/// How many columns a slot takes.
pub(super) const SLOT_WIDTH: usize = 10;

/// How many columns an appointment takes.
pub(super) const APPOINTMENT_WIDTH: usize = SLOT_WIDTH + 3;

/// A slot from the first columns of a row.
pub(super) fn slot(row: &Row<'_>) -> Result<Slot, StoreError> {
    Ok(Slot {
        id: SlotId(row.get(0)?),
        index: SlotIndex::new(row.get(1)?).map_err(corrupt)?,
        start: instant(row.get(2)?)?,
        end: instant(row.get(3)?)?,
        service: Service::new(row.get_ref(4)?.as_str().map_err(corrupt)?).map_err(corrupt)?,
        doctor: doctor(row, 5)?,
    })
}

/// A doctor from name, host, port and the two keys.
pub(super) fn doctor(row: &Row<'_>, first: usize) -> Result<Doctor, StoreError> {
    let name = row.get_ref(first)?.as_str().map_err(corrupt)?;
    let host = match row.get::<_, Option<String>>(first + 1)? {
        Some(text) => Some(text.parse().map_err(corrupt)?),
        None => None,
    };
    let address = DoctorAddress { host, port: row.get(first + 2)? };
    let (sealing, verifying): (Option<[u8; 32]>, _) = (row.get(first + 3)?, row.get(first + 4)?);
    let keys = sealing.zip(verifying).map(|(sealing, verifying)| DoctorKeys {
        sealing: SealingKey(sealing),
        verifying: VerifyingKey(verifying),
    });
    Ok(Doctor { name: DoctorName::new(name).map_err(corrupt)?, address, keys })
}

/// An appointment with its slot, from the first columns of a row.
pub(super) fn appointment(row: &Row<'_>) -> Result<Appointment, StoreError> {
    let status = row.get_ref(SLOT_WIDTH + 2)?.as_str().map_err(corrupt)?;
    Ok(Appointment {
        slot: slot(row)?,
        id: AppointmentId::from_bytes(row.get(SLOT_WIDTH)?),
        version: Version(row.get(SLOT_WIDTH + 1)?),
        status: AppointmentStatus::from_word(status).ok_or_else(|| corrupt(status))?,
    })
}

/// A patient's id.
pub(super) fn patient(row: &Row<'_>, column: usize) -> Result<PatientId, StoreError> {
    Ok(PatientId::from_bytes(row.get(column)?))
}

/// An account's id.
pub(super) fn account(row: &Row<'_>, column: usize) -> Result<AccountId, StoreError> {
    Ok(AccountId::from_bytes(row.get(column)?))
}

/// A user name.
pub(super) fn user(row: &Row<'_>, column: usize) -> Result<UserName, StoreError> {
    UserName::new(row.get_ref(column)?.as_str().map_err(corrupt)?).map_err(corrupt)
}

/// A doctor's name.
pub(super) fn doctor_name(name: &str) -> Result<DoctorName, StoreError> {
    DoctorName::new(name).map_err(corrupt)
}

/// The longest name of a person that is shown, in bytes.
const PERSON_NAME_BYTES_MAX: usize = 256;

/// What a person is called; `None` when it is not known. A name that was kept before names were
/// checked is shown as far as it can be.
pub(super) fn person_name(row: &Row<'_>, column: usize) -> Result<Option<PersonName>, StoreError> {
    let Some(text) = row.get_ref(column)?.as_str_or_null().map_err(corrupt)? else {
        return Ok(None);
    };
    let shown = PersonName::new(text).or_else(|_| {
        let mut printable: String = text.chars().filter(|c| !c.is_control()).collect();
        printable.truncate(printable.floor_char_boundary(PERSON_NAME_BYTES_MAX));
        PersonName::new(&printable)
    });
    Ok(shown.ok())
}

/// A role; `None` where there is no account.
pub(super) fn role(row: &Row<'_>, column: usize) -> Result<Option<Role>, StoreError> {
    let word = row.get_ref(column)?.as_str_or_null().map_err(corrupt)?;
    word.map(|word| word.parse().map_err(corrupt)).transpose()
}

/// What [`name_of_patient`] gives: the user name as text, or the id as bytes.
pub(super) fn name_or_id(row: &Row<'_>, column: usize) -> Result<Option<String>, StoreError> {
    use rusqlite::types::ValueRef;
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        ValueRef::Text(_) => Ok(Some(row.get(column)?)),
        ValueRef::Blob(_) | ValueRef::Integer(_) | ValueRef::Real(_) => {
            patient(row, column).map(|id| Some(id.to_string()))
        }
    }
}

/// An instant from milliseconds since the Unix epoch.
pub(super) fn instant(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(corrupt)
}

/// An error about a value that the domain refuses.
pub(super) fn corrupt(reason: impl Display) -> StoreError {
    StoreError::Corrupt(reason.to_string())
}
