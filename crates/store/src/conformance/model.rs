//! Any sequence of commands, against a model small enough to be seen to be right.

use std::collections::BTreeMap;

use domain::{Appointment, AppointmentId, AppointmentStatus, Refusal, SlotId, Version};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::Clinic;
use super::clinic::{WEEK, cancelling, moving, patient_id, request, slot, standing};
use super::{at, audit_key};
use crate::sqlite::{Sqlite, upkeep};
use crate::{Actor, Book, Cancel, Command, Hold, Outcome, Release, Reschedule, Store};

/// What somebody does. Patients are 1 to 3, slots 1 to 7 (7 is none), appointments are counted from
/// the first one that came about, requests are few enough to be repeated.
#[derive(Debug, Clone)]
enum Deed {
    Book { patient: u8, index: u32, request: Option<u8> },
    Cancel { patient: u8, nth: usize, request: Option<u8> },
    Reschedule { patient: u8, nth: usize, index: u32, request: Option<u8> },
    Hold { patient: u8, index: u32 },
    Release { patient: u8, index: u32 },
    Wait { hours: i64 },
}

/// How long a hold lasts here, and how many a patient may have.
const HOLD_HOURS: i64 = 3;
const HOLDS_MAX: u32 = 2;

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let (patient, index, nth) = (1_u8..=3, 1_u32..=7, 0_usize..6);
    let request = proptest::option::weighted(0.4, 0_u8..6);
    let book = (patient.clone(), index.clone(), request.clone())
        .prop_map(|(patient, index, request)| Deed::Book { patient, index, request });
    let cancel = (patient.clone(), nth.clone(), request.clone())
        .prop_map(|(patient, nth, request)| Deed::Cancel { patient, nth, request });
    let moved = (patient, nth, index, request).prop_map(|(patient, nth, index, request)| {
        Deed::Reschedule { patient, nth, index, request }
    });
    let hold = (1_u8..=3, 1_u32..=7).prop_map(|(patient, index)| Deed::Hold { patient, index });
    let release =
        (1_u8..=3, 1_u32..=7).prop_map(|(patient, index)| Deed::Release { patient, index });
    let wait = (1_i64..30).prop_map(|hours| Deed::Wait { hours });
    proptest::collection::vec(
        prop_oneof![8 => book, 4 => cancel, 4 => moved, 6 => hold, 1 => release, 2 => wait],
        1..40,
    )
}

#[derive(Default)]
struct Model {
    hour: i64,
    appointments: Vec<(u8, Appointment)>,
    /// Which slot waits for whom, until which hour.
    holds: BTreeMap<u32, (u8, i64)>,
    /// What was asked under a name, and the answer. (No visit is a week old in these tests.)
    requests: BTreeMap<(u8, u8), (String, Outcome)>,
}

impl Model {
    fn named(
        &mut self,
        patient: u8,
        request: Option<u8>,
        asked: String,
        work: impl FnOnce(&mut Self) -> Outcome,
    ) -> Outcome {
        let Some(request) = request else { return work(self) };
        match self.requests.get(&(patient, request)) {
            Some((before, outcome)) if *before == asked => return outcome.clone(),
            Some(_) => return Outcome::Refused(Refusal::RequestIdReused),
            None => {}
        }
        let outcome = work(self);
        self.requests.insert((patient, request), (asked, outcome.clone()));
        outcome
    }

    fn on_offer(&self, index: u32) -> bool {
        WEEK.iter().any(|&(i, _, hour)| i == index && hour > self.hour)
    }

    fn holder(&self, index: u32) -> Option<&(u8, Appointment)> {
        self.appointments.iter().find(|(_, held)| {
            held.slot.index.number() == index && held.status == AppointmentStatus::Booked
        })
    }

    /// For whom a slot waits.
    fn waits_for(&self, index: u32) -> Option<u8> {
        let held = self.holds.get(&index).filter(|(_, until)| *until > self.hour);
        held.map(|(patient, _)| *patient)
    }

    /// Whether the slot is booked, or waits for another patient.
    fn is_anothers(&self, index: u32, patient: u8) -> bool {
        self.holder(index).is_some() || self.waits_for(index).is_some_and(|who| who != patient)
    }

    fn hold(&mut self, patient: u8, index: u32) -> Outcome {
        if !self.on_offer(index) {
            return Outcome::Refused(Refusal::NoSuchSlot);
        }
        if self.is_anothers(index, patient) {
            return Outcome::Refused(Refusal::SlotTaken);
        }
        let others = (1..=6).filter(|&it| it != index && self.waits_for(it) == Some(patient));
        if others.count() >= HOLDS_MAX as usize {
            return Outcome::Refused(Refusal::TooManyHolds);
        }
        let until = self.hour + HOLD_HOURS;
        self.holds.insert(index, (patient, until));
        Outcome::Held { slot: Self::week_slot(index), expires: at(until) }
    }

    fn release(&mut self, patient: u8, index: u32) -> Outcome {
        self.holds.retain(|held, (who, _)| *held != index || *who != patient);
        Outcome::Done
    }

    fn week_slot(index: u32) -> domain::Slot {
        slot(i64::from(index), WEEK[index as usize - 1])
    }

    fn book(&mut self, patient: u8, index: u32, id: AppointmentId) -> Outcome {
        if !self.on_offer(index) {
            return Outcome::Refused(Refusal::NoSuchSlot);
        }
        match self.holder(index) {
            Some((who, held)) if *who == patient => return Outcome::AlreadyHeld(held.clone()),
            Some(_) => return Outcome::Refused(Refusal::SlotTaken),
            None if self.is_anothers(index, patient) => {
                return Outcome::Refused(Refusal::SlotTaken);
            }
            None => {}
        }
        self.holds.remove(&index);
        let appointment = super::clinic::appointment(id, Self::week_slot(index));
        self.appointments.push((patient, appointment.clone()));
        Outcome::Booked(appointment)
    }

    fn changeable(&self, patient: u8, nth: usize) -> Result<usize, Refusal> {
        let Some((who, held)) = self.appointments.get(nth) else {
            return Err(Refusal::NoSuchAppointment);
        };
        if *who != patient {
            return Err(Refusal::NoSuchAppointment);
        }
        if held.status != AppointmentStatus::Booked || held.slot.start <= at(self.hour) {
            return Err(Refusal::AppointmentClosed);
        }
        Ok(nth)
    }

    fn cancel(&mut self, patient: u8, nth: usize) -> Outcome {
        match self.changeable(patient, nth) {
            Err(refusal) => Outcome::Refused(refusal),
            Ok(nth) => {
                let held = &mut self.appointments[nth].1;
                held.status = AppointmentStatus::Cancelled;
                held.version = Version(held.version.0 + 1);
                Outcome::Cancelled(held.clone())
            }
        }
    }

    fn reschedule(&mut self, patient: u8, nth: usize, index: u32) -> Outcome {
        let nth = match self.changeable(patient, nth) {
            Err(refusal) => return Outcome::Refused(refusal),
            Ok(nth) => nth,
        };
        if !self.on_offer(index) {
            return Outcome::Refused(Refusal::NoSuchSlot);
        }
        if self.appointments[nth].1.slot.index.number() != index {
            if self.is_anothers(index, patient) {
                return Outcome::Refused(Refusal::SlotTaken);
            }
            self.holds.remove(&index);
            let held = &mut self.appointments[nth].1;
            held.slot = Self::week_slot(index);
            held.version = Version(held.version.0 + 1);
        }
        Outcome::Rescheduled(self.appointments[nth].1.clone())
    }
}

/// Does `deed` in the clinic and in the model, and compares.
fn check(clinic: &mut Clinic, model: &mut Model, deed: &Deed) {
    let named = |id: Option<u8>| id.and_then(|id| request(&format!("r{id}")));
    let asked = format!("{deed:?}");
    let nth_id = |model: &Model, nth: usize| {
        let held = model.appointments.get(nth);
        held.map_or(AppointmentId::from_bytes([255; 16]), |(_, held)| held.id)
    };
    let (found, expected) = match *deed {
        Deed::Wait { hours } => {
            model.hour += hours;
            clinic.now = at(model.hour);
            return;
        }
        Deed::Hold { patient, index } => {
            let hold = Hold {
                patient: patient_id(patient),
                actor: Actor::Account(standing(patient)),
                slot: SlotId(i64::from(index)),
                expires: at(model.hour + HOLD_HOURS),
                holds_max: HOLDS_MAX,
            };
            (clinic.run(Command::Hold(hold)), model.hold(patient, index))
        }
        Deed::Release { patient, index } => {
            let release = Release {
                patient: patient_id(patient),
                actor: Actor::Account(standing(patient)),
                slot: SlotId(i64::from(index)),
            };
            (clinic.run(Command::Release(release)), model.release(patient, index))
        }
        Deed::Book { patient, index, request } => {
            let book = Book { request: named(request), ..clinic.booking(patient, index) };
            let id = book.appointment;
            let expected =
                model.named(patient, request, asked, |model| model.book(patient, index, id));
            (clinic.run(Command::Book(book)), expected)
        }
        Deed::Cancel { patient, nth, request } => {
            let id = nth_id(model, nth);
            let asked = format!("cancel {id}");
            let cancel = Cancel { request: named(request), ..cancelling(patient, id) };
            let expected = model.named(patient, request, asked, |model| model.cancel(patient, nth));
            (clinic.run(Command::Cancel(cancel)), expected)
        }
        Deed::Reschedule { patient, nth, index, request } => {
            let id = nth_id(model, nth);
            let asked = format!("reschedule {id} {index}");
            let moved = Reschedule { request: named(request), ..moving(patient, id, index) };
            let expected =
                model.named(patient, request, asked, |model| model.reschedule(patient, nth, index));
            (clinic.run(Command::Reschedule(moved)), expected)
        }
    };
    assert_eq!(found, expected, "{deed:?}");
}

fn same_in_the_end(clinic: &mut Clinic, model: &Model) {
    let is_free = |index: &u32| {
        model.on_offer(*index)
            && model.holder(*index).is_none()
            && model.waits_for(*index).is_none()
    };
    let free: Vec<u32> = (1..=6).filter(is_free).collect();
    assert_eq!(clinic.free_indices(), free);
    for patient in 1..=3 {
        let mut mine: Vec<Appointment> = model
            .appointments
            .iter()
            .filter(|(who, _)| *who == patient)
            .map(|(_, held)| held.clone())
            .collect();
        mine.sort_by_key(|held| {
            (held.status != AppointmentStatus::Booked, held.slot.start, held.id)
        });
        assert_eq!(clinic.appointments_of(patient), mine, "{}", patient_id(patient));
    }
}

fn check_any_sequence(sequences: u32, in_clinic: impl Fn(&dyn Fn(&dyn Store))) {
    let config = Config { cases: sequences, failure_persistence: None, ..Config::default() };
    let run = TestRunner::new(config).run(&deeds(), |deeds| {
        in_clinic(&|store| {
            let mut clinic = Clinic::open(store);
            let mut model = Model { hour: 8, ..Model::default() };
            for deed in &deeds {
                check(&mut clinic, &mut model, deed);
            }
            same_in_the_end(&mut clinic, &model);
        });
        Ok(())
    });
    run.unwrap();
}

#[test]
fn any_sequence_of_commands_does_what_the_model_does_in_memory() {
    check_any_sequence(200, |play| play(&Sqlite::in_memory().unwrap()));
}

#[test]
fn any_sequence_of_commands_does_what_the_model_does_on_a_file() {
    check_any_sequence(20, |play| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clinic.db");
        play(&Sqlite::open(&path, &audit_key()).unwrap());
        assert_eq!(upkeep::check(&path).unwrap(), Vec::<String>::new());
    });
}
