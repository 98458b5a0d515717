//! What an operator looks at, as a table for people or one JSON object a line for programs. A look
//! at other people's data is in the audit before anything is shown.
//!
//! In JSON, moments are RFC 3339 in UTC and indices are strings; in tables, moments are as clocks
//! in the center's zone show them, and the zone is named.

use anyhow::bail;
use comfy_table::{Table, presets};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::{
    Answer, AppointmentRecord, OperatorDeed, PatientRecord, Query, SessionRecord, SlotRecord,
};

use super::Books;
use crate::loading;
use crate::loading::shown_moment;

/// What stands where there is nothing.
const NOTHING: &str = "-";

/// A list: what it says in JSON, and in a table.
pub(super) struct List {
    pub(super) objects: Vec<Value>,
    pub(super) header: &'static [&'static str],
    pub(super) rows: Vec<Vec<String>>,
}

/// All patients.
pub(super) fn patients(books: &Books, json: bool) -> anyhow::Result<String> {
    books.record(OperatorDeed::LookAtPatients)?;
    let Answer::Patients(patients) = books.read(&Query::Patients)? else { bail!(MISUNDERSTOOD) };
    let row = |record: &PatientRecord| {
        vec![
            record.user.as_ref().map_or(NOTHING.to_owned(), ToString::to_string),
            record.name.clone().unwrap_or_else(|| NOTHING.to_owned()),
            shown_moment(record.added, &books.zone),
            record.patient.to_string(),
        ]
    };
    let object = |record: &PatientRecord| {
        json!({
            "patient": record.patient.to_string(),
            "user": record.user,
            "name": record.name,
            "added": record.added,
        })
    };
    let list = List {
        objects: patients.iter().map(object).collect(),
        header: &["user", "name", "added", "patient"],
        rows: patients.iter().map(row).collect(),
    };
    list.written(books, json)
}

/// All doctors.
pub(super) fn doctors(books: &Books, json: bool) -> anyhow::Result<String> {
    let Answer::Doctors(doctors) = books.read(&Query::Doctors)? else { bail!(MISUNDERSTOOD) };
    let host = |doctor: &domain::Doctor| {
        doctor.address.host.map_or("the center's".to_owned(), |host| host.to_string())
    };
    let list = List {
        objects: doctors
            .iter()
            .map(|doctor| {
                json!({
                    "doctor": doctor.name,
                    "host": doctor.address.host,
                    "port": doctor.address.port,
                })
            })
            .collect(),
        header: &["doctor", "host", "UDP port"],
        rows: doctors
            .iter()
            .map(|d| vec![d.name.to_string(), host(d), d.address.port.to_string()])
            .collect(),
    };
    list.written(books, json)
}

/// All published slots.
pub(super) fn slots(books: &Books, json: bool) -> anyhow::Result<String> {
    books.record(OperatorDeed::LookAtSlots)?;
    let Answer::SlotRecords(slots) = books.read(&Query::Slots)? else { bail!(MISUNDERSTOOD) };
    let status = |record: &SlotRecord| if record.held_by.is_some() { "booked" } else { "free" };
    let object = |record: &SlotRecord| {
        let slot = &record.slot;
        json!({
            "slot": slot.index,
            "doctor": slot.doctor.name,
            "service": slot.service,
            "start": slot.start,
            "end": slot.end,
            "status": status(record),
            "patient": record.held_by,
        })
    };
    let row = |record: &SlotRecord| {
        let slot = &record.slot;
        vec![
            slot.index.to_string(),
            shown_moment(slot.start, &books.zone),
            minutes(slot),
            slot.doctor.name.to_string(),
            slot.service.to_string(),
            status(record).to_owned(),
            record.held_by.clone().unwrap_or_else(|| NOTHING.to_owned()),
        ]
    };
    let list = List {
        objects: slots.iter().map(object).collect(),
        header: &["slot", "start", "length", "doctor", "service", "status", "patient"],
        rows: slots.iter().map(row).collect(),
    };
    list.written(books, json)
}

/// The appointments that are booked, or `all` that ever were.
pub(super) fn appointments(books: &Books, json: bool, all: bool) -> anyhow::Result<String> {
    books.record(OperatorDeed::LookAtAppointments)?;
    let query = Query::Appointments { closed_too: all };
    let Answer::AppointmentRecords(appointments) = books.read(&query)? else {
        bail!(MISUNDERSTOOD)
    };
    let object = |record: &AppointmentRecord| {
        let (appointment, slot) = (&record.appointment, &record.appointment.slot);
        json!({
            "appointment": appointment.id.to_string(),
            "version": appointment.version,
            "status": appointment.status.as_str(),
            "slot": slot.index,
            "doctor": slot.doctor.name,
            "patient": record.patient,
            "service": slot.service,
            "start": slot.start,
            "end": slot.end,
            "booked": record.booked,
        })
    };
    let row = |record: &AppointmentRecord| {
        let (appointment, slot) = (&record.appointment, &record.appointment.slot);
        vec![
            slot.index.to_string(),
            shown_moment(slot.start, &books.zone),
            minutes(slot),
            slot.doctor.name.to_string(),
            record.patient.clone(),
            appointment.status.to_string(),
            appointment.id.to_string(),
        ]
    };
    let list = List {
        objects: appointments.iter().map(object).collect(),
        header: &["slot", "start", "length", "doctor", "patient", "status", "appointment"],
        rows: appointments.iter().map(row).collect(),
    };
    list.written(books, json)
}

/// The sessions that are open now.
pub(super) fn sessions(books: &Books, json: bool) -> anyhow::Result<String> {
    books.record(OperatorDeed::LookAtSessions)?;
    let Answer::Sessions(sessions) = books.read(&Query::Sessions { now: Timestamp::now() })? else {
        bail!(MISUNDERSTOOD)
    };
    let object = |record: &SessionRecord| {
        json!({
            "session": record.session.to_string(),
            "user": record.user,
            "role": record.role,
            "opened": record.opened,
            "used": record.used,
            "expires": record.expires,
        })
    };
    let row = |record: &SessionRecord| {
        vec![
            record.session.to_string(),
            record.user.to_string(),
            record.role.to_string(),
            shown_moment(record.opened, &books.zone),
            shown_moment(record.used, &books.zone),
            shown_moment(record.expires, &books.zone),
        ]
    };
    let list = List {
        objects: sessions.iter().map(object).collect(),
        header: &["session", "user", "role", "opened", "last used", "ends at the latest"],
        rows: sessions.iter().map(row).collect(),
    };
    list.written(books, json)
}

const MISUNDERSTOOD: &str = "the store gave an answer to another question";

fn minutes(slot: &domain::Slot) -> String {
    format!("{} min", slot.end.duration_since(slot.start).as_mins())
}

impl List {
    pub(super) fn written(self, books: &Books, json: bool) -> anyhow::Result<String> {
        if json {
            let lines: Result<Vec<String>, _> =
                self.objects.iter().map(serde_json::to_string).collect();
            return Ok(lines?.join("\n"));
        }
        let mut table = Table::new();
        table.load_style(presets::UTF8_FULL_CONDENSED).set_header(self.header);
        for row in self.rows {
            table.add_row(row);
        }
        let has_times =
            self.header.iter().any(|title| matches!(*title, "start" | "added" | "when" | "opened"));
        let zone = loading::name_of(&books.zone);
        Ok(if has_times { format!("{table}\ntimes are in {zone}") } else { table.to_string() })
    }
}
