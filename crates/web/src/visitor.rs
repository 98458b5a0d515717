//! Who asks: from where, in which language, and as whom.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use center::errand::come_back;
use center::{Account, No, Present};
use domain::{Refusal, Right};
use jiff::Timestamp;

use crate::Site;
use crate::cookies;
use crate::language::Words;
use crate::problem::Problem;

/// Where a request comes from; behind a trusted proxy, where it really comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source(pub(crate) IpAddr);

/// Whoever asks for a page, logged in or not.
pub(crate) struct Visitor {
    /// In which language.
    pub(crate) words: Words,
    /// From where.
    pub(crate) source: IpAddr,
    /// When, and fresh random bytes.
    pub(crate) present: Present,
    /// As whom; `None` for a stranger.
    pub(crate) account: Option<Account>,
    /// Whether a session was brought that is over.
    pub(crate) session_over: bool,
    /// What came with the request.
    pub(crate) headers: HeaderMap,
}

/// The same, for pages that need a log-in.
pub(crate) struct LoggedIn {
    /// The visitor.
    pub(crate) visitor: Visitor,
    /// The visitor's account.
    pub(crate) account: Account,
}

impl LoggedIn {
    /// A page for whoever asked for a right that the account does not have; the audit knows of it, as
    /// over TCP.
    pub(crate) fn without(&self, site: &Site, right: Right, refusal: Refusal) -> Problem {
        site.runtime.note(self.account.note_not_allowed(right));
        Problem::of(self.visitor.words.clone(), No::Refused(refusal))
    }
}

impl Visitor {
    /// When the request came.
    pub(crate) fn now(&self) -> Timestamp {
        self.present.now
    }

    /// Where a request comes from.
    pub(crate) fn source_of(parts: &Parts) -> IpAddr {
        source_of(parts)
    }
}

impl FromRequestParts<Arc<Site>> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let words = Words::asked_for(&parts.headers, site);
        let source = source_of(parts);
        let present = Present { now: runtime::now(), entropy: runtime::fresh_entropy() };
        let headers = parts.headers.clone();
        let stranger = Self { words, source, present, account: None, session_over: false, headers };
        let token = cookies::session(&parts.headers);
        let Some(token) = token else { return Ok(stranger) };
        match site.runtime.run(come_back(&token, source, present.now)).await {
            Ok(account) => Ok(Self { account: Some(account), ..stranger }),
            Err(No::Refused(Refusal::SessionEnded)) => Ok(Self { session_over: true, ..stranger }),
            Err(no) => Err(Problem::of(stranger.words, no)),
        }
    }
}

impl FromRequestParts<Arc<Site>> for LoggedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let mut visitor = Visitor::from_request_parts(parts, site).await?;
        match visitor.account.take() {
            Some(account) => Ok(Self { visitor, account }),
            None => Err(Problem::log_in_first(visitor.words, visitor.session_over)),
        }
    }
}

fn source_of(parts: &Parts) -> IpAddr {
    match parts.extensions.get::<ConnectInfo<Source>>() {
        Some(ConnectInfo(Source(source))) => *source,
        None => IpAddr::from([127, 0, 0, 1]),
    }
}

/// What the words of a page are; for pages that need to know nobody.
impl FromRequestParts<Arc<Site>> for Words {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Infallible> {
        Ok(Self::asked_for(&parts.headers, site))
    }
}
