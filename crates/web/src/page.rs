//! What every page has around it, and how a page becomes a response.

use askama::Template;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::{Right, Role};

use crate::assets;
use crate::cookies::{self, Keep};
use crate::language::{Language, Words, languages};
use crate::visitor::Visitor;

/// Where in the menu a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    /// Finding a slot.
    Slots,
    /// The patient's appointments.
    Appointments,
    /// The patient's own data.
    Me,
    /// The front desk's sheets.
    Desk,
    /// The people that the front desk knows.
    People,
    /// Doctors' time.
    Schedule,
    /// The administrator's pages.
    Doctors,
    /// Accounts.
    Accounts,
    /// The audit.
    Audit,
    /// None of them.
    Elsewhere,
}

/// A line of the menu.
pub(crate) struct MenuItem {
    pub(crate) section: Section,
    pub(crate) path: &'static str,
    /// The message with its name.
    pub(crate) name: &'static str,
}

/// What is around a page: `base.html` reads it from the field `frame` of every template.
pub(crate) struct Frame {
    pub(crate) words: Words,
    /// What the page is called.
    pub(crate) title: String,
    pub(crate) section: Section,
    pub(crate) menu: Vec<MenuItem>,
    /// Who has logged in; `None` for a stranger.
    pub(crate) user: Option<String>,
    /// What was just done, in words; `None` when nothing was.
    pub(crate) notice: Option<String>,
}

/// A cookie with the message of what was just done; it is said once.
pub(crate) const NOTICE: &str = "__Host-notice";

/// What may be said of what was just done. A page's own words do not go through a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice(pub(crate) &'static str);

impl Frame {
    /// The frame of a page for `visitor`, named by the message `title`.
    pub(crate) fn of(visitor: &Visitor, role: Option<Role>, title: &str, section: Section) -> Self {
        let words = visitor.words.clone();
        let title = words.say(title);
        let user = visitor.account.as_ref().map(|account| account.user().to_string());
        let notice = notice_of(&visitor.headers, &words);
        let role = role.or_else(|| visitor.account.as_ref().map(center::Account::role));
        Self { words, title, section, menu: menu_of(role), user, notice }
    }

    /// The frame of a page for somebody who has logged in.
    pub(crate) fn of_logged_in(
        logged_in: &crate::visitor::LoggedIn,
        title: &str,
        section: Section,
    ) -> Self {
        let role = Some(logged_in.account.role());
        let user = Some(logged_in.account.user().to_string());
        Self { user, ..Self::of(&logged_in.visitor, role, title, section) }
    }

    /// The frame of a page about something that went wrong, where nobody is known.
    pub(crate) fn bare(words: Words, title: String) -> Self {
        let menu = menu_of(None);
        Self { words, title, section: Section::Elsewhere, menu, user: None, notice: None }
    }

    pub(crate) fn style(&self) -> &'static str {
        assets::style_path()
    }

    pub(crate) fn script(&self) -> &'static str {
        assets::script_path()
    }

    pub(crate) fn languages(&self) -> &'static [Language] {
        languages()
    }

    /// How long something is still kept, with a `%` where the script puts the time.
    pub(crate) fn left(&self) -> String {
        self.words.tell("script-left", &[("time", "%".into())])
    }

    /// The zone's name, which every page with times on it shows.
    pub(crate) fn zone(&self) -> String {
        self.words.zone_name(runtime::now())
    }
}

fn menu_of(role: Option<Role>) -> Vec<MenuItem> {
    let item = |section, path, name| MenuItem { section, path, name };
    let mut menu = vec![item(Section::Slots, "/slots", "menu-slots")];
    let Some(role) = role else { return menu };
    if role.may(Right::TendOwn) {
        menu.push(item(Section::Appointments, "/appointments", "menu-appointments"));
        menu.push(item(Section::Me, "/me", "menu-me"));
    }
    if role.may(Right::RunDesk) {
        menu.push(item(Section::Desk, "/desk", "menu-desk"));
        menu.push(item(Section::People, "/desk/people", "menu-people"));
    }
    if role.may(Right::Schedule) {
        menu.push(item(Section::Schedule, "/schedule", "menu-schedule"));
    }
    if role.may(Right::Oversee) {
        menu.push(item(Section::Doctors, "/admin/doctors", "menu-doctors"));
        menu.push(item(Section::Accounts, "/admin/accounts", "menu-accounts"));
        menu.push(item(Section::Audit, "/admin/audit", "menu-audit"));
    }
    menu
}

fn notice_of(headers: &HeaderMap, words: &Words) -> Option<String> {
    let id = cookies::read(headers, NOTICE).filter(|id| !id.is_empty())?;
    // Only what is a notice: nobody else's words are shown by setting a cookie.
    let known = id.starts_with("notice-")
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    (known && words.knows(id)).then(|| words.say(id))
}

/// A page as a response.
pub(crate) fn show(template: &impl Template) -> Response {
    show_with(StatusCode::OK, template)
}

/// The same, with a status.
pub(crate) fn show_with(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => {
            let kind = HeaderValue::from_static("text/html; charset=utf-8");
            (status, [(header::CONTENT_TYPE, kind)], html).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a page could not be drawn");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Sends the browser on with GET (RFC 9110 §15.4.4), so that going back or reloading does nothing
/// twice.
pub(crate) fn go_to(path: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    if let Ok(path) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, path);
    }
    response
}

/// The same, and the next page says what was done.
pub(crate) fn go_to_saying(path: &str, notice: Notice) -> Response {
    let mut response = go_to(path);
    cookies::set(response.headers_mut(), NOTICE, notice.0, Keep::Seconds(30));
    response
}
