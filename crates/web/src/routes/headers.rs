//! What every response says to the browser, and which requests are not looked at.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::cookies;
use crate::page::NOTICE;

/// Nothing but our own style, script and pages; no frame, no form elsewhere (CSP Level 3).
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
    connect-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; \
    base-uri 'none'";

const SAID: [(HeaderName, &str); 6] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
];

/// Passes a request on, and completes what is answered.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    // Nothing of ours is sent compressed: what unfolds to more than it seems is not unfolded.
    if request.headers().contains_key(header::CONTENT_ENCODING) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let says_notice =
        request.method() == Method::GET && cookies::read(request.headers(), NOTICE).is_some();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in SAID {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // What one visitor sees is nobody else's (RFC 9111 §5.2.2.5).
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if says_notice && is_page {
        cookies::clear(headers, NOTICE);
    }
    response
}
