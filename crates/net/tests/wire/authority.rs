//! Certificates for tests: an authority, and what it signs.

use net::patient::Security;
use net::tls::{CertificatePem, TlsClient, TlsDoor};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

/// A small site's own authority.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key.
pub(crate) struct Pair {
    pub(crate) chain: String,
    pub(crate) key: String,
}

/// When a certificate is in force.
#[derive(Clone, Copy)]
pub(crate) enum Valid {
    Now,
    NoMore,
    NotYet,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for `name`, a host's name or an IP address.
    pub(crate) fn certify(&self, name: &str, valid: Valid) -> Pair {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = match valid {
            Valid::Now => (date_time_ymd(2000, 1, 1), date_time_ymd(2999, 1, 1)),
            Valid::NoMore => (date_time_ymd(2000, 1, 1), date_time_ymd(2001, 2, 3)),
            Valid::NotYet => (date_time_ymd(2998, 5, 6), date_time_ymd(2999, 1, 1)),
        };
        let key = KeyPair::generate().unwrap();
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { chain, key: key.serialize_pem() }
    }

    /// The door of a center on this machine.
    pub(crate) fn door(&self) -> TlsDoor {
        TlsDoor::open(&self.certify("127.0.0.1", Valid::Now).pem()).unwrap()
    }

    /// A patient who trusts this authority.
    pub(crate) fn client(&self) -> Security {
        Security::Tls(TlsClient::trusting(self.pem.as_bytes()).unwrap())
    }

    pub(crate) fn pem(&self) -> &[u8] {
        self.pem.as_bytes()
    }
}

impl Pair {
    pub(crate) fn pem(&self) -> CertificatePem<'_> {
        CertificatePem { chain: self.chain.as_bytes(), key: self.key.as_bytes() }
    }
}
