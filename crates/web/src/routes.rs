//! Every address there is, and what every request passes through, from the outside in: what every
//! answer says, which requests are not looked at, which come from other sites, and the body, whole.

mod headers;
mod intake;

use std::sync::Arc;

use axum::Router;
use axum::http::Uri;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tower_http::csrf::CsrfLayer;

pub(crate) use self::headers::SAID;
pub(crate) use self::intake::TurnedAway;
use crate::limits::Limits;
use crate::pages::{admin, anyone, desk, patient, schedule};
use crate::problem::Problem;
use crate::visitor::Visitor;
use crate::{Site, assets, live};

/// All pages.
pub(crate) fn routes(site: Arc<Site>, limits: Limits) -> Router {
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
        .layer(from_fn_with_state(limits, intake::take_whole))
        .layer(of_ours(&site))
        .layer(from_fn(intake::look))
        .layer(from_fn_with_state(Arc::clone(&site), headers::guard))
        .with_state(site)
}

async fn not_found(visitor: Visitor) -> Problem {
    Problem::not_found(visitor.words)
}

/// Refuses changes that another site has a browser send. A proxy may have replaced the host that the
/// browser asked for: where the pages are said to be is ours, too.
fn of_ours(site: &Site) -> CsrfLayer {
    let layer = CsrfLayer::new();
    let url: Option<Uri> = site.url.parse().ok();
    let origin = url.as_ref().and_then(|url| Some((url.scheme_str()?, url.authority()?)));
    let Some((scheme, authority)) = origin else { return layer };
    layer.clone().add_trusted_origin(format!("{scheme}://{authority}")).unwrap_or(layer)
}
