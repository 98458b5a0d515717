use super::*;

/// The file of a visit, with the lines that are the same in each left out.
fn check(zone: &str, start: &str, end: &str, expected: &[&str]) {
    let zone = TimeZone::get(zone).unwrap();
    let entry = visit(start.parse().unwrap(), end.parse().unwrap());
    let head = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Rendezvous//Appointments//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ];
    let lines = head.iter().chain(expected);
    let expected: String = lines.map(|line| format!("{line}\r\n")).collect();
    assert_eq!(calendar(&entry, &zone), expected);
}

fn visit(start: Timestamp, end: Timestamp) -> Entry<'static> {
    Entry {
        uid: "01234567-89ab-cdef-0123-456789abcdef@clinic.example",
        sequence: 2,
        made: "2026-10-01T12:00:00Z".parse().unwrap(),
        changed: "2026-09-30T08:30:05Z".parse().unwrap(),
        start,
        end,
        standing: Standing::Confirmed,
        summary: "Visit to doc1",
        location: "Calle Mayor 1; Madrid, 2\\B",
        url: "https://clinic.example/appointments/1",
    }
}

/// What follows the times.
const REST: [&str; 6] = [
    "SUMMARY:Visit to doc1",
    "LOCATION:Calle Mayor 1\\; Madrid\\, 2\\\\B",
    "URL:https://clinic.example/appointments/1",
    "STATUS:CONFIRMED",
    "END:VEVENT",
    "END:VCALENDAR",
];

/// What precedes them.
const FIRST: [&str; 5] = [
    "BEGIN:VEVENT",
    "UID:01234567-89ab-cdef-0123-456789abcdef@clinic.example",
    "SEQUENCE:2",
    "DTSTAMP:20261001T120000Z",
    "LAST-MODIFIED:20260930T083005Z",
];

/// A whole file: a zone's lines, then the times.
fn whole(zone: &[&'static str], times: [&'static str; 2]) -> Vec<&'static str> {
    [zone, &FIRST, &times, &REST].concat()
}

#[test]
fn a_visit_across_the_end_of_summer_time_in_madrid_has_both_times() {
    let zone = [
        "BEGIN:VTIMEZONE",
        "TZID:Europe/Madrid",
        "BEGIN:STANDARD",
        "DTSTART:20251026T030000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20260329T020000",
        "TZOFFSETFROM:+0100",
        "TZOFFSETTO:+0200",
        "TZNAME:CEST",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20261025T030000",
        "TZOFFSETFROM:+0200",
        "TZOFFSETTO:+0100",
        "TZNAME:CET",
        "END:STANDARD",
        "END:VTIMEZONE",
    ];
    let times =
        ["DTSTART;TZID=Europe/Madrid:20261025T013000", "DTEND;TZID=Europe/Madrid:20261025T033000"];
    check("Europe/Madrid", "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z", &whole(&zone, times));
}

#[test]
fn a_moment_that_the_clocks_show_twice_is_written_in_utc() {
    let times = ["DTSTART:20261025T013000Z", "DTEND:20261025T023000Z"];
    check("Europe/Madrid", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z", &whole(&[], times));
}

#[test]
fn new_york_has_its_own_changes() {
    let zone = [
        "BEGIN:VTIMEZONE",
        "TZID:America/New_York",
        "BEGIN:STANDARD",
        "DTSTART:20261101T020000",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "TZNAME:EST",
        "END:STANDARD",
        "BEGIN:DAYLIGHT",
        "DTSTART:20270314T020000",
        "TZOFFSETFROM:-0500",
        "TZOFFSETTO:-0400",
        "TZNAME:EDT",
        "END:DAYLIGHT",
        "BEGIN:STANDARD",
        "DTSTART:20271107T020000",
        "TZOFFSETFROM:-0400",
        "TZOFFSETTO:-0500",
        "TZNAME:EST",
        "END:STANDARD",
        "END:VTIMEZONE",
    ];
    let times = [
        "DTSTART;TZID=America/New_York:20270115T093000",
        "DTEND;TZID=America/New_York:20270115T100000",
    ];
    check("America/New_York", "2027-01-15T14:30:00Z", "2027-01-15T15:00:00Z", &whole(&zone, times));
}

#[test]
fn utc_needs_no_zone() {
    let times = ["DTSTART:20261124T100000Z", "DTEND:20261124T110000Z"];
    check("UTC", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", &whole(&[], times));
    check("Etc/UTC", "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", &whole(&[], times));
}

#[test]
fn a_zone_without_summer_time_has_the_one_time_that_holds_since_its_last_change() {
    let zone = [
        "BEGIN:VTIMEZONE",
        "TZID:Asia/Kolkata",
        "BEGIN:STANDARD",
        "DTSTART:19451015T000000",
        "TZOFFSETFROM:+0630",
        "TZOFFSETTO:+0530",
        "TZNAME:IST",
        "END:STANDARD",
        "END:VTIMEZONE",
    ];
    let times =
        ["DTSTART;TZID=Asia/Kolkata:20261124T100000", "DTEND;TZID=Asia/Kolkata:20261124T103000"];
    check("Asia/Kolkata", "2026-11-24T04:30:00Z", "2026-11-24T05:00:00Z", &whole(&zone, times));
}

#[test]
fn a_zone_whose_clocks_never_changed_says_so_since_the_epoch() {
    let zone = [
        "BEGIN:VTIMEZONE",
        "TZID:Etc/GMT+3",
        "BEGIN:STANDARD",
        "DTSTART:19691231T210000",
        "TZOFFSETFROM:-0300",
        "TZOFFSETTO:-0300",
        "TZNAME:-03",
        "END:STANDARD",
        "END:VTIMEZONE",
    ];
    let times = ["DTSTART;TZID=Etc/GMT+3:20261124T100000", "DTEND;TZID=Etc/GMT+3:20261124T103000"];
    check("Etc/GMT+3", "2026-11-24T13:00:00Z", "2026-11-24T13:30:00Z", &whole(&zone, times));
}

#[test]
fn a_cancelled_visit_is_struck_out() {
    let start = "2026-11-24T10:00:00Z".parse().unwrap();
    let end = "2026-11-24T11:00:00Z".parse().unwrap();
    let file = calendar(
        &Entry { standing: Standing::Cancelled, sequence: 3, ..visit(start, end) },
        &TimeZone::UTC,
    );
    assert!(file.contains("\r\nSTATUS:CANCELLED\r\n"), "{file}");
    assert!(file.contains("\r\nSEQUENCE:3\r\n"), "{file}");
}

#[test]
fn a_long_line_is_folded_and_no_character_is_cut() {
    let mut file = File(String::new());
    file.line(&format!("SUMMARY:{}", "é".repeat(70)));
    let expected = format!("SUMMARY:{}\r\n {}\r\n", "é".repeat(33), "é".repeat(37));
    assert_eq!(file.0, expected);
    assert!(file.0.lines().all(|line| line.len() <= LINE_BYTES_MAX));
}

#[test]
fn a_line_break_in_a_text_begins_no_property() {
    assert_eq!(escaped("a\r\nATTENDEE:x\u{2068}y\u{2069}"), "a\\nATTENDEE:xy");
}
