//! The patient's and the doctor's end of TLS.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError as Unverified, ClientConfig, RootCertStore};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::pem::{self, CertificateError};
use super::{HAS_TLS13, VERSIONS, provider};
use crate::stream::PeerStream;

/// Whom a patient trusts to name the center; cheap to clone. It always verifies.
#[derive(Debug, Clone)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
}

/// Why a center is not trusted; nothing of the request was sent to it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Distrust {
    /// The time of its certificate is over.
    #[error("its certificate has expired")]
    Expired,
    /// The time of its certificate has not come, or our clock is slow.
    #[error("its certificate is not yet valid")]
    NotYetValid,
    /// The certificate is somebody else's.
    #[error("its certificate is for another name")]
    OtherName,
    /// The certificate is from an authority that is not ours.
    #[error("its certificate is from an authority that is not trusted here")]
    UnknownIssuer,
    /// It answered in plaintext, or said that it has no TLS.
    #[error("it does not speak TLS")]
    NotTls,
    /// Something else about the certificate.
    #[error("its certificate cannot be verified: {0}")]
    Unverified(String),
    /// Something else about the handshake.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
}

/// Why there is no connection under TLS.
#[derive(Debug)]
pub(crate) enum NoTls {
    /// The peer is not who it should be.
    Untrusted(Distrust),
    /// The connection broke.
    Broken(io::Error),
}

impl TlsClient {
    /// Trusts the authorities that the operating system trusts.
    ///
    /// # Errors
    /// When it has none.
    pub fn with_roots_of_system() -> Result<Self, CertificateError> {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::debug!(%error, "an authority of the system could not be read");
        }
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            return Err(CertificateError::NoSystemRoots);
        }
        Ok(Self::with(roots))
    }

    /// Trusts the authorities in `ca_pem` and no others.
    ///
    /// # Errors
    /// When there is none in it.
    pub fn trusting(ca_pem: &[u8]) -> Result<Self, CertificateError> {
        let mut roots = RootCertStore::empty();
        for certificate in pem::certificates(ca_pem)? {
            roots.add(certificate).map_err(|_| CertificateError::NotACertificate)?;
        }
        Ok(Self::with(roots))
    }

    fn with(roots: RootCertStore) -> Self {
        let mut config = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(&VERSIONS)
            .expect(HAS_TLS13)
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        Self { config: Arc::new(config) }
    }

    /// Shakes hands with the server of that name; whoever calls sees to the deadline.
    pub(crate) async fn connect(
        &self,
        name: ServerName<'static>,
        stream: TcpStream,
    ) -> Result<PeerStream, NoTls> {
        let connector = TlsConnector::from(Arc::clone(&self.config));
        match connector.connect(name, stream).await {
            Ok(sealed) => Ok(PeerStream::Sealed(Box::new(sealed.into()))),
            Err(error) => Err(NoTls::of(error)),
        }
    }
}

impl NoTls {
    fn of(error: io::Error) -> Self {
        let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match of_tls {
            Some(of_tls) => Self::Untrusted(Distrust::of(of_tls)),
            None => Self::Broken(error),
        }
    }
}

impl Distrust {
    fn of(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(unverified) => match unverified {
                Unverified::Expired | Unverified::ExpiredContext { .. } => Self::Expired,
                Unverified::NotValidYet | Unverified::NotValidYetContext { .. } => {
                    Self::NotYetValid
                }
                Unverified::NotValidForName | Unverified::NotValidForNameContext { .. } => {
                    Self::OtherName
                }
                // A name of ours under another's key: that authority is not the one we trust.
                Unverified::UnknownIssuer | Unverified::BadSignature => Self::UnknownIssuer,
                other => Self::Unverified(other.to_string()),
            },
            // The latter is what a center without a certificate answers (PROTOCOL.md).
            rustls::Error::InvalidMessage(_)
            | rustls::Error::AlertReceived(AlertDescription::HandshakeFailure) => Self::NotTls,
            other => Self::Handshake(other.to_string()),
        }
    }
}
