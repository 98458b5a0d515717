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
fn what_is_not_utf_8_is_not_understood_also_in_a_field_that_nobody_reads() {
    for line in [
        b"{\"id\":1,\"request\":\"log_out\",\"other\":\"\xff\"}".as_slice(),
        b"{\"id\":1,\"request\":\"log_out\",\"\xff\":0}",
    ] {
        let bad = read_request(line).unwrap_err();
        assert_eq!((bad.id, bad.refusal), (None, Refusal::NotUnderstood));
        assert_eq!(bad.detail.as_deref(), Some("it is not UTF-8"));
    }
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

#[test]
fn no_secret_is_repeated_whatever_is_asked_and_however_wrong_it_is() {
    for verb in ["log_in", "resume", "book", "slots", "enrol", "ticket", "register", "news", "fly"]
    {
        for field in ["password", "token", "one_time", "device", "code"] {
            for value in ["5551234", r#""5551234\u0001""#, "[5551234]", r#"{"a":5551234}"#, "true"]
            {
                let line = format!(r#"{{"id":1,"request":"{verb}","{field}":{value}}}"#);
                let bad = read_request(line.as_bytes()).unwrap_err();
                assert_eq!(bad.id, Some(MessageId::Number(1)), "{line}");
                assert!(!bad.detail.unwrap().contains("5551234"), "{line}");
            }
        }
    }
    let line = r#"{"id":1,"reply":"logged_in","token":5551234}"#;
    assert!(!read_reply(line.as_bytes()).unwrap_err().to_string().contains("5551234"));
}

#[test]
fn what_a_patient_or_a_doctor_must_say_is_named() {
    use Refusal::NotUnderstood;
    let check = |line: &str, detail: &str| check_bad(line, Some(1), NotUnderstood, detail);
    check(r#"{"id":1,"request":"ticket"}"#, "`appointment` or `doctor` is missing");
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    check(
        &format!(r#"{{"id":1,"request":"ticket","doctor":"doc1","appointment":"{id}"}}"#),
        "not both",
    );
    check(r#"{"id":1,"request":"appointments","patient":"7"}"#, "`patient` is not the id");
    check(
        &format!(r#"{{"id":1,"request":"accesses","patient":"{id}"}}"#),
        "`patient` does not go with this",
    );
    check(r#"{"id":1,"request":"enrol","doctor":"doc1"}"#, "`code` is missing");
    check(r#"{"id":1,"request":"register","port":1}"#, "`sealing_key` is missing");
    check(r#"{"id":1,"request":"register","port":1,"sealing_key":"00"}"#, "is not a key");
    check(r#"{"id":1,"request":"register","port":70000}"#, "70000");
    check(r#"{"id":1,"request":"news","since":"yesterday"}"#, "");
}

#[test]
fn a_ticket_names_the_usual_visit_when_no_service_is_said() {
    let line = br#"{"id":1,"request":"ticket","doctor":"doc1"}"#;
    let doctor = domain::DoctorName::new("doc1").unwrap();
    let service = domain::Service::visit();
    let wanted = crate::message::TicketWanted::Quote { doctor, service };
    assert_eq!(read_request(line).unwrap().1, crate::Request::Ticket(wanted));
}

#[test]
fn an_admission_comes_whole_or_not_at_all() {
    let line = |more: &str| {
        format!(
            r#"{{"id":1,"reply":"ticket","doctor":"doc1","doctor_host":null,"doctor_port":41000{more}}}"#
        )
    };
    let check = |more: &str, expected: &str| {
        let error = read_reply(line(more).as_bytes()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("", "are missing");
    check(r#","ticket":"v4.public.AAAA""#, "a part of the ticket");
}
