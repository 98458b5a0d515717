//! The people of a demonstration: invented patients, some of whom have appointments, and who works
//! there.

use anyhow::{Context as _, bail};
use domain::{AccountId, AppointmentId, AppointmentStatus, PatientId, Person, PlanName, UserName};
use jiff::{SignedDuration, Timestamp};
use runtime::{fresh_entropy, password};
use store::{
    Actor, AddDependant, AddPerson, AddStaff, Answer, Book, ChangePerson, ChoosePlan, Command,
    FreeSlots, Mark, Outcome, PatientChoice, Query, SlotChoice, Store, TotpSecret, Window,
};

use super::{LOG_INS, clinic};
use crate::loading;

/// Name, day of birth, and how to reach the person.
const PEOPLE: [(&str, &str, &str); 20] = [
    ("Lucía Fernández Mora", "1984-03-12", "+34 600 555 0101"),
    ("Hans-Peter Müller", "1951-11-30", "+49 30 5550102"),
    ("Amina Diallo", "1992-07-04", "amina@example.org"),
    ("Tomás Herrera", "2009-01-22", "+34 600 555 0104"),
    ("Charlotte O’Neill", "1978-09-09", "+353 1 555 0105"),
    ("محمد الحسن", "1969-05-17", "+961 1 555 0106"),
    ("Yuki Tanaka", "1988-12-01", "yuki@example.org"),
    ("Sofía Navarro", "2017-06-15", "+34 600 555 0108"),
    ("Wojciech Kowalski", "1945-02-27", "+48 22 555 01 09"),
    ("Priya Natarajan", "1995-10-10", "priya@example.org"),
    ("Jürgen Schäfer", "1973-08-19", "+49 40 5550111"),
    ("Inés Castillo", "2001-04-03", "+34 600 555 0112"),
    ("Olumide Adeyemi", "1981-01-08", "+44 20 7946 0113"),
    ("Marta Lindström", "1999-11-11", "marta@example.org"),
    ("Giulia Bianchi", "1963-03-25", "+39 06 555 0115"),
    ("David Cohen", "1957-07-30", "+972 3 555 0116"),
    ("Noor van den Berg", "2014-09-02", "+31 20 555 0117"),
    ("Ana Sofia Pereira", "1990-05-05", "+351 21 555 0118"),
    ("Liam Walsh", "1986-12-24", "+353 1 555 0119"),
    ("Emine Yıldız", "1976-02-14", "+90 212 555 01 20"),
];

/// The plans that the doctors' tariffs know.
const PLANS: [&str; 3] = ["insurance1", "insurance2", "insurance3"];

/// Of so many slots, this many are booked in the first days.
const BOOKED_OF: (u64, u64) = (2, 5);
/// How far ahead people have booked.
const BOOKED_AHEAD: SignedDuration = SignedDuration::from_hours(6 * 24);
/// The most slots that are looked at for bookings.
const SLOTS_LOOKED_AT: usize = 500;

/// Brings everybody into the store.
pub(super) fn move_in(store: &dyn Store) -> anyhow::Result<()> {
    let zone = loading::zone(store, None)?;
    let now = Timestamp::now();
    // What was booked for this morning was booked before.
    let morning = now.to_zoned(zone.clone()).start_of_day()?.timestamp();
    clinic::open_calendar(store, &zone, morning)?;
    employ(store, now)?;
    introduce(store, now)?;
    let patients = register(store, now)?;
    book(store, (morning, now), &patients)?;
    offer_plans(store, now)
}

/// The accounts of those who work there; their passwords are everybody's.
fn employ(store: &dyn Store, now: Timestamp) -> anyhow::Result<()> {
    let mut workspace = password::Workspace::default();
    for person in LOG_INS.iter().filter(|person| person.secret.is_some()) {
        let word = domain::Password::new(person.password).context("a password of ours")?;
        let staff = AddStaff {
            account: AccountId::fresh(now, &fresh_entropy()),
            user: person.user.parse()?,
            password: password::hash(&word, &mut workspace),
            role: person.role,
            name: None,
            totp: person.secret.map(TotpSecret::new),
            actor: Actor::Operator,
        };
        done(store, now, Command::AddStaff(staff))?;
    }
    Ok(())
}

/// Who the exercise's two patients are, and a child of the first one.
fn introduce(store: &dyn Store, now: Timestamp) -> anyhow::Result<()> {
    let known = [
        ("patient1", person("Carla Ortega", "1987-02-03", "carla@example.org")?, "insurance1"),
        ("patient2", person("Ben Hoffmann", "1979-10-21", "ben@example.org")?, "insurance2"),
    ];
    for (user, person, plan) in known {
        let user: UserName = user.parse()?;
        let asked = Query::Patient(PatientChoice::User(user.clone()));
        let Answer::Patient(Some(record)) = store.reader()?.read(&asked)? else {
            bail!("{user} is not there");
        };
        let (patient, actor) = (record.patient, Actor::Operator);
        done(store, now, Command::ChangePerson(ChangePerson { patient, person, actor }))?;
        let plan = Some(plan.parse::<PlanName>()?);
        done(store, now, Command::ChoosePlan(ChoosePlan { patient, plan, actor }))?;
    }
    let child = PatientId::fresh(now, &fresh_entropy());
    let (person, actor) =
        (person("Leo Ortega", "2016-08-29", "carla@example.org")?, Actor::Operator);
    done(store, now, Command::AddPerson(AddPerson { patient: child, person, actor }))?;
    let user = "patient1".parse()?;
    done(store, now, Command::AddDependant(AddDependant { user, patient: child, actor }))
}

fn register(store: &dyn Store, now: Timestamp) -> anyhow::Result<Vec<PatientId>> {
    let mut patients = Vec::new();
    let mut commands = Vec::new();
    for (at, (name, born, contact)) in PEOPLE.into_iter().enumerate() {
        let (patient, actor) = (PatientId::fresh(now, &fresh_entropy()), Actor::Operator);
        let person = person(name, born, contact)?;
        commands.push(Command::AddPerson(AddPerson { patient, person, actor }));
        let plan = Some(PLANS[at % PLANS.len()].parse()?);
        commands.push(Command::ChoosePlan(ChoosePlan { patient, plan, actor }));
        patients.push(patient);
    }
    all_done(store, now, &commands)?;
    Ok(patients)
}

/// Some of the first days' slots are booked; of those that are over, people came or did not.
fn book(
    store: &dyn Store,
    (morning, now): (Timestamp, Timestamp),
    patients: &[PatientId],
) -> anyhow::Result<()> {
    let wanted = FreeSlots {
        doctors: Vec::new(),
        service: None,
        windows: vec![Window { from: morning, until: now + BOOKED_AHEAD }],
        after: None,
        now: morning,
        limit: SLOTS_LOOKED_AT,
    };
    let Answer::Slots(page) = store.reader()?.read(&Query::FreeSlots(wanted))? else {
        bail!("the store does not list its free slots");
    };
    let (mut bookings, mut marks) = (Vec::new(), Vec::new());
    for (at, slot) in (0_u64..).zip(page.slots) {
        // Spread without a pattern that the eye finds, and the same each time.
        let mixed = at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        if mixed % BOOKED_OF.1 >= BOOKED_OF.0 {
            continue;
        }
        let chosen = usize::try_from(mixed / BOOKED_OF.1).unwrap_or(0) % patients.len();
        let appointment = AppointmentId::fresh(morning, &fresh_entropy());
        let booking = Book {
            patient: patients[chosen],
            actor: Actor::Operator,
            request: None,
            slot: SlotChoice::Id(slot.id),
            appointment,
            appointments_max: None,
            waiver: None,
        };
        bookings.push(Command::Book(booking));
        let status = match (slot.start <= now, slot.end <= now, mixed % 7) {
            (true, true, 0) => AppointmentStatus::NoShow,
            (true, true, _) => AppointmentStatus::Done,
            (true, false, _) => AppointmentStatus::Arrived,
            _ => continue,
        };
        let actor = Actor::Operator;
        marks.push(Command::Mark(Mark { appointment, actor, status }));
    }
    all_done(store, morning, &bookings)?;
    all_done(store, now, &marks)
}

fn offer_plans(store: &dyn Store, now: Timestamp) -> anyhow::Result<()> {
    let plans = PLANS.into_iter().map(str::parse).collect::<Result<Vec<PlanName>, _>>()?;
    done(store, now, Command::OfferPlans(plans, Actor::Operator))
}

fn person(name: &str, born: &str, contact: &str) -> anyhow::Result<Person> {
    Ok(Person {
        name: Some(name.parse()?),
        birth_date: Some(born.parse()?),
        contact: Some(contact.parse()?),
    })
}

fn done(store: &dyn Store, now: Timestamp, command: Command) -> anyhow::Result<()> {
    all_done(store, now, &[command])
}

fn all_done(store: &dyn Store, now: Timestamp, commands: &[Command]) -> anyhow::Result<()> {
    for outcome in store.writer()?.commit(now, commands)? {
        match outcome {
            Outcome::Done | Outcome::Booked(_) | Outcome::Marked(_) => {}
            other => bail!("the demonstration cannot be set up: {other:?}"),
        }
    }
    Ok(())
}
