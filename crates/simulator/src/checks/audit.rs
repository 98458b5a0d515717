//! The audit's chain, followed as far as it is new.

use store::sqlite::upkeep::follow_audit;
use store::{Answer, AuditHead, AuditKey, AuditRecord, Query, Reader};

use super::{READABLE, Violation};

/// The check that the audit's chain is whole.
const CHAIN: &str = "the audit chain is whole";

/// How many records are read at a time.
const RECORDS_AT_ONCE: usize = 1_024;

/// How far the chain was followed.
#[derive(Debug)]
pub(super) struct Chain {
    key: AuditKey,
    /// `None` before anything was chained.
    head: Option<AuditHead>,
}

impl Chain {
    pub(super) fn new(key: AuditKey) -> Self {
        Self { key, head: None }
    }

    /// Follows the records that are new, to the head that the store names.
    pub(super) fn follow(&mut self, reader: &mut dyn Reader) -> Result<(), Violation> {
        loop {
            let records = self.records(reader)?;
            self.head = follow_audit(&self.key, self.head, &records)
                .map_err(|what| Violation::new(CHAIN, what))?;
            if records.len() < RECORDS_AT_ONCE {
                break;
            }
        }
        let head = match reader.read(&Query::AuditHead) {
            Ok(Answer::AuditHead(head)) => head,
            other => return Err(unreadable(&other)),
        };
        if head != self.head {
            let what = format!(
                "the store's chain ends with record {}, and had come as far as record {}",
                entry(head),
                entry(self.head)
            );
            return Err(Violation::new(CHAIN, what));
        }
        Ok(())
    }

    fn records(&self, reader: &mut dyn Reader) -> Result<Vec<AuditRecord>, Violation> {
        let after = self.head.map(|head| head.entry);
        let query = Query::AuditTrail { since: None, patient: None, after, limit: RECORDS_AT_ONCE };
        match reader.read(&query) {
            Ok(Answer::AuditTrail(records)) => Ok(records),
            other => Err(unreadable(&other)),
        }
    }
}

/// The number of a chain's last record, 0 for none.
fn entry(head: Option<AuditHead>) -> u64 {
    head.map_or(0, |head| head.entry)
}

/// What keeps the store from being read.
pub(super) fn unreadable(answer: &Result<Answer, store::StoreError>) -> Violation {
    let what = match answer {
        Ok(_) => "it gives an answer to another question".to_owned(),
        Err(error) => format!("it gives no answer: {error}"),
    };
    Violation::new(READABLE, what)
}
