//! A center that cannot prove its name: a clear refusal, and nothing is said to it.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::hospital::{open_center, write_files};
use crate::relay::{TcpRelay, Way};
use crate::running::{Running, rendezvous, told, wait_for};

/// How long the certificate of a center is still good when it starts.
const LIFE_LEFT: Duration = Duration::from_secs(6);

/// Certificates count in whole seconds.
const SECOND: Duration = Duration::from_secs(1);

/// The first byte of a TLS record that is a handshake, and of one that is sealed (RFC 8446 §5.1).
const HANDSHAKE: u8 = 0x16;

/// A patient at the center behind `relay`, who is refused with `expected` and has said nothing.
fn check(folder: &Path, relay: &TcpRelay, ca: &Path, expected: &str) {
    let center = relay.address.to_string();
    let words = ["patient", "patient1", "--input", ".", "--center", &center, "--ca"];
    let mut command = rendezvous(folder, &words);
    let (code, screen, errors) = told(command.arg(ca));
    assert_eq!(code, 3, "{screen}{errors}");
    let line = format!("rendezvous: the health center at {center} is not trusted: {expected}\n");
    assert_eq!((screen.as_str(), errors), ("", line));
    let said = relay.recording.pieces(Way::Out);
    assert_eq!(said.first().and_then(|bytes| bytes.first()), Some(&HANDSHAKE));
    // Behind the hello there is at most the word that it is refused (an alert).
    let behind: usize = said.iter().skip(1).map(Vec::len).sum();
    assert!(behind <= 64, "{behind} bytes");
}

#[test]
fn a_center_of_another_authority_or_another_name_is_not_trusted() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_files(folder.path());
    write_files(other.path());
    let (center, _other) = (open_center(folder.path()), open_center(other.path()));
    let ca = |folder: &Path| folder.join("rendezvous.keys/ca.pem");
    let relay = TcpRelay::open([127, 0, 0, 1], center.address);
    let stranger = "its certificate is from an authority that is not trusted here; give the \
                    authority with --ca FILE (ca.pem in the center's keys folder)";
    check(folder.path(), &relay, &ca(other.path()), stranger);
    let relay = TcpRelay::open([127, 0, 0, 2], center.address);
    let other_name = "its certificate is for another name; the center's operator can add the \
                      name: rendezvous admin certificate --name 127.0.0.2";
    check(folder.path(), &relay, &ca(folder.path()), other_name);
}

/// An authority of our own, whose certificate is in `ca.pem` of `folder`.
fn write_authority(folder: &Path) -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    std::fs::write(folder.join("ca.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

#[test]
fn a_center_whose_certificate_has_expired_is_not_trusted() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    let file = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let ca = write_authority(folder.path());
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.not_before = date_time_ymd(2020, 1, 1);
    // No center starts with one that has expired: so it does while it serves.
    let last_moment = SystemTime::now() + LIFE_LEFT;
    params.not_after = date_time_ymd(1970, 1, 1) + last_moment.duration_since(UNIX_EPOCH).unwrap();
    let key = KeyPair::generate().unwrap();
    file("old.pem", &params.signed_by(&key, &ca).unwrap().pem());
    file("old.key", &key.serialize_pem());
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(folder.path().join("old.key"), private).unwrap();
    let words = ["center", "--input", ".", "--zone", "UTC", "--tls-cert", "old.pem", "--tls-key"];
    let center = Running::start(folder.path(), &[&words[..], &["old.key"]].concat());
    wait_for("its end", || (SystemTime::now() > last_moment + SECOND).then_some(()));
    let relay = TcpRelay::open([127, 0, 0, 1], center.address);
    let ca = folder.path().join("ca.pem");
    check(folder.path(), &relay, &ca, "its certificate has expired");
}

#[test]
fn a_center_without_tls_hears_nothing_but_a_hello() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path());
    write_authority(folder.path());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let heard = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4_096];
        let count = stream.read(&mut buffer).unwrap();
        stream.write_all(b"failure\n").unwrap();
        buffer[..count].to_vec()
    });
    let words = ["patient", "patient1", "--input", ".", "--ca", "ca.pem", "--center", &address];
    let (code, _, errors) = told(&mut rendezvous(folder.path(), &words));
    assert_eq!(code, 3, "{errors}");
    assert!(errors.contains("it does not speak TLS"), "{errors}");
    assert_eq!(heard.join().unwrap().first(), Some(&HANDSHAKE));
}
