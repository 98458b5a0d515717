//! The door: who logs in, or chooses a first password, and how often they may try.
//!
//! Whatever is wrong (no such user, no password, another one, no or another one-time code) costs the
//! same work, and is told alike. An account with one-time codes is never let in from memory: that its
//! password was the right one would show in the time that the refusal takes.

use std::net::IpAddr;
use std::sync::Arc;

use center::{NewPassword, Verdict, Verified};
use domain::{
    DeviceCookie, OneTimePassword, Password, Refusal, SourcePrefix, UserName, to_hexadecimal,
};
use jiff::Timestamp;
use store::{AccountRecord, PasswordHash, StoreError};
use tokio::sync::oneshot;

use crate::device::{DeviceCookies, DeviceId};
use crate::lanes::{Lane, LaneLimits};
use crate::password::{self, Workspace, one_time, policy};
use crate::pool::Pool;
use crate::remembered::Remembered;
use crate::throttle::{NoGuess, Throttle};
use crate::{Settings, Threads, fresh_entropy};

/// The secret of nobody's one-time codes, so that a code costs the same with an account that has none.
const NOBODYS_SECRET: [u8; one_time::SECRET_BYTES] = [0; one_time::SECRET_BYTES];

/// What somebody brings to log in with.
pub(crate) struct Attempt {
    pub(crate) user: UserName,
    pub(crate) password: Password,
    pub(crate) one_time: Option<OneTimePassword>,
    pub(crate) device: Option<DeviceCookie>,
    pub(crate) source: IpAddr,
}

pub(crate) struct Door {
    hashers: Pool<Workspace>,
    remembered: Remembered,
    throttle: Arc<Throttle>,
    cookies: DeviceCookies,
}

/// An attempt that may be looked at.
pub(crate) struct Admitted {
    attempt: Attempt,
    guess: crate::throttle::Guess,
    device: Option<DeviceId>,
}

/// That everything was right.
#[derive(Clone, Copy)]
struct Right {
    one_time_step: Option<u64>,
}

impl Door {
    pub(crate) fn open(settings: &Settings, threads: &mut Threads) -> Result<Self, StoreError> {
        let hashers = password::hashing_threads();
        let limits = LaneLimits {
            waiting_max: settings.hashes_waiting_max,
            per_source_max: settings.hashes_per_source_max,
        };
        let workers = (0..hashers).map(|_| Workspace::default()).collect();
        let pool = Pool::start("hasher", workers, limits, password::lower_priority, threads)?;
        let throttle = Throttle::new(&settings.throttle, hashers, fresh_entropy());
        Ok(Self {
            hashers: pool,
            remembered: Remembered::new(fresh_entropy()),
            throttle: Arc::new(throttle),
            cookies: DeviceCookies::new(&settings.device_key),
        })
    }

    /// Nothing more comes; what is in line is still done.
    pub(crate) fn close(&self) {
        self.hashers.close();
    }

    /// Whether an attempt is looked at, before anything is known of the account.
    pub(crate) async fn admit(&self, attempt: Attempt) -> Result<Admitted, Verdict> {
        let cookie = attempt.device.as_ref();
        let device = cookie.and_then(|cookie| self.cookies.verify(&attempt.user, cookie));
        let source = SourcePrefix::of(attempt.source);
        match self.throttle.reserve(&attempt.user, source, device).await {
            Ok(guess) => Ok(Admitted { attempt, guess, device }),
            Err(NoGuess::Throttled) => Err(Verdict::Throttled),
            Err(NoGuess::Busy) => Err(Verdict::Busy),
        }
    }

    /// Looks at an attempt; `account` is the one of its user name.
    pub(crate) async fn judge(
        &self,
        admitted: Admitted,
        account: Option<AccountRecord>,
        now: Timestamp,
    ) -> Verdict {
        let Admitted { attempt, guess, device } = admitted;
        // The guess is given back when it is dropped, and was then never made.
        if let Some(account) = &account
            && self.remembers(account, &attempt.password)
        {
            return self.let_in(account.clone(), &attempt, device, Right { one_time_step: None });
        }
        let lane = match device {
            Some(_) => Lane::Known,
            None => Lane::Stranger(SourcePrefix::of(attempt.source)),
        };
        let (sender, compared) = oneshot::channel();
        let queued = self.hashers.run(lane, {
            let (account, password) = (account.clone(), attempt.password.clone());
            let one_time = attempt.one_time.clone();
            move |workspace| {
                if sender.is_closed() {
                    return;
                }
                let right = compare(account.as_ref(), &password, one_time.as_ref(), now, workspace);
                match right {
                    Some(_) => drop(guess),
                    None => guess.counts(),
                }
                let _ = sender.send(right);
            }
        });
        if queued.is_err() {
            return Verdict::Busy;
        }
        match (compared.await, account) {
            (Ok(Some(right)), Some(account)) => {
                if let Some(hash) = &account.password {
                    self.remembered.keep(account.account, hash, &attempt.password);
                }
                self.let_in(account, &attempt, device, right)
            }
            (Ok(_), _) => Verdict::Wrong,
            // It lost its place in the line, or broke: that says nothing about the password.
            (Err(_), _) => Verdict::Busy,
        }
    }

    /// Hashes a new password of `user`, if it is one that is taken.
    pub(crate) async fn hash_new(
        &self,
        user: &UserName,
        password: Password,
        source: IpAddr,
    ) -> NewPassword {
        // A weak password is told before anything is counted: that says nothing about the code, and
        // what costs no hash must not take the throttle's memory either.
        if policy::check(&password, user).is_err() {
            return NewPassword::Weak;
        }
        let source = SourcePrefix::of(source);
        let attempt = match self.throttle.choose_password(user, source) {
            Ok(attempt) => attempt,
            Err(NoGuess::Throttled) => return NewPassword::Throttled,
            Err(NoGuess::Busy) => return NewPassword::Busy,
        };
        let hashed = self.hash(Lane::Stranger(source), password, move || attempt.counts()).await;
        hashed.map_or(NewPassword::Busy, NewPassword::Hashed)
    }

    /// Hashes a password that nobody knows. Whoever asks has logged in.
    pub(crate) async fn hash_unusable(&self) -> Result<PasswordHash, Refusal> {
        let password = Password::new(&to_hexadecimal(&fresh_entropy().0))
            .expect("64 hexadecimal digits are a password");
        self.hash(Lane::Known, password, || {}).await.ok_or(Refusal::Busy)
    }

    /// Hashes when it is its turn, after `at_start`; `None` when there is no place in the line, or it
    /// was lost.
    async fn hash(
        &self,
        lane: Lane,
        password: Password,
        at_start: impl FnOnce() + Send + 'static,
    ) -> Option<PasswordHash> {
        let (sender, hashed) = oneshot::channel();
        let queued = self.hashers.run(lane, move |workspace| {
            if !sender.is_closed() {
                at_start();
                let _ = sender.send(password::hash(&password, workspace));
            }
        });
        queued.ok()?;
        hashed.await.ok()
    }

    fn remembers(&self, account: &AccountRecord, password: &Password) -> bool {
        let hash = account.password.as_ref().filter(|_| !has_one_time_codes(account));
        hash.is_some_and(|hash| self.remembered.knows(account.account, hash, password))
    }

    fn let_in(
        &self,
        account: AccountRecord,
        attempt: &Attempt,
        device: Option<DeviceId>,
        right: Right,
    ) -> Verdict {
        let known = attempt.device.clone().filter(|_| device.is_some());
        let fresh = || self.cookies.fresh(&attempt.user, &fresh_entropy());
        let device = known.unwrap_or_else(fresh);
        let Right { one_time_step } = right;
        Verdict::Right(Box::new(Verified { account, one_time_step, device }))
    }
}

fn has_one_time_codes(account: &AccountRecord) -> bool {
    account.role.needs_second_factor() || account.totp.is_some()
}

/// Compares everything, whatever is wrong first, so that nothing shows in the time it takes.
fn compare(
    account: Option<&AccountRecord>,
    password: &Password,
    one_time: Option<&OneTimePassword>,
    now: Timestamp,
    workspace: &mut Workspace,
) -> Option<Right> {
    let in_force = account.and_then(|account| account.password.as_ref());
    let password_is_right = match in_force {
        Some(hash) => password::verify(password, hash, workspace),
        None => password::verify_nothing(password, workspace),
    };
    let secret = account.and_then(|account| account.totp.as_ref());
    let secret_bytes = secret.map_or(&NOBODYS_SECRET, |secret| secret.expose());
    let step = one_time.and_then(|code| one_time::accepted_step(secret_bytes, code, now));
    let second_factor = match account {
        Some(account) if has_one_time_codes(account) => {
            // Without a secret nobody's codes were compared.
            step.filter(|_| secret.is_some()).map(|step| Right { one_time_step: Some(step) })
        }
        _ => Some(Right { one_time_step: None }),
    };
    second_factor.filter(|_| password_is_right)
}
