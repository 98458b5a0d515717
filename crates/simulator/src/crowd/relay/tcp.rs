//! The relay's way for TCP: bytes are delayed, keep their order, and none is lost.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep_until, timeout};

use net::limits::CONNECT_DEADLINE;

use super::Shared;
use crate::capture::{Side, Stream};

/// How much is read at once, in bytes.
const READ_BYTES: usize = 16 * 1_024;
/// The most pieces of one connection under way in one direction; then it is read no further.
const PIECES_MAX: usize = 64;
/// The most connections at once; further ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 4_096;

/// Some bytes, or their end, and when they are to arrive.
struct Piece {
    due: Instant,
    /// Empty at the end.
    bytes: Vec<u8>,
}

pub(super) async fn serve(
    shared: Arc<Shared>,
    listener: TcpListener,
    front: SocketAddr,
    center: SocketAddr,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut shutdown = shared.shutdown.clone();
    loop {
        let accepted = tokio::select! {
            biased;
            () = shutdown.wait() => return,
            accepted = accept(&listener, &places) => accepted,
        };
        let Some((patient, source, place)) = accepted else { continue };
        let (shared, mut shutdown) = (Arc::clone(&shared), shutdown.clone());
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = shutdown.wait() => {}
                () = lead(&shared, patient, (source, front), center) => {}
            }
        });
    }
}

/// The next connection and its place; `None` when it could not be accepted.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, source)) => Some((stream, source, place)),
        Err(error) => {
            tracing::warn!(%error, "the relay could not accept a connection");
            tokio::time::sleep(net::limits::ACCEPT_PAUSE).await;
            None
        }
    }
}

async fn lead(
    shared: &Arc<Shared>,
    patient: TcpStream,
    (source, front): (SocketAddr, SocketAddr),
    center: SocketAddr,
) {
    let connected = timeout(CONNECT_DEADLINE, TcpStream::connect(center)).await;
    let Ok(Ok(onward)) = connected else {
        tracing::debug!(%center, "the relay found no center");
        return;
    };
    // What comes in small pieces goes out in small pieces.
    let _ = (patient.set_nodelay(true), onward.set_nodelay(true));
    let stream = shared.capture.as_ref().map(|capture| Arc::new(capture.stream(source, front)));
    let (patient_in, patient_out) = patient.into_split();
    let (center_in, center_out) = onward.into_split();
    let there = pass_on(shared, Side::Client, patient_in, center_out, stream.clone());
    let back = pass_on(shared, Side::Server, center_in, patient_out, stream);
    tokio::join!(there, back);
}

/// Passes on what `from` says, until it has said all or somebody is gone.
async fn pass_on(
    shared: &Arc<Shared>,
    side: Side,
    from: OwnedReadHalf,
    to: OwnedWriteHalf,
    stream: Option<Arc<Stream>>,
) {
    let (pieces, under_way) = mpsc::channel(PIECES_MAX);
    // Seen from where the patient is: what it says before the way, what it hears behind it.
    let (before, behind) = match side {
        Side::Client => (stream, None),
        Side::Server => (None, stream),
    };
    tokio::join!(take(shared, side, from, pieces, before), give(side, to, under_way, behind));
}

async fn take(
    shared: &Arc<Shared>,
    side: Side,
    mut from: OwnedReadHalf,
    pieces: mpsc::Sender<Piece>,
    stream: Option<Arc<Stream>>,
) {
    let mut buffer = vec![0; READ_BYTES];
    let mut due = Instant::now();
    loop {
        // Who is gone without a word has said all, too. Nobody listens any more when `give` ended.
        let count = tokio::select! {
            count = from.read(&mut buffer) => count.unwrap_or(0),
            () = pieces.closed() => return,
        };
        let bytes = buffer[..count].to_vec();
        if let Some(stream) = &stream {
            stream.says(side, &bytes);
        }
        due = due.max(Instant::now() + shared.weather.delay());
        if pieces.send(Piece { due, bytes }).await.is_err() || count == 0 {
            return;
        }
    }
}

async fn give(
    side: Side,
    mut to: OwnedWriteHalf,
    mut under_way: mpsc::Receiver<Piece>,
    stream: Option<Arc<Stream>>,
) {
    while let Some(Piece { due, bytes }) = under_way.recv().await {
        if due > Instant::now() {
            sleep_until(due).await;
        }
        if let Some(stream) = &stream {
            stream.says(side, &bytes);
        }
        let given = match bytes.is_empty() {
            true => to.shutdown().await,
            false => to.write_all(&bytes).await,
        };
        if given.is_err() || bytes.is_empty() {
            return;
        }
    }
}
