//! Pages that need no log-in.

mod language;
mod log_in;
mod slots;

use std::sync::Arc;

use axum::Router;
use axum::extract::Extension;
use axum::routing::{get, post};

use crate::Site;
use crate::page::go_to;

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/", get(async || go_to("/slots")))
        .route("/slots", get(slots::show).layer(Extension(Arc::new(slots::Kept::default()))))
        .route("/slots/price", get(slots::price))
        .route("/log-in", get(log_in::show).post(log_in::log_in))
        .route("/log-out", post(log_in::log_out))
        .route("/language", post(language::choose))
}
