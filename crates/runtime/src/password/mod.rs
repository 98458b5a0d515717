//! Passwords as Argon2id with OWASP's parameters: 19 MiB, two passes, one lane. Which new ones are
//! taken is in [`policy`], the one-time codes of staff in [`one_time`].

pub mod one_time;
pub mod policy;

use std::sync::LazyLock;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::Password;
use store::PasswordHash;

/// Memory of one hash, in KiB (OWASP Password Storage Cheat Sheet: m=19456, t=2, p=1).
const MEMORY_KIB: u32 = 19 * 1_024;
/// Passes over it.
const PASSES: u32 = 2;
/// Lanes.
const LANES: u32 = 1;
/// Memory of one cheap hash, in KiB: the least that Argon2 has with one lane (RFC 9106 §3.1).
const CHEAP_MEMORY_KIB: u32 = 8;
/// Passes of a cheap hash.
const CHEAP_PASSES: u32 = 1;
/// Length of a salt, in bytes.
const SALT_BYTES: usize = 16;
/// Length of a hash, in bytes.
const HASH_BYTES: usize = 32;
/// The niceness of a hashing thread: whatever else there is to do goes first.
const NICENESS: i32 = 19;

/// The memory that hashes are computed in, used again and again: to allocate 19 MiB for each would
/// leave the allocator with many times that.
#[derive(Debug, Default)]
pub struct Workspace(Vec<Block>);

impl Workspace {
    /// Computes a hash of `password` of `length` bytes; `None` when the parameters are not usable.
    fn digest(
        &mut self,
        password: &Password,
        salt: &[u8],
        params: Params,
        length: usize,
    ) -> Option<Output> {
        let blocks = params.block_count();
        if self.0.len() < blocks {
            self.0.resize(blocks, Block::new());
        }
        let memory = &mut self.0[..blocks];
        let mut bytes = [0; Output::MAX_LENGTH];
        let bytes = bytes.get_mut(..length)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into_with_memory(password.expose().as_bytes(), salt, bytes, memory)
            .ok()?;
        Output::new(bytes).ok()
    }
}

/// Hashes a password with a fresh salt.
///
/// # Panics
/// When the operating system has no random bytes for the salt.
#[must_use]
pub fn hash(password: &Password, workspace: &mut Workspace) -> PasswordHash {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(HASH_BYTES))
        .expect("OWASP's parameters lie within Argon2's limits");
    hash_with(params, password, workspace)
}

/// Hashes a password as cheaply as Argon2id can, some thousand times cheaper than [`hash`]: whoever
/// gets hold of such a hash has as good as got the password. Only for accounts of a simulation, in a
/// store that no center opens ([`store::sqlite::TestStore`]).
///
/// # Panics
/// When the operating system has no random bytes for the salt.
#[must_use]
pub fn hash_cheaply(password: &Password, workspace: &mut Workspace) -> PasswordHash {
    let params = Params::new(CHEAP_MEMORY_KIB, CHEAP_PASSES, LANES, Some(HASH_BYTES))
        .expect("the least parameters lie within Argon2's limits");
    hash_with(params, password, workspace)
}

fn hash_with(params: Params, password: &Password, workspace: &mut Workspace) -> PasswordHash {
    let salt = &crate::fresh_entropy().0[..SALT_BYTES];
    let shown = ParamsString::try_from(&params).expect("parameters can be written");
    let hash = workspace.digest(password, salt, params, HASH_BYTES);
    let phc = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: shown,
        salt: Some(Salt::new(salt).expect("16 bytes are a salt")),
        hash: Some(hash.expect("a password of checked length can be hashed")),
    };
    PasswordHash::new(phc.to_string())
}

/// Hashes many passwords, on all cores.
#[must_use]
pub fn hash_all(passwords: &[&Password]) -> Vec<PasswordHash> {
    let share = passwords.len().div_ceil(hashing_threads()).max(1);
    let hash_share = |chunk: &[&Password]| -> Vec<PasswordHash> {
        let mut workspace = Workspace::default();
        chunk.iter().map(|password| hash(password, &mut workspace)).collect()
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> =
            passwords.chunks(share).map(|chunk| scope.spawn(move || hash_share(chunk))).collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("hashing does not panic"))
            .collect()
    })
}

/// Whether `password` is the one that was hashed. A hash that cannot be read is nobody's, and
/// takes the same time.
pub(crate) fn verify(password: &Password, hash: &PasswordHash, workspace: &mut Workspace) -> bool {
    let read = || {
        let phc = Phc::new(hash.expose()).ok()?;
        let ours = phc.algorithm == Algorithm::Argon2id.ident()
            && phc.version == Some(Version::V0x13.into());
        let params = Params::try_from(&phc).ok().filter(|_| ours)?;
        Some((params, phc.salt?, phc.hash?))
    };
    let Some((params, salt, expected)) = read() else {
        tracing::error!("a password hash in the store cannot be read");
        return verify_nothing(password, workspace);
    };
    // Outputs are compared in constant time.
    workspace.digest(password, &salt, params, expected.len()) == Some(expected)
}

/// Takes the time of [`verify`], for an account that does not exist. Always false.
pub(crate) fn verify_nothing(password: &Password, workspace: &mut Workspace) -> bool {
    static NOBODYS: LazyLock<PasswordHash> = LazyLock::new(|| {
        let nobody = Password::new("nobody's").expect("a word is a password");
        hash(&nobody, &mut Workspace::default())
    });
    let _ = verify(password, &NOBODYS, workspace);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cheap_hash_is_one_to_the_same_eyes() {
        let (right, wrong) =
            (Password::new("password111").unwrap(), Password::new("password112").unwrap());
        let mut workspace = Workspace::default();
        let hash = hash_cheaply(&right, &mut workspace);
        assert!(hash.expose().starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash:?}");
        assert!(verify(&right, &hash, &mut workspace));
        assert!(!verify(&wrong, &hash, &mut workspace));
    }

    #[test]
    fn a_hash_knows_its_password_and_no_other() {
        let right = Password::new("password111").unwrap();
        let wrong = Password::new("password112").unwrap();
        let hashes = hash_all(&[&right, &wrong]);
        assert!(hashes[0].expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let mut workspace = Workspace::default();
        assert!(verify(&right, &hashes[0], &mut workspace));
        assert!(!verify(&wrong, &hashes[0], &mut workspace));
        assert!(verify(&wrong, &hashes[1], &mut workspace));
        assert!(!verify_nothing(&right, &mut workspace));
        let other = ["not a hash", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAA"];
        for hash in other {
            assert!(!verify(&right, &PasswordHash::new(hash.to_owned()), &mut workspace));
        }
        // As the reference implementation computes it.
        let known = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0\
                     $roppS9RI9js4mT2VRLywk2cP59WUao4b1ciknvhhI2Y";
        assert!(verify(&right, &PasswordHash::new(known.to_owned()), &mut workspace));
    }
}
