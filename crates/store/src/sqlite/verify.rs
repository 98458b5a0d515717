//! Whether the audit is what was written: the chain of codes, from its first record to its last.

use std::path::Path;

use domain::CenterId;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::chain::{Before, CHAIN, CHAINED_COLUMNS, audit_columns, bytes_of, encode_row, start};
use super::connection;
use super::statements::one;
use crate::audit::{MAC_BYTES, next_mac};
use crate::command::SIGN_HEAD;
use crate::{AuditHead, AuditKey, AuditRecord, AuditReport, StoreError};

/// The center and the chain whose first records may be from before there were codes: the first
/// schema knew no other.
const HAS_OLD_RECORDS: (i64, i64) = (1, CHAIN);

/// The verb's place among [`CHAINED_COLUMNS`].
const VERB: usize = 6;

/// How many faults are told, and how many records whose head was missing.
const TOLD_MAX: usize = 100;

/// Looks through the audit of the store at `path`, which may be in use: whether each record is as it
/// was written under `key`, and in its place. With a `head` that was kept elsewhere, also whether the
/// chain still comes as far as that, by way of it.
///
/// # Errors
/// `NotOurs` when it is no store of this program, or of an earlier version that no center has
/// brought up to date yet; and whatever keeps it from being read.
pub fn verify_audit(
    path: &Path,
    key: &AuditKey,
    head: Option<&AuditHead>,
) -> Result<AuditReport, StoreError> {
    let connection = connection::open_to_inspect(path)?;
    let sql = "SELECT 1 FROM pragma_table_info('audit') WHERE name = 'mac'";
    if one(&connection, sql, [], |_| Ok(()))?.is_none() {
        let why = "is from an earlier version of this program, whose audit is not chained";
        return Err(StoreError::NotOurs(format!("{} {why}", path.display())));
    }
    // One moment of a store that may be written meanwhile.
    let transaction = connection.unchecked_transaction()?;
    verify(&transaction, key, head)
}

fn verify(
    connection: &Connection,
    key: &AuditKey,
    head: Option<&AuditHead>,
) -> Result<AuditReport, StoreError> {
    let sql = concat!("SELECT ", audit_columns!(), " FROM audit ORDER BY center, chain, entry");
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut walk = Walk::new(key, head);
    while let Some(row) = rows.next()? {
        walk.step(row)?;
    }
    Ok(walk.end(holdings(connection)?))
}

/// Follows the chain of a store that never held a record without a code: `records`, read from it in
/// order, come right behind `after` (`None` for its beginning) and are as they were written under
/// `key`. Gives the new head, so that a store's whole audit can be looked through piece by piece.
///
/// # Errors
/// What is wrong with the first record that is not as it was written, or not in its place.
pub fn follow_audit(
    key: &AuditKey,
    after: Option<AuditHead>,
    records: &[AuditRecord],
) -> Result<Option<AuditHead>, String> {
    let center = i64::from(CenterId::default().0);
    let mut head = after;
    for record in records {
        let (last, previous) = match head {
            Some(head) => (head.entry, head.mac),
            None => (0, start(key, Before::none())),
        };
        let entry = record.entry;
        if entry != last + 1 {
            return Err(format!("after record {last} comes {entry}"));
        }
        let Some(mac) = record.mac else { return Err(format!("record {entry} has no code")) };
        if next_mac(key, &previous, &bytes_of(record, center)) != mac {
            return Err(format!("record {entry} is not as it was written, or not in its place"));
        }
        head = Some(AuditHead { entry, mac });
    }
    Ok(head)
}

/// Whether the store at `path`, which may be in use, holds what no store ever holds without an audit
/// of it: an account, a doctor or an appointment.
///
/// # Errors
/// `NotOurs` when it is no store of this program; and whatever keeps it from being read.
pub fn holds_anything(path: &Path) -> Result<bool, StoreError> {
    Ok(holdings(&connection::open_to_inspect(path)?)? == Holdings::Some)
}

/// Whether there is anything that its making has left a record of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holdings {
    None,
    Some,
}

fn holdings(connection: &Connection) -> Result<Holdings, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM account) OR EXISTS (SELECT 1 FROM doctor)
        OR EXISTS (SELECT 1 FROM appointment)";
    let some: bool = connection.query_row(sql, [], |row| row.get(0))?;
    Ok(if some { Holdings::Some } else { Holdings::None })
}

/// What is known of a chain after some of its records.
enum Known {
    /// No code has come yet.
    Before(Before),
    /// The last code.
    Mac([u8; MAC_BYTES]),
}

/// The way along all chains, one behind the other.
struct Walk<'a> {
    key: &'a AuditKey,
    head: Option<&'a AuditHead>,
    /// The center and the chain that is walked; `None` at the beginning.
    chain: Option<(i64, i64)>,
    known: Known,
    entry: u64,
    met_head: bool,
    report: AuditReport,
}

impl<'a> Walk<'a> {
    fn new(key: &'a AuditKey, head: Option<&'a AuditHead>) -> Self {
        let report = AuditReport {
            entries: 0,
            before_chain: 0,
            head: None,
            head_missing_at: Vec::new(),
            faults: Vec::new(),
            faults_untold: 0,
        };
        let known = Known::Before(Before::none());
        Self { key, head, chain: None, known, entry: 0, met_head: false, report }
    }

    fn fault(&mut self, what: String) {
        if self.report.faults.len() < TOLD_MAX {
            self.report.faults.push(what);
        } else {
            self.report.faults_untold += 1;
        }
    }

    fn step(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let chain = (row.get(0)?, row.get(1)?);
        if self.chain != Some(chain) {
            self.chain = Some(chain);
            self.known = Known::Before(Before::none());
            self.entry = 0;
        }
        self.report.entries += 1;
        let number: i64 = row.get(2)?;
        let entry = u64::try_from(number).unwrap_or(0);
        if entry != self.entry + 1 {
            let (center, chain) = chain;
            self.fault(format!(
                "center {center}, chain {chain}: after record {} comes {number}",
                self.entry
            ));
        }
        self.entry = entry;
        let record = encode_row(row)?;
        if row.get_ref(VERB)? == ValueRef::Text(SIGN_HEAD.as_bytes())
            && self.report.head_missing_at.len() < TOLD_MAX
        {
            self.report.head_missing_at.push(entry);
        }
        match mac_of(row)? {
            Code::None if chain != HAS_OLD_RECORDS => {
                let (center, chain) = chain;
                self.fault(format!(
                    "center {center}, chain {chain}: record {entry} has no code, where none was \
                     ever without"
                ));
            }
            Code::None => self.step_without_code(&record),
            Code::Mac(mac) => self.step_with_code(&record, mac),
            Code::Odd => self.fault(format!("the code of record {entry} is none")),
        }
        Ok(())
    }

    fn step_without_code(&mut self, record: &[u8]) {
        match &mut self.known {
            Known::Before(before) => {
                before.add(record);
                self.report.before_chain += 1;
            }
            Known::Mac(_) => self.fault(format!("record {} has no code", self.entry)),
        }
    }

    fn step_with_code(&mut self, record: &[u8], mac: [u8; MAC_BYTES]) {
        let known = std::mem::replace(&mut self.known, Known::Mac(mac));
        let (previous, earlier) = match known {
            Known::Mac(previous) => (previous, 0),
            Known::Before(before) => {
                let earlier = before.count();
                (start(self.key, before), earlier)
            }
        };
        // Only told, never an oracle: whoever may ask has the key.
        if next_mac(self.key, &previous, record) != mac {
            let entry = self.entry;
            self.fault(match earlier {
                0 => format!("record {entry} is not as it was written, or not in its place"),
                _ => format!(
                    "record {entry}, or one of the {earlier} from before the chain, is not as it \
                     was written, or not in its place"
                ),
            });
        }
        if self.chain.is_some_and(|(_, chain)| chain == CHAIN) {
            let reached = AuditHead { entry: self.entry, mac };
            self.met_head |= self.head == Some(&reached);
            self.report.head = Some(reached);
        }
    }

    fn end(mut self, holdings: Holdings) -> AuditReport {
        if self.head.is_none() && self.report.head.is_none() && holdings == Holdings::Some {
            let what = "nothing is chained, though there are accounts, doctors or appointments: the \
                        audit of how they came is gone";
            self.fault(what.to_owned());
        }
        if let Some(head) = self.head
            && !self.met_head
        {
            let entry = head.entry;
            self.fault(match &self.report.head {
                Some(reached) if reached.entry >= entry => {
                    format!("record {entry} is another one than the head that was kept says")
                }
                Some(reached) => format!(
                    "the chain ends with record {}, but had come as far as {entry}",
                    reached.entry
                ),
                None => format!("nothing is chained, but the chain had come as far as {entry}"),
            });
        }
        self.report
    }
}

/// What stands where a code is to be.
enum Code {
    None,
    Mac([u8; MAC_BYTES]),
    Odd,
}

fn mac_of(row: &Row<'_>) -> Result<Code, StoreError> {
    Ok(match row.get_ref(CHAINED_COLUMNS.len())? {
        ValueRef::Null => Code::None,
        ValueRef::Blob(bytes) => bytes.try_into().map_or(Code::Odd, Code::Mac),
        ValueRef::Text(_) | ValueRef::Integer(_) | ValueRef::Real(_) => Code::Odd,
    })
}
