//! Complaints in the log that anybody on the network can cause: told now and then, not each time.
//! What is deliberately not here: the audit, which counts them all.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often the log says that plaintext is refused.
const PLAINTEXT_PAUSE: Duration = Duration::from_secs(60);

/// When it was said last in this process, which is one center.
static PLAINTEXT: Complaint = Complaint::new(PLAINTEXT_PAUSE);

/// Says that `source` was refused, unless that was said of anybody a short while ago.
pub(crate) fn plaintext_refused(source: IpAddr) {
    if PLAINTEXT.is_due(Instant::now()) {
        tracing::warn!(
            %source,
            "plaintext was refused: from there only TLS is spoken, unless --allow-plaintext names \
             its network; said once a minute at most, the audit has them all"
        );
    }
}

/// Something that is said again only after a pause.
struct Complaint {
    pause: Duration,
    last: Mutex<Option<Instant>>,
}

impl Complaint {
    const fn new(pause: Duration) -> Self {
        Self { pause, last: Mutex::new(None) }
    }

    /// Whether it is to be said at `now`; then it counts as said.
    fn is_due(&self, now: Instant) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| now.saturating_duration_since(last) >= self.pause);
        if due {
            *last = Some(now);
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_is_made_once_in_its_pause() {
        let complaint = Complaint::new(Duration::from_secs(60));
        let start = Instant::now();
        let due: Vec<u64> = (0..200)
            .filter(|second| complaint.is_due(start + Duration::from_secs(*second)))
            .collect();
        assert_eq!(due, [0, 60, 120, 180]);
    }
}
