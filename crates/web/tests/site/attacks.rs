//! What is sent to the pages by those who mean no visit: each attack is refused in time, costs next to
//! nothing, and keeps nobody else waiting.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use web::Doors;
use web::limits::Limits;

use crate::browser::raw;
use crate::clinic::Clinic;

/// How long anybody else waits for a page meanwhile.
const MEANWHILE: Duration = Duration::from_secs(1);

/// How much more memory an attack may leave in use, in bytes.
const MEMORY_BYTES: u64 = 48 << 20;

/// What is in use of this process, in bytes, the attacker's part too.
fn memory() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    let resident: u64 = pages.split(' ').nth(1).unwrap().parse().unwrap();
    resident * 4_096
}

/// Somebody else gets a page.
async fn good_meanwhile(address: SocketAddr) {
    let request = b"GET /log-in HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let page = timeout(MEANWHILE, raw(address, request)).await.expect("others wait for their page");
    assert_eq!(page.status, 200, "{page:?}");
}

/// What comes back for bytes, all of it, from a server that must close.
async fn answer(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let _ = stream.write_all(bytes).await;
    let mut all = Vec::new();
    let reading = timeout(Duration::from_secs(15), stream.read_to_end(&mut all));
    let _ = reading.await.expect("it is closed");
    String::from_utf8_lossy(&all).into_owned()
}

/// One refusal at most comes back, and nothing was served.
async fn check(address: SocketAddr, what: &str, bytes: &[u8], expected: &[&str]) {
    let told = answer(address, bytes).await;
    let status = told.get(9..12).unwrap_or("");
    assert!(expected.contains(&status), "{what}: {told}");
    assert!(told.matches("HTTP/1.1 ").count() <= 1, "{what}: {told}");
    if !status.is_empty() {
        assert!(told.contains("nosniff") && told.contains("default-src 'none'"), "{what}: {told}");
        let (_, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(!body.trim().is_empty(), "{what}: an empty page");
    }
    good_meanwhile(address).await;
}

const POST: &str = "POST /log-in HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";

#[tokio::test]
async fn what_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_a_request() {
    let clinic = Clinic::open().await;
    let behind = "GET /slots HTTP/1.1\r\nHost: a\r\n\r\n";
    let body = format!("0\r\n\r\n{behind}");
    let length = body.len();
    for (what, head) in [
        ("CL.TE", format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n")),
        ("TE.CL", format!("Transfer-Encoding: chunked\r\nContent-Length: {length}\r\n")),
        ("TE.TE", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned()),
        ("TE with a tab", "Transfer-Encoding:\tchunked\r\n".to_owned()),
        ("TE that is none", "Transfer-Encoding: xchunked\r\n".to_owned()),
        ("TE alone", "Transfer-Encoding: chunked\r\n".to_owned()),
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n".to_owned()),
        ("a length twice", "Content-Length: 5\r\nContent-Length: 5\r\n".to_owned()),
        ("a list of lengths", "Content-Length: 5, 5\r\n".to_owned()),
        ("a signed length", "Content-Length: +5\r\n".to_owned()),
        ("a hexadecimal length", "Content-Length: 0x5\r\n".to_owned()),
        ("a space before the colon", "Content-Length : 5\r\n".to_owned()),
        ("a folded line", "X-A: b\r\n Content-Length: 5\r\n".to_owned()),
        ("a bare line feed", "X-A: b\nContent-Length: 5\r\n".to_owned()),
        ("a bare carriage return", "X-A: b\rContent-Length: 5\r\n".to_owned()),
        ("a NUL", "X-A: b\0c\r\n".to_owned()),
        ("two hosts", "Host: b\r\nContent-Length: 0\r\nConnection: close\r\n".to_owned()),
    ] {
        let bytes = format!("{POST}{head}\r\n{body}");
        check(clinic.address, what, bytes.as_bytes(), &["400", "411"]).await;
    }
}

#[tokio::test]
async fn what_is_no_request_of_a_browser_is_refused() {
    let clinic = Clinic::open().await;
    let end = "Host: a\r\nConnection: close\r\n\r\n";
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\n{end}").into_bytes();
    let refused = ["400", "404", "405", "421", "431", "414"];
    let cookies = format!("GET /slots HTTP/1.1\r\nCookie: {}\r\n{end}", "a=b; ".repeat(10_000));
    let headers: String = (0..10_000).map(|n| format!("X-{n}: a\r\n")).collect();
    for (what, bytes) in [
        ("up and out", get("/..%2f..%2fetc/passwd")),
        ("up, hidden", get("/static/%2e%2e/%2e%2e/etc/passwd")),
        ("up", get("/static/../../etc/passwd")),
        ("a NUL in an address", get("/static/%00")),
        ("a broken escape", get("/static/%zz%")),
        ("no UTF-8 in an address", get("/static/%ff%fe")),
        ("another server's page", get("http://evil.example/slots")),
        ("no page at all", get("*")),
        ("a long address", get(&format!("/{}", "a".repeat(100_000)))),
        ("a long query", get(&format!("/slots?{}", "a".repeat(20_000)))),
        ("many cookies", cookies.into_bytes()),
        ("a long header", format!("GET / HTTP/1.1\r\nX: {}\r\n{end}", "a".repeat(1 << 20)).into()),
        ("many headers", format!("GET / HTTP/1.1\r\n{headers}{end}").into()),
        ("TRACE", format!("TRACE /slots HTTP/1.1\r\n{end}").into()),
        ("CONNECT", format!("CONNECT evil.example:443 HTTP/1.1\r\n{end}").into()),
        ("OPTIONS", format!("OPTIONS * HTTP/1.1\r\n{end}").into()),
        ("PUT", format!("PUT /slots HTTP/1.1\r\n{end}").into()),
        ("a method of nobody's", format!("HOLD /slots HTTP/1.1\r\n{end}").into()),
        ("no host", b"GET /slots HTTP/1.1\r\nConnection: close\r\n\r\n".to_vec()),
        ("a version of tomorrow", format!("GET /slots HTTP/9.9\r\n{end}").into()),
        ("words", b"authenticate patient1 secret\r\n\r\n".to_vec()),
        ("noise", (0_u8..=255).cycle().skip(128).take(5_000).collect()),
    ] {
        check(clinic.address, what, &bytes, &refused).await;
    }
    // For these, hanging up is an answer.
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    for (what, bytes) in [("HTTP/2", preface), ("HTTP/0.9", b"GET /slots\r\n".to_vec())] {
        check(clinic.address, what, &bytes, &["400", "505", ""]).await;
    }
}

#[tokio::test]
async fn nobody_is_upgraded() {
    let clinic = Clinic::open().await;
    for to in ["websocket", "h2c", "TLS/1.3"] {
        let bytes = format!(
            "GET /log-in HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: {to}\r\n\
             HTTP2-Settings: AAMAAABk\r\n\r\n"
        );
        let told = answer(clinic.address, bytes.as_bytes()).await;
        assert!(told.starts_with("HTTP/1.1 200 "), "{to}: {told}");
    }
}

#[tokio::test]
async fn a_body_without_end_or_compressed_is_refused_unread() {
    let clinic = Clinic::open().await;
    good_meanwhile(clinic.address).await;
    let before = memory();
    let many = "a".repeat(1 << 20);
    let chunk = format!("{:x}\r\n{many}\r\n", many.len());
    for (what, head, body, status) in [
        ("a giant length", "Content-Length: 1000000000000\r\n", &many, "413"),
        ("a length that is none", "Content-Length: 18446744073709551615\r\n", &many, "431"),
        ("a little too long", "Content-Length: 16385\r\n", &many, "413"),
        ("chunks without end", "Transfer-Encoding: chunked\r\n", &chunk, "411"),
        ("gzip", "Content-Encoding: gzip\r\nContent-Length: 30\r\n", &many, "415"),
        ("brotli", "Content-Encoding: br\r\nContent-Length: 30\r\n", &many, "415"),
    ] {
        let mut stream = TcpStream::connect(clinic.address).await.unwrap();
        let _ = stream.write_all(format!("{POST}Connection: close\r\n{head}\r\n").as_bytes()).await;
        let (mut reading, mut writing) = stream.into_split();
        let body = body.clone();
        // As much as is taken: 64 MiB, if nobody hangs up.
        let pouring = tokio::spawn(async move {
            for _ in 0..64 {
                if writing.write_all(body.as_bytes()).await.is_err() {
                    return;
                }
            }
            panic!("all of it was taken");
        });
        let mut told = vec![0; 64];
        let count = timeout(MEANWHILE, reading.read(&mut told)).await.expect("an early answer");
        let told = String::from_utf8_lossy(&told[..count.unwrap()]).into_owned();
        assert!(told.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {told}");
        good_meanwhile(clinic.address).await;
        timeout(Duration::from_secs(15), pouring).await.expect("it is closed").unwrap();
    }
    let more = memory().saturating_sub(before);
    assert!(more < MEMORY_BYTES, "{more} bytes more");
}

#[tokio::test]
async fn whoever_is_slow_is_closed_in_time() {
    let short = Duration::from_millis(400);
    let limits = Limits {
        head_deadline: short,
        body_deadline: short,
        idle_deadline: short,
        ..Limits::default()
    };
    let clinic = Clinic::open_with(Doors { limits, ..Doors::default() }).await;
    let head = "GET /log-in HTTP/1.1\r\nHost: a\r\nX-A: ";
    let post = format!("{POST}Content-Length: 5000\r\n\r\n");
    for (what, begin, expected) in [
        ("a head", head, ""),
        ("a body", &*post, "408"),
        ("nothing", "", ""),
        ("an idle rest", "GET /log-in HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
    ] {
        let began = Instant::now();
        let mut stream = TcpStream::connect(clinic.address).await.unwrap();
        stream.write_all(begin.as_bytes()).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let drip = !matches!(what, "nothing" | "an idle rest");
        let dripping = tokio::spawn(async move {
            let mut tick = tokio::time::interval(Duration::from_millis(50));
            while drip && writing.write_all(b"a").await.is_ok() {
                tick.tick().await;
            }
            // Kept, so that the other end is who closes.
            writing
        });
        good_meanwhile(clinic.address).await;
        let mut told = Vec::new();
        let all = timeout(Duration::from_secs(10), reading.read_to_end(&mut told)).await;
        let _ = all.unwrap_or_else(|_| panic!("{what} is waited for, for {:?}", began.elapsed()));
        assert!(began.elapsed() >= short, "{what} had no time at all");
        let told = String::from_utf8_lossy(&told).into_owned();
        assert_eq!(told.get(9..12).unwrap_or(""), expected, "{what}: {told}");
        dripping.abort();
    }
}

#[tokio::test]
async fn a_browser_that_reads_nothing_is_closed() {
    let clinic = Clinic::open().await;
    let mut stream = TcpStream::connect(clinic.address).await.unwrap();
    let request = b"GET /log-in HTTP/1.1\r\nHost: a\r\n\r\n".repeat(100);
    let began = Instant::now();
    // As long as anything is taken: the answers fill both ends' buffers, then the requests do.
    while stream.write_all(&request).await.is_ok() {
        assert!(began.elapsed() < Duration::from_secs(60), "its answers are kept for ever");
    }
    good_meanwhile(clinic.address).await;
}

#[tokio::test]
async fn a_thousand_idle_connections_take_little_and_hinder_nobody() {
    let limits = Limits { connections_max: 300, ..Limits::default() };
    let clinic = Clinic::open_with(Doors { limits, ..Doors::default() }).await;
    good_meanwhile(clinic.address).await;
    let before = memory();
    let mut idle = Vec::new();
    for n in 0..1_000 {
        let mut stream = TcpStream::connect(clinic.address).await.unwrap();
        if n % 2 == 0 {
            stream.write_all(b"GET /slots HTTP/1.1\r\nHost: ").await.unwrap();
        }
        // What was dismissed already need not be kept here either.
        if n >= 600 {
            idle.push(stream);
        }
    }
    good_meanwhile(clinic.address).await;
    let more = memory().saturating_sub(before);
    assert!(more < MEMORY_BYTES, "{more} bytes more");
    // The longest idle had to go.
    let gone = timeout(MEANWHILE, idle[0].read(&mut [0])).await.expect("it had to make room");
    assert!(matches!(gone, Ok(0) | Err(_)), "{gone:?}");
}
