//! For which patient of the household somebody acts: the one that was chosen, else the account's own.

use axum::http::HeaderMap;
use center::{Account, Tending};
use domain::PatientId;

use crate::cookies;

/// The right to act for the patient that the visitor has chosen, else for the account's own; `None`
/// for an account that has no patient. Whoever the cookie names, the account is asked.
pub(crate) fn acting_for(account: &Account, headers: &HeaderMap) -> Option<Tending> {
    let own = account.patient()?;
    let chosen = cookies::read(headers, cookies::PATIENT)
        .and_then(|patient| patient.parse::<PatientId>().ok())
        .and_then(|patient| account.tend_for(patient).ok());
    chosen.or_else(|| account.tend_for(own).ok())
}
