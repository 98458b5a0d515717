//! Publishing slots: first what it would come to, then all of them or none.

use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::{NewSlot, SLOTS_AT_ONCE_MAX, Timetable, TimetableError};
use domain::Service;
use jiff::civil::{Date, Time, Weekday};
use serde::Deserialize;

use super::AtSchedule;
use super::overview::{SchedulePage, schedule_page};
use crate::language::Words;
use crate::page::{Notice, go_to_saying, show_with};
use crate::pages::desk::{DoctorChoice, day_of};
use crate::problem::{Problem, in_words, status_of};

/// What is typed, kept as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct PublishForm {
    pub(super) doctor: String,
    #[serde(default)]
    pub(super) service: String,
    #[serde(default)]
    pub(super) from_day: String,
    #[serde(default)]
    pub(super) to_day: String,
    #[serde(default)]
    pub(super) from_time: String,
    #[serde(default)]
    pub(super) to_time: String,
    #[serde(default)]
    pub(super) minutes: String,
    #[serde(default)]
    step: String,
    // A checkbox that is not ticked is not sent at all.
    monday: Option<String>,
    tuesday: Option<String>,
    wednesday: Option<String>,
    thursday: Option<String>,
    friday: Option<String>,
    saturday: Option<String>,
    sunday: Option<String>,
}

/// A day of the week, to be ticked.
pub(super) struct WeekdayBox {
    pub(super) field: &'static str,
    pub(super) name: String,
    pub(super) ticked: bool,
}

impl PublishForm {
    /// What is offered before anything is typed: office hours from Monday to Friday, the next week.
    pub(super) fn new(doctor: &Option<DoctorChoice>, service: &str, today: Date) -> Self {
        let week = jiff::Span::new().days(6);
        let ticked = || Some("on".to_owned());
        let doctor = doctor.as_ref().map(|doctor| doctor.name.to_string()).unwrap_or_default();
        Self {
            doctor,
            service: service.to_owned(),
            from_day: today.to_string(),
            to_day: today.saturating_add(week).to_string(),
            from_time: "08:00".to_owned(),
            to_time: "12:00".to_owned(),
            minutes: "20".to_owned(),
            monday: ticked(),
            tuesday: ticked(),
            wednesday: ticked(),
            thursday: ticked(),
            friday: ticked(),
            ..Self::default()
        }
    }

    pub(super) fn weekdays(&self, words: &Words) -> Vec<WeekdayBox> {
        let boxes = self.ticks().into_iter().enumerate();
        let weekday = |(at, (field, ticked)): (usize, (&'static str, bool))| WeekdayBox {
            field,
            name: words.say(&format!("weekday-{}", at + 1)),
            ticked,
        };
        boxes.map(weekday).collect()
    }

    fn ticks(&self) -> [(&'static str, bool); 7] {
        [
            ("monday", self.monday.is_some()),
            ("tuesday", self.tuesday.is_some()),
            ("wednesday", self.wednesday.is_some()),
            ("thursday", self.thursday.is_some()),
            ("friday", self.friday.is_some()),
            ("saturday", self.saturday.is_some()),
            ("sunday", self.sunday.is_some()),
        ]
    }

    /// What it says; `None` for what is no day, time or number.
    fn timetable(&self) -> Option<Timetable> {
        let ticked = self.ticks().into_iter().zip(1_i8..).filter(|((_, ticked), _)| *ticked);
        let weekdays = ticked.filter_map(|(_, at)| Weekday::from_monday_one_offset(at).ok());
        Some(Timetable {
            from_day: self.from_day.trim().parse().ok()?,
            to_day: self.to_day.trim().parse().ok()?,
            weekdays: weekdays.collect(),
            from_time: time(&self.from_time)?,
            to_time: time(&self.to_time)?,
            minutes: self.minutes.trim().parse().ok()?,
        })
    }
}

/// A time to the minute, as browsers send it: `08:30`.
fn time(text: &str) -> Option<Time> {
    Time::strptime("%H:%M", text.trim()).ok()
}

pub(super) async fn publish(
    at: AtSchedule,
    Form(form): Form<PublishForm>,
) -> Result<Response, Problem> {
    let doctor = at.doctor(&form.doctor)?;
    let page = schedule_page(&at, |doctors| Some(doctors.choice(&doctor))).await?;
    let publish = form.step == "publish";
    let page = SchedulePage { publish: form, ..page };
    let (service, slots) = match understood(&at, &page.publish) {
        Ok(understood) => understood,
        Err(refused) => {
            let page = SchedulePage { refused: Some(refused), ..page };
            return Ok(show_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    if !publish {
        let preview = Some(said(at.words(), &slots));
        return Ok(show_with(StatusCode::OK, &SchedulePage { preview, ..page }));
    }
    match at.attempt(at.schedule.publish(doctor.clone(), service, slots)).await {
        Ok(_) => {
            let path = format!("/schedule?doctor={}", crate::pages::doctor_key(&doctor));
            Ok(go_to_saying(&path, Notice("notice-schedule-published")))
        }
        Err(no) => {
            let refused = Some(in_words(at.words(), no));
            Ok(show_with(status_of(no), &SchedulePage { refused, ..page }))
        }
    }
}

/// The slots that are meant, else what is wrong.
fn understood(
    at: &AtSchedule,
    form: &PublishForm,
) -> Result<(Service, Vec<NewSlot>), (String, String)> {
    let words = at.words();
    let said = |id: &str| (words.say(id), words.say("schedule-wrong-next"));
    let service = Service::new(form.service.trim()).map_err(|_| said("schedule-wrong-service"))?;
    let timetable = form.timetable().ok_or_else(|| said("schedule-wrong-form"))?;
    let slots = timetable.slots(at.site.zone(), at.now()).map_err(|error| match error {
        TimetableError::DaysReversed => said("schedule-wrong-days"),
        TimetableError::TooManyDays => said("schedule-wrong-year"),
        TimetableError::TimesReversed => said("schedule-wrong-times"),
        TimetableError::Minutes => said("schedule-wrong-minutes"),
        TimetableError::TooManySlots => {
            let most = [("most", SLOTS_AT_ONCE_MAX.to_string().into())];
            (words.tell("schedule-wrong-many", &most), words.say("schedule-wrong-next"))
        }
        TimetableError::Nothing => said("schedule-wrong-nothing"),
    })?;
    Ok((service, slots))
}

/// What would be published: how many in all, when the first and when the last one.
fn said(words: &Words, slots: &[NewSlot]) -> Vec<String> {
    let moment = |slot: &NewSlot| {
        let day = day_of(None, slot.start, words.zone());
        format!("{}, {}", words.date(day), words.time(slot.start))
    };
    let mut said = vec![words.count("schedule-preview-count", slots.len())];
    if let [first, .., last] = slots {
        let with = [("first", moment(first).into()), ("last", moment(last).into())];
        said.push(words.tell("schedule-preview-between", &with));
    }
    said
}
