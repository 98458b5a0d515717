//! After a patient was erased and the file scrubbed, no file of the store says who it was.

use std::fs;
use std::path::Path;

use domain::Reason;

use super::super::upkeep::{scrub, verify_audit};
use super::{Place, place, raw, violations};
use crate::conformance::audit_key;
use crate::conformance::clinic::{account, cancelling, patient_id, request, user_name};
use crate::{
    Actor, AddPatient, Answer, Book, Cancel, Command, Erase, Outcome, PatientChoice, Query, Store,
    StoreError,
};

const NAME: &str = "Žofie Nováková-Smith";
const BIRTH_DATE: &str = "1983-07-19";
const CONTACT: &str = "zofie.novakova@example.org";
const REASON: &str = "a hopeless sprained ankle";
const OTHER_REASON: &str = "ankle is fine after all";
const USER: &str = "zofie-n-1983";
const HASH: &str = "$argon2id$zofies-own-hash";
const WORDS: [&str; 7] = [NAME, BIRTH_DATE, CONTACT, REASON, OTHER_REASON, USER, HASH];

/// Where in which file each of the words is found.
fn found(store: &Path) -> Vec<String> {
    let mut places = Vec::new();
    for entry in fs::read_dir(store.parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for word in WORDS {
            if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
                places.push(format!("{word} in {}", path.display()));
            }
        }
    }
    places
}

/// A clinic in which patient 4 has left traces everywhere, some of them overwritten long ago.
fn with_traces() -> Place {
    let mut place = place();
    let clinic = &mut place.clinic;
    let new = AddPatient {
        user: user_name(USER),
        password: crate::PasswordHash::new(HASH.to_owned()),
        name: Some(NAME.to_owned()),
        ..account(4)
    };
    clinic.run(Command::AddPatient(new));
    let key = (patient_id(4).as_bytes().to_vec(), BIRTH_DATE, CONTACT);
    let sql = "UPDATE person SET birth_date = ?2, contact = ?3 WHERE patient = ?1";
    raw(&place.path).execute(sql, key).unwrap();
    for (index, reason) in [(1, REASON), (2, OTHER_REASON)] {
        let id = clinic.booked(4, index).id;
        let reason = Some(Reason::new(reason).unwrap());
        let request = request(&format!("r{index}"));
        let cancel = Cancel { reason, request, ..cancelling(4, id) };
        assert!(matches!(clinic.run(Command::Cancel(cancel)), Outcome::Cancelled(_)));
    }
    let named = Book { request: request("r9"), ..clinic.booking(4, 3) };
    clinic.run(Command::Book(named));
    clinic.open_session(4, 4);
    place
}

#[test]
fn nothing_of_an_erased_patient_is_left_in_the_files() {
    let mut place = with_traces();
    // In the database itself, not only in its log.
    raw(&place.path).query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(())).unwrap();
    let before = found(&place.path);
    for word in WORDS {
        assert!(before.iter().any(|place| place.starts_with(word)), "{word}: {before:#?}");
    }
    let erase = Erase { patient: patient_id(4), actor: Actor::Operator };
    let outcome = place.clinic.run(Command::Erase(erase));
    assert_eq!(outcome, Outcome::Erased { appointments_cancelled: 1 });
    assert!(!found(&place.path).is_empty(), "the log still has it");
    // The clinic has its writer and its reader open all the while.
    let other = place.store.reader().unwrap();
    scrub(&place.path).unwrap();
    assert_eq!(found(&place.path), Vec::<String>::new());
    drop(other);

    assert_eq!(violations(&place.path), Vec::<String>::new());
    let report = verify_audit(&place.path, &audit_key(), None).unwrap();
    assert_eq!(report.faults, Vec::<String>::new());
    // And the others still are who they were.
    let choice = PatientChoice::User(user_name("patient1"));
    let one = place.clinic.read(&Query::Patient(choice));
    assert!(matches!(one, Answer::Patient(Some(_))), "{one:?}");
    place.clinic.booked(1, 3);
    drop((place.clinic, place.store));
    assert_eq!(found(&place.path), Vec::<String>::new());
}

#[test]
fn nothing_is_left_either_of_who_was_erased_from_a_store_of_the_first_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    super::migration::first_version(&path);
    let sql = "UPDATE person SET name = ?1, birth_date = ?2, contact = ?3";
    raw(&path).execute(sql, (NAME, BIRTH_DATE, CONTACT)).unwrap();
    let store = super::Sqlite::open(&path, &audit_key()).unwrap();
    let mut clinic = crate::conformance::Clinic::empty(&store);
    let erase = Erase { patient: patient_id(1), actor: Actor::Operator };
    let outcome = clinic.run(Command::Erase(erase));
    assert_eq!(outcome, Outcome::Erased { appointments_cancelled: 1 });
    scrub(&path).unwrap();
    assert_eq!(found(&path), Vec::<String>::new());
    let report = verify_audit(&path, &audit_key(), None).unwrap();
    assert_eq!(report.faults, Vec::<String>::new());
}

#[test]
fn a_store_that_somebody_reads_is_not_scrubbed_and_says_so() {
    let place = with_traces();
    let reader = raw(&place.path);
    reader.execute_batch("BEGIN; SELECT * FROM slot").unwrap();
    let refused = scrub(&place.path);
    assert!(matches!(refused, Err(StoreError::InUse(_))), "{refused:?}");
    drop(reader);
    scrub(&place.path).unwrap();
    assert_eq!(violations(&place.path), Vec::<String>::new());
}

#[test]
fn only_a_store_is_scrubbed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    fs::write(&path, "patient1 password111\n".repeat(1_000)).unwrap();
    let refused = scrub(&path);
    assert!(matches!(refused, Err(StoreError::NotOurs(_))), "{refused:?}");
}
