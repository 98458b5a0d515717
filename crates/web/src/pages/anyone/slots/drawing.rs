//! Slots in the words of a page.

use std::collections::BTreeSet;

use center::errand::{ClinicRecord, DoctorRecord};
use domain::{DoctorName, Service, Slot};
use jiff::civil::Date;
use jiff::{Span, Timestamp};

use super::filters::{Filters, Key, TimeOfDay, View};
use super::finding::Week;
use super::prices::{Price, Prices};
use crate::language::Words;

/// Times of one day that a week shows of a doctor; the others are a list.
const TIMES_PER_DAY_MAX: usize = 8;
/// Days of a week.
pub(super) const WEEK_DAYS: i32 = 7;

/// What pages are drawn with.
pub(super) struct Drawing<'c> {
    pub(super) words: &'c Words,
    pub(super) now: Timestamp,
    pub(super) clinic: &'c ClinicRecord,
    pub(super) prices: &'c Prices,
}

/// A choice of a filter.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) chosen: bool,
}

/// The choices of the form.
pub(super) struct Choices {
    pub(super) doctors: Vec<Choice>,
    pub(super) specialties: Vec<Choice>,
    pub(super) services: Vec<Choice>,
    pub(super) times: Vec<Choice>,
    /// The day that was chosen; empty for none.
    pub(super) day: String,
    pub(super) today: String,
    /// Whether the week is shown.
    pub(super) week: bool,
    /// Whether anything was chosen.
    pub(super) any: bool,
}

/// A slot in a list.
pub(super) struct Row {
    pub(super) slot: i64,
    /// For machines: with the zone's distance from UTC.
    pub(super) moment: String,
    pub(super) time: String,
    pub(super) doctor: String,
    pub(super) specialty: String,
    pub(super) service: String,
    pub(super) minutes: String,
    pub(super) price: Option<Price>,
}

/// A day of the list.
pub(super) struct Day {
    pub(super) title: String,
    pub(super) rows: Vec<Row>,
}

/// A doctor's week.
pub(super) struct DoctorWeek {
    pub(super) name: String,
    pub(super) specialty: String,
    pub(super) prices: Vec<(String, Price)>,
    pub(super) days: Vec<WeekDay>,
    /// Where the next slot is when the week has none, and its day; `None` when there is none.
    pub(super) later: Option<(String, String)>,
}

/// A day of it.
pub(super) struct WeekDay {
    pub(super) title: String,
    pub(super) times: Vec<Time>,
    /// How many more there are, and where; `None` when all are shown.
    pub(super) more: Option<(String, String)>,
}

/// A slot in a week.
pub(super) struct Time {
    pub(super) slot: i64,
    pub(super) moment: String,
    pub(super) time: String,
}

/// What people call a doctor.
pub(super) fn shown_name(doctor: &DoctorRecord) -> String {
    doctor.shown_name.as_ref().map_or_else(|| doctor.doctor.name.to_string(), ToString::to_string)
}

/// What a kind of visit is called: ours in the visitor's language, others as the clinic calls them.
pub(super) fn service_name(words: &Words, service: &Service) -> String {
    match *service == Service::visit() {
        true => words.say("service-visit"),
        false => service.to_string(),
    }
}

impl Choices {
    pub(super) fn of(words: &Words, filters: &Filters, clinic: &ClinicRecord, today: Date) -> Self {
        let choice = |key: Key, name: String, chosen: Option<Key>| Choice {
            value: key.to_string(),
            name,
            chosen: chosen == Some(key),
        };
        let mut doctors: Vec<Choice> = clinic
            .doctors
            .iter()
            .map(|it| choice(Key::of_doctor(&it.doctor.name), shown_name(it), filters.doctor))
            .collect();
        doctors.sort_by(|one, other| one.name.cmp(&other.name));
        let specialties: BTreeSet<_> =
            clinic.doctors.iter().filter_map(|it| it.specialty.as_ref()).collect();
        let specialties = specialties
            .into_iter()
            .map(|it| choice(Key::of_specialty(it), it.to_string(), filters.specialty))
            .collect();
        let service =
            |it: &Service| choice(Key::of_service(it), service_name(words, it), filters.service);
        let time = |time: TimeOfDay| Choice {
            value: time.name().to_owned(),
            name: words.say(&format!("slots-time-{}", time.name())),
            chosen: filters.time == time,
        };
        let plain = Filters { view: filters.view, ..Filters::default() };
        Self {
            doctors,
            specialties,
            services: clinic.services.iter().map(service).collect(),
            times: TimeOfDay::ALL.into_iter().map(time).collect(),
            day: filters.day.map_or_else(String::new, |day| day.to_string()),
            today: today.to_string(),
            week: filters.view == View::Week,
            any: filters.in_view(filters.view) != plain,
        }
    }
}

impl Drawing<'_> {
    /// Slots in order of time, day by day.
    pub(super) fn days(&self, slots: &[Slot]) -> Vec<Day> {
        let alike = |one: &Slot, other: &Slot| self.date(one) == self.date(other);
        let day = |slots: &[Slot]| Day {
            title: self.words.date(self.date(&slots[0])),
            rows: slots.iter().map(|slot| self.row(slot)).collect(),
        };
        slots.chunk_by(alike).map(day).collect()
    }

    /// A doctor's week from `first` on.
    pub(super) fn week(&self, week: &Week<'_>, filters: &Filters, first: Date) -> DoctorWeek {
        let key = Key::of_doctor(&week.doctor.doctor.name);
        let of_doctor = |day: Date| Filters {
            doctor: Some(key),
            specialty: None,
            ..filters.on_day(day).in_view(View::List)
        };
        let mut services: Vec<&Service> = week.slots.iter().map(|slot| &slot.service).collect();
        services.sort();
        services.dedup();
        let name = &week.doctor.doctor.name;
        let price = |service: &Service| {
            let price = self.prices.shown(self.words, self.now, name, service)?;
            Some((service_name(self.words, service), price))
        };
        let nth = |day: i32| first.checked_add(Span::new().days(day)).unwrap_or(first);
        let later = week.later.as_ref().map(|slot| {
            let date = self.date(slot);
            (self.words.date(date), of_doctor(date).address())
        });
        DoctorWeek {
            name: shown_name(week.doctor),
            specialty: specialty_of(week.doctor),
            prices: services.into_iter().filter_map(price).collect(),
            days: (0..WEEK_DAYS)
                .map(|day| self.week_day(&week.slots, nth(day), &of_doctor(nth(day))))
                .collect(),
            later,
        }
    }

    fn week_day(&self, slots: &[Slot], date: Date, list: &Filters) -> WeekDay {
        let slots: Vec<&Slot> = slots.iter().filter(|slot| self.date(slot) == date).collect();
        let time = |slot: &&Slot| Time {
            slot: slot.id.0,
            moment: self.moment(slot.start),
            time: self.words.time(slot.start),
        };
        let more = slots.len().saturating_sub(TIMES_PER_DAY_MAX);
        let more = (more > 0).then(|| (self.words.count("slots-more-times", more), list.address()));
        WeekDay {
            title: self.words.short_date(date),
            times: slots.iter().take(TIMES_PER_DAY_MAX).map(time).collect(),
            more,
        }
    }

    fn row(&self, slot: &Slot) -> Row {
        let name = &slot.doctor.name;
        let doctor = self.doctor(name);
        let minutes = slot.end.duration_since(slot.start).as_mins();
        let minutes = usize::try_from(minutes).unwrap_or(0);
        Row {
            slot: slot.id.0,
            moment: self.moment(slot.start),
            time: self.words.time(slot.start),
            doctor: doctor.map_or_else(|| name.to_string(), shown_name),
            specialty: doctor.map_or_else(String::new, specialty_of),
            service: service_name(self.words, &slot.service),
            minutes: self.words.count("slots-minutes", minutes),
            price: self.prices.shown(self.words, self.now, name, &slot.service),
        }
    }

    fn doctor(&self, name: &DoctorName) -> Option<&DoctorRecord> {
        self.clinic.doctors.iter().find(|it| it.doctor.name == *name)
    }

    fn date(&self, slot: &Slot) -> Date {
        slot.start.to_zoned(self.words.zone().clone()).date()
    }

    fn moment(&self, moment: Timestamp) -> String {
        moment.to_zoned(self.words.zone().clone()).strftime("%Y-%m-%dT%H:%M%:z").to_string()
    }
}

/// What a doctor is specialised in; empty when nothing is said.
fn specialty_of(doctor: &DoctorRecord) -> String {
    doctor.specialty.as_ref().map_or_else(String::new, ToString::to_string)
}

impl DoctorWeek {
    /// Whether nothing is free in it.
    pub(super) fn is_empty(&self) -> bool {
        self.days.iter().all(|day| day.times.is_empty())
    }
}
