//! Who is connected, by address: the limits on connections.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::limits::{CONNECTIONS_MAX, CONNECTIONS_PER_SOURCE_MAX, REFUSALS_AT_ONCE_MAX};

/// Counts the connections; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Crowd {
    counts: Arc<Mutex<Counts>>,
}

#[derive(Debug, Default)]
struct Counts {
    served: usize,
    refused: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// A connection's place; leaving it behind is dropping it.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Crowd,
    source: IpAddr,
    pub(crate) admission: Admission,
}

/// What a connection may expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    Served,
    /// Told "busy" in its own dialect.
    Refused,
}

impl Crowd {
    /// A place for a connection from `source`; `None` when there is not even time to say "busy".
    pub(crate) fn enter(&self, source: IpAddr) -> Option<Place> {
        let mut counts = self.lock();
        let from_there = counts.by_source.get(&source).copied().unwrap_or(0);
        let served = counts.served < CONNECTIONS_MAX && from_there < CONNECTIONS_PER_SOURCE_MAX;
        let admission = if served { Admission::Served } else { Admission::Refused };
        match admission {
            Admission::Served => {
                counts.served += 1;
                *counts.by_source.entry(source).or_insert(0) += 1;
            }
            Admission::Refused if counts.refused >= REFUSALS_AT_ONCE_MAX => return None,
            Admission::Refused => counts.refused += 1,
        }
        Some(Place { crowd: self.clone(), source, admission })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.crowd.lock();
        match self.admission {
            Admission::Refused => counts.refused -= 1,
            Admission::Served => {
                counts.served -= 1;
                if let Some(count) = counts.by_source.get_mut(&self.source) {
                    *count -= 1;
                    if *count == 0 {
                        counts.by_source.remove(&self.source);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_source_cannot_take_all_places() {
        let crowd = Crowd::default();
        let (here, there) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        let mut places: Vec<Place> =
            (0..CONNECTIONS_PER_SOURCE_MAX).map(|_| crowd.enter(here).unwrap()).collect();
        assert!(places.iter().all(|place| place.admission == Admission::Served));
        for _ in 0..REFUSALS_AT_ONCE_MAX {
            places.push(crowd.enter(here).unwrap());
        }
        assert_eq!(places.last().unwrap().admission, Admission::Refused);
        assert!(crowd.enter(here).is_none());
        assert_eq!(crowd.enter(there).unwrap().admission, Admission::Served);
        drop(places);
        assert_eq!(crowd.enter(here).unwrap().admission, Admission::Served);
        assert!(crowd.lock().by_source.is_empty());
    }
}
