//! A site's keys and certificates, with the whole binary: who may get at them, and that they change
//! without dropping anybody.

use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use domain::{Password, UserName};
use net::patient::{CallError, Caller, Security};
use net::tls::TlsClient;
use protocol::{Dialect, KeepSession, LogInWith, Reply, Request};
use rustix::process::Signal;

use crate::operator::Office;
use crate::running::{INPUT, Running, wait_for};

fn mode_of(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_center_makes_its_keys_for_nobody_else() {
    let office = Office::open();
    let center = Running::start(office.path(), &["center", "--input", INPUT]);
    center.end(Signal::TERM);
    let keys = office.path().join("rendezvous.keys");
    assert_eq!(mode_of(&keys), 0o700);
    let secret =
        ["audit.key", "identity.key", "device.key", "tickets.keys", "ca.key", "center.key"];
    for name in secret {
        assert_eq!(mode_of(&keys.join(name)), 0o600, "{name}");
    }
    for name in ["identity.pub", "ca.pem", "center.pem", "audit.head"] {
        assert_eq!(mode_of(&keys.join(name)), 0o644, "{name}");
    }
    assert_eq!(fs::read_dir(&keys).unwrap().count(), 10, "and nothing else");
}

#[test]
fn a_key_that_others_may_get_at_is_refused_with_its_mode() {
    let office = Office::open();
    Running::start(office.path(), &["center"]).end(Signal::TERM);
    let secret =
        ["audit.key", "identity.key", "device.key", "tickets.keys", "ca.key", "center.key"];
    for name in secret {
        let path = office.path().join("rendezvous.keys").join(name);
        let before = fs::read(&path).unwrap();
        set_mode(&path, 0o640);
        let (code, _, stderr) = office.run(&["center", "--listen", "127.0.0.1:0"]);
        let expected = format!(
            "rendezvous.keys/{name}: has mode 0640: others may get at it, expected mode 0600"
        );
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.lines().any(|line| line == expected), "{name}: {stderr}");
        assert_eq!(fs::read(&path).unwrap(), before);
        set_mode(&path, 0o600);
    }
    set_mode(&office.path().join("rendezvous.keys"), 0o770);
    let wrong = "rendezvous.keys: has mode 0770: others may change its keys, expected mode 0700\n";
    office.expect(&["admin", "check"], 2, "", wrong);
}

#[test]
fn a_named_key_file_that_the_world_may_read_is_refused() {
    let office = Office::open();
    office.run(&["admin", "certificate"]);
    let keys = office.path().join("rendezvous.keys");
    let (cert, key) = (office.path().join("my.pem"), office.path().join("my.key"));
    fs::copy(keys.join("center.pem"), &cert).unwrap();
    fs::copy(keys.join("center.key"), &key).unwrap();
    let words =
        ["center", "--listen", "127.0.0.1:0", "--tls-cert", "my.pem", "--tls-key", "my.key"];
    set_mode(&key, 0o644);
    let (code, _, stderr) = office.run(&words);
    assert_eq!(code, 2, "{stderr}");
    let wrong = "my.key: has mode 0644: others may get at it, expected mode 0600";
    assert!(stderr.contains(wrong), "{stderr}");
    set_mode(&key, 0o600);
    let authority = fs::read(keys.join("ca.pem")).unwrap();
    let serving = [&words[..1], &words[3..], &["--input", INPUT]].concat();
    let center = Running::start(office.path(), &serving);
    Patient::log_in(center.address, &authority).unwrap();
    center.end(Signal::TERM);
    fs::write(&key, "no key").unwrap();
    let (code, _, stderr) = office.run(&words);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("my.key: there is no private key"), "{stderr}");
}

/// A patient's connection through TLS, logged in.
struct Patient {
    tasks: tokio::runtime::Runtime,
    caller: Caller,
}

impl Patient {
    fn log_in(center: SocketAddr, authority: &[u8]) -> Result<Self, CallError> {
        let tasks = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let security = Security::Tls(TlsClient::trusting(authority).unwrap());
        let mut caller =
            tasks.block_on(Caller::connect(&center.to_string(), Dialect::Json, &security))?;
        let request = Request::LogIn {
            user: UserName::new("patient1").unwrap(),
            password: Password::new("password111").unwrap(),
            session: KeepSession::No,
            with: LogInWith::default(),
        };
        let reply = tasks.block_on(caller.ask(&request))?;
        assert!(matches!(reply, Reply::LoggedIn(_)), "{reply:?}");
        Ok(Self { tasks, caller })
    }

    fn appointments(&mut self) -> Reply {
        self.tasks.block_on(self.caller.ask(&Request::Appointments)).unwrap()
    }
}

#[test]
fn a_new_certificate_is_taken_over_without_dropping_anybody() {
    let office = Office::open();
    let log = office.path().join("log");
    let center = Running::start_logging(office.path(), &["center", "--input", INPUT], &log);
    let authority = fs::read(office.path().join("rendezvous.keys/ca.pem")).unwrap();
    let mut patient = Patient::log_in(center.address, &authority).unwrap();

    let (code, told, _) = office.run(&["admin", "certificate", "--name", "clinic.example"]);
    assert_eq!(code, 0);
    assert_eq!(
        told,
        "made a certificate for clinic.example, good for 397 days: rendezvous.keys/center.pem\n\
         clients trust it with --ca rendezvous.keys/ca.pem (the same as before, if they have it)\n"
    );
    let refused = wait_for("a certificate of another name", || {
        Patient::log_in(center.address, &authority).err()
    });
    assert!(matches!(refused, CallError::Untrusted { .. }), "{refused:?}");
    assert_eq!(patient.appointments(), Reply::Appointments(Vec::new()));

    let broken = office.path().join("rendezvous.keys/center.pem");
    fs::write(&broken, "hello").unwrap();
    wait_for("a line in the log", || {
        let text = fs::read_to_string(&log).unwrap();
        text.lines().any(|line| line.contains("the old certificate is shown on")).then_some(())
    });
    let still = Patient::log_in(center.address, &authority).err();
    assert!(matches!(still, Some(CallError::Untrusted { .. })), "{still:?}");

    office.run(&["admin", "certificate", "--name", "127.0.0.1", "--days", "20"]);
    wait_for("a certificate of its own name", || Patient::log_in(center.address, &authority).ok());
    assert_eq!(patient.appointments(), Reply::Appointments(Vec::new()));
    wait_for("a warning in the log", || {
        let text = fs::read_to_string(&log).unwrap();
        text.contains("the certificate expires in 19 days, at 20").then_some(())
    });
}

#[test]
fn a_center_that_answers_plaintext_from_a_network_says_so() {
    let office = Office::open();
    let log = office.path().join("log");
    let words =
        ["center", "--allow-plaintext", "192.0.2.0/24", "--allow-plaintext", "2001:db8::/32"];
    Running::start_logging(office.path(), &words, &log).end(Signal::TERM);
    let text = fs::read_to_string(&log).unwrap();
    let warned = |line: &&str| line.contains("WARN") && !line.contains("open files");
    let warnings: Vec<&str> = text.lines().filter(warned).collect();
    assert_eq!(warnings.len(), 2, "{text}");
    for network in ["192.0.2.0/24", "2001:db8::/32"] {
        let about = warnings.iter().filter(|line| line.contains(network));
        assert!(about.clone().all(|line| line.contains("plaintext is answered")), "{text}");
        assert_eq!(about.count(), 1, "{text}");
    }
}

#[test]
fn few_open_files_leave_few_connections_and_the_log_says_so() {
    let office = Office::open();
    let serving = office.command(&["center", "--listen", "127.0.0.1:0"]);
    let log = office.path().join("log");
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n 200; exec \"$0\" \"$@\" 2>log"]).arg(serving.get_program());
    command.args(serving.get_args()).current_dir(office.path());
    for (name, value) in serving.get_envs() {
        assert!(value.is_none(), "{name:?} is only taken away");
        command.env_remove(name);
    }
    let center = Running::of(&mut command);
    let mut guests: Vec<TcpStream> = Vec::new();
    for _ in 0..102 {
        let mut guest = TcpStream::connect(center.address).unwrap();
        guest.write_all(b"{\"id\":1,\"request\":\"log_out\"}\n").unwrap();
        assert!(guest.read(&mut [0; 1_024]).unwrap() > 0);
        guests.push(guest);
    }
    for guest in &mut guests {
        guest.write_all(b"{\"id\":2,\"request\":\"log_out\"}\n").unwrap();
        assert!(guest.read(&mut [0; 1_024]).unwrap() > 0, "nobody had to make room");
    }
    center.end(Signal::TERM);
    let text = fs::read_to_string(&log).unwrap();
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains("WARN")).collect();
    let expected = "at most 200 open files: that leaves 102 connections at once, instead of 16384 \
                    (raise it with ulimit -n, or LimitNOFILE= of the unit)";
    assert_eq!(warnings.len(), 1, "{text}");
    assert!(warnings[0].ends_with(expected), "{text}");
}

#[test]
fn ticket_keys_survive_a_restart_and_change_when_it_is_time() {
    let office = Office::open();
    let file = office.path().join("rendezvous.keys/tickets.keys");
    let read = || fs::read_to_string(&file).unwrap();
    Running::start(office.path(), &["center"]).end(Signal::TERM);
    let first = read();
    Running::start(office.path(), &["center"]).end(Signal::TERM);
    assert_eq!(read(), first);
    let (code, told, _) = office.run(&["admin", "rotate-keys"]);
    assert_eq!((code, read().lines().count()), (0, 2), "{told}");
    assert!(told.starts_with("tickets are signed with a new key in 60 s; 1 older ones"), "{told}");
    assert!(read().starts_with(&first));
    let (code, _, _) = office.run(&["admin", "rotate-keys", "--at-once"]);
    assert_eq!((code, read().lines().count()), (0, 1));

    let log = office.path().join("log");
    let words = ["center", "--ticket-key-days", "2s"];
    let center = Running::start_logging(office.path(), &words, &log);
    wait_for("a third key", || (read().lines().count() >= 3).then_some(()));
    wait_for("a line in the log", || {
        fs::read_to_string(&log).unwrap().contains("new ticket keys").then_some(())
    });
    center.end(Signal::TERM);
}
