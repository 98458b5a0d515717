//! A doctor's tariff file, re-read when it changes; a broken new version is reported, and the old
//! prices stay in force.

use std::io;
use std::path::{Path, PathBuf};

use domain::{Currency, Tariff};
use tokio::sync::watch;

use crate::file_stamp::{LOOK_EVERY, Stamp};
use crate::input::{self, BadInput};

/// Reads the tariff, and watches its file from now on. To be called inside the runtime.
///
/// # Errors
/// When the file cannot be used now.
pub(crate) fn open(
    path: &Path,
    currency: Currency,
) -> Result<(Tariff, watch::Receiver<Tariff>), BadInput> {
    let stamp = Stamp::of(path);
    let tariff = input::tariff(path, currency)?;
    let (sender, receiver) = watch::channel(tariff.clone());
    tokio::spawn(watch_file(path.to_owned(), currency, stamp, sender));
    Ok((tariff, receiver))
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
        let stamp = Stamp::of(&path);
        let settled = stamp == last && stamp != known;
        (stamp, settled.then(|| input::tariff(&path, currency)))
    });
    job.await.map_err(io::Error::other)
}
