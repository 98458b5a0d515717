//! Moving an appointment: a day is chosen, then a slot of it.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use center::No;
use center::errand::Place;
use domain::{Reason, Refusal};
use jiff::civil::Date;
use serde::Deserialize;

use super::appointment::Found;
use super::at_work::AtDesk;
use super::calendar::{DoctorChoice, Doctors, day_of};
use super::reaching::{SlotForm, SlotLine, Stopped, stopped};
use super::sheet::{Asked, SheetWanted};
use crate::page::{self, Frame, Notice, Section, go_to_saying, show_with};
use crate::pages::{fresh_request, request_of};
use crate::problem::{Problem, status_of};

#[derive(Template)]
#[template(path = "desk/move.html")]
struct MovePage {
    frame: Frame,
    path: String,
    name: String,
    when: String,
    doctor: String,
    /// The day that is looked at.
    date: Date,
    day: String,
    doctors: Vec<DoctorChoice>,
    /// The key of the doctor that is looked at.
    key: String,
    offers: Vec<Offer>,
    /// The slot that was reached for; `None` before.
    slot: Option<SlotLine>,
    stopped: Option<Stopped>,
    reasonless: bool,
    request: String,
}

/// A slot to move to.
struct Offer {
    line: SlotLine,
    /// Until when somebody else holds it; `None` when it is free.
    held: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct MoveForm {
    slot: i64,
    doctor: String,
    day: Date,
    #[serde(default)]
    step: String,
    #[serde(default)]
    request: String,
    #[serde(default)]
    reason: String,
}

pub(super) async fn show(
    at_desk: AtDesk,
    Path((patient, appointment)): Path<(String, String)>,
    Query(wanted): Query<SheetWanted>,
) -> Result<Response, Problem> {
    let found = Found::at(&at_desk, (&patient, &appointment)).await?;
    Ok(page::show(&move_page(&at_desk, &found, &wanted).await?))
}

async fn move_page(
    at_desk: &AtDesk,
    found: &Found,
    wanted: &SheetWanted,
) -> Result<MovePage, Problem> {
    let words = at_desk.words();
    let zone = at_desk.site.zone();
    let doctors = Doctors::of(&at_desk.site, words).await?;
    let slot = &found.appointment.slot;
    let own = doctors.choice(&slot.doctor.name);
    let asked = wanted.doctor.as_deref().and_then(|key| doctors.by_key(key));
    let doctor = asked.unwrap_or(&own).clone();
    // Nobody is moved into the past: without a day, it is the appointment's or today.
    let start = slot.start.max(at_desk.now());
    let date = day_of(wanted.day.as_deref(), start, zone);
    let asked = Asked { site: &at_desk.site, words, desk: at_desk.desk, now: at_desk.now() };
    let sheet = asked.sheet((date, 1), Some(&doctor.name)).await;
    let sheet = sheet.map_err(|no| at_desk.problem(no))?;
    let offers = sheet.rows.iter().filter(|row| row.slot.end > at_desk.now());
    let offers = offers.filter_map(|row| {
        let held = match &row.place {
            Place::Free => None,
            Place::Held { expires, .. } => Some(words.time(*expires)),
            Place::Booked { .. } => return None,
        };
        let held = held.map(|until| words.tell("desk-state-held", &[("until", until.into())]));
        Some(Offer { line: SlotLine::of(words, &doctors, &row.slot), held })
    });
    Ok(MovePage {
        frame: at_desk.frame("desk-move-title", Section::People),
        path: found.path(),
        name: found.who.name.clone(),
        when: found.when(words),
        doctor: own.shown.clone(),
        date,
        day: words.date(date),
        key: doctor.key.clone(),
        offers: offers.collect(),
        slot: None,
        stopped: None,
        reasonless: false,
        request: fresh_request(),
        doctors: doctors.all().to_vec(),
    })
}

pub(super) async fn change(
    at_desk: AtDesk,
    Path((patient, appointment)): Path<(String, String)>,
    Form(form): Form<MoveForm>,
) -> Result<Response, Problem> {
    let found = Found::at(&at_desk, (&patient, &appointment)).await?;
    let slot = SlotForm { slot: form.slot, doctor: form.doctor.clone(), day: form.day };
    let request = request_of(&form.request);
    let reason = Reason::new(form.reason.trim()).ok();
    let reasonless = form.step == "waive" && reason.is_none();
    let moved = match (form.step.as_str(), reason) {
        ("waive", None) => Err(No::Refused(Refusal::SlotTaken)),
        ("waive", Some(reason)) => {
            let (id, request) = (found.id, request.clone());
            let errand = found.tending.reschedule_waived(id, slot.id(), request, reason);
            let errand = errand.map_err(|refusal| at_desk.refused(refusal))?;
            at_desk.attempt(errand).await
        }
        _ => {
            let errand = found.tending.reschedule(found.id, slot.id(), request.clone());
            at_desk.attempt(errand).await
        }
    };
    let Err(no) = moved else {
        return Ok(go_to_saying(&found.path(), Notice("notice-desk-moved")));
    };
    let doctors = Doctors::of(&at_desk.site, at_desk.words()).await?;
    let key = slot.doctor(&at_desk).map(|doctor| doctors.choice(&doctor).key)?;
    let wanted = SheetWanted { day: Some(form.day.to_string()), doctor: Some(key) };
    let mut page = move_page(&at_desk, &found, &wanted).await?;
    if no == No::Unknown {
        page.request = String::from(request);
    }
    let row = slot.row(&at_desk).await.ok();
    page.slot = row.map(|row| SlotLine::of(at_desk.words(), &doctors, &row.slot));
    page.stopped = Some(stopped(&at_desk, &doctors, &slot, no).await?);
    page.reasonless = reasonless;
    let status = if reasonless { StatusCode::UNPROCESSABLE_ENTITY } else { status_of(no) };
    Ok(show_with(status, &page))
}
