//! A clinic in memory behind a runtime.

use std::net::IpAddr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use center::{Effect, Fed, Settled, Tending, Verdict, Verified};
use domain::{
    AccountId, AppointmentId, DeviceCookie, Doctor, DoctorAddress, DoctorName, Entropy,
    OneTimePassword, Password, PatientId, Role, SessionToken, SlotIndex, UserName,
};
use jiff::{SignedDuration, Timestamp};
use protocol::LogInWith;
use runtime::password::{Workspace, hash};
use runtime::{Runtime, Settings};
use store::sqlite::Sqlite;
use store::{
    AccountRecord, Actor, AddPatient, AddStaff, Answer, AuditRecord, Book, Command, Import,
    ImportedSlot, OpenSession, Outcome, PasswordHash, Query, SlotChoice, Standing, Store as _,
    TokenHash, TotpSecret,
};

/// The password of everybody.
pub(crate) const RIGHT: &str = "correct horse";
/// A source that no test attacks from.
pub(crate) const HOME: &str = "192.0.2.1";
/// The secret of frank's one-time codes.
const SECRET: [u8; 20] = *b"12345678901234567890";

pub(crate) struct Clinic {
    pub(crate) store: Sqlite,
    pub(crate) runtime: Runtime,
}

pub(crate) fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn word(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn entropy(number: u32) -> Entropy {
    let mut bytes = [0; 32];
    // The first bits of an id are its version's.
    bytes[4..8].copy_from_slice(&number.to_le_bytes());
    Entropy(bytes)
}

pub(crate) fn right_hash() -> PasswordHash {
    static HASH: LazyLock<PasswordHash> =
        LazyLock::new(|| hash(&word(RIGHT), &mut Workspace::default()));
    HASH.clone()
}

impl Clinic {
    pub(crate) fn open() -> Self {
        Self::with(&Settings::default(), 1)
    }

    /// The patients p0, p1 … with slots 1, 2 … to book, and frank at the front desk.
    pub(crate) fn with(settings: &Settings, patients: u32) -> Self {
        Self::in_store(Sqlite::in_memory().unwrap(), settings, patients)
    }

    /// The same, in this store.
    pub(crate) fn in_store(store: Sqlite, settings: &Settings, patients: u32) -> Self {
        let now = Timestamp::now();
        let frank = AddStaff {
            actor: store::Actor::Operator,
            account: AccountId::fresh(now, &entropy(1)),
            user: name("frank"),
            password: right_hash(),
            role: Role::FrontDesk,
            name: None,
            totp: Some(TotpSecret::new(SECRET)),
        };
        let batch = [Command::Import(the_files(now, patients)), Command::AddStaff(frank)];
        let outcomes = store.writer().unwrap().commit(now, &batch).unwrap();
        assert!(matches!(outcomes[..], [Outcome::Imported(_), Outcome::Done]), "{outcomes:?}");
        let runtime = Runtime::start(&store, settings).unwrap();
        Self { store, runtime }
    }

    pub(crate) async fn log_in(&self, attempt: Attempt<'_>) -> Verdict {
        let effect = Effect::VerifyPassword {
            user: name(attempt.user),
            password: word(attempt.password),
            with: LogInWith { one_time: attempt.one_time, device: attempt.device },
            source: attempt.from.parse::<IpAddr>().unwrap(),
        };
        match self.runtime.carry_out(effect).await {
            Fed::Verified(verdict) => verdict,
            other => panic!("{other:?}"),
        }
    }

    /// What frank's log-in would stand on.
    pub(crate) fn frank(&self) -> Standing {
        let Answer::Account(Some(frank)) = self.read(&Query::Account(name("frank"))) else {
            panic!("frank works here");
        };
        self::standing(&frank)
    }

    /// The right to act for a patient, on a session that frank opens.
    pub(crate) async fn tend(&self, number: u32) -> Tending {
        // No step works twice.
        static STEPS: AtomicU64 = AtomicU64::new(1);
        let (token, now) = (SessionToken::fresh(&runtime::fresh_entropy()), runtime::now());
        let open = OpenSession {
            standing: self.frank(),
            token: TokenHash::of(&token),
            expires: now + SignedDuration::from_hours(1),
            one_time_step: Some(STEPS.fetch_add(1, Ordering::Relaxed)),
        };
        assert_eq!(self.decided(Command::OpenSession(open)).await, Outcome::Done);
        let back = center::errand::come_back(&token, HOME.parse().unwrap(), now);
        self.runtime.run(back).await.unwrap().tend_for(patient(number)).unwrap()
    }

    pub(crate) async fn decided(&self, command: Command) -> Outcome {
        match self.runtime.commit(command).await {
            Settled::Decided(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    }

    /// Books slot `index` for a patient, at the front desk.
    pub(crate) fn booking(&self, number: u32, index: u32) -> Command {
        Command::Book(Book {
            waiver: None,
            patient: patient(number),
            actor: Actor::Account(self.frank()),
            request: None,
            slot: SlotChoice::Index(SlotIndex::new(index).unwrap()),
            appointment: AppointmentId::fresh(runtime::now(), &runtime::fresh_entropy()),
            appointments_max: None,
        })
    }

    pub(crate) fn read(&self, query: &Query) -> Answer {
        self.store.reader().unwrap().read(query).unwrap()
    }

    pub(crate) fn audit(&self) -> Vec<AuditRecord> {
        let query = Query::AuditTrail { since: None, patient: None, after: None, limit: 10_000 };
        match self.read(&query) {
            Answer::AuditTrail(records) => records,
            other => panic!("{other:?}"),
        }
    }
}

impl Drop for Clinic {
    fn drop(&mut self) {
        self.runtime.stop();
    }
}

pub(crate) fn standing(account: &AccountRecord) -> Standing {
    let AccountRecord { account, credential, ended, .. } = *account;
    Standing { account, credential, ended, session: None, source: None }
}

#[derive(Clone)]
pub(crate) struct Attempt<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) one_time: Option<OneTimePassword>,
    pub(crate) device: Option<DeviceCookie>,
    pub(crate) from: &'a str,
}

pub(crate) fn attempt<'a>(user: &'a str, password: &'a str) -> Attempt<'a> {
    Attempt { user, password, one_time: None, device: None, from: HOME }
}

/// The code that frank's authenticator shows now.
pub(crate) fn franks_code() -> OneTimePassword {
    let totp = totp_rs::Builder::new().with_secret(SECRET).build().unwrap();
    let now = u64::try_from(Timestamp::now().as_second()).unwrap();
    OneTimePassword::try_from(totp.generate(now).to_string()).unwrap()
}

pub(crate) fn right(verdict: Verdict) -> Verified {
    match verdict {
        Verdict::Right(verified) => *verified,
        other => panic!("{other:?}"),
    }
}

/// The verdict in one word.
pub(crate) fn said(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Right(_) => "right",
        Verdict::Wrong => "wrong",
        Verdict::Throttled => "throttled",
        Verdict::Busy => "busy",
        Verdict::Unavailable => "unavailable",
    }
}

pub(crate) fn patient(number: u32) -> PatientId {
    PatientId::fresh(Timestamp::UNIX_EPOCH, &entropy(2_000_000 + number))
}

pub(crate) fn account(number: u32) -> AccountId {
    AccountId::fresh(Timestamp::UNIX_EPOCH, &entropy(1_000_000 + number))
}

fn the_files(now: Timestamp, patients: u32) -> Import {
    let doctor = || DoctorName::new("doc1").unwrap();
    let begin = |index: u32| now + SignedDuration::from_hours(24 + i64::from(index));
    Import {
        zone: "UTC".to_owned(),
        accounts: (0..patients)
            .map(|number| AddPatient {
                account: account(number),
                patient: patient(number),
                user: name(&format!("p{number}")),
                password: right_hash(),
                name: None,
            })
            .collect(),
        doctors: ["doc1", "doc2", "doc3"]
            .into_iter()
            .zip(41_000..)
            .map(|(name, port)| Doctor {
                name: DoctorName::new(name).unwrap(),
                address: DoctorAddress { host: None, port },
                keys: None,
            })
            .collect(),
        slots: (1..=patients)
            .map(|index| ImportedSlot {
                line: index,
                index: SlotIndex::new(index).unwrap(),
                doctor: doctor(),
                start: begin(index),
                end: begin(index + 1),
            })
            .collect(),
    }
}
