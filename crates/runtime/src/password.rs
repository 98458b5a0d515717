//! Passwords as Argon2id with OWASP's parameters: 19 MiB, two passes, one lane.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use domain::Password;
use store::PasswordHash;

/// Memory of one hash, in KiB (OWASP Password Storage Cheat Sheet: m=19456, t=2, p=1).
const MEMORY_KIB: u32 = 19 * 1_024;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// The niceness of a hashing thread: whatever else there is to do goes first.
const NICENESS: i32 = 19;

/// Hashes a password with a fresh salt.
///
/// # Panics
/// When the operating system has no random bytes for the salt.
#[must_use]
pub fn hash(password: &Password) -> PasswordHash {
    let salt = &crate::fresh_entropy().0[..16];
    let hash: Phc = hasher()
        .hash_password_with_salt(password.expose().as_bytes(), salt)
        .expect("a password of checked length and 16 bytes of salt can be hashed");
    PasswordHash::new(hash.to_string())
}

/// Hashes many passwords, on all cores.
#[must_use]
pub fn hash_all(passwords: &[&Password]) -> Vec<PasswordHash> {
    let share = passwords.len().div_ceil(hashing_threads()).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = passwords
            .chunks(share)
            .map(|chunk| {
                scope.spawn(|| chunk.iter().map(|password| hash(password)).collect::<Vec<_>>())
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("hashing does not panic"))
            .collect()
    })
}

/// Whether `password` is the one that was hashed. A hash that cannot be read is nobody's.
pub(crate) fn verify(password: &Password, hash: &PasswordHash) -> bool {
    let Ok(hash) = Phc::new(hash.expose()) else {
        tracing::error!("a password hash in the store cannot be read");
        return false;
    };
    hasher().verify_password(password.expose().as_bytes(), &hash).is_ok()
}

/// Takes the time of [`verify`], for an account that does not exist. Always false.
pub(crate) fn verify_nothing(password: &Password) -> bool {
    static NOBODYS: LazyLock<PasswordHash> =
        LazyLock::new(|| hash(&Password::new("nobody's").expect("a word is a password")));
    let _ = verify(password, &NOBODYS);
    false
}

/// One for each core.
pub(crate) fn hashing_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Puts the calling thread behind all others.
pub(crate) fn lower_priority() {
    // On Linux, "process 0" is the calling thread.
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "a hashing thread keeps its priority");
    }
}

fn hasher() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None)
        .expect("OWASP's parameters lie within Argon2's limits");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let right = Password::new("password111").unwrap();
        let wrong = Password::new("password112").unwrap();
        let hashes = hash_all(&[&right, &wrong]);
        assert!(hashes[0].expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify(&right, &hashes[0]) && !verify(&wrong, &hashes[0]));
        assert!(verify(&wrong, &hashes[1]));
        assert!(!verify_nothing(&right));
        assert!(!verify(&right, &PasswordHash::new("not a hash".to_owned())));
    }
}
