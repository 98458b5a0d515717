//! The style and the script: two files, each under a name that holds its digest, so that a browser
//! keeps them for good and never has an old one.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::of(flush(include_str!("../assets/style.css")), "css", "text/css"));
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::of(flush(include_str!("../assets/enhance.js")), "js", "text/javascript")
});

struct Asset {
    path: String,
    content: String,
    kind: &'static str,
}

impl Asset {
    fn of(content: String, ending: &str, kind: &'static str) -> Self {
        let digest = Sha256::digest(&content);
        let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/static/{digest}.{ending}"), content, kind }
    }
}

/// What is sent: comments that have a line of their own and indentation are for us alone.
fn flush(content: &str) -> String {
    let lines = content.lines().map(str::trim_start);
    let ours = |line: &str| {
        line.is_empty() || line.starts_with("// ") || line.starts_with("/*") && line.ends_with("*/")
    };
    let kept = lines.filter(|line| !ours(line));
    kept.collect::<Vec<_>>().join("\n")
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
    (headers, asset.content.as_str()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So much comes with a first page, in bytes.
    const STYLE_BYTES_MAX: usize = 20 * 1_024;
    const SCRIPT_BYTES_MAX: usize = 8 * 1_024;

    #[test]
    fn style_and_script_are_small() {
        assert!(STYLE.content.len() <= STYLE_BYTES_MAX, "{} bytes", STYLE.content.len());
        assert!(SCRIPT.content.len() <= SCRIPT_BYTES_MAX, "{} bytes", SCRIPT.content.len());
    }

    #[test]
    fn the_style_names_sides_by_where_reading_starts() {
        let sides = ["-left", "-right", " left:", " right:", "align: left", "align: right"];
        for (at, line) in STYLE.content.lines().enumerate() {
            let side = sides.iter().find(|side| line.contains(*side));
            assert_eq!(side, None, "line {}: {line}", at + 1);
        }
    }

    #[test]
    fn the_style_loads_nothing() {
        assert!(!STYLE.content.contains("url(") && !STYLE.content.contains("@import"));
    }
}
