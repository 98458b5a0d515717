//! Sentences about what is shown to everybody, and about deeds of accounts in the operator's place.

use domain::{Doctor, Refusal, Role, Service, Specialty};

use super::Clinic;
use super::at;
use super::clinic::{
    WEEK, account_id, doctor, doctor_name, offer, patient_id, rows, slot, staff, standing,
};
use crate::{
    Actor, AddSlots, AddStaff, Answer, AuditActor, ClinicRecord, Command, DescribeDoctor,
    DoctorRecord, FreeSlots, Hold, Import, NewSlot, OperatorDeed, Outcome, Page, Query, SlotsAfter,
    Standing, Store, Window,
};

fn stale(standing: Standing) -> Standing {
    Standing { credential: Some(99), ..standing }
}

fn wanted(doctors: &[&str], windows: &[(i64, i64)]) -> FreeSlots {
    let window = |&(from, until): &(i64, i64)| Window { from: at(from), until: at(until) };
    FreeSlots {
        doctors: doctors.iter().map(|name| doctor_name(name)).collect(),
        service: None,
        windows: windows.iter().map(window).collect(),
        after: None,
        now: at(8),
        limit: 9,
    }
}

fn page(clinic: &mut Clinic, wanted: FreeSlots) -> (Vec<u32>, Option<SlotsAfter>) {
    match clinic.read(&Query::FreeSlots(wanted)) {
        Answer::Slots(Page { slots, next }) => {
            (slots.iter().map(|slot| slot.index.number()).collect(), next)
        }
        other => panic!("{other:?}"),
    }
}

pub(super) fn free_slots_are_found_by_doctor_window_and_kind(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.run(Command::AddSlots(AddSlots {
        doctor: doctor_name("doc2"),
        service: Service::new("checkup").unwrap(),
        slots: vec![NewSlot { start: at(60), end: at(61) }],
        actor: Actor::Operator,
    }));
    // By start: 2 (15), 1 (37), 4 (58), 7 (60), 3 (86), 6 (112), 5 (132).
    let mut check = |wanted: FreeSlots, expected: &[u32]| {
        assert_eq!(page(&mut clinic, wanted.clone()), (expected.to_vec(), None), "{wanted:?}");
    };
    check(wanted(&[], &[(0, 200)]), &[2, 1, 4, 7, 3, 6, 5]);
    check(wanted(&["doc1"], &[(0, 200)]), &[1, 4, 3]);
    check(wanted(&["doc1", "doc2", "doc1"], &[(0, 200)]), &[2, 1, 4, 7, 3, 6, 5]);
    check(wanted(&["doc9"], &[(0, 200)]), &[]);
    // From the first moment of a window to before its last.
    check(wanted(&[], &[(15, 37), (58, 60), (86, 87)]), &[2, 4, 3]);
    check(wanted(&[], &[]), &[]);
    let checkup = Some(Service::new("checkup").unwrap());
    check(FreeSlots { service: checkup.clone(), ..wanted(&[], &[(0, 200)]) }, &[7]);
    check(FreeSlots { service: checkup, ..wanted(&["doc1"], &[(0, 200)]) }, &[]);
    // What begins now has begun.
    check(FreeSlots { now: at(58), ..wanted(&[], &[(58, 90)]) }, &[7, 3]);
}

pub(super) fn free_slots_are_paged_over_windows(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    for doctors in [&[][..], &["doc1", "doc2"][..]] {
        let mut seen = Vec::new();
        let mut next = None;
        loop {
            let after = next;
            let asked = wanted(doctors, &[(0, 38), (50, 60), (86, 200)]);
            let (indices, onward) = page(&mut clinic, FreeSlots { after, limit: 2, ..asked });
            seen.push(indices);
            next = onward;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, [vec![2, 1], vec![4, 3], vec![6, 5]]);
    }
}

pub(super) fn what_is_booked_or_held_is_not_free(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let booked = clinic.booked(1, 2);
    let hold = Hold {
        patient: patient_id(2),
        actor: Actor::Account(standing(2)),
        slot: domain::SlotId(1),
        expires: at(9),
        holds_max: 1,
    };
    clinic.run(Command::Hold(hold));
    let all = wanted(&[], &[(0, 200)]);
    assert_eq!(page(&mut clinic, all.clone()).0, [4, 3, 6, 5]);
    assert_eq!(page(&mut clinic, FreeSlots { now: at(9), ..all.clone() }).0, [1, 4, 3, 6, 5]);
    clinic.cancel(1, booked.id);
    assert_eq!(page(&mut clinic, all).0, [2, 4, 3, 6, 5]);
}

fn clinic_at(clinic: &mut Clinic, hour: i64) -> ClinicRecord {
    match clinic.read(&Query::Clinic { now: at(hour) }) {
        Answer::Clinic(record) => record,
        other => panic!("{other:?}"),
    }
}

fn plain(doctor: Doctor) -> DoctorRecord {
    let (shown_name, specialty, registered, enrolment_offered) = (None, None, None, None);
    DoctorRecord { doctor, shown_name, specialty, registered, enrolment_offered }
}

pub(super) fn the_clinic_tells_what_there_is_to_choose_from(store: &dyn Store) {
    let mut clinic = Clinic::empty(store);
    assert_eq!(clinic_at(&mut clinic, 8), ClinicRecord::default());
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let both = vec![plain(doctor("doc1", 41000)), plain(doctor("doc2", 42000))];
    let services = vec![Service::visit()];
    let expected = ClinicRecord { doctors: both, services, plans: Vec::new() };
    assert_eq!(clinic_at(&mut clinic, 8), expected);
    clinic.run(Command::AddSlots(AddSlots {
        doctor: doctor_name("doc2"),
        service: Service::new("checkup").unwrap(),
        slots: vec![NewSlot { start: at(60), end: at(61) }],
        actor: Actor::Operator,
    }));
    let plans = ["insurance2", "insurance1", "insurance2"].map(|plan| plan.parse().unwrap());
    let offered = Command::OfferPlans(plans.to_vec(), Actor::Account(desk));
    assert_eq!(clinic.run(offered), Outcome::Done);
    clinic.run(Command::OfferEnrolment(offer("doc2", 1, at(9))));
    let found = clinic_at(&mut clinic, 8);
    let words = |record: &ClinicRecord| -> (Vec<String>, Vec<String>) {
        let services = record.services.iter().map(ToString::to_string).collect();
        (services, record.plans.iter().map(ToString::to_string).collect())
    };
    let plans = vec!["insurance1".to_owned(), "insurance2".to_owned()];
    let services = vec!["checkup".to_owned(), "visit".to_owned()];
    assert_eq!(words(&found), (services, plans.clone()));
    assert_eq!(found.doctors[1].enrolment_offered, Some(at(8)));
    // The code is too old by then, and the checkup has begun.
    let later = clinic_at(&mut clinic, 60);
    assert_eq!(later.doctors[1].enrolment_offered, None);
    assert_eq!(words(&later), (vec!["visit".to_owned()], plans));
    // The plans are replaced as a whole.
    let fewer = Command::OfferPlans(vec!["other".parse().unwrap()], Actor::Account(desk));
    clinic.run(fewer);
    assert_eq!(words(&clinic_at(&mut clinic, 8)).1, ["other"]);
    let late = Command::OfferPlans(Vec::new(), Actor::Account(stale(desk)));
    assert_eq!(clinic.run(late), Outcome::Refused(Refusal::SessionEnded));
    assert_eq!(words(&clinic_at(&mut clinic, 8)).1, ["other"]);
}

pub(super) fn a_doctor_who_has_left_is_shown_while_there_are_slots(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.booked(1, 1);
    // doc3 takes doc1's place in the file, and the address once nobody needs it.
    clinic.now = at(40);
    let doctors = vec![doctor("doc3", 41000), doctor("doc2", 42000)];
    let slots = rows(&[(2, "doc2", 150)]);
    let file = Import { doctors, slots, ..super::clinic::the_file() };
    let outcome = clinic.run(Command::Import(file));
    assert!(matches!(outcome, Outcome::Imported(_)), "{outcome:?}");
    let names = |record: ClinicRecord| -> Vec<String> {
        record.doctors.iter().map(|it| it.doctor.name.to_string()).collect()
    };
    assert_eq!(names(clinic_at(&mut clinic, 36)), ["doc1", "doc2", "doc3"]);
    assert_eq!(names(clinic_at(&mut clinic, 37)), ["doc2", "doc3"]);
}

pub(super) fn a_doctor_is_shown_as_described(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let desk = clinic.front_desk();
    let last = clinic.audit().len() as u64;
    let describe = |name: &str, actor| DescribeDoctor {
        doctor: doctor_name(name),
        shown_name: Some("Dr. Žofie Nová".parse().unwrap()),
        specialty: Some(Specialty::new("General practice").unwrap()),
        actor,
    };
    let by_desk = Actor::Account(desk);
    let outcome = clinic.run(Command::DescribeDoctor(describe("doc1", by_desk)));
    assert_eq!(outcome, Outcome::Done);
    let outcome = clinic.run(Command::DescribeDoctor(describe("doc9", by_desk)));
    assert_eq!(outcome, Outcome::NoSuchDoctor);
    let late = describe("doc2", Actor::Account(stale(desk)));
    let outcome = clinic.run(Command::DescribeDoctor(late));
    assert_eq!(outcome, Outcome::Refused(Refusal::SessionEnded));
    let shown = |clinic: &mut Clinic| -> Vec<_> {
        let doctors = clinic_at(clinic, 8).doctors.into_iter();
        doctors
            .map(|it| (it.shown_name.map(String::from), it.specialty.map(String::from)))
            .collect()
    };
    let described = (Some("Dr. Žofie Nová".to_owned()), Some("General practice".to_owned()));
    assert_eq!(shown(&mut clinic), [described.clone(), (None, None)]);
    // Loading the files again leaves it.
    clinic.import(rows(WEEK));
    assert_eq!(shown(&mut clinic), [described, (None, None)]);
    let nothing = DescribeDoctor { shown_name: None, specialty: None, ..describe("doc1", by_desk) };
    clinic.run(Command::DescribeDoctor(nothing));
    assert_eq!(shown(&mut clinic), [(None, None), (None, None)]);
    let expected = [
        "describe_doctor: done",
        "describe_doctor: no_such_doctor",
        "describe_doctor: session_ended",
        "describe_doctor: done",
    ];
    assert_eq!(clinic.told_after(last), expected);
}

pub(super) fn an_account_oversees_in_the_operators_place(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    clinic.run(Command::AddStaff(staff(50, "admin", Role::Administrator)));
    let (admin, last) = (standing(50), clinic.audit().len());
    let deed = OperatorDeed::LookAtAudit { patient: Some(patient_id(1)) };
    let by = Actor::Account(admin);
    assert_eq!(clinic.run(Command::Oversaw(deed, by)), Outcome::Done);
    let new = |number: u8, user| AddStaff { actor: by, ..staff(number, user, Role::FrontDesk) };
    assert_eq!(clinic.run(Command::AddStaff(new(51, "desk"))), Outcome::Done);
    assert_eq!(clinic.run(Command::AddStaff(new(52, "desk"))), Outcome::UserExists);
    let late = Actor::Account(stale(admin));
    let ended = Outcome::Refused(Refusal::SessionEnded);
    assert_eq!(clinic.run(Command::Oversaw(deed, late)), ended);
    let refused = AddStaff { actor: late, ..staff(53, "other", Role::FrontDesk) };
    assert_eq!(clinic.run(Command::AddStaff(refused)), ended);
    let records = clinic.audit().split_off(last);
    assert!(records.iter().all(|record| record.who == AuditActor::Account(account_id(50))));
    let told: Vec<_> = records.iter().map(|r| format!("{}: {}", r.verb, r.outcome)).collect();
    let expected = [
        "look_at_audit: done",
        "add_staff: front-desk",
        "add_staff: user_exists",
        "look_at_audit: session_ended",
        "add_staff: session_ended",
    ];
    assert_eq!(told, expected);
    assert_eq!(records[0].patient, Some(patient_id(1)));
}

pub(super) fn one_appointment_is_read_by_its_patient(store: &dyn Store) {
    let mut clinic = Clinic::open(store);
    let appointment = clinic.booked(1, 1);
    let mut read = |patient, id, standing| {
        let (patient, now) = (patient_id(patient), at(8));
        clinic.read(&Query::Appointment { appointment: id, patient, standing, now })
    };
    let Answer::Appointment(Some(found)) = read(1, appointment.id, standing(1)) else {
        panic!("an appointment")
    };
    assert_eq!((found.appointment.slot.clone(), found.booked), (slot(1, WEEK[0]), at(8)));
    let steps: Vec<_> = found.history.iter().map(|step| (step.version, &*step.what)).collect();
    assert_eq!(steps, [(1, "booked")]);
    // Another's, and one that is not there, are alike.
    assert_eq!(read(2, appointment.id, standing(2)), Answer::Appointment(None));
    let nobodys = domain::AppointmentId::from_bytes([255; 16]);
    assert_eq!(read(1, nobodys, standing(1)), Answer::Appointment(None));
    assert_eq!(read(1, appointment.id, stale(standing(1))), Answer::NoStanding);
}
