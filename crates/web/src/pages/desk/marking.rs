//! Saying who has arrived, been seen, not come; and taking it back.

use axum::Form;
use axum::response::Response;
use center::No;
use domain::{AppointmentId, AppointmentStatus, Refusal};
use serde::Deserialize;

use super::at_work::{AtDesk, back_of};
use crate::page::{Notice, go_to_saying};
use crate::problem::Problem;

#[derive(Deserialize)]
pub(super) struct MarkForm {
    appointment: String,
    status: String,
    #[serde(default)]
    back: String,
}

pub(super) async fn mark(at_desk: AtDesk, Form(form): Form<MarkForm>) -> Result<Response, Problem> {
    let appointment = form.appointment.parse::<AppointmentId>();
    let appointment = appointment.map_err(|_| at_desk.refused(Refusal::NoSuchAppointment))?;
    let (status, notice) = match AppointmentStatus::from_word(&form.status) {
        Some(status @ AppointmentStatus::Booked) => (status, "notice-desk-undone"),
        Some(status @ AppointmentStatus::Arrived) => (status, "notice-desk-arrived"),
        Some(status @ AppointmentStatus::Done) => (status, "notice-desk-done"),
        Some(status @ AppointmentStatus::NoShow) => (status, "notice-desk-no-show"),
        Some(AppointmentStatus::Cancelled) | None => {
            return Err(Problem::not_understood(at_desk.words().clone()));
        }
    };
    let marked = at_desk.attempt(at_desk.desk.mark(appointment, status)).await;
    match marked {
        Ok(_) => Ok(go_to_saying(&back_of(&form.back), Notice(notice))),
        Err(no @ (No::Refused(_) | No::Unknown)) => Err(at_desk.problem(no)),
    }
}
