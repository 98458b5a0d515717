//! Loading the clinic's files: a week's rows become slots of the calendar.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use domain::{Doctor, DoctorAddress, DoctorName, WeekTime};
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
    /// The lines of rows that have no place this time: the clocks are set forward over their time,
    /// and the first moment after it is another slot's of the same doctor.
    pub skipped: Vec<u32>,
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
    let mut moved = Vec::new();
    let length = SignedDuration::from_mins(i64::from(calendar.slot_minutes));
    for row in rows {
        let start = row.time.next_after(calendar.now, &calendar.zone).ok_or(row.line)?;
        let end = start.checked_add(length).map_err(|_| row.line)?;
        if WeekTime::at(start, &calendar.zone) != row.time {
            moved.push(row.line);
        }
        slots.push(ImportedSlot {
            line: row.line,
            index: row.index,
            doctor: row.doctor.clone(),
            start,
            end,
        });
        doctors.entry(&row.doctor).or_insert(row.port);
    }
    let mut skipped = Vec::new();
    for line in moved {
        let Some(at) = slots.iter().position(|slot: &ImportedSlot| slot.line == line) else {
            continue;
        };
        let slot = &slots[at];
        let in_the_way = |other: &ImportedSlot| {
            let overlaps = other.start < slot.end && slot.start < other.end;
            other.line != line && other.doctor == slot.doctor && overlaps
        };
        if slots.iter().any(in_the_way) {
            slots.remove(at);
            skipped.push(line);
        }
    }
    let doctors = doctors
        .into_iter()
        .map(|(name, port)| Doctor {
            name: name.clone(),
            address: match elsewhere.get(name) {
                Some(at) => DoctorAddress { host: host_of(*at), port: at.port() },
                None => DoctorAddress { host: None, port },
            },
            keys: None,
        })
        .collect();
    Ok(Schedule { doctors, slots, skipped })
}

/// A loopback address means "on the center's host": the classic messages can say no other.
fn host_of(address: SocketAddr) -> Option<std::net::IpAddr> {
    Some(address.ip()).filter(|ip| !ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use protocol::files::parse_availabilities;

    use super::*;

    #[test]
    fn rows_of_a_week_become_slots_of_the_calendar() {
        let file = b"1 Tue 01pm doc1 41000\n2 Sun 02:30am doc2 42000\n3 Thu 2pm doc1 41000\n";
        let rows = parse_availabilities(file, 30).unwrap();
        let calendar = Calendar {
            zone: TimeZone::get("America/New_York").unwrap(),
            // The Thursday before clocks are set forward.
            now: "2026-03-05T19:00:00Z".parse().unwrap(),
            slot_minutes: 30,
        };
        let elsewhere = [("doc2", "127.0.0.1:7"), ("doc1", "192.0.2.1:9")]
            .map(|(name, at)| (DoctorName::new(name).unwrap(), at.parse().unwrap()));
        let schedule = schedule(&rows, &calendar, &elsewhere.into()).unwrap();
        let slots: Vec<String> = schedule
            .slots
            .iter()
            .map(|s| format!("{} {} {} {} {}", s.line, s.index, s.doctor, s.start, s.end))
            .collect();
        assert_eq!(
            slots,
            [
                "1 1 doc1 2026-03-10T17:00:00Z 2026-03-10T17:30:00Z",
                "2 2 doc2 2026-03-08T07:00:00Z 2026-03-08T07:30:00Z",
                // Two o'clock has just struck: next week.
                "3 3 doc1 2026-03-12T18:00:00Z 2026-03-12T18:30:00Z",
            ]
        );
        let addresses: Vec<_> = schedule.doctors.iter().map(|d| d.address).collect();
        let host = Some("192.0.2.1".parse().unwrap());
        assert_eq!(
            addresses,
            [DoctorAddress { host, port: 9 }, DoctorAddress { host: None, port: 7 }]
        );
    }

    #[test]
    fn a_row_whose_time_is_skipped_gives_way_to_the_slot_that_is_there() {
        let file = b"1 Sun 02am a 1\n2 Sun 03am a 1\n3 Sun 02:30am b 2\n4 Sun 02am c 3\n5 Sun 02:30am c 3\n";
        let rows = parse_availabilities(file, 30).unwrap();
        let calendar = Calendar {
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            now: "2026-03-28T12:00:00Z".parse().unwrap(),
            slot_minutes: 30,
        };
        let schedule = schedule(&rows, &calendar, &BTreeMap::new()).unwrap();
        let placed: Vec<(u32, String)> =
            schedule.slots.iter().map(|slot| (slot.line, slot.start.to_string())).collect();
        let three = || "2026-03-29T01:00:00Z".to_owned();
        assert_eq!(placed, [(2, three()), (3, three()), (5, three())]);
        assert_eq!(schedule.skipped, [1, 4]);
    }
}
