//! All appointments of a patient.

use askama::Template;
use axum::response::Response;
use domain::{Appointment, AppointmentStatus};
use jiff::Timestamp;

use super::acting::Acting;
use super::shown::{Doctors, ShownSlot};
use crate::language::Words;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "patient/appointments.html")]
struct AppointmentsPage {
    frame: Frame,
    /// Whose; `None` where they can be one patient's only.
    whose: Option<String>,
    /// The earliest first.
    to_come: Vec<Row>,
    /// The latest first.
    past: Vec<Row>,
    /// The latest first.
    cancelled: Vec<Row>,
}

struct Row {
    path: String,
    slot: ShownSlot,
    status: Status,
}

/// Where an appointment stands, on a page.
pub(super) struct Status {
    /// How it is marked in the style.
    pub(super) class: &'static str,
    pub(super) text: String,
}

impl Status {
    pub(super) fn of(words: &Words, status: AppointmentStatus) -> Self {
        let class = status.as_str();
        Self { class, text: words.say(&format!("my-status-{class}")) }
    }
}

/// The one place that says which appointments are to come.
pub(super) fn is_to_come(appointment: &Appointment, now: Timestamp) -> bool {
    let stands =
        matches!(appointment.status, AppointmentStatus::Booked | AppointmentStatus::Arrived);
    stands && appointment.slot.end > now
}

pub(crate) async fn show(acting: Acting) -> Result<Response, Problem> {
    let appointments = acting.run(acting.tending.appointments(acting.now())).await?;
    let doctors = acting.doctors().await?;
    let (to_come, over): (Vec<_>, Vec<_>) =
        appointments.into_iter().partition(|it| is_to_come(it, acting.now()));
    let (cancelled, past): (Vec<_>, Vec<_>) =
        over.into_iter().partition(|it| it.status == AppointmentStatus::Cancelled);
    let latest_first = |mut appointments: Vec<Appointment>| {
        appointments.sort_by_key(|it| std::cmp::Reverse(it.slot.start));
        rows(acting.words(), &doctors, &appointments)
    };
    Ok(page::show(&AppointmentsPage {
        frame: acting.frame("my-appointments-title", Section::Appointments),
        whose: acting.whose(),
        to_come: rows(acting.words(), &doctors, &to_come),
        past: latest_first(past),
        cancelled: latest_first(cancelled),
    }))
}

fn rows(words: &Words, doctors: &Doctors, appointments: &[Appointment]) -> Vec<Row> {
    let row = |appointment: &Appointment| Row {
        path: format!("/appointments/{}", appointment.id),
        slot: doctors.show(words, &appointment.slot),
        status: Status::of(words, appointment.status),
    };
    appointments.iter().map(row).collect()
}
