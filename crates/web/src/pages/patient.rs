//! The patient's pages: deciding on a slot, the appointments, the patient's own data.
//!
//! Every page is about one patient of the household. An id that is nobody's, or another's, is refused
//! in the same words.

mod acting;
mod appointment;
mod appointments;
mod cancelling;
mod deciding;
mod files;
mod held;
mod me;
mod moving;
mod own_data;
mod price;
mod shown;
mod taken;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use domain::SlotId;

use crate::Site;

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/slots/hold", post(deciding::hold))
        .route("/deciding", get(deciding::show))
        .route("/deciding/price/{place}", get(deciding::price))
        .route("/book", post(deciding::book))
        .route("/release", post(deciding::release))
        .route("/appointments", get(appointments::show))
        .route("/appointments/{id}", get(appointment::show))
        .route("/appointments/{id}/price", get(appointment::price))
        .route("/appointments/{id}/cancel", get(cancelling::show).post(cancelling::cancel))
        .route("/appointments/{id}/move", get(moving::show).post(moving::go))
        .route("/appointments/{id}/calendar.ics", get(files::calendar))
        .route("/appointments/{id}/estimate", get(files::estimate))
        .route("/me", get(me::show))
        .route("/me/plan", post(me::choose_plan))
        .route("/me/patient", post(me::choose_patient))
        .route("/me/accesses", get(own_data::accesses))
        .route("/me/export", post(own_data::export))
}

/// A slot from a form; `None` for what no form of ours sends.
fn slot_of(text: &str) -> Option<SlotId> {
    text.parse().ok().map(SlotId)
}
