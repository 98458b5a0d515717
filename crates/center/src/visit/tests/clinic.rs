//! A clinic in memory: a real store behind real visits, with a clock of our own and no threads.

use domain::{DoctorKeys, SealingKey, VerifyingKey};
use jiff::SignedDuration;
use protocol::ticket::SigningKey;
use store::sqlite::Sqlite;
use store::{
    Actor, AddPatient, AddStaff, AuditRecord, Import, ImportedSlot, OfferEnrolment, PasswordHash,
    Reader, Store as _, TotpSecret, Writer,
};

use super::*;
use crate::tickets::TicketKey;

/// A step that no log-in of these tests has used before is this one and those after it.
const FIRST_STEP: u64 = 59_000_000;

pub(super) struct Clinic {
    writer: Box<dyn Writer>,
    reader: Box<dyn Reader>,
    pub(super) now: Timestamp,
    pub(super) office: Option<TicketOffice>,
    pub(super) notes: Vec<AuditNote>,
    /// What the visits wanted done, in order: the names of commands and of reads.
    pub(super) done: Vec<String>,
    requests: u32,
    steps: u64,
}

pub(super) fn user(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

pub(super) fn doctor(text: &str) -> DoctorName {
    DoctorName::new(text).unwrap()
}

pub(super) fn keys() -> DoctorKeys {
    DoctorKeys { sealing: SealingKey([4; 32]), verifying: VerifyingKey([5; 32]) }
}

pub(super) fn code() -> domain::EnrolmentCode {
    domain::EnrolmentCode::fresh(&Entropy([8; 32]))
}

impl Clinic {
    /// Two doctors with slots 1 to 4 and 5 to 8; the patients ann and bob; frank at the front desk,
    /// iris the integrator, adam the administrator. Nobody has enrolled.
    pub(super) fn open() -> Self {
        let store = Sqlite::in_memory().unwrap();
        let identity = SigningKey::from_seed([9; 32]).unwrap();
        let now = now();
        let key = TicketKey { key: SigningKey::from_seed([1; 32]).unwrap(), signs_from: now };
        let mut clinic = Self {
            writer: store.writer().unwrap(),
            reader: store.reader().unwrap(),
            now,
            office: Some(TicketOffice::new(identity, vec![key]).unwrap()),
            notes: Vec::new(),
            done: Vec::new(),
            requests: 0,
            steps: FIRST_STEP,
        };
        let outcome = clinic.commit(Command::Import(the_files()));
        assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
        for (name, role) in
            [("frank", Role::FrontDesk), ("iris", Role::Integrator), ("adam", Role::Administrator)]
        {
            let staff = AddStaff {
                actor: store::Actor::Operator,
                account: AccountId::fresh(now, &Entropy([name.as_bytes()[0]; 32])),
                user: user(name),
                password: PasswordHash::new("a hash".to_owned()),
                role,
                name: None,
                totp: role.needs_second_factor().then(|| TotpSecret::new([1; 20])),
            };
            assert_eq!(clinic.commit(Command::AddStaff(staff)), Outcome::Done);
        }
        clinic
    }

    pub(super) fn commit(&mut self, command: Command) -> Outcome {
        self.writer.commit(self.now, &[command]).unwrap().pop().unwrap()
    }

    pub(super) fn read(&mut self, query: &Query) -> Answer {
        self.reader.read(query).unwrap()
    }

    pub(super) fn visit(&self) -> Visit {
        let tickets = self.office.clone();
        let rules = Rules { zone: TimeZone::UTC, appointments_max: None, tickets };
        Visit::new(rules, visitor())
    }

    /// Sends a request and carries out whatever the visit wants. Every password is right.
    pub(super) fn ask(&mut self, visit: &mut Visit, request: Request) -> Reply {
        self.requests += 1;
        let mut entropy = [0; 32];
        entropy[..4].copy_from_slice(&self.requests.to_le_bytes());
        let mut step = visit.request(self.now, &Entropy(entropy), request);
        let reply = loop {
            match step {
                Step::Answer(reply) => break reply,
                Step::Do(effect) => step = visit.resume(self.carry_out(effect)),
            }
        };
        self.notes.extend(visit.take_notes());
        reply
    }

    fn carry_out(&mut self, effect: Effect) -> Fed {
        match effect {
            Effect::VerifyPassword { user, .. } => Fed::Verified(self.verify(user)),
            Effect::HashNewPassword { password, .. } => {
                let hash = format!("a hash of {}", password.expose());
                Fed::Hashed(NewPassword::Hashed(PasswordHash::new(hash)))
            }
            Effect::Read(query) => {
                self.done.push(first_word(&format!("{query:?}")));
                Fed::Read(Some(self.read(&query)))
            }
            Effect::Commit(command) => {
                self.done.push(first_word(&format!("{command:?}")));
                Fed::Settled(Settled::Decided(self.commit(command)))
            }
        }
    }

    fn verify(&mut self, user: UserName) -> Verdict {
        let Answer::Account(Some(account)) = self.read(&Query::Account(user)) else {
            return Verdict::Wrong;
        };
        self.steps += 1;
        let one_time_step = account.totp.is_some().then_some(self.steps);
        Verdict::Right(Box::new(Verified { account, one_time_step, device: device() }))
    }

    /// A visit in which somebody has logged in.
    pub(super) fn logged_in(&mut self, name: &str) -> Visit {
        let mut visit = self.visit();
        let request = log_in_as(name, KeepSession::No);
        let reply = self.ask(&mut visit, request);
        assert_eq!(reply, Reply::LoggedIn(LoggedIn::default()), "{name}");
        visit
    }

    pub(super) fn patient(&mut self, name: &str) -> PatientId {
        match self.read(&Query::Account(user(name))) {
            Answer::Account(Some(AccountRecord { patient: Some(patient), .. })) => patient,
            other => panic!("{other:?}"),
        }
    }

    /// An appointment of this patient in the slot with this number.
    pub(super) fn booked(&mut self, name: &str, index: u32) -> Appointment {
        let mut visit = self.logged_in(name);
        match self.ask(&mut visit, book(index)) {
            Reply::Booked(Referral::Full(referred)) => referred.view.appointment,
            other => panic!("{other:?}"),
        }
    }

    /// A visit in which this doctor has enrolled.
    pub(super) fn enrolled(&mut self, name: &str) -> Visit {
        let expires = self.now + SignedDuration::from_hours(1);
        let offer = OfferEnrolment {
            doctor: doctor(name),
            code: CodeHash::of(&code()),
            expires,
            actor: Actor::Operator,
        };
        assert_eq!(self.commit(Command::OfferEnrolment(offer)), Outcome::Done);
        let mut visit = self.visit();
        let reply = self.ask(&mut visit, enrol(name));
        assert_eq!(reply, Reply::LoggedIn(LoggedIn::default()));
        visit
    }

    /// What the audit has of this verb, the latest last.
    pub(super) fn audited(&mut self, verb: &str) -> Vec<AuditRecord> {
        let query = Query::AuditTrail { since: None, patient: None, after: None, limit: 1_000 };
        let Answer::AuditTrail(records) = self.read(&query) else { panic!("no audit") };
        records.into_iter().filter(|record| record.verb == verb).collect()
    }
}

pub(super) fn log_in_as(name: &str, session: KeepSession) -> Request {
    Request::LogIn {
        user: user(name),
        password: Password::new("secret").unwrap(),
        session,
        with: LogInWith::default(),
    }
}

pub(super) fn book(index: u32) -> Request {
    Request::Book { slot: SlotNamed::Index(SlotIndex::new(index).unwrap()), request_id: None }
}

pub(super) fn cancel(appointment: AppointmentId) -> Request {
    Request::Cancel { appointment, reason: None, request_id: request_id() }
}

pub(super) fn reschedule(appointment: AppointmentId, index: u32) -> Request {
    let slot = SlotNamed::Index(SlotIndex::new(index).unwrap());
    Request::Reschedule { appointment, slot, request_id: request_id() }
}

pub(super) fn enrol(name: &str) -> Request {
    let password = Password::new("correct horse").unwrap();
    Request::Enrol { doctor: doctor(name), code: code(), password }
}

pub(super) fn for_patient(patient: PatientId, request: Request) -> Request {
    Request::For { patient, request: Box::new(request) }
}

/// A fresh one each time: the same id again would get the same answer again.
fn request_id() -> RequestId {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    RequestId::new(&format!("r{}", NEXT.fetch_add(1, Ordering::Relaxed))).unwrap()
}

fn first_word(text: &str) -> String {
    text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("").to_owned()
}

fn the_files() -> Import {
    let doctors = ["doc1", "doc2"].into_iter().zip(41_000..);
    let slots = (1..=8_u32).map(|index| ImportedSlot {
        line: index,
        index: SlotIndex::new(index).unwrap(),
        doctor: doctor(if index <= 4 { "doc1" } else { "doc2" }),
        start: now() + SignedDuration::from_hours(24 * i64::from(index)),
        end: now() + SignedDuration::from_hours(24 * i64::from(index) + 1),
    });
    let account = |(name, byte): (&str, u8)| AddPatient {
        account: AccountId::fresh(now(), &Entropy([byte; 32])),
        patient: PatientId::fresh(now(), &Entropy([byte + 100; 32])),
        user: user(name),
        password: PasswordHash::new("a hash".to_owned()),
        name: None,
    };
    Import {
        zone: "UTC".to_owned(),
        accounts: [("ann", 1), ("bob", 2)].map(account).into(),
        doctors: doctors
            .map(|(name, port)| Doctor {
                name: doctor(name),
                address: DoctorAddress { host: None, port },
                keys: None,
            })
            .collect(),
        slots: slots.collect(),
    }
}
