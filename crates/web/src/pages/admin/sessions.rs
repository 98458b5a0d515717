//! Who is logged in.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use center::errand::{SessionChoice, SessionRecord};
use serde::Deserialize;

use super::{Moment, NotDone, Overseer, Tab, status_of, tabs_of_accounts};
use crate::Site;
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/sessions.html")]
struct SessionsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    not_done: Option<NotDone>,
    sessions: Vec<Row>,
}

struct Row {
    session: String,
    user: String,
    role: String,
    opened: Moment,
    used: Moment,
    expires: Moment,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Which {
    session: String,
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
) -> Result<Response, Problem> {
    page(&site, &overseer, None).await
}

pub(crate) async fn end(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(which): Form<Which>,
) -> Result<Response, Problem> {
    let ended = match which.session.parse() {
        Ok(session) => {
            let errand = overseer.oversight.end_sessions(SessionChoice::Session(session));
            site.runtime.run(errand).await
        }
        Err(_) => Ok(0),
    };
    match ended {
        Ok(0) => {
            let not_done = NotDone::in_form(overseer.words(), "sessions-no-such");
            page(&site, &overseer, Some(not_done)).await
        }
        Ok(_) => Ok(go_to_saying("/admin/sessions", Notice("notice-session-ended"))),
        Err(no) => {
            let not_done = NotDone::of(&overseer, no)?;
            page(&site, &overseer, Some(not_done)).await
        }
    }
}

async fn page(
    site: &Site,
    overseer: &Overseer,
    not_done: Option<NotDone>,
) -> Result<Response, Problem> {
    let (words, now) = (overseer.words(), overseer.visitor().now());
    let sessions = site.runtime.run(overseer.oversight.sessions(now)).await;
    let row = |record: SessionRecord| Row {
        session: record.session.to_string(),
        role: words.say(&format!("role-{}", record.role)),
        opened: Moment::of(words, record.opened, now),
        used: Moment::of(words, record.used, now),
        expires: Moment::of(words, record.expires, now),
        user: record.user.into(),
    };
    let page = SessionsPage {
        frame: overseer.frame("sessions-title", Section::Accounts),
        tabs: tabs_of_accounts(words, "/admin/sessions"),
        not_done,
        sessions: sessions.map_err(|no| overseer.problem(no))?.into_iter().map(row).collect(),
    };
    Ok(show_with(status_of(page.not_done.as_ref()), &page))
}
