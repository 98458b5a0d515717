//! The relay's way for datagrams: each patient has one of its own to each doctor, as through a NAT.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use protocol::limits::ESTIMATE_TIMEOUT_ALL;
use tokio::net::UdpSocket;
use tokio::time::{Instant, sleep_until};

use super::Shared;
use super::post::Parcel;
use crate::record::Fate;

/// The longest datagram that is passed on, in bytes; ours have at most 1,200.
const BYTES_MAX: usize = 2_048;
/// The most ways at once; whoever comes when there are so many is not passed on.
const WAYS_MAX: usize = 4_096;
/// How long a way is kept that nobody uses: a patient asks again within that time, or never.
const WAY_KEPT: Duration = ESTIMATE_TIMEOUT_ALL;
/// How long it is kept when an answer was passed on: it may have come twice.
const ANSWERED_WAY_KEPT: Duration = Duration::from_secs(1);

/// How many ways there are, over all doctors.
#[derive(Debug, Default)]
pub(super) struct Ways(AtomicUsize);

/// A patient's way to one doctor.
struct Way {
    back: Arc<UdpSocket>,
    /// When it is given up.
    until: Mutex<Instant>,
}

impl Way {
    fn until(&self) -> Instant {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, time: Duration) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + time;
    }
}

/// The ways to one doctor, by patient.
type Known = Arc<Mutex<HashMap<SocketAddr, Arc<Way>>>>;

/// Where everything about one doctor goes.
struct Front {
    shared: Arc<Shared>,
    socket: Arc<UdpSocket>,
    address: SocketAddr,
    doctor: SocketAddr,
    known: Known,
}

pub(super) async fn serve(
    shared: Arc<Shared>,
    socket: UdpSocket,
    address: SocketAddr,
    doctor: SocketAddr,
) {
    let mut shutdown = shared.shutdown.clone();
    let socket = Arc::new(socket);
    let front = Arc::new(Front { shared, socket, address, doctor, known: Known::default() });
    let mut buffer = [0; BYTES_MAX];
    loop {
        let received = tokio::select! {
            biased;
            () = shutdown.wait() => return,
            received = front.socket.recv_from(&mut buffer) => received,
        };
        match received {
            Ok((length, patient)) => front.question(patient, &buffer[..length]).await,
            Err(error) => tracing::debug!(%error, "the relay could not receive"),
        }
    }
}

impl Front {
    async fn question(self: &Arc<Self>, patient: SocketAddr, bytes: &[u8]) {
        let way = match self.way_of(patient).await {
            Ok(way) => way,
            Err(error) => {
                tracing::warn!(%error, "the relay has no way to a doctor: a datagram is lost");
                return;
            }
        };
        let journey = self.shared.weather.journey();
        if let Some(capture) = &self.shared.capture {
            let fate = if journey.first.is_some() { Fate::Arrived } else { Fate::Lost };
            capture.datagram(patient, self.address, bytes, fate);
        }
        for delay in [journey.first, journey.second].into_iter().flatten() {
            let (socket, bytes) = (Arc::clone(&way.back), bytes.to_vec());
            self.shared.post.send(delay, Parcel { socket, to: None, bytes, shown: None }).await;
        }
    }

    async fn answer(&self, patient: SocketAddr, way: &Way, bytes: &[u8]) {
        let journey = self.shared.weather.journey();
        match journey.first {
            None => {
                if let Some(capture) = &self.shared.capture {
                    capture.datagram(self.address, patient, bytes, Fate::Lost);
                }
            }
            Some(delay) => way.keep(ANSWERED_WAY_KEPT + delay),
        }
        for delay in [journey.first, journey.second].into_iter().flatten() {
            let (socket, bytes) = (Arc::clone(&self.socket), bytes.to_vec());
            let shown = Some((self.address, patient));
            self.shared.post.send(delay, Parcel { socket, to: Some(patient), bytes, shown }).await;
        }
    }

    /// The patient's way, kept for another while; a new one when there is none.
    async fn way_of(self: &Arc<Self>, patient: SocketAddr) -> io::Result<Arc<Way>> {
        let delays = self.shared.weather.network.delay + self.shared.weather.network.jitter;
        let kept = WAY_KEPT + delays;
        {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(way) = known.get(&patient) {
                way.keep(kept);
                return Ok(Arc::clone(way));
            }
        }
        let count = &self.shared.ways.0;
        if count.fetch_add(1, Ordering::Relaxed) >= WAYS_MAX {
            count.fetch_sub(1, Ordering::Relaxed);
            return Err(io::Error::other("all ways are in use"));
        }
        let back = match connected(self.doctor).await {
            Ok(back) => Arc::new(back),
            Err(error) => {
                count.fetch_sub(1, Ordering::Relaxed);
                return Err(error);
            }
        };
        let way = Arc::new(Way { back, until: Mutex::new(Instant::now() + kept) });
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(patient, Arc::clone(&way));
        tokio::spawn(bring_back(Arc::clone(self), patient, Arc::clone(&way)));
        Ok(way)
    }
}

async fn connected(doctor: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match doctor {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(doctor).await?;
    Ok(socket)
}

/// Passes the doctor's answers on to one patient until nobody has used the way for a time.
async fn bring_back(front: Arc<Front>, patient: SocketAddr, way: Arc<Way>) {
    let mut shutdown = front.shared.shutdown.clone();
    let mut buffer = [0; BYTES_MAX];
    loop {
        tokio::select! {
            biased;
            () = shutdown.wait() => break,
            received = way.back.recv(&mut buffer) => match received {
                Ok(length) => front.answer(patient, &way, &buffer[..length]).await,
                Err(error) => tracing::debug!(%error, "no doctor there"),
            },
            () = sleep_until(way.until()) => {
                let mut known = front.known.lock().unwrap_or_else(PoisonError::into_inner);
                // A question may have come meanwhile, or an answer shortened the time.
                if way.until() <= Instant::now() {
                    known.remove(&patient);
                    break;
                }
            }
        }
    }
    front.shared.ways.0.fetch_sub(1, Ordering::Relaxed);
}
