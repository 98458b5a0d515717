//! An appointment as a file for a calendar (iCalendar, RFC 5545), for the patient to take along.
//!
//! The UID never changes and the SEQUENCE grows, so that a calendar that has an earlier file moves or
//! strikes out what it has. What is deliberately not here: alarms, and anybody's name but the doctor's.

use std::fmt::Write as _;

use jiff::civil::DateTime;
use jiff::tz::{Dst, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The longest line, in bytes, without its end (RFC 5545 §3.1).
const LINE_BYTES_MAX: usize = 75;

/// What a calendar shall hold.
pub(crate) struct Entry<'a> {
    /// The same for life (RFC 7986 §5.3): an id that says nothing, at a host.
    pub(crate) uid: &'a str,
    /// How often it was changed.
    pub(crate) sequence: u32,
    /// When this file is made.
    pub(crate) made: Timestamp,
    /// When the appointment was last changed.
    pub(crate) changed: Timestamp,
    /// When the visit begins.
    pub(crate) start: Timestamp,
    /// When it ends.
    pub(crate) end: Timestamp,
    /// Whether it takes place.
    pub(crate) standing: Standing,
    /// What it is.
    pub(crate) summary: &'a str,
    /// Where it is.
    pub(crate) location: &'a str,
    /// Its page.
    pub(crate) url: &'a str,
}

/// Whether a visit takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It does.
    Confirmed,
    /// It was called off.
    Cancelled,
}

/// The file, with its times in `zone`.
pub(crate) fn calendar(entry: &Entry<'_>, zone: &TimeZone) -> String {
    let local = Local::of(entry, zone);
    let mut file = File(String::new());
    file.line("BEGIN:VCALENDAR");
    file.line("VERSION:2.0");
    file.line("PRODID:-//Rendezvous//Appointments//EN");
    file.line("CALSCALE:GREGORIAN");
    file.line("METHOD:PUBLISH");
    if let Some(local) = &local {
        file.zone(local.name, &observances(zone, entry.start, entry.end));
    }
    file.line("BEGIN:VEVENT");
    file.line(&format!("UID:{}", entry.uid));
    file.line(&format!("SEQUENCE:{}", entry.sequence));
    file.line(&format!("DTSTAMP:{}", universal(entry.made)));
    file.line(&format!("LAST-MODIFIED:{}", universal(entry.changed)));
    match &local {
        Some(Local { name, start, end }) => {
            file.line(&format!("DTSTART;TZID={name}:{}", basic(*start)));
            file.line(&format!("DTEND;TZID={name}:{}", basic(*end)));
        }
        None => {
            file.line(&format!("DTSTART:{}", universal(entry.start)));
            file.line(&format!("DTEND:{}", universal(entry.end)));
        }
    }
    file.line(&format!("SUMMARY:{}", escaped(entry.summary)));
    file.line(&format!("LOCATION:{}", escaped(entry.location)));
    file.line(&format!("URL:{}", entry.url));
    file.line(match entry.standing {
        Standing::Confirmed => "STATUS:CONFIRMED",
        Standing::Cancelled => "STATUS:CANCELLED",
    });
    file.line("END:VEVENT");
    file.line("END:VCALENDAR");
    file.0
}

/// The times of a visit as the zone's clocks show them.
struct Local<'z> {
    name: &'z str,
    start: DateTime,
    end: DateTime,
}

impl<'z> Local<'z> {
    /// `None` where the moments are better written in UTC: the zone is UTC or has no name, or the
    /// clocks are set back then, and the local time would be taken for the first of two moments
    /// (RFC 5545 §3.3.5).
    fn of(entry: &Entry<'_>, zone: &'z TimeZone) -> Option<Self> {
        let name = zone.iana_name().filter(|name| !matches!(*name, "UTC" | "Etc/UTC"))?;
        let local = |moment: Timestamp| {
            let shown = zone.to_datetime(moment);
            let meant = zone.to_ambiguous_timestamp(shown).earlier();
            (meant.ok() == Some(moment)).then_some(shown)
        };
        Some(Self { name, start: local(entry.start)?, end: local(entry.end)? })
    }
}

/// A stretch of time in which a zone's clocks run alike.
struct Observance {
    /// When it begins, by the clocks before it.
    onset: DateTime,
    from: Offset,
    to: Offset,
    dst: Dst,
    abbreviation: String,
}

/// What holds at the beginning of the visit's year, and every change in that year: as much as the
/// file's own times need, also after the visit was moved by some months.
fn observances(zone: &TimeZone, start: Timestamp, end: Timestamp) -> Vec<Observance> {
    let year = zone.to_datetime(start).date().first_of_year();
    let until = zone.to_datetime(end).date().last_of_year();
    let midnight = |date: jiff::civil::Date| zone.to_timestamp(date.at(0, 0, 0, 0));
    let first = midnight(year).unwrap_or(start);
    let last = midnight(until).unwrap_or(end).max(end);
    // A change right at the first moment is among the following ones.
    let before = first - SignedDuration::from_secs(1);
    let mut found: Vec<Observance> = Vec::new();
    if let Some(change) = zone.preceding(first).next() {
        found.push(observance(zone, change.timestamp()));
    }
    let following = zone.following(before).take_while(|change| change.timestamp() <= last);
    found.extend(following.map(|change| observance(zone, change.timestamp())));
    if found.first().is_none_or(|earliest| earliest.onset > zone.to_datetime(start)) {
        found.insert(0, always(zone, first));
    }
    found
}

fn observance(zone: &TimeZone, at: Timestamp) -> Observance {
    let from = zone.to_offset(at - SignedDuration::from_secs(1));
    let now = zone.to_offset_info(at);
    let (to, dst, abbreviation) = (now.offset(), now.dst(), now.abbreviation().to_owned());
    Observance { onset: from.to_datetime(at), from, to, dst, abbreviation }
}

/// For a zone whose clocks were never changed before `first`.
fn always(zone: &TimeZone, first: Timestamp) -> Observance {
    let now = zone.to_offset_info(first);
    let (to, dst, abbreviation) = (now.offset(), now.dst(), now.abbreviation().to_owned());
    Observance { onset: to.to_datetime(Timestamp::UNIX_EPOCH), from: to, to, dst, abbreviation }
}

/// A file that grows line by line.
struct File(String);

impl File {
    /// A content line, folded where it is too long, never within a character (RFC 5545 §3.1).
    fn line(&mut self, line: &str) {
        let mut width = 0;
        for character in line.chars() {
            if width + character.len_utf8() > LINE_BYTES_MAX {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(character);
            width += character.len_utf8();
        }
        self.0.push_str("\r\n");
    }

    fn zone(&mut self, name: &str, observances: &[Observance]) {
        self.line("BEGIN:VTIMEZONE");
        self.line(&format!("TZID:{name}"));
        for observance in observances {
            let kind = if observance.dst.is_dst() { "DAYLIGHT" } else { "STANDARD" };
            self.line(&format!("BEGIN:{kind}"));
            self.line(&format!("DTSTART:{}", basic(observance.onset)));
            self.line(&format!("TZOFFSETFROM:{}", offset(observance.from)));
            self.line(&format!("TZOFFSETTO:{}", offset(observance.to)));
            self.line(&format!("TZNAME:{}", escaped(&observance.abbreviation)));
            self.line(&format!("END:{kind}"));
        }
        self.line("END:VTIMEZONE");
    }
}

/// `20261124T100000` (RFC 5545 §3.3.5, form 1).
fn basic(moment: DateTime) -> String {
    moment.strftime("%Y%m%dT%H%M%S").to_string()
}

/// `20261124T090000Z` (form 2).
fn universal(moment: Timestamp) -> String {
    format!("{}Z", basic(TimeZone::UTC.to_datetime(moment)))
}

/// `+0100`, with seconds where there are some (RFC 5545 §3.3.14).
fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.abs());
    let mut text = format!("{sign}{:02}{:02}", seconds / 3_600, seconds / 60 % 60);
    if seconds % 60 != 0 {
        let _ = write!(text, "{:02}", seconds % 60);
    }
    text
}

/// A text value (RFC 5545 §3.3.11). Control characters have no place in one, nor have the marks that
/// keep directions of writing apart on a page.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' => escaped.push_str("\\n"),
            '\u{2068}' | '\u{2069}' => {}
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
