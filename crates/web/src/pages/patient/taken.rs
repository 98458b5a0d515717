//! Somebody else was faster: what is free next.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::published_slot;
use domain::{Refusal, Slot, SlotId};

use super::acting::Acting;
use super::shown::{Others, ShownSlot};
use crate::language::Words;
use crate::page::{Frame, Section, show_with};
use crate::problem::Problem;

/// So many free slots are offered instead, of the same doctor and of others.
const OFFERED: usize = 3;

#[derive(Template)]
#[template(path = "patient/taken.html")]
struct TakenPage {
    frame: Frame,
    what: String,
    next: String,
    doctor: String,
    free: Others,
}

/// The page that says so, with the next free slots of the same doctor and of the others.
pub(super) async fn page(acting: &Acting, slot: SlotId) -> Result<Response, Problem> {
    let wanted = acting.run(published_slot(acting.now(), slot)).await?;
    let wanted = wanted.ok_or_else(|| acting.refused(Refusal::NoSuchSlot))?;
    let doctors = acting.doctors().await?;
    let mut free = acting.free_like(&doctors, &wanted, wanted.start, OFFERED).await?;
    if free.same.is_empty() && free.others.is_empty() {
        free = acting.free_like(&doctors, &wanted, acting.now(), OFFERED).await?;
    }
    let doctor = doctors.name(&wanted.doctor.name);
    let (what, next) = in_words(acting.words(), &wanted, &doctor, &free);
    let frame = acting.frame("taken-title", Section::Slots);
    Ok(show_with(StatusCode::CONFLICT, &TakenPage { frame, what, next, doctor, free }))
}

/// What has happened, and what is free instead.
pub(super) fn in_words(
    words: &Words,
    wanted: &Slot,
    doctor: &str,
    free: &Others,
) -> (String, String) {
    let what = words.tell("taken-what", &[("time", words.time(wanted.start).into())]);
    let day = words.day(wanted.start);
    let time = |slot: &ShownSlot| match slot.day == day {
        true => slot.time.clone(),
        false => format!("{} {}", slot.short_day, slot.time),
    };
    let times: Vec<String> = free.same.iter().take(OFFERED).map(time).collect();
    let next = if !times.is_empty() {
        let with = [("doctor", doctor.into()), ("times", listed(words, &times).into())];
        words.tell("taken-next", &with)
    } else if !free.others.is_empty() {
        words.tell("taken-others", &[("doctor", doctor.into())])
    } else {
        words.say("taken-none")
    };
    (what, next)
}

/// `10:00, 10:30 and 11:00`.
fn listed(words: &Words, texts: &[String]) -> String {
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => {
            let with = [("first", first.join(", ").into()), ("last", last.as_str().into())];
            words.tell("taken-list", &with)
        }
    }
}
