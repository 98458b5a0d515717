//! Saying to pages that are open that something has changed (server-sent events, WHATWG HTML §9.2).
//!
//! What has changed is not said: a page that hears of it asks for its rows again, with its rights. A
//! page that only listens does not keep its session in use.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Extension, FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Router, body::Body};
use center::errand::stay;
use center::{Desk, No};
use domain::{Refusal, SessionToken};
use futures_util::stream;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::Site;
use crate::cookies;
use crate::language::Words;
use crate::problem::status_of;
use crate::visitor::Visitor;

/// How many pages of one session listen at once: a browser keeps six connections to one place, and
/// needs some of them for what it is told.
const LIVE_PER_SESSION_MAX: usize = 4;
/// How many pages listen at once in all.
const LIVE_MAX: usize = 256;
/// How often a page that listens hears that it is still connected, and its session is looked at.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Changes nearer to each other than this are said once.
const CHANGES_APART: Duration = Duration::from_millis(250);

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new().route("/live", get(listen)).layer(Extension(Audience::default()))
}

/// Becomes true when the center closes: those who listen are not waited for. The server puts it to
/// every request.
#[derive(Clone)]
pub(crate) struct Closing(pub(crate) watch::Receiver<bool>);

impl Closing {
    /// Returns when the center closes.
    async fn is_true(&mut self) {
        // Without a server that could close there is nobody to listen either.
        let _ = self.0.wait_for(|closing| *closing).await;
    }
}

/// A page of the desk that asks by itself.
pub(crate) struct Watching {
    pub(crate) words: Words,
    pub(crate) desk: Desk,
    pub(crate) now: Timestamp,
    token: SessionToken,
    source: IpAddr,
}

impl FromRequestParts<Arc<Site>> for Watching {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Response> {
        let over = StatusCode::UNAUTHORIZED;
        let token = cookies::session(&parts.headers);
        let Some(token) = token else { return Err(over.into_response()) };
        let source = Visitor::source_of(parts);
        let now = runtime::now();
        let account = site.runtime.run(stay(&token, source, now)).await;
        let account = account.map_err(|no| status_of(no).into_response())?;
        let desk = account.desk();
        let desk = desk.map_err(|refusal| status_of(No::Refused(refusal)).into_response())?;
        let words = Words::asked_for(&parts.headers, site);
        Ok(Self { words, desk, now, token, source })
    }
}

/// Who listens: how many pages of each session.
#[derive(Clone, Default)]
struct Audience(Arc<Mutex<HashMap<[u8; 32], usize>>>);

/// A page that listens, until it is dropped.
struct Seat {
    audience: Audience,
    session: [u8; 32],
}

impl Audience {
    /// A seat; `None` where too many listen.
    fn take(&self, session: [u8; 32]) -> Option<Seat> {
        let mut listening = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (listening.values().sum::<usize>(), listening.get(&session).copied());
        let own = own.unwrap_or_default();
        if all >= LIVE_MAX || own >= LIVE_PER_SESSION_MAX {
            return None;
        }
        listening.insert(session, own + 1);
        Some(Seat { audience: self.clone(), session })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut listening = self.audience.0.lock().unwrap_or_else(PoisonError::into_inner);
        match listening.get_mut(&self.session) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                listening.remove(&self.session);
            }
        }
    }
}

/// A page that is being told.
struct Listener {
    site: Arc<Site>,
    token: SessionToken,
    source: IpAddr,
    changes: watch::Receiver<u64>,
    closing: Closing,
    /// When it is told next that it is still connected.
    heartbeat: Instant,
    /// Before this nothing is said of changes.
    rests_until: Instant,
    _seat: Seat,
}

async fn listen(
    State(site): State<Arc<Site>>,
    Extension(audience): Extension<Audience>,
    Extension(closing): Extension<Closing>,
    watching: Watching,
) -> Response<Body> {
    let session = Sha256::digest(String::from(watching.token.clone()));
    let Some(seat) = audience.take(session.into()) else {
        return StatusCode::TOO_MANY_REQUESTS.into_response();
    };
    let mut changes = site.runtime.changes();
    // What changed between the page and now would be missed: the number is said at once.
    changes.mark_changed();
    let now = Instant::now();
    let listener = Listener {
        site,
        token: watching.token,
        source: watching.source,
        changes,
        closing,
        heartbeat: now + HEARTBEAT,
        rests_until: now,
        _seat: seat,
    };
    let events = stream::unfold(listener, |mut listener| async move {
        let event = listener.next().await?;
        Some((Ok::<_, Infallible>(event), listener))
    });
    // A proxy that waits for the whole answer would wait for ever.
    let headers = [(header::HeaderName::from_static("x-accel-buffering"), "no")];
    (headers, Sse::new(events)).into_response()
}

impl Listener {
    /// What is said next; `None` at the end of the session, or of the center.
    async fn next(&mut self) -> Option<Event> {
        let rested = sleep_until(self.rests_until);
        tokio::select! {
            biased;
            () = self.closing.is_true() => None,
            changed = async { rested.await; self.changes.changed().await } => {
                changed.ok()?;
                self.rests_until = Instant::now() + CHANGES_APART;
                let number = *self.changes.borrow_and_update();
                Some(Event::default().event("changed").data(number.to_string()))
            }
            () = sleep_until(self.heartbeat) => {
                self.heartbeat = Instant::now() + HEARTBEAT;
                self.still_there().await.then(|| Event::default().comment("still here"))
            }
        }
    }

    /// Whether the session stands. Where that is not known, it is looked at again later.
    async fn still_there(&self) -> bool {
        let stays = stay(&self.token, self.source, runtime::now());
        match self.site.runtime.run(stays).await {
            Ok(account) => account.desk().is_ok(),
            Err(No::Refused(Refusal::Busy | Refusal::Unavailable) | No::Unknown) => true,
            Err(No::Refused(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_listens_with_few_pages_and_all_sessions_with_not_too_many() {
        let audience = Audience::default();
        let mut seats: Vec<Seat> =
            (0..LIVE_PER_SESSION_MAX).map(|_| audience.take([1; 32]).unwrap()).collect();
        assert!(audience.take([1; 32]).is_none());
        seats.pop();
        seats.push(audience.take([1; 32]).unwrap());
        for session in 0_u16.. {
            let mut key = [2; 32];
            key[..2].copy_from_slice(&session.to_be_bytes());
            match audience.take(key) {
                Some(seat) => seats.push(seat),
                None => break,
            }
        }
        assert_eq!(seats.len(), LIVE_MAX);
        seats.clear();
        assert!(audience.0.lock().unwrap().is_empty());
    }
}
