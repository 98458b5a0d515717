//! Who may guess how often, on a clock of our own.

use std::net::IpAddr;

use governor::clock::FakeRelativeClock;

use super::*;

struct Door {
    throttle: Arc<Throttle<FakeRelativeClock>>,
    clock: FakeRelativeClock,
}

impl Door {
    fn new() -> Self {
        let clock = FakeRelativeClock::default();
        let settings = ThrottleSettings::default();
        let throttle = Throttle::with_clock(&settings, 1, Entropy([3; 32]), &clock);
        Self { throttle: Arc::new(throttle), clock }
    }

    async fn reserve(
        &self,
        user: &str,
        from: &str,
        device: Option<u8>,
    ) -> Option<Guess<FakeRelativeClock>> {
        let user = UserName::new(user).unwrap();
        let source = SourcePrefix::of(from.parse::<IpAddr>().unwrap());
        let device = device.map(|byte| DeviceId([byte; 16]));
        self.throttle.reserve(&user, source, device).await.ok()
    }

    /// How many of `tries` wrong guesses, one after the other, are looked at.
    async fn wrong(&self, user: &str, from: &str, device: Option<u8>, tries: usize) -> usize {
        let mut looked_at = 0;
        for _ in 0..tries {
            if let Some(guess) = self.reserve(user, from, device).await {
                guess.counts();
                looked_at += 1;
            }
        }
        looked_at
    }

    async fn is_let_try(&self, user: &str, from: &str, device: Option<u8>) -> bool {
        self.reserve(user, from, device).await.is_some()
    }
}

#[tokio::test]
async fn a_source_has_ten_wrong_guesses_an_hour_at_one_user_name() {
    let door = Door::new();
    assert_eq!(door.wrong("ann", "192.0.2.1", None, 30).await, 10);
    // The neighbour, the same /64 and another one, another user name.
    assert!(door.is_let_try("ann", "192.0.2.2", None).await);
    assert_eq!(door.wrong("ann", "2001:db8::1", None, 30).await, 10);
    assert!(!door.is_let_try("ann", "2001:db8::ffff:2", None).await);
    assert!(door.is_let_try("ann", "2001:db8:0:1::1", None).await);
    assert!(door.is_let_try("bob", "192.0.2.1", None).await);
    door.clock.advance(Duration::from_secs(3_599));
    assert!(!door.is_let_try("ann", "192.0.2.1", None).await);
    door.clock.advance(Duration::from_secs(1));
    assert_eq!(door.wrong("ann", "192.0.2.1", None, 30).await, 10);
}

#[tokio::test]
async fn all_sources_together_have_a_hundred() {
    let door = Door::new();
    let mut looked_at = 0;
    for source in 1..=40 {
        looked_at += door.wrong("ann", &format!("198.51.100.{source}"), None, 9).await;
    }
    assert_eq!(looked_at, 100);
    assert!(!door.is_let_try("ann", "203.0.113.9", None).await);
    assert!(door.is_let_try("bob", "203.0.113.9", None).await);
    // What was not looked at did not count for its source either.
    door.clock.advance(Duration::from_secs(3_600));
    assert_eq!(door.wrong("ann", "198.51.100.40", None, 30).await, 10);
}

#[tokio::test]
async fn right_log_ins_never_count() {
    let door = Door::new();
    for _ in 0..1_000 {
        assert!(door.is_let_try("ann", "192.0.2.1", None).await);
    }
    assert_eq!(door.wrong("ann", "192.0.2.1", None, 9).await, 9);
    for _ in 0..1_000 {
        assert!(door.is_let_try("ann", "192.0.2.1", None).await);
    }
    assert_eq!(door.wrong("ann", "192.0.2.1", None, 9).await, 1);
}

#[tokio::test]
async fn a_device_is_kept_out_by_nobody_but_itself_and_for_half_a_minute_at_most() {
    let door = Door::new();
    for source in 1..=40 {
        door.wrong("ann", &format!("198.51.100.{source}"), None, 30).await;
    }
    assert!(!door.is_let_try("ann", "192.0.2.1", None).await);
    assert!(door.is_let_try("ann", "192.0.2.1", Some(1)).await);
    assert_eq!(door.wrong("ann", "192.0.2.1", Some(1), 30).await, 10);
    assert!(!door.is_let_try("ann", "192.0.2.1", Some(1)).await);
    assert!(door.is_let_try("ann", "192.0.2.1", Some(2)).await);
    door.clock.advance(Duration::from_secs(30));
    assert!(door.is_let_try("ann", "192.0.2.1", Some(1)).await);
    // Nor do its guesses keep strangers out.
    assert_eq!(door.wrong("bob", "192.0.2.1", Some(1), 30).await, 10);
    assert_eq!(door.wrong("bob", "192.0.2.1", None, 30).await, 10);
}

/// A thousand at once: all have reserved, or wait, before the first is compared.
async fn a_thousand_at_once(are_right: bool) -> (usize, usize) {
    let door = Arc::new(Door::new());
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let door = Arc::clone(&door);
        tasks.spawn(async move {
            let Some(guess) = door.reserve("ann", "192.0.2.1", None).await else { return false };
            tokio::task::yield_now().await;
            match are_right {
                true => drop(guess),
                false => guess.counts(),
            }
            true
        });
    }
    let looked_at = tasks.join_all().await;
    let count = looked_at.iter().filter(|looked_at| **looked_at).count();
    (count, door.throttle.sources.keys())
}

#[tokio::test]
async fn of_a_thousand_guesses_at_once_ten_are_looked_at() {
    assert_eq!(a_thousand_at_once(false).await, (10, 1));
}

#[tokio::test]
async fn a_thousand_right_log_ins_at_once_wait_for_each_other_and_leave_nothing_behind() {
    assert_eq!(a_thousand_at_once(true).await, (1_000, 0));
}

#[test]
fn enrolling_is_tried_ten_times_an_hour_from_one_source() {
    let door = Door::new();
    let source = |text: &str| SourcePrefix::of(text.parse::<IpAddr>().unwrap());
    let tried =
        |doctor, from| door.throttle.choose_password(&UserName::new(doctor).unwrap(), source(from));
    let tries =
        |doctor, from| (0..30).filter(|_| tried(doctor, from).map(Guess::counts).is_ok()).count();
    // What cost no hash neither counts nor takes memory.
    for _ in 0..30 {
        assert!(tried("doc1", "192.0.2.1").map(drop).is_ok());
    }
    assert_eq!(door.throttle.enrolments.keys(), 0);
    assert_eq!(tries("doc1", "192.0.2.1"), 10);
    assert_eq!(tries("doc1", "192.0.2.2"), 10);
    assert_eq!(tries("doc2", "192.0.2.1"), 10);
    door.clock.advance(Duration::from_secs(3_600));
    assert_eq!(tries("doc1", "192.0.2.1"), 10);
}
