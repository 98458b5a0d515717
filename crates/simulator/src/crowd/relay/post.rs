//! Where delayed datagrams wait for their time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use net::Shutdown;
use tokio::net::UdpSocket;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::capture::Capture;

/// The most datagrams under way at once; further ones are lost, as in any router.
const UNDER_WAY_MAX: usize = 16_384;

/// A datagram, and where it goes out.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) socket: Arc<UdpSocket>,
    /// `None` when the socket is connected.
    pub(super) to: Option<SocketAddr>,
    pub(super) bytes: Vec<u8>,
    /// From whom and to whom it is written down when it goes out; `None` when it was already.
    pub(super) shown: Option<(SocketAddr, SocketAddr)>,
}

/// Takes parcels; cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Post {
    door: mpsc::Sender<(Instant, Parcel)>,
    capture: Option<Capture>,
}

impl Post {
    pub(super) fn open(capture: Option<Capture>, shutdown: Shutdown) -> Self {
        let (door, parcels) = mpsc::channel(UNDER_WAY_MAX);
        tokio::spawn(carry(parcels, capture.clone(), shutdown));
        Self { door, capture }
    }

    /// Sends `parcel` after `delay`.
    pub(super) async fn send(&self, delay: Duration, parcel: Parcel) {
        if delay.is_zero() {
            return hand_over(&parcel, self.capture.as_ref()).await;
        }
        if self.door.try_send((Instant::now() + delay, parcel)).is_err() {
            tracing::warn!("more datagrams are under way than the relay holds: one is lost");
        }
    }
}

/// What waits, the earliest first; of those that are due at once the one that came first.
struct Waiting {
    due: Reverse<(Instant, u64)>,
    parcel: Parcel,
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.due == other.due
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.due.cmp(&other.due)
    }
}

async fn carry(
    mut parcels: mpsc::Receiver<(Instant, Parcel)>,
    capture: Option<Capture>,
    mut shutdown: Shutdown,
) {
    let mut waiting = BinaryHeap::new();
    let mut number = 0;
    loop {
        let next = waiting.peek().map(|first: &Waiting| first.due.0.0);
        tokio::select! {
            biased;
            () = shutdown.wait() => return,
            () = sleep_until(next.unwrap_or_else(Instant::now)), if next.is_some() => {
                if let Some(Waiting { parcel, .. }) = waiting.pop() {
                    hand_over(&parcel, capture.as_ref()).await;
                }
            }
            came = parcels.recv(), if waiting.len() < UNDER_WAY_MAX => match came {
                Some((due, parcel)) => {
                    number += 1;
                    waiting.push(Waiting { due: Reverse((due, number)), parcel });
                }
                None => return,
            },
        }
    }
}

/// Where it cannot be sent, the datagram is lost: so is any datagram's life.
async fn hand_over(parcel: &Parcel, capture: Option<&Capture>) {
    if let (Some(capture), Some((from, to))) = (capture, parcel.shown) {
        capture.datagram(from, to, &parcel.bytes, crate::record::Fate::Arrived);
    }
    let sent = match parcel.to {
        Some(to) => parcel.socket.send_to(&parcel.bytes, to).await,
        None => parcel.socket.send(&parcel.bytes).await,
    };
    if let Err(error) = sent {
        tracing::debug!(%error, "the relay could not pass a datagram on");
    }
}
