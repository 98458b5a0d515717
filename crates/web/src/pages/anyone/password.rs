//! Choosing a password with a link that works once.
//!
//! The code is in the address, so nothing here ever logs an address, no page of ours tells the next
//! one where it came from (`Referrer-Policy`), and to look at the page uses nothing up: mail programs
//! and messengers look at links before people do.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::{InvitationCode, choose_password, invited};
use center::{NewPassword, No};
use domain::{Password, Refusal, UserName};
use runtime::password::policy::{
    self, PASSWORD_CHARACTERS_MAX, PASSWORD_CHARACTERS_MIN, WeakPassword,
};
use serde::Deserialize;

use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::problem::{in_words, status_of};
use crate::visitor::Visitor;

/// What was wrong, and what to do next.
type Said = (String, String);

#[derive(Template)]
#[template(path = "anyone/password.html")]
struct PasswordPage {
    frame: Frame,
    user: String,
    /// Where the form goes.
    path: String,
    /// What a password has to be.
    policy: String,
    /// Why it was not taken; `None` at first.
    refused: Option<Said>,
}

#[derive(Template)]
#[template(path = "anyone/password_over.html")]
struct OverPage {
    frame: Frame,
    refused: Said,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Chosen {
    password: String,
    again: String,
}

/// Why a password was not taken.
enum NotTaken {
    /// The two fields differ.
    Differs,
    /// It is none that is taken.
    Weak(&'static str),
    /// The center says no.
    No(No),
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    Path(code): Path<String>,
    visitor: Visitor,
) -> Response {
    match whose(&site, &visitor, code).await {
        Ok((code, user)) => page(&visitor, &code, &user, None),
        Err(no) => over(&visitor, no),
    }
}

pub(crate) async fn choose(
    State(site): State<Arc<Site>>,
    Path(code): Path<String>,
    visitor: Visitor,
    Form(chosen): Form<Chosen>,
) -> Response {
    let (code, user) = match whose(&site, &visitor, code).await {
        Ok(invited) => invited,
        Err(no) => return over(&visitor, no),
    };
    match take(&site, &visitor, &code, &user, &chosen).await {
        Ok(()) => go_to_saying("/log-in", Notice("notice-password-chosen")),
        // Somebody was faster with the same link.
        Err(NotTaken::No(no @ No::Refused(Refusal::InvitationOver))) => over(&visitor, no),
        Err(why) => page(&visitor, &code, &user, Some(&why)),
    }
}

/// Whose password is chosen with this code. What is no code at all is told as one that is over.
async fn whose(
    site: &Site,
    visitor: &Visitor,
    code: String,
) -> Result<(InvitationCode, UserName), No> {
    let over = No::Refused(Refusal::InvitationOver);
    let code = InvitationCode::try_from(code).map_err(|_| over)?;
    let user = site.runtime.run(invited(visitor.now(), &code)).await?;
    Ok((code, user.ok_or(over)?))
}

async fn take(
    site: &Site,
    visitor: &Visitor,
    code: &InvitationCode,
    user: &UserName,
    chosen: &Chosen,
) -> Result<(), NotTaken> {
    if chosen.password != chosen.again {
        return Err(NotTaken::Differs);
    }
    let password = Password::new(&chosen.password)
        .map_err(|_| NotTaken::Weak(if chosen.password.is_empty() { "short" } else { "long" }))?;
    policy::check(&password, user).map_err(|weak| NotTaken::Weak(name_of(&weak)))?;
    let refused = |refusal| NotTaken::No(No::Refused(refusal));
    let hash = match site.runtime.hash_password(user, password, visitor.source).await {
        NewPassword::Hashed(hash) => hash,
        NewPassword::Weak => return Err(refused(Refusal::WeakPassword)),
        NewPassword::Throttled => return Err(refused(Refusal::Throttled)),
        NewPassword::Busy => return Err(refused(Refusal::Busy)),
    };
    let chosen = site.runtime.run(choose_password(code, hash, visitor.source)).await;
    chosen.map(|_| ()).map_err(NotTaken::No)
}

fn name_of(weak: &WeakPassword) -> &'static str {
    match weak {
        WeakPassword::TooShort(_) => "short",
        WeakPassword::TooLong(_) => "long",
        WeakPassword::Common => "common",
        WeakPassword::UserName => "user-name",
        WeakPassword::Product => "product",
    }
}

fn page(
    visitor: &Visitor,
    code: &InvitationCode,
    user: &UserName,
    why: Option<&NotTaken>,
) -> Response {
    let words = &visitor.words;
    let (status, refused) = match why {
        None => (StatusCode::OK, None),
        Some(NotTaken::Differs) => (StatusCode::UNPROCESSABLE_ENTITY, Some(told(words, "differs"))),
        Some(NotTaken::Weak(how)) => (StatusCode::UNPROCESSABLE_ENTITY, Some(told(words, how))),
        Some(NotTaken::No(no)) => (status_of(*no), Some(in_words(words, *no))),
    };
    let page = PasswordPage {
        frame: Frame::of(visitor, None, "password-title", Section::Elsewhere),
        user: user.to_string(),
        path: format!("/password/{}", code.expose()),
        policy: policy_in_words(words),
        refused,
    };
    show_with(status, &page)
}

fn told(words: &Words, how: &str) -> Said {
    (words.say(&format!("password-{how}")), policy_in_words(words))
}

fn policy_in_words(words: &Words) -> String {
    let count = |count: usize| count.to_string().into();
    let with = [("min", count(PASSWORD_CHARACTERS_MIN)), ("max", count(PASSWORD_CHARACTERS_MAX))];
    words.tell("password-policy", &with)
}

/// The same for a code that was used, was replaced, is too old, or never was.
fn over(visitor: &Visitor, no: No) -> Response {
    let frame = Frame::of(visitor, None, "password-title", Section::Elsewhere);
    let refused = in_words(&visitor.words, no);
    show_with(status_of(no), &OverPage { frame, refused })
}
