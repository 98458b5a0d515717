//! Cancelling an appointment: asked once more, then done.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use center::No;
use domain::{Reason, Refusal};
use serde::Deserialize;

use super::acting::Acting;
use super::appointment::Found;
use super::shown::ShownSlot;
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::pages::{fresh_request, request_of};
use crate::problem::{Problem, in_words, status_of};

#[derive(Template)]
#[template(path = "patient/cancel.html")]
struct CancelPage {
    frame: Frame,
    /// Why it did not work, and what to do next; `None` at first.
    refused: Option<(String, String)>,
    /// Whether the reason that was typed cannot be kept.
    is_reason_wrong: bool,
    path: String,
    slot: ShownSlot,
    reason: String,
    request: String,
}

#[derive(Default, Deserialize)]
pub(crate) struct CancelForm {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    request: String,
}

/// What became of the form.
enum Sent {
    Not,
    WrongReason,
    No(No),
}

pub(crate) async fn show(acting: Acting, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    if !found.is_open() {
        return Err(found.acting.refused(Refusal::AppointmentClosed));
    }
    page(&found, CancelForm::default(), Sent::Not).await
}

pub(crate) async fn cancel(
    acting: Acting,
    Path(id): Path<String>,
    Form(form): Form<CancelForm>,
) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    let reason = match form.reason.trim() {
        "" => None,
        text => match Reason::new(text) {
            Ok(reason) => Some(reason),
            Err(_) => return page(&found, form, Sent::WrongReason).await,
        },
    };
    let (request, appointment) = (request_of(&form.request), found.appointment().id);
    let cancelling = found.acting.tending.cancel(appointment, reason, request);
    match found.acting.try_to(cancelling).await {
        Ok(_) => Ok(go_to_saying(&found.path(), Notice("notice-my-cancelled"))),
        Err(no) => page(&found, form, Sent::No(no)).await,
    }
}

async fn page(found: &Found, form: CancelForm, sent: Sent) -> Result<Response, Problem> {
    let acting = &found.acting;
    let doctors = acting.doctors().await?;
    let (status, refused) = match sent {
        Sent::Not => (StatusCode::OK, None),
        Sent::WrongReason => (StatusCode::UNPROCESSABLE_ENTITY, None),
        Sent::No(no) => (status_of(no), Some(in_words(acting.words(), no))),
    };
    // Whether it was done is not known: the same id asks for the same thing.
    let keep = matches!(sent, Sent::No(No::Unknown)) && !form.request.is_empty();
    let cancel = CancelPage {
        frame: acting.frame("my-cancel-title", Section::Appointments),
        refused,
        is_reason_wrong: matches!(sent, Sent::WrongReason),
        path: found.path(),
        slot: doctors.show(acting.words(), &found.appointment().slot),
        reason: form.reason,
        request: if keep { form.request } else { fresh_request() },
    };
    Ok(show_with(status, &cancel))
}
