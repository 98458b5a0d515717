//! One appointment with all that happened to it, and calling it off.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::StepData;
use center::{No, Tending};
use domain::{AppointmentId, AppointmentStatus, Reason, Refusal};
use serde::Deserialize;

use super::at_work::AtDesk;
use super::calendar::Doctors;
use super::person::tending;
use super::sheet::Who;
use crate::language::Words;
use crate::page::{self, Frame, Notice, Section, go_to_saying, show_with};
use crate::pages::{fresh_request, request_of};
use crate::problem::{Problem, in_words, status_of};

/// An appointment of an address, with whose it is.
pub(super) struct Found {
    pub(super) tending: Tending,
    pub(super) id: AppointmentId,
    pub(super) who: Who,
    pub(super) appointment: domain::Appointment,
    history: Vec<StepData>,
}

impl Found {
    pub(super) async fn at(
        at_desk: &AtDesk,
        (patient, appointment): (&str, &str),
    ) -> Result<Self, Problem> {
        let tending = tending(at_desk, patient)?;
        let none = || at_desk.refused(Refusal::NoSuchAppointment);
        let id = appointment.parse::<AppointmentId>().map_err(|_| none())?;
        let data = at_desk.ask(tending.appointment(at_desk.now(), id)).await?.ok_or_else(none)?;
        let record = at_desk.ask(tending.person(at_desk.now())).await?;
        let who = Who::of(at_desk.words(), &record);
        Ok(Self { tending, id, who, appointment: data.appointment, history: data.history })
    }

    pub(super) fn when(&self, words: &Words) -> String {
        let start = self.appointment.slot.start;
        format!("{}, {}", words.day(start), words.time(start))
    }

    pub(super) fn path(&self) -> String {
        format!("/desk/people/{}/{}", self.who.patient, self.id)
    }
}

#[derive(Template)]
#[template(path = "desk/appointment.html")]
struct AppointmentPage {
    frame: Frame,
    who: Who,
    path: String,
    when: String,
    doctor: String,
    status: AppointmentStatus,
    state: String,
    steps: Vec<Step>,
}

/// A step, in words.
struct Step {
    at: String,
    what: String,
    by: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "desk/cancel.html")]
struct CancelPage {
    frame: Frame,
    who: Who,
    path: String,
    when: String,
    doctor: String,
    reason: String,
    request: String,
    refused: Option<(String, String)>,
}

#[derive(Deserialize)]
pub(super) struct CancelForm {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    request: String,
}

pub(super) async fn show(
    at_desk: AtDesk,
    Path((patient, appointment)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let found = Found::at(&at_desk, (&patient, &appointment)).await?;
    let doctors = Doctors::of(&at_desk.site, at_desk.words()).await?;
    let words = at_desk.words();
    let step = |step: &StepData| {
        let known = format!("desk-step-{}", step.what);
        Step {
            at: format!("{}, {}", words.day(step.at), words.time(step.at)),
            what: if words.knows(&known) { words.say(&known) } else { step.what.clone() },
            by: step.by.map_or_else(
                || words.say("desk-by-operator"),
                |role| words.say(&format!("role-{role}")),
            ),
            reason: step.reason.clone().unwrap_or_default(),
        }
    };
    let status = found.appointment.status;
    let page = AppointmentPage {
        frame: at_desk.frame("desk-appointment-title", Section::People),
        path: found.path(),
        when: found.when(words),
        doctor: doctors.choice(&found.appointment.slot.doctor.name).shown,
        status,
        state: words.say(&format!("desk-state-{status}")),
        steps: found.history.iter().map(step).collect(),
        who: found.who,
    };
    Ok(page::show(&page))
}

pub(super) async fn ask_to_cancel(
    at_desk: AtDesk,
    Path((patient, appointment)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let found = Found::at(&at_desk, (&patient, &appointment)).await?;
    Ok(page::show(&cancel_page(&at_desk, found).await?))
}

async fn cancel_page(at_desk: &AtDesk, found: Found) -> Result<CancelPage, Problem> {
    let doctors = Doctors::of(&at_desk.site, at_desk.words()).await?;
    Ok(CancelPage {
        frame: at_desk.frame("desk-cancel-title", Section::People),
        path: found.path(),
        when: found.when(at_desk.words()),
        doctor: doctors.choice(&found.appointment.slot.doctor.name).shown,
        reason: String::new(),
        request: fresh_request(),
        refused: None,
        who: found.who,
    })
}

pub(super) async fn cancel(
    at_desk: AtDesk,
    Path((patient, appointment)): Path<(String, String)>,
    Form(form): Form<CancelForm>,
) -> Result<Response, Problem> {
    let found = Found::at(&at_desk, (&patient, &appointment)).await?;
    let typed = form.reason.trim();
    let reason = Reason::new(typed).ok();
    if reason.is_none() && !typed.is_empty() {
        let words = at_desk.words();
        let refused = (words.say("desk-reason-wrong"), words.say("desk-reason-wrong-next"));
        let page = cancel_page(&at_desk, found).await?;
        let page = CancelPage { reason: form.reason, refused: Some(refused), ..page };
        return Ok(show_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    let request = request_of(&form.request);
    let errand = found.tending.cancel(found.id, reason, request.clone());
    match at_desk.attempt(errand).await {
        Ok(_) => Ok(go_to_saying(&found.path(), Notice("notice-desk-cancelled"))),
        Err(no) => {
            let refused = Some(in_words(at_desk.words(), no));
            let mut page = cancel_page(&at_desk, found).await?;
            if no == No::Unknown {
                page.request = String::from(request);
            }
            let page = CancelPage { reason: form.reason, refused, ..page };
            Ok(show_with(status_of(no), &page))
        }
    }
}
