//! What an operator changes: patients, passwords, slots, appointments.

use anyhow::bail;
use clap::error::ErrorKind;
use domain::{AccountId, Appointment, DoctorName, PatientId, Slot};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use runtime::password::Workspace;
use store::{Actor, AddPatient, AddSlots, Cancel, Command, NewSlot, Outcome, SetPassword};

use super::{Books, Origin};
use crate::args::{AddPatientArgs, AddSlotsArgs, CancelArgs, SetPasswordArgs};
use crate::exit::Declined;
use crate::loading;
use crate::password;

/// Adds a patient with a log-in; gives back what to tell.
pub(super) fn add_patient(books: &Books, task: AddPatientArgs) -> anyhow::Result<String> {
    let secret = password::new(&task.user)?;
    let now = Timestamp::now();
    let command = Command::AddPatient(AddPatient {
        account: AccountId::fresh(now, &runtime::fresh_entropy()),
        patient: PatientId::fresh(now, &runtime::fresh_entropy()),
        user: task.user.clone(),
        password: runtime::password::hash(&secret, &mut Workspace::default()),
        name: task.name,
    });
    match loading::commit(&books.store, now, command)? {
        Outcome::Done => Ok(match books.origin {
            Origin::Found => format!("added patient {}", task.user),
            Origin::Made => format!("added patient {} to a new store", task.user),
        }),
        Outcome::UserExists => Err(Declined::new(format!("{} exists already", task.user)).into()),
        other => bail!(unexpected(&other)),
    }
}

/// Gives a log-in a new password; gives back what to tell.
pub(super) fn set_password(books: &Books, task: &SetPasswordArgs) -> anyhow::Result<String> {
    let secret = password::new(&task.user)?;
    let command = Command::SetPassword(SetPassword {
        user: task.user.clone(),
        password: runtime::password::hash(&secret, &mut Workspace::default()),
        actor: Actor::Operator,
    });
    match loading::commit(&books.store, Timestamp::now(), command)? {
        Outcome::Done => {
            Ok(format!("{} has a new password, and all sessions are ended", task.user))
        }
        Outcome::NoSuchUser => Err(Declined::new(format!("there is no user {}", task.user)).into()),
        other => bail!(unexpected(&other)),
    }
}

/// Publishes slots one after another; gives back what to tell.
pub(super) fn add_slots(books: &Books, task: AddSlotsArgs) -> anyhow::Result<String> {
    let now = Timestamp::now();
    let slots = slots_from(&task, &books.zone, now)?;
    let command = Command::AddSlots(AddSlots {
        actor: store::Actor::Operator,
        doctor: task.doctor.clone(),
        service: task.service,
        slots: slots.clone(),
    });
    match loading::commit(&books.store, now, command)? {
        Outcome::SlotsAdded(added) => {
            let lines: Vec<String> = added
                .iter()
                .map(|slot| format!("published {}", in_words(slot, &books.zone)))
                .collect();
            Ok(lines.join("\n"))
        }
        Outcome::NoSuchDoctor => Err(no_such_doctor(&task.doctor).into()),
        Outcome::SlotsConflict(place, conflict) => {
            let start = slots.get(place).map_or(now, |slot| slot.start);
            let start = loading::shown_moment(start, &books.zone);
            let why = loading::explain_slot(&conflict, &books.zone);
            Err(Declined::new(format!("{start} {why}: none was published")).into())
        }
        other => bail!(unexpected(&other)),
    }
}

/// Calls an appointment off; gives back what to tell.
pub(super) fn cancel(books: &Books, task: CancelArgs) -> anyhow::Result<String> {
    let command = Command::Cancel(Cancel {
        patient: None,
        actor: Actor::Operator,
        request: None,
        appointment: task.appointment,
        reason: task.reason,
    });
    match loading::commit(&books.store, Timestamp::now(), command)? {
        Outcome::Cancelled(Appointment { id, slot, .. }) => {
            Ok(format!("cancelled {id}: {} is free again", in_words(&slot, &books.zone)))
        }
        Outcome::Refused(refusal) => Err(refusal.into()),
        other => bail!(unexpected(&other)),
    }
}

/// No task adds a doctor: that is told to whoever looks for one.
pub(super) fn no_such_doctor(doctor: &DoctorName) -> Declined {
    Declined::new(format!(
        "there is no doctor {doctor}: doctors come with the clinic's files, by rendezvous admin \
         import DIR"
    ))
}

pub(super) fn unexpected(outcome: &Outcome) -> String {
    format!("the store gave an answer to another question: {outcome:?}")
}

/// `count` slots one after another, from a moment that clocks in `zone` show exactly once.
fn slots_from(
    task: &AddSlotsArgs,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Vec<NewSlot>, clap::Error> {
    let usage = |wrong: String| clap::Error::raw(ErrorKind::ValueValidation, wrong + "\n");
    let name = loading::name_of(zone);
    let first = zone.to_ambiguous_timestamp(task.start).unambiguous().map_err(|_| {
        usage(format!("{} is skipped, or comes twice, in {name}: the clocks change", task.start))
    })?;
    if first <= now {
        return Err(usage(format!("{} in {name} is over, expected a time to come", task.start)));
    }
    let length = SignedDuration::from_mins(i64::from(task.minutes));
    let mut start = first;
    let mut slots = Vec::new();
    for _ in 0..task.count {
        let end = start
            .checked_add(length)
            .map_err(|_| usage(format!("{} is beyond the calendar's end", task.start)))?;
        slots.push(NewSlot { start, end });
        start = end;
    }
    Ok(slots)
}

/// `slot 7: Tue 2026-12-01 09:00 with doc1`.
fn in_words(slot: &Slot, zone: &TimeZone) -> String {
    format!(
        "slot {}: {} with {}",
        slot.index,
        loading::shown_moment(slot.start, zone),
        slot.doctor.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(start: &str, expected: Result<&[&str], &str>) {
        let task = AddSlotsArgs {
            doctor: "doc1".parse().unwrap(),
            start: start.parse().unwrap(),
            count: 2,
            minutes: 30,
            service: domain::Service::visit(),
        };
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let now = "2026-03-01T00:00:00Z".parse().unwrap();
        let found = slots_from(&task, &zone, now)
            .map(|slots| slots.iter().map(|s| s.start.to_string()).collect::<Vec<_>>())
            .map_err(|error| error.to_string());
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(found), Err(expected)) => assert_eq!(found, format!("error: {expected}\n")),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn slots_follow_one_another_from_a_moment_in_the_centers_zone() {
        check("2026-12-01T09:00", Ok(&["2026-12-01T08:00:00Z", "2026-12-01T08:30:00Z"]));
        check(
            "2026-03-29T02:30",
            Err("2026-03-29T02:30:00 is skipped, or comes twice, in Europe/Berlin: the clocks \
                 change"),
        );
        check(
            "2026-02-01T09:00",
            Err("2026-02-01T09:00:00 in Europe/Berlin is over, expected a time to come"),
        );
    }
}
