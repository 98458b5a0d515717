//! Whom a patient or a doctor believes that a center is the center.
//!
//! What is deliberately not here: a way to believe anybody.

use std::path::{Path, PathBuf};

use net::patient::CallError;
use net::tls::{CertificateError, Distrust, TlsClient};

use crate::exit::Declined;
use crate::input::{self, BadInput};

/// Where a center that was started in this folder has put its own authority.
const CA_OF_FOLDER: &str = "rendezvous.keys/ca.pem";

/// The authorities in `ca`; without it those of the center of this folder, if it has any, else the
/// system's.
///
/// # Errors
/// When the file cannot be read or holds no certificate, or the system trusts nobody.
pub(crate) fn authorities(ca: Option<&Path>) -> Result<TlsClient, BadInput> {
    let expected = "a file of certificates in PEM";
    let (path, content) = match ca {
        Some(path) => (path.to_owned(), input::read(path, expected)?),
        None => match input::read(CA_OF_FOLDER.as_ref(), expected) {
            Ok(content) => (PathBuf::from(CA_OF_FOLDER), content),
            Err(missing) if missing.is_missing() => {
                let named = |error: CertificateError| {
                    BadInput::of_file("--ca".as_ref(), format!("{error}: name a file of yours"))
                };
                return TlsClient::with_roots_of_system().map_err(named);
            }
            Err(error) => return Err(error),
        },
    };
    TlsClient::trusting(&content).map_err(|error| BadInput::of_file(&path, error.to_string()))
}

/// Why a center could not be asked; where it is not trusted, also what somebody can do about it.
pub(crate) fn explained(error: CallError) -> anyhow::Error {
    let step = match &error {
        CallError::Untrusted { why: Distrust::UnknownIssuer, .. } => {
            "give the authority with --ca FILE (ca.pem in the center's keys folder)".to_owned()
        }
        CallError::Untrusted { why: Distrust::OtherName, address } => {
            let host = address.rsplit_once(':').map_or(address.as_str(), |(host, _)| host);
            let host = host.trim_matches(['[', ']']);
            format!(
                "the center's operator can add the name: rendezvous admin certificate --name {host}"
            )
        }
        _ => return error.into(),
    };
    Declined::new(format!("{error}; {step}")).into()
}
