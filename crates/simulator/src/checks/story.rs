//! A small clinic to write sentences about, with a store in memory and the checks that look on.

use std::time::Duration;

use domain::{
    AccountId, Appointment, AppointmentId, Currency, Doctor, DoctorAddress, DoctorName, Money,
    PatientId, PlanName, RequestId, Service, SlotIndex, Tariff, UserName,
};
use jiff::{SignedDuration, Timestamp};
use store::sqlite::Sqlite;
use store::{
    Actor, AddPatient, AuditKey, Book, Cancel, Command, Erase, Import, ImportedSlot, Outcome,
    PasswordHash, Reschedule, SlotChoice, Store, StoreError, Writer,
};

use super::{Checks, Observation, Told, Violation};
use crate::plant::{PlantedStore, in_store};

/// How many slots there are, one an hour.
pub(crate) const SLOTS: u32 = 9;

/// The clinic: three patients, one doctor, [`SLOTS`].
pub(crate) struct Story {
    pub(crate) store: PlantedStore,
    writer: Box<dyn Writer>,
    pub(crate) checks: Checks,
    /// Since the beginning.
    pub(crate) now: Duration,
    /// What the center is told of each batch.
    pub(crate) told: Told,
    appointments: u128,
}

impl Story {
    /// In a store as it is.
    pub(crate) fn new() -> Self {
        Self::in_store(in_store(None, memory).unwrap())
    }

    pub(crate) fn in_store(store: PlantedStore) -> Self {
        let writer = store.writer().unwrap();
        let checks = Checks::new(memory_key());
        let (now, told) = (Duration::ZERO, Told::Outcomes);
        let mut story = Self { store, writer, checks, now, told, appointments: 0 };
        let outcome = story.run(&Command::Import(files())).unwrap();
        assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
        story
    }

    /// Commits one command; the checks see what the store says.
    pub(crate) fn run(&mut self, command: &Command) -> Result<Outcome, Violation> {
        let outcome = self.unseen(command);
        self.say(command, &outcome)?;
        Ok(outcome)
    }

    /// Commits one command, which the checks do not see.
    pub(crate) fn unseen(&mut self, command: &Command) -> Outcome {
        let now = midnight() + SignedDuration::try_from(self.now).unwrap();
        self.writer.commit(now, std::slice::from_ref(command)).unwrap().pop().unwrap()
    }

    /// Says to the checks what came of a command.
    pub(crate) fn say(&mut self, command: &Command, outcome: &Outcome) -> Result<(), Violation> {
        let (commands, outcomes) = (std::slice::from_ref(command), std::slice::from_ref(outcome));
        self.see(&Observation::Committed { commands, outcomes, told: self.told })
    }

    pub(crate) fn see(&mut self, seen: &Observation<'_>) -> Result<(), Violation> {
        self.checks.observe(self.now, seen)
    }

    pub(crate) fn compare(&mut self) -> Result<(), Violation> {
        self.checks.compare(&mut *self.store.reader().unwrap())
    }

    /// The center crashes, and comes back.
    pub(crate) fn crash(&mut self) {
        self.store.crash().unwrap();
        self.writer = self.store.writer().unwrap();
    }

    /// A booking with an appointment id of its own, 1 for the first one.
    pub(crate) fn booking(&mut self, patient: u8, slot: u32) -> Book {
        self.appointments += 1;
        Book {
            waiver: None,
            patient: patient_id(patient),
            actor: Actor::Operator,
            request: None,
            slot: SlotChoice::Index(index(slot)),
            appointment: AppointmentId::from_bytes(self.appointments.to_be_bytes()),
            appointments_max: None,
        }
    }

    pub(crate) fn book(&mut self, patient: u8, slot: u32) -> Result<Outcome, Violation> {
        let book = self.booking(patient, slot);
        self.run(&Command::Book(book))
    }

    pub(crate) fn cancel(&mut self, patient: u8, id: AppointmentId) -> Result<Outcome, Violation> {
        self.run(&cancelling(patient, id))
    }

    pub(crate) fn reschedule(
        &mut self,
        patient: u8,
        id: AppointmentId,
        slot: u32,
    ) -> Result<Outcome, Violation> {
        self.run(&moving(patient, id, slot))
    }

    pub(crate) fn erase(&mut self, patient: u8) -> Result<Outcome, Violation> {
        let patient = patient_id(patient);
        self.run(&Command::Erase(Erase { patient, actor: Actor::Operator }))
    }
}

pub(crate) fn cancelling(patient: u8, appointment: AppointmentId) -> Command {
    Command::Cancel(Cancel {
        patient: Some(patient_id(patient)),
        actor: Actor::Operator,
        request: None,
        appointment,
        reason: None,
    })
}

pub(crate) fn moving(patient: u8, appointment: AppointmentId, slot: u32) -> Command {
    Command::Reschedule(Reschedule {
        waiver: None,
        patient: patient_id(patient),
        actor: Actor::Operator,
        request: None,
        appointment,
        slot: SlotChoice::Index(index(slot)),
    })
}

/// What was booked.
pub(crate) fn booked(outcome: Result<Outcome, Violation>) -> Appointment {
    match outcome {
        Ok(Outcome::Booked(appointment)) => appointment,
        other => panic!("it was to be booked: {other:?}"),
    }
}

/// A new store in memory.
pub(crate) fn memory() -> Result<Box<dyn Store>, StoreError> {
    Ok(Box::new(Sqlite::in_memory_with(&memory_key())?))
}

/// What its audit is chained under.
pub(crate) fn memory_key() -> AuditKey {
    AuditKey::new([5; 32])
}

/// Patient 1 is `01010101-…`.
pub(crate) fn patient_id(number: u8) -> PatientId {
    PatientId::from_bytes([number; 16])
}

pub(crate) fn index(number: u32) -> SlotIndex {
    SlotIndex::new(number).unwrap()
}

pub(crate) fn request(id: &str) -> Option<RequestId> {
    Some(RequestId::new(id).unwrap())
}

pub(crate) fn doctor_name() -> DoctorName {
    DoctorName::new("doc1").unwrap()
}

pub(crate) fn plan() -> PlanName {
    PlanName::new("insurance1").unwrap()
}

pub(crate) fn money(amount: &str) -> Money {
    Money::parse(amount, Currency::USD).unwrap()
}

/// The tariff that asks so much of [`plan`].
pub(crate) fn tariff(amount: &str) -> Tariff {
    let mut tariff = Tariff::default();
    tariff.set(&Service::visit(), plan(), money(amount));
    tariff
}

/// When the story begins; slot 1 begins an hour later.
fn midnight() -> Timestamp {
    "2026-11-23T00:00:00Z".parse().unwrap()
}

fn files() -> Import {
    let account = |number: u8| AddPatient {
        account: AccountId::from_bytes([number + 100; 16]),
        patient: patient_id(number),
        user: UserName::new(&format!("patient{number}")).unwrap(),
        password: PasswordHash::new(format!("$hash{number}")),
        name: None,
    };
    let hour = |number: u32| midnight() + SignedDuration::from_hours(i64::from(number));
    let slot = |number: u32| ImportedSlot {
        line: number,
        index: index(number),
        doctor: doctor_name(),
        start: hour(number),
        end: hour(number + 1),
    };
    let address = DoctorAddress { host: None, port: 41_000 };
    Import {
        zone: "UTC".to_owned(),
        accounts: (1..=3).map(account).collect(),
        doctors: vec![Doctor { name: doctor_name(), address, keys: None }],
        slots: (1..=SLOTS).map(slot).collect(),
    }
}
