//! Scripts of one connection: what comes in, when, and what goes out.

use std::time::Duration;

use domain::{
    Appointment, AppointmentId, AppointmentStatus, Doctor, DoctorAddress, DoctorName, Entropy,
    Service, Slot, SlotId, SlotIndex, Version, WeekTime,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::limits::{AVAILABLE_REST, Deadlines};
use crate::message::{AppointmentView, LoggedIn, Offer, Offers, Referral, Referred, SlotNamed};

mod limits;

fn offers() -> Offers {
    let offer = |index, day, time| Offer {
        index: SlotIndex::new(index).unwrap(),
        when: WeekTime::parse(day, time).unwrap(),
        details: None,
    };
    Offers { offers: vec![offer(1, "Tue", "01pm"), offer(2, "Mon", "03pm")], next: None }
}

fn referral() -> Referral {
    let address = DoctorAddress { host: None, port: 42_000 };
    let slot = Slot {
        id: SlotId(17),
        index: SlotIndex::new(2).unwrap(),
        doctor: Doctor { name: DoctorName::new("doc2").unwrap(), address, keys: None },
        start: Timestamp::UNIX_EPOCH,
        end: Timestamp::UNIX_EPOCH,
        service: Service::visit(),
    };
    let appointment = Appointment {
        id: AppointmentId::fresh(Timestamp::UNIX_EPOCH, &Entropy([0; 32])),
        version: Version(1),
        status: AppointmentStatus::Booked,
        slot,
    };
    let when = WeekTime::parse("Mon", "03pm").unwrap();
    let view = AppointmentView { appointment, when };
    Referral::Full(Box::new(Referred { view, admission: None }))
}

/// A center with one user (`ann`, `pass word`), a list of two slots, and slot 2 to give away.
fn center(request: &Request) -> Reply {
    match request {
        Request::LogIn { user, password, .. }
            if user.as_str() == "ann" && password.expose() == "pass word" =>
        {
            Reply::LoggedIn(LoggedIn::default())
        }
        Request::LogIn { .. } => Reply::Refused(Refusal::WrongCredentials),
        Request::Board => Reply::Slots(offers()),
        Request::Book { slot: SlotNamed::Index(index), .. } => match index.number() {
            1 => Reply::Refused(Refusal::SlotTaken),
            2 => Reply::Booked(referral()),
            3 => Reply::Unknown,
            _ => Reply::Refused(Refusal::NoSuchSlot),
        },
        Request::LogOut => Reply::LoggedOut,
        _ => Reply::Refused(Refusal::NotLoggedIn),
    }
}

/// One step of a script.
enum Do {
    /// These bytes come, in one piece.
    In(&'static [u8]),
    /// So much time passes.
    Wait(Duration),
    /// The peer closes its side.
    End,
    /// The answer up to here, and whether the connection is to be closed.
    Out(&'static str, bool),
}

use Do::{End, In, Out, Wait};

const GRACE: Duration = Duration::from_millis(10);
const OPEN: bool = false;
const OVER: bool = true;

fn check(script: &[Do]) {
    let mut now = Instant::now();
    let mut conversation = Conversation::new(ConversationSettings::default(), now);
    for (at, step) in script.iter().enumerate() {
        match step {
            In(bytes) => conversation.receive(now, bytes),
            Wait(time) => {
                now += *time;
                conversation.handle_timeout(now);
            }
            End => conversation.end_of_input(),
            Out(expected, over) => {
                let output = String::from_utf8(conversation.take_output()).unwrap();
                assert_eq!(&output, expected, "step {at}");
                assert_eq!(conversation.is_over(), *over, "step {at}");
            }
        }
        while let Some(request) = conversation.next_request(now) {
            conversation.answer(now, &center(&request));
        }
    }
}

#[test]
fn the_exercise_is_played_with_exact_bytes() {
    check(&[
        In(b"authenticate ann pass word"),
        Out("", OPEN),
        Wait(GRACE),
        Out("success", OPEN),
        In(b"available"),
        Out("1 Tue 01pm\n2 Mon 03pm\n", OPEN),
        In(b"selection 2"),
        Out("", OPEN),
        Wait(GRACE),
        Out("doc2 42000", OVER),
    ]);
}

#[test]
fn the_seed_is_answered_in_its_own_words() {
    check(&[
        In(b"ann pass word"),
        Wait(GRACE),
        Out("Success", OPEN),
        In(b"available"),
        Out("1 Tue 01pm\n2 Mon 03pm\n", OPEN),
        In(b"99"),
        Wait(GRACE),
        Out("Invalid", OPEN),
        In(b"selection -1"),
        Wait(GRACE),
        Out("Invalid", OPEN),
        In(b"what else is there?"),
        Wait(GRACE),
        Out("1 Tue 01pm\n2 Mon 03pm\n", OPEN),
        In(b"2"),
        Wait(GRACE),
        Out("42000 ", OVER),
    ]);
    check(&[In(b"ann wrong"), Wait(GRACE), Out("Failure", OVER)]);
}

#[test]
fn a_nul_is_answered_with_a_nul() {
    check(&[
        In(b"authenticate ann pass word\0"),
        Out("success\0", OPEN),
        In(b"available\0\0\0\0\0\0\0\0\0\0\0"),
        Out("1 Tue 01pm\n2 Mon 03pm\n\0", OPEN),
        In(b"\0\0\0\0\0"),
        In(b"selection 2\0"),
        Out("doc2 42000\0", OVER),
    ]);
    // A line feed in front of the NUL, as fgets and strlen + 1 leave it.
    check(&[In(b"authenticate ann pass word\n\0"), Out("success\0", OPEN)]);
}

#[test]
fn a_line_feed_is_answered_with_exact_bytes() {
    check(&[
        In(b"authenticate ann pass word\r\n"),
        Out("success", OPEN),
        In(b"available\r\n"),
        Out("1 Tue 01pm\n2 Mon 03pm\n", OPEN),
        In(b"selection 2\n"),
        Out("doc2 42000", OVER),
    ]);
}

#[test]
fn coalesced_requests_are_answered_in_lines() {
    check(&[
        In(b"authenticate ann pass word\navailable\nselection 2\n"),
        Out("success\n1 Tue 01pm\n2 Mon 03pm\n\ndoc2 42000\n", OVER),
    ]);
    check(&[
        In(b"authenticate ann pass word\n"),
        Out("success", OPEN),
        In(b"available\r\nselection 2"),
        Wait(GRACE),
        Out("1 Tue 01pm\n2 Mon 03pm\n\ndoc2 42000\n", OVER),
    ]);
    check(&[
        In(b"authenticate ann pass word\0available\0selection 2\0"),
        Out("success\x001 Tue 01pm\n2 Mon 03pm\n\0doc2 42000\0", OVER),
    ]);
}

#[test]
fn a_request_in_pieces_is_one_request() {
    let pieces = |text: &'static [u8]| text.chunks(1).map(In);
    let mut script: Vec<Do> = pieces(b"authenticate ann pass word").collect();
    script.extend([Wait(GRACE), Out("success", OPEN)]);
    script.extend(pieces(b"available"));
    script.push(Out("1 Tue 01pm\n2 Mon 03pm\n", OPEN));
    script.extend(pieces(b"selection 2"));
    script.extend([Wait(GRACE), Out("doc2 42000", OVER)]);
    check(&script);
}

#[test]
fn a_half_read_number_books_nothing() {
    check(&[
        In(b"authenticate ann pass word\n"),
        In(b"selection 1"),
        Wait(GRACE / 2),
        In(b"2"),
        Wait(GRACE / 2),
        Out("success", OPEN),
        Wait(GRACE / 2),
        Out("notavailable", OVER),
    ]);
}

#[test]
fn words_behind_available_are_passed_over_however_they_come() {
    let log_in = || In(b"authenticate ann pass word\n");
    let list = "1 Tue 01pm\n2 Mon 03pm\n";
    check(&[
        log_in(),
        Out("success", OPEN),
        In(b"available time"),
        In(b" slots please"),
        Out(list, OPEN),
        In(b"selection 2\n"),
        Out("doc2 42000", OVER),
    ]);
    check(&[
        log_in(),
        Out("success", OPEN),
        In(b"available"),
        In(b" slots\n"),
        Out(list, OPEN),
        In(b"2\n"),
        Out("doc2 42000", OVER),
    ]);
    check(&[
        log_in(),
        Out("success", OPEN),
        In(b"available"),
        In(b"\nselection 2\n"),
        Out("1 Tue 01pm\n2 Mon 03pm\ndoc2 42000", OVER),
    ]);
}

#[test]
fn what_comes_after_a_pause_is_a_message_of_its_own() {
    let list = "1 Tue 01pm\n2 Mon 03pm\n";
    for (message, answer, over) in [
        (&b"available"[..], list, OPEN),
        (b"-1", "notavailable", OVER),
        (b"hello", "notavailable", OVER),
        (b"authenticate ann pass word", "notavailable", OVER),
        (b"selection 2", "doc2 42000", OVER),
    ] {
        check(&[
            In(b"authenticate ann pass word\n"),
            Out("success", OPEN),
            In(b"available"),
            Out(list, OPEN),
            Wait(AVAILABLE_REST),
            In(message),
            Wait(GRACE),
            Out(answer, over),
        ]);
    }
    check(&[
        In(b"ann pass word"),
        Wait(GRACE),
        Out("Success", OPEN),
        In(b"available"),
        Out(list, OPEN),
        Wait(AVAILABLE_REST),
        In(b"show me the list"),
        Wait(GRACE),
        Out(list, OPEN),
        In(b"\xff\xfe"),
        Wait(GRACE),
        Out(list, OPEN),
    ]);
}

#[test]
fn the_rest_of_an_available_may_come_late_and_a_request_may_come_at_once() {
    let log_in = || In(b"authenticate ann pass word\n");
    let list = "1 Tue 01pm\n2 Mon 03pm\n";
    check(&[
        log_in(),
        In(b"available"),
        Wait(GRACE * 5),
        In(b" time"),
        Wait(GRACE * 50),
        In(b" slots"),
        Out("success1 Tue 01pm\n2 Mon 03pm\n", OPEN),
        Wait(GRACE),
        In(b"available"),
        Out(list, OPEN),
        In(b"available"),
        Out(list, OPEN),
        In(b" selection 2\n"),
        Out("doc2 42000", OVER),
    ]);
    for refused in [&b"-1"[..], b"authenticate ann pass word"] {
        check(&[
            log_in(),
            In(b"available"),
            In(refused),
            Wait(GRACE),
            Out("success1 Tue 01pm\n2 Mon 03pm\nnotavailable", OVER),
        ]);
    }
}

#[test]
fn the_grace_of_what_waited_begins_when_its_turn_has_come() {
    let mut now = Instant::now();
    let mut conversation = Conversation::new(ConversationSettings::default(), now);
    conversation.receive(now, b"authenticate ann pass word\nselection 1");
    let log_in = conversation.next_request(now).unwrap();
    now += GRACE * 5;
    conversation.answer(now, &center(&log_in));
    assert_eq!(conversation.next_timeout(), Some(now + GRACE));
    conversation.handle_timeout(now);
    assert_eq!(conversation.next_request(now), None);
    conversation.receive(now, b"2");
    now += GRACE;
    conversation.handle_timeout(now);
    let slot = SlotNamed::Index(SlotIndex::new(12).unwrap());
    assert_eq!(conversation.next_request(now), Some(Request::Book { slot, request_id: None }));
}

#[test]
fn refusals_say_failure_before_and_notavailable_after_the_log_in() {
    for message in [
        &b"authenticate ann wrong\n"[..],
        b"available",
        b"selection 2\n",
        b"\xff\xfe\xfd\n",
        b"authenticate \x01 x\n",
    ] {
        let mut conversation = Conversation::new(ConversationSettings::default(), Instant::now());
        conversation.receive(Instant::now(), message);
        while let Some(request) = conversation.next_request(Instant::now()) {
            conversation.answer(Instant::now(), &center(&request));
        }
        assert_eq!(conversation.take_output(), b"failure", "{message:?}");
        assert!(conversation.is_over());
    }
    for message in [
        &b"selection 1\n"[..],
        b"selection 99\n",
        b"selection 0\n",
        b"-1\n",
        b"selection 1000000000000000000000000000000\n",
        b"selection\n",
        b"hello\n",
        b"\xff\xfe\xfd\n",
        b"authenticate ann pass word\n",
        b"{\"id\":1}\n",
    ] {
        let now = Instant::now();
        let mut conversation = Conversation::new(ConversationSettings::default(), now);
        for bytes in [b"authenticate ann pass word\n", message] {
            conversation.receive(now, bytes);
            while let Some(request) = conversation.next_request(now) {
                conversation.answer(now, &center(&request));
            }
        }
        assert_eq!(conversation.take_output(), b"successnotavailable", "{message:?}");
        assert!(conversation.is_over());
    }
}

#[test]
fn an_unknown_outcome_is_met_with_silence() {
    check(&[In(b"authenticate ann pass word\n"), In(b"selection 3\n"), Out("success", OVER)]);
}

#[test]
fn every_wait_has_an_end() {
    let deadlines = Deadlines::default();
    check(&[Wait(deadlines.first_byte), Out("", OVER)]);
    check(&[
        In(b"authenticate ann"),
        Wait(GRACE),
        Out("", OPEN),
        Wait(deadlines.whole_message),
        Out("failure", OVER),
    ]);
    // One byte a second is not whole in time, terminator or not.
    let mut drip: Vec<Do> = Vec::new();
    for _ in 0..5 {
        drip.extend([In(b"a"), Wait(Duration::from_secs(1))]);
    }
    drip.push(Out("failure", OVER));
    check(&drip);
    check(&[
        In(b"authenticate ann pass word\n"),
        Out("success", OPEN),
        In(b"sel"),
        Wait(deadlines.whole_message),
        Out("notavailable", OVER),
    ]);
    check(&[
        In(b"authenticate ann pass word\n"),
        Out("success", OPEN),
        Wait(deadlines.idle - GRACE),
        Out("", OPEN),
        Wait(GRACE),
        Out("", OVER),
    ]);
    // Padding is no message: it keeps nobody in.
    check(&[
        In(b"\0"),
        Wait(deadlines.first_byte / 2),
        In(b"\n"),
        Wait(deadlines.first_byte / 2),
        Out("", OVER),
    ]);
    check(&[
        In(b"{"),
        Wait(deadlines.whole_message),
        Out(
            "{\"id\":null,\"reply\":\"refused\",\"refusal\":\"too_slow\",\
         \"message\":\"the request took too long to arrive\"}\n",
            OVER,
        ),
    ]);
}

#[test]
fn the_end_of_input_completes_what_is_there() {
    check(&[In(b"authenticate ann pass word"), End, Out("success", OVER)]);
    check(&[In(b"authenticate ann"), End, Out("failure", OVER)]);
    check(&[End, Out("", OVER)]);
    check(&[
        In(b"authenticate ann pass word\nselection 2"),
        End,
        Out("success\ndoc2 42000\n", OVER),
    ]);
}

#[test]
fn json_requests_are_answered_in_order_under_their_ids() {
    check(&[
        In(b"{\"id\":1,\"request\":\"log_out\"}\n{\"id\":\"b\",\"request\":\"fly\"}\r\n\n{\"id\""),
        In(b":3,\"version\":7,\"request\":\"log_out\"}\n{\"id\":4,\"request\":\"log_out\"}\n"),
        Out(
            "{\"id\":1,\"reply\":\"logged_out\"}\n\
             {\"id\":\"b\",\"reply\":\"refused\",\"refusal\":\"not_understood\",\
             \"message\":\"the request was not understood: there is no request `fly`\"}\n\
             {\"id\":3,\"reply\":\"refused\",\"refusal\":\"unknown_version\",\
             \"message\":\"this version of the protocol is not spoken here\"}\n",
            OVER,
        ),
    ]);
}

proptest! {
    #[test]
    fn any_bytes_in_any_pieces_end_in_bounded_time(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..60), 0..12),
        text in prop::collection::vec("(authenticate ann pass word|available|selection [0-9]|\\PC{0,9})[\n\0 ]?", 0..8),
    ) {
        let mut now = Instant::now();
        let mut conversation = Conversation::new(ConversationSettings::default(), now);
        let text = text.into_iter().map(String::into_bytes);
        for piece in text.chain(pieces) {
            conversation.receive(now, &piece);
            while let Some(request) = conversation.next_request(now) {
                conversation.answer(now, &center(&request));
            }
        }
        let mut timeouts = 0;
        while let Some(due) = conversation.next_timeout() {
            now = now.max(due);
            conversation.handle_timeout(now);
            while let Some(request) = conversation.next_request(now) {
                conversation.answer(now, &center(&request));
            }
            timeouts += 1;
            prop_assert!(timeouts < 100);
        }
        prop_assert!(conversation.is_over());
    }
}
