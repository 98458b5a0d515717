//! What can be changed, and what came of it.

mod desk;
mod doctors;
mod operator;
mod people;

use std::net::IpAddr;

use domain::{
    AccountId, Appointment, AppointmentId, BlockId, Doctor, DoctorName, PatientId, Reason, Refusal,
    RequestId, Service, Slot, SlotId, SlotIndex, UserName,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::desk::{BlockTime, Hold, Mark, OpenTime, Release};
pub use self::doctors::{
    DescribeDoctor, Enrol, IssueTicket, OfferEnrolment, RegisterDoctor, TicketFor,
};
pub use self::operator::OperatorDeed;
pub(crate) use self::operator::SIGN_HEAD;
pub use self::people::{
    AddDependant, AddPatient, AddPerson, AddStaff, ChangePerson, ChoosePassword, ChoosePlan,
    CloseSession, EndSessions, Erase, Invite, Look, LookAt, LookAtMany, OpenSession, SessionChoice,
    SetPassword, SetTotp,
};
use crate::{AccountRecord, AuditNote, TokenHash};

/// On whose behalf something is changed, for the history and the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// A logged-in account; what it asks for is refused when it no longer stands.
    Account(Standing),
    /// Whoever runs `rendezvous admin` on the machine itself.
    Operator,
}

impl Actor {
    /// Its account; `None` for the operator.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(standing) => Some(standing.account),
            Self::Operator => None,
        }
    }

    /// Where it speaks from; `None` for the operator, and when it is not known.
    #[must_use]
    pub fn source(&self) -> Option<IpAddr> {
        match self {
            Self::Account(standing) => standing.source,
            Self::Operator => None,
        }
    }
}

/// What a logged-in account stands on: looked at again in the transaction of whatever it asks for,
/// since its password may have been changed and its session been ended meanwhile, by anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub account: AccountId,
    /// The number, within the account, of the password in force at the log-in; `None` when it had
    /// none.
    pub credential: Option<i64>,
    /// How often all log-ins of the account had been ended when it came in.
    pub ended: i64,
    /// The session it came with or opened; `None` when it keeps none.
    pub session: Option<TokenHash>,
    /// Where it speaks from, for the audit; `None` when that is not known.
    pub source: Option<IpAddr>,
}

/// How a slot is named in a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotChoice {
    /// By the number a patient types: the slot that bears it among those not yet begun.
    Index(SlotIndex),
    /// By its identity.
    Id(SlotId),
}

/// Claims a slot for a patient.
#[derive(Debug, Clone)]
pub struct Book {
    /// Who will come.
    pub patient: PatientId,
    /// Who asks.
    pub actor: Actor,
    /// The client's id of this command; `None` in dialects that have none.
    pub request: Option<RequestId>,
    /// Which slot.
    pub slot: SlotChoice,
    /// The id that the appointment gets if it comes about.
    pub appointment: AppointmentId,
    /// How many appointments to come the patient may hold, this one included; `None` for any
    /// number.
    pub appointments_max: Option<u32>,
    /// Why what holds for patients does not hold this time: another patient's hold gives way, a slot
    /// that has begun but not ended may be booked, any number of appointments may be held. `None`
    /// when it does hold. A booked slot gives way to nobody.
    pub waiver: Option<Reason>,
}

/// Calls an appointment off and frees its slot.
#[derive(Debug, Clone)]
pub struct Cancel {
    /// Whose appointment it must be; `None` for the operator, who may cancel anybody's.
    pub patient: Option<PatientId>,
    /// Who asks.
    pub actor: Actor,
    /// The client's id of this command; `None` where there is none. Needs a patient.
    pub request: Option<RequestId>,
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Why, in the words of whoever asks; `None` when nothing was said.
    pub reason: Option<Reason>,
}

/// Moves an appointment: the new slot is claimed and the old one freed, or neither.
#[derive(Debug, Clone)]
pub struct Reschedule {
    /// Whose appointment it must be.
    pub patient: PatientId,
    /// Who asks.
    pub actor: Actor,
    /// The client's id of this command; `None` where there is none.
    pub request: Option<RequestId>,
    /// Which appointment.
    pub appointment: AppointmentId,
    /// Where to.
    pub slot: SlotChoice,
    /// As [`Book::waiver`]; an appointment that has begun can be moved, too.
    pub waiver: Option<Reason>,
}

/// A slot to be published by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSlot {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// Publishes slots of one doctor by hand: all of them, or none. Each gets the lowest index that is
/// free at that moment.
#[derive(Debug, Clone)]
pub struct AddSlots {
    /// Whose time.
    pub doctor: DoctorName,
    /// The kind of visit they are for.
    pub service: Service,
    /// The slots.
    pub slots: Vec<NewSlot>,
    /// Who asks.
    pub actor: Actor,
}

/// A slot of `availabilities.txt`, placed in the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedSlot {
    /// Its line in the file, for the message when it cannot be taken over.
    pub line: u32,
    /// Its index.
    pub index: SlotIndex,
    /// Whose time.
    pub doctor: DoctorName,
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
}

/// Brings the clinic's files into the store: everything, or nothing.
///
/// Loading creates; it never changes an account that is there. A slot that is there unchanged stays
/// as it is; a free one that the file gives to another doctor or time is withdrawn and published
/// anew (with a new id); a free one that *came from a file* and left it is withdrawn; a booked one
/// is never freed, and an index given to another doctor or time while its slot is booked is a
/// conflict. Slots that were added by hand are left alone, and so are the address and the keys of a
/// doctor who has registered.
#[derive(Debug, Clone)]
pub struct Import {
    /// The center's IANA zone: stored at the first load; a different one later is a conflict.
    pub zone: String,
    /// Accounts to create unless their user name is there.
    pub accounts: Vec<AddPatient>,
    /// The doctors, with where they answer now.
    pub doctors: Vec<Doctor>,
    /// The slots of the file.
    pub slots: Vec<ImportedSlot>,
}

/// One change. Any of them that has an actor is refused with `SessionEnded` when the actor does not
/// stand any more. What came of it is recorded in the audit, also when nothing did; but not what
/// changes nothing by its nature: a session in use, one closed twice, files loaded again, a zone
/// that is known.
#[derive(Debug, Clone)]
pub enum Command {
    /// See [`Book`]. Outcome: `Booked`, `AlreadyHeld` or a refusal; `NoSuchPatient`, as for the two
    /// below, when the patient does not exist.
    Book(Book),
    /// See [`Cancel`]. Outcome: `Cancelled` or a refusal.
    Cancel(Cancel),
    /// See [`Reschedule`]. Outcome: `Rescheduled` or a refusal.
    Reschedule(Reschedule),
    /// See [`Hold`]. Outcome: `Held`, or the refusal `SlotTaken`, `NoSuchSlot`, `TooManyHolds`,
    /// `NoSuchPatient` or `SessionEnded`.
    Hold(Hold),
    /// See [`Release`]. Outcome: `Done`, also when nothing was held, or `SessionEnded`.
    Release(Release),
    /// See [`Mark`]. Outcome: `Marked`, or the refusal `NoSuchAppointment`, `AppointmentClosed` for a
    /// cancelled one, `VisitNotBegun`, or `SessionEnded`.
    Mark(Mark),
    /// See [`BlockTime`]. Outcome: `TimeBlocked`, `NoSuchDoctor`, or the refusal `SessionEnded`.
    BlockTime(BlockTime),
    /// See [`OpenTime`]. Outcome: `TimeOpened`, or the refusal `SessionEnded`.
    OpenTime(OpenTime),
    /// See [`DescribeDoctor`]. Outcome: `Done`, `NoSuchDoctor`, or the refusal `SessionEnded`.
    DescribeDoctor(DescribeDoctor),
    /// See [`AddPerson`]. Outcome: `Done`, or the refusal `SessionEnded`.
    AddPerson(AddPerson),
    /// See [`ChangePerson`]. Outcome: `Done`, or the refusal `NoSuchPatient` or `SessionEnded`.
    ChangePerson(ChangePerson),
    /// See [`ChoosePlan`]. Outcome: `Done`, or the refusal `NoSuchPatient` or `SessionEnded`.
    ChoosePlan(ChoosePlan),
    /// See [`AddDependant`]. Outcome: `Done`, also when it is one already; `NoSuchUser` (also for an
    /// account that is no patient's), or the refusal `NoSuchPatient`, `SessionEnded`, or `NotAllowed`
    /// for a patient who has an account of one's own.
    AddDependant(AddDependant),
    /// See [`Invite`]. Outcome: `Done`, `UserExists` when somebody else has the user name,
    /// `NoSuchUser` (also when the patient logs in with another one), or the refusal `NoSuchPatient`
    /// or `SessionEnded`.
    Invite(Invite),
    /// See [`ChoosePassword`]. Outcome: `PasswordChosen`, or the refusal `InvitationOver`.
    ChoosePassword(ChoosePassword),
    /// See [`LookAtMany`]. Outcome: `Done`, or the refusal `SessionEnded`.
    LookAtMany(LookAtMany),
    /// The same as `Operated`, done by an account instead of the operator. Outcome: `Done`, or the
    /// refusal `SessionEnded`.
    Oversaw(OperatorDeed, Actor),
    /// The plans that are offered for choosing, all of them. Outcome: `Done`, or the refusal
    /// `SessionEnded`.
    OfferPlans(Vec<domain::PlanName>, Actor),
    /// See [`OpenSession`]. Outcome: `Done`, or the refusal `WrongCredentials` when the password was
    /// changed meanwhile or the one-time password was used before.
    OpenSession(OpenSession),
    /// Somebody is at work in this session, so that it is not idle. Outcome: `Done`, or the
    /// refusal `SessionEnded` when there is none or it is over. Costs a write once a minute at most.
    TouchSession(TokenHash),
    /// See [`CloseSession`]. Outcome: `Done`, also when there is none.
    CloseSession(CloseSession),
    /// See [`AddPatient`]. Outcome: `Done`, or `UserExists`.
    AddPatient(AddPatient),
    /// See [`SetPassword`]. Outcome: `Done`, or `NoSuchUser`.
    SetPassword(SetPassword),
    /// See [`AddStaff`]. Outcome: `Done`, or `UserExists`.
    AddStaff(AddStaff),
    /// See [`SetTotp`]. Outcome: `Done`, or `NoSuchUser`.
    SetTotp(SetTotp),
    /// See [`EndSessions`]. Outcome: `SessionsEnded`, or `NoSuchUser`.
    EndSessions(EndSessions),
    /// See [`Erase`]. Outcome: `Erased`, or the refusal `NoSuchPatient`.
    Erase(Erase),
    /// See [`Look`]. Outcome: `Done`, or the refusal `NoSuchPatient` or `SessionEnded`.
    Look(Look),
    /// See [`OperatorDeed`]. Outcome: `Done`.
    Operated(OperatorDeed),
    /// See [`AuditNote`]. Outcome: `Done`.
    Note(AuditNote),
    /// See [`OfferEnrolment`]. Outcome: `Done`, `NoSuchDoctor`, or `UserExists` when somebody who is
    /// not this doctor logs in under the doctor's name.
    OfferEnrolment(OfferEnrolment),
    /// See [`Enrol`]. Outcome: `Enrolled`, or the refusal `WrongCredentials`.
    Enrol(Enrol),
    /// See [`RegisterDoctor`]. Outcome: `Registered`, or the refusal `NotAllowed`, `SessionEnded` or
    /// `AddressTaken`.
    RegisterDoctor(RegisterDoctor),
    /// See [`IssueTicket`]. Outcome: `TicketGranted`, or the refusal `NoSuchAppointment`,
    /// `AppointmentClosed`, `NoSuchDoctor`, `NoSuchPatient` or `SessionEnded`.
    IssueTicket(IssueTicket),
    /// See [`AddSlots`]. Outcome: `SlotsAdded`, `NoSuchDoctor`, `SlotsConflict`, or the refusal
    /// `TimeBlocked` or `SessionEnded`.
    AddSlots(AddSlots),
    /// See [`Import`]. Outcome: `Imported` or `ImportConflict`.
    Import(Import),
    /// Keeps this IANA zone as the center's, unless it has one. Outcome: `Done`, or an
    /// `ImportConflict` about another zone.
    SettleZone(String),
}

/// How many things an import found and made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCounts {
    /// Accounts created.
    pub accounts_added: usize,
    /// Doctors created.
    pub doctors_added: usize,
    /// Slots published.
    pub slots_published: usize,
    /// Free slots withdrawn, since the file no longer has them.
    pub slots_withdrawn: usize,
    /// Slots that were there already.
    pub slots_unchanged: usize,
}

/// Why files could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportConflict {
    /// The store keeps its times in another zone, which is named here.
    Zone(String),
    /// A row of `availabilities.txt`, by its line, cannot be published.
    Slot {
        /// The row's line in the file.
        line: u32,
        /// What stands in its way.
        conflict: SlotConflict,
    },
    /// Another doctor, named here, already answers at the address of this one.
    Address {
        /// The doctor of the file.
        doctor: DoctorName,
        /// The one who has the address.
        holder: DoctorName,
    },
}

/// What stands in the way of a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SlotConflict {
    /// Its index belongs to this slot, which is booked.
    IndexBooked(Slot),
    /// Its index belongs to this slot, which was added by hand.
    IndexAddedByHand(Slot),
    /// Its time overlaps this slot of the same doctor.
    Overlap(Slot),
}

/// What came of one command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The slot is the patient's now.
    Booked(Appointment),
    /// The patient held the slot before, by this appointment; nothing was changed.
    AlreadyHeld(Appointment),
    /// The appointment is off and its slot free.
    Cancelled(Appointment),
    /// The appointment has a new slot and a higher version.
    Rescheduled(Appointment),
    /// A polite "no"; nothing was changed.
    Refused(Refusal),
    /// The slot waits for the patient until then.
    #[serde(skip)]
    Held {
        /// The slot.
        slot: Slot,
        /// When it ceases to wait.
        expires: Timestamp,
    },
    /// The appointment has this status now, and a higher version.
    #[serde(skip)]
    Marked(Appointment),
    /// The time is blocked.
    #[serde(skip)]
    TimeBlocked {
        /// What to open it by.
        block: BlockId,
        /// How many free slots were withdrawn.
        withdrawn: usize,
        /// What is booked within, and stays so until somebody moves it.
        booked: Vec<Appointment>,
    },
    /// The time is open again, with so many slots published anew.
    #[serde(skip)]
    TimeOpened(usize),
    /// The account that has its new password.
    #[serde(skip)]
    PasswordChosen(UserName),
    /// It is done, and there is nothing to tell.
    #[serde(skip)]
    Done,
    /// There is an account of this user name already.
    #[serde(skip)]
    UserExists,
    /// There is no account of this user name.
    #[serde(skip)]
    NoSuchUser,
    /// There is no such doctor.
    #[serde(skip)]
    NoSuchDoctor,
    /// So many sessions were open and are ended.
    #[serde(skip)]
    SessionsEnded(usize),
    /// The person is forgotten.
    #[serde(skip)]
    Erased {
        /// How many appointments to come were cancelled.
        appointments_cancelled: usize,
    },
    /// The doctor's account, which has its new password.
    #[serde(skip)]
    Enrolled(AccountRecord),
    /// The doctor, with the address and the keys that count from now on.
    #[serde(skip)]
    Registered(Doctor),
    /// A ticket may be issued for this.
    #[serde(skip)]
    TicketGranted {
        /// The appointment of a visit; `None` for a quote.
        appointment: Option<Appointment>,
        /// Who is to be asked.
        doctor: Doctor,
    },
    /// The slots that were published.
    #[serde(skip)]
    SlotsAdded(Vec<Slot>),
    /// None of the slots was published, because of this one (its place in the list from 0) and that.
    #[serde(skip)]
    SlotsConflict(usize, SlotConflict),
    /// What the files brought.
    #[serde(skip)]
    Imported(ImportCounts),
    /// Nothing was taken over, because of this.
    #[serde(skip)]
    ImportConflict(ImportConflict),
}
