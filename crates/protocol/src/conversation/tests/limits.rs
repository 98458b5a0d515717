//! Deadlines, lengths and floods: what nobody may do for long, or too much of; and what is refused at its first
//! byte.

use super::*;
use crate::limits::{
    CLASSIC_LINE_BYTES_MAX, DETAIL_BYTES_MAX, JSON_LINE_BYTES_MAX, LineLimits, MISTAKES_MAX,
    WAITING_BYTES_MAX,
};

const TOO_SLOW: &str = "{\"id\":null,\"reply\":\"refused\",\"refusal\":\"too_slow\",\
                        \"message\":\"the request took too long to arrive\"}\n";
const NOT_LOGGED_IN: &str = "{\"id\":1,\"reply\":\"refused\",\"refusal\":\"not_logged_in\",\
                             \"message\":\"log in first\"}\n";

#[test]
fn a_stranger_who_keeps_talking_must_have_logged_in_by_the_deadline() {
    let third = Deadlines::default().log_in / 3;
    assert!(third <= Deadlines::default().first_byte);
    let ask = || [In(b"{\"id\":1,\"request\":\"appointments\"}\n"), Out(NOT_LOGGED_IN, OPEN)];
    let mut script = Vec::new();
    for _ in 0..3 {
        script.extend(ask());
        script.push(Wait(third - GRACE));
    }
    script.extend(ask());
    script.extend([Wait(3 * GRACE), Out(TOO_SLOW, OVER)]);
    check(&script);
    // Whoever has logged in has all the time there is between messages.
    check(&[
        In(b"authenticate ann pass word\n"),
        Out("success", OPEN),
        Wait(Deadlines::default().log_in * 2),
        Out("", OPEN),
    ]);
}

#[test]
fn the_centers_own_time_does_not_count_against_the_log_in() {
    let settings = ConversationSettings::default();
    let mut now = Instant::now();
    let mut conversation = Conversation::new(settings, now);
    conversation.receive(now, b"{\"id\":1,\"request\":\"log_out\"}\n");
    assert!(conversation.next_request(now).is_some());
    now += settings.deadlines.log_in * 2;
    assert_eq!(conversation.next_timeout(), None);
    conversation.answer(now, &Reply::Refused(Refusal::NotLoggedIn));
    conversation.handle_timeout(now);
    assert!(!conversation.is_over());
    conversation.handle_timeout(now + settings.deadlines.first_byte);
    assert!(conversation.is_over());
}

#[test]
fn plaintext_where_tls_is_required_is_refused_at_its_first_byte() {
    let tls_required = "{\"id\":null,\"reply\":\"refused\",\"refusal\":\"tls_required\",\
                        \"message\":\"only TLS is spoken from your address\"}\n";
    let cases: [(&[u8], &str); 4] = [
        (b"{", tls_required),
        (b"a", "failure"),
        (b"authenticate ann pass word\0", "failure\0"),
        (b"\x16", "\x15\x03\x03\0\x02\x02("),
    ];
    for (bytes, expected) in cases {
        let now = Instant::now();
        let settings = ConversationSettings {
            wire: WirePolicy::TlsRequired,
            ..ConversationSettings::default()
        };
        let mut conversation = Conversation::new(settings, now);
        conversation.receive(now, bytes);
        assert_eq!(conversation.next_request(now), None);
        assert_eq!(String::from_utf8(conversation.take_output()).unwrap(), expected);
        assert!(conversation.is_over());
    }
}

#[test]
fn whoever_has_to_go_is_told_in_words_it_knows() {
    let busy = "{\"id\":null,\"reply\":\"refused\",\"refusal\":\"busy\",\
                \"message\":\"busy, try again\"}\n";
    for (bytes, expected) in [(b"".as_slice(), ""), (b"{\"id", busy), (b"authenticate", "failure")]
    {
        let now = Instant::now();
        let mut conversation = Conversation::new(ConversationSettings::default(), now);
        conversation.receive(now, bytes);
        assert_eq!(conversation.next_request(now), None);
        conversation.dismiss(now);
        assert_eq!(String::from_utf8(conversation.take_output()).unwrap(), expected);
        assert!(conversation.is_over());
    }
}

#[test]
fn lines_are_as_long_as_the_settings_say() {
    let lines = LineLimits { classic_bytes_max: 20, json_bytes_max: 40, waiting_bytes_max: 0 };
    let settings = ConversationSettings { lines, ..ConversationSettings::default() };
    let whole = b"{\"id\":1,\"request\":\"log_out\"}            \n";
    assert_eq!(whole.len(), 41);
    let now = Instant::now();
    let mut conversation = Conversation::new(settings, now);
    for byte in whole {
        assert!(conversation.wants_input(), "a whole line is read, however few bytes may wait");
        conversation.receive(now, &[*byte]);
    }
    assert_eq!(conversation.next_request(now), Some(Request::LogOut));

    let mut conversation = Conversation::new(settings, now);
    conversation.receive(now, &[b'{'; 41]);
    assert_eq!(conversation.next_request(now), None);
    let refused = String::from_utf8(conversation.take_output()).unwrap();
    assert!(refused.contains("a line has at most 40 bytes"), "{refused}");

    let mut conversation = Conversation::new(settings, now);
    conversation.receive(now, b"authenticate ann pass word\n");
    assert_eq!(conversation.next_request(now), None);
    assert_eq!(conversation.take_output(), b"failure");
}

#[test]
fn too_long_is_refused() {
    let mut long = vec![b'a'; CLASSIC_LINE_BYTES_MAX + 1];
    long[3] = b' ';
    let now = Instant::now();
    let mut conversation = Conversation::new(ConversationSettings::default(), now);
    conversation.receive(now, &long);
    assert_eq!(conversation.next_request(now), None);
    assert_eq!(conversation.take_output(), b"failure");
    assert!(conversation.is_over() && !conversation.wants_input());

    let mut conversation = Conversation::new(ConversationSettings::default(), now);
    conversation.receive(now, b"{");
    conversation.receive(now, &vec![b' '; JSON_LINE_BYTES_MAX]);
    assert_eq!(conversation.next_request(now), None);
    assert!(conversation.is_over());
    let output = String::from_utf8(conversation.take_output()).unwrap();
    assert!(output.contains(r#""refusal":"too_long""#), "{output}");
}

#[test]
fn a_tls_hello_is_refused_in_tls() {
    let now = Instant::now();
    let mut conversation = Conversation::new(ConversationSettings::default(), now);
    conversation.receive(now, b"\x16\x03\x01\x02\x00\x01");
    assert_eq!(conversation.next_request(now), None);
    assert_eq!(conversation.take_output(), TLS_REFUSAL);
    assert!(conversation.is_over());
}

const JSON_LOG_IN: &[u8] =
    b"{\"id\":1,\"request\":\"log_in\",\"user\":\"ann\",\"password\":\"pass word\"}\n";

/// Everything that `log_in` and then `flood` are answered with, and the connection afterwards.
fn flooded(log_in: &[u8], flood: &[u8]) -> (Conversation, Vec<u8>) {
    let now = Instant::now();
    let mut conversation = Conversation::new(ConversationSettings::default(), now);
    let mut output = Vec::new();
    for bytes in [log_in, flood] {
        conversation.receive(now, bytes);
        while let Some(request) = conversation.next_request(now) {
            conversation.answer(now, &center(&request));
            output.append(&mut conversation.take_output());
        }
        output.append(&mut conversation.take_output());
    }
    (conversation, output)
}

/// Megabytes that are moved for each of their bytes take most of a minute.
#[test]
fn a_flood_costs_time_in_proportion_to_its_bytes() {
    const SOON: Duration = Duration::from_secs(10);
    const BYTES: usize = 2 * 1_024 * 1_024;
    let classic = b"ann pass word\n".as_slice();
    for (log_in, message) in
        [(JSON_LOG_IN, b"\n".as_slice()), (JSON_LOG_IN, b" \n"), (classic, b"a\n")]
    {
        let began = Instant::now();
        let (conversation, _) = flooded(log_in, &message.repeat(BYTES / message.len()));
        assert!(!conversation.is_over());
        assert!(began.elapsed() < SOON, "{message:?} took {:?}", began.elapsed());
    }
}

#[test]
fn mistakes_in_a_row_end_the_connection_also_after_the_log_in() {
    let most = usize::try_from(MISTAKES_MAX).unwrap();
    for (log_in, mistake) in [
        (JSON_LOG_IN, b"{}\n".as_slice()),
        (JSON_LOG_IN, b"{\"id\":1,\"request\":\"\x7f\x7f\x7f\"}\n"),
        (b"ann pass word\n", b"0\n"),
    ] {
        let (conversation, output) = flooded(log_in, &mistake.repeat(most - 1));
        assert!(!conversation.is_over());
        // One thing that is understood, and it begins anew.
        let good = if mistake[0] == b'{' { JSON_LOG_IN } else { b"available\n" };
        let mixed = [&mistake.repeat(most - 1), good, mistake].concat();
        assert!(!flooded(log_in, &mixed).0.is_over());

        let flood = mistake.repeat(WAITING_BYTES_MAX / mistake.len());
        let (conversation, flood_output) = flooded(log_in, &flood);
        assert!(conversation.is_over());
        assert!(flood_output.len() <= output.len() + output.len() / (most - 1));
    }
}

#[test]
fn what_was_wrong_is_told_in_few_words_however_long_it_was() {
    let verb = "\u{7f}".repeat(JSON_LINE_BYTES_MAX - 100);
    let line = format!("{{\"id\":1,\"request\":\"{verb}\"}}\n");
    let (_, output) = flooded(JSON_LOG_IN, line.as_bytes());
    let told = String::from_utf8(output).unwrap();
    assert!(told.contains("there is no request `"), "{told}");
    assert!(told.len() < 3 * DETAIL_BYTES_MAX, "{}", told.len());
}
