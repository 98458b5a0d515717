//! What goes wrong by itself, and when it ends.

use std::time::Duration;

use jiff::SignedDuration;

use super::event::{DoctorNumber, Event};
use super::network::Machine;
use super::{Held, LEAVES_WITHIN, World};
use crate::checks::Violation;
use crate::plan::Faults;

/// How long after an arrival it becomes calm: while most of those who came are still there.
const CALM_AFTER_MIN: Duration = Duration::from_millis(50);
const CALM_AFTER_MAX: Duration = Duration::from_millis(300);
/// Those who came so shortly before are likely to be there too.
const JUST_BEFORE: Duration = Duration::from_millis(250);
/// Of so many moments the one is taken at which most people have just come.
const CALM_CANDIDATES: usize = 12;
/// How much later each doctor starts than the one before, or hurries when it becomes calm.
const ONE_BY_ONE: Duration = Duration::from_millis(5);
/// How long a clock stays wrong at most.
const CLOCK_WRONG_FOR: Duration = Duration::from_secs(15 * 60);
/// A day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl World<'_> {
    /// Enters what is known from the beginning.
    pub(super) fn begin(&mut self) {
        for number in 0..self.doctors.len() {
            let doctor = DoctorNumber::try_from(number).unwrap_or(DoctorNumber::MAX);
            self.doctor_comes(doctor, ONE_BY_ONE * u32::from(doctor));
        }
        self.next_arrival();
        let faults = &self.plan.faults;
        for (each, event) in [
            (faults.crash_each, Event::CenterCrashes),
            (faults.doctor_restart_each, Event::DoctorLeaves { doctor: 0 }),
            (faults.partition_each, Event::Partition),
            (faults.clock_step_each, Event::ClockStep),
            (faults.new_prices_each, Event::NewPrices),
        ] {
            self.next_disturbance(each, event);
        }
        let last = self.plan.arrivals.last().copied().unwrap_or_default();
        let wait = self.faults_chance.between(CALM_AFTER_MIN, CALM_AFTER_MAX);
        self.agenda.enter(last + wait, Event::Calm { last: true });
        self.enter_calms(last);
        for day in 0..self.plan.days {
            let at = DAY * (day + 1);
            if at < last {
                self.agenda.enter(at, Event::DayIsOver { day });
            }
        }
    }

    /// Once a day it becomes calm for a while, right after several have come, to see that everybody
    /// who is here gets away.
    fn enter_calms(&mut self, last: Duration) {
        for day in 0..self.plan.days {
            let (from, until) = (DAY * day, DAY * (day + 1));
            let arrivals = &self.plan.arrivals;
            let first = arrivals.partition_point(|at| *at < from);
            let count = arrivals.partition_point(|at| *at < until) - first;
            if count == 0 {
                continue;
            }
            let came_by = |at: Duration| arrivals.partition_point(|arrival| *arrival <= at);
            let just_came = |at: Duration| came_by(at) - came_by(at.saturating_sub(JUST_BEFORE));
            let chance = &mut self.faults_chance;
            let candidates: Vec<Duration> =
                (0..CALM_CANDIDATES).map(|_| arrivals[first + chance.below(count)]).collect();
            let busiest = candidates.into_iter().max_by_key(|at| just_came(*at));
            let at = busiest.unwrap_or_default() + chance.between(CALM_AFTER_MIN, CALM_AFTER_MAX);
            if at + 2 * LEAVES_WITHIN < last {
                self.agenda.enter(at, Event::Calm { last: false });
            }
        }
    }

    fn next_disturbance(&mut self, each: Duration, event: Event) {
        if !each.is_zero() {
            let wait = self.faults_chance.wait(each);
            self.agenda.enter(self.now + wait, event);
        }
    }

    /// Something that is no work of the clinic's.
    pub(super) fn disturbs(&mut self, event: Event) -> Held {
        let faults = self.plan.faults.clone();
        match event {
            Event::CenterCrashes => {
                self.next_disturbance(faults.crash_each, Event::CenterCrashes);
                let away = self.faults_chance.between(Duration::from_millis(200), faults.crash_for);
                if !self.calm {
                    self.agenda.enter(self.now + away, Event::CenterComesBack);
                    return self.center_crashes();
                }
            }
            Event::CenterComesBack => return self.center_comes_back(),
            Event::DoctorLeaves { .. } => {
                let doctor = self.any_doctor();
                self.next_disturbance(faults.doctor_restart_each, Event::DoctorLeaves { doctor });
                let most = faults.doctor_restart_for;
                let away = self.faults_chance.between(Duration::from_millis(200), most);
                if !self.calm {
                    self.log.say(|| format!("it is doc{}", doctor + 1));
                    self.agenda.enter(self.now + away, Event::DoctorComesBack { doctor });
                    self.doctor_leaves(doctor);
                }
            }
            Event::DoctorComesBack { doctor } => self.doctor_comes(doctor, Duration::ZERO),
            Event::Partition => {
                self.next_disturbance(faults.partition_each, Event::Partition);
                self.cut_somebody_off(&faults);
            }
            Event::ClockStep => {
                self.next_disturbance(faults.clock_step_each, Event::ClockStep);
                self.set_a_clock(&faults);
            }
            Event::ClockIsRight { machine } => self.set_clock(machine, SignedDuration::ZERO),
            Event::NewPrices => {
                self.next_disturbance(faults.new_prices_each, Event::NewPrices);
                if !self.calm {
                    return self.new_prices();
                }
            }
            Event::DayIsOver { .. } => return self.compare(),
            Event::Calm { last } => return self.becomes_calm(last),
            Event::CalmIsOver { last } => return self.calm_is_over(last),
            other => unreachable!("{other} is the clinic's own"),
        }
        Ok(())
    }

    fn any_doctor(&mut self) -> DoctorNumber {
        let number = self.faults_chance.below(self.doctors.len());
        DoctorNumber::try_from(number).unwrap_or(DoctorNumber::MAX)
    }

    /// The center's, or any doctor's.
    fn any_machine(&mut self) -> Machine {
        let doctor = self.any_doctor();
        if self.faults_chance.happens(0.5) { Machine::Center } else { Machine::Doctor(doctor) }
    }

    fn cut_somebody_off(&mut self, faults: &Faults) {
        let machine = self.any_machine();
        let length = self.faults_chance.between(Duration::from_secs(1), faults.partition_for);
        if !self.calm {
            self.log.say(|| format!("{machine} cannot be reached for {length:?}"));
            self.network.cut_off(machine, self.now + length);
        }
    }

    fn set_a_clock(&mut self, faults: &Faults) {
        let machine = self.any_machine();
        let off = self.faults_chance.between(Duration::ZERO, faults.clock_step);
        let is_behind = self.faults_chance.happens(0.5);
        let wrong_for = self.faults_chance.between(Duration::ZERO, CLOCK_WRONG_FOR);
        if self.calm {
            return;
        }
        let off = SignedDuration::try_from(off).unwrap_or_default();
        let skew = if is_behind { -off } else { off };
        self.log.say(|| format!("the clock of {machine} is off by {skew:#}"));
        self.set_clock(machine, skew);
        self.agenda.enter(self.now + wrong_for, Event::ClockIsRight { machine });
    }

    fn set_clock(&mut self, machine: Machine, skew: SignedDuration) {
        match machine {
            Machine::Center => self.center.skew = skew,
            Machine::Doctor(doctor) => self.doctors[usize::from(doctor)].skew = skew,
        }
    }

    /// Everything that is broken is mended at once, and stays so for a while.
    fn becomes_calm(&mut self, last: bool) -> Held {
        self.calm = true;
        self.calm_since = self.now;
        self.faults = Faults::over();
        self.network.set_faults(Faults::over());
        self.center.skew = SignedDuration::ZERO;
        self.center_comes_back()?;
        for number in 0..self.doctors.len() {
            let doctor = DoctorNumber::try_from(number).unwrap_or(DoctorNumber::MAX);
            self.doctors[number].skew = SignedDuration::ZERO;
            self.doctor_comes(doctor, ONE_BY_ONE * u32::from(doctor));
            self.doctor_hurries(doctor, ONE_BY_ONE * u32::from(doctor));
        }
        self.present = self.guests.keys().copied().collect();
        let here = self.present.len();
        self.log.say(|| format!("{here} patients are here"));
        self.agenda.enter(self.now + LEAVES_WITHIN, Event::CalmIsOver { last });
        Ok(())
    }

    fn calm_is_over(&mut self, last: bool) -> Held {
        let still: Vec<String> = self
            .present
            .drain(..)
            .filter(|guest| self.guests.contains_key(guest))
            .map(|guest| format!("patient{}", guest + 1))
            .collect();
        if !still.is_empty() {
            let what = format!("{} still here: {}", still.len(), still.join(", "));
            return Err(Violation { check: "who is here gets away", what });
        }
        if let Some(doctor) = self.doctors.iter().find(|doctor| !doctor.is_in_touch()) {
            let what = format!("{} has not heard from the center", doctor.name);
            return Err(Violation { check: "doctors are in touch", what });
        }
        if !last {
            self.calm = false;
            self.faults = self.plan.faults.clone();
            self.network.set_faults(self.plan.faults.clone());
        }
        Ok(())
    }
}
