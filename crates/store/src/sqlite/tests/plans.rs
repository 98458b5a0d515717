//! The questions that patients ask are answered by indexes.

use super::super::connection::{self, Purpose};
use super::super::free::{FREE_BY_INDEX, FREE_BY_TIME, FREE_OF_DOCTOR};
use super::super::holding::{HOLDS, TIDY_HOLDS};
use super::super::offering::{DOCTORS, SERVICES};
use super::super::overseeing::{
    ACCESSES, AUDIT_LATEST, AUDIT_LATEST_OF_PATIENT, AUDIT_OF_PATIENT, AUDIT_TRAIL,
    CHANGED_APPOINTMENTS, OPEN_SESSIONS,
};
use super::super::patients::ONE_APPOINTMENT;
use super::super::patients::PATIENT;
use super::super::persons::{HOUSEHOLD, PERSON};
use super::super::reading::{ACCOUNT, APPOINTMENTS_OF, SESSION, TENDS};
use super::super::writing::{OUTDATED_REQUESTS, TIDY_SESSIONS};
use super::place;

fn check(sql: &str, first: &str, sorts: bool) {
    let place = place();
    let connection = connection::open(&place.path, Purpose::Read).unwrap();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Any values do: a plan is made before they are known.
    let values = vec![1_i64; statement.parameter_count()];
    let plan: Vec<String> = statement
        .query_map(rusqlite::params_from_iter(values), |row| row.get(3))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(plan[0], first, "{plan:#?}");
    // What a statement makes on its way (the few kinds of visit) is no table.
    let is_scan = |step: &&String| {
        step.starts_with("SCAN") && !["SCAN CONSTANT ROW", "SCAN kind"].contains(&step.as_str())
    };
    let scans: Vec<_> = plan.iter().filter(is_scan).collect();
    assert!(scans.is_empty(), "{plan:#?}");
    assert_eq!(plan.iter().any(|step| step.contains("TEMP B-TREE")), sorts, "{plan:#?}");
}

#[test]
fn free_slots_come_in_the_order_of_an_index() {
    check(FREE_BY_INDEX, "SEARCH s USING INDEX slot_by_index (center=?)", false);
    let by_start =
        "SEARCH s USING INDEX slot_free_by_start (center=? AND (starts,slot)>(?,?) AND starts<?)";
    check(FREE_BY_TIME, by_start, false);
    let of_doctor = "SEARCH s USING INDEX slot_free_of_doctor \
        (center=? AND doctor=? AND (starts,slot)>(?,?) AND starts<?)";
    check(FREE_OF_DOCTOR, of_doctor, false);
}

#[test]
fn an_account_and_a_session_are_found_by_key() {
    // The few patients of one account are sorted.
    let by_user = "SEARCH a USING INDEX sqlite_autoindex_account_2 (center=? AND user_name=?)";
    check(ACCOUNT, by_user, true);
    check(SESSION, "SEARCH e USING PRIMARY KEY (center=? AND token=?)", true);
}

#[test]
fn a_patients_appointments_are_found_by_patient_and_sorted() {
    let first = "SEARCH a USING INDEX appointment_of_patient (center=? AND patient=?)";
    check(APPOINTMENTS_OF, first, true);
}

#[test]
fn tidying_looks_at_what_it_removes_only() {
    let requests =
        "SEARCH request USING COVERING INDEX request_by_expiry (center=? AND keep_until<?)";
    check(OUTDATED_REQUESTS, requests, false);
    check(TIDY_SESSIONS, "SEARCH session USING PRIMARY KEY (center=? AND token=?)", false);
    check(TIDY_HOLDS, "SEARCH claim USING PRIMARY KEY (center=? AND slot=?)", false);
}

#[test]
fn the_audit_is_read_in_its_order_and_by_patient() {
    let in_order = "SEARCH u USING PRIMARY KEY (center=? AND chain=? AND entry>?)";
    check(AUDIT_TRAIL, in_order, false);
    let of_patient = "SEARCH u USING INDEX audit_of_patient \
        (center=? AND patient=? AND chain=? AND entry>?)";
    check(AUDIT_OF_PATIENT, of_patient, false);
    let backwards = "SEARCH u USING PRIMARY KEY (center=? AND chain=? AND entry<?)";
    check(AUDIT_LATEST, backwards, false);
    let of_patient = "SEARCH u USING INDEX audit_of_patient \
        (center=? AND patient=? AND chain=? AND entry<?)";
    check(AUDIT_LATEST_OF_PATIENT, of_patient, false);
    let accesses = "SEARCH u USING INDEX audit_of_patient (center=? AND patient=? AND chain=?)";
    check(ACCESSES, accesses, false);
}

#[test]
fn changes_sessions_and_a_patient_are_found_by_index() {
    let changes = "SEARCH h USING INDEX appointment_history_by_time (center=? AND at>? AND at<?)";
    check(CHANGED_APPOINTMENTS, changes, false);
    let sessions = "SEARCH e USING INDEX session_by_expiry (center=? AND expires>?)";
    check(OPEN_SESSIONS, sessions, true);
    // Where several accounts act for the patient, they are sorted.
    check(PATIENT, "SEARCH p USING PRIMARY KEY (center=? AND patient=?)", true);
}

#[test]
fn what_a_page_shows_is_found_by_index() {
    let holds = "SEARCH c USING COVERING INDEX claim_of_holder \
        (center=? AND held_by=? AND expires>?)";
    // The few that a patient holds are sorted, as are the patients of one account.
    check(HOLDS, holds, true);
    check(HOUSEHOLD, "SEARCH f USING PRIMARY KEY (center=? AND account=?)", true);
    check(TENDS, "SEARCH acts_for USING PRIMARY KEY (center=? AND account=?)", true);
    check(PERSON, "SEARCH p USING PRIMARY KEY (center=? AND patient=?)", true);
    check(ONE_APPOINTMENT, "SEARCH a USING PRIMARY KEY (center=? AND appointment=?)", false);
    let by_name = "SEARCH d USING INDEX sqlite_autoindex_doctor_2 (center=?)";
    check(DOCTORS, by_name, false);
    check(SERVICES, "CO-ROUTINE kind", false);
}
