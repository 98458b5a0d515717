//! The center's end of TLS.

use std::io;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::pki_types::UnixTime;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::pem::{self, CertificateError, CertificatePem};
use super::{HAS_TLS13, VERSIONS, provider};
use crate::stream::PeerStream;

/// Takes TLS connections in, with a certificate that can be replaced while it does. Cheap to clone;
/// all clones show the same certificate.
#[derive(Debug, Clone)]
pub struct TlsDoor {
    config: Arc<ServerConfig>,
    shown: Arc<Shown>,
}

/// The certificate that the next hello is answered with.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl TlsDoor {
    /// A door that shows this certificate.
    ///
    /// # Errors
    /// When certificate and key cannot be used, or not today.
    pub fn open(pem: &CertificatePem<'_>) -> Result<Self, CertificateError> {
        let key = pem::certified_key(pem, UnixTime::now())?;
        let shown = Arc::new(Shown(RwLock::new(Arc::new(key))));
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&VERSIONS)
            .expect(HAS_TLS13)
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        Ok(Self { config: Arc::new(config), shown })
    }

    /// Shows this certificate from now on; connections that are open go on as they are.
    ///
    /// # Errors
    /// When certificate and key cannot be used, or not today; the one before is shown on.
    pub fn replace(&self, pem: &CertificatePem<'_>) -> Result<(), CertificateError> {
        let key = Arc::new(pem::certified_key(pem, UnixTime::now())?);
        *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = key;
        Ok(())
    }

    /// What a server of another protocol shows the same certificate with, also when it is replaced.
    /// `protocol` is what it speaks inside (ALPN, RFC 7301).
    #[must_use]
    pub fn for_protocol(&self, protocol: &str) -> Arc<ServerConfig> {
        let mut config = (*self.config).clone();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Arc::new(config)
    }

    /// Shakes hands; whoever calls sees to the deadline.
    pub(crate) async fn accept(&self, stream: TcpStream) -> io::Result<PeerStream> {
        let sealed = TlsAcceptor::from(Arc::clone(&self.config)).accept(stream).await?;
        Ok(PeerStream::Sealed(Box::new(sealed.into())))
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}
