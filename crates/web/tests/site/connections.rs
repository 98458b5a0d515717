//! Connections: who has a place, what comes through a proxy, and how they end.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use web::Doors;
use web::limits::Limits;

use crate::browser::raw;
use crate::clinic::Clinic;

/// How long a test waits for something to come true.
const PATIENCE: Duration = Duration::from_secs(10);

const GET: &[u8] = b"GET /log-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A form of which the last byte is missing: it is worked on until that comes.
const UNFINISHED: &[u8] = b"POST /language HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n\
    Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 11\r\n\
    Expect: 100-continue\r\n\r\n";

async fn with_places(connections_max: usize, connections_per_source_max: usize) -> Clinic {
    let limits = Limits { connections_max, connections_per_source_max, ..Limits::default() };
    Clinic::open_with(Doors { limits, ..Doors::default() }).await
}

/// A connection that is being worked on: its body is waited for.
async fn busy(clinic: &Clinic) -> TcpStream {
    let mut stream = TcpStream::connect(clinic.address).await.unwrap();
    stream.write_all(UNFINISHED).await.unwrap();
    let mut said = [0; 25];
    timeout(PATIENCE, stream.read_exact(&mut said)).await.unwrap().unwrap();
    assert!(said.starts_with(b"HTTP/1.1 100 "), "{said:?}");
    stream
}

async fn rest(mut stream: TcpStream) -> String {
    let mut told = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut told)).await.expect("it is closed");
    String::from_utf8_lossy(&told).into_owned()
}

#[tokio::test]
async fn where_nobody_is_idle_a_newcomer_is_told_busy() {
    for (in_all, of_a_source) in [(2, 100), (100, 2)] {
        let clinic = with_places(in_all, of_a_source).await;
        let (mut first, _second) = (busy(&clinic).await, busy(&clinic).await);
        let page = raw(clinic.address, GET).await;
        assert_eq!(page.status, 503, "{page:?}");
        assert_eq!(page.header("connection"), Some("close"));
        assert!(page.header("retry-after").is_some());
        assert!(page.text().contains("There is too much to do right now"), "{page:?}");
        // Nobody who is served notices.
        first.write_all(b"language=de").await.unwrap();
        let mut told = [0; 12];
        first.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"HTTP/1.1 303");
        // And now that one is idle, and makes room.
        assert_eq!(raw(clinic.address, GET).await.status, 200);
        rest(first).await;
    }
}

#[tokio::test]
async fn requests_sent_ahead_are_answered_one_after_the_other() {
    let clinic = Clinic::open().await;
    let mut stream = TcpStream::connect(clinic.address).await.unwrap();
    let ahead = "GET /log-in HTTP/1.1\r\nHost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(&[ahead.as_bytes(), GET].concat()).await.unwrap();
    let told = rest(stream).await;
    let statuses: Vec<&str> = told.split("HTTP/1.1 ").skip(1).map(|answer| &answer[..3]).collect();
    assert_eq!(statuses, ["200", "404", "200"]);
}

#[tokio::test]
async fn at_the_end_what_is_in_flight_is_finished_and_what_is_idle_goes_at_once() {
    let mut clinic = Clinic::open().await;
    let silent = TcpStream::connect(clinic.address).await.unwrap();
    let mut kept = TcpStream::connect(clinic.address).await.unwrap();
    kept.write_all(b"GET /log-in HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    kept.read_exact(&mut [0; 12]).await.unwrap();
    let mut in_flight = busy(&clinic).await;
    clinic.close();
    rest(silent).await;
    rest(kept).await;
    in_flight.write_all(b"language=de").await.unwrap();
    let told = rest(in_flight).await;
    assert!(told.starts_with("HTTP/1.1 303 "), "{told}");
    timeout(PATIENCE, clinic.closed()).await.expect("all are gone");
}

#[tokio::test]
async fn tls_where_it_is_not_spoken_gets_an_alert() {
    let clinic = Clinic::open().await;
    let mut stream = TcpStream::connect(clinic.address).await.unwrap();
    stream.write_all(&[0x16, 3, 1, 0, 5, 1, 0, 0, 1, 0]).await.unwrap();
    let mut told = Vec::new();
    let _ = timeout(PATIENCE, stream.read_to_end(&mut told)).await.expect("it is closed");
    assert_eq!(told, [21, 3, 1, 0, 2, 2, 70]);
}

/// The answer to a request with a `Forwarded` header, where `trusted` are believed.
async fn forwarded(trusted: &str, header: &str) -> crate::browser::Page {
    let trusted_proxies = vec![trusted.parse().unwrap()];
    let clinic = Clinic::open_with(Doors { trusted_proxies, ..Doors::default() }).await;
    let request = format!(
        "GET /log-in HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nForwarded: {header}\r\n\
         Connection: close\r\n\r\n"
    );
    raw(clinic.address, request.as_bytes()).await
}

#[tokio::test]
async fn only_a_trusted_proxy_says_that_the_browser_speaks_https() {
    let said = "for=192.0.2.7;proto=https";
    let page = forwarded("127.0.0.0/8", said).await;
    let expected = Some("max-age=31536000");
    assert_eq!((page.status, page.header("strict-transport-security")), (200, expected));
    let page = forwarded("10.0.0.0/8", said).await;
    assert_eq!((page.status, page.header("strict-transport-security")), (200, None));
    let page = forwarded("127.0.0.0/8", "for=192.0.2.7;proto=http").await;
    assert_eq!((page.status, page.header("strict-transport-security")), (200, None));
}

#[tokio::test]
async fn a_proxy_that_passes_on_what_is_no_header_is_refused() {
    let page = forwarded("127.0.0.0/8", "for=\"_x, for=192.0.2.7").await;
    assert_eq!(page.status, 400, "{page:?}");
    assert!(!page.body.is_empty());
}

#[tokio::test]
async fn behind_a_proxy_guesses_count_for_whoever_is_behind_it() {
    let trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let clinic = Clinic::open_with(Doors { trusted_proxies, ..Doors::default() }).await;
    let address = clinic.address;
    let guess = |from: &str, password: &str| {
        let body = format!("user=ann&password={}", password.replace(' ', "+"));
        let request = format!(
            "POST /log-in HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nForwarded: for={from}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            body.len()
        );
        async move { raw(address, request.as_bytes()).await.status }
    };
    for _ in 0..10 {
        assert_eq!(guess("192.0.2.7", "wrong one").await, 401);
    }
    assert_eq!(guess("192.0.2.7", crate::clinic::PASSWORD).await, 429);
    assert_eq!(guess("192.0.2.8", crate::clinic::PASSWORD).await, 303);
}
