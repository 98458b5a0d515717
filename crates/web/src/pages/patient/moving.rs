//! Moving an appointment: free slots of the same doctor first. The old slot is kept until the new one
//! is had.

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use center::No;
use center::errand::published_slot;
use domain::{Refusal, SlotId};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::acting::Acting;
use super::appointment::Found;
use super::shown::{Others, ShownSlot};
use super::{slot_of, taken};
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::pages::{fresh_request, request_of};
use crate::problem::{Problem, in_words, status_of};

/// So many free slots are offered, of the same doctor and of others.
const OFFERED: usize = 12;

#[derive(Template)]
#[template(path = "patient/move.html")]
struct MovePage {
    frame: Frame,
    /// Why it did not work, and what to do next; `None` at first.
    refused: Option<(String, String)>,
    path: String,
    slot: ShownSlot,
    /// From which day on slots are offered, as a field of a form has it.
    from: String,
    today: String,
    free: Others,
    /// A slot of which nobody knows whether the appointment was moved there, with the form's request
    /// id.
    again: Option<(i64, String)>,
    /// One for all forms but that: only one of them can be sent.
    request: String,
}

/// From which day on; what is no day is today.
#[derive(Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    from: String,
}

#[derive(Deserialize)]
pub(crate) struct MoveForm {
    #[serde(default)]
    slot: String,
    #[serde(default)]
    request: String,
    /// The day from which slots were offered.
    #[serde(default)]
    from: String,
}

/// What became of the form.
enum Sent {
    Not,
    Taken(SlotId),
    No(No, SlotId, String),
}

pub(crate) async fn show(
    acting: Acting,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    if !found.is_open() {
        return Err(found.acting.refused(Refusal::AppointmentClosed));
    }
    page(&found, &wanted.from, Sent::Not).await
}

pub(crate) async fn go(
    acting: Acting,
    Path(id): Path<String>,
    Form(form): Form<MoveForm>,
) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    let slot = slot_of(&form.slot).ok_or_else(|| found.acting.refused(Refusal::NoSuchSlot))?;
    let (request, appointment) = (request_of(&form.request), found.appointment().id);
    let moving = found.acting.tending.reschedule(appointment, slot, request.clone());
    let sent = match found.acting.try_to(moving).await {
        Ok(_) => return Ok(go_to_saying(&found.path(), Notice("notice-my-moved"))),
        Err(No::Refused(Refusal::SlotTaken)) => Sent::Taken(slot),
        Err(no) => Sent::No(no, slot, request.to_string()),
    };
    page(&found, &form.from, sent).await
}

async fn page(found: &Found, from: &str, sent: Sent) -> Result<Response, Problem> {
    let acting = &found.acting;
    let (words, appointment) = (acting.words(), found.appointment());
    let doctors = acting.doctors().await?;
    let today = acting.now().to_zoned(words.zone().clone()).date();
    let from = from.parse::<Date>().map_or(today, |date| date.max(today));
    let begin = from.to_zoned(words.zone().clone()).map_or(acting.now(), |it| it.timestamp());
    let begin: Timestamp = begin.max(acting.now());
    let free = acting.free_like(&doctors, &appointment.slot, begin, OFFERED).await?;
    let (status, refused, again) = match sent {
        Sent::Not => (StatusCode::OK, None, None),
        Sent::Taken(slot) => {
            let wanted = acting.run(published_slot(acting.now(), slot)).await?;
            let wanted = wanted.ok_or_else(|| acting.refused(Refusal::NoSuchSlot))?;
            let name = doctors.name(&wanted.doctor.name);
            let next = acting.free_like(&doctors, &wanted, wanted.start, OFFERED).await?;
            let said = taken::in_words(words, &wanted, &name, &next);
            (StatusCode::CONFLICT, Some(said), None)
        }
        Sent::No(no, slot, request) => {
            let again = (no == No::Unknown).then_some((slot.0, request));
            (status_of(no), Some(in_words(words, no)), again)
        }
    };
    let moving = MovePage {
        frame: acting.frame("my-move-title", Section::Appointments),
        refused,
        path: found.path(),
        slot: doctors.show(words, &appointment.slot),
        from: from.to_string(),
        today: today.to_string(),
        free,
        again,
        request: fresh_request(),
    };
    Ok(show_with(status, &moving))
}
