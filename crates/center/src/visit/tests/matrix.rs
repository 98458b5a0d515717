//! Every right and every verb, with a stranger's own, another's and nobody's appointment.

use protocol::{Registration, TicketWanted};

use super::clinic::{Clinic, book, cancel, doctor, for_patient, keys, log_in_as, reschedule};
use super::*;

/// Who asks: nobody who has logged in, or somebody of each role.
const WHO: [Option<&str>; 6] =
    [None, Some("ann"), Some("doc1"), Some("frank"), Some("iris"), Some("adam")];

/// What is let through at all, `+`, for those of [`WHO`] in their order.
const TABLE: &[(&str, &str)] = &[
    ("board", "-+++++"),
    ("slots", "-+++++"),
    ("book", "-+----"),
    ("cancel", "-+----"),
    ("reschedule", "-+----"),
    ("appointments", "-+----"),
    ("accesses", "-+----"),
    ("ticket", "-+----"),
    ("quote", "-+----"),
    ("for: book", "---++-"),
    ("for: cancel", "---++-"),
    ("for: reschedule", "---++-"),
    ("for: appointments", "---++-"),
    ("for: ticket", "---++-"),
    ("for: quote", "---++-"),
    ("for: accesses", "------"),
    ("for: board", "------"),
    ("for: for: book", "------"),
    ("register", "--+---"),
    ("news", "--+---"),
];

/// The request of this name, about this appointment and, for others, this patient.
fn request(name: &str, appointment: AppointmentId, patient: PatientId) -> Request {
    if let Some(rest) = name.strip_prefix("for: ") {
        return for_patient(patient, request(rest, appointment, patient));
    }
    match name {
        "board" => Request::Board,
        "slots" => Request::Slots(SlotsWanted::default()),
        "book" => book(3),
        "cancel" => cancel(appointment),
        "reschedule" => reschedule(appointment, 4),
        "appointments" => Request::Appointments,
        "accesses" => Request::Accesses,
        "ticket" => Request::Ticket(TicketWanted::Visit(appointment)),
        "quote" => Request::Ticket(TicketWanted::Quote {
            doctor: doctor("doc1"),
            service: Service::visit(),
        }),
        "register" => Request::Register(Registration {
            address: DoctorAddress { host: None, port: 50_000 },
            keys: keys(),
        }),
        "news" => Request::News { since: None },
        other => panic!("no request is called {other}"),
    }
}

/// A clinic in which doc1 has enrolled and registered, and bob holds slot 1.
fn clinic() -> (Clinic, AppointmentId) {
    let mut clinic = Clinic::open();
    let mut doc1 = clinic.enrolled("doc1");
    let register = request("register", nobodys(), PatientId::fresh(now(), &entropy(99)));
    let reply = clinic.ask(&mut doc1, register);
    assert!(matches!(reply, Reply::Registered(_)), "{reply:?}");
    let bobs = clinic.booked("bob", 1).id;
    (clinic, bobs)
}

fn nobodys() -> AppointmentId {
    AppointmentId::fresh(now(), &entropy(77))
}

#[test]
fn every_role_has_its_verbs_and_no_other() {
    for (at, who) in WHO.iter().enumerate() {
        for (name, allowed) in TABLE {
            let (mut clinic, bobs) = clinic();
            let bob = clinic.patient("bob");
            let mut visit = match who {
                None => clinic.visit(),
                Some(who) => clinic.logged_in(who),
            };
            clinic.notes.clear();
            let reply = clinic.ask(&mut visit, request(name, bobs, bob));
            let refusal = if who.is_some() { Refusal::NotAllowed } else { Refusal::NotLoggedIn };
            let let_through = reply != Reply::Refused(refusal);
            assert_eq!(let_through, allowed.as_bytes()[at] == b'+', "{who:?} {name}: {reply:?}");
            // Whoever is turned away at the counter is in the audit.
            let noted: Vec<NoteOutcome> = clinic.notes.iter().map(|note| note.outcome).collect();
            let expected = if let_through { vec![] } else { vec![NoteOutcome::Refused(refusal)] };
            assert_eq!(noted, expected, "{who:?} {name}");
        }
    }
}

#[test]
fn anothers_appointment_is_answered_like_one_that_does_not_exist() {
    for (who, for_whom) in [("ann", None), ("frank", Some("ann")), ("iris", Some("ann"))] {
        for name in ["cancel", "reschedule", "ticket"] {
            let (mut clinic, bobs) = clinic();
            let patient = for_whom.map(|name| clinic.patient(name));
            let mut visit = clinic.logged_in(who);
            let mut replies = Vec::new();
            for id in [bobs, nobodys()] {
                let asked = request(name, id, patient_id());
                let asked = match patient {
                    Some(patient) => for_patient(patient, asked),
                    None => asked,
                };
                replies.push(clinic.ask(&mut visit, asked));
            }
            let none_such = Reply::Refused(Refusal::NoSuchAppointment);
            assert_eq!(replies, [none_such.clone(), none_such], "{who} {name}");
            let bob = clinic.logged_in("bob");
            assert_eq!(appointments(&mut clinic, bob), [bobs]);
        }
    }
}

#[test]
fn lists_are_the_patients_own_whoever_else_has_appointments() {
    let (mut clinic, bobs) = clinic();
    let ann = clinic.logged_in("ann");
    assert_eq!(appointments(&mut clinic, ann), []);
    let bob = clinic.logged_in("bob");
    assert_eq!(appointments(&mut clinic, bob), [bobs]);
}

fn appointments(clinic: &mut Clinic, mut visit: Visit) -> Vec<AppointmentId> {
    match clinic.ask(&mut visit, Request::Appointments) {
        Reply::Appointments(views) => views.iter().map(|view| view.appointment.id).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_has_logged_in_does_not_log_in_again() {
    let (mut clinic, _) = clinic();
    for who in WHO.into_iter().flatten() {
        let mut visit = clinic.logged_in(who);
        for request in [log_in_as("bob", KeepSession::No), super::clinic::enrol("doc2")] {
            let reply = clinic.ask(&mut visit, request);
            assert_eq!(reply, Reply::Refused(Refusal::AlreadyLoggedIn), "{who}");
        }
        assert_eq!(visit.user().map(UserName::as_str), Some(who));
    }
}
