//! The verbs about one patient, for whoever has the right to act for that patient.

use domain::{AppointmentId, Entropy, Refusal};
use jiff::Timestamp;
use protocol::{Request, TicketWanted};
use store::{
    Book, Cancel, Command, IssueTicket, Look, LookAt, Query, Reschedule, SlotChoice, TicketFor,
};

use super::account::{Tending, Whose};
use super::{Doing, Effect, Present, Rules};
use crate::fresh::{Purpose, bytes_for};

/// The most appointments in one list.
pub(super) const APPOINTMENTS_LISTED_MAX: usize = 500;
/// The most looks at a patient's data in one list.
pub(super) const ACCESSES_LISTED_MAX: usize = 500;

/// What is to be done for a request, or why nothing is.
pub(super) type Next = Result<(Doing, Effect), Refusal>;

impl Tending {
    /// What is to be done for a request about this patient.
    pub(super) fn ask(self, present: &Present, rules: &Rules, request: Request) -> Next {
        let (now, entropy) = (present.now, &present.entropy);
        match request {
            Request::Book { slot, request_id } => self.change(Command::Book(Book {
                patient: self.patient,
                actor: self.actor(),
                request: request_id,
                slot: choice(slot),
                appointment: appointment_id(now, entropy),
                appointments_max: rules.appointments_max,
            })),
            Request::Cancel { appointment, reason, request_id } => {
                self.change(Command::Cancel(Cancel {
                    patient: Some(self.patient),
                    actor: self.actor(),
                    request: Some(request_id),
                    appointment,
                    reason,
                }))
            }
            Request::Reschedule { appointment, slot, request_id } => {
                self.change(Command::Reschedule(Reschedule {
                    patient: self.patient,
                    actor: self.actor(),
                    request: Some(request_id),
                    appointment,
                    slot: choice(slot),
                }))
            }
            Request::Appointments => Ok(self.appointments(now)),
            Request::Accesses if self.whose == Whose::Own => Ok(self.accesses(now)),
            Request::Ticket(wanted) => self.ticket(rules, wanted),
            _ => Err(Refusal::NotAllowed),
        }
    }

    fn change(&self, command: Command) -> Next {
        Ok((Doing::Changing { patient: self.patient }, Effect::Commit(command)))
    }

    /// The list, at once for the patient, after a record in the audit for anybody else.
    fn appointments(&self, now: Timestamp) -> (Doing, Effect) {
        let query = Query::AppointmentsOf {
            patient: self.patient,
            standing: self.standing,
            now,
            limit: APPOINTMENTS_LISTED_MAX,
        };
        match self.whose {
            Whose::Own => (Doing::ListingAppointments, Effect::Read(query)),
            Whose::Anothers => {
                let (actor, patient) = (self.actor(), self.patient);
                let look = Look { actor, patient, what: LookAt::Appointments };
                (Doing::Looking { then: query }, Effect::Commit(Command::Look(look)))
            }
        }
    }

    fn accesses(&self, now: Timestamp) -> (Doing, Effect) {
        let query = Query::Accesses {
            patient: self.patient,
            standing: self.standing,
            now,
            limit: ACCESSES_LISTED_MAX,
        };
        (Doing::ListingAccesses, Effect::Read(query))
    }

    fn ticket(&self, rules: &Rules, wanted: TicketWanted) -> Next {
        // Without keys of its own this center gives tickets to nobody.
        if rules.tickets.is_none() {
            return Err(Refusal::Unavailable);
        }
        let (ticket_for, service) = match wanted {
            TicketWanted::Visit(appointment) => (TicketFor::Visit(appointment), None),
            TicketWanted::Quote { doctor, service } => (TicketFor::Quote(doctor), Some(service)),
        };
        let (actor, patient) = (self.actor(), self.patient);
        let issue = IssueTicket { actor, patient, ticket_for };
        let doing = Doing::Ticketing { patient, quoted: service };
        Ok((doing, Effect::Commit(Command::IssueTicket(issue))))
    }
}

fn appointment_id(now: Timestamp, entropy: &Entropy) -> AppointmentId {
    AppointmentId::fresh(now, &bytes_for(Purpose::Appointment, entropy))
}

fn choice(slot: protocol::SlotNamed) -> SlotChoice {
    match slot {
        protocol::SlotNamed::Index(index) => SlotChoice::Index(index),
        protocol::SlotNamed::Id { id, index: _ } => SlotChoice::Id(id),
    }
}
