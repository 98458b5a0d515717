//! Cookies (RFC 6265bis): each `__Host-`, `Secure`, `HttpOnly` and `SameSite`, so that no script, no
//! other site and no other host can read or plant one. Browsers take `Secure` cookies from loopback
//! in plaintext, too.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use domain::SessionToken;

/// The token of a session.
pub(crate) const SESSION: &str = "__Host-session";
/// What tells a device that has logged in before.
pub(crate) const DEVICE: &str = "__Host-device";
/// Which language was chosen.
pub(crate) const LANGUAGE: &str = "__Host-language";
/// For which patient of the household.
pub(crate) const PATIENT: &str = "__Host-patient";
/// The slot that somebody wanted before logging in.
pub(crate) const WANTED: &str = "__Host-wanted";

/// The slots that were held lately, to tell when that is over.
pub(crate) const HELD: &str = "__Host-held";

/// How long a browser keeps a cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Until it is closed.
    UntilClosed,
    /// So many seconds.
    Seconds(u32),
}

/// The value of a cookie that came with a request.
pub(crate) fn read<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    pairs.flat_map(|line| line.split(';')).find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// The session that came with a request.
pub(crate) fn session(headers: &HeaderMap) -> Option<SessionToken> {
    read(headers, SESSION).and_then(|token| SessionToken::try_from(token.to_owned()).ok())
}

/// Sets a cookie. `value` is ours: letters, digits, `-`, `_` and `.`.
pub(crate) fn set(headers: &mut HeaderMap, name: &str, value: &str, keep: Keep) {
    let age = match keep {
        Keep::UntilClosed => String::new(),
        Keep::Seconds(seconds) => format!("; Max-Age={seconds}"),
    };
    let line = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
    if let Ok(line) = HeaderValue::from_str(&line) {
        headers.append(SET_COOKIE, line);
    }
}

/// Takes a cookie back.
pub(crate) fn clear(headers: &mut HeaderMap, name: &str) {
    set(headers, name, "", Keep::Seconds(0));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; __Host-session=abc; b=2"));
        headers.append(COOKIE, HeaderValue::from_static("c=3"));
        assert_eq!(read(&headers, SESSION), Some("abc"));
        assert_eq!(read(&headers, "c"), Some("3"));
        assert_eq!(read(&headers, "session"), None);
    }

    #[test]
    fn no_script_and_no_other_site_reads_a_cookie() {
        let mut headers = HeaderMap::new();
        set(&mut headers, SESSION, "abc", Keep::UntilClosed);
        let expected = "__Host-session=abc; Path=/; Secure; HttpOnly; SameSite=Lax";
        assert_eq!(headers[SET_COOKIE], expected);
    }
}
