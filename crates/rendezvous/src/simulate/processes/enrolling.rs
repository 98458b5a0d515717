//! What an operator does for the doctors and the patients of a simulation: a code that enrols a
//! doctor once, and where everybody's keys are.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::bail;
use domain::{DoctorName, EnrolmentCode};
use jiff::Timestamp;
use store::{Actor, CodeHash, Command, OfferEnrolment, Outcome, Store as _};

use crate::args::StoreLocation;
use crate::keys::Keys;
use crate::stores;

/// How a doctor is told its code.
pub(super) const VARIABLE: &str = "RENDEZVOUS_ENROLMENT_CODE";

/// How long a code works: the doctor starts at once.
const CODE_LIFE: Duration = Duration::from_secs(10 * 60);

/// Makes a code with which `doctor` can enrol at the center of `store`.
///
/// # Errors
/// When the store cannot be written, or does not know the doctor.
pub(super) fn offer(store: &StoreLocation, doctor: &DoctorName) -> anyhow::Result<EnrolmentCode> {
    let StoreLocation::Sqlite(path) = store;
    let code = EnrolmentCode::fresh(&runtime::fresh_entropy());
    let now = Timestamp::now();
    let command = Command::OfferEnrolment(OfferEnrolment {
        doctor: doctor.clone(),
        code: CodeHash::of(&code),
        expires: now + CODE_LIFE,
        actor: Actor::Operator,
    });
    let outcomes = stores::open(path)?.writer()?.commit(now, &[command])?;
    match outcomes.as_slice() {
        [Outcome::Done] => Ok(code),
        [other] => bail!("{doctor} cannot be enrolled: {other:?}"),
        _ => bail!("{doctor} cannot be enrolled"),
    }
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
