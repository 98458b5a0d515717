//! TLS 1.3 in front of the words: the center's door, and the patient's and the doctor's end of it.
//!
//! Key exchange is hybrid (X25519 with ML-KEM-768, first choice of both ends), so that what is
//! recorded today stays closed to tomorrow's machines. What is deliberately not here: older
//! versions, early data and resumed sessions (a visit is one connection: they would save little
//! and let a session outlive its certificate), a switch that turns verification off, and files:
//! who reads and watches them hands their content in.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;

mod client;
mod door;
mod pem;

pub(crate) use client::NoTls;
pub use client::{Distrust, TlsClient};
pub use door::TlsDoor;
pub use pem::{CertificateError, CertificatePem};

/// What both ends compute with.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Both ends speak this and nothing else.
static VERSIONS: [&rustls::SupportedProtocolVersion; 1] = [&rustls::version::TLS13];

/// Why choosing [`VERSIONS`] of [`provider`] cannot fail.
const HAS_TLS13: &str = "the provider has the suites of TLS 1.3";

#[cfg(test)]
mod tests;
