//! Which requests are not looked at, and the body of those that are, whole, before any page is asked.

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use crate::limits::{BODY_BYTES_MAX, Limits};

/// A request that the server has no room for, or cannot say the source of: it gets this status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnedAway(pub(crate) StatusCode);

/// What every page takes, if it takes anything.
const METHODS: &str = "GET, HEAD, POST";

/// Passes a request on when its head is one that our pages may have made.
pub(crate) async fn look(request: Request, next: Next) -> Response {
    match wrong_with(&request) {
        None => next.run(request).await,
        Some(StatusCode::METHOD_NOT_ALLOWED) => {
            let allow = [(header::ALLOW, HeaderValue::from_static(METHODS))];
            (StatusCode::METHOD_NOT_ALLOWED, allow).into_response()
        }
        Some(status) => status.into_response(),
    }
}

/// The status of what is wrong with the head of a request; `None` when nothing is.
fn wrong_with(request: &Request) -> Option<StatusCode> {
    let headers = request.headers();
    if let Some(TurnedAway(status)) = request.extensions().get::<TurnedAway>() {
        return Some(*status);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD | Method::POST) {
        return Some(StatusCode::METHOD_NOT_ALLOWED);
    }
    if !names_one_host(request) {
        return Some(StatusCode::BAD_REQUEST);
    }
    // We are nobody's proxy (RFC 9110 §15.5.20).
    let asked = request.uri().authority();
    if asked.is_some_and(|host| headers.get(header::HOST).is_none_or(|of| *of != *host.as_str())) {
        return Some(StatusCode::MISDIRECTED_REQUEST);
    }
    // No browser sends a form in pieces: a body whose length nobody knows is not waited for.
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Some(StatusCode::LENGTH_REQUIRED);
    }
    // Nothing of ours is sent compressed: what unfolds to more than it seems is not unfolded.
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Some(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    if length_of(headers).is_some_and(|length| length > BODY_BYTES_MAX) {
        return Some(StatusCode::PAYLOAD_TOO_LARGE);
    }
    // Every browser says of a form which site it comes from, in one of two ways. The layer behind
    // this one judges what is said, but lets through what says nothing.
    if request.method() == Method::POST && !says_where_from(headers) {
        return Some(StatusCode::FORBIDDEN);
    }
    None
}

/// Since HTTP/1.1 a request names its host, once (RFC 9112 §3.2).
fn names_one_host(request: &Request) -> bool {
    match request.headers().get_all(header::HOST).iter().count() {
        0 => request.version() == Version::HTTP_10,
        1 => true,
        _ => false,
    }
}

fn length_of(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(header::CONTENT_LENGTH)?.to_str().ok()?;
    Some(length.trim().parse().unwrap_or(usize::MAX))
}

fn says_where_from(headers: &HeaderMap) -> bool {
    let said = [headers.get("sec-fetch-site"), headers.get(header::ORIGIN)];
    said.into_iter().flatten().any(|value| !value.is_empty())
}

/// Reads the body before the page is asked, so that nobody keeps a page waiting; and waits so long
/// for the page.
pub(crate) async fn take_whole(
    State(limits): State<Limits>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let body = match timeout(limits.body_deadline, to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::BAD_REQUEST.into_response(),
        Err(_) => return StatusCode::REQUEST_TIMEOUT.into_response(),
    };
    let answering = next.run(Request::from_parts(parts, Body::from(body)));
    match timeout(limits.body_deadline, answering).await {
        Ok(response) => response,
        Err(_) => StatusCode::GATEWAY_TIMEOUT.into_response(),
    }
}
