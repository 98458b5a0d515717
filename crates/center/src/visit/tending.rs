//! The verbs about one patient, for whoever has the right to act for that patient.

use domain::{AppointmentId, Reason, Refusal, RequestId};
use jiff::Timestamp;
use protocol::{Request, TicketWanted};
use store::{
    Book, Cancel, Command, IssueTicket, Look, LookAt, Query, Reschedule, SlotChoice, TicketFor,
};

use super::{Doing, Effect, Present, Rules};
use crate::account::{Tending, Whose};
use crate::fresh::{Purpose, bytes_for};

/// The most appointments in one list.
pub(crate) const APPOINTMENTS_LISTED_MAX: usize = 500;
/// The most looks at a patient's data in one list.
pub(crate) const ACCESSES_LISTED_MAX: usize = 500;

/// What is to be done for a request, or why nothing is.
pub(super) type Next = Result<(Doing, Effect), Refusal>;

impl Tending {
    /// What is to be done for a request about this patient.
    pub(super) fn ask(self, present: &Present, rules: &Rules, request: Request) -> Next {
        let now = present.now;
        match request {
            Request::Book { slot, request_id } => {
                self.change(self.booking(present, rules.appointments_max, choice(slot), request_id))
            }
            Request::Cancel { appointment, reason, request_id } => {
                self.change(self.cancelling(appointment, reason, request_id))
            }
            Request::Reschedule { appointment, slot, request_id } => {
                self.change(self.rescheduling(appointment, choice(slot), request_id))
            }
            Request::Appointments => Ok(self.list_appointments(now)),
            Request::Accesses if self.whose == Whose::Own => Ok(self.list_accesses(now)),
            Request::Ticket(wanted) => self.issue_ticket(rules, wanted),
            _ => Err(Refusal::NotAllowed),
        }
    }

    fn change(&self, command: Command) -> Next {
        Ok((Doing::Changing { patient: self.patient }, Effect::Commit(command)))
    }

    /// The list, at once for the patient, after a record in the audit for anybody else.
    fn list_appointments(&self, now: Timestamp) -> (Doing, Effect) {
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

    fn list_accesses(&self, now: Timestamp) -> (Doing, Effect) {
        let query = Query::Accesses {
            patient: self.patient,
            standing: self.standing,
            now,
            limit: ACCESSES_LISTED_MAX,
        };
        (Doing::ListingAccesses, Effect::Read(query))
    }

    fn issue_ticket(&self, rules: &Rules, wanted: TicketWanted) -> Next {
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

/// What the store is asked to change, whichever way the patient asks for it.
impl Tending {
    pub(crate) fn booking(
        &self,
        present: &Present,
        appointments_max: Option<u32>,
        slot: SlotChoice,
        request: Option<RequestId>,
    ) -> Command {
        let fresh = bytes_for(Purpose::Appointment, &present.entropy);
        Command::Book(Book {
            patient: self.patient,
            actor: self.actor(),
            request,
            slot,
            appointment: AppointmentId::fresh(present.now, &fresh),
            appointments_max,
            waiver: None,
        })
    }

    pub(crate) fn cancelling(
        &self,
        appointment: AppointmentId,
        reason: Option<Reason>,
        request: RequestId,
    ) -> Command {
        Command::Cancel(Cancel {
            patient: Some(self.patient),
            actor: self.actor(),
            request: Some(request),
            appointment,
            reason,
        })
    }

    pub(crate) fn rescheduling(
        &self,
        appointment: AppointmentId,
        slot: SlotChoice,
        request: RequestId,
    ) -> Command {
        Command::Reschedule(Reschedule {
            patient: self.patient,
            actor: self.actor(),
            request: Some(request),
            appointment,
            slot,
            waiver: None,
        })
    }
}

fn choice(slot: protocol::SlotNamed) -> SlotChoice {
    match slot {
        protocol::SlotNamed::Index(index) => SlotChoice::Index(index),
        protocol::SlotNamed::Id { id, index: _ } => SlotChoice::Id(id),
    }
}
