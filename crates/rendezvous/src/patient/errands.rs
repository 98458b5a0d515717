//! Errands about slots and one's own appointments: list, cancel, reschedule.

use protocol::{AppointmentView, Reply, Request, SlotNamed};

use super::Patient;
use super::choice::{Chooser, choose};
use super::counter::{Counter, fresh_request_id, unexpected};
use crate::args::Errand;

/// Does one errand. What was asked for is printed whatever the screen.
pub(super) async fn run(patient: &Patient, errand: Errand) -> anyhow::Result<()> {
    let mut counter = Counter::arrive(patient).await?;
    let out = &patient.out;
    match errand {
        Errand::Visit(_) => unreachable!("a visit is no errand"),
        Errand::List => {
            for offer in counter.offers().await? {
                let doctor = offer.details.map(|details| format!(" {}", details.doctor));
                out.line(format!("{} {}{}", offer.index, offer.when, doctor.unwrap_or_default()));
            }
        }
        Errand::Appointments => match counter.ask(&Request::Appointments).await? {
            Reply::Appointments(views) => views.iter().for_each(|view| out.line(shown(view))),
            other => return Err(unexpected(&other)),
        },
        Errand::Cancel(appointment) => {
            let request_id = fresh_request_id();
            let request = Request::Cancel { appointment, reason: None, request_id };
            match counter.ask_surely(&request).await? {
                Reply::Cancelled(view) => out.line(shown(&view)),
                other => return Err(unexpected(&other)),
            }
        }
        Errand::Reschedule(appointment, select) => {
            let chooser = Chooser::new(Some(select));
            let offers = match chooser {
                Chooser::Given(_) => Vec::new(),
                _ => counter.offers().await?,
            };
            let index = match chooser {
                Chooser::Given(index) => index,
                _ => choose(patient, chooser, &offers).await?,
            };
            let request_id = fresh_request_id();
            let slot = SlotNamed::Index(index);
            let request = Request::Reschedule { appointment, slot, request_id };
            match counter.ask_surely(&request).await? {
                Reply::Rescheduled(view) => out.line(shown(&view)),
                other => return Err(unexpected(&other)),
            }
        }
    }
    Ok(())
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
