//! What is said in the virtual world, in the words of its log: no secret is among them.

use protocol::{Referral, Reply, Request, SlotNamed, TicketWanted};
use store::{Command, Outcome};

use super::event::Caller;

pub(super) fn caller(caller: Option<Caller>) -> String {
    match caller {
        Some(Caller::Guest(guest)) => format!("patient{}", guest + 1),
        Some(Caller::Doctor(doctor)) => format!("doc{}", doctor + 1),
        None => "somebody who has left".to_owned(),
    }
}

pub(super) fn request(request: &Request) -> String {
    match request {
        Request::LogIn { user, .. } => format!("log in as {user}"),
        Request::Resume { .. } => "come back with a token".to_owned(),
        Request::LogOut => "log out".to_owned(),
        Request::Board => "the list".to_owned(),
        Request::Slots(_) => "free slots".to_owned(),
        Request::Book { slot, .. } => format!("book {}", slot_named(*slot)),
        Request::Cancel { appointment, .. } => format!("cancel {appointment}"),
        Request::Reschedule { appointment, slot, .. } => {
            format!("move {appointment} to {}", slot_named(*slot))
        }
        Request::Appointments => "my appointments".to_owned(),
        Request::Accesses => "who looked at my data".to_owned(),
        Request::For { request: inner, .. } => format!("for another: {}", self::request(inner)),
        Request::Ticket(TicketWanted::Visit(appointment)) => format!("a ticket for {appointment}"),
        Request::Ticket(TicketWanted::Quote { doctor, .. }) => format!("a ticket to {doctor}"),
        Request::Enrol { doctor, .. } => format!("enrol as {doctor}"),
        Request::Register(registration) => {
            format!("register at port {}", registration.address.port)
        }
        Request::News { .. } => "what is new".to_owned(),
    }
}

fn slot_named(slot: SlotNamed) -> String {
    match slot {
        SlotNamed::Index(index) | SlotNamed::Id { index: Some(index), .. } => {
            format!("slot {index}")
        }
        SlotNamed::Id { id, index: None } => format!("slot id {id}"),
    }
}

pub(super) fn reply(reply: &Reply) -> String {
    match reply {
        Reply::LoggedIn(_) => "welcome".to_owned(),
        Reply::LoggedOut => "goodbye".to_owned(),
        Reply::Slots(offers) => format!("{} free slots", offers.offers.len()),
        Reply::Booked(referral) => format!("booked, {}", referred(referral)),
        Reply::AlreadyHeld(referral) => format!("yours already, {}", referred(referral)),
        Reply::Cancelled(view) => format!("slot {} is off", view.appointment.slot.index),
        Reply::Rescheduled(view) => format!("moved to slot {}", view.appointment.slot.index),
        Reply::Appointments(all) => format!("{} appointments", all.len()),
        Reply::Accesses(all) => format!("{} accesses", all.len()),
        Reply::Ticket(ticket) => format!("a ticket to {}", ticket.doctor.name),
        Reply::Registered(_) => "registered".to_owned(),
        Reply::News(news) => {
            format!("{} ticket keys, {} changes", news.ticket_keys.len(), news.over.len())
        }
        Reply::Refused(refusal) => format!("no: {refusal}"),
        Reply::Unknown => "nobody knows".to_owned(),
    }
}

fn referred(referral: &Referral) -> String {
    match referral {
        Referral::Full(referred) => {
            let slot = &referred.view.appointment.slot;
            format!("slot {} with {}", slot.index, slot.doctor.name)
        }
        Referral::Port { port, .. } => format!("ask at port {port}"),
    }
}

/// What a batch has decided about appointments.
pub(super) fn batch(commands: &[Command], outcomes: &[Outcome]) -> String {
    let mut text = format!("the store commits {}", commands.len());
    for (command, outcome) in commands.iter().zip(outcomes) {
        match outcome {
            Outcome::Booked(appointment) => {
                text.push_str(&format!("; slot {} booked", appointment.slot.index));
            }
            Outcome::AlreadyHeld(appointment) => {
                text.push_str(&format!("; slot {} held before", appointment.slot.index));
            }
            Outcome::Cancelled(appointment) => {
                text.push_str(&format!("; slot {} freed", appointment.slot.index));
            }
            Outcome::Refused(refusal) if matters(command) => {
                text.push_str(&format!("; no: {refusal}"));
            }
            _ => {}
        }
    }
    text
}

fn matters(command: &Command) -> bool {
    matches!(command, Command::Book(_) | Command::Cancel(_) | Command::Reschedule(_))
}
