//! Taking a stretch of a doctor's time off the calendar, and putting it back.

use askama::Template;
use axum::Form;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::{Place, Window};
use domain::{BlockId, DoctorName, Reason};
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;

use super::AtSchedule;
use super::overview::{BlockFields, SchedulePage, schedule_page};
use crate::language::Words;
use crate::page::{self, Frame, Notice, go_to_saying, show_with};
use crate::pages::desk::Doctors;
use crate::pages::doctor_key;
use crate::problem::{Problem, in_words, status_of};

/// The longest stretch that is blocked at once: two years.
const BLOCKED_MAX: jiff::SignedDuration = jiff::SignedDuration::from_hours(2 * 366 * 24);

#[derive(Template)]
#[template(path = "schedule/blocked.html")]
struct BlockedPage {
    frame: Frame,
    doctor: String,
    key: String,
    from: String,
    until: String,
    booked: Vec<Booked>,
    /// Whether whoever sees this may know who comes.
    may_move: bool,
}

/// Somebody who comes in time that is blocked.
struct Booked {
    when: String,
    /// Who, and where to move it; empty for those who only see to doctors' time.
    who: String,
    path: String,
}

/// A stretch of a doctor's time, as an address names it.
#[derive(Deserialize)]
pub(super) struct Stretch {
    doctor: String,
    /// In seconds since 1970.
    from: i64,
    until: i64,
}

#[derive(Deserialize)]
pub(super) struct OpenForm {
    doctor: String,
    block: i64,
}

pub(super) async fn block(
    at: AtSchedule,
    Form(form): Form<BlockFields>,
) -> Result<Response, Problem> {
    let doctor = at.doctor(&form.doctor)?;
    let page = schedule_page(&at, |doctors| Some(doctors.choice(&doctor))).await?;
    let page = SchedulePage { block: form, ..page };
    let (window, reason) = match understood(&at, &page.block) {
        Ok(understood) => understood,
        Err(wrong) => {
            let words = at.words();
            let refused = Some((words.say(wrong), words.say("schedule-wrong-next")));
            let page = SchedulePage { refused, ..page };
            return Ok(show_with(StatusCode::UNPROCESSABLE_ENTITY, &page));
        }
    };
    match at.attempt(at.schedule.block(doctor.clone(), window, reason)).await {
        Ok(_) => {
            let (from, until) = (window.from.as_second(), window.until.as_second());
            let key = doctor_key(&doctor);
            let path = format!("/schedule/blocked?doctor={key}&from={from}&until={until}");
            Ok(go_to_saying(&path, Notice("notice-schedule-blocked")))
        }
        Err(no) => {
            let refused = Some(in_words(at.words(), no));
            Ok(show_with(status_of(no), &SchedulePage { refused, ..page }))
        }
    }
}

/// The stretch and the reason, else the message of what is wrong.
fn understood(
    at: &AtSchedule,
    form: &BlockFields,
) -> Result<(Window, Option<Reason>), &'static str> {
    let moment = |text: &str| -> Option<Timestamp> {
        let civil: DateTime = text.trim().parse().ok()?;
        at.site.zone().to_timestamp(civil).ok()
    };
    let from = moment(&form.from).ok_or("schedule-wrong-form")?;
    let until = moment(&form.until).ok_or("schedule-wrong-form")?;
    if until <= from {
        return Err("schedule-wrong-times");
    }
    if until.duration_since(from) > BLOCKED_MAX {
        return Err("schedule-wrong-year");
    }
    let reason = match form.reason.trim() {
        "" => None,
        text => Some(Reason::new(text).map_err(|_| "desk-reason-wrong")?),
    };
    Ok((Window { from, until }, reason))
}

/// What is booked in a stretch of a doctor's time, for whoever moves it elsewhere.
pub(super) async fn show(
    at: AtSchedule,
    Query(stretch): Query<Stretch>,
) -> Result<Response, Problem> {
    let words = at.words();
    let wrong = || Problem::not_found(words.clone());
    let from = Timestamp::from_second(stretch.from).map_err(|_| wrong())?;
    let until = Timestamp::from_second(stretch.until).map_err(|_| wrong())?;
    if until <= from || until.duration_since(from) > BLOCKED_MAX {
        return Err(wrong());
    }
    let doctors = Doctors::of(&at.site, words).await?;
    let doctor = doctors.by_key(&stretch.doctor).ok_or_else(wrong)?;
    let window = Window { from, until };
    let may_move = at.logged_in.account.desk().is_ok();
    let page = BlockedPage {
        frame: at.frame("schedule-blocked-title"),
        doctor: doctor.shown.clone(),
        key: doctor.key.clone(),
        from: moment(words, from),
        until: moment(words, until),
        booked: booked_within(&at, &doctor.name, window).await?,
        may_move,
    };
    Ok(page::show(&page))
}

/// Who comes then, for the front desk; for others only when.
async fn booked_within(
    at: &AtSchedule,
    doctor: &DoctorName,
    window: Window,
) -> Result<Vec<Booked>, Problem> {
    let words = at.words();
    let Ok(desk) = at.logged_in.account.desk() else {
        let calendar = at.ask(at.schedule.calendar(at.now(), doctor.clone(), window)).await?;
        let booked = calendar.slots.iter().filter(|published| published.booked);
        let line = |published: &center::errand::Published| Booked {
            when: moment(words, published.slot.start),
            who: String::new(),
            path: String::new(),
        };
        return Ok(booked.map(line).collect());
    };
    let bounds = (window.from, window.until);
    let sheet = at.ask(desk.sheet(at.now(), Some(doctor.clone()), bounds)).await?;
    let line = |row: &center::errand::SheetRow| match &row.place {
        Place::Booked { appointment, who } if appointment.status.is_open() => {
            let person = crate::pages::desk::Who::of(words, who);
            let path = format!("/desk/people/{}/{}/move", person.patient, appointment.id);
            Some(Booked { when: moment(words, row.slot.start), who: person.name, path })
        }
        Place::Booked { .. } | Place::Free | Place::Held { .. } => None,
    };
    Ok(sheet.rows.iter().filter_map(line).collect())
}

fn moment(words: &Words, moment: Timestamp) -> String {
    format!("{}, {}", words.day(moment), words.time(moment))
}

pub(super) async fn open(at: AtSchedule, Form(form): Form<OpenForm>) -> Result<Response, Problem> {
    let doctor = at.doctor(&form.doctor)?;
    at.ask(at.schedule.open(BlockId(form.block))).await?;
    let path = format!("/schedule?doctor={}", doctor_key(&doctor));
    Ok(go_to_saying(&path, Notice("notice-schedule-opened")))
}
