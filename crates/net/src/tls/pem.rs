//! Certificates and keys in PEM (RFC 7468): reading them, and saying in one line what is wrong.

use std::fmt;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{InconsistentKeys, RootCertStore};
use thiserror::Error;

use super::provider;

/// A server's certificate and its key, as they stand in their files.
#[derive(Clone, Copy)]
pub struct CertificatePem<'a> {
    /// The certificates: the server's own first, then those between it and its authority.
    pub chain: &'a [u8],
    /// The private key of the first certificate.
    pub key: &'a [u8],
}

impl CertificatePem<'_> {
    /// Whether a center can show this certificate at a moment: to look ahead, say.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self, at: Timestamp) -> Result<(), CertificateError> {
        let seconds = u64::try_from(at.as_second()).unwrap_or(0);
        let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds));
        certified_key(self, at).map(|_| ())
    }
}

impl fmt::Debug for CertificatePem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CertificatePem(********)")
    }
}

/// What is wrong with certificates or a key; each message is one line, and none repeats a key.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CertificateError {
    /// Where certificates were expected there is none.
    #[error("holds no certificate, expected PEM that begins with BEGIN CERTIFICATE")]
    NoCertificate,
    /// Begins like PEM, but is broken.
    #[error("is broken PEM, expected whole sections from BEGIN to END in base64")]
    BrokenPem,
    /// PEM, but what is in it is no certificate.
    #[error("holds something that is no X.509 certificate")]
    NotACertificate,
    /// Where a private key was expected there is none.
    #[error("there is no private key, expected PEM that begins with BEGIN PRIVATE KEY")]
    NoKey,
    /// A key of a kind that is not known, or broken.
    #[error("the private key cannot be used, expected ECDSA, Ed25519 or RSA")]
    BadKey,
    /// Certificate and key are not a pair.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
    /// Its time is over.
    #[error("the certificate has expired: it was valid until {0}")]
    Expired(Timestamp),
    /// Its time has not come.
    #[error("the certificate is not yet valid: it will be from {0}")]
    NotYetValid(Timestamp),
    /// The operating system trusts nobody that we can read.
    #[error("this system has no certificate authorities, name the center's own with --ca")]
    NoSystemRoots,
}

/// The certificates of `pem`, at least one.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| CertificateError::BrokenPem)?;
    if certificates.is_empty() { Err(CertificateError::NoCertificate) } else { Ok(certificates) }
}

/// A pair that is in force at `now`, checked to be one.
pub(super) fn certified_key(
    pem: &CertificatePem<'_>,
    now: UnixTime,
) -> Result<CertifiedKey, CertificateError> {
    let chain = certificates(pem.chain)?;
    let key = PrivateKeyDer::from_pem_slice(pem.key).map_err(|error| match error {
        rustls::pki_types::pem::Error::NoItemsFound => CertificateError::NoKey,
        _ => CertificateError::BrokenPem,
    })?;
    assert_in_force(&chain, now)?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            CertificateError::KeyMismatch
        }
        rustls::Error::InvalidCertificate(_) => CertificateError::NotACertificate,
        _ => CertificateError::BadKey,
    })
}

/// Asks the verifier that patients use, which looks at the dates before anything else: whom the
/// authority is and which names there are is the patients' question, not ours.
fn assert_in_force(
    chain: &[CertificateDer<'static>],
    now: UnixTime,
) -> Result<(), CertificateError> {
    let server = chain.first().ok_or(CertificateError::NoCertificate)?;
    let mut roots = RootCertStore::empty();
    roots.add(server.clone()).map_err(|_| CertificateError::NotACertificate)?;
    let verifier = WebPkiServerVerifier::builder_with_provider(roots.into(), provider())
        .build()
        .map_err(|_| CertificateError::NotACertificate)?;
    let name = ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into());
    let verdict = verifier.verify_server_cert(server, &[], &name, &[], now);
    match verdict {
        Err(rustls::Error::InvalidCertificate(error)) => match error {
            rustls::CertificateError::ExpiredContext { not_after, .. } => {
                Err(CertificateError::Expired(timestamp(not_after)))
            }
            rustls::CertificateError::NotValidYetContext { not_before, .. } => {
                Err(CertificateError::NotYetValid(timestamp(not_before)))
            }
            rustls::CertificateError::BadEncoding => Err(CertificateError::NotACertificate),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// RFC 5280 §4.1.2.5 ends all time in 9999, as jiff does.
fn timestamp(time: UnixTime) -> Timestamp {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}
