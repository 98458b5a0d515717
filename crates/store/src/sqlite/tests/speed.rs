//! Measurements, not tests: `cargo test --release -p store speed -- --ignored --nocapture`.

use std::time::Instant;

use super::super::Sqlite;
use crate::conformance::audit_key;
use crate::conformance::clinic::{doctor, index_of, patient_id, the_file, unending};
use crate::conformance::{Clinic, at};
use crate::{Command, Import, ImportedSlot, Outcome, Query};

const SLOTS: u32 = 10_000;

/// 10,000 slots of ten doctors, each an hour long, beginning on Monday 09:00.
fn a_big_file() -> Import {
    let name = |n: u32| format!("doc{}", n % 10);
    let doctors = (0..10_u16).map(|n| doctor(&name(u32::from(n)), 41000 + n)).collect();
    let slots = (0..SLOTS).map(|n| ImportedSlot {
        line: n + 1,
        index: index_of(n + 1),
        doctor: crate::conformance::clinic::doctor_name(&name(n)),
        start: at(9 + i64::from(n / 10)),
        end: at(10 + i64::from(n / 10)),
    });
    Import { doctors, slots: slots.collect(), ..the_file() }
}

fn timed<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    println!("{what}: {:.1} ms", begun.elapsed().as_secs_f64() * 1e3);
    done
}

#[test]
#[ignore = "a measurement"]
fn speed_of_a_file_with_ten_thousand_slots() {
    let folder = tempfile::tempdir_in(".").unwrap();
    let path = folder.path().join("clinic.db");
    let store = timed("make the store", || Sqlite::open(&path, &audit_key()).unwrap());
    let mut clinic = Clinic::empty(&store);
    let import = Command::Import(a_big_file());
    timed("import 10,000 slots", || clinic.run(import.clone()));
    for _ in 0..3 {
        timed("import them again, unchanged", || clinic.run(import.clone()));
    }
    drop((clinic, store));
    let store = timed("open the store", || Sqlite::open(&path, &audit_key()).unwrap());
    let mut clinic = timed("open a writer and a reader", || Clinic::empty(&store));
    let by_index = Query::FreeSlotsByIndex {
        standing: unending(1),
        from: at(8),
        until: at(10_000),
        limit: 20_000,
    };
    timed("list 10,000 free slots", || clinic.read(&by_index));
    let first = Query::FreeSlotsByIndex {
        standing: unending(1),
        from: at(8),
        until: at(10_000),
        limit: 50,
    };
    timed("list 50 free slots", || clinic.read(&first));

    for (batch, from, until) in [(1, 1, 501), (64, 501, 5_001), (256, 5_001, SLOTS + 1)] {
        let bookings: Vec<Command> = (from..until)
            .map(|n| {
                let mut book = clinic.booking(1, n);
                book.patient = patient_id(u8::try_from(n % 3).unwrap() + 1);
                book.request = crate::conformance::clinic::request(&format!("r{n}"));
                Command::Book(book)
            })
            .collect();
        let begun = Instant::now();
        for chunk in bookings.chunks(batch) {
            let outcomes = clinic.batch(chunk);
            assert!(outcomes.iter().all(|o| matches!(o, Outcome::Booked(_))));
        }
        let rate = f64::from(until - from) / begun.elapsed().as_secs_f64();
        println!("bookings in batches of {batch}: {rate:.0} a second");
    }
    timed("list the free slots when all are booked", || clinic.read(&by_index));
    timed("check", || super::violations(&path));
    drop((clinic, store));
    timed("open the store again", || Sqlite::open(&path, &audit_key()).unwrap());
}
