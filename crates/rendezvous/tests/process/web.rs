//! The pages of a center as a process: over HTTPS with its own certificate, and what its log holds.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use rustix::process::Signal;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::hospital::{PATIENTS, secret_words, write_files};
use crate::running::{Running, wait_for};

/// How long a test waits for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A center with pages at `web`, and where they are.
fn open(folder: &Path, web: &str, more: &[&str]) -> (Running, SocketAddr) {
    write_files(folder);
    let log = folder.join("log");
    let words = ["center", "--input", ".", "--zone", "UTC", "--web", web, "--log", "debug"];
    let center = Running::start_logging(folder, &[&words[..], more].concat(), &log);
    let port = wait_for("the pages are open", || {
        let text = std::fs::read_to_string(&log).unwrap();
        let line = text.lines().find(|line| line.contains("the pages are open"))?.to_owned();
        let port = line.rsplit(':').next()?.trim_end_matches('"');
        port.parse::<u16>().ok()
    });
    (center, SocketAddr::from(([127, 0, 0, 1], port)))
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// A browser that trusts the center's authority, and speaks HTTP inside TLS.
fn connect_over_tls(
    folder: &Path,
    address: SocketAddr,
) -> StreamOwned<ClientConnection, TcpStream> {
    let ca = CertificateDer::from_pem_file(folder.join("rendezvous.keys/ca.pem")).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider);
    let config = config.with_protocol_versions(&[&rustls::version::TLS13]).unwrap();
    let mut config = config.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(tls, connect(address))
}

/// What comes back, to the end of the connection.
fn ask(stream: &mut (impl Read + Write), request: &str) -> String {
    stream.write_all(request.as_bytes()).unwrap();
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told);
    String::from_utf8_lossy(&told).into_owned()
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
}

#[test]
fn the_pages_are_shown_over_https_with_the_center_s_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let (center, address) = open(folder.path(), "0.0.0.0:0", &[]);
    let mut browser = connect_over_tls(folder.path(), address);
    let told = ask(&mut browser, &get("/log-in"));
    assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
    assert!(told.contains("strict-transport-security: max-age=31536000\r\n"), "{told}");
    assert!(told.contains("<form"), "{told}");
    assert_eq!(browser.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    // Whoever forgets the "s" is told.
    let told = ask(&mut connect(address), &get("/log-in"));
    assert!(told.starts_with("HTTP/1.1 400 "), "{told}");
    assert!(told.contains("This port speaks HTTPS."), "{told}");
    // A browser that says nothing holds nobody up.
    let idle = connect_over_tls(folder.path(), address);
    assert!(center.end(Signal::TERM).success());
    drop(idle);
}

#[test]
fn on_loopback_the_pages_are_in_plaintext_and_ask_for_no_https() {
    let folder = tempfile::tempdir().unwrap();
    let (_center, address) = open(folder.path(), "127.0.0.1:0", &[]);
    let told = ask(&mut connect(address), &get("/log-in"));
    assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
    assert!(!told.contains("strict-transport-security"), "{told}");
}

#[test]
fn no_name_slot_or_code_of_a_visit_to_the_pages_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (center, address) = open(folder.path(), "127.0.0.1:0", &[]);
    let (user, password, plan, _) = PATIENTS[0];
    let form = format!("user={user}&password={password}");
    let head = "Host: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nConnection: close\r\n";
    let told = ask(
        &mut connect(address),
        &format!(
            "POST /log-in HTTP/1.1\r\n{head}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    );
    assert!(told.starts_with("HTTP/1.1 303 "), "{told}");
    let token = told.split("__Host-session=").nth(1).unwrap().split(';').next().unwrap();
    let code = "7QJ4-MISTLETOE";
    for path in ["/slots?doctor=doc1&day=2026-11-24", &format!("/password/{code}"), "/log-in"] {
        let cookie = format!("Cookie: __Host-session={token}; __Host-wanted={plan}\r\n");
        ask(&mut connect(address), &format!("GET {path} HTTP/1.1\r\n{head}{cookie}\r\n"));
    }
    ask(&mut connect(address), &format!("{user} {plan}\r\n\r\n"));
    assert!(center.end(Signal::TERM).success());
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    let lines = log.lines().filter(|line| line.contains("answered")).count();
    assert!(lines >= 4 && log.contains("/log-in"), "the visit is in the log: {log}");
    let secret = secret_words().into_iter().chain([token, code, "2026-11-24", "doctor="]);
    for word in secret {
        assert!(!log.contains(word), "{word}: {log}");
    }
}

#[test]
fn a_flood_of_connections_is_held_to_the_limit_that_was_set() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ["--web-connections-max", "3", "--web-head-deadline", "60s"];
    let (_center, address) = open(folder.path(), "127.0.0.1:0", &limits);
    let mut idle: Vec<TcpStream> = (0..10).map(|_| connect(address)).collect();
    let told = ask(&mut connect(address), &get("/log-in"));
    assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
    // The first had to make room, long before its time was over.
    let gone = idle[0].read(&mut [0]);
    assert!(matches!(gone, Ok(0)), "{gone:?}");
}

/// A patient at a line of JSON.
struct Line(BufReader<TcpStream>);

impl Line {
    fn ask(&mut self, line: &str) -> serde_json::Value {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut reply = String::new();
        self.0.read_line(&mut reply).unwrap();
        serde_json::from_str(&reply).unwrap_or_else(|error| panic!("{error}: {reply}"))
    }

    fn log_in(center: SocketAddr, (user, password): (&str, &str)) -> Self {
        let mut line = Self(BufReader::new(connect(center)));
        let log_in =
            format!(r#"{{"id":0,"request":"log_in","user":"{user}","password":"{password}"}}"#);
        assert_eq!(line.ask(&log_in)["reply"], "logged_in");
        line
    }
}

/// A form, with the cookie of a session.
fn form(path: &str, cookie: &str, fields: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n\
         Connection: close\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{fields}",
        fields.len()
    )
}

#[test]
fn of_a_line_and_a_page_that_want_one_slot_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let (center, pages) = open(folder.path(), "127.0.0.1:0", &[]);
    let (first, second) = (PATIENTS[0], PATIENTS[1]);
    let mut line = Line::log_in(center.address, (first.0, first.1));
    let log_in = form("/log-in", "a=b", &format!("user={}&password={}", second.0, second.1));
    let told = ask(&mut connect(pages), &log_in);
    let token = told.split("__Host-session=").nth(1).unwrap().split(';').next().unwrap();
    let cookie = format!("__Host-session={token}");
    let slots = line.ask(r#"{"id":1,"request":"slots","limit":60}"#);
    let slots = slots["slots"].as_array().unwrap().clone();
    assert!(slots.len() >= 40, "{}", slots.len());
    let (mut by_line, mut by_page) = (0, 0);
    for slot in &slots {
        let id = slot["slot_id"].as_i64().unwrap();
        let wanted = form("/book", &cookie, &format!("slot={id}&request=page{id}"));
        let together = Barrier::new(2);
        let (at_line, at_page) = std::thread::scope(|scope| {
            let at_page = scope.spawn(|| {
                let mut stream = connect(pages);
                together.wait();
                ask(&mut stream, &wanted)
            });
            together.wait();
            let book =
                format!(r#"{{"id":2,"request":"book","slot_id":{id},"request_id":"line{id}"}}"#);
            (line.ask(&book), at_page.join().unwrap())
        });
        let line_won = at_line["reply"] == "booked";
        let page_won = at_page.starts_with("HTTP/1.1 303 ");
        assert!(line_won || at_line["refusal"] == "slot_taken", "{at_line}");
        assert!(page_won || at_page.starts_with("HTTP/1.1 409 "), "{at_page}");
        assert!(line_won != page_won, "slot {id}: {at_line} {at_page}");
        by_line += usize::from(line_won);
        by_page += usize::from(page_won);
    }
    assert_eq!(by_line + by_page, slots.len());
}
