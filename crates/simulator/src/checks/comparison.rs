//! All that is known of bookings against all rows of the store.

use std::collections::{HashMap, HashSet};

use domain::{AppointmentStatus, PatientId};
use store::{Answer, AppointmentRecord, Query, Reader};

use super::Violation;
use super::audit::unreadable;
use super::bookings::{Bookings, Known, ONE};

/// The check that the store holds what was decided, and nothing else.
const ROWS: &str = "the store holds what was decided";

/// Whether every row of the store was decided, and everything that was decided is in the store.
pub(super) fn compare(bookings: &Bookings, reader: &mut dyn Reader) -> Result<(), Violation> {
    let names = names(reader)?;
    let rows = match reader.read(&Query::Appointments { closed_too: true }) {
        Ok(Answer::AppointmentRecords(rows)) => rows,
        other => return Err(unreadable(&other)),
    };
    let mut live = HashSet::with_capacity(bookings.held());
    for row in &rows {
        let slot = row.appointment.slot.index.number();
        if row.appointment.status != AppointmentStatus::Cancelled && !live.insert(slot) {
            let what = format!("slot {slot} has two live appointments in the store");
            return Err(Violation::new(ONE, what));
        }
        compare_row(bookings, &names, row)?;
    }
    // The first one, so that the same world always says the same.
    let missing = bookings.live().map(|(slot, _)| slot).filter(|slot| !live.contains(slot)).min();
    if let Some(slot) = missing {
        let what = format!("slot {slot} {}, but not in the store", bookings.whose(slot));
        return Err(Violation::new(ROWS, what));
    }
    let closed = rows.len() - live.len();
    if closed != bookings.closed() {
        let what = format!(
            "{} appointments were called off, but the store has {closed} of them",
            bookings.closed()
        );
        return Err(Violation::new(ROWS, what));
    }
    Ok(())
}

fn compare_row(
    bookings: &Bookings,
    names: &HashMap<PatientId, String>,
    row: &AppointmentRecord,
) -> Result<(), Violation> {
    let found = &row.appointment;
    let (slot, version) = (found.slot.index.number(), found.version.0);
    let is_named = |patient: PatientId| names.get(&patient) == Some(&row.patient);
    let off = found.status == AppointmentStatus::Cancelled;
    let as_decided = match bookings.known(found.id) {
        Known::Live(place, held) => {
            !off && (place, held.version) == (slot, version) && is_named(held.patient)
        }
        Known::Closed(closed) => off && closed.version == version && is_named(closed.patient),
        Known::Never => false,
    };
    if as_decided {
        return Ok(());
    }
    let what = format!(
        "the store holds appointment {} of {} in slot {slot} as {}, version {version}, but {}",
        found.id,
        row.patient,
        found.status,
        bookings.of(found.id)
    );
    Err(Violation::new(ROWS, what))
}

/// What each patient is called in the rows of appointments.
fn names(reader: &mut dyn Reader) -> Result<HashMap<PatientId, String>, Violation> {
    let patients = match reader.read(&Query::Patients) {
        Ok(Answer::Patients(patients)) => patients,
        other => return Err(unreadable(&other)),
    };
    let named = patients.into_iter().map(|known| {
        let name = known.user.map_or_else(|| known.patient.to_string(), |user| user.to_string());
        (known.patient, name)
    });
    Ok(named.collect())
}
