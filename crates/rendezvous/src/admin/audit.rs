//! The audit, for the operator: as a list, and whether it is still what was written.

use anyhow::{Context as _, bail};
use clap::error::ErrorKind;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use store::sqlite::upkeep;
use store::{Answer, AuditActor, AuditRecord, AuditReport, OperatorDeed, Query, StoreError};

use super::lists::List;
use super::privacy::patient_id;
use super::{Books, Place};
use crate::args::AuditArgs;
use crate::audit_head;
use crate::exit::Ended;
use crate::printing::tell;
use crate::stores::{expect_audit_key, expect_store, not_ours};

/// Records that are read at once.
const RECORDS_AT_ONCE: usize = 1_000;

/// How many violations are told: more, nobody reads.
const FAULTS_MAX: usize = 20;

/// Lists the audit, or verifies it.
pub(super) fn audit(place: &Place, task: &AuditArgs) -> anyhow::Result<Ended> {
    if task.verify {
        return verify(place);
    }
    let books = Books::open(place)?;
    let since = task.since.map(|moment| moment.at(&books.zone)).transpose().map_err(|error| {
        clap::Error::raw(ErrorKind::ValueValidation, format!("--since: {error}\n"))
    })?;
    let patient = task.patient.as_ref().map(|named| patient_id(&books, named)).transpose()?;
    books.record(OperatorDeed::LookAtAudit { patient })?;
    books.sign_audit();
    let mut after = None;
    let mut records = Vec::new();
    loop {
        let query = Query::AuditTrail { since, patient, after, limit: RECORDS_AT_ONCE };
        let Answer::AuditTrail(page) = books.read(&query)? else {
            bail!("the store did not answer about the audit");
        };
        let whole = page.len() == RECORDS_AT_ONCE;
        after = page.last().map(|record| record.entry);
        records.extend(page);
        if !whole {
            break;
        }
    }
    let list = List {
        objects: records.iter().map(object).collect(),
        header: &["record", "when", "who", "what", "about", "outcome", "from"],
        rows: records.iter().map(|record| row(record, &books.zone)).collect(),
    };
    tell(&list.written(&books, task.list.json)?)?;
    Ok(Ended::Done)
}

fn object(record: &AuditRecord) -> Value {
    let (who, account) = match record.who {
        AuditActor::Account(account) => ("account", Some(account.to_string())),
        AuditActor::Operator => ("operator", None),
        AuditActor::Stranger => ("stranger", None),
    };
    json!({
        "entry": record.entry,
        "at": record.at,
        "who": who,
        "account": account,
        "user": record.user,
        "role": record.role,
        "verb": record.verb,
        "subject": record.subject,
        "patient": record.patient,
        "outcome": record.outcome,
        "source": record.source,
        "times": record.times,
    })
}

fn row(record: &AuditRecord, zone: &TimeZone) -> Vec<String> {
    let nothing = || "-".to_owned();
    let who = match (record.who, &record.user) {
        (_, Some(user)) => user.to_string(),
        (AuditActor::Account(account), None) => account.to_string(),
        (AuditActor::Operator, None) => "operator".to_owned(),
        (AuditActor::Stranger, None) => "stranger".to_owned(),
    };
    let outcome = match record.times {
        0 | 1 => record.outcome.clone(),
        times => format!("{} ({times} times)", record.outcome),
    };
    vec![
        record.entry.to_string(),
        record.at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M:%S").to_string(),
        who,
        record.verb.clone(),
        record.subject.clone().unwrap_or_else(nothing),
        outcome,
        record.source.map_or_else(nothing, |source| source.to_string()),
    ]
}

fn verify(place: &Place) -> anyhow::Result<Ended> {
    let report = look_through(place)?;
    let store = place.store.display();
    for entry in &report.head_missing_at {
        tell(&format!(
            "{store}: the signed head was missing when record {entry} was written: what was cut \
             before it cannot be seen"
        ))?;
    }
    if report.faults.is_empty() {
        let entries = report.entries;
        let well = if report.head_missing_at.is_empty() { "all" } else { "all else" };
        tell(&format!("{store}: {entries} records of the audit, {well} is well"))?;
        return Ok(Ended::Done);
    }
    tell_faults(place, &report.faults, report.faults_untold)
}

/// Checks the database and its audit.
pub(super) fn check(place: &Place) -> anyhow::Result<Ended> {
    let path = &place.store;
    expect_store(path)?;
    let mut faults =
        upkeep::check(path).with_context(|| format!("{}: cannot be checked", path.display()))?;
    let report = look_through(place)?;
    faults.extend(report.faults);
    if faults.is_empty() {
        tell(&format!("{}: all is well", path.display()))?;
        return Ok(Ended::Done);
    }
    tell_faults(place, &faults, report.faults_untold)
}

/// Tells the first of the faults, and how many more there are, `untold` ones included.
fn tell_faults(place: &Place, faults: &[String], untold: u64) -> anyhow::Result<Ended> {
    let store = place.store.display();
    for fault in faults.iter().take(FAULTS_MAX) {
        tell(&format!("{store}: {fault}"))?;
    }
    let rest = u64::try_from(faults.len().saturating_sub(FAULTS_MAX)).unwrap_or(u64::MAX);
    let more = rest.saturating_add(untold);
    if more > 0 {
        tell(&format!("{store}: and {more} more"))?;
    }
    Ok(Ended::Failure)
}

/// Recomputes the chain, and compares it with the head that was signed.
fn look_through(place: &Place) -> anyhow::Result<AuditReport> {
    expect_store(&place.store)?;
    let (keys, key) = expect_audit_key(&place.keys)?;
    let path = audit_head::file(&keys);
    let (kept, mut faults) = match audit_head::read(&keys)? {
        Ok(kept) => (kept, Vec::new()),
        Err(fault) => (None, vec![fault.to_string()]),
    };
    let head = kept.map(|signed| signed.head);
    let report = upkeep::verify_audit(&place.store, &key, head.as_ref());
    let mut report = report.map_err(|error| match error {
        StoreError::NotOurs(why) => not_ours(&place.store, &why).into(),
        other => anyhow::Error::new(other)
            .context(format!("{}: the audit cannot be read", place.store.display())),
    })?;
    if kept.is_none() && faults.is_empty() && report.head.is_some() {
        faults.push(format!(
            "{}: not found, so that nobody can tell whether the audit's end was cut off",
            path.display()
        ));
    }
    faults.append(&mut report.faults);
    report.faults = faults;
    Ok(report)
}
