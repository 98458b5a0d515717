//! The verbs about one patient, for whoever may act for that patient. A read of another's data is
//! recorded before it is done.

use domain::{
    Appointment, AppointmentId, DoctorName, PatientId, PlanName, Reason, Refusal, RequestId,
    Service, SlotId,
};
use jiff::{SignedDuration, Timestamp};
use protocol::TicketReply;
use protocol::ticket::TicketKind;
use store::{
    AccessRecord, Answer, AppointmentData, ChoosePlan, Command, Hold, HoldRecord, IssueTicket,
    Look, LookAt, MemberRecord, Outcome, PatientData, PersonRecord, Query, Release, SlotChoice,
    TicketFor as StoreTicketFor,
};

use super::{Errand, Onward, done};
use crate::account::{Account, Tending, Whose};
use crate::tickets::TicketFor;
use crate::visit::tending::{ACCESSES_LISTED_MAX, APPOINTMENTS_LISTED_MAX};
use crate::visit::visit_of;
use crate::{Present, Rules};

/// How long a slot is held for a patient who is deciding.
pub const HOLD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// How many slots one patient may hold at once.
pub const HOLDS_MAX: u32 = 2;

/// What a price is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QuoteFor {
    /// A visit that is booked.
    Appointment(AppointmentId),
    /// A visit of this kind to this doctor, before anything is booked.
    Visit(DoctorName, Service),
}

impl Account {
    /// The patients for whom the account acts, its own one first.
    #[must_use]
    pub fn household(&self, now: Timestamp) -> Errand<Vec<MemberRecord>> {
        let query = Query::Household { standing: self.standing, now };
        Errand::read(query, |answer| match answer {
            Answer::Household(members) => Some(members),
            _ => None,
        })
    }
}

impl Tending {
    /// For whom.
    #[must_use]
    pub fn patient(&self) -> PatientId {
        self.patient
    }

    /// Books a slot. The same request id again gets the same answer, and so does a slot that the
    /// patient has.
    #[must_use]
    pub fn book(
        &self,
        present: &Present,
        rules: &Rules,
        slot: SlotId,
        request: RequestId,
    ) -> Errand<Appointment> {
        changed(self.booking(present, rules.appointments_max, SlotChoice::Id(slot), Some(request)))
    }

    /// The same, with what holds for patients waived for a reason that is recorded; front desk only.
    ///
    /// # Errors
    /// `NotAllowed` for a patient's own account.
    pub fn book_waived(
        &self,
        present: &Present,
        slot: SlotId,
        request: RequestId,
        waiver: Reason,
    ) -> Result<Errand<Appointment>, Refusal> {
        self.waive()?;
        let command = self.booking(present, None, SlotChoice::Id(slot), Some(request));
        Ok(changed(waived(command, waiver)))
    }

    /// Calls an appointment off.
    #[must_use]
    pub fn cancel(
        &self,
        appointment: AppointmentId,
        reason: Option<Reason>,
        request: RequestId,
    ) -> Errand<Appointment> {
        changed(self.cancelling(appointment, reason, request))
    }

    /// Moves an appointment to another slot; it keeps its id.
    #[must_use]
    pub fn reschedule(
        &self,
        appointment: AppointmentId,
        slot: SlotId,
        request: RequestId,
    ) -> Errand<Appointment> {
        changed(self.rescheduling(appointment, SlotChoice::Id(slot), request))
    }

    /// The same, waived as [`Self::book_waived`].
    ///
    /// # Errors
    /// `NotAllowed` for a patient's own account.
    pub fn reschedule_waived(
        &self,
        appointment: AppointmentId,
        slot: SlotId,
        request: RequestId,
        waiver: Reason,
    ) -> Result<Errand<Appointment>, Refusal> {
        self.waive()?;
        let command = self.rescheduling(appointment, SlotChoice::Id(slot), request);
        Ok(changed(waived(command, waiver)))
    }

    /// Holds a slot for [`HOLD_FOR`]; at most [`HOLDS_MAX`] at once.
    #[must_use]
    pub fn hold(&self, now: Timestamp, slot: SlotId) -> Errand<HoldRecord> {
        let (patient, actor, expires) = (self.patient, self.actor(), now + HOLD_FOR);
        let hold = Hold { patient, actor, slot, expires, holds_max: HOLDS_MAX };
        Errand::commit(Command::Hold(hold), |outcome| match outcome {
            Outcome::Held { slot, expires } => Ok(HoldRecord { slot, expires }),
            _ => Err(Refusal::Unavailable),
        })
    }

    /// Ends a hold before its time.
    #[must_use]
    pub fn release(&self, slot: SlotId) -> Errand<()> {
        let (patient, actor) = (self.patient, self.actor());
        Errand::commit(Command::Release(Release { patient, actor, slot }), done)
    }

    /// The slots that are held.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> Errand<Vec<HoldRecord>> {
        let (patient, standing) = (self.patient, self.standing);
        Errand::read(Query::Holds { patient, standing, now }, |answer| match answer {
            Answer::Holds(holds) => Some(holds),
            _ => None,
        })
    }

    /// The patient's appointments, those to come first.
    #[must_use]
    pub fn appointments(&self, now: Timestamp) -> Errand<Vec<Appointment>> {
        let (patient, standing, limit) = (self.patient, self.standing, APPOINTMENTS_LISTED_MAX);
        let query = Query::AppointmentsOf { patient, standing, now, limit };
        self.look(LookAt::Appointments, query, |answer| match answer {
            Answer::Appointments(appointments) => Some(appointments),
            _ => None,
        })
    }

    /// One appointment with its history; `None` when it is not this patient's, or not at all.
    #[must_use]
    pub fn appointment(
        &self,
        now: Timestamp,
        appointment: AppointmentId,
    ) -> Errand<Option<Box<AppointmentData>>> {
        let (patient, standing) = (self.patient, self.standing);
        let query = Query::Appointment { appointment, patient, standing, now };
        self.look(LookAt::Appointments, query, |answer| match answer {
            Answer::Appointment(data) => Some(data),
            _ => None,
        })
    }

    /// Who the patient is. Refused with `NoSuchPatient` when there is none.
    #[must_use]
    pub fn person(&self, now: Timestamp) -> Errand<PersonRecord> {
        let (patient, standing) = (self.patient, self.standing);
        let query = Query::Person { patient, standing, now };
        let found = self.look(LookAt::Patient, query, |answer| match answer {
            Answer::People(people) => Some(people.into_iter().next()),
            _ => None,
        });
        found.and_then(|person| {
            Onward::Over(person.ok_or(super::No::Refused(Refusal::NoSuchPatient)))
        })
    }

    /// Who but the patient has looked at the patient's data or changed it, latest first.
    ///
    /// # Errors
    /// `NotAllowed` for anybody but the patient's own accounts.
    pub fn accesses(&self, now: Timestamp) -> Result<Errand<Vec<AccessRecord>>, Refusal> {
        self.own()?;
        let (patient, standing, limit) = (self.patient, self.standing, ACCESSES_LISTED_MAX);
        let query = Query::Accesses { patient, standing, now, limit };
        Ok(Errand::read(query, |answer| match answer {
            Answer::Accesses(accesses) => Some(accesses),
            _ => None,
        }))
    }

    /// Everything that is held about the patient, for the patient to take along.
    ///
    /// # Errors
    /// `NotAllowed` for anybody but the patient's own accounts.
    pub fn data(&self) -> Result<Errand<Option<Box<PatientData>>>, Refusal> {
        self.own()?;
        let query = Query::PatientData(self.patient);
        // This question does not ask who stands: the record of the look does.
        let look = Look { actor: self.actor(), patient: self.patient, what: LookAt::Everything };
        Ok(Errand::commit_then(Command::Look(look), |_| {
            Ok(Onward::Errand(Errand::read(query, |answer| match answer {
                Answer::PatientData(data) => Some(data),
                _ => None,
            })))
        }))
    }

    /// Keeps the plan that estimates are asked for.
    #[must_use]
    pub fn choose_plan(&self, plan: Option<PlanName>) -> Errand<()> {
        let (patient, actor) = (self.patient, self.actor());
        Errand::commit(Command::ChoosePlan(ChoosePlan { patient, plan, actor }), done)
    }

    /// What to ask a doctor for a price with.
    ///
    /// # Errors
    /// `Unavailable` where the center gives no tickets.
    pub fn ticket(
        &self,
        present: Present,
        rules: &Rules,
        quote: QuoteFor,
    ) -> Result<Errand<TicketReply>, Refusal> {
        let office = rules.tickets.clone().ok_or(Refusal::Unavailable)?;
        let (ticket_for, service) = match quote {
            QuoteFor::Appointment(appointment) => (StoreTicketFor::Visit(appointment), None),
            QuoteFor::Visit(doctor, service) => (StoreTicketFor::Quote(doctor), Some(service)),
        };
        let (actor, patient) = (self.actor(), self.patient);
        let issue = IssueTicket { actor, patient, ticket_for };
        Ok(Errand::commit(Command::IssueTicket(issue), move |outcome| {
            let Outcome::TicketGranted { appointment, doctor } = outcome else {
                return Err(Refusal::Unavailable);
            };
            let asked = match (appointment, service) {
                (Some(appointment), _) => visit_of(&appointment),
                (None, Some(service)) => TicketFor { kind: TicketKind::Quote, service },
                (None, None) => return Err(Refusal::Unavailable),
            };
            let Present { now, entropy } = &present;
            let admission = office.admit(*now, entropy, patient, &doctor, asked);
            // A doctor without keys has not enrolled: nobody could be asked with a ticket.
            let admission = admission.ok_or(Refusal::NoSuchDoctor)?;
            Ok(TicketReply { doctor, admission })
        }))
    }

    fn own(&self) -> Result<(), Refusal> {
        (self.whose == Whose::Own).then_some(()).ok_or(Refusal::NotAllowed)
    }

    fn waive(&self) -> Result<(), Refusal> {
        (self.whose == Whose::Anothers).then_some(()).ok_or(Refusal::NotAllowed)
    }

    /// Reads, after a record in the audit for anybody but the patient.
    fn look<T: Send + 'static>(
        &self,
        what: LookAt,
        query: Query,
        understand: impl FnOnce(Answer) -> Option<T> + Send + 'static,
    ) -> Errand<T> {
        if self.whose == Whose::Own {
            return Errand::read(query, understand);
        }
        let look = Look { actor: self.actor(), patient: self.patient, what };
        Errand::commit_then(Command::Look(look), |_| {
            Ok(Onward::Errand(Errand::read(query, understand)))
        })
    }
}

/// The appointment as a change has left it.
fn changed(command: Command) -> Errand<Appointment> {
    Errand::commit(command, |outcome| match outcome {
        Outcome::Booked(appointment)
        | Outcome::AlreadyHeld(appointment)
        | Outcome::Cancelled(appointment)
        | Outcome::Rescheduled(appointment) => Ok(appointment),
        _ => Err(Refusal::Unavailable),
    })
}

/// The same command, with a waiver.
fn waived(command: Command, reason: Reason) -> Command {
    match command {
        Command::Book(book) => Command::Book(store::Book { waiver: Some(reason), ..book }),
        Command::Reschedule(moving) => {
            Command::Reschedule(store::Reschedule { waiver: Some(reason), ..moving })
        }
        other => other,
    }
}
