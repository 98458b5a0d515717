//! Both ends of a connection against each other in memory, as quinn's `Pair`: what one says, the
//! other hears.

use std::time::Instant;

use domain::{
    Appointment, AppointmentId, AppointmentStatus, DeviceCookie, Doctor, DoctorAddress, DoctorKeys,
    EnrolmentCode, Entropy, OneTimePassword, Password, PatientId, Reason, RequestId, Role,
    SealingKey, Service, SessionToken, Slot, SlotId, UserName, VerifyingKey, Version,
};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::message::{
    Access, Admission, AppointmentView, Cursor, KeepSession, LogInWith, News, OfferDetails,
    Referred, Registered, Registration, SlotsWanted, TicketReply, TicketWanted, TicketsOver,
};
use crate::ticket::{DoctorCertificate, Ticket};
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

fn password() -> impl Strategy<Value = Password> {
    "[!-~]([ -~é]{0,30}[!-~])?".prop_map(|text| Password::new(&text).unwrap())
}

fn device() -> impl Strategy<Value = DeviceCookie> {
    "[A-Za-z0-9._-]{1,256}".prop_map(|text| DeviceCookie::try_from(text).unwrap())
}

/// With everything that a log-in can bring.
fn full_log_in() -> impl Strategy<Value = Request> {
    let digits = "[0-9]{6}".prop_map(|text| OneTimePassword::try_from(text).unwrap());
    (log_in(KeepSession::Yes), prop::option::of(digits), prop::option::of(device())).prop_map(
        |(mut log_in, one_time, device)| {
            if let Request::LogIn { with, .. } = &mut log_in {
                *with = LogInWith { one_time, device };
            }
            log_in
        },
    )
}

/// What may also be asked for another patient.
fn patient_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (slot_named(), request_id())
            .prop_map(|(slot, id)| Request::Book { slot, request_id: Some(id) }),
        (appointment_id(), prop::option::of(reason()), request_id()).prop_map(
            |(appointment, reason, request_id)| Request::Cancel { appointment, reason, request_id }
        ),
        (appointment_id(), slot_named(), request_id()).prop_map(
            |(appointment, slot, request_id)| Request::Reschedule { appointment, slot, request_id }
        ),
        Just(Request::Appointments),
        appointment_id().prop_map(|id| Request::Ticket(TicketWanted::Visit(id))),
        (doctor_name(), word()).prop_map(|(doctor, service)| {
            let service = Service::new(&service).unwrap();
            Request::Ticket(TicketWanted::Quote { doctor, service })
        }),
    ]
}

fn doctor_keys() -> impl Strategy<Value = DoctorKeys> {
    any::<([u8; 32], [u8; 32])>().prop_map(|(sealing, verifying)| DoctorKeys {
        sealing: SealingKey(sealing),
        verifying: VerifyingKey(verifying),
    })
}

fn address() -> impl Strategy<Value = DoctorAddress> {
    any::<(Option<std::net::IpAddr>, u16)>().prop_map(|(host, port)| DoctorAddress { host, port })
}

fn doctor_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        (doctor_name(), any::<[u8; 32]>(), password()).prop_map(|(doctor, code, password)| {
            Request::Enrol { doctor, code: EnrolmentCode::fresh(&Entropy(code)), password }
        }),
        (address(), doctor_keys())
            .prop_map(|(address, keys)| Request::Register(Registration { address, keys })),
        prop::option::of(moment()).prop_map(|since| Request::News { since }),
    ]
}

fn json_request() -> impl Strategy<Value = Request> {
    prop_oneof![
        full_log_in(),
        log_in(KeepSession::No),
        any::<[u8; 32]>()
            .prop_map(|bytes| Request::Resume { token: SessionToken::fresh(&Entropy(bytes)) }),
        Just(Request::LogOut),
        slots_wanted().prop_map(Request::Slots),
        patient_request(),
        (any::<[u8; 16]>(), patient_request()).prop_map(|(patient, request)| Request::For {
            patient: PatientId::from_bytes(patient),
            request: Box::new(request),
        }),
        Just(Request::Accesses),
        doctor_request(),
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

fn signed() -> impl Strategy<Value = String> {
    "v4\\.public\\.[A-Za-z0-9_-]{1,80}"
}

fn admission() -> impl Strategy<Value = Admission> {
    (signed(), doctor_keys(), signed(), any::<[u8; 32]>()).prop_map(
        |(ticket, keys, certificate, center)| Admission {
            ticket: Ticket::new(ticket),
            keys,
            certificate: DoctorCertificate::new(certificate),
            center_key: VerifyingKey(center),
        },
    )
}

/// An appointment with a doctor who has enrolled, or has not.
fn referral() -> impl Strategy<Value = Referral> {
    (view(), prop::option::of(admission())).prop_map(|(mut view, admission)| {
        view.appointment.slot.doctor.keys = admission.as_ref().map(|admission| admission.keys);
        Referral::Full(Box::new(Referred { view, admission }))
    })
}

fn access() -> impl Strategy<Value = Access> {
    let role = prop::option::of(prop::sample::select(Role::ALL.to_vec()));
    (moment(), role, word(), prop::option::of(appointment_id()))
        .prop_map(|(at, role, verb, appointment)| Access { at, role, verb, appointment })
}

fn doctor_reply() -> impl Strategy<Value = Reply> {
    let keys = any::<Vec<[u8; 32]>>();
    let over = (appointment_id(), any::<u32>())
        .prop_map(|(appointment, below)| TicketsOver { appointment, below: Version(below) });
    prop_oneof![
        (address(), signed(), any::<[u8; 32]>()).prop_map(|(address, certificate, center)| {
            Reply::Registered(Registered {
                address,
                certificate: DoctorCertificate::new(certificate),
                center_key: VerifyingKey(center),
            })
        }),
        (keys, prop::collection::vec(over, 0..5), moment()).prop_map(|(keys, over, until)| {
            let ticket_keys = keys.into_iter().map(VerifyingKey).collect();
            Reply::News(News { ticket_keys, over, until })
        }),
    ]
}

fn json_reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        (any::<[u8; 32]>(), moment(), prop::option::of(device())).prop_map(
            |(bytes, expires, device)| Reply::LoggedIn(LoggedIn {
                token: Some(SessionToken::fresh(&Entropy(bytes))),
                expires: Some(expires),
                device,
            })
        ),
        Just(Reply::LoggedIn(LoggedIn::default())),
        Just(Reply::LoggedOut),
        prop::collection::vec(offer(), 0..5)
            .prop_map(|offers| Reply::Slots(Offers { offers, next: None })),
        referral().prop_map(Reply::Booked),
        referral().prop_map(Reply::AlreadyHeld),
        view().prop_map(Reply::Cancelled),
        view().prop_map(Reply::Rescheduled),
        prop::collection::vec(view(), 0..5).prop_map(Reply::Appointments),
        prop::collection::vec(access(), 0..5).prop_map(Reply::Accesses),
        (doctor_name(), address(), admission()).prop_map(|(name, address, admission)| {
            let doctor = Doctor { name, address, keys: Some(admission.keys) };
            Reply::Ticket(Box::new(TicketReply { doctor, admission }))
        }),
        doctor_reply(),
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

#[test]
fn a_piece_that_ends_behind_the_doctors_name_is_not_the_whole_reply() {
    let now = Instant::now();
    let book =
        Request::Book { slot: SlotNamed::Index(SlotIndex::new(2).unwrap()), request_id: None };
    for (dialect, pieces, expected) in [
        (Dialect::Spec, ["brown ", "42001"], Some("brown")),
        (Dialect::Nul, ["7 ", "42001\0"], Some("7")),
        (Dialect::Seed, ["420", "01 "], None),
    ] {
        let mut call = Call::new(dialect);
        call.ask(&book).unwrap();
        call.receive(now, pieces[0].as_bytes()).unwrap();
        assert_eq!(call.next_reply(), Ok(None), "{dialect}");
        call.receive(now, pieces[1].as_bytes()).unwrap();
        call.handle_timeout(now + REPLY_GRACE);
        let doctor = expected.map(|name| DoctorName::new(name).unwrap());
        let referral = Referral::Port { doctor, port: 42_001 };
        assert_eq!(call.next_reply(), Ok(Some(Reply::Booked(referral))), "{dialect}");
    }
}
