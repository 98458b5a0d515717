//! Loading the clinic's files: a week's rows become slots of the calendar.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use domain::{Doctor, DoctorAddress, DoctorName};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use protocol::files::AvailabilityRow;
use store::ImportedSlot;

/// What turns a weekday and time into a slot.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// The center's zone.
    pub zone: TimeZone,
    /// A row means the next such moment after this.
    pub now: Timestamp,
    /// How long a slot lasts.
    pub slot_minutes: u32,
}

/// A week's rows in the calendar.
#[derive(Debug, Default)]
pub struct Schedule {
    /// The doctors of the rows, each once, by name.
    pub doctors: Vec<Doctor>,
    /// The slots, in the order of the rows.
    pub slots: Vec<ImportedSlot>,
}

/// Places the rows of `availabilities.txt` in the calendar. A doctor in `elsewhere` answers there
/// instead of at the file's port on the center's host.
///
/// # Errors
/// The line of a row whose time lies beyond the calendar's end.
pub fn schedule(
    rows: &[AvailabilityRow],
    calendar: &Calendar,
    elsewhere: &BTreeMap<DoctorName, SocketAddr>,
) -> Result<Schedule, u32> {
    let mut doctors = BTreeMap::new();
    let mut slots = Vec::with_capacity(rows.len());
    let length = SignedDuration::from_mins(i64::from(calendar.slot_minutes));
    for row in rows {
        let start = row.time.next_after(calendar.now, &calendar.zone).ok_or(row.line)?;
        let end = start.checked_add(length).map_err(|_| row.line)?;
        slots.push(ImportedSlot {
            line: row.line,
            index: row.index,
            doctor: row.doctor.clone(),
            start,
            end,
        });
        doctors.entry(&row.doctor).or_insert(row.port);
    }
    let doctors = doctors
        .into_iter()
        .map(|(name, port)| Doctor {
            name: name.clone(),
            address: match elsewhere.get(name) {
                Some(at) => DoctorAddress { host: host_of(*at), port: at.port() },
                None => DoctorAddress { host: None, port },
            },
        })
        .collect();
    Ok(Schedule { doctors, slots })
}

/// A loopback address means "on the center's host": the classic messages can say no other.
fn host_of(address: SocketAddr) -> Option<std::net::IpAddr> {
    Some(address.ip()).filter(|ip| !ip.is_loopback())
}
