//! Whether a patient may have a ticket: recorded before it is handed out.

use domain::{Appointment, AppointmentStatus, Doctor, DoctorName, PatientId, Refusal};

use super::doctors::subject_of;
use super::rows;
use super::sessions::Stands;
use super::statements::one;
use super::trail::{DONE, Deed, word};
use super::writing::Batch;
use crate::{IssueTicket, Outcome, StoreError, TicketFor};

/// For what a ticket may be issued.
struct Grant {
    appointment: Option<Appointment>,
    doctor: Doctor,
}

impl Batch<'_> {
    pub(super) fn issue_ticket(&self, ticket: &IssueTicket) -> Result<Outcome, StoreError> {
        let granted = match self.stands(&ticket.actor)? {
            Stands::No => Err(Refusal::SessionEnded),
            Stands::Yes => self.grant(ticket)?,
        };
        let subject = match &ticket.ticket_for {
            TicketFor::Visit(appointment) => Some(appointment.to_string()),
            TicketFor::Quote(doctor) => self.doctor_named(doctor)?.map(subject_of),
        };
        let outcome = granted.as_ref().map_or_else(|refusal| word(*refusal), |_| DONE.into());
        self.audit(&Deed {
            subject: subject.as_deref(),
            patient: Some(ticket.patient),
            ..Deed::by(&ticket.actor, "ticket", &outcome)
        })?;
        Ok(match granted {
            Ok(Grant { appointment, doctor }) => Outcome::TicketGranted { appointment, doctor },
            Err(refusal) => Outcome::Refused(refusal),
        })
    }

    fn grant(&self, ticket: &IssueTicket) -> Result<Result<Grant, Refusal>, StoreError> {
        let grant = match &ticket.ticket_for {
            TicketFor::Visit(id) => {
                let Some(appointment) = self.appointment_of(*id, Some(ticket.patient))? else {
                    return Ok(Err(Refusal::NoSuchAppointment));
                };
                if self.is_over(&appointment) {
                    return Ok(Err(Refusal::AppointmentClosed));
                }
                let doctor = appointment.slot.doctor.clone();
                Grant { appointment: Some(appointment), doctor }
            }
            TicketFor::Quote(name) => {
                if !self.is_patient(ticket.patient)? {
                    return Ok(Err(Refusal::NoSuchPatient));
                }
                let Some(doctor) = self.present_doctor(name)? else {
                    return Ok(Err(Refusal::NoSuchDoctor));
                };
                Grant { appointment: None, doctor }
            }
        };
        // Nobody could check a ticket for a doctor who has not enrolled.
        Ok(if grant.doctor.keys.is_some() { Ok(grant) } else { Err(Refusal::NoSuchDoctor) })
    }

    /// Whether nobody will need an estimate any more. A visit that has begun is not over.
    fn is_over(&self, appointment: &Appointment) -> bool {
        let live =
            matches!(appointment.status, AppointmentStatus::Booked | AppointmentStatus::Arrived);
        !live || appointment.slot.end.as_millisecond() <= self.now
    }

    fn present_doctor(&self, name: &DoctorName) -> Result<Option<Doctor>, StoreError> {
        let sql = "SELECT name, host, port, sealing_key, verifying_key FROM doctor
            WHERE center = ?1 AND name = ?2 AND present = 1";
        one(self.connection, sql, (self.center, name.as_str()), |row| rows::doctor(row, 0))
    }

    pub(super) fn is_patient(&self, patient: PatientId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM patient WHERE center = ?1 AND patient = ?2";
        let found = one(self.connection, sql, (self.center, patient.as_bytes()), |_| Ok(()))?;
        Ok(found.is_some())
    }
}
