//! Logging in and out: the same door as TCP's, `center::Visit`.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use center::message::{KeepSession, LogInWith, LoggedIn as Welcome, Reply, Request};
use center::{No, Step, Visit};
use domain::{DeviceCookie, OneTimePassword, Password, Refusal, Right, Role, UserName};
use serde::Deserialize;

use crate::cookies::{self, Keep};
use crate::page::{Frame, Notice, Section, go_to, go_to_saying, show_with};
use crate::problem::{Problem, in_words, status_of};
use crate::visitor::Visitor;
use crate::{DemoLogIn, Site};

/// How long a device is known by its cookie: a year, in seconds.
const DEVICE_KEPT: u32 = 365 * 24 * 60 * 60;

#[derive(Template)]
#[template(path = "anyone/log_in.html")]
struct LogInPage {
    frame: Frame,
    /// What was typed before; empty at first.
    user: String,
    /// Why it did not work, and what to do next; `None` at first.
    refused: Option<(String, String)>,
    demo: Vec<DemoRow>,
}

/// A log-in of a demonstration, as it is shown.
struct DemoRow {
    user: String,
    password: String,
    role: String,
    /// What the authenticator would show now; empty where there is none.
    one_time: String,
}

/// What the form holds.
#[derive(Deserialize)]
pub(crate) struct LogInForm {
    user: String,
    password: String,
    #[serde(default)]
    one_time: String,
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let over = query.as_deref() == Some("over");
    let refused = over.then(|| in_words(&visitor.words, No::Refused(Refusal::SessionEnded)));
    page(&site, &visitor, StatusCode::OK, String::new(), refused)
}

pub(crate) async fn log_in(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<LogInForm>,
) -> Response {
    let user = form.user.clone();
    let tried = match asked(&headers, &form) {
        Some(request) => try_log_in(&site, &visitor, request).await,
        None => Err(No::Refused(Refusal::WrongCredentials)),
    };
    match tried {
        Ok((welcome, role)) => {
            end_session_before(&site, &visitor, &headers).await;
            welcomed(&headers, &welcome, role)
        }
        Err(no) => {
            let refused = Some(in_words(&visitor.words, no));
            page(&site, &visitor, status_of(no), user, refused)
        }
    }
}

/// What is asked of the center; `None` for what can be nobody's user name, password or code.
fn asked(headers: &HeaderMap, form: &LogInForm) -> Option<Request> {
    let user = UserName::new(form.user.trim()).ok()?;
    let password = Password::new(&form.password).ok()?;
    let digits: String = form.one_time.chars().filter(|digit| !digit.is_whitespace()).collect();
    let one_time = match digits.is_empty() {
        true => None,
        false => Some(OneTimePassword::try_from(digits).ok()?),
    };
    let device = cookies::read(headers, cookies::DEVICE)
        .and_then(|cookie| DeviceCookie::try_from(cookie.to_owned()).ok());
    let with = LogInWith { one_time, device };
    Some(Request::LogIn { user, password, session: KeepSession::Yes, with })
}

async fn try_log_in(
    site: &Site,
    visitor: &Visitor,
    request: Request,
) -> Result<(Welcome, Option<Role>), No> {
    let mut visit = Visit::new(site.rules.clone(), center::Visitor { source: visitor.source });
    let reply = converse(site, &mut visit, visitor, request).await;
    for note in visit.take_notes() {
        site.runtime.note(note);
    }
    match reply {
        Reply::LoggedIn(welcome) => Ok((welcome, visit.role())),
        Reply::Refused(refusal) => Err(No::Refused(refusal)),
        _ => Err(No::Unknown),
    }
}

/// One request of a visit, to its reply.
async fn converse(site: &Site, visit: &mut Visit, visitor: &Visitor, request: Request) -> Reply {
    let mut step = visit.request(visitor.now(), &visitor.present.entropy, request);
    loop {
        match step {
            Step::Answer(reply) => return reply,
            Step::Do(effect) => step = visit.resume(site.runtime.carry_out(effect).await),
        }
    }
}

/// Whoever was here before is not left logged in (OWASP ASVS 5, 7.2.4).
async fn end_session_before(site: &Site, visitor: &Visitor, headers: &HeaderMap) {
    let token = cookies::session(headers);
    let Some(token) = token else { return };
    let errand = center::errand::log_out(&token, visitor.source);
    if let Err(error) = site.runtime.run(errand).await {
        tracing::warn!(%error, "an earlier session could not be ended");
    }
}

fn welcomed(headers: &HeaderMap, welcome: &Welcome, role: Option<Role>) -> Response {
    let first = match role {
        Some(role) if role.may(Right::RunDesk) => "/desk",
        Some(role) if role.may(Right::Oversee) => "/admin/doctors",
        _ if cookies::read(headers, cookies::WANTED).is_some() => "/deciding",
        _ => "/slots",
    };
    let mut response = go_to(first);
    let headers = response.headers_mut();
    if let Some(token) = &welcome.token {
        cookies::set(headers, cookies::SESSION, &String::from(token.clone()), Keep::UntilClosed);
    }
    if let Some(device) = &welcome.device {
        cookies::set(headers, cookies::DEVICE, device.expose(), Keep::Seconds(DEVICE_KEPT));
    }
    // Whoever was here before acted for somebody else.
    cookies::clear(headers, cookies::PATIENT);
    cookies::clear(headers, cookies::HELD);
    response
}

pub(crate) async fn log_out(
    State(site): State<Arc<Site>>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let token = cookies::session(&headers);
    if let Some(token) = token {
        let errand = center::errand::log_out(&token, visitor.source);
        let ended = site.runtime.run(errand).await;
        ended.map_err(|no| Problem::of(visitor.words.clone(), no))?;
    }
    let mut response = go_to_saying("/slots", Notice("notice-logged-out"));
    for name in [cookies::SESSION, cookies::PATIENT, cookies::WANTED, cookies::HELD] {
        cookies::clear(response.headers_mut(), name);
    }
    Ok(response)
}

fn page(
    site: &Site,
    visitor: &Visitor,
    status: StatusCode,
    user: String,
    refused: Option<(String, String)>,
) -> Response {
    let frame = Frame::of(visitor, None, "log-in-title", Section::Elsewhere);
    let row = |log_in: &DemoLogIn| DemoRow {
        user: log_in.user.clone(),
        password: log_in.password.clone(),
        role: visitor.words.say(&format!("role-{}", log_in.role)),
        one_time: log_in.one_time.map_or_else(String::new, |code| code(visitor.now())),
    };
    let demo = site.demo.iter().flat_map(|demo| &demo.log_ins).map(row).collect();
    show_with(status, &LogInPage { frame, user, refused, demo })
}
