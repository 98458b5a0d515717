//! One visit to the center: Stranger -> logged in -> Left.
//!
//! A visit never calls anything. [`Visit::request`] gives either the reply or an [`Effect`] to be
//! carried out, and [`Visit::resume`] goes on with what came of it. What an account may do exists only
//! on what its role gives out (`account`): a stranger has no method for booking, and a doctor none for
//! a patient's appointments. Whose an appointment is decides the store, in the same transaction as the
//! rest: another's is answered like one that does not exist.

mod effect;
mod entrance;
mod notes;
mod practising;
mod slots;
pub(crate) mod tending;

use std::net::IpAddr;

use domain::{
    AccountId, Appointment, DoctorName, Entropy, PatientId, Refusal, Role, Service, UserName,
    WeekTime,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::ticket::TicketKind;
use protocol::{
    Access, AppointmentView, KeepSession, Referral, Referred, Registered, Reply, Request,
    TicketReply,
};
use store::{
    Answer, AuditNote, CloseSession, CodeHash, Command, NoteOutcome, Outcome, Query, TokenHash,
};

pub use self::effect::{Effect, Fed, NewPassword, Step, Verdict, Verified};
use self::entrance::NewSession;
use self::notes::Noted;
use self::tending::Next;
use crate::Settled;
use crate::account::Account;
use crate::tickets::{TicketFor, TicketOffice};

/// What a center has settled for all its visits.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The zone in which its clocks show slots.
    pub zone: TimeZone,
    /// How many appointments to come one patient may hold; `None` for any number.
    pub appointments_max: Option<u32>,
    /// Who signs tickets; `None` for a center that gives none, and takes no doctor's registration.
    pub tickets: Option<TicketOffice>,
}

/// Who comes to visit, as far as the shell knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visitor {
    /// Where it speaks from.
    pub source: IpAddr,
}

/// One visitor at the counter.
#[derive(Debug)]
pub struct Visit {
    rules: Rules,
    visitor: Visitor,
    state: State,
    /// What the outstanding effect is for; `None` between requests.
    doing: Option<Doing>,
    /// Of the request that is being answered.
    present: Present,
    /// For the audit; the shell takes them after each reply.
    notes: Vec<AuditNote>,
}

#[derive(Debug)]
enum State {
    Stranger,
    LoggedIn(Box<Account>),
}

/// When a request came, and its random bytes.
#[derive(Debug, Clone, Copy)]
pub struct Present {
    /// When.
    pub now: Timestamp,
    /// Fresh for each request.
    pub entropy: Entropy,
}

#[derive(Debug)]
enum Doing {
    LoggingIn { session: KeepSession },
    OpeningSession(Box<NewSession>),
    ComingBack { token: TokenHash },
    HashingNewPassword { doctor: DoctorName, code: CodeHash },
    Enrolling,
    Touching { request: Box<Request> },
    LoggingOut,
    ListingBoard,
    ListingPage,
    Looking { then: Query },
    ListingAppointments,
    ListingAccesses,
    Changing { patient: PatientId },
    Ticketing { patient: PatientId, quoted: Option<Service> },
    Registering,
    Hearing,
}

impl Visit {
    /// Somebody came in.
    #[must_use]
    pub fn new(rules: Rules, visitor: Visitor) -> Self {
        let present = Present { now: Timestamp::UNIX_EPOCH, entropy: Entropy([0; 32]) };
        Self { rules, visitor, state: State::Stranger, doing: None, present, notes: Vec::new() }
    }

    /// Who has logged in; `None` for a stranger.
    #[must_use]
    pub fn user(&self) -> Option<&UserName> {
        match &self.state {
            State::Stranger => None,
            State::LoggedIn(account) => Some(&account.user),
        }
    }

    /// What the account is that has logged in; `None` for a stranger.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        match &self.state {
            State::Stranger => None,
            State::LoggedIn(account) => Some(account.role()),
        }
    }

    /// Whether somebody has logged in.
    #[must_use]
    pub fn is_logged_in(&self) -> bool {
        self.user().is_some()
    }

    /// What the audit shall know of what was asked since the last call.
    pub fn take_notes(&mut self) -> Vec<AuditNote> {
        std::mem::take(&mut self.notes)
    }

    /// Takes a request. `entropy` is fresh for each.
    ///
    /// # Panics
    /// When the request before it was not answered yet.
    pub fn request(&mut self, now: Timestamp, entropy: &Entropy, request: Request) -> Step {
        assert!(self.doing.is_none(), "one request at a time");
        self.present = Present { now, entropy: *entropy };
        let leaves = request == Request::LogOut;
        let State::LoggedIn(account) = &mut self.state else {
            return self.ask_as_stranger(request);
        };
        if leaves {
            return self.serve(request);
        }
        if account.is_over(now) {
            self.note_refusal(Noted::of(&request), Refusal::SessionEnded);
            return self.lose_standing();
        }
        match account.asks(now) {
            None => self.serve(request),
            Some(session) => {
                let doing = Doing::Touching { request: Box::new(request) };
                self.begin(doing, Effect::Commit(Command::TouchSession(session)))
            }
        }
    }

    /// Goes on with what came of the outstanding effect.
    ///
    /// # Panics
    /// When there is none, or `fed` is the result of another kind of effect.
    pub fn resume(&mut self, fed: Fed) -> Step {
        let doing = self.doing.take().expect("an effect is outstanding");
        match (doing, fed) {
            (Doing::LoggingIn { session }, Fed::Verified(verdict)) => {
                self.verified(verdict, session)
            }
            (Doing::OpeningSession(session), Fed::Settled(settled)) => {
                self.session_opened(*session, &settled)
            }
            (Doing::ComingBack { token }, Fed::Read(answer)) => self.came_back(token, answer),
            (Doing::HashingNewPassword { doctor, code }, Fed::Hashed(password)) => {
                self.enrol(doctor, code, password)
            }
            (Doing::Enrolling, Fed::Settled(settled)) => self.enrolled(settled),
            (Doing::Touching { request }, Fed::Settled(settled)) => {
                self.touched(*request, &settled)
            }
            (Doing::LoggingOut, Fed::Settled(settled)) => match settled {
                Settled::Decided(_) => self.leave(),
                other => undecided(&other),
            },
            (Doing::Looking { then }, Fed::Settled(settled)) => match self.decided(settled) {
                Ok(_) => self.begin(Doing::ListingAppointments, Effect::Read(then)),
                Err(step) => *step,
            },
            (doing, Fed::Read(answer)) => self.answered(doing, answer),
            (doing, Fed::Settled(settled)) => match self.decided(settled) {
                Ok(outcome) => Step::Answer(self.done(doing, outcome)),
                Err(step) => *step,
            },
            (doing, fed) => unreachable!("{doing:?} was fed {fed:?}"),
        }
    }

    fn begin(&mut self, doing: Doing, effect: Effect) -> Step {
        self.doing = Some(doing);
        Step::Do(effect)
    }

    /// A session that is over ends the visit. When nobody knows, whether it stands is looked at with
    /// what is asked in it.
    fn touched(&mut self, request: Request, settled: &Settled) -> Step {
        if *settled == Settled::Decided(Outcome::Refused(Refusal::SessionEnded)) {
            self.note_refusal(Noted::of(&request), Refusal::SessionEnded);
            return self.lose_standing();
        }
        self.serve(request)
    }

    fn lose_standing(&mut self) -> Step {
        self.state = State::Stranger;
        refused(Refusal::SessionEnded)
    }

    fn leave(&mut self) -> Step {
        self.state = State::Stranger;
        Step::Answer(Reply::LoggedOut)
    }
}

/// Being served.
impl Visit {
    fn serve(&mut self, request: Request) -> Step {
        let State::LoggedIn(account) = &self.state else {
            unreachable!("only who has logged in is served")
        };
        let noted = Noted::of(&request);
        let next = match request {
            Request::LogOut => match account.standing.session {
                Some(token) => {
                    let source = account.standing.source;
                    let close = Command::CloseSession(CloseSession { token, source });
                    Ok((Doing::LoggingOut, Effect::Commit(close)))
                }
                None => return self.leave(),
            },
            request => self.next(account, request),
        };
        match next {
            Ok((doing, effect)) => self.begin(doing, effect),
            Err(refusal) => self.refuse(noted, refusal),
        }
    }

    /// Which right a request needs, and what is to be done with it.
    fn next(&self, account: &Account, request: Request) -> Next {
        let (present, rules) = (&self.present, &self.rules);
        match request {
            Request::LogIn { .. } | Request::Resume { .. } | Request::Enrol { .. } => {
                Err(Refusal::AlreadyLoggedIn)
            }
            Request::Board | Request::Slots(_) if !account.sees_slots() => Err(Refusal::NotAllowed),
            Request::Board => {
                let query = slots::board(account.standing, present.now);
                Ok((Doing::ListingBoard, Effect::Read(query)))
            }
            Request::Slots(wanted) => {
                let query = slots::page(account.standing, present.now, wanted);
                Ok((Doing::ListingPage, Effect::Read(query)))
            }
            Request::For { patient, request } => {
                account.tend(patient).ok_or(Refusal::NotAllowed)?.ask(present, rules, *request)
            }
            Request::Register(registration) => {
                let practising = account.practise().ok_or(Refusal::NotAllowed)?;
                practising.register(rules, registration, self.visitor.source)
            }
            Request::News { since } => {
                let practising = account.practise().ok_or(Refusal::NotAllowed)?;
                practising.news(rules, present.now, since)
            }
            request => account.tend_own().ok_or(Refusal::NotAllowed)?.ask(present, rules, request),
        }
    }

    /// What was read, as a reply.
    fn answered(&mut self, doing: Doing, answer: Option<Answer>) -> Step {
        let reply = match (doing, answer) {
            (doing, Some(Answer::NoStanding)) => {
                self.note_refusal(Noted::of_read(&doing), Refusal::SessionEnded);
                return self.lose_standing();
            }
            (Doing::ListingBoard, Some(Answer::Slots(page))) if page.slots.is_empty() => {
                Reply::Refused(Refusal::NoSlotsLeft)
            }
            (Doing::ListingBoard | Doing::ListingPage, Some(Answer::Slots(page))) => {
                Reply::Slots(slots::offers(page, &self.rules.zone))
            }
            (Doing::ListingAppointments, Some(Answer::Appointments(appointments))) => {
                Reply::Appointments(appointments.into_iter().map(|one| self.view(one)).collect())
            }
            (Doing::ListingAccesses, Some(Answer::Accesses(accesses))) => {
                Reply::Accesses(accesses.into_iter().map(access).collect())
            }
            (Doing::Hearing, answer) => {
                let office = self.rules.tickets.as_ref();
                let now = self.present.now;
                let news = office.and_then(|office| practising::news(office, now, answer));
                news.map_or(Reply::Refused(Refusal::Unavailable), Reply::News)
            }
            _ => Reply::Refused(Refusal::Unavailable),
        };
        Step::Answer(reply)
    }

    /// What was decided, or what to answer when nothing was or the account no longer stands.
    fn decided(&mut self, settled: Settled) -> Result<Outcome, Box<Step>> {
        match settled {
            Settled::Decided(Outcome::Refused(Refusal::SessionEnded)) => {
                Err(Box::new(self.lose_standing()))
            }
            Settled::Decided(Outcome::Refused(refusal)) => Err(Box::new(refused(refusal))),
            Settled::Decided(outcome) => Ok(outcome),
            other => Err(Box::new(undecided(&other))),
        }
    }

    fn done(&self, doing: Doing, outcome: Outcome) -> Reply {
        match (doing, outcome) {
            (Doing::Changing { patient }, Outcome::Booked(appointment)) => {
                Reply::Booked(self.refer(patient, appointment))
            }
            (Doing::Changing { patient }, Outcome::AlreadyHeld(appointment)) => {
                Reply::AlreadyHeld(self.refer(patient, appointment))
            }
            (_, Outcome::Cancelled(appointment)) => Reply::Cancelled(self.view(appointment)),
            (_, Outcome::Rescheduled(appointment)) => Reply::Rescheduled(self.view(appointment)),
            (
                Doing::Ticketing { patient, quoted },
                Outcome::TicketGranted { appointment, doctor },
            ) => {
                let asked = match (appointment, quoted) {
                    (Some(appointment), _) => visit_of(&appointment),
                    (None, Some(service)) => TicketFor { kind: TicketKind::Quote, service },
                    (None, None) => unreachable!("a visit's ticket is for an appointment"),
                };
                let Present { now, entropy } = &self.present;
                let office = self.rules.tickets.as_ref();
                let admission =
                    office.and_then(|office| office.admit(*now, entropy, patient, &doctor, asked));
                // A doctor without keys has not enrolled: nobody could be asked with a ticket.
                admission.map_or(Reply::Refused(Refusal::NoSuchDoctor), |admission| {
                    Reply::Ticket(Box::new(TicketReply { doctor, admission }))
                })
            }
            (Doing::Registering, Outcome::Registered(doctor)) => {
                let known = self.rules.tickets.as_ref().zip(doctor.keys);
                known.map_or(Reply::Refused(Refusal::Unavailable), |(office, keys)| {
                    Reply::Registered(Registered {
                        address: doctor.address,
                        certificate: office.certify(self.present.now, &doctor.name, keys),
                        center_key: office.center_key(),
                    })
                })
            }
            (doing, outcome) => unreachable!("{doing:?} ends as {outcome:?}"),
        }
    }

    /// Where a booking sends the patient, with a ticket for a doctor who has enrolled. The booking's
    /// record in the audit is the record of this ticket, too.
    fn refer(&self, patient: PatientId, appointment: Appointment) -> Referral {
        let Present { now, entropy } = &self.present;
        let admission = self.rules.tickets.as_ref().and_then(|office| {
            let asked = visit_of(&appointment);
            office.admit(*now, entropy, patient, &appointment.slot.doctor, asked)
        });
        Referral::Full(Box::new(Referred { view: self.view(appointment), admission }))
    }

    fn view(&self, appointment: Appointment) -> AppointmentView {
        let when = WeekTime::at(appointment.slot.start, &self.rules.zone);
        AppointmentView { appointment, when }
    }
}

/// What the audit shall know.
impl Visit {
    /// Refuses by itself, without having asked the store.
    fn refuse(&mut self, noted: Option<Noted>, refusal: Refusal) -> Step {
        self.note_refusal(noted, refusal);
        refused(refusal)
    }

    fn note_refusal(&mut self, noted: Option<Noted>, refusal: Refusal) {
        let account = match &self.state {
            State::Stranger => None,
            State::LoggedIn(account) => Some(account.standing.account),
        };
        let source = self.visitor.source;
        self.notes.extend(noted.and_then(|noted| noted.refused(account, source, refusal)));
    }

    fn note_done(&mut self, noted: Noted, account: AccountId) {
        let note = noted.note(Some(account), self.visitor.source, NoteOutcome::Done);
        self.notes.push(note);
    }
}

fn refused(refusal: Refusal) -> Step {
    Step::Answer(Reply::Refused(refusal))
}

fn undecided(settled: &Settled) -> Step {
    match settled {
        Settled::Busy => refused(Refusal::Busy),
        Settled::Unavailable => refused(Refusal::Unavailable),
        Settled::Unknown => Step::Answer(Reply::Unknown),
        Settled::Decided(outcome) => unreachable!("{outcome:?} is decided"),
    }
}

pub(crate) fn visit_of(appointment: &Appointment) -> TicketFor {
    let kind = TicketKind::Visit { appointment: appointment.id, version: appointment.version };
    TicketFor { kind, service: appointment.slot.service.clone() }
}

fn access(record: store::AccessRecord) -> Access {
    let store::AccessRecord { at, role, verb, appointment } = record;
    Access { at, role, verb, appointment }
}

#[cfg(test)]
mod tests;
