//! The certificate that a center shows: read, watched, and replaced without cutting anybody off. A
//! broken new one is reported, and the old one stays.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use net::tls::{CertificateError, CertificatePem, TlsDoor};

use crate::args::NetworkArgs;
use crate::file_stamp::{LOOK_EVERY, Stamp};
use crate::input::{self, BadInput};
use crate::keys::Keys;
use crate::keys::certificate::CertificateFiles;
use crate::keys::private_file::{self, Secret};

/// The log warns when the certificate expires within this time.
const EXPIRY_WARNED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often it warns.
const EXPIRY_LOOKED_AT: Duration = Duration::from_secs(24 * 60 * 60);

/// What to do about one that expires, or has lost its key.
const RENEW: &str = "make a new one (rendezvous admin certificate) or put one in its place";

/// A certificate with its key, as they stand in their files.
struct Pair {
    chain: Vec<u8>,
    key: Secret,
}

impl Pair {
    fn read(files: &CertificateFiles) -> Result<Self, BadInput> {
        let chain = input::read(&files.chain, "certificates in PEM")?;
        let key = private_file::read(&files.key, "a private key in PEM")?;
        Ok(Self { chain, key })
    }

    fn pem(&self) -> CertificatePem<'_> {
        CertificatePem { chain: &self.chain, key: self.key.expose() }
    }
}

/// The door of a center, and the files that its certificate is in.
pub(super) struct Certificate {
    pub(super) door: TlsDoor,
    files: CertificateFiles,
    seen: Seen,
}

/// Which versions of both files.
type Seen = (Option<Stamp>, Option<Stamp>);

impl Certificate {
    /// Opens the door with the certificate that was named, else with the one among `keys`, which is
    /// made if there is none.
    ///
    /// # Errors
    /// When the certificate cannot be used now.
    pub(super) fn open(args: &NetworkArgs, keys: &Keys) -> anyhow::Result<Self> {
        let files = match (&args.tls_cert, &args.tls_key) {
            (Some(chain), Some(key)) => CertificateFiles { chain: chain.clone(), key: key.clone() },
            _ => keys.certificate()?,
        };
        let seen = look(&files);
        let pair = Pair::read(&files)?;
        let door = TlsDoor::open(&pair.pem()).map_err(|error| mistake(&files, &error))?;
        warn_of_expiry(&files, &pair);
        Ok(Self { door, files, seen })
    }

    /// Watches the files for as long as the task lives, and shows what they hold.
    pub(super) async fn watch(self) {
        let Self { door, files, seen } = self;
        let mut known = seen;
        let mut last = seen;
        let mut warned = Instant::now();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let warn = warned.elapsed() >= EXPIRY_LOOKED_AT;
            if warn {
                warned = Instant::now();
            }
            let (door, files) = (door.clone(), files.clone());
            // The file system may be slow: never on a thread that answers patients.
            let looked = tokio::task::spawn_blocking(move || {
                let now = look(&files);
                if now == last && now != known {
                    take_over(&door, &files);
                } else if warn && let Ok(pair) = Pair::read(&files) {
                    warn_of_expiry(&files, &pair);
                }
                now
            });
            // A look that broke says so itself.
            let Ok(now) = looked.await else { return };
            if now == last {
                known = now;
            }
            last = now;
        }
    }
}

/// Both files as they are now.
fn look(files: &CertificateFiles) -> Seen {
    (Stamp::of(&files.chain), Stamp::of(&files.key))
}

fn take_over(door: &TlsDoor, files: &CertificateFiles) {
    let replaced = Pair::read(files).and_then(|pair| {
        door.replace(&pair.pem()).map_err(|error| mistake(files, &error))?;
        Ok(pair)
    });
    match replaced {
        Ok(pair) => {
            tracing::info!(certificate = %files.chain.display(), "a new certificate is shown");
            warn_of_expiry(files, &pair);
        }
        Err(error) => tracing::error!("{error}; the old certificate is shown on"),
    }
}

/// What is wrong, with the file that it is in.
fn mistake(files: &CertificateFiles, error: &CertificateError) -> BadInput {
    let file = match error {
        CertificateError::NoKey | CertificateError::BadKey | CertificateError::KeyMismatch => {
            &files.key
        }
        _ => &files.chain,
    };
    let message = match error {
        CertificateError::Expired(_) | CertificateError::KeyMismatch => {
            format!("{error}: {RENEW}")
        }
        _ => error.to_string(),
    };
    BadInput::of_file(file, message)
}

fn warn_of_expiry(files: &CertificateFiles, pair: &Pair) {
    if let Some(line) = expiry_line(&files.chain, pair, Timestamp::now()) {
        tracing::warn!("{line}");
    }
}

/// What to warn of at `now`; `None` when there is still time.
fn expiry_line(chain: &Path, pair: &Pair, now: Timestamp) -> Option<String> {
    match pair.pem().check(now + EXPIRY_WARNED) {
        Err(CertificateError::Expired(until)) => {
            let days = until.duration_since(now).as_hours().max(0) / 24;
            let chain = chain.display();
            Some(format!("{chain}: the certificate expires in {days} days, at {until}: {RENEW}"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_warns_thirty_days_before_a_certificate_expires() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("clinic.keys")).unwrap();
        let files = keys.renew_certificate(&["localhost".parse().unwrap()], 40).unwrap();
        let pair = Pair::read(&files).unwrap();
        let now = Timestamp::now();
        let after = |days: i64| now + SignedDuration::from_hours(days * 24);
        assert_eq!(expiry_line(&files.chain, &pair, after(9)), None);
        let line = expiry_line(&files.chain, &pair, after(11)).unwrap();
        assert!(line.contains("the certificate expires in 28 days, at 20"), "{line}");
    }
}
