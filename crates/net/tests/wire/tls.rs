//! TLS on the center's port: who is let in, who is trusted, and what somebody in between can do.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{Password, Refusal, SlotIndex, UserName};
use net::limits::Limits;
use net::patient::{CallError, Caller, Security};
use net::tls::Distrust;
use protocol::limits::Deadlines;
use protocol::{Dialect, KeepSession, LogInWith, Reply, Request, SlotNamed, SlotsWanted};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use store::{Answer, Query, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::authority::{Authority, Pair, Valid};
use crate::clinic::{Clinic, Front, PATIENCE};
use crate::relay::{Relay, Tampering, Way};

pub(crate) fn log_in(user: &str) -> Request {
    let secret = if user == "patient2" { "password222" } else { "password111" };
    Request::LogIn {
        user: UserName::new(user).unwrap(),
        password: Password::new(secret).unwrap(),
        session: KeepSession::No,
        with: LogInWith::default(),
    }
}

fn book(index: u32) -> Request {
    let slot = SlotNamed::Index(SlotIndex::new(index).unwrap());
    Request::Book { slot, request_id: Some("r1".parse().unwrap()) }
}

async fn connect(center: SocketAddr, security: &Security) -> Result<Caller, CallError> {
    Caller::connect(&center.to_string(), Dialect::Json, security).await
}

/// A log-in and a list over TLS, to see that the center is well.
async fn assert_well(center: SocketAddr, security: &Security) {
    let mut caller = connect(center, security).await.unwrap();
    assert!(matches!(caller.ask(&log_in("patient1")).await.unwrap(), Reply::LoggedIn(_)));
    let list = Request::Slots(SlotsWanted::default());
    assert!(matches!(caller.ask(&list).await.unwrap(), Reply::Slots(_)));
}

async fn clinic_with(authority: &Authority) -> Clinic {
    let front = Front { tls: Some(authority.door()), ..Front::default() };
    Clinic::behind(front, 0).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_dialect_is_spoken_inside_tls_on_the_same_port() {
    let authority = Authority::new();
    let clinic = clinic_with(&authority).await;
    for security in [authority.client(), Security::PlaintextOnLoopback] {
        let dialects = [Dialect::Json, Dialect::Spec, Dialect::Nul, Dialect::Seed];
        for dialect in dialects {
            let address = clinic.center.to_string();
            let mut caller = Caller::connect(&address, dialect, &security).await.unwrap();
            let reply = caller.ask(&log_in("patient1")).await.unwrap();
            assert!(matches!(reply, Reply::LoggedIn(_)), "{dialect}: {reply:?}");
            let reply = caller.ask(&book(2)).await.unwrap();
            assert!(matches!(reply, Reply::Booked(_) | Reply::AlreadyHeld(_)), "{reply:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_replaced_without_dropping_anyone() {
    let (before, after) = (Authority::new(), Authority::new());
    let door = before.door();
    let front = Front { tls: Some(door.clone()), ..Front::default() };
    let clinic = Clinic::behind(front, 0).await;
    let mut open = connect(clinic.center, &before.client()).await.unwrap();
    assert!(matches!(open.ask(&log_in("patient1")).await.unwrap(), Reply::LoggedIn(_)));

    // One that cannot be used changes nothing.
    let stranger = before.certify("127.0.0.1", Valid::Now);
    let mixed = Pair { chain: stranger.chain, key: after.certify("127.0.0.1", Valid::Now).key };
    door.replace(&mixed.pem()).unwrap_err();
    assert_well(clinic.center, &before.client()).await;

    door.replace(&after.certify("127.0.0.1", Valid::Now).pem()).unwrap();
    assert!(matches!(open.ask(&book(2)).await.unwrap(), Reply::Booked(_)));
    assert_well(clinic.center, &after.client()).await;
    let error = connect(clinic.center, &before.client()).await.unwrap_err();
    let why = Distrust::UnknownIssuer;
    assert!(matches!(error, CallError::Untrusted { why: found, .. } if found == why));
}

/// What shakes hands with any certificate, however wrong.
pub(crate) fn acceptor(pair: &Pair) -> TlsAcceptor {
    let chain = CertificateDer::pem_slice_iter(pair.chain.as_bytes()).map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// A server with any certificate, however wrong; it takes connections one by one and hands out the
/// plaintext that it got.
async fn impostor(pair: &Pair) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<Vec<u8>>) {
    let acceptor = acceptor(pair);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut heard = Vec::new();
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read_to_end(&mut heard).await;
            }
            sender.send(heard).unwrap();
        }
    });
    (address, receiver)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_said_to_a_server_that_is_not_the_center() {
    let (ours, other) = (Authority::new(), Authority::new());
    let cases = [
        (ours.certify("127.0.0.1", Valid::NoMore), Distrust::Expired, "has expired"),
        (ours.certify("127.0.0.1", Valid::NotYet), Distrust::NotYetValid, "is not yet valid"),
        (ours.certify("localhost", Valid::Now), Distrust::OtherName, "is for another name"),
        (ours.certify("127.0.0.2", Valid::Now), Distrust::OtherName, "is for another name"),
        (other.certify("127.0.0.1", Valid::Now), Distrust::UnknownIssuer, "is not trusted here"),
    ];
    for (pair, expected, words) in cases {
        let (address, mut heard) = impostor(&pair).await;
        let relay = Relay::before(address, Tampering::Nothing).await;
        let error = connect(relay.address, &ours.client()).await.unwrap_err();
        let message = error.to_string();
        assert!(!error.is_unknown(), "{message}");
        assert!(message.contains(words) && !message.contains('\n'), "{message}");
        assert!(matches!(error, CallError::Untrusted { why, .. } if why == expected), "{message}");
        let plaintext = timeout(PATIENCE, heard.recv()).await.unwrap().unwrap();
        assert_eq!(plaintext, b"", "{message}");
        // Behind the hello there is an alert, and no room for a request.
        let heard = relay.heard.lock().unwrap().clone();
        let hello = 5 + usize::from(u16::from_be_bytes([heard[3], heard[4]]));
        assert!(heard.len() - hello <= 30, "{} bytes behind the hello", heard.len() - hello);
    }
    // The same server with the right certificate is believed.
    let (address, _heard) = impostor(&ours.certify("127.0.0.1", Valid::Now)).await;
    connect(address, &ours.client()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_way_back_to_plaintext() {
    let authority = Authority::new();
    // A center without a certificate, and somebody who answers whatever comes in plaintext.
    let clinic = Clinic::open().await;
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain_address = plain.local_addr().unwrap();
    let heard = tokio::spawn(async move {
        let mut heard = Vec::new();
        for _ in 0..1 {
            let (mut stream, _) = plain.accept().await.unwrap();
            stream.write_all(b"success\n").await.unwrap();
            let _ = stream.read_to_end(&mut heard).await;
        }
        heard
    });
    for address in [clinic.center, plain_address] {
        let error = connect(address, &authority.client()).await.unwrap_err();
        let message = error.to_string();
        let not_tls = matches!(error, CallError::Untrusted { why: Distrust::NotTls, .. });
        assert!(not_tls && message.ends_with("it does not speak TLS"), "{message}");
    }
    let heard = timeout(PATIENCE, heard).await.unwrap().unwrap();
    assert_eq!(heard[0], 0x16);
    let hello = 5 + usize::from(u16::from_be_bytes([heard[3], heard[4]]));
    assert!(heard.len() - hello <= 7, "at most an alert follows the hello");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_that_comes_byte_by_byte_is_a_hello() {
    let authority = Authority::new();
    let clinic = clinic_with(&authority).await;
    let relay = Relay::before(clinic.center, Tampering::ByteByByte).await;
    assert_well(relay.address, &authority.client()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hello_that_does_not_come_is_not_waited_for() {
    let authority = Authority::new();
    let tls_hello = Duration::from_millis(300);
    let deadlines = Deadlines { tls_hello, ..Deadlines::default() };
    let limits = Limits { deadlines, ..Limits::default() };
    let front = Front { limits, tls: Some(authority.door()), ..Front::default() };
    let clinic = Clinic::behind(front, 0).await;
    let began = Instant::now();
    let mut late = TcpStream::connect(clinic.center).await.unwrap();
    late.write_all(&[0x16, 3, 1]).await.unwrap();
    let mut rest = Vec::new();
    let _ = timeout(PATIENCE, late.read_to_end(&mut rest)).await.expect("it is closed");
    assert_eq!(rest, b"");
    let waited = began.elapsed();
    assert!(waited >= tls_hello && waited < deadlines.first_byte, "{waited:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_versions_and_tls_within_tls_are_refused() {
    let authority = Authority::new();
    let clinic = clinic_with(&authority).await;
    // A hello of TLS 1.2 without a word about 1.3; the answer is the alert `protocol_version`.
    let body = [&[3, 3][..], &[7; 32], &[0, 0, 2, 0xc0, 0x2f, 1, 0, 0, 0]].concat();
    let body_length = u8::try_from(body.len()).unwrap();
    let hello = [&[0x16, 3, 1, 0, body_length + 4, 1, 0, 0, body_length][..], &body].concat();
    let mut old = TcpStream::connect(clinic.center).await.unwrap();
    old.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    let _ = timeout(PATIENCE, old.read_to_end(&mut answer)).await.expect("it is closed");
    assert_eq!((answer[0], answer.len()), (0x15, 7), "{answer:?}");

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(clinic.center).await.unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    let name = "127.0.0.1".try_into().unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    stream.write_all(&hello).await.unwrap();
    let mut answer = Vec::new();
    let ended = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it is closed");
    ended.expect("with a close_notify");
    assert_eq!(answer, [0x15, 3, 3, 0, 2, 2, 0x28]);
}

/// A visit through somebody who tampers; `None` when it was noticed. What gets through is right.
async fn tampered(center: SocketAddr, security: &Security, tampering: Tampering) -> Option<Reply> {
    let relay = Relay::before(center, tampering).await;
    let visit = async {
        let mut caller = connect(relay.address, security).await.ok()?;
        let welcome = caller.ask(&log_in("patient1")).await.ok()?;
        assert!(matches!(welcome, Reply::LoggedIn(_)), "{tampering:?}: {welcome:?}");
        caller.ask(&Request::Slots(SlotsWanted::default())).await.ok()
    };
    timeout(PATIENCE, visit).await.expect("nobody waits for ever")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_in_between_who_flips_or_cuts_gains_nothing() {
    let authority = Authority::new();
    let second = Duration::from_secs(1);
    let deadlines = Deadlines { tls_hello: second, first_byte: second, ..Deadlines::default() };
    let limits = Limits { deadlines, ..Limits::default() };
    let front = Front { limits, tls: Some(authority.door()), ..Front::default() };
    let clinic = Clinic::behind(front, 0).await;
    let client = authority.client();
    let right = tampered(clinic.center, &client, Tampering::Nothing).await;
    assert!(matches!(right, Some(Reply::Slots(_))));
    let mut tries = tokio::task::JoinSet::new();
    for way in [Way::ToCenter, Way::ToPatient] {
        for place in (0..60).chain((60..2_200).step_by(41)) {
            for tampering in [Tampering::Flip(way, place), Tampering::Cut(way, place)] {
                let (center, client, right) = (clinic.center, client.clone(), right.clone());
                tries.spawn(async move {
                    let reply = tampered(center, &client, tampering).await;
                    // The version in front of a plaintext record means nothing, and behind the last
                    // record nothing is left to tamper with.
                    let harmless = reply == right;
                    assert!(reply.is_none() || harmless, "{tampering:?}");
                    harmless
                });
                if tries.len() >= 16 {
                    tries.join_next().await.unwrap().unwrap();
                }
            }
        }
    }
    tries.join_all().await;
    assert_well(clinic.center, &client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_visit_played_again_does_nothing() {
    let authority = Authority::new();
    let clinic = clinic_with(&authority).await;
    let relay = Relay::before(clinic.center, Tampering::Nothing).await;
    let mut caller = connect(relay.address, &authority.client()).await.unwrap();
    assert!(matches!(caller.ask(&log_in("patient1")).await.unwrap(), Reply::LoggedIn(_)));
    assert!(matches!(caller.ask(&book(2)).await.unwrap(), Reply::Booked(_)));
    let held = appointments(&clinic);
    assert_eq!(held.len(), 1);
    let cancel = Request::Cancel {
        appointment: held[0].appointment.id,
        reason: None,
        request_id: "r2".parse().unwrap(),
    };
    assert!(matches!(caller.ask(&cancel).await.unwrap(), Reply::Cancelled(_)));
    drop(caller);

    let recorded = relay.heard.lock().unwrap().clone();
    for secret in [&b"patient1"[..], b"password111"] {
        assert!(!recorded.windows(secret.len()).any(|bytes| bytes == secret));
    }
    let mut again = TcpStream::connect(clinic.center).await.unwrap();
    // It may close before it has read all.
    let _ = again.write_all(&recorded).await;
    let _ = timeout(PATIENCE, again.read_to_end(&mut Vec::new())).await.expect("it is closed");
    assert_eq!(appointments(&clinic).len(), 0);
    assert_well(clinic.center, &authority.client()).await;
}

fn appointments(clinic: &Clinic) -> Vec<store::AppointmentRecord> {
    let query = Query::Appointments { closed_too: false };
    match clinic.store.reader().unwrap().read(&query).unwrap() {
        Answer::AppointmentRecords(records) => records,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_are_told_so_inside_tls_too() {
    let authority = Authority::new();
    let limits = Limits { connections_per_source_max: 1, ..Limits::default() };
    let front = Front { limits, tls: Some(authority.door()), ..Front::default() };
    let clinic = Clinic::behind(front, 0).await;
    let mut first = connect(clinic.center, &authority.client()).await.unwrap();
    assert!(matches!(first.ask(&log_in("patient1")).await.unwrap(), Reply::LoggedIn(_)));
    let mut second = connect(clinic.center, &authority.client()).await.unwrap();
    assert_eq!(second.ask(&log_in("patient2")).await.unwrap(), Reply::Refused(Refusal::Busy));
    assert!(matches!(first.ask(&book(2)).await.unwrap(), Reply::Booked(_)));
}
