//! Errands about slots and one's own appointments and data: list, cancel, reschedule, who looked.
//! Each gives back what to print: it was asked for, and comes out whole, whatever the screen.

use domain::AppointmentId;
use protocol::{Access, AppointmentView, Reply, Request, SlotNamed};

use super::Patient;
use super::choice::{Chooser, choose};
use super::counter::{Counter, fresh_request_id, unexpected};
use crate::args::Select;

/// The free slots: `<index> <day> <time>`, and the doctor where the dialect says who.
pub(super) async fn list(patient: &Patient) -> anyhow::Result<Vec<String>> {
    let mut counter = Counter::arrive(patient).await?;
    let offers = counter.offers().await?;
    counter.leave().await;
    let row = |offer: &protocol::Offer| match &offer.details {
        Some(details) => format!("{} {} {}", offer.index, offer.when, details.doctor),
        None => format!("{} {}", offer.index, offer.when),
    };
    Ok(offers.iter().map(row).collect())
}

/// The patient's own appointments.
pub(super) async fn appointments(patient: &Patient) -> anyhow::Result<Vec<String>> {
    match asked(patient, &Request::Appointments).await? {
        Reply::Appointments(views) => Ok(views.iter().map(shown).collect()),
        other => Err(unexpected(&other)),
    }
}

/// Who looked at the patient's data: `<when> <role> <verb> <appointment>`, latest first; the role of
/// whoever runs the center itself is `operator`.
pub(super) async fn accesses(patient: &Patient) -> anyhow::Result<Vec<String>> {
    let row = |access: &Access| {
        let role = access.role.map_or_else(|| "operator".to_owned(), |role| role.to_string());
        let appointment = access.appointment.map(|id| format!(" {id}")).unwrap_or_default();
        format!("{} {role} {}{appointment}", access.at, access.verb)
    };
    match asked(patient, &Request::Accesses).await? {
        Reply::Accesses(accesses) => Ok(accesses.iter().map(row).collect()),
        other => Err(unexpected(&other)),
    }
}

/// One question, from the log-in to the leave.
async fn asked(patient: &Patient, request: &Request) -> anyhow::Result<Reply> {
    let mut counter = Counter::arrive(patient).await?;
    let reply = counter.ask(request).await?;
    counter.leave().await;
    Ok(reply)
}

/// Calls one off.
pub(super) async fn cancel(
    patient: &Patient,
    appointment: AppointmentId,
) -> anyhow::Result<Vec<String>> {
    let mut counter = Counter::arrive(patient).await?;
    let request_id = fresh_request_id();
    let request = Request::Cancel { appointment, reason: None, request_id };
    let reply = counter.ask_surely(&request).await?;
    counter.leave().await;
    match reply {
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
    let reply = counter.ask_surely(&request).await?;
    counter.leave().await;
    match reply {
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
