//! A doctor's week, day by day.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use center::No;
use jiff::civil::Date;

use super::at_work::AtDesk;
use super::calendar::{DoctorChoice, Doctors, day_of, days_after, path_of};
use super::sheet::{Asked, Controls, Row, SheetWanted, block_line};
use crate::Site;
use crate::language::Words;
use crate::live::Watching;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;

/// The days of a week.
const DAYS: i32 = 7;

#[derive(Template)]
#[template(path = "desk/week.html")]
struct WeekPage {
    frame: Frame,
    controls: Controls,
    view: WeekView,
}

#[derive(Template)]
#[template(path = "desk/week_rows.html")]
struct Rows {
    view: WeekView,
}

/// The week itself.
struct WeekView {
    words: Words,
    live: String,
    back: String,
    /// Whose week it is; `None` where there is nobody.
    doctor: Option<DoctorChoice>,
    days: Vec<Day>,
}

struct Day {
    name: String,
    date: Date,
    /// The day's sheet.
    path: String,
    rows: Vec<Row>,
    blocks: Vec<String>,
}

pub(super) async fn show(
    at_desk: AtDesk,
    Query(wanted): Query<SheetWanted>,
) -> Result<Response, Problem> {
    let words = at_desk.words();
    let doctors = Doctors::of(&at_desk.site, words).await?;
    let today = day_of(None, at_desk.now(), at_desk.site.zone());
    let day = day_of(wanted.day.as_deref(), at_desk.now(), at_desk.site.zone());
    let doctor = chosen(&doctors, &wanted);
    let key = doctor.map(|doctor| doctor.key.as_str());
    let controls = Controls {
        day,
        previous: path_of("/desk/week", days_after(day, -DAYS), key),
        today: path_of("/desk/week", today, key),
        next: path_of("/desk/week", days_after(day, DAYS), key),
        other: path_of("/desk", day, key),
        reload: path_of("/desk/week", day, key),
        doctors: doctors.all().to_vec(),
        doctor: key.unwrap_or_default().to_owned(),
    };
    let asked = Asked { site: &at_desk.site, words, desk: at_desk.desk, now: at_desk.now() };
    let view = view(&asked, day, doctor).await.map_err(|no| at_desk.problem(no))?;
    let frame = at_desk.frame("desk-week-title", Section::Desk);
    Ok(page::show(&WeekPage { frame, controls, view }))
}

/// The week alone, for a page that is live.
pub(super) async fn rows(
    State(site): State<Arc<Site>>,
    watching: Watching,
    Query(wanted): Query<SheetWanted>,
) -> Response {
    let Ok(doctors) = Doctors::of(&site, &watching.words).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let day = day_of(wanted.day.as_deref(), watching.now, site.zone());
    let asked =
        Asked { site: &site, words: &watching.words, desk: watching.desk, now: watching.now };
    match view(&asked, day, chosen(&doctors, &wanted)).await {
        Ok(view) => page::show(&Rows { view }),
        Err(no) => crate::problem::status_of(no).into_response(),
    }
}

/// The doctor whose week is asked for, else the first one.
fn chosen<'d>(doctors: &'d Doctors, wanted: &SheetWanted) -> Option<&'d DoctorChoice> {
    let asked = wanted.doctor.as_deref().and_then(|key| doctors.by_key(key));
    asked.or_else(|| doctors.all().first())
}

async fn view(asked: &Asked<'_>, day: Date, doctor: Option<&DoctorChoice>) -> Result<WeekView, No> {
    let monday = days_after(day, -i32::from(day.weekday().to_monday_zero_offset()));
    let key = doctor.map(|doctor| doctor.key.as_str());
    let mut days: Vec<Day> = (0..DAYS)
        .map(|offset| days_after(monday, offset))
        .map(|day| Day {
            name: asked.words.short_date(day),
            date: day,
            path: path_of("/desk", day, key),
            rows: Vec::new(),
            blocks: Vec::new(),
        })
        .collect();
    if let Some(doctor) = doctor {
        let sheet = asked.sheet((monday, DAYS), Some(&doctor.name)).await?;
        let zone = asked.site.zone();
        for row in &sheet.rows {
            let date = row.slot.start.to_zoned(zone.clone()).date();
            if let Some(day) = day_at(&mut days, monday, date) {
                day.rows.push(Row::of(asked.words, row, asked.now));
            }
        }
        for block in &sheet.blocks {
            let date = block.from.to_zoned(zone.clone()).date().max(monday);
            if let Some(day) = day_at(&mut days, monday, date) {
                day.blocks.push(block_line(asked.words, block));
            }
        }
    }
    Ok(WeekView {
        words: asked.words.clone(),
        live: path_of("/desk/week/rows", day, key),
        back: path_of("/desk/week", day, key),
        doctor: doctor.cloned(),
        days,
    })
}

fn day_at(days: &mut [Day], monday: Date, date: Date) -> Option<&mut Day> {
    let offset = date.since(monday).ok()?.get_days();
    days.get_mut(usize::try_from(offset).ok()?)
}
