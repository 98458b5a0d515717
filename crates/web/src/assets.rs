//! The style and the script: two files, each under a name that holds its digest, so that a browser
//! keeps them for good and never has an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::of(include_str!("../assets/style.css"), "css", "text/css"));
static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::of(include_str!("../assets/enhance.js"), "js", "text/javascript"));

struct Asset {
    path: String,
    content: &'static str,
    kind: &'static str,
}

impl Asset {
    fn of(content: &'static str, ending: &str, kind: &'static str) -> Self {
        let digest = Sha256::digest(content);
        let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/static/{digest}.{ending}"), content, kind }
    }
}

/// Where the style is.
pub(crate) fn style_path() -> &'static str {
    &STYLE.path
}

/// Where the script is.
pub(crate) fn script_path() -> &'static str {
    &SCRIPT.path
}

/// One of the two, or nothing.
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let asked = format!("/static/{name}");
    let found = [&*STYLE, &*SCRIPT].into_iter().find(|asset| asset.path == asked);
    let Some(asset) = found else { return StatusCode::NOT_FOUND.into_response() };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(asset.kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, asset.content).into_response()
}
