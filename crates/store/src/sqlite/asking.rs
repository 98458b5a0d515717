//! What a command has around it, whatever comes of it: whether whoever asks still stands; and for a
//! booking, a cancellation or a move, whether it was asked before, and its record in the audit.

use std::borrow::Cow;

use domain::{AppointmentId, PatientId, Refusal};

use super::requests::Answered;
use super::rows;
use super::sessions::Stands;
use super::statements::one;
use super::trail::{Deed, word};
use super::writing::Batch;
use crate::{Actor, Book, Cancel, Outcome, Reschedule, SlotChoice, StoreError};

/// Who asks for what, for the audit.
struct Asked<'a> {
    actor: &'a Actor,
    verb: &'static str,
    /// Whose appointment it is; `None` for the operator, who does not say.
    patient: Option<PatientId>,
    wanted: Wanted,
}

/// What a command is about, before anything has come of it.
#[derive(Clone, Copy)]
enum Wanted {
    Slot(SlotChoice),
    Appointment(AppointmentId),
}

impl Wanted {
    fn subject(self) -> String {
        match self {
            Self::Slot(SlotChoice::Index(index)) => format!("index {}", index.number()),
            Self::Slot(SlotChoice::Id(id)) => format!("slot {}", id.0),
            Self::Appointment(id) => id.to_string(),
        }
    }
}

impl Batch<'_> {
    pub(super) fn asked_to_book(&self, book: &Book) -> Result<Outcome, StoreError> {
        let asked = Asked {
            actor: &book.actor,
            verb: if book.waiver.is_some() { "book_waived" } else { "book" },
            patient: Some(book.patient),
            wanted: Wanted::Slot(book.slot),
        };
        self.asked(&asked, || self.remembered(book, || self.book(book)))
    }

    pub(super) fn asked_to_cancel(&self, cancel: &Cancel) -> Result<Outcome, StoreError> {
        let asked = Asked {
            actor: &cancel.actor,
            verb: "cancel",
            patient: cancel.patient,
            wanted: Wanted::Appointment(cancel.appointment),
        };
        self.asked(&asked, || self.remembered(cancel, || self.cancel(cancel)))
    }

    pub(super) fn asked_to_reschedule(&self, moving: &Reschedule) -> Result<Outcome, StoreError> {
        let asked = Asked {
            actor: &moving.actor,
            verb: if moving.waiver.is_some() { "reschedule_waived" } else { "reschedule" },
            patient: Some(moving.patient),
            wanted: Wanted::Appointment(moving.appointment),
        };
        self.asked(&asked, || self.remembered(moving, || self.reschedule(moving)))
    }

    fn asked(
        &self,
        asked: &Asked<'_>,
        carry_out: impl FnOnce() -> Result<(Outcome, Answered), StoreError>,
    ) -> Result<Outcome, StoreError> {
        let (outcome, answered) = match self.refusal(asked)? {
            None => carry_out()?,
            Some(refusal) => (Outcome::Refused(refusal), Answered::Now),
        };
        let (appointment, what) = came_of(&outcome)?;
        let subject = appointment
            .map_or_else(|| asked.wanted.subject(), |appointment| appointment.to_string());
        let patient = match (asked.patient, asked.wanted) {
            (None, Wanted::Appointment(appointment)) => self.patient_of(appointment)?,
            (patient, _) => patient,
        };
        let what = match answered {
            Answered::Now => what,
            // Somebody heard it once more.
            Answered::Before => format!("{what}, before").into(),
        };
        self.audit(&Deed {
            subject: Some(&subject),
            patient,
            ..Deed::by(asked.actor, asked.verb, &what)
        })?;
        Ok(outcome)
    }

    /// Why it is not even looked at. Nothing is remembered for a patient who does not exist.
    fn refusal(&self, asked: &Asked<'_>) -> Result<Option<Refusal>, StoreError> {
        if self.stands(asked.actor)? == Stands::No {
            return Ok(Some(Refusal::SessionEnded));
        }
        let known = match asked.patient {
            Some(patient) => self.is_patient(patient)?,
            None => true,
        };
        Ok(if known { None } else { Some(Refusal::NoSuchPatient) })
    }

    /// What `carry_out` makes of a command, if whoever asks for it still stands. It keeps its own
    /// record of what it did; that nothing could be done is recorded here.
    pub(super) fn of(
        &self,
        actor: &Actor,
        verb: &str,
        carry_out: impl FnOnce() -> Result<Outcome, StoreError>,
    ) -> Result<Outcome, StoreError> {
        if self.stands(actor)? == Stands::No {
            let refusal = Refusal::SessionEnded;
            self.audit(&Deed::by(actor, verb, &word(refusal)))?;
            return Ok(Outcome::Refused(refusal));
        }
        let outcome = carry_out()?;
        if let Some(why) = why_not(&outcome) {
            self.audit(&Deed::by(actor, verb, why))?;
        }
        Ok(outcome)
    }

    /// What `carry_out` makes of a command, if whoever asks for it still stands; and its record,
    /// which is `deed` with what came of it.
    pub(super) fn attempt(
        &self,
        actor: &Actor,
        deed: &Deed<'_>,
        carry_out: impl FnOnce() -> Result<Outcome, StoreError>,
    ) -> Result<Outcome, StoreError> {
        let outcome = match self.stands(actor)? {
            Stands::Yes => carry_out()?,
            Stands::No => Outcome::Refused(Refusal::SessionEnded),
        };
        let what: Cow<'_, str> = match &outcome {
            Outcome::Refused(refusal) => word(*refusal).into(),
            Outcome::Marked(appointment) => appointment.status.as_str().into(),
            other => why_not(other).unwrap_or(deed.outcome).into(),
        };
        self.audit(&Deed { outcome: &what, ..*deed })?;
        Ok(outcome)
    }

    pub(super) fn patient_of(
        &self,
        appointment: AppointmentId,
    ) -> Result<Option<PatientId>, StoreError> {
        let sql = "SELECT patient FROM appointment WHERE center = ?1 AND appointment = ?2";
        one(self.connection, sql, (self.center, appointment.as_bytes()), |row| {
            rows::patient(row, 0)
        })
    }
}

/// Why nothing could be done, for the audit; `None` for an outcome that has its record.
fn why_not(outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::UserExists => Some("user_exists"),
        Outcome::NoSuchUser => Some("no_such_user"),
        Outcome::NoSuchDoctor => Some("no_such_doctor"),
        Outcome::SlotsConflict(..) | Outcome::ImportConflict(_) => Some("conflict"),
        _ => None,
    }
}

/// The appointment that an outcome names, and its word in the audit.
fn came_of(outcome: &Outcome) -> Result<(Option<AppointmentId>, Cow<'static, str>), StoreError> {
    let (appointment, what) = match outcome {
        Outcome::Booked(appointment) => (appointment, "booked"),
        Outcome::AlreadyHeld(appointment) => (appointment, "already_held"),
        Outcome::Cancelled(appointment) => (appointment, "cancelled"),
        Outcome::Rescheduled(appointment) => (appointment, "moved"),
        Outcome::Refused(refusal) => return Ok((None, word(*refusal).into())),
        _ => return Err(StoreError::Corrupt("an answer to another kind of command".to_owned())),
    };
    Ok((Some(appointment.id), what.into()))
}
