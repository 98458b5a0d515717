//! Several writers at once.

use std::sync::Barrier;
use std::thread;

use domain::{AppointmentId, Refusal, SlotId};

use super::super::Sqlite;
use super::super::upkeep::verify_audit;
use super::{place, violations};
use crate::conformance::at;
use crate::conformance::audit_key;
use crate::conformance::clinic::{account, patient_id, standing, the_file};
use crate::{
    Actor, Book, Cancel, Command, CommitError, Import, Outcome, SlotChoice, Store, Writer,
};

const WRITERS: u8 = 4;
const TRIES: u8 = 250;

fn booking(writer: u8, number: u8) -> Command {
    let mut id = [writer; 16];
    id[15] = number;
    Command::Book(Book {
        waiver: None,
        // Patients 1 to 3 are there; here each of 1,000 bookings is another appointment.
        patient: patient_id(writer % 3 + 1),
        actor: Actor::Account(standing(1)),
        request: None,
        slot: SlotChoice::Id(SlotId(3)),
        appointment: AppointmentId::from_bytes(id),
        appointments_max: None,
    })
}

fn patiently(writer: &mut dyn Writer, batch: &[Command]) -> Vec<Outcome> {
    loop {
        match writer.commit(at(8), batch) {
            Err(CommitError::Busy) => {}
            other => return other.unwrap(),
        }
    }
}

#[test]
fn a_thousand_bookings_of_one_slot_make_one_appointment() {
    let mut place = place();
    let together = Barrier::new(usize::from(WRITERS));
    let run = |number: u8| {
        let mut writer = place.store.writer().unwrap();
        together.wait();
        let tries = (0..TRIES).map(|n| booking(number, n)).collect::<Vec<_>>();
        // One by one, and in batches.
        let (single, batched) = tries.split_at(usize::from(TRIES) / 2);
        let alone =
            single.iter().flat_map(|one| patiently(&mut *writer, std::slice::from_ref(one)));
        let alone: Vec<Outcome> = alone.collect();
        let rest = batched.chunks(16).flat_map(|chunk| patiently(&mut *writer, chunk));
        alone.into_iter().chain(rest).collect::<Vec<Outcome>>()
    };
    let outcomes: Vec<Outcome> = thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || run(n))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(outcomes.len(), 1_000);
    let booked = outcomes.iter().filter(|o| matches!(o, Outcome::Booked(_))).count();
    let refused = outcomes
        .iter()
        .filter(|o| matches!(o, Outcome::Refused(Refusal::SlotTaken) | Outcome::AlreadyHeld(_)))
        .count();
    assert_eq!((booked, refused), (1, 999));
    assert_eq!(place.clinic.free_indices(), [1, 2, 4, 5, 6]);
    assert_eq!(violations(&place.path), Vec::<String>::new());
    // Four writers, one chain: the import and every answer are in it.
    let report = verify_audit(&place.path, &audit_key(), None).unwrap();
    assert_eq!((report.entries, report.faults), (1_001, Vec::new()));
}

#[test]
fn a_slot_that_goes_round_is_never_held_twice() {
    let mut place = place();
    let together = Barrier::new(usize::from(WRITERS));
    let run = |number: u8| {
        let mut writer = place.store.writer().unwrap();
        together.wait();
        (0..50)
            .filter(|&n| {
                let outcomes = patiently(&mut *writer, &[booking(number, n)]);
                let Outcome::Booked(appointment) = &outcomes[0] else { return false };
                let cancel = Command::Cancel(Cancel {
                    patient: None,
                    actor: Actor::Operator,
                    request: None,
                    appointment: appointment.id,
                    reason: None,
                });
                let outcomes = patiently(&mut *writer, &[cancel]);
                assert!(matches!(outcomes[0], Outcome::Cancelled(_)), "{outcomes:?}");
                true
            })
            .count()
    };
    let booked: usize = thread::scope(|scope| {
        let run = &run;
        let threads: Vec<_> = (0..WRITERS).map(|n| scope.spawn(move || run(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(booked >= 1);
    assert_eq!(place.clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    assert_eq!(violations(&place.path), Vec::<String>::new());
}

#[test]
fn many_may_open_a_new_file_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("clinic.db");
    let together = Barrier::new(8);
    thread::scope(|scope| {
        for number in 1..=8 {
            let (path, together) = (&path, &together);
            scope.spawn(move || {
                together.wait();
                let store = Sqlite::open(path, &audit_key()).unwrap();
                let mut writer = store.writer().unwrap();
                let accounts = vec![account(number)];
                let import = Command::Import(Import { accounts, ..the_file() });
                let outcomes = patiently(&mut *writer, &[import]);
                assert!(matches!(outcomes[0], Outcome::Imported(_)), "{outcomes:?}");
            });
        }
    });
    assert_eq!(violations(&path), Vec::<String>::new());
}

#[test]
fn a_writer_that_waits_too_long_is_busy_and_tries_again() {
    let mut place = place();
    let other = super::raw(&place.path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let book = place.clinic.booking(1, 1);
    let result = place.clinic.writer.commit(at(8), &[Command::Book(book.clone())]);
    assert!(matches!(result, Err(CommitError::Busy)), "{result:?}");
    // Readers do not wait.
    assert_eq!(place.clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    other.execute_batch("ROLLBACK").unwrap();
    assert!(matches!(place.clinic.run(Command::Book(book)), Outcome::Booked(_)));
}
