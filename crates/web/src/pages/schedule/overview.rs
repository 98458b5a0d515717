//! A doctor's time in the next weeks, and the forms that change it.

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use center::errand::{Calendar, Window};
use domain::Service;
use jiff::civil::Date;
use serde::Deserialize;

use super::AtSchedule;
use super::publishing::PublishForm;
use crate::page::{self, Frame};
use crate::pages::desk::{DoctorChoice, Doctors, block_line, bounds, day_of};
use crate::problem::Problem;

/// How far ahead the time is shown, in days.
const SHOWN_DAYS: i32 = 28;

#[derive(Template)]
#[template(path = "schedule/overview.html")]
pub(super) struct SchedulePage {
    pub(super) frame: Frame,
    pub(super) doctors: Vec<DoctorChoice>,
    /// The doctor whose time it is; `None` where there is nobody.
    pub(super) doctor: Option<DoctorChoice>,
    pub(super) services: Vec<String>,
    pub(super) days: Vec<DayLine>,
    pub(super) blocks: Vec<BlockLine>,
    pub(super) publish: PublishForm,
    pub(super) block: BlockFields,
    /// What went wrong, and what to do next.
    pub(super) refused: Option<(String, String)>,
    /// What would be published; `None` before that was asked.
    pub(super) preview: Option<Vec<String>>,
}

/// What is typed about a block, kept as it was typed.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct BlockFields {
    pub(super) doctor: String,
    #[serde(default)]
    pub(super) from: String,
    #[serde(default)]
    pub(super) until: String,
    #[serde(default)]
    pub(super) reason: String,
}

/// A day of the calendar, in words.
pub(super) struct DayLine {
    pub(super) day: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) free: String,
    pub(super) booked: String,
}

pub(super) struct BlockLine {
    pub(super) block: i64,
    pub(super) line: String,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    doctor: String,
}

pub(super) async fn show(
    at: AtSchedule,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let page = schedule_page(&at, |doctors| doctors.by_key(&wanted.doctor).cloned()).await?;
    Ok(page::show(&page))
}

/// The page of the doctor who is chosen, else of the first one.
pub(super) async fn schedule_page(
    at: &AtSchedule,
    chosen: impl FnOnce(&Doctors) -> Option<DoctorChoice>,
) -> Result<SchedulePage, Problem> {
    let words = at.words();
    let doctors = Doctors::of(&at.site, words).await?;
    let services = at.ask(center::errand::clinic(at.now())).await?.services;
    let doctor = chosen(&doctors).or_else(|| doctors.all().first().cloned());
    let today = day_of(None, at.now(), at.site.zone());
    let calendar = match &doctor {
        Some(doctor) => {
            let (from, until) = bounds(today, SHOWN_DAYS, at.site.zone());
            let window = Window { from, until };
            at.ask(at.schedule.calendar(at.now(), doctor.name.clone(), window)).await?
        }
        None => Calendar::default(),
    };
    let block_line = |block: &center::errand::BlockRecord| BlockLine {
        block: block.block.0,
        line: block_line(words, block),
    };
    let mut services: Vec<String> = services.iter().map(ToString::to_string).collect();
    if services.is_empty() {
        services.push(Service::visit().to_string());
    }
    Ok(SchedulePage {
        frame: at.frame("schedule-title"),
        publish: PublishForm::new(&doctor, &services[0], today),
        block: BlockFields::default(),
        doctors: doctors.all().to_vec(),
        doctor,
        services,
        days: day_lines(at, &calendar),
        blocks: calendar.blocks.iter().map(block_line).collect(),
        refused: None,
        preview: None,
    })
}

fn day_lines(at: &AtSchedule, calendar: &Calendar) -> Vec<DayLine> {
    let words = at.words();
    let date = |moment: jiff::Timestamp| -> Date { moment.to_zoned(at.site.zone().clone()).date() };
    let days = calendar.slots.chunk_by(|a, b| date(a.slot.start) == date(b.slot.start));
    let line = |day: &[center::errand::Published]| {
        let (first, last) = (&day[0].slot, &day[day.len() - 1].slot);
        let booked = day.iter().filter(|published| published.booked).count();
        DayLine {
            day: words.short_date(date(first.start)),
            from: words.time(first.start),
            until: words.time(last.end),
            free: words.count("desk-count-free", day.len() - booked),
            booked: words.count("desk-count-booked", booked),
        }
    };
    days.map(line).collect()
}
