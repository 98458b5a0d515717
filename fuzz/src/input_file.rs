//! The clinic's files.

use std::fmt::Write as _;

use domain::Currency;
use protocol::files::{
    FileMistake, UserRow, parse_availabilities, parse_login, parse_plan, parse_tariff, parse_users,
};

/// How long a visit takes, in minutes.
const SLOT_MINUTES: u32 = 60;
/// Words of this length, in bytes, stand in no message by themselves.
const TELLING_BYTES: usize = 16;
/// A byte order mark is passed over only once: with one in front, a name may begin with another.
const BOM: &str = "\u{FEFF}";

/// Reads the bytes as every kind of file. A mistake has a place inside the file, its message no
/// password; what was read is read again when it is written down.
///
/// # Panics
/// When a parser breaks a promise.
pub fn check(data: &[u8]) {
    let currency: Currency = "USD".parse().expect("a currency");
    match parse_users(data) {
        Ok(rows) => {
            let again = parse_users(written(&rows).as_bytes()).expect("it was right before");
            let same = |(a, b): (&UserRow, &UserRow)| a.user == b.user && a.password == b.password;
            assert!(rows.len() == again.len() && rows.iter().zip(&again).all(same));
        }
        Err(mistake) => {
            check_place(data, &mistake);
            check_secrecy(data, &mistake);
        }
    }
    match parse_login(data) {
        Ok(row) => {
            let again = parse_login(written(std::slice::from_ref(&row)).as_bytes());
            assert_eq!(again.map(|row| row.password), Ok(row.password));
        }
        Err(mistake) => {
            check_place(data, &mistake);
            check_secrecy(data, &mistake);
        }
    }
    match parse_plan(data) {
        Ok(plan) => assert_eq!(parse_plan(format!("{BOM}{plan}").as_bytes()), Ok(plan)),
        Err(mistake) => check_place(data, &mistake),
    }
    match parse_tariff(data, currency) {
        Ok(tariff) => assert!(!tariff.is_empty() && tariff.len() <= data.len()),
        Err(mistake) => check_place(data, &mistake),
    }
    check_availabilities(data);
}

fn check_availabilities(data: &[u8]) {
    let rows = match parse_availabilities(data, SLOT_MINUTES) {
        Ok(rows) => rows,
        Err(mistake) => return check_place(data, &mistake),
    };
    let mut text = String::new();
    for row in &rows {
        let (index, time, doctor, port) = (row.index, row.time, &row.doctor, row.port);
        assert!(port > 0);
        writeln!(text, "{index} {time} {doctor} {port}").expect("a String takes everything");
    }
    let again = parse_availabilities(text.as_bytes(), SLOT_MINUTES).expect("it was right before");
    let essence = |rows: &[protocol::files::AvailabilityRow]| -> Vec<_> {
        rows.iter().map(|row| (row.index, row.time, row.doctor.clone(), row.port)).collect()
    };
    assert_eq!(essence(&rows), essence(&again));
}

fn written(rows: &[UserRow]) -> String {
    let rows = rows.iter().map(|row| format!("{} {}\n", row.user, row.password.expose()));
    std::iter::once(BOM.to_owned()).chain(rows).collect()
}

/// The place is in the file, or right behind the end of a line of it.
fn check_place(data: &[u8], mistake: &FileMistake) {
    assert!(!mistake.message.is_empty());
    let line = usize::try_from(mistake.line).expect("64 bits");
    let column = usize::try_from(mistake.column).expect("64 bits");
    assert!(line >= 1 && column >= 1, "{mistake}");
    let found = data.split(|&byte| byte == b'\n').nth(line - 1);
    let found = found.unwrap_or_else(|| panic!("the file has no such line: {mistake}"));
    assert!(column <= found.len() + 1, "the line has no such column: {mistake}");
}

/// What may be a password is not repeated.
fn check_secrecy(data: &[u8], mistake: &FileMistake) {
    let text = String::from_utf8_lossy(data);
    let rows = text.lines().map(|line| line.split([' ', '\t']).filter(|word| !word.is_empty()));
    let first: Vec<&str> = rows.clone().filter_map(|mut words| words.next()).collect();
    for password in rows.flat_map(|words| words.skip(1)) {
        let telling = password.len() >= TELLING_BYTES;
        if telling && !first.iter().any(|user| user.contains(password)) {
            assert!(!mistake.message.contains(password), "{mistake} tells {password}");
        }
    }
}
