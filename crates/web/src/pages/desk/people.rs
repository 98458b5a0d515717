//! Looking people up, and adding somebody who is new.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::at_work::{AtDesk, PersonForm, WrongField};
use super::booking::known_or_added;
use super::calendar::day_of;
use super::sheet::Who;
use crate::page::{self, Frame, Notice, Section, go_to_saying, show_with};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "desk/people.html")]
struct PeoplePage {
    frame: Frame,
    /// What was looked for; `None` before. It never stands in an address: it is a name.
    text: Option<String>,
    people: Vec<Who>,
    /// Whether there may be more than are shown.
    more: bool,
    person: PersonForm,
    wrong: Option<WrongField>,
}

impl PeoplePage {
    fn of(at_desk: &AtDesk) -> Self {
        Self {
            frame: at_desk.frame("desk-people-title", Section::People),
            text: None,
            people: Vec::new(),
            more: false,
            person: PersonForm::default(),
            wrong: None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct FindForm {
    text: String,
}

pub(super) async fn show(at_desk: AtDesk) -> Response {
    page::show(&PeoplePage::of(&at_desk))
}

pub(super) async fn find(at_desk: AtDesk, Form(form): Form<FindForm>) -> Result<Response, Problem> {
    let mut page = PeoplePage::of(&at_desk);
    let text = form.text.trim().to_owned();
    if !text.is_empty() {
        let people = at_desk.ask(at_desk.desk.find(at_desk.now(), text.clone())).await?;
        page.more = people.len() == center::errand::PEOPLE_LISTED_MAX;
        page.people = people.iter().map(|person| Who::of(at_desk.words(), person)).collect();
        page.person.name = text.clone();
        page.text = Some(text);
    }
    Ok(page::show(&page))
}

pub(super) async fn add(
    at_desk: AtDesk,
    Form(form): Form<PersonForm>,
) -> Result<Response, Problem> {
    let today = day_of(None, at_desk.now(), at_desk.site.zone());
    match form.person(today) {
        Ok(person) => {
            let patient = known_or_added(&at_desk, person).await?;
            let path = format!("/desk/people/{patient}");
            Ok(go_to_saying(&path, Notice("notice-desk-person-kept")))
        }
        Err(wrong) => {
            let page = PeoplePage { person: form, wrong: Some(wrong), ..PeoplePage::of(&at_desk) };
            Ok(show_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}
