//! How many wrong guesses the center takes, and from whom.
//!
//! A guess is *reserved* before the password is compared, so that a thousand guesses at once do not
//! all pass, and given back when it was right or was never compared: right log-ins never count. The
//! user name counts as it was typed, whether there is such a user or not.
//!
//! | who guesses | budget |
//! |---|---|
//! | a stranger, at one user name from one source | 10 in any hour |
//! | all strangers together, at one user name | 100 in any hour |
//! | a device that has logged in as this user before | 10 at once, then one each 30 s |
//!
//! A device has a budget of its own (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"):
//! what strangers do never keeps it out, and what it does itself never for more than 30 s. A stranger
//! who is throttled is told so before anything is looked up, also with the right password and also
//! when that password is remembered: else the answer would tell which guess was the right one.
//!
//! **Memory.** A budget forgets nothing that still counts, so nobody can guess in order to make it
//! forget. A new key costs a hash (what is not hashed is given back), so a hashing thread makes at
//! most 3,600 s / 14 ms ≈ 262,144 keys within the hour in which they count; that many are remembered
//! for each thread, about 100 bytes each. Should there ever be more, further keys are "busy".
//!
//! What is deliberately not here: passwords, hashes, accounts. Nothing outlives the process: a
//! restart gives everybody their guesses again, which only the operator can bring about.

mod budget;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use domain::{Entropy, SourcePrefix, UserName};
use governor::clock::{Clock, MonotonicClock};
use sha2::{Digest, Sha256};

use budget::{Became, Budget, Key, NotNow, Shape, Taken};

use crate::device::DeviceId;

/// The most keys of one budget that are remembered for each hashing thread.
pub const KEYS_PER_HASHER_MAX: usize = 262_144;

/// How many wrong guesses are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThrottleSettings {
    /// Strangers' wrong guesses in any hour at one user name from one source: an IPv4 address, or a
    /// /64 of IPv6.
    pub guesses_per_source_hour: NonZeroU32,
    /// Strangers' wrong guesses in any hour at one user name, wherever they come from.
    pub guesses_per_account_hour: NonZeroU32,
    /// Wrong guesses at once of a device that has logged in before.
    pub guesses_per_device: NonZeroU32,
    /// The pause after which such a device has one more.
    pub device_pause: Duration,
    /// Tries in any hour to enrol as one doctor, or to choose a password as one user with a link, from
    /// one source, right ones included.
    pub enrolments_per_source_hour: NonZeroU32,
}

impl Default for ThrottleSettings {
    fn default() -> Self {
        let count = |count| NonZeroU32::new(count).expect("a positive number is not zero");
        Self {
            guesses_per_source_hour: count(10),
            guesses_per_account_hour: count(100),
            guesses_per_device: count(10),
            device_pause: Duration::from_secs(30),
            enrolments_per_source_hour: count(10),
        }
    }
}

/// Why a password is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoGuess {
    /// Too many were wrong.
    Throttled,
    /// There is no memory to count one more.
    Busy,
}

/// The budgets of all who log in.
pub(crate) struct Throttle<C: Clock = MonotonicClock> {
    sources: Budget<C>,
    accounts: Budget<C>,
    devices: Budget<C>,
    enrolments: Budget<C>,
    /// Random, so that nobody can choose two names of one digest.
    salt: Entropy,
}

/// A guess, or a try to choose a password, that is reserved: given back when it is dropped, unless it
/// [`counts`](Self::counts).
#[must_use]
pub(crate) struct Guess<C: Clock + Clone = MonotonicClock> {
    throttle: Arc<Throttle<C>>,
    taken: TakenFrom,
}

enum TakenFrom {
    Stranger { source: Taken, account: Taken },
    Device(Taken),
    Enrolments(Taken),
    Nowhere,
}

impl Throttle<MonotonicClock> {
    pub(crate) fn new(settings: &ThrottleSettings, hashers: usize, salt: Entropy) -> Self {
        Self::with_clock(settings, hashers, salt, &MonotonicClock)
    }
}

impl<C: Clock + Clone> Throttle<C> {
    fn with_clock(settings: &ThrottleSettings, hashers: usize, salt: Entropy, clock: &C) -> Self {
        let keys_max = KEYS_PER_HASHER_MAX * hashers.max(1);
        let budget = |shape| Budget::new(shape, keys_max, clock.clone());
        let devices = Shape::Steady(settings.guesses_per_device, settings.device_pause);
        Self {
            sources: budget(Shape::Hourly(settings.guesses_per_source_hour)),
            accounts: budget(Shape::Hourly(settings.guesses_per_account_hour)),
            devices: budget(devices),
            enrolments: budget(Shape::Hourly(settings.enrolments_per_source_hour)),
            salt,
        }
    }

    /// Reserves a guess at `user`; `device` is whose cookie was verified for this user. Waits while
    /// the budget is used up by guesses of which nobody knows yet whether they are wrong.
    pub(crate) async fn reserve(
        self: &Arc<Self>,
        user: &UserName,
        source: SourcePrefix,
        device: Option<DeviceId>,
    ) -> Result<Guess<C>, NoGuess> {
        loop {
            let told = match self.try_reserve(user, source, device) {
                Err(NotNow::InFlight(told)) => told,
                other => return settled(other),
            };
            let one_is_settled = told.notified();
            // It may have been settled before anybody waited.
            match self.try_reserve(user, source, device) {
                Err(NotNow::InFlight(still)) if Arc::ptr_eq(&told, &still) => one_is_settled.await,
                Err(NotNow::InFlight(_)) => {}
                other => return settled(other),
            }
        }
    }

    fn try_reserve(
        self: &Arc<Self>,
        user: &UserName,
        source: SourcePrefix,
        device: Option<DeviceId>,
    ) -> Result<Guess<C>, NotNow> {
        let user = user.as_str();
        let taken = match device {
            Some(device) => TakenFrom::Device(self.devices.take(self.key(user, &device.0))?),
            None => {
                let source = self.sources.take(self.key(user, &source.bytes()))?;
                match self.accounts.take(self.key(user, b"")) {
                    Ok(account) => TakenFrom::Stranger { source, account },
                    Err(not_now) => {
                        self.sources.settle(source, Became::NoGuess);
                        return Err(not_now);
                    }
                }
            }
        };
        Ok(Guess { throttle: Arc::clone(self), taken })
    }

    /// Reserves a try to choose a password as `user`, which is how doctors enrol, too. Whether the
    /// code was right, the store finds out much later: a try [`counts`](Guess::counts) as soon as it
    /// has cost a hash.
    pub(crate) fn choose_password(
        self: &Arc<Self>,
        user: &UserName,
        source: SourcePrefix,
    ) -> Result<Guess<C>, NoGuess> {
        let taken = settled(self.enrolments.take(self.key(user.as_str(), &source.bytes())))?;
        Ok(Guess { throttle: Arc::clone(self), taken: TakenFrom::Enrolments(taken) })
    }

    fn key(&self, name: &str, from: &[u8]) -> Key {
        let mut digest = Sha256::new();
        digest.update(self.salt.0);
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name);
        digest.update(from);
        let digest: [u8; 32] = digest.finalize().into();
        let mut key = Key::default();
        key.copy_from_slice(&digest[..16]);
        key
    }
}

/// What is not in flight any more.
fn settled<T>(tried: Result<T, NotNow>) -> Result<T, NoGuess> {
    tried.map_err(|not_now| match not_now {
        NotNow::Throttled | NotNow::InFlight(_) => NoGuess::Throttled,
        NotNow::Full => NoGuess::Busy,
    })
}

impl<C: Clock + Clone> Guess<C> {
    /// It counts: it was compared and was wrong, or it was a try to choose a password.
    pub(crate) fn counts(mut self) {
        self.settle(Became::Wrong);
    }

    fn settle(&mut self, became: Became) {
        match std::mem::replace(&mut self.taken, TakenFrom::Nowhere) {
            TakenFrom::Stranger { source, account } => {
                self.throttle.sources.settle(source, became);
                self.throttle.accounts.settle(account, became);
            }
            TakenFrom::Device(taken) => self.throttle.devices.settle(taken, became),
            TakenFrom::Enrolments(taken) => self.throttle.enrolments.settle(taken, became),
            TakenFrom::Nowhere => {}
        }
    }
}

impl<C: Clock + Clone> Drop for Guess<C> {
    fn drop(&mut self) {
        self.settle(Became::NoGuess);
    }
}

#[cfg(test)]
mod tests;
