use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use futures_util::{StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::*;

/// How long a test waits for something to come true.
const PATIENCE: Duration = Duration::from_secs(10);

/// One event, and then nothing for ever.
async fn live() -> impl axum::response::IntoResponse {
    let begun = stream::once(async { Ok::<_, io::Error>("data: begun\n\n") });
    ([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(begun.chain(stream::pending())))
}

fn house(closing: watch::Receiver<bool>) -> Arc<House> {
    let doors = Doors::default();
    let crowd = Crowd::new(doors.limits);
    let pages = Router::new().route("/live", get(live));
    Arc::new(House { pages, doors, crowd, closing })
}

#[tokio::test]
async fn a_stream_of_events_ends_properly_when_the_center_closes() {
    let (close, closing) = watch::channel(false);
    let house = house(closing);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut browser = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let mut connections = JoinSet::new();
    admit(&mut connections, &house, listener.accept().await.unwrap());
    browser.write_all(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut told = Vec::new();
    while !told.ends_with(b"begun\n\n\r\n") {
        let read = timeout(PATIENCE, browser.read_buf(&mut told)).await.expect("an event");
        assert_ne!(read.unwrap(), 0, "{}", String::from_utf8_lossy(&told));
    }
    close.send_replace(true);
    let read = timeout(PATIENCE, browser.read_to_end(&mut told)).await.expect("it ends");
    read.unwrap();
    // The last chunk: nothing was cut (RFC 9112 §7.1).
    assert!(told.ends_with(b"\r\n0\r\n\r\n"), "{}", String::from_utf8_lossy(&told));
    drop(browser);
    timeout(PATIENCE, connections.join_next()).await.expect("it is over").unwrap().unwrap();
}

#[tokio::test]
async fn when_open_files_are_used_up_the_idle_give_theirs_back() {
    let (_close, closing) = watch::channel(false);
    let house = house(closing);
    let peer = Peer::Of([192, 0, 2, 1].into());
    let (idle, worked_on) = (house.crowd.enter(peer).unwrap(), house.crowd.enter(peer).unwrap());
    worked_on.begin_work();
    make_room(&house.crowd, &io::ErrorKind::ConnectionAborted.into(), &mut None);
    assert_eq!(idle.begin_work(), crowd::Admission::Served);
    idle.end_work();
    // EMFILE of Linux.
    make_room(&house.crowd, &io::Error::from_raw_os_error(24), &mut None);
    timeout(PATIENCE, idle.dismissed()).await.expect("it is told to go");
    assert_eq!(worked_on.begin_work(), crowd::Admission::Served);
}
