//! The audit's chain in its table: how a record becomes bytes, and how each gets its code.
//!
//! A record's bytes are the format's number (1) and then, column by column in the order of
//! [`CHAINED_COLUMNS`], each value as SQLite keeps it:
//!
//! | value | bytes |
//! |---|---|
//! | NULL | `n` |
//! | an integer | `i`, 8 bytes |
//! | a real number | `r`, 8 bytes of IEEE 754 (there are none, unless somebody put one there) |
//! | a text | `t`, its length in 4 bytes, its bytes |
//! | a blob | `b`, its length in 4 bytes, its bytes |
//!
//! All numbers are big-endian. Every value says how long it is, so no two records have the same
//! bytes. What stands for the code before the first chained record covers the records from before
//! there was a chain: see [`start`].

use std::cell::Cell;

use domain::{AccountId, PatientId};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};
use sha2::{Digest as _, Sha256};

use super::statements::one;
use super::trail::Deed;
use crate::audit::{CHAIN_START, MAC_BYTES, next_mac};
use crate::{AuditActor, AuditKey, AuditRecord, StoreError};

/// Which chain this process writes. One for each process of a center, once there are several.
pub(super) const CHAIN: i64 = 0;

/// What a code covers, in this order: every column but the code itself.
pub(super) const CHAINED_COLUMNS: [&str; 12] = [
    "center", "chain", "entry", "at", "actor", "who", "verb", "subject", "patient", "outcome",
    "source", "times",
];

/// [`CHAINED_COLUMNS`] in a query, then the code.
macro_rules! audit_columns {
    () => {
        "center, chain, entry, at, actor, who, verb, subject, patient, outcome, source, times, mac"
    };
}

pub(super) use audit_columns;

/// The number of this way to make bytes of a record.
const FORMAT: u8 = 1;

/// Puts one value behind those that are there.
pub(super) fn put(bytes: &mut Vec<u8>, value: ValueRef<'_>) {
    let mut sized = |mark: u8, content: &[u8]| {
        let length = u32::try_from(content.len()).expect("SQLite keeps no value of 4 GiB");
        bytes.push(mark);
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(content);
    };
    match value {
        ValueRef::Text(text) => sized(b't', text),
        ValueRef::Blob(blob) => sized(b'b', blob),
        ValueRef::Null => bytes.push(b'n'),
        ValueRef::Integer(number) => {
            bytes.push(b'i');
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        ValueRef::Real(number) => {
            bytes.push(b'r');
            bytes.extend_from_slice(&number.to_be_bytes());
        }
    }
}

/// The bytes of a record, of its columns in order.
pub(super) fn encode<'v>(columns: impl IntoIterator<Item = ValueRef<'v>>) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    bytes.push(FORMAT);
    for value in columns {
        put(&mut bytes, value);
    }
    bytes
}

/// The bytes of a row that begins with [`CHAINED_COLUMNS`].
pub(super) fn encode_row(row: &rusqlite::Row<'_>) -> Result<Vec<u8>, StoreError> {
    let columns: Result<Vec<ValueRef<'_>>, rusqlite::Error> =
        (0..CHAINED_COLUMNS.len()).map(|column| row.get_ref(column)).collect();
    Ok(encode(columns?))
}

/// The records from before there was a chain, taken together.
pub(super) struct Before {
    count: u64,
    digest: Sha256,
}

impl Before {
    pub(super) fn none() -> Self {
        Self { count: 0, digest: Sha256::new() }
    }

    /// Adds the next of them.
    pub(super) fn add(&mut self, record: &[u8]) {
        self.count += 1;
        self.digest.update(u64::try_from(record.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.digest.update(record);
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

/// What stands for the code before the first chained record: the code of a record that is nowhere,
/// which says how many records had no code, and the SHA-256 of all of them.
pub(super) fn start(key: &AuditKey, before: Before) -> [u8; MAC_BYTES] {
    let digest: [u8; 32] = before.digest.finalize().into();
    let count = i64::try_from(before.count).unwrap_or(i64::MAX);
    let text = ValueRef::Text(b"before the chain");
    let record = encode([text, ValueRef::Integer(count), ValueRef::Blob(&digest)]);
    next_mac(key, &CHAIN_START, &record)
}

/// The last record of the chain.
#[derive(Clone, Copy)]
pub(super) struct Link {
    pub(super) entry: i64,
    pub(super) mac: [u8; MAC_BYTES],
}

/// The chain in one transaction: its last record is read once, and then known.
pub(super) struct Chain<'k> {
    key: &'k AuditKey,
    last: Cell<Option<Link>>,
}

impl<'k> Chain<'k> {
    pub(super) fn new(key: &'k AuditKey) -> Self {
        Self { key, last: Cell::new(None) }
    }

    /// Where the chain is, to come back to when a part of the transaction is undone.
    pub(super) fn mark(&self) -> Option<Link> {
        self.last.get()
    }

    /// Goes back to [`Self::mark`].
    pub(super) fn go_back(&self, mark: Option<Link>) {
        self.last.set(mark);
    }

    fn last(&self, connection: &Connection, center: i64) -> Result<Link, StoreError> {
        if let Some(last) = self.last.get() {
            return Ok(last);
        }
        let sql = "SELECT entry, mac FROM audit WHERE center = ?1 AND chain = ?2
            ORDER BY entry DESC LIMIT 1";
        let found = one(connection, sql, (center, CHAIN), |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<[u8; MAC_BYTES]>>(1)?))
        })?;
        Ok(match found {
            Some((entry, Some(mac))) => Link { entry, mac },
            Some((entry, None)) => {
                Link { entry, mac: start(self.key, read_before(connection, center)?) }
            }
            None => Link { entry: 0, mac: start(self.key, Before::none()) },
        })
    }

    /// Writes a record behind the last one.
    pub(super) fn append(
        &self,
        connection: &Connection,
        (center, at): (i64, i64),
        deed: &Deed<'_>,
    ) -> Result<(), StoreError> {
        let last = self.last(connection, center)?;
        let entry = last.entry + 1;
        let source = deed.source.map(|source| source.to_canonical().to_string());
        let columns = columns((center, entry, at), deed, source.as_deref());
        let mac = next_mac(self.key, &last.mac, &encode(columns));
        let sql = concat!(
            "INSERT INTO audit (",
            audit_columns!(),
            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        );
        let values = columns.into_iter().chain([ValueRef::Blob(&mac)]);
        let values = values.map(ToSqlOutput::Borrowed);
        connection.prepare_cached(sql)?.execute(rusqlite::params_from_iter(values))?;
        self.last.set(Some(Link { entry, mac }));
        Ok(())
    }
}

/// A record's values, in the order of [`CHAINED_COLUMNS`].
fn columns<'v>(
    (center, entry, at): (i64, i64, i64),
    deed: &'v Deed<'v>,
    source: Option<&'v str>,
) -> [ValueRef<'v>; CHAINED_COLUMNS.len()] {
    let (actor, who) = match &deed.who {
        AuditActor::Account(account) => ("account", Some(account)),
        AuditActor::Operator => ("operator", None),
        AuditActor::Stranger => ("stranger", None),
    };
    [
        ValueRef::Integer(center),
        ValueRef::Integer(CHAIN),
        ValueRef::Integer(entry),
        ValueRef::Integer(at),
        ValueRef::Text(actor.as_bytes()),
        blob(who.map(AccountId::as_bytes)),
        ValueRef::Text(deed.verb.as_bytes()),
        text(deed.subject),
        blob(deed.patient.as_ref().map(PatientId::as_bytes)),
        ValueRef::Text(deed.outcome.as_bytes()),
        text(source),
        ValueRef::Integer(i64::from(deed.times)),
    ]
}

/// The bytes of a record that was read as a value.
pub(super) fn bytes_of(record: &AuditRecord, center: i64) -> Vec<u8> {
    let deed = Deed {
        who: record.who,
        verb: &record.verb,
        subject: record.subject.as_deref(),
        patient: record.patient,
        outcome: &record.outcome,
        source: record.source,
        times: record.times,
    };
    let source = record.source.map(|source| source.to_string());
    let entry = i64::try_from(record.entry).unwrap_or(i64::MAX);
    encode(columns((center, entry, record.at.as_millisecond()), &deed, source.as_deref()))
}

fn blob(bytes: Option<&[u8; 16]>) -> ValueRef<'_> {
    bytes.map_or(ValueRef::Null, |bytes| ValueRef::Blob(bytes))
}

fn text(text: Option<&str>) -> ValueRef<'_> {
    text.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

/// All records without a code, which only an earlier version of the program has written.
fn read_before(connection: &Connection, center: i64) -> Result<Before, StoreError> {
    let sql = concat!(
        "SELECT ",
        audit_columns!(),
        " FROM audit WHERE center = ?1 AND chain = ?2 AND mac IS NULL ORDER BY entry"
    );
    let mut before = Before::none();
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query((center, CHAIN))?;
    while let Some(row) = rows.next()? {
        before.add(&encode_row(row)?);
    }
    Ok(before)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "these are tests")]
mod tests {
    use super::*;
    use crate::conformance::audit_key;

    /// What another implementation (Python's hmac and hashlib) makes of the same records: files
    /// that are out there depend on it.
    #[test]
    fn the_codes_are_what_they_were_from_the_beginning() {
        let hexadecimal = |mac: [u8; MAC_BYTES]| -> String {
            mac.iter().map(|byte| format!("{byte:02x}")).collect()
        };
        let first = start(&audit_key(), Before::none());
        assert_eq!(
            hexadecimal(first),
            "7c2f7314a1f34cd47251e749e437e7416a86059ecafe71c497bf7827fc1fae46"
        );
        let record = encode([
            ValueRef::Integer(1),
            ValueRef::Integer(0),
            ValueRef::Integer(1),
            ValueRef::Integer(1_764_000_000_000),
            ValueRef::Text(b"account"),
            ValueRef::Blob(&[1; 16]),
            ValueRef::Text(b"book"),
            ValueRef::Text(b"index 1"),
            ValueRef::Blob(&[101; 16]),
            ValueRef::Text(b"slot_taken"),
            ValueRef::Text(b"192.0.2.7"),
            ValueRef::Integer(1),
        ]);
        assert_eq!(
            hexadecimal(next_mac(&audit_key(), &first, &record)),
            "e60f9266739cc45397ffa95e445bc977837753f0d4205ed83a54f1399325a965"
        );
        let text = |text: &'static str| ValueRef::Text(text.as_bytes());
        let (one, none) = (ValueRef::Integer(1), ValueRef::Null);
        let (zero, five) = (ValueRef::Integer(0), ValueRef::Integer(5));
        let (who, what) = (text("operator"), text("accounts 2"));
        let mut before = Before::none();
        before.add(&encode([
            one,
            zero,
            one,
            five,
            who,
            none,
            text("import"),
            none,
            none,
            what,
            none,
            one,
        ]));
        assert_eq!(
            hexadecimal(start(&audit_key(), before)),
            "184d9cbe64678e972b912dcb3b37a996bac322c949922d5a8914d904ad5f2dbe"
        );
    }

    #[test]
    fn no_two_records_have_the_same_bytes() {
        let text = |text: &'static str| ValueRef::Text(text.as_bytes());
        let (blob, none) = (ValueRef::Blob(b"ab"), ValueRef::Null);
        let records = [
            vec![text("ab"), text("c")],
            vec![text("a"), text("bc")],
            vec![text("abc"), text("")],
            vec![text("abc"), none],
            vec![blob, text("c")],
            vec![text("abc")],
            vec![ValueRef::Integer(0x6162), text("c")],
            vec![ValueRef::Real(0.0), text("c")],
            vec![ValueRef::Integer(0), text("c")],
        ];
        let bytes: std::collections::HashSet<Vec<u8>> =
            records.iter().map(|record| encode(record.iter().copied())).collect();
        assert_eq!(bytes.len(), records.len());
    }
}
