//! Pages of admin.

use std::sync::Arc;

use axum::Router;

use crate::Site;

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
}
