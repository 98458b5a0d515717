//! Doctors in the virtual world: a practice that answers datagrams, and its line to the center, as the
//! product's doctor keeps it: enrol once, register, hear what is new.

use std::net::SocketAddr;
use std::time::Duration;

use domain::{
    DoctorAddress, DoctorName, EnrolmentCode, Password, PlanName, Service, Tariff, UserName,
};
use jiff::Timestamp;
use protocol::{
    Arrival, BadReply, Call, Dialect, DoctorIdentity, KeepSession, LogInWith, Plaintext, Practice,
    Registration, Reply, Request,
};

use super::event::{Caller, DoctorNumber, End, Event, WireNumber};
use super::{Held, World};
use crate::checks::{Observation, Violation};

/// How often a doctor asks what is new. The product's asks much more often, which would only fill the
/// virtual day.
const NEWS_EACH: Duration = Duration::from_secs(15 * 60);
/// How long it waits after a failure before it tries again.
const TRY_AGAIN: Duration = Duration::from_secs(2);
/// How long it waits for an answer of the center.
const PATIENCE: Duration = Duration::from_secs(6);

/// One doctor.
pub(super) struct DoctorNode {
    pub(super) name: DoctorName,
    pub(super) address: SocketAddr,
    /// The prices in force.
    pub(super) tariff: Tariff,
    /// What can be changed of them.
    pub(super) plans: Vec<PlanName>,
    identity: DoctorIdentity,
    code: EnrolmentCode,
    password: Password,
    /// Its account has this password.
    enrolled: bool,
    /// `None` while its program does not run.
    practice: Option<Practice>,
    line: Option<Line>,
    /// Since when news are wanted; `None` for all.
    heard: Option<Timestamp>,
    /// When it wants to do something for itself; `None` while it waits for nothing.
    due: Option<Duration>,
    /// How far its wall clock is off.
    pub(super) skew: jiff::SignedDuration,
}

struct Line {
    wire: WireNumber,
    call: Call,
}

impl DoctorNode {
    pub(super) fn new(
        name: DoctorName,
        address: SocketAddr,
        (tariff, plans): (Tariff, Vec<PlanName>),
        identity: DoctorIdentity,
        (code, password): (EnrolmentCode, Password),
    ) -> Self {
        Self {
            name,
            address,
            tariff,
            plans,
            identity,
            code,
            password,
            enrolled: false,
            practice: None,
            line: None,
            heard: None,
            due: None,
            skew: jiff::SignedDuration::ZERO,
        }
    }
}

/// Coming and going.
impl World<'_> {
    /// The doctor's program starts, and calls the center `after` that: it knows its keys and prices, and
    /// no ticket key yet.
    pub(super) fn doctor_comes(&mut self, number: DoctorNumber, after: Duration) {
        let doctor = &mut self.doctors[usize::from(number)];
        if doctor.practice.is_some() {
            return;
        }
        let mut practice = Practice::new(doctor.name.clone(), doctor.tariff.clone());
        practice.enrol(doctor.identity.clone());
        doctor.practice = Some(practice);
        doctor.heard = None;
        self.doctor_wakes_at(number, self.now + after);
    }

    pub(super) fn doctor_leaves(&mut self, number: DoctorNumber) {
        let doctor = &mut self.doctors[usize::from(number)];
        doctor.practice = None;
        doctor.due = None;
        if let Some(line) = doctor.line.take() {
            self.network.end(self.now, line.wire, End::Caller, &mut self.agenda);
        }
    }

    fn doctor_wakes_at(&mut self, number: DoctorNumber, at: Duration) {
        self.doctors[usize::from(number)].due = Some(at);
        self.agenda.enter(at, Event::DoctorTimer { doctor: number });
    }

    pub(super) fn doctor_timer(&mut self, number: DoctorNumber) {
        let doctor = &mut self.doctors[usize::from(number)];
        if doctor.practice.is_none() || doctor.due.is_none_or(|due| due > self.now) {
            return;
        }
        doctor.due = None;
        match doctor.line.take() {
            // It has waited long enough for an answer.
            Some(line) => {
                self.network.end(self.now, line.wire, End::Caller, &mut self.agenda);
                self.doctor_wakes_at(number, self.now + TRY_AGAIN);
            }
            None => {
                let caller = Caller::Doctor(number);
                let wire = self.network.call(self.now, caller, &mut self.agenda);
                let line = Line { wire, call: Call::new(Dialect::Json) };
                self.doctors[usize::from(number)].line = Some(line);
                self.doctor_wakes_at(number, self.now + PATIENCE);
            }
        }
    }

    /// As soon as it can: after it became calm.
    pub(super) fn doctor_hurries(&mut self, number: DoctorNumber, after: Duration) {
        if self.doctors[usize::from(number)].line.is_none() {
            self.doctor_wakes_at(number, self.now + after);
        }
    }
}

/// The line to the center.
impl World<'_> {
    fn doctor_line(&mut self, number: DoctorNumber, wire: WireNumber) -> Option<&mut DoctorNode> {
        let doctor = &mut self.doctors[usize::from(number)];
        doctor.line.as_ref().is_some_and(|line| line.wire == wire).then_some(doctor)
    }

    pub(super) fn doctor_connected(&mut self, number: DoctorNumber, wire: WireNumber) {
        let Some(doctor) = self.doctor_line(number, wire) else { return };
        let request = if doctor.enrolled {
            let user = UserName::new(doctor.name.as_str()).expect("a name is a name");
            let password = doctor.password.clone();
            let with = LogInWith::default();
            Request::LogIn { user, password, session: KeepSession::No, with }
        } else {
            let (name, code) = (doctor.name.clone(), doctor.code.clone());
            Request::Enrol { doctor: name, code, password: doctor.password.clone() }
        };
        self.doctor_asks(number, &request);
    }

    fn doctor_asks(&mut self, number: DoctorNumber, request: &Request) {
        let Some(line) = &mut self.doctors[usize::from(number)].line else { return };
        let bytes = line.call.ask(request).expect("JSON has words for everything");
        let wire = line.wire;
        self.network.write(self.now, wire, End::Center, &bytes, &mut self.agenda);
    }

    pub(super) fn doctor_receives(
        &mut self,
        number: DoctorNumber,
        wire: WireNumber,
        bytes: &[u8],
    ) -> Held {
        let now = self.instant(self.now);
        let Some(doctor) = self.doctor_line(number, wire) else { return Ok(()) };
        let Some(line) = &mut doctor.line else { return Ok(()) };
        let odd = |error: &BadReply| not_understood(Caller::Doctor(number), error);
        line.call.receive(now, bytes).map_err(|error| odd(&error))?;
        loop {
            let Some(line) = &mut self.doctors[usize::from(number)].line else { return Ok(()) };
            match line.call.next_reply() {
                Ok(Some(reply)) => self.doctor_hears(number, reply)?,
                Ok(None) => return Ok(()),
                Err(BadReply::NoAnswer) => {
                    self.doctor_gives_up(number, wire);
                    return Ok(());
                }
                Err(error) => return Err(odd(&error)),
            }
        }
    }

    fn doctor_hears(&mut self, number: DoctorNumber, reply: Reply) -> Held {
        let doctor = &mut self.doctors[usize::from(number)];
        match reply {
            Reply::LoggedIn(_) => {
                doctor.enrolled = true;
                // Its program has registered since it started.
                if doctor.heard.is_some() {
                    let since = doctor.heard;
                    self.doctor_asks(number, &Request::News { since });
                    return Ok(());
                }
                let (ip, port) = (doctor.address.ip(), doctor.address.port());
                let address = DoctorAddress { host: Some(ip), port };
                let keys = doctor.identity.keys();
                self.doctor_asks(number, &Request::Register(Registration { address, keys }));
            }
            Reply::Registered(_) => self.doctor_asks(number, &Request::News { since: None }),
            Reply::News(news) => {
                let practice = doctor.practice.as_mut().expect("it runs while it has a line");
                practice.hear(&news);
                doctor.heard = Some(news.until);
                let wire = doctor.line.take().map(|line| line.wire);
                if let Some(wire) = wire {
                    self.network.end(self.now, wire, End::Caller, &mut self.agenda);
                }
                self.doctor_wakes_at(number, self.now + NEWS_EACH);
            }
            Reply::Refused(domain::Refusal::WrongCredentials) if doctor.enrolled => {
                let what = format!("{} is refused its own password", doctor.name);
                return Err(Violation { check: "the right password opens", what });
            }
            // An answer that was lost had let it in: the code is used up, and the password counts.
            Reply::Refused(domain::Refusal::WrongCredentials) => {
                doctor.enrolled = true;
                self.doctor_hangs_up(number);
            }
            Reply::Refused(_) | Reply::Unknown => self.doctor_hangs_up(number),
            other => {
                let heard = super::words::reply(&other);
                let what = format!("{} hears: {heard}", doctor.name);
                return Err(Violation { check: "an answer fits its question", what });
            }
        }
        Ok(())
    }

    fn doctor_hangs_up(&mut self, number: DoctorNumber) {
        if let Some(line) = self.doctors[usize::from(number)].line.take() {
            self.network.end(self.now, line.wire, End::Caller, &mut self.agenda);
        }
        self.doctor_wakes_at(number, self.now + TRY_AGAIN);
    }

    /// Its connection broke, or ended.
    pub(super) fn doctor_gives_up(&mut self, number: DoctorNumber, wire: WireNumber) {
        if self.doctor_line(number, wire).is_some() {
            self.doctor_hangs_up(number);
        }
    }
}

/// Answering.
impl World<'_> {
    pub(super) fn doctor_answers(
        &mut self,
        number: DoctorNumber,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Held {
        self.mix_up(number);
        let (now, entropy) = (self.instant(self.now), self.chance.entropy());
        let wall = self.wall(self.doctors[usize::from(number)].skew);
        let doctor = &mut self.doctors[usize::from(number)];
        let Some(practice) = &mut doctor.practice else { return Ok(()) };
        let plaintext = Plaintext::Answered;
        let arrival = Arrival { now, wall, source: from, plaintext, entropy };
        let seen = practice.answer(&arrival, datagram);
        let Some(answer) = seen.answer else { return Ok(()) };
        let way = (doctor.address, from);
        self.network.send(self.now, number, way, &answer, &mut self.agenda);
        Ok(())
    }

    /// The planted bug of a doctor: prices that are another's, now and then.
    fn mix_up(&mut self, number: DoctorNumber) {
        let Some(mixed_up) = &mut self.mixed_up else { return };
        let tariffs: Vec<Tariff> =
            self.doctors.iter().map(|doctor| doctor.tariff.clone()).collect();
        let tariff = mixed_up.tariff(usize::from(number), &tariffs).clone();
        if let Some(practice) = &mut self.doctors[usize::from(number)].practice {
            practice.set_tariff(tariff);
        }
    }

    /// One of a doctor's prices becomes another.
    pub(super) fn new_prices(&mut self) -> Held {
        let number = self.chance.below(self.doctors.len());
        let amount = 10 + self.chance.below(190);
        let doctor = &mut self.doctors[number];
        if doctor.plans.is_empty() {
            return Ok(());
        }
        let plan = doctor.plans[self.chance.below(doctor.plans.len())].clone();
        let service = Service::visit();
        let Some(price) = doctor.tariff.estimate(&service, &plan) else { return Ok(()) };
        let price = domain::Money::parse(&amount.to_string(), price.currency());
        let price = price.expect("a small whole number is an amount");
        doctor.tariff.set(&service, plan, price);
        if let Some(practice) = &mut doctor.practice {
            practice.set_tariff(doctor.tariff.clone());
        }
        let prices = Observation::Prices { doctor: &doctor.name, tariff: &doctor.tariff };
        self.checks.observe(self.now, &prices)
    }
}

impl DoctorNode {
    /// Whether its program has heard from the center since it started.
    pub(super) fn is_in_touch(&self) -> bool {
        self.heard.is_some()
    }

    /// What it enrols with, once.
    pub(super) fn code(&self) -> &EnrolmentCode {
        &self.code
    }
}

/// A reply that nobody can make sense of, on a connection that damages nothing.
pub(super) fn not_understood(caller: Caller, error: &BadReply) -> Violation {
    let what = format!("{} cannot: {error}", super::words::caller(Some(caller)));
    Violation { check: "replies are understood", what }
}
