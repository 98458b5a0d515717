//! Choosing a language.

use axum::Form;
use axum::http::{HeaderMap, Uri, header};
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
    let back = where_it_was_made(&headers);
    let mut response = go_to(back.as_deref().unwrap_or("/slots"));
    if let Some(language) = languages().iter().find(|it| it.tag == choice.language) {
        let headers = response.headers_mut();
        cookies::set(headers, cookies::LANGUAGE, language.tag, Keep::Seconds(LANGUAGE_KEPT));
    }
    response
}

/// The path of the page that a form was sent from; `None` when that is not known, or is none of
/// ours. Only the path is taken over: wherever the browser is sent, it stays here.
fn where_it_was_made(headers: &HeaderMap) -> Option<String> {
    let from: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    let path = from.path_and_query()?.as_str();
    let of_ours = from.authority().is_some_and(|authority| authority.as_str() == host);
    // "//elsewhere" and "/\elsewhere" are no paths to a browser.
    let is_path = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
    (of_ours && is_path).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for (referer, expected) in [
            ("https://clinic.example/slots?day=1", Some("/slots?day=1")),
            ("https://clinic.example/", Some("/")),
            ("https://clinic.example", Some("/")),
            ("https://clinic.example//evil.example/", None),
            ("https://clinic.example/\\evil.example", None),
            ("https://evil.example/slots", None),
            ("https://clinic.example.evil.example/slots", None),
            ("https://clinic.example@evil.example/slots", None),
            ("//evil.example/", None),
            ("/slots", None),
            ("javascript:alert(1)", None),
            ("", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("clinic.example"));
            headers.insert(header::REFERER, HeaderValue::from_str(referer).unwrap());
            assert_eq!(where_it_was_made(&headers).as_deref(), expected, "{referer}");
        }
    }
}
