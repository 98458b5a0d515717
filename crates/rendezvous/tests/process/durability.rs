//! `kill -9` of the center at any moment under load: what was acknowledged is there, once.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::running::{Running, rendezvous, told};

const CLIENTS: usize = 4;
const ROUNDS: usize = 6;
/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(120);
/// From the start of the center to its first answer, with 10,000 slots. The issue's measure is
/// 300 ms of a release build; here it only has to be of that kind.
const START_MAX: Duration = Duration::from_secs(10);

/// A clinic of 60 doctors who work day and night: 10,080 slots a week.
fn write_clinic(folder: &Path) -> usize {
    let users: String = (0..CLIENTS).map(|n| format!("client{n} password{n}\n")).collect();
    std::fs::write(folder.join("users.txt"), users).unwrap();
    let (mut slots, mut index) = (String::new(), 0);
    for doctor in 0..60 {
        for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] {
            for hour in 0..24 {
                index += 1;
                let half = if hour < 12 { "am" } else { "pm" };
                let port = 30_000 + doctor;
                let shown = hour % 12 + 1;
                writeln!(slots, "{index} {day} {shown}{half} doc{doctor} {port}").unwrap();
            }
        }
    }
    std::fs::write(folder.join("availabilities.txt"), slots).unwrap();
    index
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(center: SocketAddr, client: usize) -> std::io::Result<Self> {
        let stream = TcpStream::connect(center)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client_ = Self(BufReader::new(stream));
        let reply = client_.ask(&format!(
            r#"{{"id":0,"request":"log_in","user":"client{client}","password":"password{client}"}}"#
        ))?;
        assert!(reply.contains("logged_in"), "{reply}");
        Ok(client_)
    }

    fn ask(&mut self, line: &str) -> std::io::Result<String> {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes())?;
        let mut reply = String::new();
        self.0.read_line(&mut reply)?;
        if reply.ends_with('\n') {
            Ok(reply)
        } else {
            Err(std::io::ErrorKind::UnexpectedEof.into())
        }
    }

    /// The appointment that came of it, `None` when the slot has begun meanwhile; `Err` when there
    /// was no answer.
    fn book(&mut self, slot: usize) -> std::io::Result<Option<String>> {
        let reply = self.ask(&format!(
            r#"{{"id":{slot},"request":"book","slot":"{slot}","request_id":"r{slot}"}}"#
        ))?;
        if reply.contains(r#""no_such_slot""#) {
            return Ok(None);
        }
        let appointment = reply.split(r#""booked","appointment":""#).nth(1);
        Ok(Some(appointment.unwrap_or_else(|| panic!("{reply}"))[..36].to_owned()))
    }
}

/// What the clients know.
#[derive(Default)]
struct Known {
    next_slot: AtomicUsize,
    acknowledged: Mutex<BTreeMap<usize, String>>,
    /// Asked for and not answered, with the client who asked.
    unknown: Mutex<BTreeSet<(usize, usize)>>,
}

impl Known {
    fn book_until_it_breaks(&self, center: SocketAddr, number: usize) {
        let Ok(mut client) = Client::connect(center, number) else { return };
        loop {
            let slot = self.next_slot.fetch_add(1, Ordering::Relaxed) + 1;
            match client.book(slot) {
                Ok(None) => {}
                Ok(Some(appointment)) => {
                    self.acknowledged.lock().unwrap().insert(slot, appointment);
                }
                Err(_) => {
                    self.unknown.lock().unwrap().insert((slot, number));
                    return;
                }
            }
        }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }
}

/// The live appointments of the store: slot and appointment.
fn stored(folder: &Path) -> BTreeMap<usize, String> {
    let (code, lines, errors) = told(&mut rendezvous(folder, &["admin", "appointments", "--json"]));
    assert_eq!(code, 0, "{errors}");
    let mut stored = BTreeMap::new();
    for line in lines.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(row["status"], "booked");
        let slot = row["slot"].as_str().unwrap().parse().unwrap();
        let appointment = row["appointment"].as_str().unwrap().to_owned();
        assert_eq!(stored.insert(slot, appointment), None, "slot {slot} is booked twice");
    }
    stored
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let slots = write_clinic(folder);
    let input = folder.to_str().unwrap();
    let start = || Running::start(folder, &["center", "--input", input, "--zone", "UTC"]);
    let known = Known::default();
    let mut center = start();
    for round in 0..ROUNDS {
        let (before, wanted) = (known.count(), 20 + 37 * round);
        std::thread::scope(|scope| {
            for number in 0..CLIENTS {
                let (known, address) = (&known, center.address);
                scope.spawn(move || known.book_until_it_breaks(address, number));
            }
            let deadline = Instant::now() + PATIENCE;
            while known.count() < before + wanted {
                assert!(Instant::now() < deadline, "no load");
                std::thread::yield_now();
            }
            center.kill();
        });
        let began = Instant::now();
        center = start();
        let mut client = Client::connect(center.address, 0).unwrap();
        assert!(began.elapsed() < START_MAX, "{:?}", began.elapsed());

        let stored = stored(folder);
        for (slot, appointment) in known.acknowledged.lock().unwrap().iter() {
            assert_eq!(stored.get(slot), Some(appointment), "slot {slot} was acknowledged");
        }
        let acknowledged = known.acknowledged.lock().unwrap().len();
        let unknown = std::mem::take(&mut *known.unknown.lock().unwrap());
        let unknown_stored = unknown.iter().filter(|(slot, _)| stored.contains_key(slot)).count();
        assert_eq!(stored.len(), acknowledged + unknown_stored, "nothing out of nowhere");

        // Asked again under the same request id, what was unknown becomes known.
        for (slot, number) in unknown {
            if number != 0 {
                client = Client::connect(center.address, number).unwrap();
            }
            let appointment = client.book(slot).unwrap();
            if let Some(there) = stored.get(&slot) {
                assert_eq!(appointment.as_ref(), Some(there), "the same answer");
            }
            if let Some(appointment) = appointment {
                known.acknowledged.lock().unwrap().insert(slot, appointment);
            }
            client = Client::connect(center.address, 0).unwrap();
        }
    }
    assert!(known.next_slot.load(Ordering::Relaxed) < slots, "there were slots for all");
    assert_eq!(center.end(Signal::TERM).code(), Some(0));
    let (code, words, errors) = told(&mut rendezvous(folder, &["admin", "check"]));
    assert_eq!(code, 0, "{words}{errors}");
}
