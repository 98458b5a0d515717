//! Booking a slot for somebody on the phone or at the desk: who it is, and then the slot is theirs.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use center::No;
use domain::{PatientId, Person, Reason, Refusal};
use serde::Deserialize;

use super::at_work::{AtDesk, PersonForm, WrongField, back_of};
use super::calendar::{Doctors, day_of};
use super::reaching::{SlotForm, SlotLine, Stopped, stopped};
use super::sheet::Who;
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::pages::{fresh_request, request_of};
use crate::problem::{Problem, status_of};

#[derive(Template)]
#[template(path = "desk/book.html")]
struct BookPage {
    frame: Frame,
    slot: SlotLine,
    back: String,
    /// What was looked for; `None` before.
    text: Option<String>,
    people: Vec<Who>,
    /// A person who is new, as typed.
    person: PersonForm,
    wrong: Option<WrongField>,
    /// For whom it was tried; `None` before.
    chosen: Option<Who>,
    stopped: Option<Stopped>,
    /// Whether a reason is missing.
    reasonless: bool,
    request: String,
}

#[derive(Deserialize)]
pub(super) struct BookForm {
    slot: i64,
    doctor: String,
    day: jiff::civil::Date,
    #[serde(default)]
    step: String,
    #[serde(default)]
    back: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    patient: String,
    #[serde(default)]
    request: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default)]
    contact: String,
}

/// One page with everything on it: each of its buttons says which step it is.
pub(super) async fn book(at_desk: AtDesk, Form(form): Form<BookForm>) -> Result<Response, Problem> {
    let slot = SlotForm { slot: form.slot, doctor: form.doctor.clone(), day: form.day };
    let row = slot.row(&at_desk).await.map_err(|no| at_desk.problem(no))?;
    let doctors = Doctors::of(&at_desk.site, at_desk.words()).await?;
    let mut page = BookPage {
        frame: at_desk.frame("desk-book-title", Section::Desk),
        slot: SlotLine::of(at_desk.words(), &doctors, &row.slot),
        back: back_of(&form.back),
        text: None,
        people: Vec::new(),
        person: PersonForm::default(),
        wrong: None,
        chosen: None,
        stopped: None,
        reasonless: false,
        request: fresh_request(),
    };
    match form.step.as_str() {
        "find" => {
            let text = form.text.trim().to_owned();
            if !text.is_empty() {
                let people = at_desk.ask(at_desk.desk.find(at_desk.now(), text.clone())).await?;
                page.people = people.iter().map(|it| Who::of(at_desk.words(), it)).collect();
                // Whoever is not found is probably new, and called so.
                page.person.name = text.clone();
                page.text = Some(text);
            }
            Ok(show_with(StatusCode::OK, &page))
        }
        "add" => {
            page.person = PersonForm {
                name: form.name.clone(),
                birth_date: form.birth_date.clone(),
                contact: form.contact.clone(),
            };
            let today = day_of(None, at_desk.now(), at_desk.site.zone());
            match page.person.person(today) {
                Ok(person) => {
                    let patient = known_or_added(&at_desk, person).await?;
                    take(&at_desk, &doctors, (slot, form), patient, page).await
                }
                Err(wrong) => {
                    page.wrong = Some(wrong);
                    Ok(show_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
                }
            }
        }
        "book" | "waive" => {
            let patient = form.patient.parse::<PatientId>();
            let patient = patient.map_err(|_| at_desk.refused(Refusal::NoSuchPatient))?;
            take(&at_desk, &doctors, (slot, form), patient, page).await
        }
        _ => Ok(show_with(StatusCode::OK, &page)),
    }
}

/// The patient who is exactly this person, else a new one: a form that is sent twice, or somebody who
/// called before, is not kept twice. Of a name alone nobody can tell whose it is.
pub(super) async fn known_or_added(at_desk: &AtDesk, person: Person) -> Result<PatientId, Problem> {
    if person.birth_date.is_some() || person.contact.is_some() {
        let name = person.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let people = at_desk.ask(at_desk.desk.find(at_desk.now(), name)).await?;
        if let Some(known) = people.into_iter().find(|it| it.person == person) {
            return Ok(known.patient);
        }
    }
    at_desk.ask(at_desk.desk.add_person(at_desk.present(), person)).await
}

/// Books, or says on the page why not.
async fn take(
    at_desk: &AtDesk,
    doctors: &Doctors,
    (slot, form): (SlotForm, BookForm),
    patient: PatientId,
    mut page: BookPage,
) -> Result<Response, Problem> {
    let account = &at_desk.logged_in.account;
    let tending = account.tend_for(patient).map_err(|refusal| at_desk.refused(refusal))?;
    let request = request_of(&form.request);
    let reason = Reason::new(form.reason.trim()).ok();
    let waive = form.step == "waive";
    let booked = match (waive, reason) {
        (false, _) => {
            let rules = &at_desk.site.rules;
            at_desk
                .attempt(tending.book(at_desk.present(), rules, slot.id(), request.clone()))
                .await
        }
        (true, Some(reason)) => {
            let present = at_desk.present();
            let errand = tending.book_waived(present, slot.id(), request.clone(), reason);
            let errand = errand.map_err(|refusal| at_desk.refused(refusal))?;
            at_desk.attempt(errand).await
        }
        (true, None) => {
            page.reasonless = true;
            Err(No::Refused(Refusal::SlotTaken))
        }
    };
    let Err(no) = booked else {
        return Ok(go_to_saying(&page.back, Notice("notice-desk-booked")));
    };
    if no == No::Unknown {
        page.request = String::from(request);
    }
    let person = at_desk.ask(tending.person(at_desk.now())).await?;
    page.chosen = Some(Who::of(at_desk.words(), &person));
    page.stopped = Some(stopped(at_desk, doctors, &slot, no).await?);
    let status = if page.reasonless { StatusCode::UNPROCESSABLE_ENTITY } else { status_of(no) };
    Ok(show_with(status, &page))
}
