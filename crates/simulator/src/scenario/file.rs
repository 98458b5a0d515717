//! The shape of a scenario's file: its tables and keys, as serde reads them.

use std::collections::BTreeMap;

use domain::{DoctorName, PlanName};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use serde::Deserialize;
use toml::Spanned;

use super::words::{
    Amount, FromWords, Hour, Hours, Length, LengthRange, Minute, Named, Rate, Said, Seed, Share,
    Whole,
};
use crate::plan::{Choice, FaultLevel, Faults};

/// The whole file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct File {
    pub(super) title: Spanned<String>,
    pub(super) seed: Option<Seed>,
    pub(super) days: Whole<1, 366>,
    pub(super) zone: Said<TimeZone>,
    pub(super) visit_minutes: Whole<1, 1440>,
    pub(super) book_ahead_days: Option<Whole<0, 366>>,
    pub(super) currency: Option<Spanned<String>>,
    pub(super) hours: Week<Said<Hours>>,
    pub(super) doctor: Spanned<Vec<DoctorTable>>,
    pub(super) arrivals: Spanned<ArrivalsTable>,
    #[serde(default)]
    pub(super) habits: HabitsTable,
    #[serde(default)]
    pub(super) faults: FaultsTable,
}

/// Something for each weekday; `None` where nothing is said.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Week<T> {
    mon: Option<T>,
    tue: Option<T>,
    wed: Option<T>,
    thu: Option<T>,
    fri: Option<T>,
    sat: Option<T>,
    sun: Option<T>,
}

impl<T> Week<T> {
    /// What is said of this day.
    pub(super) fn on(&self, day: Weekday) -> Option<&T> {
        match day {
            Weekday::Monday => self.mon.as_ref(),
            Weekday::Tuesday => self.tue.as_ref(),
            Weekday::Wednesday => self.wed.as_ref(),
            Weekday::Thursday => self.thu.as_ref(),
            Weekday::Friday => self.fri.as_ref(),
            Weekday::Saturday => self.sat.as_ref(),
            Weekday::Sunday => self.sun.as_ref(),
        }
    }
}

/// `[[doctor]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct DoctorTable {
    pub(super) name: Spanned<Named<DoctorName>>,
    pub(super) prices: BTreeMap<Named<PlanName>, Spanned<Said<Amount>>>,
    pub(super) hours: Option<Week<Said<Hours>>>,
}

/// `[arrivals]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct ArrivalsTable {
    #[serde(default)]
    pub(super) per_hour: BTreeMap<Said<Hour>, Whole<0, 1_000_000>>,
    #[serde(default)]
    pub(super) at_once: BTreeMap<Said<Minute>, Whole<0, 1_000_000>>,
    pub(super) poisson: Option<Said<Rate>>,
    pub(super) busy: Option<Week<Said<Factor>>>,
}

/// How busy a weekday is, from 0 to 10 of what is usual.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Factor(pub(super) f64);

impl FromWords for Factor {
    const WHAT: &'static str = "a percentage of a usual day";
    const EXPECTED: &'static str = "e.g. \"150%\", at most \"1000%\"";

    fn from_words(text: &str) -> Option<Self> {
        let percent: u32 = text.strip_suffix('%')?.parse().ok()?;
        (percent <= 1_000).then(|| Self(f64::from(percent) / 100.0))
    }
}

/// `[habits]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct HabitsTable {
    pub(super) plans: Option<Spanned<BTreeMap<Named<PlanName>, Said<Share>>>>,
    pub(super) choice: Option<Said<Choice>>,
    pub(super) cancellations: Option<Said<Share>>,
    pub(super) no_shows: Option<Said<Share>>,
    pub(super) impatient: Option<Said<Share>>,
    pub(super) classic: Option<Said<Share>>,
    pub(super) tries_again: Option<Said<Share>>,
}

/// `[faults]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct FaultsTable {
    pub(super) level: Option<Said<FaultLevel>>,
    loss: Option<Said<Share>>,
    duplicate: Option<Said<Share>>,
    reorder: Option<Said<Share>>,
    corrupt: Option<Said<Share>>,
    delay: Option<Said<LengthRange>>,
    reset: Option<Said<Share>>,
    stall: Option<Said<Share>>,
    stall_for: Option<Said<Length>>,
    split: Option<Said<Share>>,
    partition_each: Option<Said<Length>>,
    partition_for: Option<Said<Length>>,
    crash_each: Option<Said<Length>>,
    crash_for: Option<Said<Length>>,
    doctor_restart_each: Option<Said<Length>>,
    doctor_restart_for: Option<Said<Length>>,
    rolled_back: Option<Said<Share>>,
    busy: Option<Said<Share>>,
    unknown: Option<Said<Share>>,
    unreadable: Option<Said<Share>>,
    clock_step_each: Option<Said<Length>>,
    clock_step: Option<Said<Length>>,
    new_prices_each: Option<Said<Length>>,
}

impl FaultsTable {
    /// The rates of the level, and what is said otherwise.
    pub(super) fn faults(&self) -> Faults {
        let mut faults = self.level.as_ref().map_or(FaultLevel::None, |level| level.0).faults();
        for (said, rate) in [
            (&self.loss, &mut faults.loss),
            (&self.duplicate, &mut faults.duplicate),
            (&self.reorder, &mut faults.reorder),
            (&self.corrupt, &mut faults.corrupt),
            (&self.reset, &mut faults.reset),
            (&self.stall, &mut faults.stall),
            (&self.split, &mut faults.split),
            (&self.rolled_back, &mut faults.rolled_back),
            (&self.busy, &mut faults.busy),
            (&self.unknown, &mut faults.unknown),
            (&self.unreadable, &mut faults.unreadable),
        ] {
            *rate = said.as_ref().map_or(*rate, |said| said.0.0);
        }
        if let Some(Said(LengthRange(least, most))) = self.delay {
            (faults.delay_min, faults.delay_max) = (least, most);
        }
        // What happens at all lasts as on a bad day, when nobody says how long.
        let bad_day = FaultLevel::Mild.faults();
        let stalls = faults.stall > 0.0;
        for (each, said_for, lasts, usual) in [
            (stalls, &self.stall_for, &mut faults.stall_for, bad_day.stall_for),
            (
                happens(&self.partition_each, &mut faults.partition_each),
                &self.partition_for,
                &mut faults.partition_for,
                bad_day.partition_for,
            ),
            (
                happens(&self.crash_each, &mut faults.crash_each),
                &self.crash_for,
                &mut faults.crash_for,
                bad_day.crash_for,
            ),
            (
                happens(&self.doctor_restart_each, &mut faults.doctor_restart_each),
                &self.doctor_restart_for,
                &mut faults.doctor_restart_for,
                bad_day.doctor_restart_for,
            ),
            (
                happens(&self.clock_step_each, &mut faults.clock_step_each),
                &self.clock_step,
                &mut faults.clock_step,
                bad_day.clock_step,
            ),
        ] {
            match said_for {
                Some(said) => *lasts = said.0.0,
                None if each && lasts.is_zero() => *lasts = usual,
                None => {}
            }
        }
        happens(&self.new_prices_each, &mut faults.new_prices_each);
        faults
    }
}

/// Takes over how far apart two of something are, and says whether it happens at all.
fn happens(said: &Option<Said<Length>>, each: &mut std::time::Duration) -> bool {
    *each = said.as_ref().map_or(*each, |said| said.0.0);
    !each.is_zero()
}
