//! A doctor and its center: enrolled once, known by its keys, and both survive each other.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use rustix::process::Signal;

use crate::hospital::{
    Hospital, PATIENTS, doctor_command, enrolment_code, open_center, write_files,
};
use crate::relay::Way;
use crate::running::{Running, rendezvous, told, wait_for};

#[test]
fn a_code_enrols_once_and_then_the_keys_do() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let center = open_center(folder.path());
    let start = |code: Option<&str>| {
        let mut command =
            doctor_command(folder.path(), &center.address.to_string(), "127.0.0.1:41000");
        if let Some(code) = code {
            command.env("RENDEZVOUS_ENROLMENT_CODE", code);
        }
        command
    };
    let refused = |code: Option<&str>, expected: &str| {
        let (exit, screen, errors) = told(&mut start(code));
        assert_eq!((exit, screen.as_str()), (3, ""), "{errors}");
        assert!(errors.contains(expected), "{errors}");
    };
    refused(None, "set RENDEZVOUS_ENROLMENT_CODE to what `rendezvous admin enrol doc1` prints");
    refused(Some("0000-0000-0000-0000"), "the center refuses this enrolment code of doc1");
    // The keys are there, and no center knows them: they are not even tried.
    refused(None, "set RENDEZVOUS_ENROLMENT_CODE to what `rendezvous admin enrol doc1` prints");
    let (_, records, errors) = told(&mut rendezvous(folder.path(), &["admin", "audit", "--json"]));
    assert!(records.contains("enrol"), "{records}{errors}");
    assert!(!records.contains("log_in"), "{records}{errors}");
    let code = enrolment_code(folder.path(), "doc1");
    drop(Running::of(&mut start(Some(&code.replace('-', " ")))));
    // By its keys.
    drop(Running::of(&mut start(None)));
    fs::remove_dir_all(folder.path().join("doctor.keys")).unwrap();
    refused(Some(&code), "the center refuses this enrolment code of doc1");
}

#[test]
fn keys_that_others_can_read_are_refused() {
    let hospital = Hospital::open();
    let key = hospital.path().join("doctor.keys/doc1.key");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    let center = hospital.center.address.to_string();
    let (code, screen, errors) =
        told(&mut doctor_command(hospital.path(), &center, "127.0.0.1:41000"));
    let expected =
        "doctor.keys/doc1.key: has mode 0644: others may get at it, expected mode 0600\n";
    assert_eq!((code, screen.as_str(), errors.as_str()), (2, "", expected));
}

#[test]
fn the_doctor_survives_a_restart_of_the_center_and_new_ticket_keys() {
    let mut hospital = Hospital::open();
    hospital.check(&["patient1", "--select", "1"], 0, "estimation cost");
    hospital.center.kill();
    let rotated = told(&mut rendezvous(hospital.path(), &["admin", "rotate-keys"]));
    assert_eq!(rotated.0, 0, "{}", rotated.2);
    hospital.center = open_center(hospital.path());
    hospital.counter.lead_to(hospital.center.address);
    // The patient's tries outlast the doctor's pause.
    hospital.check(&["patient1", "--select", "2"], 0, "estimation cost");
    assert_eq!(hospital.desk.recording.pieces(Way::Back).len(), 2);
}

#[test]
fn a_doctor_that_starts_while_the_center_is_away_answers_with_what_it_knows() {
    let mut hospital = Hospital::open();
    // A request on its way, while the doctor is closed and the center too.
    let held = Arc::new(Mutex::new(Vec::<Vec<u8>>::new()));
    let keeper = Arc::clone(&held);
    hospital.desk.set_mischief(move |_, datagram| {
        keeper.lock().unwrap().push(datagram.to_vec());
        Vec::new()
    });
    hospital.check(&["patient1", "--select", "1"], 1, "did not answer");
    hospital.center.kill();
    hospital.doctor.kill();
    let counter = hospital.counter.address.to_string();
    let mut command = doctor_command(hospital.path(), &counter, "127.0.0.1:41000");
    hospital.doctor = Running::of(&mut command);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    socket.send_to(&held.lock().unwrap()[0], hospital.doctor.address).unwrap();
    let count = socket.recv(&mut [0; 2_048]).unwrap();
    assert_eq!(count, 1_200, "an answer, sealed for who asked");
}

#[test]
fn the_ticket_of_a_cancelled_appointment_is_met_with_silence() {
    let hospital = Hospital::open();
    hospital.desk.set_mischief(|_, _| Vec::new());
    hospital.check(&["patient1", "--select", "1"], 1, "did not answer");
    let held = hospital.desk.recording.pieces(Way::Out);
    let (_, rows, _) =
        told(&mut hospital.patient(&["patient1", "--appointments", "--screen", "quiet"]));
    let appointment = rows.split(' ').next().unwrap().to_owned();
    hospital.check(&["patient1", "--cancel", &appointment], 0, "cancelled");
    hospital.wait_until_the_doctor_knows(&appointment);
    hospital.expect_silence(&held);
}

#[test]
fn a_signed_estimate_is_kept_and_verified_without_a_center() {
    let hospital = Hospital::open();
    hospital.check(&["patient1", "--estimate", "cost.json"], 0, "estimation cost");
    let file = hospital.path().join("cost.json");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let verify = |words: &[&str]| {
        told(rendezvous(hospital.path(), &["patient", "--verify", "cost.json"]).args(words))
    };
    let (code, printed, errors) = verify(&[]);
    assert_eq!(code, 0, "{errors}");
    let (_, _, plan, price) = PATIENTS[0];
    for line in [&format!("plan:        {plan}"), &format!("amount:      {price} USD")] {
        assert!(printed.contains(line), "{printed}");
    }
    assert!(printed.ends_with("an estimate, not a bill\n"), "{printed}");
    let (code, printed, errors) = verify(&["--center-key", &"ab".repeat(32)]);
    assert_eq!((code, printed.as_str(), errors.lines().count()), (3, "", 1), "{errors}");
    fs::write(&file, "{}").unwrap();
    let (code, printed, errors) = verify(&[]);
    assert_eq!((code, printed.as_str(), errors.lines().count()), (2, "", 1), "{errors}");
}

#[test]
fn the_doctor_keeps_a_record_of_its_estimates_that_shows_every_change() {
    let hospital = Hospital::open();
    hospital.check(&["patient1"], 0, "estimation cost");
    hospital.check(&["patient2"], 0, "estimation cost");
    let [record, head] = ["doc1.estimates", "doc1.estimates.head"]
        .map(|name| hospital.path().join("doctor.keys").join(name));
    wait_for("the record is synced", || {
        fs::read_to_string(&head).ok().filter(|head| head.contains("\"entry\":2")).map(|_| ())
    });
    assert_eq!(hospital.doctor.end(Signal::TERM).code(), Some(0));
    let verify =
        || told(&mut rendezvous(hospital.folder.path(), &["doctor", "doc1", "--verify-estimates"]));
    let (code, printed, errors) = verify();
    assert_eq!((code, errors.as_str()), (0, ""), "{printed}");
    assert!(printed.contains(": 2 estimates, nothing altered or missing"), "{printed}");
    let text = fs::read_to_string(&record).unwrap();
    assert!(!text.contains(PATIENTS[0].0), "a patient is an id: {text}");
    fs::write(&record, text.replace(PATIENTS[0].3, "1.75")).unwrap();
    let (code, printed, errors) = verify();
    assert_eq!((code, printed.as_str()), (3, ""), "{errors}");
    assert!(errors.contains("line 1 was altered"), "{errors}");
}
