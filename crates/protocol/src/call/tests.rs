//! Both ends of a connection against each other in memory, as quinn's `Pair`: what one says, the
//! other hears.

use std::time::Instant;

use domain::{
    Appointment, AppointmentId, AppointmentStatus, Doctor, DoctorAddress, Entropy, Password,
    Reason, RequestId, Service, SessionToken, Slot, SlotId, UserName, Version,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::message::{
    AppointmentView, Cursor, KeepSession, LogInWith, OfferDetails, Referred, SlotsWanted,
};
use crate::{Conversation, ConversationSettings};

struct Pair {
    call: Call,
    conversation: Conversation,
    now: Instant,
}

impl Pair {
    fn new(dialect: Dialect) -> Self {
        let now = Instant::now();
        let conversation = Conversation::new(ConversationSettings::default(), now);
        Self { call: Call::new(dialect), conversation, now }
    }

    /// What the center hears of `request`.
    fn ask(&mut self, request: &Request) -> Request {
        let bytes = self.call.ask(request).unwrap();
        self.conversation.receive(self.now, &bytes);
        loop {
            if let Some(heard) = self.conversation.next_request(self.now) {
                return heard;
            }
            let due = self.conversation.next_timeout().expect("it waits for something");
            self.now = self.now.max(due);
            self.conversation.handle_timeout(self.now);
            assert!(!self.conversation.is_over(), "{request:?} was not understood");
        }
    }

    /// What the patient hears of `reply`, which comes in pieces of `size` bytes.
    fn answer(&mut self, reply: &Reply, size: usize) -> Reply {
        self.conversation.answer(self.now, reply);
        for piece in self.conversation.take_output().chunks(size) {
            self.call.receive(self.now, piece).unwrap();
        }
        if self.conversation.is_over() {
            self.call.end_of_input();
        }
        loop {
            if let Some(heard) = self.call.next_reply().unwrap() {
                return heard;
            }
            self.now = self.call.next_timeout().expect("it waits for something");
            self.call.handle_timeout(self.now);
        }
    }
}

fn word() -> impl Strategy<Value = String> {
    "[a-z0-9._-]{1,20}"
}

fn index() -> impl Strategy<Value = SlotIndex> {
    (1_u32..).prop_map(|number| SlotIndex::new(number).unwrap())
}

fn moment() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_millisecond(ms).unwrap())
}

fn appointment_id() -> impl Strategy<Value = AppointmentId> {
    any::<[u8; 16]>().prop_map(AppointmentId::from_bytes)
}

fn request_id() -> impl Strategy<Value = RequestId> {
    word().prop_map(|text| RequestId::new(&text).unwrap())
}

fn reason() -> impl Strategy<Value = Reason> {
    "[!-~]([ -~é]{0,20}[!-~])?".prop_map(|text| Reason::new(&text).unwrap())
}

fn doctor_name() -> impl Strategy<Value = DoctorName> {
    word().prop_map(|text| DoctorName::new(&text).unwrap())
}

fn when() -> impl Strategy<Value = WeekTime> {
    (0_usize..7, 1_u8..=12, 0_u8..60, any::<bool>()).prop_map(|(day, hour, minute, pm)| {
        let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][day];
        let half = if pm { "pm" } else { "am" };
        WeekTime::parse(day, &format!("{hour}:{minute:02}{half}")).unwrap()
    })
}

fn log_in(session: KeepSession) -> impl Strategy<Value = Request> {
    (word(), "[!-~]([ -~é]{0,30}[!-~])?").prop_map(move |(user, password)| Request::LogIn {
        user: UserName::new(&user).unwrap(),
        password: Password::new(&password).unwrap(),
        session,
        with: LogInWith::default(),
    })
}

fn slot_named() -> impl Strategy<Value = SlotNamed> {
    prop_oneof![
        index().prop_map(SlotNamed::Index),
        (any::<i64>().prop_map(SlotId), prop::option::of(index()))
            .prop_map(|(id, index)| SlotNamed::Id { id, index }),
    ]
}

fn slots_wanted() -> impl Strategy<Value = SlotsWanted> {
    use prop::option::of as option;
    let cursor =
        (moment(), any::<i64>()).prop_map(|(start, slot)| Cursor { start, slot: SlotId(slot) });
    (option(doctor_name()), option(moment()), option(moment()), option(cursor), option(1_u32..=500))
        .prop_map(|(doctor, from, until, after, limit)| SlotsWanted {
            doctor,
            from,
            until,
            after,
            limit,
        })
}

fn json_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        log_in(KeepSession::Yes),
        log_in(KeepSession::No),
        any::<[u8; 32]>()
            .prop_map(|bytes| Request::Resume { token: SessionToken::fresh(&Entropy(bytes)) }),
        Just(Request::LogOut),
        slots_wanted().prop_map(Request::Slots),
        (slot_named(), request_id())
            .prop_map(|(slot, id)| Request::Book { slot, request_id: Some(id) }),
        (appointment_id(), prop::option::of(reason()), request_id()).prop_map(
            |(appointment, reason, request_id)| Request::Cancel { appointment, reason, request_id }
        ),
        (appointment_id(), slot_named(), request_id()).prop_map(
            |(appointment, slot, request_id)| Request::Reschedule { appointment, slot, request_id }
        ),
        Just(Request::Appointments),
    ]
}

fn view() -> impl Strategy<Value = AppointmentView> {
    (appointment_id(), index(), doctor_name(), moment(), any::<(u16, u32, i64)>(), when()).prop_map(
        |(id, index, doctor, start, (port, version, slot), when)| AppointmentView {
            when,
            appointment: Appointment {
                id,
                version: Version(version),
                status: AppointmentStatus::NoShow,
                slot: Slot {
                    id: SlotId(slot),
                    index,
                    doctor: Doctor {
                        name: doctor,
                        address: DoctorAddress { host: None, port },
                        keys: None,
                    },
                    start,
                    end: start,
                    service: Service::visit(),
                },
            },
        },
    )
}

fn offer() -> impl Strategy<Value = Offer> {
    (view(), when()).prop_map(|(view, when)| {
        let slot = view.appointment.slot;
        Offer {
            index: slot.index,
            when,
            details: Some(OfferDetails {
                id: slot.id,
                doctor: slot.doctor.name,
                start: slot.start,
                end: slot.end,
                service: slot.service,
            }),
        }
    })
}

fn json_reply() -> impl Strategy<Value = Reply> {
    let full =
        || view().prop_map(|view| Referral::Full(Box::new(Referred { view, admission: None })));
    prop_oneof![
        (any::<[u8; 32]>(), moment()).prop_map(|(bytes, expires)| Reply::LoggedIn(LoggedIn {
            token: Some(SessionToken::fresh(&Entropy(bytes))),
            expires: Some(expires),
            device: None,
        })),
        Just(Reply::LoggedOut),
        prop::collection::vec(offer(), 0..5)
            .prop_map(|offers| Reply::Slots(Offers { offers, next: None })),
        full().prop_map(Reply::Booked),
        full().prop_map(Reply::AlreadyHeld),
        view().prop_map(Reply::Cancelled),
        view().prop_map(Reply::Rescheduled),
        prop::collection::vec(view(), 0..5).prop_map(Reply::Appointments),
        Just(Reply::Refused(Refusal::SlotTaken)),
        Just(Reply::Unknown),
    ]
}

fn classic() -> impl Strategy<Value = Dialect> {
    prop_oneof![Just(Dialect::Spec), Just(Dialect::Nul), Just(Dialect::Seed)]
}

proptest! {
    #[test]
    fn what_is_said_in_json_is_heard(request in json_request(), reply in json_reply(), size in 1_usize..200) {
        let mut pair = Pair::new(Dialect::Json);
        prop_assert_eq!(pair.ask(&request), request);
        prop_assert_eq!(pair.answer(&reply, size), reply);
    }

    #[test]
    fn a_classic_visit_is_heard_from_end_to_end(
        dialect in classic(),
        log_in in log_in(KeepSession::No),
        offers in prop::collection::vec((index(), when()), 1..20),
        chosen in index(),
        view in view(),
        size in 1_usize..200,
    ) {
        // A user called as a word of the protocol cannot log in in the seed's dialect.
        let Request::LogIn { user, .. } = &log_in else { unreachable!() };
        prop_assume!(!["authenticate", "available", "selection"].contains(&user.as_str()));
        let mut pair = Pair::new(dialect);
        prop_assert_eq!(pair.ask(&log_in), log_in);
        let welcome = Reply::LoggedIn(LoggedIn::default());
        prop_assert_eq!(pair.answer(&welcome, size), welcome);

        let offers = offers.into_iter().map(|(index, when)| Offer { index, when, details: None });
        let list = Reply::Slots(Offers { offers: offers.collect(), next: None });
        prop_assert_eq!(pair.ask(&Request::Board), Request::Board);
        prop_assert_eq!(pair.answer(&list, size), list);

        let book = Request::Book { slot: SlotNamed::Index(chosen), request_id: None };
        prop_assert_eq!(pair.ask(&book), book);
        let doctor = view.appointment.slot.doctor.clone();
        let heard = pair.answer(&Reply::Booked(Referral::Full(Box::new(Referred { view, admission: None }))), size);
        let expected = Referral::Port {
            doctor: (dialect != Dialect::Seed).then_some(doctor.name),
            port: doctor.address.port,
        };
        prop_assert_eq!(heard, Reply::Booked(expected));
    }

    #[test]
    fn no_reply_makes_it_panic(dialect in classic(), bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for dialect in [dialect, Dialect::Json] {
            let mut call = Call::new(dialect);
            let log_in = Request::LogIn {
                user: UserName::new("a").unwrap(),
                password: Password::new("b").unwrap(),
                session: KeepSession::No,
                with: LogInWith::default(),
            };
            call.ask(&log_in).unwrap();
            call.receive(Instant::now(), &bytes).unwrap();
            call.end_of_input();
            let _ = call.next_reply();
        }
    }
}

#[test]
fn the_words_of_other_programs_are_understood() {
    let now = Instant::now();
    let check = |dialect, request: &Request, bytes: &[u8], expected: &Reply| {
        let mut call = Call::new(dialect);
        call.ask(request).unwrap();
        call.receive(now, bytes).unwrap();
        call.handle_timeout(now + REPLY_GRACE);
        assert_eq!(call.next_reply().unwrap().as_ref(), Some(expected), "{bytes:?}");
    };
    let index = SlotIndex::new(2).unwrap();
    let book = Request::Book { slot: SlotNamed::Index(index), request_id: None };
    let port = |doctor: Option<&str>| {
        let doctor = doctor.map(|name| DoctorName::new(name).unwrap());
        Reply::Booked(Referral::Port { doctor, port: 42_000 })
    };
    check(Dialect::Spec, &book, b"doc2 42000\n", &port(Some("doc2")));
    check(
        Dialect::Spec,
        &book,
        &[b"doc2 42000".as_slice(), &[0; 90]].concat(),
        &port(Some("doc2")),
    );
    check(Dialect::Seed, &book, b"42000 ", &port(None));
    check(Dialect::Seed, &book, b"Invalid", &Reply::Refused(Refusal::NoSuchSlot));
    check(Dialect::Nul, &book, b"notavailable\0", &Reply::Refused(Refusal::SlotTaken));
    check(Dialect::Spec, &Request::Board, b"notavailable", &Reply::Refused(Refusal::NoSlotsLeft));
}

#[test]
fn a_center_that_leaves_without_a_word_is_no_answer() {
    let mut call = Call::new(Dialect::Spec);
    call.ask(&Request::Board).unwrap();
    call.end_of_input();
    assert_eq!(call.next_reply(), Err(BadReply::NoAnswer));
    let mut call = Call::new(Dialect::Spec);
    assert_eq!(call.ask(&Request::Appointments), Err(NotSpoken(Dialect::Spec)));
}
