//! Deciding: slots are kept for a while, and booked or let go.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use center::No;
use center::errand::{HoldRecord, published_slot};
use domain::{Refusal, Slot, SlotId};
use serde::Deserialize;

use super::acting::Acting;
use super::price::Price;
use super::shown::{Doctors, ShownSlot};
use super::{held, slot_of, taken};
use crate::Site;
use crate::cookies::{self, Keep};
use crate::page::{self, Frame, Notice, Section, go_to, go_to_saying, show_with};
use crate::pages::{fresh_request, request_of};
use crate::problem::{Problem, in_words, status_of};
use crate::visitor::{LoggedIn, Visitor};

/// So long, in seconds, a stranger may take to log in before the wanted slot is forgotten.
const WANTED_KEPT: u32 = 15 * 60;

#[derive(Template)]
#[template(path = "patient/deciding.html")]
struct DecidingPage {
    frame: Frame,
    /// Why something did not work, and what to do next; `None` at first.
    refused: Option<(String, String)>,
    /// For whom; `None` where it can be about one patient only.
    whose: Option<String>,
    /// The patient, for the forms.
    patient: String,
    held: Vec<Held>,
    /// What somebody reached for in vain, to be tried again.
    wanted: Option<Wanted>,
    /// What was held until lately.
    lapsed: Vec<ShownSlot>,
}

/// A slot that waits for the patient.
struct Held {
    slot: ShownSlot,
    price: Price,
    /// Until when, as the clocks show it.
    until: String,
    /// The same in milliseconds since 1970, for the script that counts down.
    until_ms: i64,
    /// What the form that books it is told apart by.
    request: String,
}

struct Wanted {
    slot: ShownSlot,
    /// The request id of a booking whose outcome is unknown; `None` for a hold.
    request: Option<String>,
}

/// What was tried when something was refused.
enum Tried {
    Nothing,
    Hold(SlotId),
    /// With its request id, where the form has to be sent again with the same.
    Book(SlotId, Option<String>),
}

#[derive(Deserialize)]
pub(crate) struct SlotForm {
    #[serde(default)]
    slot: String,
    /// Whose hold it is; empty for the patient who was chosen.
    #[serde(default)]
    patient: String,
}

#[derive(Deserialize)]
pub(crate) struct BookForm {
    #[serde(default)]
    slot: String,
    /// For whom; empty for the patient who was chosen.
    #[serde(default)]
    patient: String,
    #[serde(default)]
    request: String,
}

/// Holds a slot for a patient; a stranger logs in first.
pub(crate) async fn hold(
    State(site): State<Arc<Site>>,
    mut visitor: Visitor,
    Form(form): Form<SlotForm>,
) -> Result<Response, Problem> {
    let no_such_slot = No::Refused(Refusal::NoSuchSlot);
    let slot = slot_of(&form.slot);
    let slot = slot.ok_or_else(|| Problem::of(visitor.words.clone(), no_such_slot))?;
    match visitor.account.take() {
        Some(account) => {
            let acting = Acting::of(site, LoggedIn { visitor, account }).await?;
            try_hold(&acting, slot).await
        }
        None => {
            let mut response = go_to(if visitor.session_over { "/log-in?over" } else { "/log-in" });
            let keep = Keep::Seconds(WANTED_KEPT);
            cookies::set(response.headers_mut(), cookies::WANTED, &slot.to_string(), keep);
            Ok(response)
        }
    }
}

/// What is held; a slot that was wanted before the log-in is held first.
pub(crate) async fn show(acting: Acting) -> Result<Response, Problem> {
    let Some(wanted) = cookies::read(&acting.visitor().headers, cookies::WANTED) else {
        return page(&acting, None, Tried::Nothing).await;
    };
    let tried = match slot_of(wanted) {
        Some(slot) => try_hold(&acting, slot).await,
        None => page(&acting, None, Tried::Nothing).await,
    };
    let mut response = tried.unwrap_or_else(Problem::into_response);
    cookies::clear(response.headers_mut(), cookies::WANTED);
    Ok(response)
}

async fn try_hold(acting: &Acting, slot: SlotId) -> Result<Response, Problem> {
    match acting.try_to(acting.tending.hold(acting.now(), slot)).await {
        Ok(_) => {
            let mut response = go_to("/deciding");
            held::remember(&acting.visitor().headers, &mut response, slot);
            Ok(response)
        }
        Err(No::Refused(Refusal::SlotTaken)) => taken::page(acting, slot).await,
        Err(no) => page(acting, Some(no), Tried::Hold(slot)).await,
    }
}

pub(crate) async fn book(acting: Acting, Form(form): Form<BookForm>) -> Result<Response, Problem> {
    let acting = acting.about(&form.patient)?;
    let slot = slot_of(&form.slot).ok_or_else(|| acting.refused(Refusal::NoSuchSlot))?;
    let (present, rules) = (&acting.visitor().present, &acting.site.rules);
    let request = request_of(&form.request);
    let booking = acting.tending.book(present, rules, slot, request.clone());
    match acting.try_to(booking).await {
        Ok(appointment) => {
            let path = format!("/appointments/{}", appointment.id);
            let mut response = go_to_saying(&path, Notice("notice-my-booked"));
            held::forget(&acting.visitor().headers, &mut response, slot);
            Ok(response)
        }
        Err(No::Refused(Refusal::SlotTaken)) => taken::page(&acting, slot).await,
        Err(no) => {
            let again = (no == No::Unknown).then(|| request.to_string());
            page(&acting, Some(no), Tried::Book(slot, again)).await
        }
    }
}

pub(crate) async fn release(
    acting: Acting,
    Form(form): Form<SlotForm>,
) -> Result<Response, Problem> {
    let acting = acting.about(&form.patient)?;
    let slot = slot_of(&form.slot).ok_or_else(|| acting.refused(Refusal::NoSuchSlot))?;
    acting.run(acting.tending.release(slot)).await?;
    let mut response = go_to_saying("/deciding", Notice("notice-my-released"));
    held::forget(&acting.visitor().headers, &mut response, slot);
    Ok(response)
}

/// The price of the slot that is held at a place of the page, as a fragment of it.
pub(crate) async fn price(acting: Acting, Path(place): Path<usize>) -> Result<Response, Problem> {
    let holds = acting.run(acting.tending.holds(acting.now())).await?;
    let hold = holds.get(place).ok_or_else(|| Problem::not_found(acting.words().clone()))?;
    Ok(page::show(&acting.price(&hold.slot).await.again_at(price_path(place), "/deciding")))
}

fn price_path(place: usize) -> String {
    format!("/deciding/price/{place}")
}

async fn page(acting: &Acting, no: Option<No>, tried: Tried) -> Result<Response, Problem> {
    let holds = acting.run(acting.tending.holds(acting.now())).await?;
    let doctors = acting.doctors().await?;
    // Of a slot that has begun, or was withdrawn, there is nothing to try again.
    let wanted = wanted(acting, &doctors, &holds, &tried).await?;
    let frame = acting.frame("deciding-title", Section::Slots);
    let lapsed = lapsed(acting, &doctors, &holds, &tried).await?;
    let held = held_slots(acting, &doctors, holds, &tried).await;
    let refused = no.map(|no| in_words(acting.words(), no));
    let status = no.map_or(StatusCode::OK, status_of);
    let (whose, patient) = (acting.whose(), acting.tending.patient().to_string());
    let drawn = DecidingPage { frame, refused, whose, patient, held, wanted, lapsed };
    Ok(show_with(status, &drawn))
}

async fn held_slots(
    acting: &Acting,
    doctors: &Doctors,
    holds: Vec<HoldRecord>,
    tried: &Tried,
) -> Vec<Held> {
    let slots: Vec<&Slot> = holds.iter().map(|hold| &hold.slot).collect();
    let prices = acting.prices(&slots).await;
    let words = acting.words();
    let request = |slot: SlotId| match tried {
        Tried::Book(tried, Some(request)) if *tried == slot => request.clone(),
        _ => fresh_request(),
    };
    let held = |(place, (hold, price)): (usize, (&HoldRecord, Price))| Held {
        slot: doctors.show(words, &hold.slot),
        price: price.again_at(price_path(place), "/deciding"),
        until: words.time(hold.expires),
        until_ms: hold.expires.as_millisecond(),
        request: request(hold.slot.id),
    };
    holds.iter().zip(prices).enumerate().map(held).collect()
}

/// What was tried, where it is not held and can be tried again.
async fn wanted(
    acting: &Acting,
    doctors: &Doctors,
    holds: &[HoldRecord],
    tried: &Tried,
) -> Result<Option<Wanted>, Problem> {
    let (slot, request) = match tried {
        Tried::Nothing => return Ok(None),
        Tried::Hold(slot) => (*slot, None),
        Tried::Book(slot, request) => (*slot, request.clone()),
    };
    if holds.iter().any(|hold| hold.slot.id == slot) {
        return Ok(None);
    }
    let found = acting.run(published_slot(acting.now(), slot)).await?;
    let shown = found.map(|slot| doctors.show(acting.words(), &slot));
    Ok(shown.map(|slot| Wanted { slot, request }))
}

/// What this browser held until lately, and nobody can tell what has become of it.
async fn lapsed(
    acting: &Acting,
    doctors: &Doctors,
    holds: &[HoldRecord],
    tried: &Tried,
) -> Result<Vec<ShownSlot>, Problem> {
    let tried = match tried {
        Tried::Nothing => None,
        Tried::Hold(slot) | Tried::Book(slot, _) => Some(*slot),
    };
    let mut lapsed = Vec::new();
    for slot in held::lately(&acting.visitor().headers) {
        if tried == Some(slot) || holds.iter().any(|hold| hold.slot.id == slot) {
            continue;
        }
        let found = acting.run(published_slot(acting.now(), slot)).await?;
        lapsed.extend(found.map(|slot| doctors.show(acting.words(), &slot)));
    }
    Ok(lapsed)
}
