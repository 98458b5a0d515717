//! One visit to the center: Stranger -> Patient -> Left.
//!
//! A visit never calls anything. [`Visit::request`] gives either the reply or an [`Effect`] to be
//! carried out, and [`Visit::resume`] goes on with what came of it. Booking exists only on what a
//! log-in returns ([`LoggedInPatient`]): a stranger has no method for it.

use domain::{
    Appointment, AppointmentId, Entropy, Password, PatientId, Refusal, SessionToken, Slot,
    UserName, WeekTime,
};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use protocol::limits::{BOARD_AHEAD, BOARD_ROWS_MAX, PAGE_SLOTS, PAGE_SLOTS_MAX};
use protocol::{
    AppointmentView, Cursor, KeepSession, LoggedIn, Offer, OfferDetails, Offers, Referral,
    Referred, Reply, Request, SlotNamed, SlotsWanted,
};
use store::{
    AccountRecord, Actor, Answer, Book, Cancel, Command, OpenSession, Outcome, Query, Reschedule,
    SlotChoice, SlotsAfter, Standing, TokenHash,
};

use crate::Settled;

/// How long a session lasts at the most.
const SESSION_HOURS_MAX: i64 = 12;
/// The most appointments in one list.
const APPOINTMENTS_LISTED_MAX: usize = 500;

/// What a visit wants done.
#[derive(Debug)]
pub enum Effect {
    /// Find the account and compare the password; takes as long for a user that does not exist.
    VerifyPassword {
        /// Who it says it is.
        user: UserName,
        /// What it knows.
        password: Password,
    },
    /// Read from the store.
    Read(Query),
    /// Change the store.
    Commit(Command),
}

/// What came of an effect.
#[derive(Debug)]
pub enum Fed {
    /// Of a password.
    Verified(Verdict),
    /// Of a query; `None` when the store could not be read.
    Read(Option<Answer>),
    /// Of a command.
    Settled(Settled),
}

/// What came of comparing a password.
#[derive(Debug)]
pub enum Verdict {
    /// It is the account's.
    Right(Box<AccountRecord>),
    /// It is not, or there is no such account.
    Wrong,
    /// Too many wait to be compared.
    Busy,
    /// The account could not be read.
    Unavailable,
}

/// What a visit does next.
#[derive(Debug)]
pub enum Step {
    /// Carry this out and feed back what came of it.
    Do(Effect),
    /// Send this.
    Answer(Reply),
}

/// What a center has settled for all its visits.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The zone in which its clocks show slots.
    pub zone: TimeZone,
    /// How many appointments to come one patient may hold; `None` for any number.
    pub appointments_max: Option<u32>,
}

/// One patient at the counter.
#[derive(Debug)]
pub struct Visit {
    rules: Rules,
    state: State,
    /// What the outstanding effect is for; `None` between requests.
    doing: Option<Doing>,
}

#[derive(Debug)]
enum State {
    Stranger,
    Patient(LoggedInPatient),
}

#[derive(Debug)]
enum Doing {
    LoggingIn { session: KeepSession, token: SessionToken, expires: Timestamp },
    OpeningSession { patient: LoggedInPatient, token: SessionToken, expires: Timestamp },
    ComingBack { token: TokenHash },
    LoggingOut,
    ListingBoard,
    ListingPage,
    ListingAppointments,
    Changing,
}

/// A patient who has logged in; only here are the commands of a patient made.
#[derive(Debug, Clone)]
struct LoggedInPatient {
    standing: Standing,
    patient: PatientId,
    user: UserName,
}

impl Visit {
    /// Somebody came in.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, state: State::Stranger, doing: None }
    }

    /// Who has logged in; `None` for a stranger.
    #[must_use]
    pub fn user(&self) -> Option<&UserName> {
        match &self.state {
            State::Stranger => None,
            State::Patient(patient) => Some(&patient.user),
        }
    }

    /// Takes a request. `entropy` is fresh for each.
    ///
    /// # Panics
    /// When the request before it was not answered yet.
    pub fn request(&mut self, now: Timestamp, entropy: &Entropy, request: Request) -> Step {
        assert!(self.doing.is_none(), "one request at a time");
        match (&self.state, request) {
            (State::Stranger, Request::LogIn { user, password, session, with: _ }) => {
                let expires = now + SignedDuration::from_hours(SESSION_HOURS_MAX);
                let token = SessionToken::fresh(entropy);
                let effect = Effect::VerifyPassword { user, password };
                self.begin(Doing::LoggingIn { session, token, expires }, effect)
            }
            (State::Stranger, Request::Resume { token }) => {
                let token = TokenHash::of(&token);
                let effect = Effect::Read(Query::Session { token, now });
                self.begin(Doing::ComingBack { token }, effect)
            }
            (State::Stranger, _) => refused(Refusal::NotLoggedIn),
            (State::Patient(_), Request::LogIn { .. } | Request::Resume { .. }) => {
                refused(Refusal::AlreadyLoggedIn)
            }
            (State::Patient(patient), request) => {
                if matches!(
                    request,
                    Request::For { .. }
                        | Request::Enrol { .. }
                        | Request::Register(_)
                        | Request::News { .. }
                        | Request::Ticket(_)
                        | Request::Accesses
                ) {
                    return refused(Refusal::NotAllowed);
                }
                match patient.clone().ask(now, entropy, &self.rules, request) {
                    Some((doing, effect)) => self.begin(doing, effect),
                    None => self.leave(),
                }
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
            (Doing::LoggingIn { session, token, expires }, Fed::Verified(verdict)) => {
                self.verified(verdict, session, token, expires)
            }
            (Doing::OpeningSession { patient, token, expires }, Fed::Settled(settled)) => {
                self.session_opened(patient, token, expires, &settled)
            }
            (Doing::ComingBack { token }, Fed::Read(answer)) => self.came_back(token, answer),
            (Doing::LoggingOut, Fed::Settled(settled)) => match settled {
                Settled::Decided(_) => self.leave(),
                other => undecided(&other),
            },
            (Doing::ListingBoard, Fed::Read(answer)) => match self.listed(answer) {
                Step::Answer(Reply::Slots(offers)) if offers.offers.is_empty() => {
                    refused(Refusal::NoSlotsLeft)
                }
                step => step,
            },
            (Doing::ListingPage, Fed::Read(answer)) => self.listed(answer),
            (Doing::ListingAppointments, Fed::Read(answer)) => match answer {
                Some(Answer::Appointments(appointments)) => Step::Answer(Reply::Appointments(
                    appointments.into_iter().map(|one| self.view(one)).collect(),
                )),
                Some(Answer::NoStanding) => self.lose_standing(),
                _ => refused(Refusal::Unavailable),
            },
            (Doing::Changing, Fed::Settled(settled)) => self.changed(settled),
            (doing, fed) => unreachable!("{doing:?} was fed {fed:?}"),
        }
    }

    fn begin(&mut self, doing: Doing, effect: Effect) -> Step {
        self.doing = Some(doing);
        Step::Do(effect)
    }

    fn lose_standing(&mut self) -> Step {
        self.state = State::Stranger;
        refused(Refusal::SessionEnded)
    }

    fn leave(&mut self) -> Step {
        self.state = State::Stranger;
        Step::Answer(Reply::LoggedOut)
    }

    fn verified(
        &mut self,
        verdict: Verdict,
        session: KeepSession,
        token: SessionToken,
        expires: Timestamp,
    ) -> Step {
        let account = match verdict {
            Verdict::Right(account) => *account,
            Verdict::Wrong => return refused(Refusal::WrongCredentials),
            Verdict::Busy => return refused(Refusal::Busy),
            Verdict::Unavailable => return refused(Refusal::Unavailable),
        };
        // An account that acts for no patient has no business at this counter.
        let Some(mut patient) = LoggedInPatient::of(account) else {
            return refused(Refusal::WrongCredentials);
        };
        match session {
            KeepSession::No => {
                self.state = State::Patient(patient);
                Step::Answer(Reply::LoggedIn(LoggedIn::default()))
            }
            KeepSession::Yes => {
                let hash = TokenHash::of(&token);
                let open = OpenSession {
                    standing: patient.standing,
                    token: hash,
                    expires,
                    one_time_step: None,
                };
                patient.standing.session = Some(hash);
                let doing = Doing::OpeningSession { patient, token, expires };
                self.begin(doing, Effect::Commit(Command::OpenSession(open)))
            }
        }
    }

    fn session_opened(
        &mut self,
        patient: LoggedInPatient,
        token: SessionToken,
        expires: Timestamp,
        settled: &Settled,
    ) -> Step {
        match settled {
            Settled::Decided(Outcome::Refused(refusal)) => refused(*refusal),
            Settled::Decided(_) => {
                self.state = State::Patient(patient);
                let token = Some(token);
                Step::Answer(Reply::LoggedIn(LoggedIn {
                    token,
                    expires: Some(expires),
                    device: None,
                }))
            }
            // Nobody has the token: that such a session may be there changes nothing.
            Settled::Unknown => refused(Refusal::Unavailable),
            other => undecided(other),
        }
    }

    fn came_back(&mut self, token: TokenHash, answer: Option<Answer>) -> Step {
        let Some(Answer::Account(account)) = answer else {
            return refused(Refusal::Unavailable);
        };
        let Some(mut patient) = account.and_then(LoggedInPatient::of) else {
            return refused(Refusal::SessionEnded);
        };
        patient.standing.session = Some(token);
        self.state = State::Patient(patient);
        Step::Answer(Reply::LoggedIn(LoggedIn::default()))
    }

    fn listed(&self, answer: Option<Answer>) -> Step {
        let Some(Answer::Slots(page)) = answer else { return refused(Refusal::Unavailable) };
        let next = page.next.map(|after| Cursor { start: after.start, slot: after.id });
        let offers = page.slots.into_iter().map(|slot| self.offer(slot)).collect();
        Step::Answer(Reply::Slots(Offers { offers, next }))
    }

    fn changed(&mut self, settled: Settled) -> Step {
        let outcome = match settled {
            Settled::Decided(outcome) => outcome,
            other => return undecided(&other),
        };
        if outcome == Outcome::Refused(Refusal::SessionEnded) {
            return self.lose_standing();
        }
        let full = |appointment| {
            Referral::Full(Box::new(Referred { view: self.view(appointment), admission: None }))
        };
        Step::Answer(match outcome {
            Outcome::Booked(appointment) => Reply::Booked(full(appointment)),
            Outcome::AlreadyHeld(appointment) => Reply::AlreadyHeld(full(appointment)),
            Outcome::Cancelled(appointment) => Reply::Cancelled(self.view(appointment)),
            Outcome::Rescheduled(appointment) => Reply::Rescheduled(self.view(appointment)),
            Outcome::Refused(refusal) => Reply::Refused(refusal),
            other => unreachable!("no patient's command ends as {other:?}"),
        })
    }

    fn offer(&self, slot: Slot) -> Offer {
        Offer {
            index: slot.index,
            when: WeekTime::at(slot.start, &self.rules.zone),
            details: Some(OfferDetails {
                id: slot.id,
                doctor: slot.doctor.name,
                start: slot.start,
                end: slot.end,
                service: slot.service,
            }),
        }
    }

    fn view(&self, appointment: Appointment) -> AppointmentView {
        let when = WeekTime::at(appointment.slot.start, &self.rules.zone);
        AppointmentView { appointment, when }
    }
}

impl LoggedInPatient {
    /// `None` for an account that acts for no patient.
    fn of(account: AccountRecord) -> Option<Self> {
        let AccountRecord { account, user, patient, credential, .. } = account;
        let standing = Standing { account, credential, session: None, source: None };
        Some(Self { standing, patient: patient?, user })
    }

    /// What is to be done for a request; `None` when nothing is, and the patient just leaves.
    fn ask(
        self,
        now: Timestamp,
        entropy: &Entropy,
        rules: &Rules,
        request: Request,
    ) -> Option<(Doing, Effect)> {
        let changing = |command| Some((Doing::Changing, Effect::Commit(command)));
        match request {
            Request::Board => Some((Doing::ListingBoard, Effect::Read(board(now)))),
            Request::Slots(wanted) => Some((Doing::ListingPage, Effect::Read(page(now, wanted)))),
            Request::Appointments => Some((
                Doing::ListingAppointments,
                Effect::Read(Query::AppointmentsOf {
                    patient: self.patient,
                    standing: self.standing,
                    now,
                    limit: APPOINTMENTS_LISTED_MAX,
                }),
            )),
            Request::LogOut => self
                .standing
                .session
                .map(|token| (Doing::LoggingOut, Effect::Commit(Command::CloseSession(token)))),
            Request::Book { slot, request_id } => changing(Command::Book(Book {
                patient: self.patient,
                actor: self.actor(),
                request: request_id,
                slot: choice(slot),
                appointment: AppointmentId::fresh(now, entropy),
                appointments_max: rules.appointments_max,
            })),
            Request::Cancel { appointment, reason, request_id } => {
                changing(Command::Cancel(Cancel {
                    patient: Some(self.patient),
                    actor: self.actor(),
                    request: Some(request_id),
                    appointment,
                    reason,
                }))
            }
            Request::Reschedule { appointment, slot, request_id } => {
                changing(Command::Reschedule(Reschedule {
                    patient: self.patient,
                    actor: self.actor(),
                    request: Some(request_id),
                    appointment,
                    slot: choice(slot),
                }))
            }
            _ => {
                unreachable!("refused before it came here")
            }
        }
    }

    fn actor(&self) -> Actor {
        Actor::Account(self.standing)
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

fn choice(slot: SlotNamed) -> SlotChoice {
    match slot {
        SlotNamed::Index(index) => SlotChoice::Index(index),
        SlotNamed::Id { id, index: _ } => SlotChoice::Id(id),
    }
}

fn board(now: Timestamp) -> Query {
    let ahead = SignedDuration::try_from(BOARD_AHEAD).expect("a week is a duration");
    Query::FreeSlotsByIndex { from: now, until: now + ahead, limit: BOARD_ROWS_MAX }
}

fn page(now: Timestamp, wanted: SlotsWanted) -> Query {
    let limit = wanted.limit.map_or(PAGE_SLOTS, |limit| limit as usize);
    Query::FreeSlotsByTime {
        doctor: wanted.doctor,
        now,
        from: wanted.from.map_or(now, |from| from.max(now)),
        until: wanted.until,
        after: wanted.after.map(|cursor| SlotsAfter { start: cursor.start, id: cursor.slot }),
        limit: limit.clamp(1, PAGE_SLOTS_MAX),
    }
}

#[cfg(test)]
mod tests;
