//! The pages, by who may see them.

mod acting;
pub(crate) mod admin;
pub(crate) mod anyone;
pub(crate) mod desk;
pub(crate) mod patient;
pub(crate) mod schedule;

use domain::{DoctorName, RequestId};
use sha2::{Digest, Sha256};

pub(crate) use self::acting::acting_for;

/// What stands for a doctor in an address: the first 8 hex digits of the SHA-256 of the name. It hides
/// nothing that is secret; it keeps names out of addresses, histories and logs.
pub(crate) fn doctor_key(doctor: &DoctorName) -> String {
    opaque_key(doctor.as_str())
}

/// What stands for any name in an address.
pub(crate) fn opaque_key(name: &str) -> String {
    Sha256::digest(name).iter().take(4).map(|byte| format!("{byte:02x}")).collect()
}

/// An id for a form that is drawn now: the form sent twice is one deed.
pub(crate) fn fresh_request() -> String {
    domain::to_hexadecimal(&runtime::fresh_entropy().0[..16])
}

/// The id that came with a form; a fresh one where it is none of ours.
pub(crate) fn request_of(text: &str) -> RequestId {
    let fresh = || RequestId::new(&fresh_request()).expect("hexadecimal digits are a name");
    RequestId::new(text).unwrap_or_else(|_| fresh())
}
