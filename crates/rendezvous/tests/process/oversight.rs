//! Who did what, who may do what, and being forgotten: `rendezvous admin` with the whole binary.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;

use crate::operator::Office;
use crate::running::{INPUT, Running, wait_for};

/// JSON lines in plaintext, from this machine.
struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(center: SocketAddr) -> Self {
        Self(BufReader::new(TcpStream::connect(center).unwrap()))
    }

    fn ask(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut reply = String::new();
        self.0.read_line(&mut reply).unwrap();
        reply
    }

    fn log_in(center: SocketAddr, user: &str, password: &str, session: bool) -> (Self, String) {
        let mut client = Self::connect(center);
        let request = format!(
            r#"{{"id":1,"request":"log_in","user":"{user}","password":"{password}","session":{session}}}"#
        );
        let reply = client.ask(&request);
        (client, reply)
    }
}

/// A store with a patient of a name that is nowhere else.
fn office_with_ana() -> Office {
    let office = Office::open();
    office.run(&["admin", "import", INPUT, "--zone", "Europe/Berlin"]);
    let add = ["admin", "add-patient", "ana", "--name", "Anastazija Novakovic"];
    assert_eq!(office.run_with(&add, "correct horse").0, 0);
    office
}

fn lines_of(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_done_is_in_the_audit_and_verifies() {
    let office = office_with_ana();
    let center = Running::start(office.path(), &["center"]);
    let (_, reply) = Client::log_in(center.address, "ana", "wrong horse", false);
    assert!(reply.contains("wrong_credentials"), "{reply}");
    let (mut ana, reply) = Client::log_in(center.address, "ana", "correct horse", false);
    assert!(reply.contains("logged_in"), "{reply}");
    let booking = r#"{"id":2,"request":"book","slot":"1","request_id":"b-1"}"#;
    let reply = ana.ask(booking);
    assert!(reply.contains("booked"), "{reply}");
    center.end(Signal::TERM);

    let (code, told, errors) = office.run(&["admin", "audit", "--json", "--patient", "ana"]);
    assert_eq!(code, 0, "{errors}");
    let book: Vec<_> = lines_of(&told).into_iter().filter(|r| r["verb"] == "book").collect();
    assert_eq!(book.len(), 1, "{told}");
    assert_eq!((&book[0]["user"], &book[0]["who"]), (&"ana".into(), &"account".into()));
    assert_eq!(book[0]["source"], "127.0.0.1");

    let (_, all, _) = office.run(&["admin", "audit", "--json"]);
    assert_eq!(lines_of(&all).last().unwrap()["verb"], "look_at_audit");
    let wrong = lines_of(&all).into_iter().find(|r| r["outcome"] == "wrong_credentials");
    assert_eq!(wrong.map(|r| r["who"].clone()), Some("stranger".into()), "{all}");
    assert!(!all.contains("horse"), "{all}");
    let (_, table, _) = office.run(&["admin", "audit", "--since", "2020-01-01"]);
    assert!(table.ends_with("times are in Europe/Berlin\n"), "{table}");
    let none = office.run(&["admin", "audit", "--json", "--since", "2999-01-01T09:00"]);
    assert_eq!(none, (0, String::new(), String::new()));

    // Each look at it is in it, too, but it was not there yet when it was shown first.
    let count = lines_of(&all).len() + 2;
    let (code, told, _) = office.run(&["admin", "audit", "--verify"]);
    let expected = format!("rendezvous.db: {count} records of the audit, all is well\n");
    assert_eq!((code, told), (0, expected));
    office.expect(&["admin", "check"], 0, "rendezvous.db: all is well\n", "");
}

#[test]
fn a_signed_head_that_was_tampered_with_is_found() {
    let office = office_with_ana();
    let path = office.path().join("rendezvous.keys/audit.head");
    let head = fs::read_to_string(&path).unwrap();
    let verify = |expected: &str| {
        let (code, told, _) = office.run(&["admin", "audit", "--verify"]);
        assert_eq!((code, told.trim_end()), (1, expected));
        assert_eq!(office.run(&["admin", "check"]).0, 1);
    };
    let broken = "rendezvous.db: rendezvous.keys/audit.head: is not as the center signed it";
    let entry = head.lines().nth(1).unwrap();
    fs::write(&path, head.replace(entry, "entry 1")).unwrap();
    verify(broken);
    fs::write(&path, "").unwrap();
    verify(broken);
    fs::remove_file(&path).unwrap();
    verify(
        "rendezvous.db: rendezvous.keys/audit.head: not found, so that nobody can tell whether the \
         audit's end was cut off",
    );
    fs::write(&path, head).unwrap();
    assert_eq!(office.run(&["admin", "audit", "--verify"]).0, 0);
}

#[test]
fn an_audit_whose_end_is_gone_is_found_and_its_head_not_signed_again() {
    let office = office_with_ana();
    let store = office.path().join("rendezvous.db");
    office.run(&["admin", "backup", "before.db"]);
    office.run_with(&["admin", "set-password", "ana"], "battery staple");
    let head = office.path().join("rendezvous.keys/audit.head");
    let signed = fs::read_to_string(&head).unwrap();
    // As if the last records had never been: the store of before, under the head of now.
    for left in ["rendezvous.db-wal", "rendezvous.db-shm"] {
        let _ = fs::remove_file(office.path().join(left));
    }
    fs::copy(office.path().join("before.db"), &store).unwrap();
    let (code, told, _) = office.run(&["admin", "audit", "--verify"]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("the chain ends with record"), "{told}");

    let log = office.path().join("log");
    let center = Running::start_logging(office.path(), &["center"], &log);
    let (_, reply) = Client::log_in(center.address, "ana", "correct horse", true);
    assert!(reply.contains("logged_in"), "{reply}");
    wait_for("a line in the log", || {
        fs::read_to_string(&log)
            .unwrap()
            .contains("run rendezvous admin audit --verify")
            .then_some(())
    });
    center.end(Signal::TERM);
    assert_eq!(fs::read_to_string(&head).unwrap(), signed);
    assert_eq!(office.run(&["admin", "audit", "--verify"]).0, 1);
}

#[test]
fn a_restored_store_verifies_with_its_keys_and_not_without() {
    let office = office_with_ana();
    office.run(&["admin", "backup", "before.db"]);
    office.run_with(&["admin", "set-password", "ana"], "battery staple");
    let (code, told, errors) = office.run(&["admin", "restore", "before.db"]);
    assert_eq!(code, 0, "{errors}");
    assert!(told.contains("the signed head is now rendezvous.keys/audit.head.replaced-"), "{told}");
    let (code, told, _) = office.run(&["admin", "audit", "--verify"]);
    assert_eq!(code, 0, "{told}");
    // It is a restored store's that its head was signed anew: that is in it for ever.
    assert!(told.contains("the signed head was missing when record "), "{told}");
    let none = "other.keys/audit.key: not found, expected the key that the audit was written with \
                (keep the keys folder with its backups)\n";
    for task in [
        &["admin", "audit", "--verify", "--keys", "other.keys"][..],
        &["admin", "check", "--keys", "other.keys"],
    ] {
        office.expect(task, 2, "", none);
    }
    assert!(!office.path().join("other.keys").exists());
}

#[test]
fn a_cut_that_took_the_signed_head_along_stays_in_the_trail() {
    let office = office_with_ana();
    let store = office.path().join("rendezvous.db");
    let head = office.path().join("rendezvous.keys/audit.head");
    office.run(&["admin", "backup", "before.db"]);
    office.run_with(&["admin", "set-password", "ana"], "battery staple");
    let cut = || {
        for left in ["rendezvous.db-wal", "rendezvous.db-shm"] {
            let _ = fs::remove_file(office.path().join(left));
        }
        fs::copy(office.path().join("before.db"), &store).unwrap();
        fs::remove_file(&head).unwrap();
    };
    let trail = || {
        let (_, told, _) = office.run(&["admin", "audit", "--json"]);
        let records = lines_of(&told).into_iter().filter(|record| record["verb"] == "sign_head");
        let words =
            |record: serde_json::Value| (record["entry"].clone(), record["outcome"].clone());
        records.map(words).collect::<Vec<_>>()
    };
    assert_eq!(trail(), []);
    cut();
    let log = office.path().join("log");
    Running::start_logging(office.path(), &["center"], &log).end(Signal::TERM);
    let logged = fs::read_to_string(&log).unwrap();
    assert!(logged.contains("the audit is taken as it is and signed anew"), "{logged}");
    let records = trail();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].1, "no head was there");
    let (code, told, _) = office.run(&["admin", "audit", "--verify"]);
    let line = format!(
        "rendezvous.db: the signed head was missing when record {} was written: what was cut before \
         it cannot be seen\n",
        records[0].0
    );
    assert!(code == 0 && told.starts_with(&line), "{told}");
    assert!(told.ends_with(" records of the audit, all else is well\n"), "{told}");
    // Whatever opens the store first, and as often as it comes to that.
    for task in [["admin", "slots"].as_slice(), &["admin", "import", INPUT]] {
        cut();
        office.run(task);
        assert_eq!(trail().len(), 1, "{task:?}");
    }
}

#[test]
fn a_store_that_was_never_without_its_head_says_nothing_of_it() {
    let office = Office::open();
    let log = office.path().join("log");
    for _ in 0..2 {
        let center = Running::start_logging(office.path(), &["center", "--input", INPUT], &log);
        // Beside a center that has only just opened.
        assert_eq!(office.run(&["admin", "slots"]).0, 0);
        center.end(Signal::TERM);
        let logged = fs::read_to_string(&log).unwrap();
        assert!(!logged.contains("audit.head"), "{logged}");
    }
    let (code, told, _) = office.run(&["admin", "audit", "--verify"]);
    assert!(code == 0 && told.ends_with(" records of the audit, all is well\n"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}

#[test]
fn so_many_violations_are_told_as_somebody_reads() {
    let office = office_with_ana();
    for _ in 0..20 {
        office.run(&["admin", "slots"]);
    }
    let (_, told, _) = office.run(&["admin", "audit", "--verify"]);
    let count = told.strip_prefix("rendezvous.db: ").unwrap().split(' ').next().unwrap();
    let count: usize = count.parse().unwrap();
    let key = office.path().join("rendezvous.keys/audit.key");
    fs::write(&key, "ab".repeat(32)).unwrap();
    for task in [["admin", "audit", "--verify"].as_slice(), &["admin", "check"]] {
        let (code, told, _) = office.run(task);
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!((code, lines.len()), (1, 21), "{told}");
        assert_eq!(lines[20], format!("rendezvous.db: and {} more", count - 20));
    }
}

#[test]
fn sessions_are_listed_and_ended() {
    let office = office_with_ana();
    let center = Running::start(office.path(), &["center"]);
    let (_, reply) = Client::log_in(center.address, "ana", "correct horse", true);
    let reply: serde_json::Value = serde_json::from_str(&reply).unwrap();
    let token = reply["token"].as_str().unwrap().to_owned();
    let resume = format!(r#"{{"id":1,"request":"resume","token":"{token}"}}"#);
    let (_, told, _) = office.run(&["admin", "sessions", "--json"]);
    let sessions = lines_of(&told);
    assert_eq!((sessions.len(), &sessions[0]["user"]), (1, &"ana".into()), "{told}");
    assert_eq!(sessions[0]["role"], "patient");
    assert!(!told.contains(&token), "{told}");
    let id = sessions[0]["session"].as_str().unwrap().to_owned();

    let done = format!("ended 1 session with id {id}\n");
    office.expect(&["admin", "end-sessions", "--session", &id], 0, &done, "");
    let gone = format!("rendezvous: there is no open session with id {id}\n");
    office.expect(&["admin", "end-sessions", "--session", &id], 3, "", &gone);
    let reply = Client::connect(center.address).ask(&resume);
    assert!(reply.contains("session_ended"), "{reply}");

    Client::log_in(center.address, "ana", "correct horse", true);
    Client::log_in(center.address, "ana", "correct horse", true);
    let done = "ended 2 sessions of ana, and all log-ins that keep none\n";
    office.expect(&["admin", "end-sessions", "ana"], 0, done, "");
    let unknown = "rendezvous: there is no user bob\n";
    office.expect(&["admin", "end-sessions", "bob"], 3, "", unknown);
    office.expect(&["admin", "sessions", "--json"], 0, "", "");
}

#[test]
fn who_keeps_no_session_is_ended_with_the_sessions() {
    let office = office_with_ana();
    let center = Running::start(office.path(), &["center"]);
    let ended = "ended 0 sessions of ana, and all log-ins that keep none\n";
    for request in [
        r#"{"id":2,"request":"slots"}"#,
        r#"{"id":2,"request":"appointments"}"#,
        r#"{"id":2,"request":"book","slot":"1","request_id":"b-1"}"#,
    ] {
        let (mut ana, reply) = Client::log_in(center.address, "ana", "correct horse", false);
        assert!(reply.contains("logged_in"), "{reply}");
        let reply = ana.ask(r#"{"id":2,"request":"slots"}"#);
        assert!(reply.contains("doc1"), "{reply}");
        office.expect(&["admin", "end-sessions", "ana"], 0, ended, "");
        let reply = ana.ask(request);
        assert!(reply.contains("session_ended"), "{request}: {reply}");
    }
}

#[test]
fn whatever_the_operator_looks_at_and_does_to_the_keys_is_in_the_audit() {
    let office = office_with_ana();
    let verbs = || -> Vec<String> {
        let (_, told, _) = office.run(&["admin", "audit", "--json"]);
        let records = lines_of(&told).into_iter().filter(|record| record["who"] == "operator");
        records.map(|record| record["verb"].as_str().unwrap().to_owned()).collect()
    };
    for (words, verb) in [
        (&["admin", "patients"][..], "look_at_patients"),
        (&["admin", "slots"], "look_at_slots"),
        (&["admin", "appointments", "--all"], "look_at_appointments"),
        (&["admin", "sessions"], "look_at_sessions"),
        (&["admin", "certificate"], "renew_certificate"),
        (&["admin", "rotate-keys"], "rotate_ticket_keys"),
        (&["admin", "audit", "--patient", "ana"], "look_at_audit"),
    ] {
        let (code, _, errors) = office.run(words);
        assert_eq!(code, 0, "{errors}");
        // The last one is this look itself.
        let verbs = verbs();
        assert_eq!(verbs[verbs.len() - 2..], [verb, "look_at_audit"]);
        // What was recorded is covered by the signed head.
        assert_eq!(office.run(&["admin", "audit", "--verify"]).0, 0);
    }
    // Doctors are nobody's data.
    let before = verbs().len();
    office.run(&["admin", "doctors"]);
    assert_eq!(verbs().len(), before + 1);
    let (_, about_ana, _) = office.run(&["admin", "audit", "--json", "--patient", "ana"]);
    assert!(lines_of(&about_ana).iter().any(|record| record["verb"] == "look_at_audit"));
}

#[test]
fn keys_are_made_before_there_is_a_store() {
    let office = Office::open();
    for task in ["certificate", "rotate-keys"] {
        let (code, _, errors) = office.run(&["admin", task]);
        assert_eq!(code, 0, "{errors}");
    }
    assert!(!office.path().join("rendezvous.db").exists());
}

#[test]
fn staff_get_an_authenticator_once() {
    let office = office_with_ana();
    let add = ["admin", "add-staff", "desk", "--role", "front-desk", "--name", "Front Desk"];
    let (code, _, stderr) = office.run_with(&add, "short");
    assert_eq!(code, 2, "{stderr}");
    let (code, told, stderr) = office.run_with(&add, "correct horse");
    assert_eq!(code, 0, "{stderr}");
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "added front-desk desk");
    assert!(lines[2].starts_with("otpauth://totp/Rendezvous:desk?secret="), "{told}");
    let secret = lines[3].strip_prefix("or type in the secret ").unwrap();
    assert_eq!(secret.len(), 32);
    assert!(lines[2].contains(secret));
    assert_eq!(office.run_with(&add, "correct horse").0, 3);
    let (code, told, _) = office.run(&["admin", "new-totp", "desk"]);
    assert_eq!(code, 0);
    assert!(told.contains("otpauth://") && !told.contains(secret), "{told}");
    let unknown = "rendezvous: there is no user bob\n";
    office.expect(&["admin", "new-totp", "bob"], 3, "", unknown);
    let robot = ["admin", "add-staff", "robot", "--role", "integrator"];
    let (code, told, _) = office.run_with(&robot, "correct horse");
    assert_eq!((code, told.as_str()), (0, "added integrator robot\n"));
}

#[test]
fn a_doctor_is_offered_one_code_at_a_time() {
    let office = office_with_ana();
    let code_of = |told: &str| {
        let mut lines = told.lines();
        let first = lines.next().unwrap();
        assert!(first.starts_with("doc1 can enrol once with this code, until "), "{told}");
        assert!(first.ends_with(" in Europe/Berlin:"), "{told}");
        let code = lines.next().unwrap().to_owned();
        assert_eq!((code.len(), lines.next()), (19, None), "{told}");
        code
    };
    let (code, told, _) = office.run(&["admin", "enrol", "doc1"]);
    assert_eq!(code, 0);
    let (code, again, _) = office.run(&["admin", "enrol", "doc1", "--valid", "10m"]);
    assert_eq!(code, 0);
    assert_ne!(code_of(&told), code_of(&again));
    let unknown = "rendezvous: there is no doctor doc9: doctors come with the clinic's files, by \
                   rendezvous admin import DIR\n";
    office.expect(&["admin", "enrol", "doc9"], 3, "", unknown);
    let (_, audit, _) = office.run(&["admin", "audit", "--json"]);
    assert!(!audit.contains(&code_of(&again)), "{audit}");
}

#[test]
fn a_doctor_enrols_with_the_latest_code_and_once() {
    let office = office_with_ana();
    let center = Running::start(office.path(), &["center"]);
    let offered = || {
        let (_, told, _) = office.run(&["admin", "enrol", "doc1"]);
        told.lines().nth(1).unwrap().to_owned()
    };
    let enrol = |code: &str| {
        let mut doctor = Client::connect(center.address);
        doctor.ask(&format!(
            r#"{{"id":1,"request":"enrol","doctor":"doc1","code":"{code}","password":"a long secret"}}"#
        ))
    };
    let (earlier, latest) = (offered(), offered());
    for (code, expected) in
        [(&earlier, "wrong_credentials"), (&latest, "logged_in"), (&latest, "wrong_credentials")]
    {
        let reply = enrol(code);
        assert!(reply.contains(expected), "{reply}");
    }
    let (_, reply) = Client::log_in(center.address, "doc1", "a long secret", false);
    assert!(reply.contains("logged_in"), "{reply}");
}

#[test]
fn guesses_are_taken_as_often_as_the_operator_says() {
    let office = office_with_ana();
    let center = Running::start(office.path(), &["center", "--guesses-per-source-hour", "2"]);
    for expected in ["wrong_credentials", "wrong_credentials", "throttled"] {
        let (_, reply) = Client::log_in(center.address, "ana", "wrong horse", false);
        assert!(reply.contains(expected), "{reply}");
    }
    center.end(Signal::TERM);
    let (_, audit, _) = office.run(&["admin", "audit", "--json"]);
    assert!(lines_of(&audit).iter().any(|r| r["outcome"] == "throttled"), "{audit}");
}

#[test]
fn what_is_known_about_a_patient_is_exported_to_nobody_else() {
    let office = office_with_ana();
    let export = ["admin", "export", "ana", "--output", "ana.json"];
    let done = "wrote what is held about ana to ana.json\n";
    office.expect(&export, 0, done, "");
    let path = office.path().join("ana.json");
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&path).unwrap();
    let data: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(data["person"]["name"], "Anastazija Novakovic");
    let there = "ana.json: is there already, expected a new file\n";
    office.expect(&export, 2, "", there);
    let id = data["patient"].as_str().unwrap();
    let (code, printed, _) = office.run(&["admin", "export", id]);
    assert_eq!(code, 0);
    assert!(printed.contains("Anastazija Novakovic"), "{printed}");
    let unknown = "rendezvous: there is no patient bob\n";
    office.expect(&["admin", "export", "bob"], 3, "", unknown);
    let (_, audit, _) = office.run(&["admin", "audit", "--json", "--patient", "ana"]);
    let looks = lines_of(&audit).into_iter().filter(|r| r["who"] == "operator").count();
    assert!(looks >= 2, "{audit}");
}

#[test]
fn a_patient_who_is_erased_is_in_no_file_of_the_store() {
    let office = office_with_ana();
    let center = Running::start(office.path(), &["center"]);
    let (mut ana, _) = Client::log_in(center.address, "ana", "correct horse", true);
    let booked = ana.ask(r#"{"id":2,"request":"book","slot":"1","request_id":"b-1"}"#);
    assert!(booked.contains("booked"), "{booked}");
    let holds = |needle: &str| {
        let files = fs::read_dir(office.path()).unwrap().map(|entry| entry.unwrap().path());
        let of_store = files.filter(|path| {
            path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("rendezvous.db"))
        });
        of_store
            .filter(|path| {
                let bytes = fs::read(path).unwrap();
                bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
            })
            .count()
    };
    assert!(holds("Anastazija Novakovic") > 0);
    let asks = "error: this cannot be undone: say so with --yes\n";
    office.expect(&["admin", "erase", "ana"], 2, "", asks);
    let (code, told, errors) = office.run(&["admin", "erase", "ana", "--yes"]);
    assert_eq!(code, 0, "{errors}");
    assert!(told.starts_with("erased ana: 1 appointments to come are cancelled"), "{told}");
    assert!(told.contains("backups that were made before still hold the person"), "{told}");
    assert_eq!(holds("Anastazija"), 0);
    assert_eq!(holds("Novakovic"), 0);
    assert_eq!(office.run(&["admin", "erase", "ana", "--yes"]).0, 3);
    let (_, reply) = Client::log_in(center.address, "ana", "correct horse", false);
    assert!(reply.contains("wrong_credentials"), "{reply}");
    center.end(Signal::TERM);
    assert_eq!(holds("Anastazija"), 0);
    let (code, told, _) = office.run(&["admin", "audit", "--verify"]);
    assert_eq!(code, 0, "{told}");
    office.expect(&["admin", "check"], 0, "rendezvous.db: all is well\n", "");
    let scrubbed = "rendezvous.db: nothing of what was erased is left in it\n";
    office.expect(&["admin", "scrub"], 0, scrubbed, "");
}
