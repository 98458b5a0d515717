//! Accounts: who has one, new ones for staff, and the ways back in for whoever has lost one.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use center::No;
use center::errand::{ACCOUNTS_LISTED_MAX, AccountOverview, NewStaff, SessionChoice, TotpSecret};
use domain::{PersonName, Refusal, Role, UserName};
use runtime::password::one_time::SECRET_BYTES;
use serde::Deserialize;

use super::secrets::{self, Link, Secret};
use super::{Moment, NotDone, Overseer, Tab, status_of, tabs_of_accounts};
use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::problem::Problem;

/// Who can be added here; patients and doctors come about in other ways.
const STAFF: [Role; 3] = [Role::FrontDesk, Role::Administrator, Role::Integrator];

#[derive(Template)]
#[template(path = "admin/accounts.html")]
struct AccountsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    not_done: Option<NotDone>,
    search: Search,
    accounts: Vec<Row>,
    /// The last one on the page; `None` when nothing follows.
    next: Option<String>,
    typed: Typed,
    roles: Vec<(&'static str, String)>,
}

/// An account, as shown.
struct Row {
    user: String,
    /// What the person is called; empty where it is not said.
    name: String,
    role: String,
    added: Moment,
    /// Whether there is a password, in words.
    password: String,
    /// Whether there is a second factor, in words.
    second_factor: String,
    sessions: String,
    has_sessions: bool,
    can_have_link: bool,
    can_have_authenticator: bool,
}

/// Which accounts are wanted.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Search {
    /// What the user name holds; empty for all.
    text: String,
    /// The last one of the page before; empty for the first page.
    after: String,
}

/// Somebody to be added.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    user: String,
    name: String,
    role: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Whose {
    user: String,
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
) -> Result<Response, Problem> {
    page(&site, &overseer, Search::default(), None, Typed::default()).await
}

pub(crate) async fn find(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(search): Form<Search>,
) -> Result<Response, Problem> {
    page(&site, &overseer, search, None, Typed::default()).await
}

pub(crate) async fn add(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let refused = async |not_done, typed| {
        page(&site, &overseer, Search::default(), Some(not_done), typed).await
    };
    let (user, name, role) = match understood(&typed) {
        Ok(understood) => understood,
        Err(id) => return refused(NotDone::in_form(overseer.words(), id), typed).await,
    };
    let totp = role.needs_second_factor().then(fresh_totp);
    match add_account(&site, &overseer, &user, name, role, totp.clone()).await {
        Ok(()) => {
            // The account is there: a link that could not be made now is made from the list.
            let link = Some(link_for(&site, &overseer, user.clone()).await?);
            let secret = Secret::Account { user, totp, link };
            Ok(secrets::show(&overseer, "accounts-added-title", Section::Accounts, secret))
        }
        Err(no) => refused(NotDone::of(&overseer, no)?, typed).await,
    }
}

pub(crate) async fn renew_authenticator(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(whose): Form<Whose>,
) -> Result<Response, Problem> {
    let renewed = match named(&whose) {
        Ok(user) => {
            let totp = fresh_totp();
            let errand = overseer.oversight.renew_totp(user.clone(), totp.clone());
            site.runtime.run(errand).await.map(|()| (user, totp))
        }
        Err(no) => Err(no),
    };
    match renewed {
        Ok((user, totp)) => {
            let secret = Secret::Account { user, totp: Some(totp), link: None };
            Ok(secrets::show(&overseer, "accounts-authenticator-title", Section::Accounts, secret))
        }
        Err(no) => with_problem(&site, &overseer, no).await,
    }
}

pub(crate) async fn link(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(whose): Form<Whose>,
) -> Result<Response, Problem> {
    let user = match named(&whose) {
        Ok(user) => user,
        Err(no) => return with_problem(&site, &overseer, no).await,
    };
    match link_for(&site, &overseer, user.clone()).await? {
        Link::Not(not_done) => {
            let (search, typed) = (Search::default(), Typed::default());
            page(&site, &overseer, search, Some(not_done), typed).await
        }
        link @ Link::There { .. } => {
            let secret = Secret::Account { user, totp: None, link: Some(link) };
            Ok(secrets::show(&overseer, "accounts-link-title", Section::Accounts, secret))
        }
    }
}

pub(crate) async fn end_sessions(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(whose): Form<Whose>,
) -> Result<Response, Problem> {
    let ended = match named(&whose) {
        Ok(user) => {
            let errand = overseer.oversight.end_sessions(SessionChoice::User(user));
            site.runtime.run(errand).await
        }
        Err(no) => Err(no),
    };
    match ended {
        Ok(_) => Ok(go_to_saying("/admin/accounts", Notice("notice-sessions-ended"))),
        Err(no) => with_problem(&site, &overseer, no).await,
    }
}

async fn add_account(
    site: &Site,
    overseer: &Overseer,
    user: &UserName,
    name: Option<PersonName>,
    role: Role,
    totp: Option<TotpSecret>,
) -> Result<(), No> {
    let password = site.runtime.unusable_password().await.map_err(No::Refused)?;
    let staff = NewStaff { user: user.clone(), password, role, name, totp };
    let errand = overseer.oversight.add_staff(&overseer.visitor().present, staff);
    site.runtime.run(errand).await
}

async fn link_for(site: &Site, overseer: &Overseer, user: UserName) -> Result<Link, Problem> {
    let errand = overseer.oversight.invite(&overseer.visitor().present, user);
    match site.runtime.run(errand).await {
        Ok(invitation) => Ok(Link::of(site, overseer, &invitation)),
        Err(no) => Ok(Link::Not(NotDone::of(overseer, no)?)),
    }
}

/// What was typed, as values; or the message that says what is wrong with it.
fn understood(typed: &Typed) -> Result<(UserName, Option<PersonName>, Role), &'static str> {
    let user = UserName::new(typed.user.trim()).map_err(|_| "accounts-no-user-name")?;
    let name = match typed.name.trim() {
        "" => None,
        text => Some(PersonName::new(text).map_err(|_| "accounts-not-printable")?),
    };
    let role = STAFF.into_iter().find(|role| role.as_str() == typed.role);
    Ok((user, name, role.ok_or("accounts-no-role")?))
}

fn named(whose: &Whose) -> Result<UserName, No> {
    UserName::new(whose.user.trim()).map_err(|_| No::Refused(Refusal::NoSuchPatient))
}

fn fresh_totp() -> TotpSecret {
    let mut bytes = [0; SECRET_BYTES];
    bytes.copy_from_slice(&runtime::fresh_entropy().0[..SECRET_BYTES]);
    TotpSecret::new(bytes)
}

async fn with_problem(site: &Site, overseer: &Overseer, no: No) -> Result<Response, Problem> {
    let not_done = NotDone::of(overseer, no)?;
    page(site, overseer, Search::default(), Some(not_done), Typed::default()).await
}

async fn page(
    site: &Site,
    overseer: &Overseer,
    search: Search,
    not_done: Option<NotDone>,
    typed: Typed,
) -> Result<Response, Problem> {
    let (words, now) = (overseer.words(), overseer.visitor().now());
    let after = UserName::new(&search.after).ok();
    let errand = overseer.oversight.accounts(now, search.text.trim().to_owned(), after);
    let accounts = site.runtime.run(errand).await.map_err(|no| overseer.problem(no))?;
    let next = accounts.get(ACCOUNTS_LISTED_MAX - 1).map(|last| last.user.to_string());
    let role = |role: Role| (role.as_str(), words.say(&format!("role-{role}")));
    let page = AccountsPage {
        frame: overseer.frame("accounts-title", Section::Accounts),
        tabs: tabs_of_accounts(words, "/admin/accounts"),
        not_done,
        accounts: accounts.into_iter().map(|account| row(words, now, account)).collect(),
        next,
        search,
        typed,
        roles: STAFF.map(role).into(),
    };
    Ok(show_with(status_of(page.not_done.as_ref()), &page))
}

fn row(words: &Words, now: jiff::Timestamp, account: AccountOverview) -> Row {
    let AccountOverview { user, role, name, added, has_password, has_totp, sessions } = account;
    let yes_or_no = |yes: bool| words.say(if yes { "admin-yes" } else { "admin-no" });
    let count = usize::try_from(sessions).unwrap_or(usize::MAX);
    Row {
        user: user.into(),
        name: name.map(String::from).unwrap_or_default(),
        role: words.say(&format!("role-{role}")),
        added: Moment::of(words, added, now),
        password: yes_or_no(has_password),
        second_factor: yes_or_no(has_totp),
        sessions: words.count("accounts-sessions", count),
        has_sessions: sessions > 0,
        // A doctor's password is chosen by enrolling.
        can_have_link: role != Role::Doctor,
        can_have_authenticator: role.needs_second_factor() || has_totp,
    }
}
