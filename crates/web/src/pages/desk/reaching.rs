//! A slot that is reached for: which one it is, what else there is when it is refused, and whether
//! what stands in the way may be waived.

use center::No;
use center::errand::{FreeSlotsWanted, Place, SheetRow, Window, free_slots};
use domain::{DoctorName, Refusal, Slot, SlotId};
use jiff::SignedDuration;
use jiff::civil::Date;
use serde::Deserialize;

use super::at_work::AtDesk;
use super::calendar::{DoctorChoice, Doctors};
use super::sheet::row_at;
use crate::language::Words;
use crate::pages::fresh_request;
use crate::problem::Problem;

/// How many other slots are offered when one is refused.
const ALTERNATIVES_MAX: usize = 6;
/// How far ahead they are looked for.
const ALTERNATIVES_AHEAD: SignedDuration = SignedDuration::from_hours(28 * 24);

/// The slot that a form names.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct SlotForm {
    pub(super) slot: i64,
    /// The doctor's name, which only stands in forms.
    pub(super) doctor: String,
    /// The day it begins on.
    pub(super) day: Date,
}

/// A slot, in words.
pub(super) struct SlotLine {
    pub(super) slot: i64,
    pub(super) doctor: DoctorChoice,
    pub(super) date: Date,
    pub(super) day: String,
    pub(super) time: String,
    /// For the form that takes it.
    pub(super) request: String,
}

impl SlotLine {
    pub(super) fn of(words: &Words, doctors: &Doctors, slot: &Slot) -> Self {
        let date = slot.start.to_zoned(words.zone().clone()).date();
        Self {
            slot: slot.id.0,
            doctor: doctors.choice(&slot.doctor.name),
            date,
            day: words.date(date),
            time: words.time(slot.start),
            request: fresh_request(),
        }
    }
}

/// What stood in the way, and what else there is.
pub(super) struct Stopped {
    pub(super) what: String,
    pub(super) next: String,
    /// Whether it may be done all the same, for a reason.
    pub(super) waivable: bool,
    pub(super) alternatives: Vec<SlotLine>,
}

impl SlotForm {
    pub(super) fn id(&self) -> SlotId {
        SlotId(self.slot)
    }

    /// The slot as the sheet has it now.
    pub(super) async fn row(&self, at_desk: &AtDesk) -> Result<SheetRow, No> {
        let doctor = self.doctor(at_desk).map_err(|_| No::Refused(Refusal::NoSuchDoctor))?;
        row_at(at_desk, (self.day, &doctor), self.id()).await
    }

    pub(super) fn doctor(&self, at_desk: &AtDesk) -> Result<DoctorName, Problem> {
        let doctor = DoctorName::new(&self.doctor);
        doctor.map_err(|_| at_desk.refused(Refusal::NoSuchDoctor))
    }
}

/// Why `form`'s slot could not be had, in words, with what else is free.
pub(super) async fn stopped(
    at_desk: &AtDesk,
    doctors: &Doctors,
    form: &SlotForm,
    no: No,
) -> Result<Stopped, Problem> {
    let words = at_desk.words();
    let row = form.row(at_desk).await.ok();
    let waivable = may_waive(at_desk, no, row.as_ref());
    let (what, next) = crate::problem::in_words(words, no);
    let doctor = form.doctor(at_desk)?;
    let reached = row.map_or(at_desk.now(), |row| row.slot.start).max(at_desk.now());
    let window = Window { from: reached, until: reached + ALTERNATIVES_AHEAD };
    let wanted = FreeSlotsWanted {
        doctors: vec![doctor],
        service: None,
        windows: vec![window],
        after: None,
        limit: ALTERNATIVES_MAX,
    };
    // Without other slots to offer, the refusal is still told.
    let page = at_desk.attempt(free_slots(at_desk.now(), wanted)).await;
    let slots = page.map(|page| page.slots).unwrap_or_default();
    let others = slots.iter().filter(|slot| slot.id != form.id());
    let alternatives = others.map(|slot| SlotLine::of(words, doctors, slot)).collect();
    Ok(Stopped { what, next, waivable, alternatives })
}

/// Whether the front desk may waive what stood in the way: a hold, a beginning that is past, a number
/// of appointments. What is booked gives way to nobody.
fn may_waive(at_desk: &AtDesk, no: No, row: Option<&SheetRow>) -> bool {
    let No::Refused(refusal) = no else { return false };
    match (refusal, row) {
        (Refusal::TooManyAppointments | Refusal::AppointmentClosed, Some(row)) => {
            !matches!(row.place, Place::Booked { .. }) && row.slot.end > at_desk.now()
        }
        (Refusal::SlotTaken, Some(row)) => matches!(row.place, Place::Held { .. }),
        (Refusal::NoSuchSlot, Some(row)) => {
            !matches!(row.place, Place::Booked { .. }) && row.slot.end > at_desk.now()
        }
        _ => false,
    }
}
