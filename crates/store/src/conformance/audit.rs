//! Sentences about the audit.

use domain::{Refusal, Role};

use super::Clinic;
use super::at;
use super::clinic::{
    SOURCE, account, account_id, cancelling, closing, moving, offer, patient_id, request, rows,
    the_file, user_name,
};
use crate::{
    Actor, AddPatient, AddStaff, Answer, AuditActor, AuditHead, AuditNote, AuditRecord, Book,
    Command, EndSessions, Import, NoteOutcome, NoteVerb, OperatorDeed, Outcome, PasswordHash,
    Query, SessionChoice, SetTotp, SlotChoice, Standing, Store, TotpSecret,
};

pub(super) fn every_change_and_every_refusal_is_recorded(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len() as u64;
    let held = clinic.booked(1, 1);
    clinic.book(2, 1);
    clinic.book(1, 1);
    clinic.book(1, 99);
    clinic.reschedule(1, held.id, 2);
    clinic.reschedule(2, held.id, 3);
    clinic.cancel(2, held.id);
    clinic.cancel(1, held.id);
    clinic.cancel(1, held.id);
    clinic.open_session(1, 1);
    clinic.run(closing(1));
    clinic.run(closing(1));
    clinic.set_password("patient1", "$new");
    clinic.book(1, 1);
    let told = clinic.told_after(last);
    let expected = [
        "book: booked",
        "book: slot_taken",
        "book: already_held",
        "book: no_such_slot",
        "reschedule: moved",
        "reschedule: no_such_appointment",
        "cancel: no_such_appointment",
        "cancel: cancelled",
        "cancel: appointment_closed",
        "log_in: done",
        "log_out: done",
        "set_password: done",
        "book: session_ended",
    ];
    assert_eq!(told, expected);
}

pub(super) fn what_the_operator_could_not_do_is_recorded_too(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len() as u64;
    clinic.run(Command::AddPatient(AddPatient { user: user_name("patient1"), ..account(4) }));
    clinic.run(Command::AddStaff(AddStaff {
        actor: crate::Actor::Operator,
        account: account_id(50),
        user: user_name("patient1"),
        password: PasswordHash::new("$hash50".to_owned()),
        role: Role::FrontDesk,
        name: None,
        totp: None,
    }));
    clinic.set_password("nobody", "$new");
    let (user, secret) = (user_name("nobody"), TotpSecret::new([1; 20]));
    clinic.run(Command::SetTotp(SetTotp { user, secret, actor: Actor::Operator }));
    let whose = SessionChoice::User(user_name("nobody"));
    clinic.run(Command::EndSessions(EndSessions { whose, actor: Actor::Operator }));
    clinic.run(Command::OfferEnrolment(offer("doc9", 1, at(9))));
    clinic.add_slots("doc9", &[(40, 41)]);
    clinic.add_slots("doc1", &[(37, 38)]);
    clinic.run(Command::Import(Import { zone: "Asia/Tokyo".to_owned(), ..the_file() }));
    clinic.run(Command::SettleZone("Asia/Tokyo".to_owned()));
    clinic.run(Command::SettleZone("UTC".to_owned()));
    let expected = [
        "add_patient: user_exists",
        "add_staff: user_exists",
        "set_password: no_such_user",
        "set_totp: no_such_user",
        "end_sessions: no_such_user",
        "offer_enrolment: no_such_doctor",
        "add_slots: no_such_doctor",
        "add_slots: conflict",
        "import: conflict",
        "settle_zone: conflict",
    ];
    assert_eq!(clinic.told_after(last), expected);
}

pub(super) fn a_record_says_who_what_whose_and_from_where(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = Standing { source: Some(SOURCE), ..clinic.front_desk() };
    let last = clinic.audit().len() as u64;
    let book = Book { actor: Actor::Account(desk), ..clinic.booking(1, 1) };
    let by_id = Book { slot: SlotChoice::Id(domain::SlotId(99)), ..book.clone() };
    let Outcome::Booked(booked) = clinic.run(Command::Book(book.clone())) else { panic!() };
    clinic.run(Command::Book(Book { patient: patient_id(2), ..book }));
    clinic.run(Command::Book(by_id));
    let cancel =
        crate::Cancel { actor: Actor::Operator, patient: None, ..cancelling(1, booked.id) };
    clinic.run(Command::Cancel(cancel));
    let records: Vec<AuditRecord> = clinic.audit().split_off(last as usize);
    let record = |entry, subject: &str, patient, outcome: &str, mac| AuditRecord {
        entry: last + entry,
        at: at(8),
        who: AuditActor::Account(account_id(50)),
        user: Some(user_name("desk")),
        role: Some(Role::FrontDesk),
        verb: "book".to_owned(),
        subject: Some(subject.to_owned()),
        patient: Some(patient_id(patient)),
        outcome: outcome.to_owned(),
        source: Some(SOURCE),
        times: 1,
        mac,
    };
    let id = booked.id.to_string();
    let operators = AuditRecord {
        who: AuditActor::Operator,
        user: None,
        role: None,
        verb: "cancel".to_owned(),
        source: None,
        ..record(4, &id, 1, "cancelled", records[3].mac)
    };
    let expected = [
        record(1, &id, 1, "booked", records[0].mac),
        record(2, "index 1", 2, "slot_taken", records[1].mac),
        record(3, "slot 99", 1, "no_such_slot", records[2].mac),
        operators,
    ];
    assert_eq!(records, expected);
    assert!(records.iter().all(|record| record.mac.is_some()));
}

pub(super) fn an_answer_given_again_is_recorded_as_such(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len() as u64;
    let book = Book { request: request("r1"), ..clinic.booking(1, 1) };
    clinic.run(Command::Book(book.clone()));
    clinic.run(Command::Book(book.clone()));
    let other = Book { slot: SlotChoice::Id(domain::SlotId(2)), ..book };
    clinic.run(Command::Book(other));
    let expected = ["book: booked", "book: booked, before", "book: request_id_reused"];
    assert_eq!(clinic.told_after(last), expected);
}

pub(super) fn a_note_is_recorded_as_it_is(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len();
    let note = AuditNote {
        account: None,
        verb: NoteVerb::LogIn,
        outcome: NoteOutcome::Refused(Refusal::Throttled),
        source: Some(SOURCE),
        patient: None,
        times: 37,
    };
    let good = AuditNote {
        account: Some(account_id(1)),
        outcome: NoteOutcome::Done,
        patient: Some(patient_id(1)),
        times: 1,
        ..note.clone()
    };
    assert_eq!(clinic.run(Command::Note(note)), Outcome::Done);
    assert_eq!(clinic.run(Command::Note(good.clone())), Outcome::Done);
    let records = clinic.audit().split_off(last);
    let told = records.iter().map(|r| (r.who, &*r.verb, &*r.outcome, r.source, r.times));
    let account = AuditActor::Account(account_id(1));
    let expected = [
        (AuditActor::Stranger, "log_in", "throttled", Some(SOURCE), 37),
        (account, "log_in", "done", Some(SOURCE), 1),
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let nothing = Command::Note(AuditNote { times: 0, ..good });
    assert!(clinic.writer.commit(clinic.now, &[nothing]).is_err());
}

pub(super) fn the_trail_is_read_by_time_patient_and_place(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len() as u64;
    for (hours, patient, index) in [(8, 1, 3), (9, 2, 4), (10, 1, 5)] {
        clinic.now = at(hours);
        clinic.booked(patient, index);
    }
    let mut entries = |since: Option<i64>, patient: Option<u8>, after, limit| {
        let (since, patient) = (since.map(at), patient.map(patient_id));
        match clinic.read(&Query::AuditTrail { since, patient, after, limit }) {
            Answer::AuditTrail(records) => {
                records.iter().map(|record| record.entry - last).collect::<Vec<u64>>()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(entries(None, None, Some(last), 9), [1, 2, 3]);
    assert_eq!(entries(Some(9), None, None, 9), [2, 3]);
    assert_eq!(entries(None, Some(1), None, 9), [1, 3]);
    assert_eq!(entries(Some(9), Some(1), None, 9), [3]);
    assert_eq!(entries(None, Some(1), Some(last + 1), 9), [3]);
    assert_eq!(entries(None, None, Some(last), 2), [1, 2]);
    assert_eq!(entries(None, Some(3), None, 9), Vec::<u64>::new());
}

pub(super) fn the_trail_is_read_backwards_in_a_stretch_of_time(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len() as u64;
    for (hours, patient, index) in [(9, 1, 3), (10, 2, 4), (11, 1, 5)] {
        clinic.now = at(hours);
        clinic.booked(patient, index);
    }
    let mut entries = |(since, until): (Option<i64>, Option<i64>), patient: Option<u8>, before| {
        let (since, until, patient) = (since.map(at), until.map(at), patient.map(patient_id));
        match clinic.read(&Query::AuditLatest { since, until, patient, before, limit: 2 }) {
            Answer::AuditTrail(records) => {
                records.iter().map(|record| record.entry - last).collect::<Vec<u64>>()
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(entries((None, None), None, None), [3, 2]);
    assert_eq!(entries((Some(9), None), None, Some(last + 2)), [1]);
    assert_eq!(entries((Some(9), Some(11)), None, None), [2, 1]);
    assert_eq!(entries((None, None), Some(1), None), [3, 1]);
    assert_eq!(entries((None, Some(11)), Some(1), None), [1]);
    assert_eq!(entries((Some(10), None), Some(1), Some(last + 3)), Vec::<u64>::new());
}

fn head(clinic: &mut Clinic) -> Option<AuditHead> {
    match clinic.read(&Query::AuditHead) {
        Answer::AuditHead(head) => head,
        other => panic!("{other:?}"),
    }
}

pub(super) fn the_head_grows_with_each_record(store: &dyn Store) {
    let mut clinic = Clinic::empty(store);
    assert_eq!(head(&mut clinic), None);
    clinic.run(Command::Import(the_file()));
    let first = head(&mut clinic).unwrap();
    assert_eq!(first.entry, 1);
    // Reading leaves nothing behind.
    clinic.free();
    assert_eq!(head(&mut clinic), Some(first));
    clinic.booked(1, 1);
    let second = head(&mut clinic).unwrap();
    assert_eq!(second.entry, 2);
    assert_ne!(second.mac, first.mac);
    let records = clinic.audit();
    assert_eq!(records[1].mac, Some(second.mac));
}

pub(super) fn a_conflict_in_a_batch_does_not_break_the_chain(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 1);
    let last = clinic.audit().len() as u64;
    let mut conflict = rows(&[(1, "doc1", 40)]);
    conflict.extend(rows(&[(7, "doc1", 41)]));
    let first = Command::Book(clinic.booking(1, 2));
    let import = Command::Import(Import { slots: conflict, ..the_file() });
    let second = Command::Book(clinic.booking(1, 3));
    let outcomes = clinic.batch(&[import.clone(), first, import, second]);
    assert!(matches!(outcomes[2], Outcome::ImportConflict(_)), "{outcomes:?}");
    let told = ["import: conflict", "book: booked", "import: conflict", "book: booked"];
    assert_eq!(clinic.told_after(last), told);
    // A move to where it is, is told too.
    let held = clinic.appointments_of(1)[0].clone();
    let last = clinic.audit().len() as u64;
    let index = held.slot.index.number();
    clinic.run(Command::Reschedule(moving(1, held.id, index)));
    assert_eq!(clinic.told_after(last), ["reschedule: moved"]);
}

pub(super) fn what_the_operator_did_beside_the_store_is_recorded(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let last = clinic.audit().len();
    let patient = Some(patient_id(1));
    let deeds = [
        (OperatorDeed::LookAtPatients, "look_at_patients", None),
        (OperatorDeed::LookAtSlots, "look_at_slots", None),
        (OperatorDeed::LookAtAppointments, "look_at_appointments", None),
        (OperatorDeed::LookAtSessions, "look_at_sessions", None),
        (OperatorDeed::LookAtAudit { patient }, "look_at_audit", patient),
        (OperatorDeed::LookAtAudit { patient: None }, "look_at_audit", None),
        (OperatorDeed::RenewCertificate, "renew_certificate", None),
        (OperatorDeed::RotateTicketKeys, "rotate_ticket_keys", None),
        (OperatorDeed::SignMissingHead, "sign_head", None),
    ];
    for (deed, ..) in deeds {
        assert_eq!(clinic.run(Command::Operated(deed)), Outcome::Done);
    }
    let records = clinic.audit().split_off(last);
    let told = records.iter().map(|r| (r.who, &*r.verb, r.patient, &*r.outcome));
    let expected = deeds.map(|(deed, verb, patient)| {
        let missing = deed == OperatorDeed::SignMissingHead;
        let outcome = if missing { "no head was there" } else { "done" };
        (AuditActor::Operator, verb, patient, outcome)
    });
    assert_eq!(told.collect::<Vec<_>>(), expected);
}
