//! Pages for strangers, kept as they were drawn: they all see the same. Nothing of anybody who has
//! logged in comes here.
//!
//! A kept page is shown only when nothing of the clinic has changed between the moment somebody asked
//! and the moment it was drawn, so that whoever has just been told of a change sees it; and at most
//! for [`KEPT_FOR`], because slots begin and holds end without a change. Those who ask for the same
//! page at once wait for one drawing.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use tokio::sync::watch;

/// How long a page is shown again.
const KEPT_FOR: Duration = Duration::from_secs(1);
/// Pages that are kept. A page is some 30 KB; past it those that are not being drawn leave.
const PAGES_KEPT_MAX: usize = 256;

/// Pages by what was asked for.
pub(crate) struct KeptPages<Asked> {
    pages: Mutex<HashMap<Asked, Arc<Place>>>,
}

/// Held while the page is drawn.
type Place = tokio::sync::Mutex<Option<Kept>>;

struct Kept {
    /// How much had changed before it was drawn.
    changes: u64,
    /// When its drawing began.
    began: Instant,
    html: Bytes,
}

impl<Asked> Default for KeptPages<Asked> {
    fn default() -> Self {
        Self { pages: Mutex::default() }
    }
}

impl<Asked: Eq + Hash> KeptPages<Asked> {
    /// The page as it was drawn, else as `draw` draws it now.
    ///
    /// # Errors
    /// When it could not be drawn; that is not kept.
    pub(super) async fn page<E>(
        &self,
        asked: Asked,
        changes: &watch::Receiver<u64>,
        draw: impl Future<Output = Result<String, E>>,
    ) -> Result<Bytes, E> {
        let changes_then = *changes.borrow();
        let place = self.place(asked);
        let mut kept = place.lock().await;
        let is_current =
            |kept: &&Kept| kept.changes >= changes_then && kept.began.elapsed() < KEPT_FOR;
        if let Some(kept) = kept.as_ref().filter(is_current) {
            return Ok(kept.html.clone());
        }
        let (began, changes) = (Instant::now(), *changes.borrow());
        let html = Bytes::from(draw.await?);
        *kept = Some(Kept { changes, began, html: html.clone() });
        Ok(html)
    }

    fn place(&self, asked: Asked) -> Arc<Place> {
        // A panic elsewhere leaves the map as it was: every change is whole.
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.len() >= PAGES_KEPT_MAX && !pages.contains_key(&asked) {
            pages.retain(|_, place| Arc::strong_count(place) > 1);
        }
        if pages.len() >= PAGES_KEPT_MAX {
            // So many are being drawn at once: this one is drawn for whoever asked, and forgotten.
            return pages.get(&asked).map(Arc::clone).unwrap_or_default();
        }
        Arc::clone(pages.entry(asked).or_default())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    async fn drawn(times: &AtomicUsize) -> Result<String, Infallible> {
        tokio::task::yield_now().await;
        Ok(times.fetch_add(1, Ordering::Relaxed).to_string())
    }

    #[tokio::test]
    async fn a_page_is_drawn_once_for_all_who_ask_until_something_changes() {
        let (pages, times) = (KeptPages::default(), AtomicUsize::new(0));
        let (sender, changes) = watch::channel(0);
        let ask = || pages.page("list", &changes, drawn(&times));
        let many: Vec<_> = futures_util::future::join_all((0..16).map(|_| ask())).await;
        assert!(many.iter().all(|page| page.as_deref() == Ok(b"0".as_slice())), "{many:?}");
        sender.send_modify(|number| *number += 1);
        assert_eq!(ask().await.as_deref(), Ok(b"1".as_slice()));
        assert_eq!(ask().await.as_deref(), Ok(b"1".as_slice()));
        let other = pages.page("week", &changes, drawn(&times)).await;
        assert_eq!(other.as_deref(), Ok(b"2".as_slice()));
    }

    #[tokio::test]
    async fn what_could_not_be_drawn_is_tried_again() {
        let pages = KeptPages::default();
        let (_sender, changes) = watch::channel(0);
        let failed = pages.page("list", &changes, async { Err("no") }).await;
        assert_eq!(failed, Err("no"));
        let page = pages.page("list", &changes, async { Ok::<_, &str>("yes".to_owned()) }).await;
        assert_eq!(page.as_deref(), Ok(b"yes".as_slice()));
    }

    #[tokio::test]
    async fn no_more_pages_are_kept_than_there_is_room_for() {
        let pages = KeptPages::default();
        let (_sender, changes) = watch::channel(0);
        for asked in 0..3 * PAGES_KEPT_MAX {
            let page = pages.page(asked, &changes, async { Ok::<_, &str>(String::new()) }).await;
            assert_eq!(page.as_deref(), Ok(b"".as_slice()));
            assert!(pages.pages.lock().unwrap().len() <= PAGES_KEPT_MAX);
        }
    }
}
