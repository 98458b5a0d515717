//! A patient asks a doctor for the price.

use std::net::SocketAddr;

use domain::Service;
use protocol::{Dialect, EstimateRequest, Inquiry, InquiryStep, Referral};

use super::{Asking, Doing, SECOND_THOUGHTS, Wish};
use crate::checks::{Observation, Violation};
use crate::record::{Exchange, Fate, Party, Phase, VisitEnd};
use crate::world::event::{DoctorNumber, GuestNumber};
use crate::world::network::Sent;
use crate::world::{Held, World};

/// The port from which patients ask.
const PORT: u16 = 50_000;

impl World<'_> {
    pub(super) fn asks_the_price(&mut self, number: GuestNumber, referral: &Referral) -> Held {
        let now = self.instant(self.now);
        let Some(doctor) = self.doctor_at(referral.port()) else {
            let port = referral.port();
            let what = format!("patient{} is sent to port {port}, where nobody is", number + 1);
            return Err(Violation { check: "a referral leads to a doctor", what });
        };
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        let admission = match referral {
            Referral::Full(referred) => referred.admission.as_ref(),
            Referral::Port { .. } => None,
        };
        let inquiry = match admission {
            Some(admission) => {
                let name = &self.doctors[usize::from(doctor)].name;
                let entropy = guest.chance.entropy();
                match Inquiry::sealed(admission, name, &guest.plan, &entropy, now) {
                    Ok(inquiry) => inquiry,
                    Err(error) => {
                        let what = format!("patient{} cannot ask {name}: {error}", number + 1);
                        return Err(Violation { check: "an admission admits", what });
                    }
                }
            }
            None => {
                let (service, plan) = (Service::visit(), guest.plan.clone());
                let request = EstimateRequest { patient: guest.user.to_string(), service, plan };
                let dialect = guest.dialect;
                Inquiry::new(dialect, request, guest.chance.number(), now)
            }
        };
        let from = SocketAddr::new(super::super::guest_address(number).into(), PORT);
        guest.inquiry = Some(Asking { inquiry, doctor, from, began: self.now });
        guest.doing = Doing::AskingThePrice;
        self.asks_on(number)
    }

    /// Does what the inquiry says is to be done now.
    pub(super) fn asks_on(&mut self, number: GuestNumber) -> Held {
        let now = self.instant(self.now);
        loop {
            let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
            let Some(asking) = &mut guest.inquiry else { return Ok(()) };
            let step = asking.inquiry.step(now);
            guest.story.tries = Some(asking.inquiry.tries());
            let (doctor, from) = (asking.doctor, asking.from);
            match step {
                InquiryStep::Send(datagrams) => self.sends(number, doctor, from, &datagrams),
                InquiryStep::WaitUntil(due) => {
                    guest.due = Some(due.saturating_duration_since(self.base));
                    self.arm(number);
                    return Ok(());
                }
                InquiryStep::GiveUp => {
                    let doctor = &self.doctors[usize::from(doctor)];
                    // A plan that the doctor does not know may be a name, in the exercise's words.
                    let is_plain = guest.dialect == Dialect::Json
                        || doctor.tariff.estimate(&Service::visit(), &guest.plan).is_some();
                    // An earlier ticket may be from a clock that was wrong.
                    if self.calm && guest.asked >= self.calm_since && is_plain {
                        let name = &doctor.name;
                        let what = format!("{name} did not answer patient{}", number + 1);
                        return Err(Violation { check: "in calm, doctors answer", what });
                    }
                    let why = VisitEnd::WithoutPrice("the doctor did not answer".to_owned());
                    return self.leaves(number, why);
                }
            }
        }
    }

    fn sends(
        &mut self,
        number: GuestNumber,
        doctor: DoctorNumber,
        from: SocketAddr,
        datagrams: &[Vec<u8>],
    ) {
        let to = self.doctors[usize::from(doctor)].address;
        for datagram in datagrams {
            let sent = self.network.send(self.now, doctor, (from, to), datagram, &mut self.agenda);
            let fate = if sent == Sent::Lost { Fate::Lost } else { Fate::Arrived };
            let name = self.doctors[usize::from(doctor)].name.to_string();
            let Some(guest) = self.guests.get_mut(&number) else { return };
            let what = guest.plan.to_string();
            let (from, to) = (Party::Patient, Party::Doctor(name));
            guest.story.exchanges.push(Exchange { at: self.now, from, to, what, fate });
        }
    }

    /// A datagram reaches a patient.
    pub(in crate::world) fn guest_gets(
        &mut self,
        number: GuestNumber,
        from: SocketAddr,
        datagram: &[u8],
    ) -> Held {
        let now = self.now;
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        let Some(asking) = &guest.inquiry else { return Ok(()) };
        // A connected socket: nobody else's datagrams come in.
        let doctor = &self.doctors[usize::from(asking.doctor)];
        if doctor.address != from {
            return Ok(());
        }
        let Some(answer) = asking.inquiry.receive(datagram) else { return Ok(()) };
        let asked = asking.began;
        guest.inquiry = None;
        guest.phase_is_over(Phase::Estimate, now);
        let said = match &answer {
            Ok(estimate) => format!("{} {}", estimate.price, estimate.price.currency()),
            Err(refusal) => refusal.to_string(),
        };
        let name = doctor.name.to_string();
        guest.notes(now, || (Party::Doctor(name), Party::Patient, said.clone()));
        self.log.say(|| format!("patient{} learns the price: {said}", number + 1));
        let price = match answer {
            Ok(estimate) => estimate.price,
            Err(refusal) => {
                if doctor.tariff.estimate(&Service::visit(), &guest.plan).is_some() {
                    let (name, plan) = (&doctor.name, &guest.plan);
                    let what = format!("{name} says of {plan} that {refusal}");
                    return Err(Violation { check: "who has a price says it", what });
                }
                return self.leaves(number, VisitEnd::WithoutPrice(refusal.to_string()));
            }
        };
        guest.story.price = Some(price);
        let (doctor, plan) = (&doctor.name, &guest.plan);
        self.checks.observe(now, &Observation::PriceShown { doctor, plan, price, asked })?;
        self.thinks_again(number)
    }

    /// Some call it off once they know the price; in JSON only, the words have none for it.
    fn thinks_again(&mut self, number: GuestNumber) -> Held {
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        let appointment = guest.confirmed.as_ref().map(|booked| (booked.slot, booked.appointment));
        let calls_off = guest.temper.cancels && guest.dialect == Dialect::Json && !self.calm;
        match appointment {
            Some((slot, Some(appointment))) if calls_off => {
                self.wants(number, Wish::Cancel(appointment), slot);
                self.pauses(number, SECOND_THOUGHTS);
                Ok(())
            }
            _ => self.leaves(number, VisitEnd::Served),
        }
    }
}
