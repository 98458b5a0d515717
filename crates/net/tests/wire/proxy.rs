//! Behind a load balancer: whose word is believed, and what follows from it.

use std::net::SocketAddr;
use std::time::Duration;

use net::PlaintextFrom;
use net::limits::Limits;
use protocol::limits::Deadlines;
use store::{Answer, AuditActor, Query, Store as _};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::authority::Authority;
use crate::clinic::{Clinic, Front, PATIENCE};

const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
const VISIT: &[u8] = b"authenticate patient1 password111\navailable\n";

/// A header for a connection from `source`, IPv4.
fn header(source: [u8; 4]) -> Vec<u8> {
    [SIGNATURE, &[0x21, 0x11, 0, 12], &source, &[127, 0, 0, 1, 0x30, 0x39, 0x52, 0x08]].concat()
}

fn from_proxies(limits: Limits) -> Front {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    Front { limits, trusted_proxies, ..Front::default() }
}

/// All that the center says to these bytes before it closes.
async fn answer(center: SocketAddr, pieces: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(center).await.unwrap();
    stream.set_nodelay(true).unwrap();
    for piece in pieces {
        // It may have closed already: then the answer tells.
        let _ = stream.write_all(piece).await;
    }
    let _ = stream.shutdown().await;
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("it is closed");
    String::from_utf8_lossy(&bytes).into_owned()
}

const TLS_REQUIRED: &str = "{\"id\":null,\"reply\":\"refused\",\"refusal\":\"tls_required\",\
                            \"message\":\"only TLS is spoken from your address\"}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plaintext_from_a_network_is_refused_at_its_first_byte() {
    let authority = Authority::new();
    let front = Front { tls: Some(authority.door()), ..from_proxies(Limits::default()) };
    let clinic = Clinic::behind(front, 0).await;
    let far = header([192, 0, 2, 7]);
    assert_eq!(answer(clinic.center, &[&far, VISIT]).await, "failure");
    assert_eq!(answer(clinic.center, &[&far, b"{\"id\":1,\"request\""]).await, TLS_REQUIRED);
    // One byte is enough, and nothing more is waited for: our side stays open.
    for (byte, expected) in [(b"{", TLS_REQUIRED), (b"a", "failure")] {
        let mut stream = TcpStream::connect(clinic.center).await.unwrap();
        stream.write_all(&[&far[..], byte].concat()).await.unwrap();
        let mut words = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut words)).await.unwrap().unwrap();
        assert_eq!(words, expected);
    }
    // The proxy's own address is loopback, and so may a source behind it be.
    for near in [header([127, 0, 0, 9]), [SIGNATURE, &[0x20, 0, 0, 0]].concat()] {
        let words = answer(clinic.center, &[&near, VISIT]).await;
        assert!(words.starts_with("success\n1 Tue 01pm\n"), "{words}");
    }
    // A hello is taken from everywhere: what follows is a record of TLS, an alert to this one.
    let words = answer(clinic.center, &[&far, &[0x16, 3, 1, 0, 4, 9, 0, 0, 0]]).await;
    assert!(words.starts_with('\u{15}'), "{words:?}");
    // Each of the four is in the audit, but not each by itself.
    clinic.runtime.stop();
    let all = Query::AuditTrail { since: None, patient: None, after: None, limit: 1_000 };
    let Answer::AuditTrail(records) = clinic.store.reader().unwrap().read(&all).unwrap() else {
        panic!("the audit");
    };
    let refused: Vec<_> = records
        .into_iter()
        .filter(|record| record.verb == "connect")
        .map(|record| (record.who, record.outcome, record.source, record.times))
        .collect();
    let far = Some("192.0.2.7".parse().unwrap());
    let told = |times| (AuditActor::Stranger, "tls_required".to_owned(), far, times);
    assert_eq!(refused, [told(1), told(3)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_proxy_without_a_place_is_not_waited_for() {
    // Longer than this test is patient.
    let deadlines = Deadlines { tls_hello: PATIENCE * 2, ..Deadlines::default() };
    let limits = Limits { connections_max: 1, deadlines, ..Limits::default() };
    let clinic = Clinic::behind(from_proxies(limits), 0).await;
    let mut regular = TcpStream::connect(clinic.center).await.unwrap();
    let near = header([127, 0, 0, 9]);
    regular
        .write_all(&[&near, &b"authenticate patient1 password111\0"[..]].concat())
        .await
        .unwrap();
    let mut word = [0; 8];
    timeout(PATIENCE, regular.read_exact(&mut word)).await.unwrap().unwrap();
    assert_eq!(&word, b"success\0");
    let mut silent = TcpStream::connect(clinic.center).await.unwrap();
    let mut bytes = Vec::new();
    let _ = timeout(PATIENCE, silent.read_to_end(&mut bytes)).await.expect("it is closed");
    assert_eq!(bytes, b"");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plaintext_is_answered_where_the_operator_allows_it_by_name() {
    let plaintext = PlaintextFrom::loopback().and(["192.0.2.0/24".parse().unwrap()]);
    let front = Front { plaintext, ..from_proxies(Limits::default()) };
    let clinic = Clinic::behind(front, 0).await;
    let words = answer(clinic.center, &[&header([192, 0, 2, 7]), VISIT]).await;
    assert!(words.starts_with("success\n"), "{words}");
    assert_eq!(answer(clinic.center, &[&header([192, 0, 3, 7]), VISIT]).await, "failure");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trusted_proxy_must_say_who_is_behind_it() {
    let tls_hello = Duration::from_millis(300);
    let deadlines = Deadlines { tls_hello, ..Deadlines::default() };
    let clinic = Clinic::behind(from_proxies(Limits { deadlines, ..Limits::default() }), 0).await;
    let near = header([127, 0, 0, 9]);
    let pieces: Vec<&[u8]> = near.chunks(1).chain([VISIT]).collect();
    assert!(answer(clinic.center, &pieces).await.starts_with("success\n"));

    let mut too_long = near.clone();
    too_long[14] = 4;
    let mut no_address = near.clone();
    no_address[13] = 0;
    let mut other_version = near.clone();
    other_version[12] = 0x11;
    for bytes in [VISIT, b"PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\n", &too_long, &no_address] {
        assert_eq!(answer(clinic.center, &[bytes, VISIT]).await, "", "{bytes:?}");
    }
    assert_eq!(answer(clinic.center, &[&other_version, VISIT]).await, "");
    // Half a header, and our side stays open: it is not waited for.
    let mut half = TcpStream::connect(clinic.center).await.unwrap();
    half.write_all(&near[..20]).await.unwrap();
    let _ = timeout(PATIENCE, half.read_to_end(&mut Vec::new())).await.expect("it is closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_from_anybody_else_is_just_bytes() {
    let trusted_proxies = vec!["192.0.2.0/24".parse().unwrap()];
    let clinic = Clinic::behind(Front { trusted_proxies, ..Front::default() }, 0).await;
    // Words nobody knows: refused as any others are, with the NUL that came.
    let words = answer(clinic.center, &[&header([127, 0, 0, 9]), VISIT]).await;
    assert_eq!(words.to_lowercase(), "failure\0");
    assert!(answer(clinic.center, &[VISIT]).await.starts_with("success\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_count_the_real_source() {
    let limits = Limits { connections_per_source_max: 1, ..Limits::default() };
    let plaintext = PlaintextFrom::loopback().and(["192.0.2.0/24".parse().unwrap()]);
    let front = Front { plaintext, ..from_proxies(limits) };
    let clinic = Clinic::behind(front, 0).await;
    let log_in = |last: u8| async move {
        let mut stream = TcpStream::connect(clinic.center).await.unwrap();
        let words = b"authenticate patient1 password111\0";
        stream.write_all(&[&header([192, 0, 2, last])[..], words].concat()).await.unwrap();
        let mut reply = [0; 8];
        timeout(PATIENCE, stream.read_exact(&mut reply)).await.unwrap().unwrap();
        (stream, String::from_utf8(reply.to_vec()).unwrap())
    };
    let (_first, reply) = log_in(1).await;
    assert_eq!(reply, "success\0");
    let (_second, reply) = log_in(1).await;
    assert_eq!(reply, "failure\0");
    let (_third, reply) = log_in(2).await;
    assert_eq!(reply, "success\0");
}
