//! A small clinic to write sentences about.

use std::net::{IpAddr, Ipv4Addr};

use domain::{
    AccountId, Appointment, AppointmentId, AppointmentStatus, Doctor, DoctorAddress, DoctorKeys,
    DoctorName, EnrolmentCode, Entropy, PatientId, RequestId, Role, SealingKey, Service,
    SessionToken, Slot, SlotId, SlotIndex, UserName, VerifyingKey, Version,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    Actor, AddPatient, AddSlots, AddStaff, Answer, AuditKey, AuditRecord, Book, Cancel,
    CloseSession, CodeHash, Command, Enrol, Import, ImportedSlot, NewSlot, OfferEnrolment,
    OpenSession, Outcome, Page, PasswordHash, Query, Reader, RegisterDoctor, Reschedule,
    SESSION_MAX, SetPassword, SlotChoice, Standing, Store, TokenHash, Writer,
};

/// Monday 23 November 2026, 00:00 UTC, and so many hours.
pub(crate) fn at(hours: i64) -> Timestamp {
    let monday: Timestamp = "2026-11-23T00:00:00Z".parse().unwrap();
    monday + SignedDuration::from_hours(hours)
}

/// The key of the tests' audits.
pub(crate) fn audit_key() -> AuditKey {
    AuditKey::new([7; 32])
}

/// A store with a clock, and everyday words for what is done with it.
pub(crate) struct Clinic {
    pub(crate) writer: Box<dyn Writer>,
    pub(crate) reader: Box<dyn Reader>,
    /// The clock: 08:00 on Monday unless it is set.
    pub(crate) now: Timestamp,
    appointments: u128,
}

impl Clinic {
    /// An empty one.
    pub(crate) fn empty(store: &dyn Store) -> Self {
        Self {
            writer: store.writer().unwrap(),
            reader: store.reader().unwrap(),
            now: at(8),
            appointments: 0,
        }
    }

    /// One with two doctors, three patients, and slots 1 to 6.
    pub(crate) fn open(store: &dyn Store) -> Self {
        let mut clinic = Self::empty(store);
        let outcome = clinic.run(Command::Import(the_file()));
        assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
        clinic
    }

    pub(crate) fn run(&mut self, command: Command) -> Outcome {
        self.batch(&[command]).pop().unwrap()
    }

    pub(crate) fn batch(&mut self, commands: &[Command]) -> Vec<Outcome> {
        let outcomes = self.writer.commit(self.now, commands).unwrap();
        assert_eq!(outcomes.len(), commands.len());
        outcomes
    }

    pub(crate) fn read(&mut self, query: &Query) -> Answer {
        self.reader.read(query).unwrap()
    }

    /// A booking by index, with a fresh appointment id.
    pub(crate) fn booking(&mut self, patient: u8, index: u32) -> Book {
        self.appointments += 1;
        Book {
            waiver: None,
            patient: patient_id(patient),
            actor: Actor::Account(standing(patient)),
            request: None,
            slot: SlotChoice::Index(index_of(index)),
            appointment: AppointmentId::from_bytes(self.appointments.to_be_bytes()),
            appointments_max: None,
        }
    }

    pub(crate) fn book(&mut self, patient: u8, index: u32) -> Outcome {
        let book = self.booking(patient, index);
        self.run(Command::Book(book))
    }

    /// Books, and expects it to come about.
    pub(crate) fn booked(&mut self, patient: u8, index: u32) -> Appointment {
        match self.book(patient, index) {
            Outcome::Booked(appointment) => appointment,
            other => panic!("patient {patient} was to book slot {index}, and got {other:?}"),
        }
    }

    pub(crate) fn cancel(&mut self, patient: u8, appointment: AppointmentId) -> Outcome {
        self.run(Command::Cancel(cancelling(patient, appointment)))
    }

    pub(crate) fn reschedule(&mut self, patient: u8, id: AppointmentId, index: u32) -> Outcome {
        self.run(Command::Reschedule(moving(patient, id, index)))
    }

    pub(crate) fn import(&mut self, rows: Vec<ImportedSlot>) -> Outcome {
        self.run(Command::Import(Import { slots: rows, ..the_file() }))
    }

    pub(crate) fn add_slots(&mut self, doctor: &str, hours: &[(i64, i64)]) -> Outcome {
        let slots = hours.iter().map(|&(from, to)| NewSlot { start: at(from), end: at(to) });
        self.run(Command::AddSlots(AddSlots {
            actor: crate::Actor::Operator,
            doctor: doctor_name(doctor),
            service: Service::visit(),
            slots: slots.collect(),
        }))
    }

    pub(crate) fn set_password(&mut self, user: &str, phc: &str) -> Outcome {
        self.run(Command::SetPassword(SetPassword {
            user: user_name(user),
            password: PasswordHash::new(phc.to_owned()),
            actor: Actor::Operator,
        }))
    }

    /// The free slots of the coming four weeks, by index.
    pub(crate) fn free(&mut self) -> Vec<Slot> {
        let until = self.now + SignedDuration::from_hours(28 * 24);
        let query =
            Query::FreeSlotsByIndex { standing: unending(1), from: self.now, until, limit: 1_000 };
        match self.read(&query) {
            Answer::Slots(Page { slots, next: None }) => slots,
            other => panic!("{other:?}"),
        }
    }

    /// The indices of [`Self::free`].
    pub(crate) fn free_indices(&mut self) -> Vec<u32> {
        self.free().iter().map(|slot| slot.index.number()).collect()
    }

    pub(crate) fn appointments_of(&mut self, patient: u8) -> Vec<Appointment> {
        let query = Query::AppointmentsOf {
            patient: patient_id(patient),
            standing: unending(patient),
            now: self.now,
            limit: 1_000,
        };
        match self.read(&query) {
            Answer::Appointments(appointments) => appointments,
            other => panic!("{other:?}"),
        }
    }
}

impl Clinic {
    /// The audit, oldest first.
    pub(crate) fn audit(&mut self) -> Vec<AuditRecord> {
        let all = Query::AuditTrail { since: None, patient: None, after: None, limit: 10_000 };
        match self.read(&all) {
            Answer::AuditTrail(records) => records,
            other => panic!("{other:?}"),
        }
    }

    /// What the audit says of all that happened after record `entry`: verb and outcome.
    pub(crate) fn told_after(&mut self, entry: u64) -> Vec<String> {
        let records = self.audit().into_iter().filter(|record| record.entry > entry);
        records.map(|record| format!("{}: {}", record.verb, record.outcome)).collect()
    }

    /// Opens session `number` for patient `who`, for 12 hours.
    pub(crate) fn open_session(&mut self, number: u8, who: u8) -> Standing {
        let open = OpenSession {
            standing: standing(who),
            token: token(number),
            expires: self.now + SESSION_MAX,
            one_time_step: None,
        };
        assert_eq!(self.run(Command::OpenSession(open)), Outcome::Done);
        Standing { session: Some(token(number)), ..standing(who) }
    }

    /// Makes somebody of the front desk, account 50, and gives what the log-in stands on.
    pub(crate) fn front_desk(&mut self) -> Standing {
        let staff = staff(50, "desk", Role::FrontDesk);
        assert_eq!(self.run(Command::AddStaff(staff)), Outcome::Done);
        standing(50)
    }

    /// Enrols and registers a doctor of the file, account 60 or 61.
    pub(crate) fn registered(&mut self, name: &str, port: u16) -> Doctor {
        let number = if name == "doc1" { 60 } else { 61 };
        let offer = offer(name, number, self.now + SignedDuration::from_hours(1));
        assert_eq!(self.run(Command::OfferEnrolment(offer)), Outcome::Done);
        let enrolled = self.run(Command::Enrol(enrolling(name, number, number)));
        assert!(matches!(enrolled, Outcome::Enrolled(_)), "{enrolled:?}");
        match self.run(Command::RegisterDoctor(registering(number, port))) {
            Outcome::Registered(doctor) => doctor,
            other => panic!("{other:?}"),
        }
    }
}

/// The hash of session token `number`.
pub(crate) fn token(number: u8) -> TokenHash {
    TokenHash::of(&SessionToken::fresh(&Entropy([number; 32])))
}

/// Somebody who works here, without one-time passwords.
pub(crate) fn staff(number: u8, user: &str, role: Role) -> AddStaff {
    AddStaff {
        actor: crate::Actor::Operator,
        account: account_id(number),
        user: user_name(user),
        password: PasswordHash::new(format!("$hash{number}")),
        role,
        name: None,
        totp: None,
    }
}

/// The hash of enrolment code `number`.
pub(crate) fn code(number: u8) -> CodeHash {
    CodeHash::of(&EnrolmentCode::fresh(&Entropy([number; 32])))
}

/// An offer to a doctor, by the operator.
pub(crate) fn offer(doctor: &str, number: u8, expires: Timestamp) -> OfferEnrolment {
    let (doctor, code) = (doctor_name(doctor), code(number));
    OfferEnrolment { doctor, code, expires, actor: Actor::Operator }
}

/// A doctor's enrolment with code `number`, for a new account of the number `account`.
pub(crate) fn enrolling(doctor: &str, number: u8, account: u8) -> Enrol {
    Enrol {
        doctor: doctor_name(doctor),
        code: code(number),
        account: account_id(account),
        password: PasswordHash::new(format!("$hash{account}")),
        source: Some(SOURCE),
    }
}

/// Where everybody speaks from who says so.
pub(crate) const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

/// A registration by the doctor's account `number`, with keys of that number.
pub(crate) fn registering(number: u8, port: u16) -> RegisterDoctor {
    RegisterDoctor {
        actor: Actor::Account(standing(number)),
        address: DoctorAddress { host: None, port },
        keys: keys(number),
    }
}

/// Keys made of one number.
pub(crate) fn keys(number: u8) -> DoctorKeys {
    DoctorKeys { sealing: SealingKey([number; 32]), verifying: VerifyingKey([number ^ 0xff; 32]) }
}

/// Slots of the week, as (index, doctor, hours from Monday 00:00).
pub(crate) const WEEK: &[(u32, &str, i64)] = &[
    (1, "doc1", 37),  // Tue 01pm
    (2, "doc2", 15),  // Mon 03pm
    (3, "doc1", 86),  // Thu 02pm
    (4, "doc1", 58),  // Wed 10am
    (5, "doc2", 132), // Sat 12pm
    (6, "doc2", 112), // Fri 04pm
];

/// Rows of availabilities.txt, one hour long; the first is line 1.
pub(crate) fn rows(slots: &[(u32, &str, i64)]) -> Vec<ImportedSlot> {
    let rows = slots.iter().zip(1..).map(|(&(index, doctor, hour), line)| ImportedSlot {
        line,
        index: index_of(index),
        doctor: doctor_name(doctor),
        start: at(hour),
        end: at(hour + 1),
    });
    rows.collect()
}

/// The clinic's files: three patients, two doctors, [`WEEK`].
pub(crate) fn the_file() -> Import {
    Import {
        zone: "UTC".to_owned(),
        accounts: (1..=3).map(account).collect(),
        doctors: vec![doctor("doc1", 41000), doctor("doc2", 42000)],
        slots: rows(WEEK),
    }
}

/// The account `patientN`, with patient N.
pub(crate) fn account(number: u8) -> AddPatient {
    AddPatient {
        account: account_id(number),
        patient: patient_id(number),
        user: user_name(&format!("patient{number}")),
        password: PasswordHash::new(format!("$hash{number}")),
        name: None,
    }
}

pub(crate) fn cancelling(patient: u8, appointment: AppointmentId) -> Cancel {
    Cancel {
        patient: Some(patient_id(patient)),
        actor: Actor::Account(standing(patient)),
        request: None,
        appointment,
        reason: None,
    }
}

pub(crate) fn moving(patient: u8, appointment: AppointmentId, index: u32) -> Reschedule {
    Reschedule {
        waiver: None,
        patient: patient_id(patient),
        actor: Actor::Account(standing(patient)),
        request: None,
        appointment,
        slot: SlotChoice::Index(index_of(index)),
    }
}

pub(crate) fn doctor(name: &str, port: u16) -> Doctor {
    Doctor { name: doctor_name(name), address: DoctorAddress { host: None, port }, keys: None }
}

/// A log-in with the password of the file.
pub(crate) fn standing(number: u8) -> Standing {
    Standing {
        account: account_id(number),
        credential: Some(1),
        ended: 0,
        session: None,
        source: None,
    }
}

/// One that stands whatever the password is by now, and whatever was ended.
pub(crate) fn unending(number: u8) -> Standing {
    Standing { credential: None, ended: i64::MAX, ..standing(number) }
}

/// The end of session `number`, asked for by its owner.
pub(crate) fn closing(number: u8) -> Command {
    Command::CloseSession(CloseSession { token: token(number), source: Some(SOURCE) })
}

pub(crate) fn account_id(number: u8) -> AccountId {
    AccountId::from_bytes([number; 16])
}

pub(crate) fn patient_id(number: u8) -> PatientId {
    PatientId::from_bytes([number + 100; 16])
}

pub(crate) fn user_name(name: &str) -> UserName {
    UserName::new(name).unwrap()
}

pub(crate) fn doctor_name(name: &str) -> DoctorName {
    DoctorName::new(name).unwrap()
}

pub(crate) fn request(id: &str) -> Option<RequestId> {
    Some(RequestId::new(id).unwrap())
}

pub(crate) fn index_of(number: u32) -> SlotIndex {
    SlotIndex::new(number).unwrap()
}

/// Slot `id`, which the files gave `index`, `doctor` and `hour`.
pub(crate) fn slot(id: i64, (index, name, hour): (u32, &str, i64)) -> Slot {
    let port = if name == "doc1" { 41000 } else { 42000 };
    Slot {
        id: SlotId(id),
        index: index_of(index),
        doctor: doctor(name, port),
        start: at(hour),
        end: at(hour + 1),
        service: Service::visit(),
    }
}

/// An appointment of the first version in `slot`.
pub(crate) fn appointment(id: AppointmentId, slot: Slot) -> Appointment {
    Appointment { id, version: Version(1), status: AppointmentStatus::Booked, slot }
}
