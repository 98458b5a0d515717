//! The pages of a center: where they are shown, and under which certificate.

use std::net::SocketAddr;

use anyhow::Context as _;
use net::Shutdown;
use net::center::Center;
use net::tls::TlsDoor;
use tokio::net::TcpListener;
use web::limits::Limits;
use web::{Doors, Site};

use crate::args::CenterArgs;
use crate::serving;

/// What is spoken inside TLS (ALPN).
const HTTP: &str = "http/1.1";

/// Pages that are about to be shown.
pub(super) struct Pages {
    listener: TcpListener,
    site: Site,
    doors: Doors,
}

/// Listens for browsers.
pub(super) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    net::center::listen(address).with_context(|| format!("cannot listen on {address} for --web"))
}

/// The pages of `center`, in plaintext on loopback, under its certificate elsewhere.
pub(super) fn open(
    listener: TcpListener,
    args: &CenterArgs,
    center: &Center,
    door: &TlsDoor,
) -> anyhow::Result<Pages> {
    let address = listener.local_addr()?;
    let plaintext = address.ip().is_loopback();
    let tls = (!plaintext).then(|| door.for_protocol(HTTP));
    let scheme = if plaintext { "http" } else { "https" };
    let url = args.web.web_url.as_deref().map(|url| url.trim_end_matches('/').to_owned());
    let url = url.unwrap_or_else(|| format!("{scheme}://{address}"));
    tracing::info!(%url, "the pages are open");
    let (runtime, rules) = (center.runtime.clone(), center.rules.clone());
    let site = Site { runtime, rules, url, demo: None };
    let mut trusted_proxies = center.trusted_proxies.clone();
    trusted_proxies.extend(args.web.web_trust_proxy.iter().copied());
    let limits = limits_of(args);
    let doors = Doors { tls, trusted_proxies, limits };
    Ok(Pages { listener, site, doors })
}

/// The limits that were set, or less where open files are too few for them.
pub(super) fn limits_of(args: &CenterArgs) -> Limits {
    args.limits.of_web().within_open_files(serving::open_files_limit())
}

impl Pages {
    /// Shows them until the center closes.
    pub(super) async fn serve(self, mut shutdown: Shutdown) {
        let Self { listener, site, doors } = self;
        web::serve(listener, site, doors, async move { shutdown.wait().await }).await;
    }
}
