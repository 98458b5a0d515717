//! The clinic's files: bytes in, values out, or the place of the first mistake.
//!
//! One record a line, columns parted by blanks. LF, CRLF, no final newline, blank lines at the end
//! and a UTF-8 byte order mark are accepted; everything else that is not exactly right is refused,
//! and a refusal never repeats what may be a password. What is deliberately not here: opening
//! files, and placing a week's times in the calendar.

mod lines;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

use domain::{
    Currency, DoctorName, Money, Password, PlanName, Service, SlotIndex, Tariff, UserName,
    WeekTime, WeekTimeError, first_overlap,
};
use thiserror::Error;

use lines::{Field, Line, Lines, quote};

/// Why a file is refused, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{line}:{column}: {message}")]
pub struct FileMistake {
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
    /// What is wrong, and what was expected; never a password.
    pub message: String,
}

/// A row of `users.txt`, or the one of `patientN.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// Its line, from 1.
    pub line: u32,
    /// What the account logs in with.
    pub user: UserName,
    /// Its password.
    pub password: Password,
}

/// A row of `availabilities.txt`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvailabilityRow {
    /// Its line, from 1.
    pub line: u32,
    /// What a patient types to choose it.
    pub index: SlotIndex,
    /// When it begins, each week.
    pub time: WeekTime,
    /// Whose time it is.
    pub doctor: DoctorName,
    /// The UDP port at which that doctor answers, 1 to 65,535.
    pub port: u16,
}

const USER_COLUMNS: &str = "<user> <password>";
const AVAILABILITY_COLUMNS: &str = "<index> <day> <time> <doctor> <port>";
const TARIFF_COLUMNS: &str = "<plan> <cost>";
const PLAN_COLUMNS: &str = "<plan>";

/// Reads `users.txt`: `<user> <password>` a line, each user once.
///
/// # Errors
/// The first mistake; users that are there twice are looked for when all else is right.
pub fn parse_users(bytes: &[u8]) -> Result<Vec<UserRow>, FileMistake> {
    let mut rows = Vec::with_capacity(lines::at_most(bytes));
    let mut once = Once::with_capacity(lines::at_most(bytes));
    let hashing = RandomState::new();
    for line in Lines::of(bytes, USER_COLUMNS)? {
        let line = line?;
        let (row, place) = user_row(&line)?;
        once.note(hashing.hash_one(place.text), &line, place);
        rows.push(row);
    }
    let user = |at: usize| &rows[at].user;
    match once.first_repeat(|later, earlier| user(later) == user(earlier)) {
        None => Ok(rows),
        Some(repeat) => {
            let name = quote(user(repeat.at).as_str());
            let first = repeat.first_line;
            Err(repeat.mistake(format!(
                "user {name} is on line {first} already, expected each user once"
            )))
        }
    }
}

/// Reads `patientN.txt`: exactly one line, `<user> <password>`.
///
/// # Errors
/// The first mistake.
pub fn parse_login(bytes: &[u8]) -> Result<UserRow, FileMistake> {
    let line = only_line(bytes, USER_COLUMNS)?;
    user_row(&line).map(|(row, _)| row)
}

/// Reads `patientNinsurance.txt`: exactly one line, one plan.
///
/// # Errors
/// The first mistake.
pub fn parse_plan(bytes: &[u8]) -> Result<PlanName, FileMistake> {
    let line = only_line(bytes, PLAN_COLUMNS)?;
    let [plan] = line.columns(PLAN_COLUMNS)?;
    plan_name(&line, plan)
}

/// Reads `docN.txt`: `<plan> <cost>` a line, each plan once, the prices of [`Service::visit`].
///
/// # Errors
/// The first mistake; plans that are there twice are looked for when all else is right.
pub fn parse_tariff(bytes: &[u8], currency: Currency) -> Result<Tariff, FileMistake> {
    let mut rows: Vec<(PlanName, Money)> = Vec::with_capacity(lines::at_most(bytes));
    let mut once = Once::with_capacity(lines::at_most(bytes));
    let hashing = RandomState::new();
    for line in Lines::of(bytes, TARIFF_COLUMNS)? {
        let line = line?;
        let [plan, cost] = line.columns(TARIFF_COLUMNS)?;
        let price = Money::parse(cost.text, currency)
            .map_err(|why| line.mistake(cost, format!("cost {} {why}", quote(cost.text))))?;
        once.note(hashing.hash_one(plan.text), &line, plan);
        rows.push((plan_name(&line, plan)?, price));
    }
    if let Some(repeat) = once.first_repeat(|later, earlier| rows[later].0 == rows[earlier].0) {
        let (shown, first) = (quote(rows[repeat.at].0.as_str()), repeat.first_line);
        return Err(repeat
            .mistake(format!("plan {shown} is on line {first} already, expected each plan once")));
    }
    let (mut tariff, service) = (Tariff::default(), Service::visit());
    for (plan, price) in rows {
        tariff.set(&service, plan, price);
    }
    Ok(tariff)
}

/// Reads `availabilities.txt`: `<index> <day> <time> <doctor> <port>` a line. Each index is there
/// once, each doctor has one port and each port one doctor, and no two slots of a doctor overlap
/// when each takes `slot_minutes`.
///
/// # Errors
/// The first mistake; indices that are there twice, and then overlaps, are looked for when all
/// else is right.
pub fn parse_availabilities(
    bytes: &[u8],
    slot_minutes: u32,
) -> Result<Vec<AvailabilityRow>, FileMistake> {
    let mut rows: Vec<AvailabilityRow> = Vec::with_capacity(lines::at_most(bytes));
    let mut roster = Roster::default();
    let mut once = Once::with_capacity(lines::at_most(bytes));
    for line in Lines::of(bytes, AVAILABILITY_COLUMNS)? {
        let line = line?;
        let [index, day, time, doctor, port] = line.columns(AVAILABILITY_COLUMNS)?;
        let row = AvailabilityRow {
            line: line.number,
            index: slot_index(&line, index)?,
            time: week_time(&line, day, time)?,
            doctor: DoctorName::new(doctor.text)
                .map_err(|why| line.mistake(doctor, format!("the doctor's name {why}")))?,
            port: udp_port(&line, port)?,
        };
        once.note(u64::from(row.index.number()), &line, index);
        roster.enter(&row, line.column_of(day)).map_err(|wrong| line.mistake(port, wrong))?;
        rows.push(row);
    }
    // Equal keys are equal indices.
    if let Some(repeat) = once.first_repeat(|_, _| true) {
        let (index, first) = (rows[repeat.at].index, repeat.first_line);
        return Err(repeat.mistake(format!(
            "index {index} is on line {first} already, expected each index once"
        )));
    }
    match roster.first_overlap(slot_minutes) {
        None => Ok(rows),
        Some(mistake) => Err(mistake),
    }
}

fn only_line<'a>(bytes: &'a [u8], columns: &'static str) -> Result<Line<'a>, FileMistake> {
    let mut lines = Lines::of(bytes, columns)?;
    let Some(first) = lines.next() else { return Err(lines::empty(columns)) };
    let first = first?;
    match lines.next() {
        None => Ok(first),
        Some(Err(mistake)) => Err(mistake),
        Some(Ok(second)) => Err(FileMistake {
            line: second.number,
            column: 1,
            message: format!("there is a second record, expected exactly one: {columns}"),
        }),
    }
}

/// The row, and where its user stands.
fn user_row<'a>(line: &Line<'a>) -> Result<(UserRow, Field<'a>), FileMistake> {
    let [user, password] = line.columns(USER_COLUMNS)?;
    let name = UserName::new(user.text)
        .map_err(|why| line.mistake(user, format!("the user name {why}")))?;
    let secret = Password::new(password.text).map_err(|why| {
        line.mistake(password, format!("{why}, expected 1 to 512 bytes of printable text"))
    })?;
    Ok((UserRow { line: line.number, user: name, password: secret }, user))
}

fn plan_name(line: &Line<'_>, plan: Field<'_>) -> Result<PlanName, FileMistake> {
    PlanName::new(plan.text).map_err(|why| line.mistake(plan, format!("the plan's name {why}")))
}

fn slot_index(line: &Line<'_>, index: Field<'_>) -> Result<SlotIndex, FileMistake> {
    let parsed: Result<SlotIndex, _> = index.text.parse();
    parsed.map_err(|why| line.mistake(index, format!("{} {why}", quote(index.text))))
}

fn week_time(line: &Line<'_>, day: Field<'_>, time: Field<'_>) -> Result<WeekTime, FileMistake> {
    WeekTime::parse(day.text, time.text).map_err(|why| {
        let field = match why {
            WeekTimeError::Day => day,
            WeekTimeError::Time => time,
        };
        line.mistake(field, format!("{} {why}", quote(field.text)))
    })
}

fn udp_port(line: &Line<'_>, port: Field<'_>) -> Result<u16, FileMistake> {
    let digits = port.text.bytes().all(|b| b.is_ascii_digit());
    let number: Option<u16> = if digits { port.text.parse().ok() } else { None };
    number.filter(|&number| number > 0).ok_or_else(|| {
        let wrong = format!(
            "{} is not a port, expected a whole number from 1 to {}",
            quote(port.text),
            u16::MAX
        );
        line.mistake(port, wrong)
    })
}

/// Finds what may be there only once, by sorting: a million rows in a hash map would take most of
/// the second that a refusal may take.
struct Once {
    /// Of each row: a key that is the same for the same thing, its place among the rows, and the
    /// line and column to point at.
    seen: Vec<(u64, usize, u32, u32)>,
}

/// A row that repeats an earlier one.
struct Repeat {
    /// Its place among the rows.
    at: usize,
    line: u32,
    column: u32,
    /// The line of the earlier one.
    first_line: u32,
}

impl Repeat {
    fn mistake(&self, message: String) -> FileMistake {
        FileMistake { line: self.line, column: self.column, message }
    }
}

impl Once {
    fn with_capacity(rows: usize) -> Self {
        Self { seen: Vec::with_capacity(rows) }
    }

    /// Notes the next row.
    fn note(&mut self, key: u64, line: &Line<'_>, field: Field<'_>) {
        self.seen.push((key, self.seen.len(), line.number, line.column_of(field)));
    }

    /// The first row that is the same as an earlier one. `is_same` decides between two rows, by
    /// their places, whose keys are equal.
    fn first_repeat(mut self, is_same: impl Fn(usize, usize) -> bool) -> Option<Repeat> {
        self.seen.sort_unstable();
        let groups = self.seen.chunk_by(|a, b| a.0 == b.0).filter(|group| group.len() > 1);
        let repeats = groups.filter_map(|group| {
            group.iter().enumerate().find_map(|(count, &(_, at, line, column))| {
                let earlier = group[..count].iter().find(|earlier| is_same(at, earlier.1))?;
                Some(Repeat { at, line, column, first_line: earlier.2 })
            })
        });
        repeats.min_by_key(|repeat| repeat.at)
    }
}

/// Who has which port, and when each doctor works.
#[derive(Default)]
struct Roster {
    doctors: HashMap<DoctorName, DoctorRows>,
    holders: HashMap<u16, (DoctorName, u32)>,
}

struct DoctorRows {
    port: u16,
    /// The line of each row, and the column of the day in it.
    places: Vec<(u32, u32)>,
    /// The same length as `places`.
    times: Vec<WeekTime>,
}

impl Roster {
    /// Notes a row, the next one in the file; `Err` is what is wrong with its port.
    fn enter(&mut self, row: &AvailabilityRow, day_column: u32) -> Result<(), String> {
        let place = (row.line, day_column);
        if let Some(known) = self.doctors.get_mut(&row.doctor) {
            if known.port != row.port {
                return Err(format!(
                    "{} has port {} on line {}, expected the same port on all lines of a doctor",
                    quote(row.doctor.as_str()),
                    known.port,
                    known.places[0].0,
                ));
            }
            known.places.push(place);
            known.times.push(row.time);
            return Ok(());
        }
        if let Some((holder, line)) = self.holders.get(&row.port) {
            return Err(format!(
                "port {} is {}'s on line {line}, expected another port for each doctor",
                row.port,
                quote(holder.as_str()),
            ));
        }
        self.holders.insert(row.port, (row.doctor.clone(), row.line));
        let rows = DoctorRows { port: row.port, places: vec![place], times: vec![row.time] };
        self.doctors.insert(row.doctor.clone(), rows);
        Ok(())
    }

    /// The first line with a slot that overlaps an earlier one of the same doctor.
    fn first_overlap(&self, minutes: u32) -> Option<FileMistake> {
        let overlaps = self.doctors.iter().filter_map(|(doctor, rows)| {
            let (later, earlier) = first_overlap(&rows.times, minutes)?;
            let ((line, column), (earlier_line, _)) = (rows.places[later], rows.places[earlier]);
            let message = format!(
                "{} overlaps {} of {} on line {earlier_line}, expected visits of {minutes} \
                 minutes one after another",
                rows.times[later],
                rows.times[earlier],
                quote(doctor.as_str()),
            );
            Some(FileMistake { line, column, message })
        });
        overlaps.min_by_key(|mistake| mistake.line)
    }
}
