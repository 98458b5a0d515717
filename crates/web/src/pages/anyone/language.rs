//! Choosing a language.

use axum::Form;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use serde::Deserialize;

use crate::cookies::{self, Keep};
use crate::language::languages;
use crate::page::go_to;

/// How long a choice of language is kept: a year, in seconds.
const LANGUAGE_KEPT: u32 = 365 * 24 * 60 * 60;

#[derive(Deserialize)]
pub(crate) struct Choice {
    language: String,
}

/// Keeps the choice. Whoever made it is where it was made.
pub(crate) async fn choose(headers: HeaderMap, Form(choice): Form<Choice>) -> Response {
    let _ = headers.get(header::REFERER);
    let mut response = go_to("/slots");
    if let Some(language) = languages().iter().find(|it| it.tag == choice.language) {
        let headers = response.headers_mut();
        cookies::set(headers, cookies::LANGUAGE, language.tag, Keep::Seconds(LANGUAGE_KEPT));
    }
    response
}
