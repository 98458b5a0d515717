//! What the audit gets of log-ins: nobody waits for it, and nothing is lost at the end.

use domain::Refusal;
use store::{AuditNote, NoteOutcome, NoteVerb};

use crate::clinic::{Clinic, HOME};

#[test]
fn a_flood_of_refusals_becomes_two_records_and_all_are_there_when_the_center_has_stopped() {
    let clinic = Clinic::open();
    let note = |outcome| AuditNote {
        account: None,
        verb: NoteVerb::LogIn,
        outcome,
        source: Some(HOME.parse().unwrap()),
        patient: None,
        times: 1,
    };
    for _ in 0..5_000 {
        clinic.runtime.note(note(NoteOutcome::Refused(Refusal::Throttled)));
    }
    clinic.runtime.note(note(NoteOutcome::Done));
    clinic.runtime.stop();
    let log_ins: Vec<(String, u32)> = clinic
        .audit()
        .into_iter()
        .filter(|record| record.verb == "log_in")
        .map(|record| (record.outcome, record.times))
        .collect();
    let throttled = |times| ("throttled".to_owned(), times);
    assert_eq!(log_ins, [throttled(1), ("done".to_owned(), 1), throttled(4_999)]);
}
