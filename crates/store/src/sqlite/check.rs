//! `rendezvous admin check`: whether the file is whole and what must always be true is true.
//!
//! The schema's constraints enforce most of this; the check asks again, in its own words, of a file
//! that may have been edited, copied badly, or written by a bug.

use std::path::Path;

use rusqlite::{Connection, ErrorCode};

use super::connection;
use super::statements::{all, one};
use crate::{Outcome, StoreError};

/// How many violations of one kind are told.
const TOLD_MAX: usize = 100;

/// What must always be true: a sentence, and the query that finds the rows that break it (each row:
/// one text that names it).
const INVARIANTS: &[(&str, &str)] = &[
    (
        "a slot has two live appointments",
        "SELECT 'slot ' || slot FROM appointment WHERE status <> 'cancelled'
         GROUP BY center, slot HAVING count(*) > 1",
    ),
    (
        "a live appointment does not have its slot's claim",
        "SELECT 'appointment ' || hex(a.appointment) || ', slot ' || a.slot FROM appointment a
         WHERE a.status <> 'cancelled' AND NOT EXISTS (
           SELECT 1 FROM claim c WHERE c.center = a.center AND c.slot = a.slot
           AND c.appointment = a.appointment AND c.expires IS NULL)",
    ),
    (
        "a claim for good has no live appointment in its slot",
        "SELECT 'slot ' || c.slot FROM claim c
         WHERE c.expires IS NULL AND NOT EXISTS (
           SELECT 1 FROM appointment a WHERE a.center = c.center
           AND a.appointment = c.appointment AND a.slot = c.slot AND a.status <> 'cancelled')",
    ),
    (
        "a claim is on a slot that is not published",
        "SELECT 'slot ' || c.slot FROM claim c WHERE NOT EXISTS (
           SELECT 1 FROM slot s WHERE s.center = c.center AND s.slot = c.slot
           AND s.state = 'published')",
    ),
    (
        "two published slots of one doctor overlap",
        "SELECT 'slots ' || slot || ' and ' || before FROM (
           SELECT slot, starts,
             max(ends) OVER earlier AS latest_end, lag(slot) OVER each_doctor AS before
           FROM slot WHERE state = 'published'
           WINDOW each_doctor AS (PARTITION BY center, doctor ORDER BY starts, slot),
             earlier AS (PARTITION BY center, doctor ORDER BY starts, slot
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING))
         WHERE latest_end > starts",
    ),
    (
        "an index means two slots",
        "SELECT 'index ' || idx FROM slot WHERE index_in_use = 1
         GROUP BY center, idx HAVING count(*) > 1",
    ),
    ("a slot ends before it begins", "SELECT 'slot ' || slot FROM slot WHERE ends <= starts"),
    (
        "the version of an appointment is not the length of its history",
        "SELECT 'appointment ' || hex(a.appointment) FROM appointment a
         WHERE a.version <> (
           SELECT count(*) FROM appointment_history h
           WHERE h.center = a.center AND h.appointment = a.appointment)",
    ),
    (
        "a step of an appointment's history has no row in the outbox",
        "SELECT 'appointment ' || hex(h.appointment) || ', version ' || h.version
         FROM appointment_history h
         WHERE (h.what IN ('moved', 'cancelled') OR (h.what = 'booked' AND h.version = 1))
           AND NOT EXISTS (
           SELECT 1 FROM outbox o WHERE o.center = h.center AND o.appointment = h.appointment
           AND o.version = h.version AND o.kind = h.what)",
    ),
    (
        "an account has two passwords in force",
        "SELECT 'account ' || hex(account) FROM credential
         WHERE kind = 'password' AND revoked IS NULL
         GROUP BY center, account HAVING count(*) > 1",
    ),
    ("a doctor has no address", "SELECT 'doctor ' || name FROM doctor WHERE port IS NULL"),
    (
        "a slot has an id that was not given out",
        "SELECT 'slot ' || s.slot FROM slot s JOIN center c USING (center)
         WHERE s.slot > c.slots_made",
    ),
];

/// The same, of the first schema alone.
const INVARIANTS_OF_FIRST_SCHEMA: &[(&str, &str)] = &[(
    "the audit has a gap",
    "SELECT 'center ' || center FROM audit GROUP BY center HAVING max(entry) <> count(*)",
)];

/// The same, since the second schema.
const INVARIANTS_SINCE_SECOND_SCHEMA: &[(&str, &str)] = &[
    (
        "the audit has a gap",
        "SELECT 'center ' || center FROM audit GROUP BY center, chain
         HAVING max(entry) <> count(*)",
    ),
    (
        "an account has two secrets for one-time passwords in force",
        "SELECT 'account ' || hex(account) FROM credential
         WHERE kind = 'totp' AND revoked IS NULL
         GROUP BY center, account HAVING count(*) > 1",
    ),
    (
        "an account speaks for a doctor without being one's, or is one's and speaks for nobody",
        "SELECT 'account ' || hex(a.account) FROM account a
         LEFT JOIN speaks_for f USING (center, account)
         WHERE (a.role = 'doctor') <> (f.doctor IS NOT NULL)",
    ),
    (
        "a record of the audit without a code comes after one that has a code",
        "SELECT 'entry ' || a.entry FROM audit a WHERE a.mac IS NULL AND EXISTS (
           SELECT 1 FROM audit b WHERE b.center = a.center AND b.chain = a.chain
           AND b.entry = a.entry - 1 AND b.mac IS NOT NULL)",
    ),
];

/// The same, since the third schema.
const INVARIANTS_SINCE_THIRD_SCHEMA: &[(&str, &str)] = &[
    (
        "a slot is marked as booked or not, and its claim says otherwise",
        "SELECT 'slot ' || s.slot FROM slot s
         LEFT JOIN claim c ON c.center = s.center AND c.slot = s.slot
         WHERE s.booked <> (c.appointment IS NOT NULL)",
    ),
    (
        "a free slot is published in blocked time",
        "SELECT 'slot ' || s.slot || ', block ' || b.block FROM blocked b
         JOIN slot s ON s.center = b.center AND s.doctor = b.doctor
         WHERE b.lifted IS NULL AND s.state = 'published' AND s.booked = 0
           AND s.starts < b.ends AND s.ends > b.starts",
    ),
    (
        "a slot was withdrawn for a block that is not there",
        "SELECT 'slot ' || s.slot FROM slot s WHERE s.withdrawn_for IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM blocked b WHERE b.center = s.center AND b.block = s.withdrawn_for)",
    ),
];

/// Looks through the database at `path`, which may be in use: what is wrong with it, in words, one
/// sentence each. Empty when all is well.
///
/// # Errors
/// `NotOurs` when it is no store of this program, or whatever keeps it from being read at all.
pub fn check(path: &Path) -> Result<Vec<String>, StoreError> {
    let found = connection::open_to_inspect(path).and_then(|connection| violations(&connection));
    match found {
        // Damage may be met anywhere on the way.
        Err(StoreError::Database(error))
            if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) =>
        {
            Ok(vec![format!("the file is damaged: {error}")])
        }
        other => other,
    }
}

/// What is wrong with an open database, from one read transaction.
fn violations(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let transaction = connection.unchecked_transaction()?;
    let mut found = integrity(&transaction)?;
    if !found.is_empty() {
        // Queries over broken pages would only say the same in other words.
        return Ok(found);
    }
    found.extend(foreign_keys(&transaction)?);
    // A backup may be older than the program that looks at it.
    let schema: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let (more, most): (&[_], &[_]) = match schema {
        1 => (INVARIANTS_OF_FIRST_SCHEMA, &[]),
        2 => (INVARIANTS_SINCE_SECOND_SCHEMA, &[]),
        _ => (INVARIANTS_SINCE_SECOND_SCHEMA, INVARIANTS_SINCE_THIRD_SCHEMA),
    };
    for (sentence, sql) in INVARIANTS.iter().chain(more).chain(most) {
        let broken = all(&transaction, sql, [], |row| Ok(row.get::<_, String>(0)?))?;
        found.extend(told(sentence, broken));
    }
    found.extend(told("the outcome of a request cannot be true", requests(&transaction)?));
    Ok(found)
}

fn integrity(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT integrity_check FROM pragma_integrity_check";
    let said = all(connection, sql, [], |row| Ok(row.get::<_, String>(0)?))?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

fn foreign_keys(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT \"table\", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2";
    all(connection, sql, [], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
        let count: i64 = row.get(2)?;
        Ok(format!("{count} rows of {table} name a row of {parent} that is not there"))
    })
}

/// Requests whose outcome names an appointment that is not there, is another patient's, or has not
/// come as far as the outcome says; or cannot be read.
fn requests(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT center, patient, request, outcome FROM request";
    let version_of = "SELECT version FROM appointment
        WHERE center = ?1 AND appointment = ?2 AND patient = ?3";
    let mut broken = Vec::new();
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (center, patient): (i64, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let (request, outcome): (String, String) = (row.get(2)?, row.get(3)?);
        let named = match serde_json::from_str(&outcome) {
            Ok(
                Outcome::Booked(appointment)
                | Outcome::AlreadyHeld(appointment)
                | Outcome::Cancelled(appointment)
                | Outcome::Rescheduled(appointment),
            ) => appointment,
            Ok(_) => continue,
            Err(error) => {
                broken.push(format!("request {request}: {error}"));
                continue;
            }
        };
        let key = (center, named.id.as_bytes(), patient);
        let version = one(connection, version_of, key, |row| Ok(row.get::<_, u32>(0)?))?;
        if version.is_none_or(|version| version < named.version.0) {
            broken.push(format!("request {request}: appointment {}", named.id));
        }
    }
    Ok(broken)
}

/// The broken rows of one kind as sentences, not more than anybody reads.
fn told(sentence: &str, broken: Vec<String>) -> Vec<String> {
    let more = broken.len().saturating_sub(TOLD_MAX);
    let mut lines: Vec<String> =
        broken.into_iter().take(TOLD_MAX).map(|which| format!("{sentence}: {which}")).collect();
    if more > 0 {
        lines.push(format!("{sentence}: and {more} more"));
    }
    lines
}
