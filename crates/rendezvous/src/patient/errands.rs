//! Errands about slots and one's own appointments: list, cancel, reschedule. Each gives back what to
//! print: it was asked for, and comes out whole, whatever the screen.

use domain::AppointmentId;
use protocol::{AppointmentView, Reply, Request, SlotNamed};

use super::Patient;
use super::choice::{Chooser, choose};
use super::counter::{Counter, fresh_request_id, unexpected};
use crate::args::Select;

/// The free slots: `<index> <day> <time>`, and the doctor where the dialect says who.
pub(super) async fn list(patient: &Patient) -> anyhow::Result<Vec<String>> {
    let offers = Counter::arrive(patient).await?.offers().await?;
    let row = |offer: &protocol::Offer| match &offer.details {
        Some(details) => format!("{} {} {}", offer.index, offer.when, details.doctor),
        None => format!("{} {}", offer.index, offer.when),
    };
    Ok(offers.iter().map(row).collect())
}

/// The patient's own appointments.
pub(super) async fn appointments(patient: &Patient) -> anyhow::Result<Vec<String>> {
    match Counter::arrive(patient).await?.ask(&Request::Appointments).await? {
        Reply::Appointments(views) => Ok(views.iter().map(shown).collect()),
        other => Err(unexpected(&other)),
    }
}

/// Calls one off.
pub(super) async fn cancel(
    patient: &Patient,
    appointment: AppointmentId,
) -> anyhow::Result<Vec<String>> {
    let mut counter = Counter::arrive(patient).await?;
    let request_id = fresh_request_id();
    let request = Request::Cancel { appointment, reason: None, request_id };
    match counter.ask_surely(&request).await? {
        Reply::Cancelled(view) => Ok(vec![shown(&view)]),
        other => Err(unexpected(&other)),
    }
}

/// Moves one.
pub(super) async fn reschedule(
    patient: &Patient,
    appointment: AppointmentId,
    select: Select,
) -> anyhow::Result<Vec<String>> {
    let mut counter = Counter::arrive(patient).await?;
    let index = match Chooser::new(Some(select)) {
        Chooser::Given(index) => index,
        chooser => choose(patient, chooser, &counter.offers().await?).await?,
    };
    let request_id = fresh_request_id();
    let slot = SlotNamed::Index(index);
    let request = Request::Reschedule { appointment, slot, request_id };
    match counter.ask_surely(&request).await? {
        Reply::Rescheduled(view) => Ok(vec![shown(&view)]),
        other => Err(unexpected(&other)),
    }
}

/// `<appointment> <status> <index> <day> <time> <doctor>`.
fn shown(view: &AppointmentView) -> String {
    let appointment = &view.appointment;
    let slot = &appointment.slot;
    format!(
        "{} {} {} {} {}",
        appointment.id, appointment.status, slot.index, view.when, slot.doctor.name
    )
}
