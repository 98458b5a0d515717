//! The folder of keys beside a store: made at first use, never overwritten, refused when others may
//! get at it. What each file is for stands in SECURITY.md.
//!
//! What is deliberately not here: what is signed or encrypted with the keys, and any copy of them in
//! the store: whoever has only a backup of the store has none of them.

pub(crate) mod certificate;
pub(crate) mod private_file;
pub(crate) mod tickets;

use std::fmt;
use std::path::{Path, PathBuf};

use protocol::ticket::SigningKey;

use domain::{from_hexadecimal, to_hexadecimal};

use crate::input::BadInput;
use private_file::Created;

/// A key of 32 bytes. It prints as stars.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Key(pub(crate) [u8; 32]);

/// `********`, whatever it is.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

impl Key {
    /// A key from the operating system's random bytes.
    pub(crate) fn fresh() -> Self {
        Self(runtime::fresh_entropy().0)
    }

    /// 64 hexadecimal digits: the secret itself, for a private file only.
    pub(crate) fn to_hexadecimal(&self) -> String {
        to_hexadecimal(&self.0)
    }

    /// What 64 hexadecimal digits stand for; `None` for any other text.
    pub(crate) fn of_hexadecimal(text: &str) -> Option<Self> {
        from_hexadecimal(text).map(Self)
    }
}

/// The files that are nobody else's; what anybody may read is not among them.
const SECRETS: [&str; 6] =
    ["audit.key", "ca.key", "center.key", "device.key", "identity.key", "tickets.keys"];

/// A folder of keys that is there and has the right mode.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// Opens the folder, and makes it if it is not there. Every secret in it is looked at, also
    /// those that are not read now.
    ///
    /// # Errors
    /// When it cannot be made, others may change what is in it, or have a right to a secret.
    pub(crate) fn open(folder: &Path) -> Result<Self, BadInput> {
        private_file::folder(folder)?;
        for secret in SECRETS {
            private_file::check(&folder.join(secret))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where the keys of a store are when nothing else is said: `DIR/clinic.keys` for
    /// `DIR/clinic.db`.
    pub(crate) fn beside(store: &Path) -> PathBuf {
        let folder = store.with_extension("keys");
        if folder != store { folder } else { store.with_extension("keys.keys") }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The path of one of its files.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where the key of the audit's chain is.
    pub(crate) fn audit_file(&self) -> PathBuf {
        self.file("audit.key")
    }

    /// What the audit's chain is computed with.
    ///
    /// # Errors
    /// When the file cannot be read, made or trusted; as all below.
    pub(crate) fn audit(&self) -> Result<Key, BadInput> {
        key_in(&self.audit_file())
    }

    /// The seed of the center's identity (Ed25519): who signs for this center. Its public half goes
    /// to `identity.pub`, for whoever verifies an estimate.
    pub(crate) fn identity(&self) -> Result<Key, BadInput> {
        let path = self.file("identity.key");
        let seed = key_in(&path)?;
        let public = self.file("identity.pub");
        if !public.exists() {
            let key = SigningKey::from_seed(seed.0)
                .map_err(|why| BadInput::of_file(&path, why.to_string()))?;
            private_file::create_public(&public, format!("{}\n", key.verifying_key()).as_bytes())?;
        }
        Ok(seed)
    }

    /// What device cookies are sealed with.
    pub(crate) fn device(&self) -> Result<Key, BadInput> {
        key_in(&self.file("device.key"))
    }
}

/// The key in the private file at `path`, made of fresh random bytes if there is no such file.
///
/// # Errors
/// When it cannot be read or made, others have a right to it, or it holds no key.
pub(crate) fn key_in(path: &Path) -> Result<Key, BadInput> {
    let expected = "a key of 64 hexadecimal digits";
    let secret = match private_file::read(path, expected) {
        Err(missing) if missing.is_missing() => {
            let fresh = Key::fresh();
            let content = format!("{}\n", fresh.to_hexadecimal());
            match private_file::create(path, content.as_bytes())? {
                Created::Ours => return Ok(fresh),
                // Another process was faster: there is one key, and it is that one's.
                Created::Theirs => private_file::read(path, expected)?,
            }
        }
        read => read?,
    };
    let text = std::str::from_utf8(secret.expose()).ok();
    text.and_then(|text| Key::of_hexadecimal(text.trim_end()))
        .ok_or_else(|| BadInput::of_file(path, "is not a key, expected 64 hexadecimal digits"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_of_a_store_are_beside_it() {
        for (store, keys) in [
            ("rendezvous.db", "rendezvous.keys"),
            ("a/clinic.db", "a/clinic.keys"),
            ("a/clinic", "a/clinic.keys"),
            ("a.keys", "a.keys.keys"),
        ] {
            assert_eq!(Keys::beside(Path::new(store)), Path::new(keys));
        }
    }

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("clinic.keys")).unwrap();
        let (audit, identity) = (keys.audit().unwrap(), keys.identity().unwrap());
        assert!(audit != identity);
        assert!(keys.audit().unwrap() == audit);
        assert_eq!(format!("{audit:?}"), "********");
    }

    #[test]
    fn a_secret_that_others_may_get_at_is_seen_before_it_is_needed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        for secret in SECRETS {
            let path = folder.path().join(secret);
            std::fs::write(&path, "secret").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
            let expected = format!(
                "{}: has mode 0644: others may get at it, expected mode 0600",
                path.display()
            );
            assert_eq!(Keys::open(folder.path()).unwrap_err().to_string(), expected);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        }
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(Keys::open(folder.path()).is_ok(), "the folder itself may be read");
    }

    #[test]
    fn many_who_open_a_folder_at_once_have_the_same_keys() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("clinic.keys");
        let folder = &folder;
        let found: Vec<Key> = std::thread::scope(|scope| {
            let racers: Vec<_> = (0..8)
                .map(|_| scope.spawn(move || Keys::open(folder).unwrap().audit().unwrap()))
                .collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).collect()
        });
        assert!(found.iter().all(|key| *key == found[0]));
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(folder.path()).unwrap();
        let path = keys.file("audit.key");
        private_file::create(&path, b"hello\n").unwrap();
        let expected = format!("{}: is not a key, expected 64 hexadecimal digits", path.display());
        assert_eq!(keys.audit().unwrap_err().to_string(), expected);
        assert_eq!(std::fs::read(&path).unwrap(), b"hello\n");
    }
}
