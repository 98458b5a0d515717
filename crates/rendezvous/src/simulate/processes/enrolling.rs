//! What an operator does for the doctors and the patients of a simulation: a code that enrols a
//! doctor once, and where everybody's keys are.

use std::path::PathBuf;

use domain::{DoctorName, EnrolmentCode};

use crate::args::StoreLocation;
use crate::keys::Keys;
use crate::stores;

/// How a doctor is told its code.
pub(super) const VARIABLE: &str = "RENDEZVOUS_ENROLMENT_CODE";

/// Makes a code with which `doctor` can enrol at the center of `store`.
///
/// # Errors
/// When the store cannot be written, or does not know the doctor.
pub(super) fn offer(store: &StoreLocation, doctor: &DoctorName) -> anyhow::Result<EnrolmentCode> {
    let StoreLocation::Sqlite(path) = store;
    crate::enrolling::offer(&stores::open(path)?, doctor)
}

/// The folder of the doctors' keys: beside the store, so that who enrolled there once comes back.
pub(super) fn doctors_keys(store: &StoreLocation) -> PathBuf {
    let StoreLocation::Sqlite(path) = store;
    path.with_extension("doctors")
}

/// Whom the doctors and the patients believe: the authority that the center makes for itself.
pub(super) fn ca(store: &StoreLocation) -> PathBuf {
    let StoreLocation::Sqlite(path) = store;
    Keys::beside(path).join("ca.pem")
}
