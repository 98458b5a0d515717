//! Lines that ask for nothing that can be done, and what is said of them.

use super::*;

fn check_bad(line: &str, id: Option<u64>, refusal: Refusal, detail: &str) {
    let bad = read_request(line.as_bytes()).unwrap_err();
    let detail_found = bad.detail.clone().unwrap_or_default();
    assert_eq!((bad.id, bad.refusal), (id.map(MessageId::Number), refusal), "{line}");
    assert!(detail_found.contains(detail), "{line}: {detail_found}");
}

#[test]
fn a_mistake_is_named_and_answered_under_its_id() {
    use Refusal::{NotUnderstood, UnknownVersion};
    check_bad("{", None, NotUnderstood, "EOF");
    check_bad("{}", None, NotUnderstood, "missing field `id`");
    check_bad("[]", None, NotUnderstood, "");
    check_bad(r#"{"id":1}"#, Some(1), NotUnderstood, "missing field `request`");
    check_bad(r#"{"id":1,"request":"fly"}"#, Some(1), NotUnderstood, "no request `fly`");
    check_bad(r#"{"id":1,"version":9,"request":"book"}"#, Some(1), UnknownVersion, "");
    check_bad(r#"{"id":1,"request":"book"}"#, Some(1), NotUnderstood, "`slot` is missing");
    check_bad(
        r#"{"id":1,"request":"book","slot":"2"}"#,
        Some(1),
        NotUnderstood,
        "`request_id` is missing",
    );
    check_bad(
        r#"{"id":1,"request":"book","slot":"0","request_id":"a"}"#,
        Some(1),
        NotUnderstood,
        "is not an index",
    );
    check_bad(
        r#"{"id":1,"request":"cancel","appointment":"7","request_id":"a"}"#,
        Some(1),
        NotUnderstood,
        "not the id of an appointment",
    );
    let long = format!(r#"{{"id":"{}","request":"log_out"}}"#, "x".repeat(65));
    check_bad(&long, None, NotUnderstood, "");
}

#[test]
fn a_bad_password_is_not_repeated() {
    let line = r#"{"id":1,"request":"log_in","user":"ann","password":"secret\u0001word"}"#;
    let bad = read_request(line.as_bytes()).unwrap_err();
    assert!(!bad.detail.unwrap().contains("secret"));
    let line = r#"{"id":1,"request":"log_in","user":"ann","password":["secretword"]}"#;
    let bad = read_request(line.as_bytes()).unwrap_err();
    assert!(!bad.detail.unwrap().contains("secret"));
    let line = r#"{"id":1,"request":"log_in","user":"ann","password":5551234}"#;
    let bad = read_request(line.as_bytes()).unwrap_err();
    assert!(!bad.detail.unwrap().contains("5551234"));
}
