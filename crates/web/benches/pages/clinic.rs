//! A clinic of the size that is measured: 100 doctors, 90 days, so many bookings, in a file.

use std::path::Path;

use center::tickets::TicketKey;
use center::{Rules, TicketOffice};
use domain::{
    AccountId, AppointmentId, DoctorAddress, DoctorName, Password, PatientId, Service, UserName,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use protocol::ticket::SigningKey;
use runtime::estimates::Estimates;
use runtime::password::{Workspace, hash_cheaply};
use runtime::{Runtime, Settings};
use store::sqlite::Sqlite;
use store::{
    Actor, AddPatient, AddSlots, AuditKey, Book, Command, Import, NewSlot, Outcome, SlotChoice,
    Store as _, Writer,
};
use web::Site;

pub(crate) const DOCTORS: u16 = 100;
const DAYS: i64 = 90;
/// Half hours a day of each doctor: 16 x 90 x 100 are 144,000 slots.
const SLOTS_A_DAY: i64 = 16;
/// Patients with a log-in, one for each of those who come at once.
pub(crate) const PATIENTS: usize = 16;
pub(crate) const PASSWORD: &str = "a long enough password";
/// Commands that are committed at once.
const BATCH: usize = 256;

pub(crate) struct Clinic {
    pub(crate) runtime: Runtime,
    pub(crate) rules: Rules,
    /// Slots that nobody has, the last days first.
    pub(crate) free: Vec<i64>,
    pub(crate) patients: Vec<PatientId>,
}

impl Clinic {
    /// In a new file in `folder`.
    pub(crate) fn fill(folder: &Path, bookings: usize) -> Self {
        let path = folder.join(format!("{bookings}.db"));
        let store = Sqlite::open(&path, &AuditKey::new([3; 32])).expect("a new file can be made");
        let mut writer = store.writer().expect("there is one writer");
        let now = Timestamp::now();
        let patients = people(&mut *writer, now);
        let mut slots = calendar(&mut *writer, now);
        let booked: Vec<i64> = booked_among(&slots, bookings);
        book(&mut *writer, now, &booked, &patients);
        let taken: std::collections::HashSet<i64> = booked.into_iter().collect();
        slots.retain(|slot| !taken.contains(slot));
        slots.reverse();
        drop(writer);
        let runtime = Runtime::start(&store, &Settings::default()).expect("the store is open");
        let identity = SigningKey::from_seed([9; 32]).expect("a seed is a key");
        let key = SigningKey::from_seed([1; 32]).expect("a seed is a key");
        let tickets = TicketOffice::new(identity, vec![TicketKey { key, signs_from: now }]);
        let tickets = Some(tickets.expect("there is a key"));
        let rules = Rules { zone: TimeZone::UTC, appointments_max: None, tickets };
        Self { runtime, rules, free: slots, patients }
    }

    pub(crate) fn site(&self, url: String) -> Site {
        let estimates = Estimates::new(self.runtime.clone(), self.rules.clone());
        let (runtime, rules) = (self.runtime.clone(), self.rules.clone());
        let center = "127.0.0.1:21000".to_owned();
        Site { runtime, rules, estimates, url, center, demo: None }
    }
}

fn commit(writer: &mut dyn Writer, now: Timestamp, commands: &[Command]) -> Vec<Outcome> {
    let batches = commands.chunks(BATCH);
    let outcomes = batches.flat_map(|batch| writer.commit(now, batch).expect("the disk works"));
    outcomes.collect()
}

fn people(writer: &mut dyn Writer, now: Timestamp) -> Vec<PatientId> {
    let mut workspace = Workspace::default();
    let password = hash_cheaply(&Password::new(PASSWORD).expect("long enough"), &mut workspace);
    let patient = |_| PatientId::fresh(now, &runtime::fresh_entropy());
    let patients: Vec<PatientId> = (0..PATIENTS).map(patient).collect();
    let add = |(at, patient): (usize, &PatientId)| {
        Command::AddPatient(AddPatient {
            account: AccountId::fresh(now, &runtime::fresh_entropy()),
            patient: *patient,
            user: UserName::new(&format!("patient{at}")).expect("a name"),
            password: password.clone(),
            name: None,
        })
    };
    let commands: Vec<Command> = patients.iter().enumerate().map(add).collect();
    let outcomes = commit(writer, now, &commands);
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done), "{outcomes:?}");
    patients
}

fn calendar(writer: &mut dyn Writer, now: Timestamp) -> Vec<i64> {
    let name = |at: u16| DoctorName::new(&format!("doctor{at}")).expect("a name");
    let doctor = |at: u16| domain::Doctor {
        name: name(at),
        address: DoctorAddress { host: None, port: 41_000 + at },
        keys: None,
    };
    let doctors = (0..DOCTORS).map(doctor).collect();
    let import =
        Import { zone: "UTC".to_owned(), accounts: Vec::new(), doctors, slots: Vec::new() };
    commit(writer, now, &[Command::Import(import)]);
    let add = |at: u16| {
        let (doctor, service, slots) = (name(at), Service::visit(), half_hours(now));
        Command::AddSlots(AddSlots { doctor, service, slots, actor: Actor::Operator })
    };
    let mut slots = Vec::new();
    for at in 0..DOCTORS {
        for outcome in commit(writer, now, &[add(at)]) {
            let Outcome::SlotsAdded(added) = outcome else { panic!("{outcome:?}") };
            slots.extend(added.into_iter().map(|slot| (slot.start, slot.id.0)));
        }
    }
    slots.sort_unstable();
    slots.into_iter().map(|(_, slot)| slot).collect()
}

fn half_hours(now: Timestamp) -> Vec<NewSlot> {
    let today = now.to_zoned(TimeZone::UTC).date();
    let slot = |day: i64, half_hour: i64| {
        let date = today.checked_add(Span::new().days(day)).expect("near");
        let midnight = date.to_zoned(TimeZone::UTC).expect("UTC has every time").timestamp();
        let start = midnight + SignedDuration::from_mins(9 * 60 + half_hour * 30);
        NewSlot { start, end: start + SignedDuration::from_mins(30) }
    };
    (1..=DAYS).flat_map(|day| (0..SLOTS_A_DAY).map(move |at| slot(day, at))).collect()
}

/// `count` of the slots, spread evenly over all doctors and days.
fn booked_among(slots: &[i64], count: usize) -> Vec<i64> {
    let at = |booking: usize| slots[booking * slots.len() / count];
    (0..count).map(at).collect()
}

fn book(writer: &mut dyn Writer, now: Timestamp, slots: &[i64], patients: &[PatientId]) {
    let command = |(at, slot): (usize, &i64)| {
        Command::Book(Book {
            patient: patients[at % patients.len()],
            actor: Actor::Operator,
            request: None,
            slot: SlotChoice::Id(domain::SlotId(*slot)),
            appointment: AppointmentId::fresh(now, &runtime::fresh_entropy()),
            appointments_max: None,
            waiver: None,
        })
    };
    for (batch, slots) in slots.chunks(BATCH).enumerate() {
        let numbered = slots.iter().enumerate().map(|(at, slot)| (batch * BATCH + at, slot));
        let commands: Vec<Command> = numbered.map(command).collect();
        for outcome in commit(writer, now, &commands) {
            assert!(matches!(outcome, Outcome::Booked(_)), "{outcome:?}");
        }
    }
}
