//! Pages of whoever looks after the center: doctors, accounts, sessions, the audit, plans.
//!
//! What is a secret (a code, a link, what an authenticator is made of) is shown once, on the page that
//! answers the form, which no browser keeps; nothing of it goes through an address or a cookie.

mod accounts;
mod audit;
mod doctors;
mod plans;
mod secrets;
mod sessions;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};
use center::{No, Oversight};
use domain::{Refusal, Right};
use jiff::Timestamp;

use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Section};
use crate::problem::{Problem, in_words};
use crate::visitor::{LoggedIn, Visitor};

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/admin/doctors", get(doctors::show))
        .route("/admin/doctors/describe", post(doctors::describe))
        .route("/admin/doctors/offer", post(doctors::offer))
        .route("/admin/plans", get(plans::show).post(plans::offer))
        .route("/admin/accounts", get(accounts::show).post(accounts::find))
        .route("/admin/accounts/add", post(accounts::add))
        .route("/admin/accounts/authenticator", post(accounts::renew_authenticator))
        .route("/admin/accounts/link", post(accounts::link))
        .route("/admin/accounts/end-sessions", post(accounts::end_sessions))
        .route("/admin/sessions", get(sessions::show))
        .route("/admin/sessions/end", post(sessions::end))
        .route("/admin/audit", get(audit::show).post(audit::find))
}

/// Whoever looks after the center. It is known before the form is looked at: who has not the right
/// is told alike, whatever was sent.
pub(crate) struct Overseer {
    logged_in: LoggedIn,
    oversight: Oversight,
}

impl FromRequestParts<Arc<Site>> for Overseer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let logged_in = LoggedIn::from_request_parts(parts, site).await?;
        match logged_in.account.oversee() {
            Ok(oversight) => Ok(Self { logged_in, oversight }),
            Err(refusal) => Err(logged_in.without(site, Right::Oversee, refusal)),
        }
    }
}

impl Overseer {
    fn visitor(&self) -> &Visitor {
        &self.logged_in.visitor
    }

    fn words(&self) -> &Words {
        &self.logged_in.visitor.words
    }

    fn frame(&self, title: &str, section: Section) -> Frame {
        Frame::of_logged_in(&self.logged_in, title, section)
    }

    /// A "no" as a page of its own; who has lost the standing logs in.
    fn problem(&self, no: No) -> Problem {
        match no {
            No::Refused(Refusal::SessionEnded) => Problem::log_in_first(self.words().clone(), true),
            no => Problem::of(self.words().clone(), no),
        }
    }
}

/// Why something was not done, beside the form that asked for it.
struct NotDone {
    what: String,
    next: String,
    status: axum::http::StatusCode,
}

impl NotDone {
    /// A "no" of the center, if whoever asked still stands.
    fn of(overseer: &Overseer, no: No) -> Result<Self, Problem> {
        if no == No::Refused(Refusal::SessionEnded) {
            return Err(overseer.problem(no));
        }
        let (what, next) = match no {
            // The center has one word for an account and for a patient who is not there.
            No::Refused(Refusal::NoSuchPatient) => {
                let words = overseer.words();
                (words.say("admin-no-such-account"), words.say("admin-no-such-account-next"))
            }
            no => in_words(overseer.words(), no),
        };
        Ok(Self { what, next, status: crate::problem::status_of(no) })
    }

    /// Something in a form that cannot be: the messages `id` and `id-next`.
    fn in_form(words: &Words, id: &str) -> Self {
        let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
        Self { what: words.say(id), next: words.say(&format!("{id}-next")), status }
    }
}

/// The status of a page that may say why something was not done.
fn status_of(not_done: Option<&NotDone>) -> axum::http::StatusCode {
    not_done.map_or(axum::http::StatusCode::OK, |not_done| not_done.status)
}

/// A moment, for people and for programs.
struct Moment {
    words: String,
    machine: String,
}

impl Moment {
    fn of(words: &Words, at: Timestamp, now: Timestamp) -> Self {
        let day = |moment: Timestamp| moment.to_zoned(words.zone().clone()).date();
        let date = match (day(at), day(now)) {
            (at, now) if at == now => None,
            (at, now) if at.year() == now.year() => Some(words.short_date(at)),
            (at, _) => Some(words.date(at)),
        };
        let time = words.time(at);
        let in_words = date.map_or_else(|| time.clone(), |date| format!("{date}, {time}"));
        Self { words: in_words, machine: at.to_string() }
    }
}

/// A line of the tabs on top of a page.
struct Tab {
    path: &'static str,
    name: String,
    here: bool,
}

/// The pages that belong to one line of the menu: each its address and message; `here` is this one.
fn tabs(words: &Words, here: &str, pages: [(&'static str, &'static str); 2]) -> Vec<Tab> {
    let tab = |(path, name): (&'static str, &str)| Tab {
        path,
        name: words.say(name),
        here: path == here,
    };
    pages.map(tab).into()
}

fn tabs_of_doctors(words: &Words, here: &str) -> Vec<Tab> {
    tabs(words, here, [("/admin/doctors", "doctors-title"), ("/admin/plans", "plans-title")])
}

fn tabs_of_accounts(words: &Words, here: &str) -> Vec<Tab> {
    tabs(
        words,
        here,
        [("/admin/accounts", "accounts-title"), ("/admin/sessions", "sessions-title")],
    )
}
