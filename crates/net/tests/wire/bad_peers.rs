//! Peers that do everything wrong: each is refused or closed in time, and nobody else is hurt.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use protocol::limits::Deadlines;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::clinic::{Clinic, PATIENCE};

/// Short, so that a test of them is short too.
const DEADLINES: Deadlines = Deadlines {
    grace: Duration::from_millis(10),
    first_byte: Duration::from_millis(600),
    whole_message: Duration::from_millis(300),
    idle: Duration::from_secs(60),
    tls_hello: Duration::from_millis(300),
    log_in: Duration::from_secs(60),
};

async fn connect(center: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(center).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// What comes until the center closes; a reset counts as closing.
async fn rest_of(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let _ = read.expect("the center closes in time");
    String::from_utf8(bytes).unwrap()
}

/// A whole visit by words, to see that the center is well.
async fn assert_well(center: SocketAddr) {
    let mut stream = connect(center).await;
    stream.write_all(b"authenticate patient1 password111\nselection 6\n").await.unwrap();
    assert_eq!(rest_of(&mut stream).await, "success\ndoc2 42000\n");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_bad_message_is_refused_and_hurts_nobody() {
    let clinic = Clinic::with(DEADLINES, 0).await;
    let long = [b"authenticate patient1 ".as_slice(), &[b'x'; 100_000]].concat();
    let before: [(&[u8], &str); 13] = [
        (b"", ""),
        (b"\0\0\0\0", ""),
        (b"authenticate", "failure"),
        (b"authenticate \n", "failure"),
        (b"patient1", "failure"),
        (b"authenticate nobody password111\n", "failure"),
        (b"authenticate patient1 password11\n", "failure"),
        (b"available", "failure"),
        (b"selection 1\n", "failure"),
        (b"\xff\xfe\xfd\xfc\n", "failure"),
        (b"\x80\x81\x82", "failure"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "Failure"),
        (&long, "failure"),
    ];
    for (message, expected) in before {
        let mut stream = connect(clinic.center).await;
        stream.write_all(message).await.unwrap();
        let reply = rest_of(&mut stream).await;
        assert_eq!(
            reply.trim_end(),
            expected,
            "{:?}",
            String::from_utf8_lossy(&message[..message.len().min(40)])
        );
    }
    let huge = format!("selection {}\n", "9".repeat(31));
    let after: [&[u8]; 10] = [
        b"selection 0\n",
        b"selection -1\n",
        b"selection 99\n",
        huge.as_bytes(),
        b"selection\n",
        b"select 1\n",
        b"authenticate patient1 password111\n",
        b"\xff\xfe\n",
        b"\x01\x02\x03",
        &long,
    ];
    for message in after {
        let mut stream = connect(clinic.center).await;
        stream.write_all(b"authenticate patient1 password111\n").await.unwrap();
        let mut welcome = [0; 7];
        stream.read_exact(&mut welcome).await.unwrap();
        stream.write_all(message).await.unwrap();
        assert_eq!(rest_of(&mut stream).await, "notavailable", "{message:?}");
    }
    assert_well(clinic.center).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_silent_peers_are_closed_in_time_while_others_are_served() {
    let clinic = Clinic::with(DEADLINES, 0).await;
    let center = clinic.center;
    let began = Instant::now();
    let mut silent = connect(center).await;
    let dripping = tokio::spawn(async move {
        let mut stream = connect(center).await;
        for byte in b"authenticate patient1" {
            if stream.write_all(&[*byte]).await.is_err() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        rest_of(&mut stream).await
    });
    for _ in 0..5 {
        assert_well(center).await;
    }
    assert_eq!(rest_of(&mut silent).await, "");
    assert_eq!(dripping.await.unwrap(), "failure");
    assert!(began.elapsed() < PATIENCE / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_close_is_answered_and_a_reset_hurts_nobody() {
    let clinic = Clinic::with(DEADLINES, 0).await;
    let mut stream = connect(clinic.center).await;
    stream.write_all(b"authenticate patient2 password222\nselection 5").await.unwrap();
    stream.shutdown().await.unwrap();
    assert_eq!(rest_of(&mut stream).await, "success\ndoc2 42000\n");

    let mut stream = connect(clinic.center).await;
    stream.write_all(b"authenticate patient1 password111\nsel").await.unwrap();
    let mut welcome = [0; 7];
    stream.read_exact(&mut welcome).await.unwrap();
    // Closing at once with SO_LINGER 0 sends a reset.
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
    assert_well(clinic.center).await;
}
