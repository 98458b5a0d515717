//! A doctor's tariff file, re-read when it changes; a broken new version is reported, and the old
//! prices stay in force.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::{Currency, Tariff};
use tokio::sync::watch;

use crate::input::{self, BadInput};

/// How often the file is looked at. A change counts when two looks in a row agree on it, so that a
/// file that is being written is not read by halves.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What tells one version of a file from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl From<&Metadata> for Stamp {
    fn from(file: &Metadata) -> Self {
        Self {
            inode: file.ino(),
            size: file.size(),
            modified: (file.mtime(), file.mtime_nsec()),
            changed: (file.ctime(), file.ctime_nsec()),
        }
    }
}

/// Reads the tariff, and watches its file from now on. To be called inside the runtime.
///
/// # Errors
/// When the file cannot be used now.
pub(crate) fn open(
    path: &Path,
    currency: Currency,
) -> Result<(Tariff, watch::Receiver<Tariff>), BadInput> {
    let stamp = look(path);
    let tariff = input::tariff(path, currency)?;
    let (sender, receiver) = watch::channel(tariff.clone());
    tokio::spawn(watch_file(path.to_owned(), currency, stamp, sender));
    Ok((tariff, receiver))
}

/// `None` when there is no such file now.
fn look(path: &Path) -> Option<Stamp> {
    path.metadata().ok().as_ref().map(Stamp::from)
}

async fn watch_file(
    path: PathBuf,
    currency: Currency,
    mut known: Option<Stamp>,
    tariffs: watch::Sender<Tariff>,
) {
    let mut last = known;
    loop {
        tokio::select! {
            () = tariffs.closed() => return,
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
        let Ok((stamp, read)) = re_read(&path, currency, known, last).await else { return };
        last = stamp;
        let Some(read) = read else { continue };
        known = stamp;
        match read {
            Ok(tariff) => {
                tracing::info!(file = %path.display(), prices = tariff.len(), "new prices");
                tariffs.send_replace(tariff);
            }
            Err(error) => tracing::error!("{error}; the old prices stay in force"),
        }
    }
}

/// The file's stamp now, and its content when that has changed and settled. The file system may be
/// slow: never on the thread that answers patients.
async fn re_read(
    path: &Path,
    currency: Currency,
    known: Option<Stamp>,
    last: Option<Stamp>,
) -> io::Result<(Option<Stamp>, Option<Result<Tariff, BadInput>>)> {
    let path = path.to_owned();
    let job = tokio::task::spawn_blocking(move || {
        let stamp = look(&path);
        let settled = stamp == last && stamp != known;
        (stamp, settled.then(|| input::tariff(&path, currency)))
    });
    job.await.map_err(io::Error::other)
}
