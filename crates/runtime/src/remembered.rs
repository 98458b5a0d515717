//! A short-lived memory of good log-ins, as Dovecot's auth cache: the second log-in of a device
//! within minutes need not cost a hash again.
//!
//! What is remembered is a keyed digest of account, stored hash and password: nothing can be read
//! out of it, and a changed password no longer matches, whoever changed it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::{AccountId, Entropy, Password};
use sha2::{Digest, Sha256};
use store::PasswordHash;

/// How long a good log-in is remembered.
const REMEMBERED: Duration = Duration::from_secs(5 * 60);
/// The most that are remembered; when full, the expired ones make room, or else all.
const REMEMBERED_MAX: usize = 10_000;

pub(crate) struct Remembered {
    key: Entropy,
    until: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Remembered {
    pub(crate) fn new(key: Entropy) -> Self {
        Self { key, until: Mutex::default() }
    }

    pub(crate) fn knows(
        &self,
        account: AccountId,
        hash: &PasswordHash,
        password: &Password,
    ) -> bool {
        let digest = self.digest(account, hash, password);
        let until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.get(&digest).is_some_and(|until| *until > Instant::now())
    }

    pub(crate) fn keep(&self, account: AccountId, hash: &PasswordHash, password: &Password) {
        let now = Instant::now();
        let digest = self.digest(account, hash, password);
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.len() >= REMEMBERED_MAX {
            until.retain(|_, until| *until > now);
        }
        if until.len() >= REMEMBERED_MAX {
            until.clear();
        }
        until.insert(digest, now + REMEMBERED);
    }

    fn digest(&self, account: AccountId, hash: &PasswordHash, password: &Password) -> [u8; 32] {
        let mut digest = Sha256::new();
        for part in [self.key.0.as_slice(), account.as_bytes(), hash.expose().as_bytes()] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.update(password.expose().as_bytes());
        digest.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    #[test]
    fn only_the_same_account_hash_and_password_are_known_again() {
        let memory = Remembered::new(Entropy([1; 32]));
        let account = |byte| AccountId::fresh(Timestamp::UNIX_EPOCH, &Entropy([byte; 32]));
        let hash = |text: &str| PasswordHash::new(text.to_owned());
        let word = |text| Password::new(text).unwrap();
        memory.keep(account(1), &hash("h1"), &word("right"));
        assert!(memory.knows(account(1), &hash("h1"), &word("right")));
        assert!(!memory.knows(account(2), &hash("h1"), &word("right")));
        assert!(!memory.knows(account(1), &hash("h2"), &word("right")));
        assert!(!memory.knows(account(1), &hash("h1"), &word("wrong")));
    }
}
