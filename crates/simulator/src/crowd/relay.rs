//! A bad network in this process: a relay for TCP and UDP that loses, delays, doubles and reorders.
//!
//! Bytes of a TCP connection are only delayed, and keep their order. Datagrams of a patient keep a
//! way of their own, as through a NAT, so that doctors can tell patients apart. What is deliberately
//! not here: how what crosses it is written down (see [`crate::capture`]).

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use net::Shutdown;

use super::Network;
use crate::capture::Capture;
use crate::chance::Chance;

mod post;
mod tcp;
mod udp;

use post::Post;
use udp::Ways;

/// How much longer a datagram waits that others are to overtake, at least and at most: also a
/// patient's next try may be faster.
const OVERTAKEN: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(600));

/// A relay on this machine. It ends with the shutdown that it was given.
#[derive(Debug, Clone)]
pub struct Relay {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    weather: Weather,
    post: Post,
    ways: Ways,
    capture: Option<Capture>,
    /// Where each doctor is reached through the relay.
    fronts: Mutex<HashMap<SocketAddr, SocketAddr>>,
    shutdown: Shutdown,
}

impl Relay {
    /// A relay through which the network looks like this. To be called inside the runtime.
    #[must_use]
    pub fn open(network: Network, seed: u64, capture: Option<Capture>, shutdown: Shutdown) -> Self {
        let post = Post::open(capture.clone(), shutdown.clone());
        let weather = Weather { network, chance: Mutex::new(Chance::new(seed)) };
        let (ways, fronts) = (Ways::default(), Mutex::default());
        Self { shared: Arc::new(Shared { weather, post, ways, capture, fronts, shutdown }) }
    }

    /// Leads to the center at `center` from a port of its own, which is given back.
    ///
    /// # Errors
    /// When the operating system has no port.
    pub fn lead_to_center(&self, center: SocketAddr) -> io::Result<SocketAddr> {
        let listener = net::center::listen((Ipv4Addr::LOCALHOST, 0).into())?;
        let front = listener.local_addr()?;
        tokio::spawn(tcp::serve(Arc::clone(&self.shared), listener, front, center));
        Ok(front)
    }

    /// Leads to the doctor at `doctor` from a port of its own, always the same, which is given back.
    ///
    /// # Errors
    /// When the operating system has no port.
    pub fn lead_to_doctor(&self, doctor: SocketAddr) -> io::Result<SocketAddr> {
        let mut fronts = self.shared.fronts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(front) = fronts.get(&doctor) {
            return Ok(*front);
        }
        let socket = net::doctor::bind((Ipv4Addr::LOCALHOST, 0).into())?;
        let front = socket.local_addr()?;
        fronts.insert(doctor, front);
        tokio::spawn(udp::serve(Arc::clone(&self.shared), socket, front, doctor));
        Ok(front)
    }
}

/// What happens by chance.
#[derive(Debug)]
struct Weather {
    network: Network,
    chance: Mutex<Chance>,
}

/// What becomes of a datagram: how long each of its copies is under way; no copy when it is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Journey {
    first: Option<Duration>,
    second: Option<Duration>,
}

impl Weather {
    /// How long the next bytes are under way.
    fn delay(&self) -> Duration {
        self.with_chance(delay)
    }

    /// What becomes of the next datagram.
    fn journey(&self) -> Journey {
        self.with_chance(|network, chance| {
            let lost = chance.happens(network.loss);
            let twice = chance.happens(network.duplicate);
            let overtaken = chance.happens(network.reorder);
            let mut first = delay(network, chance);
            if overtaken {
                first += chance.between(OVERTAKEN.0, OVERTAKEN.1);
            }
            let second = delay(network, chance);
            Journey { first: (!lost).then_some(first), second: (!lost && twice).then_some(second) }
        })
    }

    fn with_chance<T>(&self, draw: impl FnOnce(&Network, &mut Chance) -> T) -> T {
        let mut chance = self.chance.lock().unwrap_or_else(PoisonError::into_inner);
        draw(&self.network, &mut chance)
    }
}

fn delay(network: &Network, chance: &mut Chance) -> Duration {
    let least = network.delay.saturating_sub(network.jitter);
    chance.between(least, network.delay + network.jitter)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weather(network: Network) -> Weather {
        Weather { network, chance: Mutex::new(Chance::new(5)) }
    }

    #[test]
    fn a_plain_network_does_nothing() {
        let plain = weather(Network::default());
        let nothing = Journey { first: Some(Duration::ZERO), second: None };
        assert!((0..1_000).all(|_| plain.journey() == nothing && plain.delay().is_zero()));
    }

    #[test]
    fn datagrams_are_lost_doubled_and_delayed_as_often_as_said() {
        let bad = weather(Network {
            loss: 0.2,
            delay: Duration::from_millis(20),
            jitter: Duration::from_millis(5),
            duplicate: 0.1,
            reorder: 0.1,
        });
        let journeys: Vec<Journey> = (0..10_000).map(|_| bad.journey()).collect();
        let count = |what: &dyn Fn(&Journey) -> bool| journeys.iter().filter(|j| what(j)).count();
        let lost = count(&|journey| journey.first.is_none());
        assert!((1_850..2_150).contains(&lost), "{lost}");
        let twice = count(&|journey| journey.second.is_some());
        assert!((700..900).contains(&twice), "{twice}");
        let late = Duration::from_millis(26);
        let overtaken = count(&|journey| journey.first.is_some_and(|delay| delay > late));
        assert!((700..900).contains(&overtaken), "{overtaken}");
        let least = journeys.iter().filter_map(|journey| journey.first).min().unwrap();
        assert!(least >= Duration::from_millis(15), "{least:?}");
    }
}
