//! The clinic of a demonstration: the exercise's files with more doctors, and a few weeks of slots.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use domain::{DoctorName, Service, Slot};
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};
use store::{Actor, AddSlots, Answer, Command, DescribeDoctor, NewSlot, Outcome, Query, Store};

use crate::loading;

/// How many days have slots, from today on.
const DAYS: i64 = 28;
/// How long a slot is.
const SLOT: SignedDuration = SignedDuration::from_mins(30);

const USERS: &str = include_str!("../../../../../input/users.txt");
const AVAILABILITIES: &str = include_str!("../../../../../input/availabilities.txt");
const PRICES_OF_DOC1: &str = include_str!("../../../../../input/doc1.txt");
const PRICES_OF_DOC2: &str = include_str!("../../../../../input/doc2.txt");

/// A doctor of the demonstration.
pub(super) struct DemoDoctor {
    pub(super) name: &'static str,
    shown_name: &'static str,
    specialty: &'static str,
    /// `<plan> <cost>` a line; a plan that is not there is not covered.
    prices: &'static str,
    /// The hours in which slots begin, on days from Monday to Friday.
    hours: &'static [i8],
    /// Whether there are slots on Saturdays and Sundays, too.
    weekends: bool,
}

/// The exercise's two doctors, and three more.
pub(super) const DOCTORS: [DemoDoctor; 5] = [
    DemoDoctor {
        name: "doc1",
        shown_name: "Dr Ana Ruiz",
        specialty: "General practice",
        prices: PRICES_OF_DOC1,
        hours: &[8, 9, 10, 11, 14, 15, 16],
        weekends: true,
    },
    DemoDoctor {
        name: "doc2",
        shown_name: "Dr Jonas Weber",
        specialty: "Dermatology",
        prices: PRICES_OF_DOC2,
        hours: &[9, 10, 11, 12, 15, 16, 17],
        weekends: true,
    },
    DemoDoctor {
        name: "okafor",
        shown_name: "Dr Chidi Okafor",
        specialty: "Cardiology",
        prices: "insurance1 85\ninsurance2 110\n",
        hours: &[8, 9, 10, 11, 13, 14],
        weekends: false,
    },
    DemoDoctor {
        name: "lindqvist",
        shown_name: "Dr Maja Lindqvist",
        specialty: "Paediatrics",
        prices: "insurance1 25\ninsurance2 25\ninsurance3 35\n",
        hours: &[8, 9, 10, 14, 15, 16, 17],
        weekends: false,
    },
    DemoDoctor {
        name: "haddad",
        shown_name: "Dr Leila Haddad",
        specialty: "General practice",
        prices: "insurance1 35\ninsurance3 45\n",
        hours: &[10, 11, 12, 16, 17, 18],
        weekends: true,
    },
];

/// The ports of the doctors that the exercise does not have, as its file wants one; they answer where
/// they register.
const FIRST_PORT: u16 = 43_000;
/// The first row of `availabilities.txt` that is not the exercise's.
const FIRST_INDEX: usize = 7;

/// Writes the files: the exercise's, with a row and a tariff for each further doctor.
pub(super) fn write_files(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir(folder).context("the demonstration's files")?;
    let mut rows = AVAILABILITIES.trim_end().to_owned();
    for (at, doctor) in DOCTORS.iter().skip(2).enumerate() {
        let (index, port) = (FIRST_INDEX + at, usize::from(FIRST_PORT) + at);
        rows.push_str(&format!("\n{index} Mon 07am {} {port}", doctor.name));
    }
    rows.push('\n');
    fs::write(folder.join("users.txt"), USERS)?;
    fs::write(folder.join("availabilities.txt"), rows)?;
    for doctor in &DOCTORS {
        fs::write(folder.join(format!("{}.txt", doctor.name)), doctor.prices)?;
    }
    Ok(())
}

/// Says how the doctors are shown, and publishes their slots from today's morning on.
pub(super) fn open_calendar(
    store: &dyn Store,
    zone: &TimeZone,
    now: Timestamp,
) -> anyhow::Result<()> {
    let Answer::SlotRecords(taken) = store.reader()?.read(&Query::Slots)? else {
        bail!("the store does not list its slots");
    };
    let taken: Vec<Slot> = taken.into_iter().map(|record| record.slot).collect();
    let today = now.to_zoned(zone.clone()).date();
    for demo in &DOCTORS {
        let doctor: DoctorName = demo.name.parse().context("a doctor of the demonstration")?;
        let free = |slot: &NewSlot| {
            let others = taken.iter().filter(|other| other.doctor.name == doctor);
            !others.clone().any(|other| other.start < slot.end && slot.start < other.end)
        };
        let slots: Vec<NewSlot> =
            (0..DAYS).flat_map(|day| slots_of(demo, today, day, zone)).filter(free).collect();
        let describe = DescribeDoctor {
            doctor: doctor.clone(),
            shown_name: demo.shown_name.parse().ok(),
            specialty: demo.specialty.parse().ok(),
            actor: Actor::Operator,
        };
        let service = Service::visit();
        let add = AddSlots { doctor, service, slots, actor: Actor::Operator };
        for command in [Command::DescribeDoctor(describe), Command::AddSlots(add)] {
            match loading::commit(store, now, command)? {
                Outcome::Done | Outcome::SlotsAdded(_) => {}
                other => bail!("{}: {other:?}", demo.name),
            }
        }
    }
    Ok(())
}

fn slots_of(doctor: &DemoDoctor, today: Date, day: i64, zone: &TimeZone) -> Vec<NewSlot> {
    let Ok(date) = today.checked_add(Span::new().days(day)) else { return Vec::new() };
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    if weekend && !doctor.weekends {
        return Vec::new();
    }
    let begins = doctor.hours.iter().flat_map(|hour| [(*hour, 0), (*hour, 30)]);
    let slot = |(hour, minute): (i8, i8)| {
        let start = date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp();
        Some(NewSlot { start, end: start + SLOT })
    };
    begins.filter_map(slot).collect()
}
