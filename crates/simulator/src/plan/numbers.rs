//! A clinic from a few numbers, as the command line gives them: the same numbers are the same plan.

use std::time::Duration;

use domain::{Currency, DoctorName, Money, PlanName, SlotIndex};
use jiff::tz::TimeZone;
use thiserror::Error;

use super::arrivals::{self, Arrivals};
use super::calendar::{Calendar, OpenTime, share};
use super::{Choice, DoctorPlan, FaultLevel, Habits, Plan, Plant, SlotPlan};
use crate::chance::Chance;

/// When the clinic opens, every day.
const OPENS: Duration = Duration::from_hours(8);

/// When it closes.
const CLOSES: Duration = Duration::from_hours(18);

/// How long a visit is, when there is time.
const VISIT: Duration = Duration::from_mins(20);

/// For how many days after the last one slots are published: people book ahead.
const DAYS_AHEAD: u32 = 7;

/// Of more patients than this not everybody wants one of the next slots, nor speaks the exercise's words,
/// whose list is that of the next slots: what is booked in front of the first free one is looked through
/// for each list.
const TOWN: u32 = 5_000;

/// How many slots a simulation may have.
const SLOTS_MAX: u64 = 10_000_000;

/// How many patients may come.
const PATIENTS_MAX: usize = 1_000_000;

/// How many slots a doctor can have on one day: a second each.
const SLOTS_A_DAY_MAX: u64 = 36_000;

/// The plans that people have, with their shares. The last one is not covered by every doctor.
const PLANS: [(&str, f64); 4] =
    [("insurance1", 0.4), ("insurance2", 0.3), ("insurance3", 0.2), ("insurance4", 0.1)];

/// Sets what is drawn for a plan apart from what the world draws from the same seed.
const PLAN_STREAM: u64 = 0x706c_616e_0000_0000;

/// A clinic in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Numbers {
    /// All chance follows from it.
    pub seed: u64,
    /// How many days people come, 1 or more.
    pub days: u32,
    /// How many people come; at most so many when they come as a Poisson process, and of no meaning
    /// when their times are given.
    pub patients: u32,
    /// How many doctors there are, 1 or more: `doc1` and so on.
    pub doctors: u32,
    /// How many slots there are; `None` for as many as the opening hours hold.
    pub slots: Option<u32>,
    /// How people come; `None` for half of them in bursts.
    pub arrivals: Option<Arrivals>,
    /// How much goes wrong.
    pub faults: FaultLevel,
    /// A bug put in on purpose; `None` for the product as it is.
    pub plant: Option<Plant>,
}

/// Why numbers make no clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NumbersError {
    /// No day, or no doctor.
    #[error("a clinic without a {0}, expected 1 or more")]
    Nothing(&'static str),
    /// More slots than a simulation may have.
    #[error("{0} slots, expected at most {SLOTS_MAX}: fewer doctors, fewer days, or --slots")]
    TooManySlots(u64),
    /// More slots than the doctors' days have seconds.
    #[error("{slots} slots, expected at most {most} with so few doctors and days")]
    TooShort {
        /// How many were asked for.
        slots: u64,
        /// How many there can be.
        most: u64,
    },
    /// More patients than may come.
    #[error("{0} patients, expected at most {PATIENTS_MAX}")]
    TooManyPatients(usize),
}

impl Plan {
    /// The clinic that is meant by these numbers: its doctors work from 08:00 to 18:00 UTC every day,
    /// and slots are published for a week beyond the last day.
    ///
    /// # Errors
    /// When there is no such clinic, or it is too large.
    pub fn from_numbers(numbers: &Numbers) -> Result<Self, NumbersError> {
        let calendar = Calendar::new(TimeZone::UTC);
        let slots = slots(numbers, &calendar)?;
        let arrivals = arrivals(numbers, &calendar)?;
        let doctors = (0..numbers.doctors).map(doctor).collect();
        Ok(Self {
            title: title(numbers, arrivals.len()),
            seed: numbers.seed,
            begins: calendar.begins(),
            zone: TimeZone::UTC,
            days: numbers.days,
            doctors,
            slots,
            arrivals,
            habits: habits(numbers),
            faults: numbers.faults.faults(),
            plant: numbers.plant,
        })
    }
}

fn habits(numbers: &Numbers) -> Habits {
    let usual = Habits::usual(numbers.faults, plans());
    if numbers.patients <= TOWN {
        return usual;
    }
    Habits { choice: Choice::Any, classic: 0.0, ..usual }
}

impl Habits {
    /// What people usually do, with these insurance plans: the more goes wrong, the more of them lose
    /// patience.
    #[must_use]
    pub fn usual(faults: FaultLevel, plans: Vec<(PlanName, f64)>) -> Self {
        let impatient = match faults {
            FaultLevel::None => 0.0,
            FaultLevel::Mild => 0.05,
            FaultLevel::Full => 0.1,
        };
        Self {
            plans,
            choice: Choice::Soon,
            cancels: 0.1,
            no_shows: 0.05,
            impatient,
            classic: 0.2,
            tries_again: 0.8,
        }
    }
}

fn title(numbers: &Numbers, patients: usize) -> String {
    let count = |number: usize, one: &str| match number {
        1 => format!("1 {one}"),
        _ => format!("{number} {one}s"),
    };
    format!(
        "{}, {}, {}, faults: {}",
        count(patients, "patient"),
        count(numbers.doctors as usize, "doctor"),
        count(numbers.days as usize, "day"),
        numbers.faults.as_str()
    )
}

fn plans() -> Vec<(PlanName, f64)> {
    PLANS.map(|(name, share)| (plan_name(name), share)).into()
}

fn plan_name(name: &str) -> PlanName {
    name.parse().expect("the name of a plan in this file is a name")
}

/// The doctor of this number, from 0. No two doctors charge the same under a plan, so that a price
/// tells whose it is; every second one does not cover the last plan.
fn doctor(number: u32) -> DoctorPlan {
    let name: DoctorName =
        format!("doc{}", number + 1).parse().expect("doc and a number is a name");
    let covered = if number.is_multiple_of(2) { PLANS.len() } else { PLANS.len() - 1 };
    let prices = PLANS[..covered]
        .iter()
        .zip(0_u64..)
        .map(|((plan, _), at)| {
            // A prime above the number of doctors keeps the amounts apart.
            let cents = 2_000 + (u64::from(number) * 3_700 + at * 1_150) % 10_007;
            let amount = format!("{}.{:02}", cents / 100, cents % 100);
            let price = Money::parse(&amount, Currency::USD).expect("these are dollars and cents");
            (plan_name(plan), price)
        })
        .collect();
    DoctorPlan { name, prices }
}

/// The slots by their start and doctor, numbered from 1.
fn slots(numbers: &Numbers, calendar: &Calendar) -> Result<Vec<SlotPlan>, NumbersError> {
    if numbers.days == 0 {
        return Err(NumbersError::Nothing("day"));
    }
    if numbers.doctors == 0 {
        return Err(NumbersError::Nothing("doctor"));
    }
    let days = numbers.days.saturating_add(DAYS_AHEAD);
    let parts = u64::from(days) * u64::from(numbers.doctors);
    let a_day = (CLOSES - OPENS).as_secs() / VISIT.as_secs();
    let all = numbers.slots.map_or(parts.saturating_mul(a_day), u64::from);
    if all > SLOTS_MAX {
        return Err(NumbersError::TooManySlots(all));
    }
    let most = parts.saturating_mul(SLOTS_A_DAY_MAX);
    if all > most {
        return Err(NumbersError::TooShort { slots: all, most });
    }
    let whole = u32::try_from(all).expect("no more than SLOTS_MAX");
    let doctors = numbers.doctors as usize;
    let mut slots = Vec::with_capacity(whole as usize);
    for day in 0..days {
        let open = calendar.open(day, OPENS, CLOSES);
        let first = slots.len();
        for doctor in 0..doctors {
            let part = day as usize * doctors + doctor;
            let many = share(whole, part, days as usize * doctors);
            spread(&mut slots, open, doctor, many);
        }
        slots[first..].sort_unstable_by_key(|slot| (slot.start, slot.doctor));
    }
    for (slot, number) in slots.iter_mut().zip(1..) {
        slot.index = SlotIndex::new(number).expect("counted from 1");
    }
    Ok(slots)
}

/// So many slots of a doctor, alike over the open time; their numbers are not yet right.
fn spread(slots: &mut Vec<SlotPlan>, open: OpenTime, doctor: usize, many: u32) {
    let seconds = open.length().as_secs();
    let begin = |at: u32| u64::from(at) * seconds / u64::from(many);
    let index = SlotIndex::new(1).expect("one is an index");
    slots.extend((0..many).map(|at| {
        let start = begin(at);
        let end = begin(at + 1).min(start + VISIT.as_secs());
        let moment = |seconds| open.after(Duration::from_secs(seconds));
        SlotPlan { index, doctor, start: moment(start), end: moment(end) }
    }));
}

fn arrivals(numbers: &Numbers, calendar: &Calendar) -> Result<Vec<Duration>, NumbersError> {
    let asked = match &numbers.arrivals {
        Some(Arrivals::Times(times)) => times.len().saturating_mul(numbers.days as usize),
        _ => numbers.patients as usize,
    };
    if asked > PATIENTS_MAX {
        return Err(NumbersError::TooManyPatients(asked));
    }
    let mut chance = Chance::new(numbers.seed ^ PLAN_STREAM);
    let open: Vec<OpenTime> =
        (0..numbers.days).map(|day| calendar.open(day, OPENS, CLOSES)).collect();
    Ok(match &numbers.arrivals {
        None => arrivals::in_bursts(&mut chance, calendar, &open, numbers.patients),
        Some(Arrivals::Poisson { per_second }) => {
            arrivals::independently(&mut chance, calendar, &open, *per_second, asked)
        }
        Some(Arrivals::Times(times)) => arrivals::at_times(calendar, numbers.days, times),
    })
}

#[cfg(test)]
mod tests;
