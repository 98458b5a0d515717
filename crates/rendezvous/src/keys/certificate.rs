//! A small site's own certificates: a private authority that is made once and kept, and a server
//! certificate under it that is made anew whenever the site's names change or it grows old. Clients
//! are given `ca.pem` once.
//!
//! What is deliberately not here: revocation. Whoever has stolen `center.key` is shut out by a new
//! authority: remove `ca.key` and `ca.pem`, make a certificate, and hand out the new `ca.pem`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PublicKeyData as _, SanType,
};

use super::private_file::{self, Created};
use super::{BadInput, Keys};

/// How long the private authority is good, in days: 10 years.
const AUTHORITY_DAYS: u32 = 3_653;
/// How long a server certificate is good when nothing else is said, in days: what browsers take.
pub(crate) const CERTIFICATE_DAYS: u32 = 397;
/// How long a server certificate may be good at most, in days: as long as the authority.
pub(crate) const CERTIFICATE_DAYS_MAX: i64 = AUTHORITY_DAYS as i64;
/// How far the clocks of clients may be behind ours.
const CLOCKS_BEHIND: Duration = Duration::from_secs(60 * 60);
/// A day, in seconds.
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// The longest name of a host, in bytes (RFC 1035 §2.3.4).
const HOST_BYTES_MAX: usize = 253;
/// The longest part of it between dots, in bytes.
const LABEL_BYTES_MAX: usize = 63;

/// What clients call a center: a name (RFC 6125) or an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SiteName {
    /// A name, in lower case; its first part may be `*`.
    Host(String),
    /// An address.
    Address(IpAddr),
}

impl FromStr for SiteName {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Address(address));
        }
        let name = text.to_ascii_lowercase();
        let labels = name.strip_prefix("*.").unwrap_or(&name);
        let right = |label: &str| {
            (1..=LABEL_BYTES_MAX).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        // What ends in digits would be an address that is none.
        let last = labels.rsplit('.').next().unwrap_or_default();
        let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
        if name.len() <= HOST_BYTES_MAX && labels.split('.').all(right) && !is_number {
            Ok(Self::Host(name))
        } else {
            Err("is not a name, expected a host or an address, e.g. clinic.example or 192.0.2.7"
                .to_owned())
        }
    }
}

impl fmt::Display for SiteName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => f.write_str(name),
            Self::Address(address) => address.fmt(f),
        }
    }
}

/// What this machine is called by its own programs: `localhost`, the loopback addresses, and the
/// name of the machine if it has a proper one.
pub(crate) fn names_of_this_machine() -> Vec<SiteName> {
    let own = rustix::system::uname().nodename().to_string_lossy().parse::<SiteName>().ok();
    let mut names = vec![
        SiteName::Host("localhost".to_owned()),
        SiteName::Address(Ipv4Addr::LOCALHOST.into()),
        SiteName::Address(Ipv6Addr::LOCALHOST.into()),
    ];
    names.extend(own.filter(|name| !names.contains(name)));
    names
}

/// Where the two halves of a server's certificate are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CertificateFiles {
    /// The chain, the server's own first, in PEM.
    pub(crate) chain: PathBuf,
    /// The private key, in PEM.
    pub(crate) key: PathBuf,
}

impl Keys {
    /// The private authority's certificate: what clients are given.
    pub(crate) fn authority_file(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// The site's own server certificate.
    pub(crate) fn certificate_files(&self) -> CertificateFiles {
        CertificateFiles { chain: self.file("center.pem"), key: self.file("center.key") }
    }

    /// The server certificate that is there; without one it is made, for this machine's own names.
    ///
    /// # Errors
    /// When a file cannot be read, made or trusted.
    pub(crate) fn certificate(&self) -> anyhow::Result<CertificateFiles> {
        let files = self.certificate_files();
        if files.chain.exists() && files.key.exists() {
            return Ok(files);
        }
        let authority = self.authority()?;
        let key = self.signing_key("center.key")?;
        let names = names_of_this_machine();
        let chain = server_certificate(&authority, &key, &names, CERTIFICATE_DAYS)?;
        // Of several processes that get here at once, all have the same key.
        private_file::create_public(&files.chain, chain.as_bytes())?;
        Ok(files)
    }

    /// Makes a new key and a server certificate for `names`, good for `days`, under the same
    /// authority as before. A center that runs takes them over by itself.
    ///
    /// # Errors
    /// When a file cannot be read, made or trusted.
    pub(crate) fn renew_certificate(
        &self,
        names: &[SiteName],
        days: u32,
    ) -> anyhow::Result<CertificateFiles> {
        let authority = self.authority()?;
        let key = KeyPair::generate()?;
        let chain = server_certificate(&authority, &key, names, days)?;
        let files = self.certificate_files();
        private_file::replace(&files.key, key.serialize_pem().as_bytes())?;
        private_file::replace_public(&files.chain, chain.as_bytes())?;
        Ok(files)
    }

    /// The private authority, made if there is none.
    fn authority(&self) -> anyhow::Result<Issuer<'static, KeyPair>> {
        let key = self.signing_key("ca.key")?;
        let params = authority_params(&key);
        let file = self.authority_file();
        if !file.exists() {
            let certificate = params.self_signed(&key)?.pem();
            private_file::create_public(&file, certificate.as_bytes())?;
        }
        Ok(Issuer::new(params, key))
    }

    /// The private key in a file, made if there is none.
    fn signing_key(&self, name: &str) -> anyhow::Result<KeyPair> {
        let path = self.file(name);
        let expected = "a private key in PEM";
        let secret = match private_file::read(&path, expected) {
            Err(missing) if missing.is_missing() => {
                let fresh = KeyPair::generate()?;
                match private_file::create(&path, fresh.serialize_pem().as_bytes())? {
                    Created::Ours => return Ok(fresh),
                    Created::Theirs => private_file::read(&path, expected)?,
                }
            }
            read => read?,
        };
        let text = std::str::from_utf8(secret.expose()).ok();
        let key = text.and_then(|text| KeyPair::from_pem(text).ok());
        key.ok_or_else(|| BadInput::of_file(&path, format!("cannot be used, expected {expected}")))
            .context("the center's certificate")
    }
}

/// What the authority's certificate says. It follows from its key but for the time, so that the
/// authority signs the same way after `ca.pem` is lost.
fn authority_params(key: &KeyPair) -> CertificateParams {
    let mut params = CertificateParams::default();
    let digest =
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &key.subject_public_key_info());
    let mark = domain::to_hexadecimal(&digest.as_ref()[..4]);
    params.distinguished_name = called(&format!("Rendezvous private authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    good_for(&mut params, AUTHORITY_DAYS);
    params
}

/// A server certificate in PEM.
fn server_certificate(
    authority: &Issuer<'_, KeyPair>,
    key: &KeyPair,
    names: &[SiteName],
    days: u32,
) -> anyhow::Result<String> {
    let mut params = CertificateParams::default();
    let called_first = names.first().map_or_else(|| "rendezvous".to_owned(), ToString::to_string);
    // What counts is the list of names; this one is for people, and has at most 64 characters.
    params.distinguished_name = called(&called_first.chars().take(64).collect::<String>());
    for name in names {
        params.subject_alt_names.push(match name {
            SiteName::Host(name) => SanType::DnsName(name.as_str().try_into()?),
            SiteName::Address(address) => SanType::IpAddress(*address),
        });
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    good_for(&mut params, days);
    Ok(params.signed_by(key, authority)?.pem())
}

fn called(name: &str) -> DistinguishedName {
    let mut called = DistinguishedName::new();
    called.push(DnType::CommonName, name);
    called
}

/// From now (and a little before, for clocks that are behind) for `days`.
fn good_for(params: &mut CertificateParams, days: u32) {
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let now = Duration::from_secs(u64::try_from(Timestamp::now().as_second()).unwrap_or(0));
    params.not_before = epoch + now.saturating_sub(CLOCKS_BEHIND);
    params.not_after = epoch + now + Duration::from_secs(u64::from(days) * DAY_SECONDS);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<&str>) {
        let found = text.parse::<SiteName>().map(|name| name.to_string()).ok();
        assert_eq!(found.as_deref(), expected, "{text}");
    }

    #[test]
    fn a_center_has_a_name_or_an_address() {
        check("Clinic.Example", Some("clinic.example"));
        check("*.clinic.example", Some("*.clinic.example"));
        check("localhost", Some("localhost"));
        check("192.0.2.7", Some("192.0.2.7"));
        check("2001:db8::1", Some("2001:db8::1"));
        for wrong in ["", "a..b", "-a", "a_b", "192.0.2.700", "a*.b", "ä.example", "a b"] {
            check(wrong, None);
        }
        check(&format!("{}.example", "a".repeat(64)), None);
    }

    #[test]
    fn the_authority_stays_while_certificates_come_and_go() {
        let folder = tempfile::tempdir().unwrap();
        let keys = Keys::open(&folder.path().join("clinic.keys")).unwrap();
        let first = keys.certificate().unwrap();
        let read = |path: &PathBuf| std::fs::read_to_string(path).unwrap();
        let authority = read(&keys.authority_file());
        let (chain, key) = (read(&first.chain), read(&first.key));
        assert_eq!(keys.certificate().unwrap(), first);
        assert_eq!((read(&first.chain), read(&first.key)), (chain.clone(), key.clone()));
        let names = ["clinic.example".parse().unwrap()];
        assert_eq!(keys.renew_certificate(&names, CERTIFICATE_DAYS).unwrap(), first);
        assert!(read(&first.chain) != chain && read(&first.key) != key);
        assert_eq!(read(&keys.authority_file()), authority);
        for private in ["ca.key", "center.key"] {
            assert!(private_file::read(&keys.file(private), "a key").is_ok(), "{private}");
        }
    }
}
