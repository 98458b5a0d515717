//! The pages, by who may see them.

mod acting;
pub(crate) mod admin;
pub(crate) mod anyone;
pub(crate) mod desk;
pub(crate) mod patient;
pub(crate) mod schedule;

use domain::DoctorName;
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
