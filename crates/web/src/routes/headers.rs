//! What every answer says to the browser, what is shown where no page was drawn, and the line of the
//! log about a request, in which nobody's data is.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::Site;
use crate::cookies;
use crate::forwarded::Scheme;
use crate::language::Words;
use crate::limits::HTTPS_ONLY_SECONDS;
use crate::page::NOTICE;
use crate::problem::Problem;

/// Nothing but our own style, script and pages; no frame, no form elsewhere (CSP Level 3).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

/// What every answer says.
pub(crate) const SAID: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // No other site learns an address of ours. Our own must: with "no-referrer" a browser says of
    // a form only that it comes from nowhere ("Origin: null"; Fetch §3.2).
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Passes a request on, and completes what is answered.
pub(crate) async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = named(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let scheme = request.extensions().get::<Scheme>().copied();
    let asked = what_decides_words(request.headers());
    let says_notice =
        request.method() == Method::GET && cookies::read(request.headers(), NOTICE).is_some();
    let mut response = in_words(next.run(request).await, || Words::asked_for(&asked, &site));
    complete(response.headers_mut(), scheme.unwrap_or(Scheme::Http));
    if says_notice && is_page(&response) {
        cookies::clear(response.headers_mut(), NOTICE);
    }
    // The route as it is declared: what stands in an address is not for the log.
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::debug!(method, route, status = response.status().as_u16(), milliseconds, "answered");
    response
}

/// The name of a method for the log; what is none of ours may be anything.
fn named(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        _ => "other",
    }
}

/// The headers that say in which language somebody is spoken to.
fn what_decides_words(headers: &HeaderMap) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(2);
    for name in [header::ACCEPT_LANGUAGE, header::COOKIE] {
        if let Some(value) = headers.get(&name) {
            kept.insert(name, value.clone());
        }
    }
    kept
}

fn is_page(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// A refusal that no page of ours has drawn, as a page.
fn in_words(response: Response, words: impl FnOnce() -> Words) -> Response {
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    if !refused || is_page(&response) {
        return response;
    }
    let mut page = Problem::of_status(words(), status).into_response();
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers().get(&name) {
            page.headers_mut().insert(name, value.clone());
        }
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    }
    // Its body was not read, or not to its end: nothing behind it is a request.
    if matches!(
        status,
        StatusCode::REQUEST_TIMEOUT | StatusCode::LENGTH_REQUIRED | StatusCode::PAYLOAD_TOO_LARGE
    ) {
        page.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    page
}

fn complete(headers: &mut HeaderMap, scheme: Scheme) {
    for (name, value) in SAID {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // What one visitor sees is nobody else's (RFC 9111 §5.2.2.5).
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if scheme == Scheme::Https {
        let only = format!("max-age={HTTPS_ONLY_SECONDS}");
        if let Ok(only) = HeaderValue::from_str(&only) {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, only);
        }
    }
}
