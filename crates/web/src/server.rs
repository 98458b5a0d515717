//! Connections: taken in, TLS where it is spoken, HTTP/1.1 on them, each with its deadlines.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::Site;
use crate::routes::routes;
use crate::visitor::Source;

/// From the connection, or the response before, to the last byte of a request's head.
const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// For TLS's handshake.
const TLS_DEADLINE: Duration = Duration::from_secs(5);
/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1_024;

/// How visitors come in.
#[derive(Clone, Default)]
pub struct Doors {
    /// TLS with the center's certificate; `None` for plaintext, on loopback or behind a proxy.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Whose `Forwarded` headers (RFC 7239) are believed.
    pub trusted_proxies: Vec<IpNet>,
}

/// Shows the pages of `site` to whoever comes to `listener`, until `shutdown`.
pub async fn serve(
    listener: TcpListener,
    site: Site,
    doors: Doors,
    shutdown: impl Future<Output = ()>,
) {
    let pages = routes(Arc::new(site));
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let (pages, doors) = (pages.clone(), doors.clone());
                    connections.spawn(async move {
                        if let Err(error) = converse(stream, peer, pages, doors).await {
                            tracing::debug!(%error, "a browser's connection ended early");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a browser's connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
    connections.shutdown().await;
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    pages: Router,
    doors: Doors,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    match doors.tls {
        Some(config) => {
            let accepting = TlsAcceptor::from(config).accept(stream);
            speak(timeout(TLS_DEADLINE, accepting).await??, peer.ip(), pages).await
        }
        None => speak(stream, peer.ip(), pages).await,
    }
}

async fn speak(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    source: IpAddr,
    pages: Router,
) -> io::Result<()> {
    let pages = pages.map_request(move |mut request: hyper::Request<_>| {
        request.extensions_mut().insert(ConnectInfo(Source(source)));
        request
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_DEADLINE).max_buf_size(HEAD_BYTES_MAX);
    let serving = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(pages));
    serving.await.map_err(io::Error::other)
}
