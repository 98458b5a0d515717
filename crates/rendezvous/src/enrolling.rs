//! Codes for doctors who enrol at once, since the same program starts them.

use std::time::Duration;

use anyhow::bail;
use domain::{DoctorName, EnrolmentCode};
use jiff::Timestamp;
use store::{Actor, CodeHash, Command, OfferEnrolment, Outcome, Store};

use crate::loading;

/// How long such a code works.
const CODE_LIFE: Duration = Duration::from_secs(10 * 60);

/// Makes a code with which `doctor` can enrol at the center of `store`.
///
/// # Errors
/// When the store cannot be written, or does not know the doctor.
pub(crate) fn offer(store: &dyn Store, doctor: &DoctorName) -> anyhow::Result<EnrolmentCode> {
    let code = EnrolmentCode::fresh(&runtime::fresh_entropy());
    let now = Timestamp::now();
    let offer = OfferEnrolment {
        doctor: doctor.clone(),
        code: CodeHash::of(&code),
        expires: now + CODE_LIFE,
        actor: Actor::Operator,
    };
    match loading::commit(store, now, Command::OfferEnrolment(offer))? {
        Outcome::Done => Ok(code),
        other => bail!("{doctor} cannot be enrolled: {other:?}"),
    }
}
