//! The audit, the latest record first. To look at it is a record of its own.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use center::errand::{AUDIT_LISTED_MAX, AuditActor, AuditRecord, AuditWanted};
use domain::PatientId;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::{Moment, NotDone, Overseer, status_of};
use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Section, show_with};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/audit.html")]
struct AuditPage {
    frame: Frame,
    not_done: Option<NotDone>,
    asked: Asked,
    records: Vec<Row>,
    /// Where the next page begins; `None` when this is the last one.
    next: Option<u64>,
}

/// A record, as shown.
struct Row {
    entry: u64,
    at: Moment,
    who: String,
    /// Whether `who` is a name that somebody has typed, or a word of ours.
    who_is_name: bool,
    role: Option<String>,
    what: Said,
    outcome: Said,
    /// How often, when more than once.
    times: Option<String>,
    subject: Option<String>,
    patient: Option<String>,
    source: Option<String>,
}

/// What the audit says: in words, or as it stands where there are none.
struct Said {
    text: String,
    in_words: bool,
}

/// What is asked for.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Asked {
    /// Only this day (ISO 8601); empty for all.
    day: String,
    /// Only what is about this patient; empty for all.
    patient: String,
    /// Only records with a number below this one; empty for all.
    before: String,
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
) -> Result<Response, Problem> {
    page(&site, &overseer, Asked::default()).await
}

pub(crate) async fn find(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(asked): Form<Asked>,
) -> Result<Response, Problem> {
    page(&site, &overseer, asked).await
}

async fn page(site: &Site, overseer: &Overseer, asked: Asked) -> Result<Response, Problem> {
    let (words, now) = (overseer.words(), overseer.visitor().now());
    let (not_done, records) = match wanted(&asked, site.zone()) {
        Ok(wanted) => {
            let records = site.runtime.run(overseer.oversight.audit(wanted)).await;
            (None, records.map_err(|no| overseer.problem(no))?)
        }
        Err(id) => (Some(NotDone::in_form(words, id)), Vec::new()),
    };
    let next = records.get(AUDIT_LISTED_MAX - 1).map(|last| last.entry).filter(|last| *last > 1);
    let page = AuditPage {
        frame: overseer.frame("audit-title", Section::Audit),
        not_done,
        records: records.into_iter().map(|record| row(words, now, record)).collect(),
        next,
        asked,
    };
    Ok(show_with(status_of(page.not_done.as_ref()), &page))
}

/// What was asked for, as values; or the message that says what is wrong with it.
fn wanted(asked: &Asked, zone: &TimeZone) -> Result<AuditWanted, &'static str> {
    let (since, until) = match asked.day.trim() {
        "" => (None, None),
        day => {
            let (from, until) = span_of(day, zone).ok_or("audit-no-day")?;
            (Some(from), Some(until))
        }
    };
    let patient = match asked.patient.trim() {
        "" => None,
        id => Some(id.parse::<PatientId>().map_err(|_| "audit-no-patient")?),
    };
    let before = match asked.before.trim() {
        "" => None,
        entry => Some(entry.parse().map_err(|_| "audit-no-day")?),
    };
    Ok(AuditWanted { since, until, patient, before })
}

/// The stretch of time that is a day in a zone.
fn span_of(day: &str, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let day: Date = day.parse().ok()?;
    let begin = |day: Date| day.to_zoned(zone.clone()).ok().map(|begin| begin.timestamp());
    Some((begin(day)?, begin(day.tomorrow().ok()?)?))
}

fn row(words: &Words, now: Timestamp, record: AuditRecord) -> Row {
    let who = match (record.who, &record.user) {
        (_, Some(user)) => user.to_string(),
        (AuditActor::Account(account), None) => account.to_string(),
        (AuditActor::Operator, None) => words.say("audit-operator"),
        (AuditActor::Stranger, None) => words.say("audit-stranger"),
    };
    let times = usize::try_from(record.times).unwrap_or(usize::MAX);
    Row {
        entry: record.entry,
        at: Moment::of(words, record.at, now),
        who,
        who_is_name: matches!(record.who, AuditActor::Account(_)),
        role: record.role.map(|role| words.say(&format!("role-{role}"))),
        what: said(words, &["audit-verb-"], &record.verb),
        outcome: said(words, &["audit-outcome-", "no-", "role-"], &record.outcome),
        times: (times > 1).then(|| words.count("audit-times", times)),
        subject: record.subject,
        patient: record.patient.map(|patient| patient.to_string()),
        source: record.source.map(|source| source.to_string()),
    }
}

/// A word of the audit in words of ours, if one of the catalogue's groups has it.
fn said(words: &Words, groups: &[&str], word: &str) -> Said {
    let name = word.replace('_', "-");
    let known = groups.iter().map(|group| format!("{group}{name}")).find(|id| words.knows(id));
    match known {
        Some(id) => Said { text: words.say(&id), in_words: true },
        None => Said { text: word.to_owned(), in_words: false },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_as_long_as_the_clocks_of_the_center_make_it() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let hours = |day| span_of(day, &zone).map(|(from, until)| (until - from).get_hours());
        let long = |day| {
            let (from, until) = span_of(day, &zone).unwrap();
            until.duration_since(from).as_hours()
        };
        assert_eq!(long("2026-03-29"), 23);
        assert_eq!(long("2026-10-25"), 25);
        assert_eq!(long("2026-11-22"), 24);
        assert!(hours("22.11.2026").is_none());
    }
}
