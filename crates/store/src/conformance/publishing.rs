//! Sentences about importing the clinic's files and adding slots by hand.

use domain::{Doctor, DoctorAddress, Refusal, Slot};

use super::Clinic;
use super::at;
use super::clinic::{WEEK, account, doctor, doctor_name, rows, slot, the_file};
use crate::{
    AddPatient, Answer, CenterRecord, Command, CommitError, Import, ImportConflict, ImportCounts,
    Outcome, PasswordHash, Query, SlotConflict, Store, StoreError,
};

/// Counts of an import that created no account and no doctor.
fn slots_only(published: usize, withdrawn: usize, unchanged: usize) -> Outcome {
    Outcome::Imported(ImportCounts {
        slots_published: published,
        slots_withdrawn: withdrawn,
        slots_unchanged: unchanged,
        ..ImportCounts::default()
    })
}

fn conflict(line: u32, conflict: SlotConflict) -> Outcome {
    Outcome::ImportConflict(ImportConflict::Slot { line, conflict })
}

/// [`WEEK`] with row `index` replaced.
fn week_with(index: u32, row: (u32, &'static str, i64)) -> Vec<(u32, &'static str, i64)> {
    WEEK.iter().map(|&old| if old.0 == index { row } else { old }).collect()
}

pub(super) fn a_first_import_creates_everything(store: &dyn Store) {
    let mut clinic = Clinic::empty(store);
    let counts = ImportCounts {
        accounts_added: 3,
        doctors_added: 2,
        slots_published: 6,
        slots_withdrawn: 0,
        slots_unchanged: 0,
    };
    assert_eq!(clinic.run(Command::Import(the_file())), Outcome::Imported(counts));
    let zone = "UTC".to_owned();
    assert_eq!(clinic.read(&Query::Center), Answer::Center(Some(CenterRecord { zone })));
    let slots: Vec<Slot> = WEEK.iter().zip(1..).map(|(&row, id)| slot(id, row)).collect();
    assert_eq!(clinic.free(), slots);
}

pub(super) fn a_zone_is_settled_once_and_touches_nothing_else(store: &dyn Store) {
    let mut clinic = Clinic::empty(store);
    let settle = |zone: &str| Command::SettleZone(zone.to_owned());
    assert_eq!(clinic.run(settle("UTC")), Outcome::Done);
    let zone = "UTC".to_owned();
    assert_eq!(clinic.read(&Query::Center), Answer::Center(Some(CenterRecord { zone })));
    clinic.run(Command::Import(the_file()));
    assert_eq!(clinic.run(settle("UTC")), Outcome::Done);
    let conflict = Outcome::ImportConflict(ImportConflict::Zone("UTC".to_owned()));
    assert_eq!(clinic.run(settle("Asia/Tokyo")), conflict);
    assert_eq!(clinic.free().len(), WEEK.len());
    let told = clinic.told_after(0);
    assert_eq!(
        told.iter().filter(|told| told.starts_with("settle_zone")).collect::<Vec<_>>(),
        ["settle_zone: UTC", "settle_zone: conflict",]
    );
}

pub(super) fn an_import_again_changes_nothing(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let before = clinic.free();
    assert_eq!(clinic.import(rows(WEEK)), slots_only(0, 0, 6));
    assert_eq!(clinic.free(), before);
}

pub(super) fn a_conflict_takes_nothing_over_and_leaves_the_batch_alone(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let file = Import {
        accounts: vec![account(4)],
        doctors: vec![doctor("doc1", 41001), doctor("doc2", 42000), doctor("doc3", 43000)],
        // Slot 1 moves, slot 2 leaves, slot 8 is new, and slot 9 overlaps slot 3.
        slots: rows(&[(1, "doc1", 38), (8, "doc3", 37), (3, "doc1", 86), (9, "doc1", 86)]),
        ..the_file()
    };
    let batch = [
        Command::Book(clinic.booking(1, 5)),
        Command::Import(file),
        Command::Book(clinic.booking(2, 2)),
    ];
    let outcomes = clinic.batch(&batch);
    let overlap = SlotConflict::Overlap(Slot {
        doctor: Doctor {
            name: doctor_name("doc1"),
            address: DoctorAddress { host: None, port: 41001 },
            keys: None,
        },
        ..slot(3, WEEK[2])
    });
    assert!(matches!(outcomes[0], Outcome::Booked(_)));
    assert_eq!(outcomes[1], conflict(4, overlap));
    assert!(matches!(outcomes[2], Outcome::Booked(_)));
    assert_eq!(clinic.free_indices(), [1, 3, 4, 6]);
    assert_eq!(clinic.free()[0], slot(1, WEEK[0]));
    let doctors = vec![doctor("doc1", 41000), doctor("doc2", 42000)];
    assert_eq!(clinic.read(&Query::Doctors), Answer::Doctors(doctors));
    let four = Query::Account(account(4).user);
    assert_eq!(clinic.read(&four), Answer::Account(None));
}

pub(super) fn an_account_is_never_changed(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let one = clinic.read(&Query::Account(account(1).user));
    let other_password =
        AddPatient { password: PasswordHash::new("$other".to_owned()), ..account(9) };
    let accounts = vec![AddPatient { user: account(1).user, ..other_password }, account(4)];
    let outcome = clinic.run(Command::Import(Import { accounts, ..the_file() }));
    let counts = ImportCounts { accounts_added: 1, slots_unchanged: 6, ..ImportCounts::default() };
    assert_eq!(outcome, Outcome::Imported(counts));
    assert_eq!(clinic.read(&Query::Account(account(1).user)), one);
}

pub(super) fn another_zone_is_a_conflict(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let zone = "Europe/Prague".to_owned();
    let outcome = clinic.run(Command::Import(Import { zone, ..the_file() }));
    assert_eq!(outcome, Outcome::ImportConflict(ImportConflict::Zone("UTC".to_owned())));
}

pub(super) fn a_free_row_that_left_the_file_is_withdrawn(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    assert_eq!(clinic.import(rows(&WEEK[2..])), slots_only(0, 2, 4));
    assert_eq!(clinic.free_indices(), [3, 4, 5, 6]);
    // It comes back as another slot.
    assert_eq!(clinic.import(rows(WEEK)), slots_only(2, 0, 4));
    assert_eq!(clinic.free()[..2], [slot(7, WEEK[0]), slot(8, WEEK[1])]);
}

pub(super) fn a_booked_row_that_left_the_file_stays(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 1);
    assert_eq!(clinic.import(rows(&WEEK[1..])), slots_only(0, 0, 5));
    assert_eq!(clinic.appointments_of(1), [appointment]);
    assert_eq!(clinic.book(2, 1), Outcome::Refused(Refusal::SlotTaken));
}

pub(super) fn a_free_index_given_to_another_time_is_published_anew(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let later = (1, "doc1", 38);
    assert_eq!(clinic.import(rows(&week_with(1, later))), slots_only(1, 1, 5));
    assert_eq!(clinic.free()[0], slot(7, later));
    let other_doctor = (1, "doc2", 38);
    assert_eq!(clinic.import(rows(&week_with(1, other_doctor))), slots_only(1, 1, 5));
    assert_eq!(clinic.free()[0], slot(8, other_doctor));
    // A visit of another length is another time.
    let mut longer = rows(&week_with(1, other_doctor));
    longer[0].end = at(40);
    assert_eq!(clinic.import(longer), slots_only(1, 1, 5));
    assert_eq!(clinic.free()[0], Slot { end: at(40), ..slot(9, other_doctor) });
}

pub(super) fn a_booked_index_given_to_another_time_is_a_conflict(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    let booked = SlotConflict::IndexBooked(slot(2, WEEK[1]));
    for row in [(2, "doc2", 16), (2, "doc1", 15)] {
        let outcome = clinic.import(rows(&week_with(2, row)));
        assert_eq!(outcome, conflict(2, booked.clone()), "{row:?}");
    }
    assert_eq!(clinic.appointments_of(1), [appointment]);
}

pub(super) fn a_booked_row_that_is_unchanged_stays_booked(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 2);
    assert_eq!(clinic.import(rows(WEEK)), slots_only(0, 0, 6));
    assert_eq!(clinic.appointments_of(1), [appointment]);
    assert_eq!(clinic.free_indices(), [1, 3, 4, 5, 6]);
}

pub(super) fn two_free_rows_exchange_their_indices(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let (one, three) = ((3, "doc1", 37), (1, "doc1", 86));
    let mut week = week_with(1, one);
    week[2] = three;
    assert_eq!(clinic.import(rows(&week)), slots_only(2, 2, 4));
    let free = clinic.free();
    assert_eq!([&free[0], &free[2]], [&slot(8, three), &slot(7, one)]);
}

pub(super) fn an_index_added_by_hand_is_a_conflict(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let Outcome::SlotsAdded(added) = clinic.add_slots("doc1", &[(40, 41)]) else { panic!() };
    let mut week = WEEK.to_vec();
    week.push((7, "doc1", 50));
    let by_hand = SlotConflict::IndexAddedByHand(added[0].clone());
    assert_eq!(clinic.import(rows(&week)), conflict(7, by_hand));
    // Booked or not matters more to whoever has to sort it out.
    clinic.booked(1, 7);
    let booked = SlotConflict::IndexBooked(added[0].clone());
    assert_eq!(clinic.import(rows(&week)), conflict(7, booked));
    // The same time under the same index is no conflict.
    week[6] = (7, "doc1", 40);
    assert_eq!(clinic.import(rows(&week)), slots_only(0, 0, 7));
}

pub(super) fn slots_added_by_hand_are_left_alone(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.add_slots("doc1", &[(40, 41)]);
    assert_eq!(clinic.import(rows(&WEEK[..5])), slots_only(0, 1, 5));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 7]);
}

pub(super) fn an_overlap_is_a_conflict_with_its_line(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let add = |row| [WEEK, &[row]].concat();
    // With a slot that is there, from before and from after it; touching is not overlapping.
    let mut touching = rows(&add((7, "doc1", 36)));
    assert_eq!(clinic.import(touching.clone()), slots_only(1, 0, 6));
    touching[6].end = at(38);
    touching[6].index = super::clinic::index_of(8);
    let overlapped = SlotConflict::Overlap(slot(1, WEEK[0]));
    assert_eq!(clinic.import(touching), conflict(7, overlapped));
    // Two doctors do not share a calendar.
    assert_eq!(clinic.import(rows(&add((7, "doc2", 37)))), slots_only(1, 1, 6));
    // With a booked slot that left the file.
    clinic.booked(1, 1);
    let rows = rows(&[(8, "doc1", 37)]);
    assert_eq!(clinic.import(rows), conflict(1, SlotConflict::Overlap(slot(1, WEEK[0]))));
}

pub(super) fn an_index_is_used_again_in_a_later_week(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let (tuesday, monday) = (clinic.booked(1, 1), clinic.booked(2, 2));
    // On Wednesday 08:00, Monday and Tuesday mean those of the next week.
    clinic.now = at(56);
    let week: Vec<_> =
        WEEK.iter().map(|&(i, doctor, h)| (i, doctor, if h < 56 { h + 168 } else { h })).collect();
    assert_eq!(clinic.import(rows(&week)), slots_only(2, 0, 4));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
    let again = clinic.booked(3, 1);
    assert_eq!(again.slot, slot(7, week[0]));
    // What was booked in the first week is still there.
    assert_eq!(clinic.appointments_of(1), [tuesday]);
    assert_eq!(clinic.appointments_of(2), [monday]);
    // And loading that again changes nothing.
    assert_eq!(clinic.import(rows(&week)), slots_only(0, 0, 6));
}

pub(super) fn two_doctors_exchange_their_addresses(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let doctors = vec![doctor("doc1", 42000), doctor("doc2", 41000)];
    let file = Import { doctors: doctors.clone(), ..the_file() };
    assert_eq!(clinic.run(Command::Import(file)), slots_only(0, 0, 6));
    assert_eq!(clinic.read(&Query::Doctors), Answer::Doctors(doctors));
}

pub(super) fn an_address_of_another_doctor_is_a_conflict(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 2);
    let in_the_way = |name: &str, holder: &str| {
        let (doctor, holder) = (doctor_name(name), doctor_name(holder));
        Outcome::ImportConflict(ImportConflict::Address { doctor, holder })
    };
    let newcomer = Import {
        doctors: vec![doctor("doc1", 41000), doctor("doc3", 42000)],
        slots: Vec::new(),
        ..the_file()
    };
    assert_eq!(clinic.run(Command::Import(newcomer)), in_the_way("doc3", "doc2"));
    let both = vec![doctor("doc1", 41000), doctor("doc2", 42000), doctor("doc3", 42000)];
    let both = Import { doctors: both, ..the_file() };
    assert_eq!(clinic.run(Command::Import(both)), in_the_way("doc3", "doc2"));
    // The same port on another host is another address.
    let mut elsewhere = doctor("doc3", 42000);
    elsewhere.address.host = Some("192.0.2.7".parse().unwrap());
    let file = Import { doctors: vec![elsewhere.clone()], slots: rows(WEEK), ..the_file() };
    let counts = ImportCounts { doctors_added: 1, slots_unchanged: 6, ..ImportCounts::default() };
    assert_eq!(clinic.run(Command::Import(file)), Outcome::Imported(counts));
    // Doctors who left the file are still there, with their slots.
    let doctors = vec![doctor("doc1", 41000), doctor("doc2", 42000), elsewhere];
    assert_eq!(clinic.read(&Query::Doctors), Answer::Doctors(doctors));
}

pub(super) fn a_moved_doctor_is_seen_by_everybody(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 1);
    let doctors = vec![doctor("doc1", 41001), doctor("doc2", 42000)];
    clinic.run(Command::Import(Import { doctors, ..the_file() }));
    assert_eq!(clinic.free()[1].doctor, doctor("doc1", 41001));
    assert_eq!(clinic.appointments_of(1)[0].slot.doctor, doctor("doc1", 41001));
}

pub(super) fn added_slots_get_the_lowest_free_indices(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.import(rows(&week_with(2, (9, "doc2", 15))));
    let Outcome::SlotsAdded(slots) = clinic.add_slots("doc1", &[(40, 41), (41, 43), (30, 31)])
    else {
        panic!("nothing is in the way")
    };
    let long = Slot { end: at(43), ..slot(9, (7, "doc1", 41)) };
    assert_eq!(slots, [slot(8, (2, "doc1", 40)), long, slot(10, (8, "doc1", 30))]);
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

pub(super) fn added_slots_leave_the_indices_of_the_file_to_the_file(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.now = at(15);
    // Slot 2 has begun, and the file will want its index again next week.
    let added = clinic.add_slots("doc1", &[(40, 41)]);
    assert_eq!(added, Outcome::SlotsAdded(vec![slot(7, (7, "doc1", 40))]));
    let mut next_week = WEEK.to_vec();
    next_week[1].2 += 168;
    assert_eq!(clinic.import(rows(&next_week)), slots_only(1, 0, 5));
}

pub(super) fn a_doctor_who_has_left_leaves_the_address_to_another(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let at_41000 = |name| Doctor {
        name: doctor_name(name),
        address: DoctorAddress { host: None, port: 41000 },
        keys: None,
    };
    // Only a slot of doc2 is left in the file, and doc3 answers where doc1 did.
    let doc2 = the_file().doctors[1].clone();
    let file = |doctors| Command::Import(Import { doctors, slots: rows(&[WEEK[1]]), ..the_file() });
    let appointment = clinic.booked(1, 1);
    let doctors = vec![doc2.clone(), at_41000("doc3")];
    let conflict =
        ImportConflict::Address { doctor: doctor_name("doc3"), holder: doctor_name("doc1") };
    assert_eq!(clinic.run(file(doctors.clone())), Outcome::ImportConflict(conflict));
    // Once nobody is to come to doc1 any more, the address is free.
    assert!(matches!(clinic.cancel(1, appointment.id), Outcome::Cancelled(_)));
    assert!(matches!(clinic.run(file(doctors)), Outcome::Imported(_)));
    // And who comes back takes it again, when the other one has left.
    let back = vec![doc2, at_41000("doc1")];
    assert!(matches!(clinic.run(file(back)), Outcome::Imported(_)));
}

pub(super) fn added_slots_are_all_or_none(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let outcome = clinic.add_slots("doc1", &[(40, 41), (36, 38)]);
    let overlap = SlotConflict::Overlap(slot(1, WEEK[0]));
    assert_eq!(outcome, Outcome::SlotsConflict(1, overlap));
    let outcome = clinic.add_slots("doc1", &[(40, 41), (40, 41)]);
    let overlap = SlotConflict::Overlap(slot(7, (7, "doc1", 40)));
    assert_eq!(outcome, Outcome::SlotsConflict(1, overlap));
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
}

pub(super) fn slots_of_no_doctor_are_not_added(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    assert_eq!(clinic.add_slots("doc9", &[(40, 41)]), Outcome::NoSuchDoctor);
}

pub(super) fn a_contradictory_slot_is_a_bad_command(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let mut backwards = rows(&[(7, "doc1", 40)]);
    backwards[0].end = at(40);
    for slots in [backwards, rows(&[(7, "doc9", 40)])] {
        let import = Command::Import(Import { slots, ..the_file() });
        let result = clinic.writer.commit(clinic.now, &[import]);
        assert!(
            matches!(result, Err(CommitError::RolledBack(StoreError::BadCommand(_)))),
            "{result:?}"
        );
    }
    assert_eq!(clinic.free_indices(), [1, 2, 3, 4, 5, 6]);
}
