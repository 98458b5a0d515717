//! The clinic before anybody comes: accounts, slots, doctors and keys.

use std::net::SocketAddr;
use std::time::Duration;

use center::tickets::TicketKey;
use center::{Rules, TicketOffice};
use domain::{
    AccountId, Doctor, DoctorAddress, EnrolmentCode, Entropy, Password, PatientId, UserName,
};
use jiff::SignedDuration;
use protocol::ticket::SigningKey;
use protocol::{DoctorIdentity, SealingSecret};
use store::{
    Actor, AddPatient, CodeHash, Command, CommitError, Import, ImportedSlot, OfferEnrolment,
    Outcome, StoreError, Writer,
};

use super::Stopped;
use super::center::made_up_hash;
use super::doctor::DoctorNode;
use super::event::{DoctorNumber, GuestNumber};
use crate::chance::Chance;
use crate::checks::{Checks, Observation};
use crate::plan::Plan;

/// The port of the first doctor; the others follow.
pub(super) const FIRST_PORT: u16 = 42_000;

/// How long an enrolment's code works: as long as any world lasts.
const CODE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What a patient logs in with.
pub(super) fn user(guest: GuestNumber) -> UserName {
    UserName::new(&format!("patient{}", guest + 1)).expect("a word is a name")
}

/// What only the patient knows.
pub(super) fn password(guest: GuestNumber) -> Password {
    Password::new(&format!("secret{}", guest + 1)).expect("a word is a password")
}

/// Who the patient is.
pub(super) fn patient(plan: &Plan, guest: GuestNumber) -> PatientId {
    PatientId::fresh(plan.begins, &numbered(b"person", guest))
}

/// Bytes that are another for every number, so that who is who can be told without a table. The number
/// stands where no bit of an id is overwritten (RFC 9562 §5.7).
fn numbered(kind: &[u8; 6], number: u32) -> Entropy {
    let mut bytes = [0; 32];
    bytes[..6].copy_from_slice(kind);
    bytes[6..10].copy_from_slice(&number.to_be_bytes());
    Entropy(bytes)
}

/// The doctors with their keys and codes, and what holds for every visit.
pub(super) fn doctors_and_rules(plan: &Plan, chance: &mut Chance) -> (Vec<DoctorNode>, Rules) {
    let mut secret = || chance.entropy().0;
    let signing = |seed| SigningKey::from_seed(seed).expect("random bytes are not all zeros");
    let sealing = |seed| SealingSecret::from_seed(seed).expect("random bytes are not all zeros");
    let signs_from = plan.begins - SignedDuration::from_hours(1);
    let keys = vec![TicketKey { key: signing(secret()), signs_from }];
    let office = TicketOffice::new(signing(secret()), keys).expect("there is a ticket key");
    let rules = Rules { zone: plan.zone.clone(), appointments_max: None, tickets: Some(office) };
    let doctors = plan.doctors.iter().zip(0..).map(|(doctor, number)| {
        let identity = DoctorIdentity { sealing: sealing(secret()), signing: signing(secret()) };
        let code = EnrolmentCode::fresh(&Entropy(secret()));
        let password = Password::new("a doctor's own password").expect("it is a password");
        let prices = doctor.prices.iter().map(|(plan, _)| plan.clone()).collect();
        let prices = (doctor.tariff(), prices);
        DoctorNode::new(doctor.name.clone(), address(number), prices, identity, (code, password))
    });
    (doctors.collect(), rules)
}

fn address(doctor: DoctorNumber) -> SocketAddr {
    SocketAddr::from((super::address_of(super::Caller::Doctor(doctor)), FIRST_PORT + doctor))
}

/// Brings the clinic into the store.
pub(super) fn fill(
    plan: &Plan,
    doctors: &[DoctorNode],
    writer: &mut dyn Writer,
    checks: &mut Checks,
) -> Result<(), Stopped> {
    let known: Vec<Doctor> = doctors
        .iter()
        .map(|doctor| {
            let (host, port) = (Some(doctor.address.ip()), doctor.address.port());
            let address = DoctorAddress { host, port };
            Doctor { name: doctor.name.clone(), address, keys: None }
        })
        .collect();
    let slots = plan.slots.iter().map(|slot| ImportedSlot {
        line: slot.index.number(),
        index: slot.index,
        doctor: plan.doctors[slot.doctor].name.clone(),
        start: slot.start,
        end: slot.end,
    });
    let guests = GuestNumber::try_from(plan.arrivals.len()).unwrap_or(GuestNumber::MAX);
    let accounts = (0..guests).map(|guest| AddPatient {
        account: AccountId::fresh(plan.begins, &numbered(b"log-in", guest)),
        patient: patient(plan, guest),
        user: user(guest),
        password: made_up_hash(password(guest).expose()),
        name: None,
    });
    let import = Import {
        zone: plan.zone.iana_name().unwrap_or("UTC").to_owned(),
        accounts: accounts.collect(),
        doctors: known,
        slots: slots.collect(),
    };
    let mut commands = vec![Command::Import(import)];
    commands.extend(doctors.iter().map(|doctor| {
        Command::OfferEnrolment(OfferEnrolment {
            doctor: doctor.name.clone(),
            code: CodeHash::of(doctor.code()),
            expires: plan.begins + CODE_LIFE,
            actor: Actor::Operator,
        })
    }));
    let before = plan.begins - Duration::from_secs(1);
    let outcomes = writer.commit(before, &commands).map_err(|error| match error {
        CommitError::RolledBack(error) | CommitError::Unknown(error) => error,
        CommitError::Busy => StoreError::Corrupt("it is busy".to_owned()),
    })?;
    for outcome in outcomes {
        if !matches!(outcome, Outcome::Imported(_) | Outcome::Done) {
            let why = format!("the plan's clinic is not taken: {outcome:?}");
            return Err(StoreError::Corrupt(why).into());
        }
    }
    for doctor in doctors {
        let prices = Observation::Prices { doctor: &doctor.name, tariff: &doctor.tariff };
        let seen = checks.observe(Duration::ZERO, &prices);
        seen.expect("prices by themselves are never wrong");
    }
    Ok(())
}
