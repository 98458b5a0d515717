//! What is said where no page can be drawn: to whom the parser refuses, who speaks the wrong language
//! for this port, or for whom there is no room. Short, in plain words, and with the headers of all
//! answers.

use crate::routes::SAID;

/// A short answer, after which the connection closes.
pub(super) fn answer(status: &str, words: &str) -> Vec<u8> {
    let mut answer = format!("HTTP/1.1 {status}\r\n");
    for (name, value) in SAID {
        answer += &format!("{name}: {value}\r\n");
    }
    answer += "cache-control: no-store\r\ncontent-type: text/plain; charset=utf-8\r\n";
    answer += &format!("content-length: {}\r\nconnection: close\r\n\r\n{words}", words.len());
    answer.into_bytes()
}

/// What is said instead of the parser's own refusal, which is a status and nothing else.
pub(super) fn instead_of(refusal: &[u8]) -> Vec<u8> {
    let line = refusal.split(|byte| *byte == b'\r').next().unwrap_or_default();
    match line.get(9..12) {
        Some(b"431") => answer(
            "431 Request Header Fields Too Large",
            "The browser sent more than a page of ours ever asks for. Delete this site's cookies and \
             try again.\n",
        ),
        Some(b"414") => answer("414 URI Too Long", "There is no page with so long an address.\n"),
        _ => answer("400 Bad Request", "This was not understood: it is no proper HTTP request.\n"),
    }
}

/// To a browser that speaks plaintext where TLS is spoken.
pub(super) fn tls_is_spoken() -> Vec<u8> {
    answer("400 Bad Request", "This port speaks HTTPS. Use an address that begins with https://\n")
}

/// To a browser that begins TLS where it is not spoken: a fatal alert, `protocol_version`, in a
/// record of its own (RFC 8446 §6).
pub(super) const TLS_IS_NOT_SPOKEN: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];
