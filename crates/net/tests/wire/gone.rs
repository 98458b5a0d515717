//! Peers that go away in the middle: strangers in front of a log-in that waits for its hash, and a
//! center in front of a reply.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use net::limits::Limits;
use net::patient::{CallError, Caller, Security};
use protocol::{BadReply, Dialect, Reply, Request};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::authority::{Authority, Valid};
use crate::clinic::{Clinic, Front};
use crate::limits::raise_open_files_limit;
use crate::tls::{acceptor, log_in};

/// How long the line is, by the time that one wrong guess takes.
const LINE: Duration = Duration::from_secs(30);
/// Less than that, and more than it takes to see that nobody is in line.
const SOON: Duration = Duration::from_secs(6);

async fn connect(center: SocketAddr, security: &Security) -> Caller {
    Caller::connect(&center.to_string(), Dialect::Json, security).await.unwrap()
}

/// How many wrong guesses make a line of [`LINE`].
async fn guesses_in_line(center: SocketAddr, security: &Security) -> usize {
    let mut caller = connect(center, security).await;
    let mut quickest = LINE;
    for user in ["nobody1", "nobody2", "nobody3", "nobody4"] {
        let began = Instant::now();
        assert!(matches!(caller.ask(&log_in(user)).await.unwrap(), Reply::Refused(_)));
        quickest = quickest.min(began.elapsed());
    }
    let guesses = LINE.as_millis() / quickest.as_millis().max(1);
    // No more than one source may have in line.
    usize::try_from(guesses).unwrap().clamp(100, 1_900)
}

async fn assert_comes_in_soon(center: SocketAddr, security: &Security) {
    let began = Instant::now();
    let mut caller = connect(center, security).await;
    let reply = caller.ask(&log_in("patient1")).await.unwrap();
    assert!(matches!(reply, Reply::LoggedIn(_)), "{reply:?}");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_who_have_gone_are_not_waited_for() {
    raise_open_files_limit();
    let authority = Authority::new();
    let limits = Limits { strangers_per_source_max: 4_000, ..Limits::default() };
    let front = Front { limits, tls: Some(authority.door()), ..Front::default() };
    let clinic = Clinic::behind(front, 0).await;
    let (center, client) = (clinic.center, authority.client());
    let count = guesses_in_line(center, &client).await;

    let mut resetting = Vec::new();
    for n in 0..count {
        let mut stream = TcpStream::connect(center).await.unwrap();
        let words = format!(
            "{{\"id\":1,\"request\":\"log_out\"}}\n\
             {{\"id\":2,\"request\":\"log_in\",\"user\":\"r{n}\",\"password\":\"password\"}}\n"
        );
        stream.write_all(words.as_bytes()).await.unwrap();
        // With the first answer, the log-in is what the center does next.
        assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
        // Closing at once with SO_LINGER 0 sends a reset.
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
        resetting.push(stream);
    }
    drop(resetting);
    assert_comes_in_soon(center, &client).await;

    let mut closing = Vec::new();
    for n in 0..count {
        let mut caller = connect(center, &client).await;
        let wrong = caller.ask(&Request::LogOut).await.unwrap();
        assert!(matches!(wrong, Reply::Refused(_)));
        caller.send(&log_in(&format!("c{n}"))).await.unwrap();
        closing.push(caller);
    }
    drop(closing);
    assert_comes_in_soon(center, &client).await;
}

#[tokio::test]
async fn a_center_that_goes_without_a_word_has_given_no_answer() {
    let authority = Authority::new();
    let acceptor = acceptor(&authority.certify("127.0.0.1", Valid::Now));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for linger in [None, Some(Duration::ZERO)] {
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            assert!(stream.read(&mut [0; 1_024]).await.unwrap() > 0);
            // As a center that is killed: without the last word of TLS, or with a reset.
            socket2::SockRef::from(stream.get_ref().0).set_linger(linger).unwrap();
        }
    });
    for _ in 0..2 {
        let mut caller = connect(address, &authority.client()).await;
        let error = caller.ask(&log_in("patient1")).await.unwrap_err();
        assert!(matches!(error, CallError::BadReply(BadReply::NoAnswer)), "{error:?}");
        assert!(error.is_unknown());
    }
}
