//! Slots and doctors as the patient's pages show them.

use std::collections::BTreeMap;

use center::errand::{FreeSlotsWanted, Window, clinic, free_slots};
use domain::{DoctorName, Service, Slot};
use jiff::Timestamp;

use super::acting::Acting;
use crate::language::Words;
use crate::problem::Problem;

/// What people call each doctor.
pub(super) struct Doctors(BTreeMap<DoctorName, Shown>);

struct Shown {
    name: String,
    /// Empty when nothing is said.
    specialty: String,
}

/// A slot on a page.
pub(super) struct ShownSlot {
    /// What forms send.
    pub(super) id: i64,
    pub(super) doctor: String,
    /// Empty when nothing is said.
    pub(super) specialty: String,
    pub(super) service: String,
    /// `Tuesday, 24 November 2026`.
    pub(super) day: String,
    /// `Tue 24 Nov`.
    pub(super) short_day: String,
    pub(super) time: String,
    pub(super) until: String,
    /// `CET, Europe/Madrid`.
    pub(super) zone: String,
    /// The beginning for machines (HTML, `time`).
    pub(super) instant: String,
}

/// Free slots of one doctor, and of the others.
pub(super) struct Others {
    pub(super) same: Vec<ShownSlot>,
    pub(super) others: Vec<ShownSlot>,
}

impl Doctors {
    /// What a doctor is called.
    pub(super) fn name(&self, doctor: &DoctorName) -> String {
        self.0.get(doctor).map_or_else(|| doctor.to_string(), |shown| shown.name.clone())
    }

    /// A slot as it is shown.
    pub(super) fn show(&self, words: &Words, slot: &Slot) -> ShownSlot {
        let shown = self.0.get(&slot.doctor.name);
        let local = slot.start.to_zoned(words.zone().clone());
        ShownSlot {
            id: slot.id.0,
            doctor: self.name(&slot.doctor.name),
            specialty: shown.map_or_else(String::new, |shown| shown.specialty.clone()),
            service: service(words, &slot.service),
            day: words.day(slot.start),
            short_day: words.short_date(local.date()),
            time: words.time(slot.start),
            until: words.time(slot.end),
            zone: words.zone_name(slot.start),
            instant: slot.start.to_string(),
        }
    }
}

/// What a kind of visit is called: the commonest one in each language, others as the clinic does.
pub(super) fn service(words: &Words, service: &Service) -> String {
    if *service == Service::visit() { words.say("service-visit") } else { service.to_string() }
}

impl Acting {
    /// What all doctors are called.
    pub(super) async fn doctors(&self) -> Result<Doctors, Problem> {
        let clinic = self.run(clinic(self.now())).await?;
        let shown = |record: center::errand::DoctorRecord| {
            let name = record.shown_name.map_or_else(|| record.doctor.name.to_string(), Into::into);
            let specialty = record.specialty.map_or_else(String::new, Into::into);
            (record.doctor.name, Shown { name, specialty })
        };
        Ok(Doctors(clinic.doctors.into_iter().map(shown).collect()))
    }

    /// Up to `limit` free slots from `from` on of the same doctor and kind as `like`, and as many of
    /// the other doctors, earliest first.
    pub(super) async fn free_like(
        &self,
        doctors: &Doctors,
        like: &Slot,
        from: Timestamp,
        limit: usize,
    ) -> Result<Others, Problem> {
        let windows = vec![Window { from, until: Timestamp::MAX }];
        let wanted = |of: Vec<DoctorName>| FreeSlotsWanted {
            doctors: of,
            service: Some(like.service.clone()),
            windows: windows.clone(),
            after: None,
            limit: limit + 1,
        };
        let doctor = &like.doctor.name;
        let same = self.run(free_slots(self.now(), wanted(vec![doctor.clone()]))).await?;
        let others: Vec<DoctorName> =
            doctors.0.keys().filter(|name| *name != doctor).cloned().collect();
        let others = match others.is_empty() {
            true => Vec::new(),
            false => self.run(free_slots(self.now(), wanted(others))).await?.slots,
        };
        let show = |slots: Vec<Slot>| {
            let but_this = slots.iter().filter(|slot| slot.id != like.id);
            but_this.take(limit).map(|slot| doctors.show(self.words(), slot)).collect()
        };
        Ok(Others { same: show(same.slots), others: show(others) })
    }
}
