//! Every address there is, and what every request passes through.

mod headers;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;
use axum::routing::get;
use tower_http::csrf::CsrfLayer;
use tower_http::limit::RequestBodyLimitLayer;

use crate::pages::{admin, anyone, desk, patient, schedule};
use crate::problem::Problem;
use crate::visitor::Visitor;
use crate::{Site, assets, live};

/// The longest body of a request, in bytes: our longest form is a reason and a few fields.
pub(crate) const BODY_BYTES_MAX: usize = 16 * 1_024;

/// All pages.
pub(crate) fn routes(site: Arc<Site>) -> Router {
    let pages = Router::new()
        .merge(anyone::routes())
        .merge(patient::routes())
        .merge(desk::routes())
        .merge(schedule::routes())
        .merge(live::routes())
        .merge(admin::routes());
    pages
        .route("/static/{name}", get(assets::serve))
        .fallback(not_found)
        .layer(RequestBodyLimitLayer::new(BODY_BYTES_MAX))
        .layer(CsrfLayer::new())
        .layer(from_fn(headers::guard))
        .with_state(site)
}

async fn not_found(visitor: Visitor) -> Problem {
    Problem::not_found(visitor.words)
}
