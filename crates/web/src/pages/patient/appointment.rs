//! One appointment: what it is, what happened to it, what it will cost.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use center::errand::{AppointmentData, StepData};
use domain::{Appointment, AppointmentId, Refusal, Role};
use jiff::Timestamp;

use super::acting::Acting;
use super::appointments::{Status, is_to_come};
use super::price::Price;
use super::shown::ShownSlot;
use crate::language::Words;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "patient/appointment.html")]
struct AppointmentPage {
    frame: Frame,
    /// Whose; `None` where it can be one patient's only.
    whose: Option<String>,
    path: String,
    slot: ShownSlot,
    status: Status,
    /// What the visit will cost; `None` for one that is over.
    price: Option<Price>,
    /// Whether there is a plan to have an estimate signed for.
    has_plan: bool,
    /// Whether it can still be moved or cancelled.
    is_open: bool,
    history: Vec<Step>,
}

struct Step {
    /// Day and time.
    when: String,
    what: String,
    by: String,
    /// Empty when none was given.
    reason: String,
}

/// An appointment of the household, and whoever acts for its patient.
pub(super) struct Found {
    pub(super) acting: Acting,
    pub(super) data: Box<AppointmentData>,
}

impl Found {
    /// Looks with the patient who was chosen, then with the others of the household: a link to an
    /// appointment of one's child works whoever was chosen last.
    ///
    /// # Errors
    /// `NoSuchAppointment` for what is nobody's, another's, or no id at all.
    pub(super) async fn of(mut acting: Acting, id: &str) -> Result<Self, Problem> {
        let none = |acting: &Acting| acting.refused(Refusal::NoSuchAppointment);
        let id: AppointmentId = id.parse().map_err(|_| none(&acting))?;
        let others: Vec<_> = acting.household.iter().map(|member| member.patient).collect();
        let chosen = acting.tending.patient();
        let others = others.into_iter().filter(|patient| *patient != chosen);
        for patient in std::iter::once(chosen).chain(others) {
            let Ok(tending) = acting.account().tend_for(patient) else { continue };
            if let Some(data) = acting.run(tending.appointment(acting.now(), id)).await? {
                acting.tending = tending;
                return Ok(Self { acting, data });
            }
        }
        Err(none(&acting))
    }

    pub(super) fn appointment(&self) -> &Appointment {
        &self.data.appointment
    }

    /// The address of its page.
    pub(super) fn path(&self) -> String {
        format!("/appointments/{}", self.appointment().id)
    }

    /// Whether the patient may still move or cancel it.
    pub(super) fn is_open(&self) -> bool {
        let appointment = self.appointment();
        appointment.status.is_open() && appointment.slot.start > self.acting.now()
    }

    async fn price(&self) -> Price {
        let price = self.acting.price(&self.appointment().slot).await;
        price.again_at(format!("{}/price", self.path()), &self.path())
    }
}

pub(crate) async fn show(acting: Acting, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    let doctors = found.acting.doctors().await?;
    let (words, appointment) = (found.acting.words(), found.appointment());
    let price = match is_to_come(appointment, found.acting.now()) {
        true => Some(found.price().await),
        false => None,
    };
    Ok(page::show(&AppointmentPage {
        frame: found.acting.frame("my-appointment-title", Section::Appointments),
        whose: found.acting.whose(),
        path: found.path(),
        slot: doctors.show(words, &appointment.slot),
        status: Status::of(words, appointment.status),
        price,
        has_plan: found.acting.plan().is_some(),
        is_open: found.is_open(),
        history: found.data.history.iter().map(|step| shown(words, step)).collect(),
    }))
}

/// The price of an appointment, as a fragment of its page.
pub(crate) async fn price(acting: Acting, Path(id): Path<String>) -> Result<Response, Problem> {
    let found = Found::of(acting, &id).await?;
    Ok(page::show(&found.price().await))
}

/// `Tuesday, 24 November 2026, 10:00`.
pub(super) fn moment(words: &Words, at: Timestamp) -> String {
    let with = [("day", words.day(at).into()), ("time", words.time(at).into())];
    words.tell("my-moment", &with)
}

/// Who did something, in words; `None` is whoever runs the center's machine.
pub(super) fn who(words: &Words, role: Option<Role>) -> String {
    role.map_or_else(|| words.say("my-by-operator"), |role| words.say(&format!("role-{role}")))
}

fn shown(words: &Words, step: &StepData) -> Step {
    let id = format!("my-step-{}", step.what);
    Step {
        when: moment(words, step.at),
        what: words.say(if words.knows(&id) { &id } else { "my-step-other" }),
        by: who(words, step.by),
        reason: step.reason.clone().unwrap_or_default(),
    }
}
