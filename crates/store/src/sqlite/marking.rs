//! Saying where an appointment stands: who has arrived, been seen, not come.

use domain::{Appointment, AppointmentStatus, Refusal, Version};

use super::statements::run;
use super::trail::{DONE, Deed, Step, What};
use super::writing::Batch;
use crate::{Mark, Outcome, StoreError};

impl Batch<'_> {
    pub(super) fn mark(&self, mark: &Mark) -> Result<Outcome, StoreError> {
        if mark.status == AppointmentStatus::Cancelled {
            return Err(StoreError::BadCommand("an appointment is cancelled, not marked so"));
        }
        let subject = mark.appointment.to_string();
        let deed = Deed {
            patient: self.patient_of(mark.appointment)?,
            subject: Some(&subject),
            ..Deed::by(&mark.actor, "mark", DONE)
        };
        self.attempt(&mark.actor, &deed, || {
            let Some(appointment) = self.appointment_of(mark.appointment, None)? else {
                return Ok(Outcome::Refused(Refusal::NoSuchAppointment));
            };
            if let Some(refusal) = self.why_not_marked(&appointment, mark.status) {
                return Ok(Outcome::Refused(refusal));
            }
            if appointment.status == mark.status {
                return Ok(Outcome::Marked(appointment));
            }
            Ok(Outcome::Marked(self.keep_mark(appointment, mark)?))
        })
    }

    fn why_not_marked(
        &self,
        appointment: &Appointment,
        status: AppointmentStatus,
    ) -> Option<Refusal> {
        use AppointmentStatus::{Arrived, Booked, Cancelled, Done, NoShow};
        let begun = appointment.slot.start.as_millisecond() <= self.now;
        match (appointment.status, status) {
            (Cancelled, _) => Some(Refusal::AppointmentClosed),
            (_, Done | NoShow) if !begun => Some(Refusal::VisitNotBegun),
            (_, Booked | Arrived | Cancelled | Done | NoShow) => None,
        }
    }

    fn keep_mark(
        &self,
        mut appointment: Appointment,
        mark: &Mark,
    ) -> Result<Appointment, StoreError> {
        appointment.version = Version(appointment.version.0 + 1);
        appointment.status = mark.status;
        let sql = "UPDATE appointment SET status = ?3, version = ?4, changed = ?5
            WHERE center = ?1 AND appointment = ?2";
        let (id, version) = (appointment.id, appointment.version);
        let status = mark.status.as_str();
        run(self.connection, sql, (self.center, id.as_bytes(), status, version.0, self.now))?;
        // The slot is only where it goes to: what has a slot to come from has left one, and its
        // ticket is void, which a mark does not make it.
        self.keep_step(&Step {
            appointment: id,
            version,
            actor: mark.actor,
            what: What::Marked(mark.status),
            from: None,
            to: Some(appointment.slot.id),
            reason: None,
        })?;
        Ok(appointment)
    }
}
