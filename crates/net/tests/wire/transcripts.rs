//! The transcripts of PROTOCOL.md, run word for word: against the codec and the center in memory,
//! and over real sockets.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use center::{Rules, Step, Visit};
use jiff::tz::TimeZone;
use protocol::limits::Deadlines;
use protocol::{Conversation, ConversationSettings};
use runtime::{Runtime, fresh_entropy};
use store::sqlite::Sqlite;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use crate::clinic::{Clinic, PATIENCE, import};

const PROTOCOL: &str = include_str!("../../../../PROTOCOL.md");

#[derive(Debug, PartialEq)]
enum Line {
    Send(String),
    Expect(String),
    Grace,
    End,
    Closed,
    Again,
    ToDoctor(String, String),
    FromDoctor(String, String),
}

fn transcripts() -> Vec<Vec<Line>> {
    let blocks = PROTOCOL.split("```transcript\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().lines().map(read_line).collect())
        .collect()
}

fn read_line(line: &str) -> Line {
    match line {
        "(grace)" => return Line::Grace,
        "(end)" => return Line::End,
        "(closed)" => return Line::Closed,
        "(again)" => return Line::Again,
        _ => {}
    }
    let (who, text) = line.split_once(['>', '<']).unwrap_or_else(|| panic!("what is {line:?}?"));
    let to = line.as_bytes()[who.len()] == b'>';
    let text = text.strip_prefix(' ').unwrap_or(text);
    let text = text.replace("\\n", "\n").replace("\\r", "\r").replace("\\0", "\0");
    let text = text.replace("\\s", " ");
    match (who.trim(), to) {
        ("", true) => Line::Send(text),
        ("", false) => Line::Expect(text),
        (doctor, true) => Line::ToDoctor(doctor.to_owned(), text),
        (doctor, false) => Line::FromDoctor(doctor.to_owned(), text),
    }
}

/// The values of `$names`.
#[derive(Default)]
struct Values(HashMap<String, String>);

impl Values {
    fn put_in(&self, text: &str) -> String {
        let mut names: Vec<_> = self.0.iter().collect();
        // The longest first: `$id1` is not `$id` and a 1.
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        names
            .iter()
            .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("${name}"), value))
    }

    /// How much of `text` is what `pattern` says; `None` when it is not, or not yet.
    fn take(&mut self, pattern: &str, text: &str) -> Option<usize> {
        let mut found = HashMap::new();
        let (mut pattern, mut rest) = (pattern, text);
        while let Some((exact, after)) = pattern.split_once('$') {
            rest = rest.strip_prefix(exact)?;
            let name_end = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
            let (name, after) = after.split_at(name_end);
            let value_end = rest.find(['"', ',', '}'])?;
            let (value, after_value) = rest.split_at(value_end);
            let known = self.0.get(name).or_else(|| found.get(name));
            if known.is_some_and(|known| known != value) {
                return None;
            }
            found.insert(name.to_owned(), value.to_owned());
            (pattern, rest) = (after, after_value);
        }
        rest = rest.strip_prefix(pattern)?;
        self.0.extend(found);
        Some(text.len() - rest.len())
    }
}

/// A connection to the center, whatever it is made of.
trait Wire {
    async fn send(&mut self, bytes: &[u8]);
    async fn grace(&mut self);
    async fn end(&mut self);
    /// More of what came; `None` when the center has closed.
    async fn more(&mut self) -> Option<Vec<u8>>;
}

async fn check_connection<W: Wire>(lines: &[Line], wire: &mut W, values: &mut Values) {
    let mut came = String::new();
    for line in lines {
        match line {
            Line::Send(text) => wire.send(values.put_in(text).as_bytes()).await,
            Line::Grace => wire.grace().await,
            Line::End => wire.end().await,
            Line::Expect(pattern) => loop {
                if let Some(taken) = values.take(pattern, &came) {
                    came.drain(..taken);
                    break;
                }
                match wire.more().await {
                    Some(bytes) => came.push_str(std::str::from_utf8(&bytes).unwrap()),
                    None => panic!("expected {pattern:?}, found {came:?} and the end"),
                }
            },
            Line::Closed => assert_ends(wire, &came).await,
            Line::Again | Line::ToDoctor(..) | Line::FromDoctor(..) => unreachable!(),
        }
    }
    if lines.last() != Some(&Line::Closed) {
        wire.end().await;
        assert_ends(wire, &came).await;
    }
}

async fn assert_ends<W: Wire>(wire: &mut W, came: &str) {
    assert_eq!(came, "", "more than was expected");
    let more = wire.more().await.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert_eq!(more, None, "more than was expected");
}

struct InMemory {
    runtime: Runtime,
    conversation: Conversation,
    visit: Visit,
    now: Instant,
}

impl InMemory {
    fn new(runtime: &Runtime) -> Self {
        let now = Instant::now();
        Self {
            runtime: runtime.clone(),
            conversation: Conversation::new(ConversationSettings::default(), now),
            visit: Visit::new(
                Rules { zone: TimeZone::UTC, appointments_max: None, tickets: None },
                center::Visitor { source: std::net::Ipv4Addr::LOCALHOST.into() },
            ),
            now,
        }
    }

    async fn go_on(&mut self) {
        while let Some(request) = self.conversation.next_request(self.now) {
            let mut step = self.visit.request(runtime::now(), &fresh_entropy(), request);
            let reply = loop {
                match step {
                    Step::Answer(reply) => break reply,
                    Step::Do(effect) => {
                        step = self.visit.resume(self.runtime.carry_out(effect).await);
                    }
                }
            };
            self.conversation.answer(self.now, &reply);
        }
    }
}

impl Wire for InMemory {
    async fn send(&mut self, bytes: &[u8]) {
        self.conversation.receive(self.now, bytes);
        self.go_on().await;
    }

    async fn grace(&mut self) {
        self.now += Deadlines::default().grace;
        self.conversation.handle_timeout(self.now);
        self.go_on().await;
    }

    async fn end(&mut self) {
        self.conversation.end_of_input();
        self.go_on().await;
    }

    async fn more(&mut self) -> Option<Vec<u8>> {
        let output = self.conversation.take_output();
        assert!(!output.is_empty() || self.conversation.is_over(), "the center has nothing to say");
        (!output.is_empty()).then_some(output)
    }
}

struct OverTcp(TcpStream);

impl Wire for OverTcp {
    async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Nothing to do: the reply that follows comes after it.
    async fn grace(&mut self) {}

    async fn end(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    async fn more(&mut self) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 4_096];
        let count = timeout(PATIENCE, self.0.read(&mut bytes)).await.expect("a reply").unwrap();
        bytes.truncate(count);
        (count > 0).then_some(bytes)
    }
}

/// The lines for doctors, and those for the center, connection by connection.
fn parts(transcript: Vec<Line>) -> (Vec<Line>, Vec<Vec<Line>>) {
    let (mut doctors, mut connections) = (Vec::new(), vec![Vec::new()]);
    for line in transcript {
        match line {
            Line::Again => connections.push(Vec::new()),
            Line::ToDoctor(..) | Line::FromDoctor(..) => doctors.push(line),
            line => connections.last_mut().unwrap().push(line),
        }
    }
    connections.retain(|lines| !lines.is_empty());
    (doctors, connections)
}

async fn check_doctors(lines: &[Line], addresses: impl Fn(&str) -> SocketAddr) {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    for line in lines {
        match line {
            Line::ToDoctor(doctor, text) => {
                socket.send_to(text.as_bytes(), addresses(doctor)).await.unwrap();
            }
            Line::FromDoctor(doctor, expected) => {
                let mut bytes = [0; 2_048];
                let received = timeout(PATIENCE, socket.recv_from(&mut bytes)).await;
                let (count, source) = received.expect("an answer").unwrap();
                assert_eq!(String::from_utf8_lossy(&bytes[..count]), *expected);
                assert_eq!(source, addresses(doctor));
            }
            _ => unreachable!(),
        }
    }
}

#[test]
fn there_are_transcripts_of_every_dialect() {
    let all = transcripts();
    assert!(all.len() >= 10, "{}", all.len());
    let sends = |beginning: &str| {
        all.iter().flatten().any(|line| {
            matches!(line, Line::Send(text) | Line::ToDoctor(_, text) if text.starts_with(beginning))
        })
    };
    for beginning in ["authenticate", "patient1 ", "{\"version\"", "insurance1\0", "Patient1"] {
        assert!(sends(beginning), "{beginning}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transcripts_hold_in_memory() {
    for transcript in transcripts() {
        let store = Sqlite::in_memory().unwrap();
        import(&store, 0);
        let runtime = Runtime::start(&store, &runtime::Settings::default()).unwrap();
        let mut values = Values::default();
        for lines in parts(transcript).1 {
            check_connection(&lines, &mut InMemory::new(&runtime), &mut values).await;
        }
        runtime.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transcripts_hold_over_sockets() {
    for transcript in transcripts() {
        let clinic = Clinic::open().await;
        let (doctors, connections) = parts(transcript);
        let mut values = Values::default();
        for lines in connections {
            let stream = TcpStream::connect(clinic.center).await.unwrap();
            check_connection(&lines, &mut OverTcp(stream), &mut values).await;
        }
        check_doctors(&doctors, |name| clinic.doctors[name]).await;
    }
}
