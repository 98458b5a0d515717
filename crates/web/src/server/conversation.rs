//! The requests and answers of one connection, one after the other, each within its deadlines.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::{Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tower::ServiceExt as _;

use super::House;
use super::crowd::{Admission, BehindProxy, Place};
use super::line::Line;
use super::turn::Turn;
use crate::forwarded::{self, Origin};
use crate::limits::{HEAD_BYTES_MAX, HEADERS_MAX, Limits, REFUSAL_DEADLINE};
use crate::live::Closing;
use crate::routes::TurnedAway;
use crate::visitor::Source;

/// One connection's.
pub(super) struct Conversation {
    from: Origin,
    place: Arc<Place>,
    turn: Turn,
    house: Arc<House>,
}

impl Conversation {
    pub(super) fn new(from: Origin, place: Place, house: Arc<House>) -> Self {
        let place = Arc::new(place);
        let turn = Turn::new(Arc::clone(&place));
        Self { from, place, turn, house }
    }

    /// Answers until the browser goes, is late, has to make room, or the center closes.
    pub(super) async fn hold(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> io::Result<()> {
        let here = Arc::new(self);
        let line = TokioIo::new(Line::new(stream, here.turn.clone()));
        let service = service_fn({
            let here = Arc::clone(&here);
            move |request| Arc::clone(&here).answer(request)
        });
        let mut http = http1::Builder::new();
        http.max_buf_size(HEAD_BYTES_MAX).max_header_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX);
        let mut talking = pin!(http.serve_connection(line, service));
        let mut dismissed = pin!(here.place.dismissed());
        let mut closing = pin!(is_closing(&here.house));
        let limits = here.limits();
        let mut due = Instant::now();
        let mut late = pin!(sleep_until(due));
        let mut is_last = false;
        poll_fn(|context| {
            loop {
                if let Poll::Ready(ended) = talking.as_mut().poll(context) {
                    return Poll::Ready(ended.map_err(io::Error::other));
                }
                if dismissed.as_mut().poll(context).is_ready() {
                    return Poll::Ready(Ok(()));
                }
                if !is_last && closing.as_mut().poll(context).is_ready() {
                    if here.turn.is_idle() {
                        return Poll::Ready(Ok(()));
                    }
                    is_last = true;
                    talking.as_mut().graceful_shutdown();
                    continue;
                }
                // Whatever changes whose turn it is has happened in the poll above.
                let Some(by) = here.turn.due(&limits) else { return Poll::Pending };
                if by != due {
                    due = by;
                    late.as_mut().reset(due);
                }
                return late.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()));
            }
        })
        .await
    }

    /// Whoever is only told "busy" has less time for asking.
    fn limits(&self) -> Limits {
        let limits = self.house.doors.limits;
        match self.place.admission() {
            Admission::Served => limits,
            Admission::Refused => Limits { head_deadline: REFUSAL_DEADLINE, ..limits },
        }
    }

    async fn answer(
        self: Arc<Self>,
        mut request: Request<Incoming>,
    ) -> Result<Response<Answer>, Infallible> {
        let admission = self.turn.request_begun();
        // From here on, also when this is given up half-way, the answer's end is noted.
        let mut complete = Complete { turn: self.turn.clone(), behind: None };
        let from = self.true_origin(&request, admission, &mut complete);
        let origin = from.unwrap_or(self.from);
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(Source(origin.source)));
        extensions.insert(origin.scheme);
        extensions.insert(Closing(self.house.closing.clone()));
        if let Err(status) = from {
            extensions.insert(TurnedAway(status));
        }
        let pages = self.house.pages.clone();
        let Ok(mut response) = pages.oneshot(request.map(Body::new)).await;
        if from.is_err() {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        let kind = response.headers().get(header::CONTENT_TYPE);
        let is_stream = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
        let house = Arc::clone(&self.house);
        let until: Option<Pin<Box<dyn Future<Output = ()> + Send>>> =
            if is_stream { Some(Box::pin(async move { is_closing(&house).await })) } else { None };
        Ok(response.map(|body| Answer { body, until, _complete: complete }))
    }

    /// Where a request really comes from, or why it is not looked at.
    fn true_origin(
        &self,
        request: &Request<Incoming>,
        admission: Admission,
        complete: &mut Complete,
    ) -> Result<Origin, StatusCode> {
        if admission == Admission::Refused {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let proxies = &self.house.doors.trusted_proxies;
        let from = forwarded::origin(self.from, proxies, request.headers());
        let from = from.map_err(|forwarded::NotAHeader| StatusCode::BAD_REQUEST)?;
        if from.source != self.from.source {
            let behind = self.house.crowd.behind_proxy(from.source);
            complete.behind = Some(behind.ok_or(StatusCode::SERVICE_UNAVAILABLE)?);
        }
        Ok(from)
    }
}

/// Returns when the center closes.
async fn is_closing(house: &House) {
    let mut closing = house.closing.clone();
    // Whoever would say so is gone: that is the end, too.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Dropped when the last of an answer was handed to the connection.
struct Complete {
    turn: Turn,
    /// The place of whoever asked through a proxy.
    behind: Option<BehindProxy>,
}

impl Drop for Complete {
    fn drop(&mut self) {
        self.turn.answer_complete();
    }
}

/// The body of an answer. One without an end of its own ends when the center closes.
pub(super) struct Answer {
    body: Body,
    until: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    _complete: Complete,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(until) = &mut self.until
            && until.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(None);
        }
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
