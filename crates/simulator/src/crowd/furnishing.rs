//! What is in a crowd's clinic: its patients, its doctors with their prices, and its slots. All of it
//! follows from the plan.

use std::collections::HashMap;
use std::time::Duration;

use domain::{
    AccountId, Currency, Doctor, DoctorAddress, DoctorName, EnrolmentCode, Money, Password,
    PatientId, PlanName, Service, SlotIndex, Tariff, UserName,
};
use jiff::{SignedDuration, Timestamp};
use runtime::fresh_entropy;
use runtime::password::{Workspace, hash_cheaply};
use store::{Actor, AddPatient, CodeHash, Command, Enrol, Import, ImportedSlot, OfferEnrolment};

use super::{CrowdPlan, Guest};

/// How many insurance plans there are; every doctor covers them all.
const PLANS: u32 = 5;
/// The slots lie within so many minutes, where minutes are enough for them: as far as the exercise's
/// lists look ahead, less a day.
const CALENDAR_MINUTES: u32 = 6 * 24 * 60;
/// The longest visit, in minutes.
const SLOT_MINUTES_MAX: u32 = 60;
/// How long before the first slot the run begins: none of them begins meanwhile.
const FIRST_SLOT_IN: Duration = Duration::from_secs(24 * 60 * 60);

/// A clinic before it is opened.
#[derive(Debug)]
pub(super) struct Furnishing {
    pub(super) guests: Vec<Guest>,
    pub(super) doctors: Vec<FurnishedDoctor>,
    pub(super) schedule: HashMap<SlotIndex, DoctorName>,
    /// Where a visit's list may begin: from the first slot's moment to the last one's.
    pub(super) calendar: (Timestamp, Timestamp),
    slots: Vec<ImportedSlot>,
}

/// A doctor before the practice is opened.
#[derive(Debug)]
pub(super) struct FurnishedDoctor {
    pub(super) name: DoctorName,
    pub(super) tariff: Tariff,
}

impl Furnishing {
    /// What `plan` says, with slots from a day after `now` on.
    pub(super) fn of(plan: &CrowdPlan, now: Timestamp) -> Self {
        let count = plan.doctors.max(1);
        let doctors: Vec<_> = (0..count).map(doctor).collect();
        let each = plan.slots.div_ceil(count).max(1);
        let minutes = (CALENDAR_MINUTES / each).clamp(1, SLOT_MINUTES_MAX);
        let first = whole_minute(now) + to_signed(FIRST_SLOT_IN);
        let moment = |turn: u32| first + SignedDuration::from_mins(i64::from(turn * minutes));
        let slots: Vec<_> = (0..plan.slots)
            .map(|at| {
                let (doctor, turn) = (&doctors[(at % count) as usize], at / count);
                ImportedSlot {
                    line: at + 1,
                    index: SlotIndex::new(at + 1).expect("counted from one"),
                    doctor: doctor.name.clone(),
                    start: moment(turn),
                    end: moment(turn + 1),
                }
            })
            .collect();
        let schedule = slots.iter().map(|slot| (slot.index, slot.doctor.clone())).collect();
        let guests = (0..plan.patients.max(1)).map(guest).collect();
        // A list begins after the moment it is asked from.
        let calendar = (first - SignedDuration::from_secs(1), moment(each - 1));
        Self { guests, doctors, schedule, calendar, slots }
    }

    /// All of it for the store; the doctors, in their order, answer there.
    pub(super) fn import(&self, at: &[DoctorAddress], now: Timestamp) -> Import {
        let mut workspace = Workspace::default();
        let accounts = self.guests.iter().map(|guest| AddPatient {
            account: AccountId::fresh(now, &fresh_entropy()),
            patient: PatientId::fresh(now, &fresh_entropy()),
            user: guest.user.clone(),
            password: hash_cheaply(&guest.password, &mut workspace),
            name: None,
        });
        let doctors = self.doctors.iter().zip(at).map(|(doctor, address)| Doctor {
            name: doctor.name.clone(),
            address: *address,
            keys: None,
        });
        Import {
            zone: "UTC".to_owned(),
            accounts: accounts.collect(),
            doctors: doctors.collect(),
            slots: self.slots.clone(),
        }
    }
}

impl FurnishedDoctor {
    /// What makes the doctor one who may register: an operator's offer, and the doctor's answer.
    pub(super) fn enrolment(&self, now: Timestamp) -> [Command; 2] {
        let code = CodeHash::of(&EnrolmentCode::fresh(&fresh_entropy()));
        // Nobody ever logs in with it: the doctor is in this process.
        let password = Password::new(&domain::to_hexadecimal(&fresh_entropy().0))
            .expect("64 digits are a password");
        let (doctor, actor) = (self.name.clone(), Actor::Operator);
        let expires = now + SignedDuration::from_mins(1);
        let offer = OfferEnrolment { doctor: doctor.clone(), code, expires, actor };
        let enrol = Enrol {
            doctor,
            code,
            account: AccountId::fresh(now, &fresh_entropy()),
            password: hash_cheaply(&password, &mut Workspace::default()),
            source: None,
        };
        [Command::OfferEnrolment(offer), Command::Enrol(enrol)]
    }
}

fn guest(number: u32) -> Guest {
    let word = format!("p{}", number + 1);
    Guest {
        user: UserName::new(&word).expect("a letter and digits are a name"),
        password: Password::new(&format!("password-of-{word}")).expect("a word is a password"),
        plan: insurance(number % PLANS),
    }
}

/// No two prices are alike, of whichever doctors and plans: who mixes any two up is seen.
fn doctor(number: u32) -> FurnishedDoctor {
    let name = DoctorName::new(&format!("doc{}", number + 1)).expect("letters and digits");
    let mut tariff = Tariff::default();
    for plan in 0..PLANS {
        let price = format!("{}.{:02}", 20 + number, 10 + plan);
        let price = Money::parse(&price, Currency::USD).expect("digits, a dot and two digits");
        tariff.set(&Service::visit(), insurance(plan), price);
    }
    FurnishedDoctor { name, tariff }
}

fn insurance(number: u32) -> PlanName {
    PlanName::new(&format!("insurance{}", number + 1)).expect("letters and digits")
}

fn whole_minute(now: Timestamp) -> Timestamp {
    Timestamp::from_second(now.as_second().div_euclid(60) * 60).unwrap_or(now)
}

fn to_signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).expect("a day is a duration")
}
