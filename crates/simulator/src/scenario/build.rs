//! A plan from a scenario: its slots, and who comes when.

use std::time::Duration;

use domain::{PlanName, SlotIndex};
use jiff::civil::Weekday;

use super::PATIENTS_MAX;
use super::file::{ArrivalsTable, DoctorTable, File};
use super::words::Hours;
use crate::chance::Chance;
use crate::plan::arrivals::independently;
use crate::plan::calendar::{Calendar, OpenTime};
use crate::plan::{DoctorPlan, FaultLevel, Habits, Plan, SlotPlan};

/// For how many days after the last one slots are published, when a scenario does not say.
const BOOK_AHEAD_DAYS: u32 = 7;

/// In how short a time people come who come at once.
const AT_ONCE_LASTS: Duration = Duration::from_secs(1);

/// Sets what is drawn for a scenario apart from what the world draws from the same seed.
const SCENARIO_STREAM: u64 = 0x7363_656e_0000_0000;

/// The plan that follows from `seed`.
pub(super) fn plan(
    file: &File,
    doctors: Vec<DoctorPlan>,
    plans: Vec<(PlanName, f64)>,
    seed: u64,
) -> Plan {
    let zone = file.zone.0.clone();
    let calendar = Calendar::new(zone.clone());
    Plan {
        title: file.title.get_ref().clone(),
        seed,
        begins: calendar.begins(),
        zone,
        days: file.days.0,
        doctors,
        slots: slots(file, &calendar),
        arrivals: arrivals(file, &calendar, seed),
        habits: habits(file, plans),
        faults: file.faults.faults(),
        plant: None,
    }
}

fn habits(file: &File, plans: Vec<(PlanName, f64)>) -> Habits {
    let level = file.faults.level.as_ref().map_or(FaultLevel::None, |level| level.0);
    let said = &file.habits;
    let mut habits = Habits::usual(level, plans);
    for (said, rate) in [
        (&said.cancellations, &mut habits.cancels),
        (&said.no_shows, &mut habits.no_shows),
        (&said.impatient, &mut habits.impatient),
        (&said.classic, &mut habits.classic),
        (&said.tries_again, &mut habits.tries_again),
    ] {
        *rate = said.as_ref().map_or(*rate, |said| said.0.0);
    }
    if !speaks_of_dollars(file) {
        habits.classic = 0.0;
    }
    habits.choice = said.choice.as_ref().map_or(habits.choice, |choice| choice.0);
    habits
}

/// Whether prices are in the one currency that the exercise's three dialects mean: they do not say any.
pub(super) fn speaks_of_dollars(file: &File) -> bool {
    file.currency.as_ref().is_none_or(|said| said.get_ref() == "USD")
}

/// On how many days there are slots.
fn published_days(file: &File) -> u32 {
    file.days.0 + file.book_ahead_days.map_or(BOOK_AHEAD_DAYS, |days| days.0)
}

/// When a doctor works on this weekday: by own hours, else by the clinic's.
fn hours<'a>(file: &'a File, doctor: &'a DoctorTable, day: Weekday) -> &'a [(Duration, Duration)] {
    let week = doctor.hours.as_ref().unwrap_or(&file.hours);
    week.on(day).map_or(&[], |said| &said.0.0)
}

fn visit(file: &File) -> Duration {
    Duration::from_mins(u64::from(file.visit_minutes.0))
}

/// The weekdays of the days, of which the first is a Monday.
fn weekday(day: u32) -> Weekday {
    Weekday::Monday.wrapping_add(i64::from(day % 7))
}

/// How many slots there are, changes of the clocks aside.
pub(super) fn slots_count(file: &File) -> u64 {
    let length = visit(file).as_secs();
    let on = |day: Weekday| -> u64 {
        let doctors = file.doctor.get_ref().iter();
        let times = doctors.flat_map(|doctor| hours(file, doctor, day));
        times.map(|(from, to)| (*to - *from).as_secs() / length).sum()
    };
    (0..published_days(file)).map(|day| on(weekday(day))).sum()
}

/// The slots by their start and doctor, numbered from 1.
fn slots(file: &File, calendar: &Calendar) -> Vec<SlotPlan> {
    let length = visit(file);
    let index = SlotIndex::new(1).expect("one is an index");
    let doctors = file.doctor.get_ref();
    let mut busy_until = vec![calendar.begins(); doctors.len()];
    let mut slots = Vec::with_capacity(usize::try_from(slots_count(file)).unwrap_or_default());
    for day in 0..published_days(file) {
        let first = slots.len();
        for (doctor, table) in doctors.iter().enumerate() {
            for &(from, to) in hours(file, table, weekday(day)) {
                let open = calendar.open(day, from, to);
                // Hours that a change of the clocks skips lie upon those after it.
                let open = OpenTime { from: open.from.max(busy_until[doctor]), ..open };
                let mut begin = Duration::ZERO;
                while begin + length <= open.length() {
                    let (start, end) = (open.after(begin), open.after(begin + length));
                    slots.push(SlotPlan { index, doctor, start, end });
                    busy_until[doctor] = end;
                    begin += length;
                }
            }
        }
        slots[first..].sort_unstable_by_key(|slot: &SlotPlan| (slot.start, slot.doctor));
    }
    for (slot, number) in slots.iter_mut().zip(1..) {
        slot.index = SlotIndex::new(number).expect("counted from 1");
    }
    slots
}

/// Opening hours of the clinic on a day; none when it is closed.
fn clinic_hours(file: &File, day: u32) -> &Hours {
    const CLOSED: &Hours = &Hours(Vec::new());
    file.hours.on(weekday(day)).map_or(CLOSED, |said| &said.0)
}

/// How busy a day is, as a part of a usual one; 0 when the clinic is closed.
fn factor(file: &File, day: u32) -> f64 {
    if clinic_hours(file, day).0.is_empty() {
        return 0.0;
    }
    let week = file.arrivals.get_ref().busy.as_ref();
    week.and_then(|week| week.on(weekday(day))).map_or(1.0, |said| said.0.0)
}

/// So many people on a day of this factor.
fn people(usual: u32, factor: f64) -> u64 {
    // At most ten times a million, and no less than nothing.
    (f64::from(usual) * factor).round() as u64
}

/// About how many patients come.
pub(super) fn patients_count(file: &File) -> u64 {
    let table = file.arrivals.get_ref();
    let numbers = || table.per_hour.values().chain(table.at_once.values());
    let on = |day: u32| -> u64 {
        let factor = factor(file, day);
        let counted: u64 = numbers().map(|number| people(number.0, factor)).sum();
        let open: Duration = clinic_hours(file, day).0.iter().map(|(from, to)| *to - *from).sum();
        let rate = table.poisson.as_ref().map_or(0.0, |rate| rate.0.0);
        counted.saturating_add((rate * factor * open.as_secs_f64()) as u64)
    };
    (0..file.days.0).map(on).fold(0, u64::saturating_add)
}

/// When people come: each kind of arrival draws from a stream of its own on each day, so that one can
/// be changed and the others stay.
fn arrivals(file: &File, calendar: &Calendar, seed: u64) -> Vec<Duration> {
    let mut chance = Chance::new(seed ^ SCENARIO_STREAM);
    let (mut by_hour, mut at_once, mut freely) = (chance.fork(), chance.fork(), chance.fork());
    let table = file.arrivals.get_ref();
    let mut arrivals =
        Vec::with_capacity(usize::try_from(patients_count(file)).unwrap_or_default());
    for day in 0..file.days.0 {
        let factor = factor(file, day);
        let mut draw = |chance: &mut Chance, from: Duration, lasts: Duration, many: u32| {
            let begins = calendar.since(calendar.moment(day, from));
            let many = people(many, factor);
            arrivals.extend((0..many).map(|_| begins + chance.between(Duration::ZERO, lasts)));
        };
        let (mut hours, mut moments) = (by_hour.fork(), at_once.fork());
        for (hour, many) in &table.per_hour {
            let from = Duration::from_hours(u64::from(hour.0.0));
            draw(&mut hours, from, Duration::from_mins(60), many.0);
        }
        for (time, many) in &table.at_once {
            draw(&mut moments, time.0.0, AT_ONCE_LASTS, many.0);
        }
        arrivals.extend(freely_on(&mut freely.fork(), file, calendar, day));
    }
    arrivals.sort_unstable();
    arrivals.truncate(usize::try_from(PATIENTS_MAX).unwrap_or(usize::MAX));
    arrivals
}

/// Those who come independently of each other on a day, while the clinic is open.
fn freely_on(chance: &mut Chance, file: &File, calendar: &Calendar, day: u32) -> Vec<Duration> {
    let ArrivalsTable { poisson: Some(rate), .. } = file.arrivals.get_ref() else {
        return Vec::new();
    };
    let open: Vec<OpenTime> =
        clinic_hours(file, day).0.iter().map(|&(from, to)| calendar.open(day, from, to)).collect();
    let per_second = rate.0.0 * factor(file, day);
    if per_second <= 0.0 {
        return Vec::new();
    }
    let most = usize::try_from(PATIENTS_MAX).unwrap_or(usize::MAX);
    independently(chance, calendar, &open, per_second, most)
}
