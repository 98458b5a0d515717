//! Sentences about reading.

use domain::SlotId;
use jiff::Timestamp;

use super::Clinic;
use super::at;
use super::clinic::{
    WEEK, account, doctor, doctor_name, patient_id, rows, slot, standing, unending,
};
use crate::{
    Actor, AddPatient, Answer, AppointmentRecord, Cancel, Command, Page, PatientRecord, Query,
    SlotRecord, SlotsAfter, Store,
};

/// Ids of [`WEEK`]'s slots in order of time: Mon, Tue, Wed, Thu, Fri, Sat.
const BY_TIME: [i64; 6] = [2, 1, 4, 3, 6, 5];

fn page(clinic: &mut Clinic, query: &Query) -> (Vec<i64>, Option<SlotsAfter>) {
    match clinic.read(query) {
        Answer::Slots(Page { slots, next }) => (slots.iter().map(|s| s.id.0).collect(), next),
        other => panic!("{other:?}"),
    }
}

fn by_time(doctor: Option<&str>, from: Timestamp, limit: usize) -> Query {
    let doctor = doctor.map(doctor_name);
    Query::FreeSlotsByTime {
        doctor,
        standing: unending(1),
        now: from,
        from,
        until: None,
        after: None,
        limit,
    }
}

pub(super) fn an_empty_store_answers_with_nothing(store: &dyn Store) {
    let mut clinic = Clinic::empty(store);
    assert_eq!(clinic.read(&Query::Center), Answer::Center(None));
    assert_eq!(clinic.free(), []);
    assert_eq!(page(&mut clinic, &by_time(None, at(0), 10)), (Vec::new(), None));
    assert_eq!(clinic.appointments_of(1), []);
    assert_eq!(clinic.read(&Query::Patients), Answer::Patients(Vec::new()));
    assert_eq!(clinic.read(&Query::Doctors), Answer::Doctors(Vec::new()));
    assert_eq!(clinic.read(&Query::Slots), Answer::SlotRecords(Vec::new()));
}

pub(super) fn free_slots_are_listed_by_index(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 3);
    let mut list = |from: i64, until: i64, limit| {
        let query = Query::FreeSlotsByIndex {
            standing: unending(1),
            from: at(from),
            until: at(until),
            limit,
        };
        let (ids, next) = page(&mut clinic, &query);
        assert_eq!(next, None);
        ids
    };
    assert_eq!(list(8, 168, 100), [1, 2, 4, 5, 6]);
    assert_eq!(list(8, 168, 2), [1, 2]);
    assert_eq!(list(15, 168, 100), [1, 4, 5, 6]);
    assert_eq!(list(8, 132, 100), [1, 2, 4, 6]);
    assert_eq!(list(8, 168, 0), Vec::<i64>::new());
}

pub(super) fn a_published_slot_is_found_whoever_has_it_until_it_begins(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 3);
    let mut found = |id: i64, now: i64| {
        let query = Query::PublishedSlot { slot: SlotId(id), now: at(now) };
        page(&mut clinic, &query)
    };
    assert_eq!(found(2, 8), (vec![2], None));
    assert_eq!(found(3, 8), (vec![3], None), "it is booked, and published");
    assert_eq!(found(3, 10_000), (Vec::new(), None), "it has begun");
    assert_eq!(found(700, 8), (Vec::new(), None), "there is none");
}

pub(super) fn free_slots_are_listed_by_time_page_by_page(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    assert_eq!(page(&mut clinic, &by_time(None, at(8), 100)), (BY_TIME.to_vec(), None));
    assert_eq!(page(&mut clinic, &by_time(None, at(8), 6)), (BY_TIME.to_vec(), None));
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let (ids, next) = page(
            &mut clinic,
            &Query::FreeSlotsByTime {
                standing: unending(1),
                now: at(8),
                doctor: None,
                from: at(8),
                until: Some(at(132)),
                after,
                limit: 2,
            },
        );
        seen.extend(ids);
        match next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen, BY_TIME[..5]);
    // A page goes on from where the last one ended, also when that slot was taken meanwhile.
    clinic.booked(1, 1);
    let after = Some(SlotsAfter { start: at(37), id: SlotId(1) });
    let rest = Query::FreeSlotsByTime {
        standing: unending(1),
        doctor: None,
        now: at(8),
        from: at(8),
        until: None,
        after,
        limit: 9,
    };
    assert_eq!(page(&mut clinic, &rest), (BY_TIME[2..].to_vec(), None));
    // And never lists what has begun.
    assert_eq!(page(&mut clinic, &by_time(None, at(58), 9)), (BY_TIME[3..].to_vec(), None));
    let after = Some(SlotsAfter { start: at(0), id: SlotId(0) });
    let late = Query::FreeSlotsByTime {
        standing: unending(1),
        doctor: None,
        now: at(8),
        from: at(86),
        until: None,
        after,
        limit: 9,
    };
    assert_eq!(page(&mut clinic, &late), (BY_TIME[4..].to_vec(), None));
}

pub(super) fn free_slots_of_one_doctor_are_listed(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 4);
    assert_eq!(page(&mut clinic, &by_time(Some("doc1"), at(8), 9)), (vec![1, 3], None));
    assert_eq!(page(&mut clinic, &by_time(Some("doc2"), at(8), 9)), (vec![2, 6, 5], None));
    assert_eq!(page(&mut clinic, &by_time(Some("doc3"), at(8), 9)), (Vec::new(), None));
}

pub(super) fn a_patients_appointments_come_booked_ones_first(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let [monday, tuesday, saturday] = [2, 1, 5].map(|index| clinic.booked(1, index).id);
    clinic.cancel(1, monday);
    let ids: Vec<_> = clinic.appointments_of(1).iter().map(|a| a.id).collect();
    assert_eq!(ids, [tuesday, saturday, monday]);
    let query = Query::AppointmentsOf {
        patient: patient_id(1),
        standing: standing(1),
        now: at(8),
        limit: 1,
    };
    let first = clinic.appointments_of(1)[0].clone();
    assert_eq!(clinic.read(&query), Answer::Appointments(vec![first]));
}

pub(super) fn the_operator_sees_everything(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.run(Command::AddPatient(AddPatient { name: Some("Jan".to_owned()), ..account(4) }));
    clinic.import(rows(&WEEK[..4]));
    let (one, two) = (clinic.booked(1, 1), clinic.booked(2, 2));
    let cancel = Cancel {
        patient: None,
        actor: Actor::Account(standing(2)),
        request: None,
        appointment: two.id,
        reason: None,
    };
    clinic.run(Command::Cancel(cancel));

    let patient = |number| PatientRecord {
        patient: patient_id(number),
        user: Some(account(number).user),
        name: (number == 4).then(|| "Jan".to_owned()),
        added: at(8),
    };
    let patients = (1..=4).map(patient).collect();
    assert_eq!(clinic.read(&Query::Patients), Answer::Patients(patients));
    let doctors = vec![doctor("doc1", 41000), doctor("doc2", 42000)];
    assert_eq!(clinic.read(&Query::Doctors), Answer::Doctors(doctors));
    let slots = BY_TIME[..4].iter().map(|&id| SlotRecord {
        slot: slot(id, WEEK[id as usize - 1]),
        held_by: (id == 1).then(|| "patient1".to_owned()),
    });
    assert_eq!(clinic.read(&Query::Slots), Answer::SlotRecords(slots.collect()));
    let open =
        AppointmentRecord { appointment: one, patient: "patient1".to_owned(), booked: at(8) };
    let closed = AppointmentRecord {
        appointment: clinic.appointments_of(2)[0].clone(),
        patient: "patient2".to_owned(),
        booked: at(8),
    };
    let all = clinic.read(&Query::Appointments { closed_too: true });
    assert_eq!(all, Answer::AppointmentRecords(vec![closed, open.clone()]));
    let live = clinic.read(&Query::Appointments { closed_too: false });
    assert_eq!(live, Answer::AppointmentRecords(vec![open]));
}
