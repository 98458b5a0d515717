//! Browsers that ask one page after another over connections that stay open.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What was measured.
pub(crate) struct Measured {
    pub(crate) pages_a_second: f64,
    pub(crate) middle: Duration,
    /// 99 of 100 pages came within this.
    pub(crate) p99: Duration,
}

/// Asks `head` over `connections` at once for `lasting`.
pub(crate) async fn load(
    address: SocketAddr,
    head: &str,
    connections: usize,
    lasting: Duration,
) -> Measured {
    let begun = Instant::now();
    let mut asking = JoinSet::new();
    for _ in 0..connections {
        let head = head.to_owned();
        asking.spawn(async move {
            let (mut connection, mut took) = (Connection::open(address).await, Vec::new());
            while begun.elapsed() < lasting {
                let asked = Instant::now();
                let response = connection.ask(&head).await;
                assert_eq!(response.status, 200, "{}", response.head);
                took.push(asked.elapsed());
            }
            took
        });
    }
    let mut took: Vec<Duration> = asking.join_all().await.into_iter().flatten().collect();
    let all = begun.elapsed();
    took.sort_unstable();
    let pages = f64::from(u32::try_from(took.len()).expect("fewer than that"));
    let p99 = took[took.len() * 99 / 100];
    Measured { pages_a_second: pages / all.as_secs_f64(), middle: took[took.len() / 2], p99 }
}

/// A connection that stays open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// What came back.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the server listens");
        stream.set_nodelay(true).expect("a socket has this option");
        Self { stream, buffer: Vec::new() }
    }

    /// Sends one request and reads its response, whose length is said in its head.
    pub(crate) async fn ask(&mut self, request: &str) -> Response {
        self.stream.write_all(request.as_bytes()).await.expect("the server reads");
        self.buffer.clear();
        let end = loop {
            if let Some(at) = self.buffer.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            self.read().await;
        };
        let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        let length: usize = length.expect("every page of ours says its length");
        while self.buffer.len() < end + length {
            self.read().await;
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Response { status, head, body: self.buffer[end..].to_vec() }
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.buffer).await.expect("the server answers");
        assert!(read > 0, "the server closed the connection");
    }
}

/// A GET with these cookies.
pub(crate) fn get(address: SocketAddr, path: &str, cookies: &str) -> String {
    let cookies = if cookies.is_empty() { String::new() } else { format!("Cookie: {cookies}\r\n") };
    format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{cookies}\r\n")
}

/// A form from a page of the site.
pub(crate) fn post(address: SocketAddr, path: &str, cookies: &str, form: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
         Sec-Fetch-Site: same-origin\r\nCookie: {cookies}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    )
}
