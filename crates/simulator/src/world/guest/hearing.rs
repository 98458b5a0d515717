//! What a patient makes of the center's replies.

use std::time::Duration;

use domain::{Refusal, SlotIndex};
use jiff::SignedDuration;
use protocol::{BadReply, Dialect, Offer, Offers, Referral, Reply, SlotNamed};

use super::{Confirmed, Doing, PAUSE_MAX, Wanted, Wish};
use crate::checks::{Observation, Violation};
use crate::history::{EntryKind, Op};
use crate::plan::Choice;
use crate::record::{Party, Phase, VisitEnd};
use crate::world::doctor::not_understood;
use crate::world::event::{Caller, GuestNumber, WireNumber};
use crate::world::{Held, World, center, words};

/// How many of the first slots somebody chooses from who wants one soon.
const SOON: usize = 8;
/// How far the clocks of the center and of a patient are apart at most.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(10);
/// So many bookings may have been called off between a list and its reader.
const UNDER_WAY: usize = 32;
/// How often somebody chooses another slot, at most.
const BEATEN_MAX: u32 = 64;

impl World<'_> {
    pub(in crate::world) fn guest_receives(
        &mut self,
        number: GuestNumber,
        wire: WireNumber,
        bytes: &[u8],
    ) -> Held {
        let now = self.instant(self.now);
        let Some(guest) = self.guest_on(number, wire) else { return Ok(()) };
        let Some(line) = &mut guest.line else { return Ok(()) };
        let received = line.call.receive(now, bytes);
        received.map_err(|error| not_understood(Caller::Guest(number), &error))?;
        self.guest_listens(number, wire)
    }

    pub(in crate::world) fn guest_hears_the_end(
        &mut self,
        number: GuestNumber,
        wire: WireNumber,
    ) -> Held {
        let Some(guest) = self.guest_on(number, wire) else { return Ok(()) };
        if let Some(line) = &mut guest.line {
            line.call.end_of_input();
        }
        self.guest_listens(number, wire)?;
        // Nothing was asked, and nothing will be answered.
        self.guest_is_cut_off(number, wire)
    }

    /// Takes the replies that are whole.
    pub(super) fn guest_listens(&mut self, number: GuestNumber, wire: WireNumber) -> Held {
        loop {
            let now = self.now;
            let Some(guest) = self.guest_on(number, wire) else { return Ok(()) };
            let Some(line) = &mut guest.line else { return Ok(()) };
            let reply = match line.call.next_reply() {
                Ok(Some(reply)) => reply,
                Ok(None) => break,
                Err(BadReply::NoAnswer) => return self.guest_is_cut_off(number, wire),
                Err(error) => return Err(not_understood(Caller::Guest(number), &error)),
            };
            let wanted = line.wanted.pop_front();
            guest.notes(now, || (Party::Center, Party::Patient, words::reply(&reply)));
            self.log.say(|| format!("patient{} hears: {}", number + 1, words::reply(&reply)));
            if wanted != Some(Wanted::Yes) {
                continue;
            }
            self.guest_hears(number, wire, reply)?;
        }
        self.arm(number);
        Ok(())
    }

    fn guest_hears(&mut self, number: GuestNumber, wire: WireNumber, reply: Reply) -> Held {
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        match guest.doing {
            Doing::LoggingIn => self.hears_at_the_door(number, wire, reply),
            Doing::Listing => self.hears_the_list(number, wire, reply),
            Doing::Changing => self.hears_the_verdict(number, wire, reply),
            Doing::Calling | Doing::Pausing | Doing::AskingThePrice => Ok(()),
        }
    }

    fn hears_at_the_door(&mut self, number: GuestNumber, wire: WireNumber, reply: Reply) -> Held {
        let now = self.now;
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        match reply {
            Reply::LoggedIn(welcome) => {
                guest.token = welcome.token.or(guest.token.take());
                guest.phase_is_over(Phase::LogIn, now);
                self.guest_is_in(number);
                Ok(())
            }
            Reply::Refused(Refusal::SessionEnded) if guest.token.take().is_some() => {
                let request = guest.log_in();
                self.guest_asks(number, &request);
                Ok(())
            }
            Reply::Refused(Refusal::WrongCredentials) if guest.dialect == Dialect::Json => {
                if !guest.story.mistyped {
                    let what = format!("patient{} is refused the right password", number + 1);
                    return Err(Violation { check: "the right password opens", what });
                }
                let request = guest.log_in();
                self.guest_asks(number, &request);
                Ok(())
            }
            Reply::Refused(_) => self.guest_is_cut_off(number, wire),
            other => Err(odd(number, &other)),
        }
    }

    fn hears_the_list(&mut self, number: GuestNumber, wire: WireNumber, reply: Reply) -> Held {
        match reply {
            Reply::Slots(offers) => {
                self.ends(number, EntryKind::Ok, Some(&offers));
                self.chooses(number, &offers)
            }
            Reply::Refused(Refusal::NoSlotsLeft) => {
                // In words it may also mean that the center is busy.
                self.ends(number, EntryKind::Info, None);
                self.is_refused(number, Refusal::NoSlotsLeft)
            }
            Reply::Refused(refusal) if center::is_passing(refusal) => {
                self.ends(number, EntryKind::Info, None);
                self.pauses(number, PAUSE_MAX);
                Ok(())
            }
            Reply::Refused(_) => self.guest_is_cut_off(number, wire),
            other => Err(odd(number, &other)),
        }
    }

    fn chooses(&mut self, number: GuestNumber, offers: &Offers) -> Held {
        let (now, choice) = (self.now, self.plan.habits.choice);
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        guest.phase_is_over(Phase::List, now);
        let count = match choice {
            Choice::Earliest => 1,
            Choice::Soon => SOON,
            Choice::Any => usize::MAX,
        };
        let count = count.min(offers.offers.len());
        if count == 0 {
            // Who looks from a late moment on is shown nothing though there is something before.
            if choice != Choice::Any {
                self.nothing_is_free(number)?;
            }
            return self.is_refused(number, Refusal::NoSlotsLeft);
        }
        let offer = &offers.offers[guest.chance.below(count)];
        guest.doing = Doing::Changing;
        self.wants(number, Wish::Book(named(offer)), offer.index);
        self.says_what_it_wants(number);
        Ok(())
    }

    fn says_what_it_wants(&mut self, number: GuestNumber) {
        let Some(guest) = self.guests.get_mut(&number) else { return };
        let Some(intent) = guest.intent else { return };
        self.guest_asks(number, &intent.request(number));
    }

    fn hears_the_verdict(&mut self, number: GuestNumber, wire: WireNumber, reply: Reply) -> Held {
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        let Some(intent) = guest.intent else { return Ok(()) };
        let in_words = guest.dialect != Dialect::Json;
        match reply {
            Reply::Booked(referral) | Reply::AlreadyHeld(referral) if intent.books() => {
                self.is_confirmed(number, intent.slot, &referral)
            }
            Reply::Cancelled(_) if !intent.books() => self.is_called_off(number, intent.slot),
            Reply::Refused(Refusal::NoSuchSlot | Refusal::AppointmentClosed)
                if self.begins_much_later(intent.slot) =>
            {
                Err(odd(number, &reply))
            }
            Reply::Refused(Refusal::SlotTaken) if in_words && intent.uncertain => {
                // The one word for every "no", after a try that may have gone well: nobody knows.
                self.leaves(
                    number,
                    VisitEnd::Failed("nobody knows whether it is booked".to_owned()),
                )
            }
            Reply::Refused(refusal @ (Refusal::SlotTaken | Refusal::NoSuchSlot)) => {
                let taken = refusal == Refusal::SlotTaken && !in_words;
                let kind = if taken { EntryKind::Fail } else { EntryKind::Info };
                self.ends(number, kind, None);
                self.is_beaten(number, refusal)
            }
            // What was to be called off has begun.
            Reply::Refused(Refusal::AppointmentClosed) => {
                self.ends(number, EntryKind::Info, None);
                self.leaves(number, VisitEnd::Served)
            }
            Reply::Refused(Refusal::RequestIdReused | Refusal::NoSuchAppointment) => {
                let heard = words::reply(&reply);
                let what = format!("patient{} hears of its own wish: {heard}", number + 1);
                Err(Violation { check: "a wish keeps its name", what })
            }
            Reply::Refused(refusal) if center::is_passing(refusal) => {
                self.pauses(number, PAUSE_MAX);
                Ok(())
            }
            Reply::Refused(_) | Reply::Unknown => self.guest_is_cut_off(number, wire),
            other => Err(odd(number, &other)),
        }
    }

    /// An empty list must be so: more slots would have to be held than are held.
    fn nothing_is_free(&self, number: GuestNumber) -> Held {
        let soon = self.wall(CLOCKS_APART);
        let to_come = self.plan.slots.iter().filter(|slot| slot.start > soon).count();
        let held = self.checks.held() + UNDER_WAY;
        if to_come <= held {
            return Ok(());
        }
        let what = format!("patient{} is shown none of {to_come}, {held} held", number + 1);
        Err(Violation { check: "a free slot is shown", what })
    }

    /// Whether a slot begins so late that no clock has it begun.
    fn begins_much_later(&self, slot: SlotIndex) -> bool {
        let soon = self.wall(CLOCKS_APART);
        self.slot_planned(slot).is_some_and(|planned| planned.start > soon)
    }

    /// Somebody else was faster, or the slot has begun.
    fn is_beaten(&mut self, number: GuestNumber, refusal: Refusal) -> Held {
        let tries_again = self.plan.habits.tries_again;
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        guest.intent = None;
        guest.beaten += 1;
        if guest.beaten > BEATEN_MAX || !guest.chance.happens(tries_again) {
            return self.is_refused(number, refusal);
        }
        if guest.dialect == Dialect::Json {
            self.guest_is_in(number);
        } else {
            // The classic dialects end the connection with their refusal.
            self.pauses(number, Duration::from_secs(1));
        }
        Ok(())
    }

    fn is_confirmed(&mut self, number: GuestNumber, slot: SlotIndex, referral: &Referral) -> Held {
        self.ends(number, EntryKind::Ok, None);
        let (now, booked) = (self.now, self.wall(SignedDuration::ZERO));
        let doctor = self.doctor_at(referral.port());
        let whose = self.slot_planned(slot).map(|planned| planned.doctor);
        if doctor.map(usize::from) != whose {
            let port = referral.port();
            let what =
                format!("slot {slot} is doctor {whose:?}'s, and port {port} is {doctor:?}'s");
            return Err(Violation { check: "a referral leads to the slot's doctor", what });
        }
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        guest.phase_is_over(Phase::Book, now);
        guest.intent = None;
        let (appointment, start) = match referral {
            Referral::Full(referred) => {
                let appointment = &referred.view.appointment;
                (Some(appointment.id), Some(appointment.slot.start))
            }
            Referral::Port { .. } => (None, None),
        };
        guest.confirmed = Some(Confirmed { slot, appointment, doctor, start, booked });
        let patient = guest.patient;
        self.wishes.is_confirmed(patient, slot);
        self.checks.observe(now, &Observation::Confirmed { patient, slot, appointment })?;
        self.hangs_up(number);
        self.asks_the_price(number, referral)
    }

    fn is_called_off(&mut self, number: GuestNumber, slot: SlotIndex) -> Held {
        self.ends(number, EntryKind::Ok, None);
        let Some(guest) = self.guests.get_mut(&number) else { return Ok(()) };
        guest.intent = None;
        guest.confirmed = None;
        let patient = guest.patient;
        self.checks.observe(self.now, &Observation::CalledOff { patient, slot })?;
        self.leaves(number, VisitEnd::CalledOff)
    }

    fn is_refused(&mut self, number: GuestNumber, refusal: Refusal) -> Held {
        let Some(guest) = self.guests.get(&number) else { return Ok(()) };
        let patient = guest.patient;
        self.checks.observe(self.now, &Observation::Refused { patient })?;
        self.leaves(number, VisitEnd::Refused(refusal))
    }

    /// A list begins.
    pub(super) fn begins(&mut self, number: GuestNumber, op: Op, slot: Option<SlotIndex>) {
        let Some(guest) = self.guests.get_mut(&number) else { return };
        guest.open = Some((op, slot));
        self.history.begins(self.now, number, guest.user.as_str(), op, slot);
    }

    /// The operation that is open ends.
    pub(super) fn ends(&mut self, number: GuestNumber, kind: EntryKind, free: Option<&Offers>) {
        let Some(guest) = self.guests.get_mut(&number) else { return };
        let Some((op, slot)) = guest.open.take() else { return };
        self.history.ends(self.now, number, guest.user.as_str(), (op, slot), (kind, free));
    }
}

/// An answer to another question.
fn odd(number: GuestNumber, reply: &Reply) -> Violation {
    let what = format!("patient{} hears: {}", number + 1, words::reply(reply));
    Violation { check: "an answer fits its question", what }
}

/// By id where the list has told it.
fn named(offer: &Offer) -> SlotNamed {
    match &offer.details {
        Some(details) => SlotNamed::Id { id: details.id, index: Some(offer.index) },
        None => SlotNamed::Index(offer.index),
    }
}
