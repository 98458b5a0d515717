//! What is negotiated, and every way in which certificates can be wrong.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::{NamedGroup, ProtocolVersion};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::stream::PeerStream;

/// A certificate for 127.0.0.1, in force in these years, and its key.
fn pair(years: (i32, i32)) -> (String, String) {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn open(chain: &str, key: &str) -> Result<TlsDoor, CertificateError> {
    TlsDoor::open(&CertificatePem { chain: chain.as_bytes(), key: key.as_bytes() })
}

#[tokio::test]
async fn both_ends_choose_tls_1_3_and_the_hybrid_key_exchange() {
    let (chain, key) = pair((2000, 2999));
    let door = open(&chain, &key).unwrap();
    let client = TlsClient::trusting(chain.as_bytes()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let there = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (here, _) = listener.accept().await.unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let (here, there) = tokio::join!(door.accept(here), client.connect(name, there));
    for end in [here.unwrap(), there.unwrap()] {
        let PeerStream::Sealed(end) = end else { panic!("it is under TLS") };
        let state = end.get_ref().1;
        assert_eq!(state.protocol_version(), Some(ProtocolVersion::TLSv1_3));
        let group = state.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, NamedGroup::X25519MLKEM768);
    }
}

#[test]
fn what_is_wrong_with_a_certificate_is_said_in_one_line() {
    let (chain, key) = pair((2000, 2999));
    let (_, other_key) = pair((2000, 2999));
    let (expired, expired_key) = pair((2000, 2001));
    let (early, early_key) = pair((2998, 2999));
    let cut = &chain[..chain.len() / 2];
    let not_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let not_a_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let expected = [
        ("", &*key, "holds no certificate, expected PEM that begins with BEGIN CERTIFICATE"),
        (&*key, &*key, "holds no certificate, expected PEM that begins with BEGIN CERTIFICATE"),
        (cut, &*key, "is broken PEM, expected whole sections from BEGIN to END in base64"),
        (not_x509, &*key, "holds something that is no X.509 certificate"),
        (&*chain, "", "there is no private key, expected PEM that begins with BEGIN PRIVATE KEY"),
        (&*chain, not_a_key, "the private key cannot be used, expected ECDSA, Ed25519 or RSA"),
        (&*chain, &*other_key, "the private key does not belong to the certificate"),
        (
            &*expired,
            &*expired_key,
            "the certificate has expired: it was valid until 2001-01-01T00:00:00Z",
        ),
        (
            &*early,
            &*early_key,
            "the certificate is not yet valid: it will be from 2998-01-01T00:00:00Z",
        ),
    ];
    for (chain, key, message) in expected {
        assert_eq!(open(chain, key).unwrap_err().to_string(), message);
    }
    let door = open(&chain, &key).unwrap();
    let pem = CertificatePem { chain: expired.as_bytes(), key: expired_key.as_bytes() };
    assert!(door.replace(&pem).is_err());
    assert_eq!(format!("{pem:?}"), "CertificatePem(********)");
}

#[test]
fn nobody_is_trusted_without_an_authority() {
    let error = |pem: &str| TlsClient::trusting(pem.as_bytes()).unwrap_err();
    assert_eq!(error(""), CertificateError::NoCertificate);
    let not_x509 = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert_eq!(error(not_x509), CertificateError::NotACertificate);
}
