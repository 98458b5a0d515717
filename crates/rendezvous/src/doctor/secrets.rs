//! `NAME.key`: what only the doctor has, made once: the seeds of its two keys and the password of
//! its account at the center.
//!
//! What is deliberately not here: what is sealed or signed with the keys.

use std::fmt;
use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use domain::{DoctorName, Password};
use serde::{Deserialize, Serialize};

use crate::input::{self, BadInput};
use crate::keys::Key;
use crate::keys::private_file::{self, Created};

/// What the key of the record of estimates is derived for: a signature is never a code of the
/// record's chain.
const RECORD_PURPOSE: &[u8] = b"rendezvous record of estimates v1";

/// What the file should be.
const EXPECTED: &str = "a doctor's keys";

/// The doctor's own folder of files.
#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
    doctor: DoctorName,
}

impl Files {
    /// Those of `doctor` in `folder`.
    ///
    /// # Errors
    /// When the name is none of a file.
    pub(super) fn new(folder: &Path, doctor: &DoctorName) -> Result<Self, BadInput> {
        input::file_of(folder, doctor.as_str(), ".key")?;
        Ok(Self { folder: folder.to_owned(), doctor: doctor.clone() })
    }

    /// The secrets.
    pub(super) fn secrets(&self) -> PathBuf {
        self.named("key")
    }

    /// The record of estimates.
    pub(super) fn estimates(&self) -> PathBuf {
        self.named("estimates")
    }

    /// How far the record has come.
    pub(super) fn estimates_head(&self) -> PathBuf {
        self.named("estimates.head")
    }

    /// What the center told last.
    pub(super) fn center(&self) -> PathBuf {
        self.named("center")
    }

    fn named(&self, what: &str) -> PathBuf {
        self.folder.join(format!("{}.{what}", self.doctor))
    }
}

/// What only the doctor has.
#[derive(Clone)]
pub(super) struct Secrets {
    /// The seed of the X25519 key that requests are sealed for.
    pub(super) sealing: Key,
    /// The seed of the Ed25519 key that signs estimates.
    pub(super) signing: Key,
    /// The password of the doctor's account at the center.
    pub(super) password: Password,
}

/// `********`, whatever they are.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(********)")
    }
}

/// The file, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    sealing: String,
    signing: String,
    password: Password,
}

impl Secrets {
    /// Reads them, or makes them if there are none.
    ///
    /// # Errors
    /// When the file cannot be read or made, holds something else, or others have a right to it.
    pub(super) fn open(files: &Files) -> Result<Self, BadInput> {
        private_file::folder(&files.folder)?;
        match Self::read(files) {
            Err(missing) if missing.is_missing() => {}
            read => return read,
        }
        let fresh = Self::fresh();
        match private_file::create(&files.secrets(), fresh.written().as_bytes())? {
            Created::Ours => Ok(fresh),
            Created::Theirs => Self::read(files),
        }
    }

    /// Reads them; [`BadInput::is_missing`] tells when there are none.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) fn read(files: &Files) -> Result<Self, BadInput> {
        let path = files.secrets();
        let content = private_file::read(&path, EXPECTED)?;
        // What serde says could quote a secret: not a word of it.
        let wrong = || BadInput::of_file(&path, format!("does not hold {EXPECTED}"));
        let written: Written = serde_json::from_slice(content.expose()).map_err(|_| wrong())?;
        let key = |digits: &str| Key::of_hexadecimal(digits).ok_or_else(wrong);
        Ok(Self {
            sealing: key(&written.sealing)?,
            signing: key(&written.signing)?,
            password: written.password,
        })
    }

    fn fresh() -> Self {
        let password = Password::new(&Key::fresh().to_hexadecimal());
        Self {
            sealing: Key::fresh(),
            signing: Key::fresh(),
            password: password.expect("64 digits are a password"),
        }
    }

    fn written(&self) -> String {
        let written = Written {
            sealing: self.sealing.to_hexadecimal(),
            signing: self.signing.to_hexadecimal(),
            password: self.password.clone(),
        };
        serde_json::to_string(&written).expect("it has only strings") + "\n"
    }

    /// What the record of estimates is chained with.
    pub(super) fn record_key(&self) -> [u8; 32] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.signing.0);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(hmac::sign(&key, RECORD_PURPOSE).as_ref());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn files(folder: &Path) -> Files {
        Files::new(&folder.join("doctor.keys"), &"doc1".parse().unwrap()).unwrap()
    }

    #[test]
    fn secrets_are_made_once_and_kept_private() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let made = Secrets::open(&files).unwrap();
        let mode = files.secrets().metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o600);
        let kept = Secrets::open(&files).unwrap();
        assert_eq!(kept.written(), made.written());
        assert_eq!(kept.record_key(), made.record_key());
        assert_ne!(made.record_key(), made.signing.0);
        assert_eq!(format!("{made:?}"), "Secrets(********)");
    }

    #[test]
    fn secrets_that_others_can_read_or_that_are_none_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let files = files(folder.path());
        let check = |expected: &str| {
            let error = Secrets::open(&files).unwrap_err().to_string();
            assert_eq!(error, format!("{}: {expected}", files.secrets().display()));
        };
        Secrets::open(&files).unwrap();
        fs::set_permissions(files.secrets(), fs::Permissions::from_mode(0o640)).unwrap();
        check("has mode 0640: others may get at it, expected mode 0600");
        for content in ["", "{}", "{\"sealing\":\"topsecret\",\"signing\":\"\",\"password\":\"a\"}"]
        {
            private_file::replace(&files.secrets(), content.as_bytes()).unwrap();
            check("does not hold a doctor's keys");
        }
    }
}
