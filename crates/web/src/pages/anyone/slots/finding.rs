//! Free slots, read for a page.

use center::No;
use center::errand::{
    self, ClinicRecord, DoctorRecord, FreeSlotsWanted, PAGE_SLOTS_MAX, SlotsAfter, Window,
};
use domain::{DoctorName, Service, Slot, SlotId};
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};

use super::filters::{Filters, Key, ReadTo};
use crate::Site;

/// Slots on one page of the list.
pub(super) const SLOTS_PER_PAGE: usize = 24;
/// Doctors on one page of the week.
pub(super) const DOCTORS_PER_PAGE: usize = 4;
/// Slots that are shown instead where nothing was found.
const INSTEAD_MAX: usize = 3;

/// What is looked for, in the clinic's words.
pub(super) struct Wanted<'c> {
    /// These doctors; `None` for everybody.
    pub(super) doctors: Option<Vec<&'c DoctorRecord>>,
    /// This kind of visit; `None` for all kinds.
    pub(super) service: Option<Service>,
    /// Whether something that was asked for is not, or no longer, there to be chosen.
    pub(super) gone: bool,
}

impl<'c> Wanted<'c> {
    /// What the filters mean at this clinic.
    pub(super) fn of(filters: &Filters, clinic: &'c ClinicRecord) -> Self {
        let is = |key: Key| move |it: &&DoctorRecord| Key::of_doctor(&it.doctor.name) == key;
        let has = |key: Key| {
            move |it: &&DoctorRecord| it.specialty.as_ref().map(Key::of_specialty) == Some(key)
        };
        let doctor = filters.doctor.filter(|key| clinic.doctors.iter().any(|it| is(*key)(&it)));
        let specialty =
            filters.specialty.filter(|key| clinic.doctors.iter().any(|it| has(*key)(&it)));
        let service = filters.service.and_then(|key| {
            clinic.services.iter().find(|service| Key::of_service(service) == key).cloned()
        });
        let gone = (doctor, specialty) != (filters.doctor, filters.specialty)
            || service.is_some() != filters.service.is_some();
        let doctors = (doctor.is_some() || specialty.is_some()).then(|| {
            let fits = |it: &&DoctorRecord| {
                doctor.is_none_or(|key| is(key)(it)) && specialty.is_none_or(|key| has(key)(it))
            };
            clinic.doctors.iter().filter(fits).collect()
        });
        Self { doctors, service, gone }
    }

    /// Their names; `None` when nobody fits.
    fn names(&self) -> Option<Vec<DoctorName>> {
        let Some(doctors) = &self.doctors else { return Some(Vec::new()) };
        let names: Vec<_> = doctors.iter().map(|it| it.doctor.name.clone()).collect();
        (!names.is_empty()).then_some(names)
    }
}

/// A page of the list.
pub(super) struct Found {
    pub(super) slots: Vec<Slot>,
    /// Where it ended; `None` when there is nothing after it.
    pub(super) next: Option<ReadTo>,
}

/// A page of the list, after what was read before.
pub(super) async fn list(
    site: &Site,
    now: Timestamp,
    wanted: &Wanted<'_>,
    windows: Vec<Window>,
    read_to: Option<ReadTo>,
) -> Result<Found, No> {
    let Some(doctors) = wanted.names() else { return Ok(Found { slots: Vec::new(), next: None }) };
    let service = wanted.service.clone();
    let asked = FreeSlotsWanted { doctors, service, windows, after: None, limit: SLOTS_PER_PAGE };
    let after = match read_to {
        Some(read_to) => Some(place_of(site, now, &asked, read_to).await?),
        None => None,
    };
    let page =
        site.runtime.run(errand::free_slots(now, FreeSlotsWanted { after, ..asked })).await?;
    let next = page.next.map(|last| {
        let alike = page.slots.iter().filter(|slot| slot.start == last.start).count();
        let before = read_to.filter(|it| it.start == last.start).map_or(0, |it| it.shown);
        ReadTo { start: last.start, shown: before + alike }
    });
    Ok(Found { slots: page.slots, next })
}

/// The place of the last slot that was shown. An address says no slot: it says the start, and how many
/// of those who begin then were shown, so these are counted again.
async fn place_of(
    site: &Site,
    now: Timestamp,
    asked: &FreeSlotsWanted,
    read_to: ReadTo,
) -> Result<SlotsAfter, No> {
    let before = read_to.start.checked_sub(SignedDuration::from_millis(1)).unwrap_or(read_to.start);
    let mut place = SlotsAfter { start: before, id: SlotId(i64::MAX) };
    let mut left = read_to.shown;
    while left > 0 {
        let limit = left.min(PAGE_SLOTS_MAX);
        let asked = FreeSlotsWanted { after: Some(place), limit, ..asked.clone() };
        let page = site.runtime.run(errand::free_slots(now, asked)).await?;
        let alike = page.slots.iter().take_while(|slot| slot.start == read_to.start);
        let passed: Vec<&Slot> = alike.collect();
        if let Some(last) = passed.last() {
            place = SlotsAfter { start: last.start, id: last.id };
        }
        // Fewer than were shown: some were booked meanwhile.
        if passed.len() < limit {
            break;
        }
        left -= limit;
    }
    Ok(place)
}

/// One doctor's week.
pub(super) struct Week<'c> {
    pub(super) doctor: &'c DoctorRecord,
    pub(super) slots: Vec<Slot>,
    /// The next free slot after the week, where the week has none; `None` when there is none at all.
    pub(super) later: Option<Slot>,
}

/// Where and how weeks are looked for.
pub(super) struct WeekAsked<'a> {
    pub(super) service: Option<&'a Service>,
    /// The week.
    pub(super) windows: &'a [Window],
    /// What comes after it.
    pub(super) later: &'a [Window],
}

/// The week of each of these doctors.
pub(super) async fn weeks<'c>(
    site: &Site,
    now: Timestamp,
    doctors: &[&'c DoctorRecord],
    asked: &WeekAsked<'_>,
) -> Result<Vec<Week<'c>>, No> {
    try_join_all(doctors.iter().map(|doctor| week(site, now, doctor, asked))).await
}

async fn week<'c>(
    site: &Site,
    now: Timestamp,
    doctor: &'c DoctorRecord,
    asked: &WeekAsked<'_>,
) -> Result<Week<'c>, No> {
    let within = |windows: &[Window], limit| FreeSlotsWanted {
        doctors: vec![doctor.doctor.name.clone()],
        service: asked.service.cloned(),
        windows: windows.to_vec(),
        after: None,
        limit,
    };
    let (this, next) = (within(asked.windows, PAGE_SLOTS_MAX), within(asked.later, 1));
    let slots = site.runtime.run(errand::free_slots(now, this)).await?.slots;
    let later = match slots.is_empty() {
        true => site.runtime.run(errand::free_slots(now, next)).await?.slots.pop(),
        false => None,
    };
    Ok(Week { doctor, slots, later })
}

/// What there is instead, where nothing was found.
#[derive(Default)]
pub(super) struct Instead {
    /// The next free ones with the doctors who were asked for, at any time.
    pub(super) same_doctors: Vec<Slot>,
    /// The next free ones with anybody, at any time.
    pub(super) anybody: Vec<Slot>,
}

/// The next free slots in `windows`, with what was asked for and with anybody.
pub(super) async fn instead(
    site: &Site,
    now: Timestamp,
    wanted: &Wanted<'_>,
    windows: Vec<Window>,
) -> Result<Instead, No> {
    let next = |doctors, service| {
        let (windows, limit) = (windows.clone(), INSTEAD_MAX);
        let asked = FreeSlotsWanted { doctors, service, windows, after: None, limit };
        site.runtime.run(errand::free_slots(now, asked))
    };
    let service = wanted.service.clone();
    let same_doctors = match wanted.names() {
        Some(doctors) if !doctors.is_empty() => next(doctors, service.clone()).await?.slots,
        _ => Vec::new(),
    };
    // Where everybody was asked for, only another kind of visit is left.
    let service = service.filter(|_| wanted.doctors.is_some());
    let anybody = next(Vec::new(), service).await?.slots;
    Ok(Instead { same_doctors, anybody })
}
