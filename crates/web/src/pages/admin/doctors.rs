//! The doctors: whether they have enrolled and answer, and how they are shown to people.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::response::Response;
use center::No;
use center::errand::{DoctorRecord, clinic};
use domain::{DoctorName, PersonName, Refusal, Specialty};
use jiff::{SignedDuration, Timestamp};
use runtime::estimates::DoctorHealth;
use serde::Deserialize;

use super::secrets::{self, Secret};
use super::{Moment, NotDone, Overseer, Tab, status_of, tabs_of_doctors};
use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::pages::doctor_key;
use crate::problem::Problem;

/// A doctor who asked for news this lately is in touch: they ask every two seconds.
const IN_TOUCH: SignedDuration = SignedDuration::from_secs(15);

#[derive(Template)]
#[template(path = "admin/doctors.html")]
struct DoctorsPage {
    frame: Frame,
    tabs: Vec<Tab>,
    not_done: Option<NotDone>,
    doctors: Vec<Card>,
}

/// A doctor, as shown.
struct Card {
    name: String,
    /// What stands for the doctor in addresses and in the ids of the page.
    key: String,
    /// What people call the doctor, as far as it is said.
    shown_name: String,
    specialty: String,
    /// Whether the form is open, because of what was typed into it.
    open: bool,
    enrolment: Enrolment,
    seen: Option<Moment>,
    /// How it is with the doctor, and the badge that says so.
    state: (&'static str, String),
    answered: Option<(Moment, String)>,
    /// How often it was silent since; `None` for never.
    silent: Option<String>,
    /// Where the doctor's patients and time are, as far as the account may see them.
    sheet: bool,
    schedule: bool,
}

/// How far a doctor has enrolled.
struct Enrolment {
    /// Since when; `None` for never.
    since: Option<Moment>,
    /// Since when a code waits; `None` when none does.
    code_waits: Option<Moment>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Description {
    doctor: String,
    shown_name: String,
    specialty: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Which {
    doctor: String,
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
) -> Result<Response, Problem> {
    page(&site, &overseer, None, None).await
}

pub(crate) async fn describe(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(typed): Form<Description>,
) -> Result<Response, Problem> {
    let Some((doctor, shown_name, specialty)) = understood(&typed) else {
        let not_done = NotDone::in_form(overseer.words(), "doctors-not-printable");
        return page(&site, &overseer, Some(not_done), Some(typed)).await;
    };
    let errand = overseer.oversight.describe_doctor(doctor, shown_name, specialty);
    match site.runtime.run(errand).await {
        Ok(()) => Ok(go_to_saying("/admin/doctors", Notice("notice-doctor-described"))),
        Err(no) => {
            let not_done = NotDone::of(&overseer, no)?;
            page(&site, &overseer, Some(not_done), Some(typed)).await
        }
    }
}

pub(crate) async fn offer(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(which): Form<Which>,
) -> Result<Response, Problem> {
    let offered = match DoctorName::new(which.doctor.trim()) {
        Ok(doctor) => {
            let offer =
                overseer.oversight.offer_enrolment(&overseer.visitor().present, doctor.clone());
            site.runtime.run(offer).await.map(|code| (doctor, code))
        }
        Err(_) => Err(No::Refused(Refusal::NoSuchDoctor)),
    };
    match offered {
        Ok((doctor, code)) => {
            let secret = Secret::EnrolmentCode { doctor, code, center: site.center.clone() };
            Ok(secrets::show(&overseer, "doctors-code-title", Section::Doctors, secret))
        }
        Err(no) => {
            let not_done = match no {
                No::Refused(Refusal::UserNameTaken) => {
                    NotDone::in_form(overseer.words(), "doctors-account-taken")
                }
                no => NotDone::of(&overseer, no)?,
            };
            page(&site, &overseer, Some(not_done), None).await
        }
    }
}

/// What was typed, as values; `None` for what nobody could read.
fn understood(typed: &Description) -> Option<(DoctorName, Option<PersonName>, Option<Specialty>)> {
    let shown_name = match typed.shown_name.trim() {
        "" => None,
        text => Some(PersonName::new(text).ok()?),
    };
    let specialty = match typed.specialty.trim() {
        "" => None,
        text => Some(Specialty::new(text).ok()?),
    };
    Some((DoctorName::new(typed.doctor.trim()).ok()?, shown_name, specialty))
}

async fn page(
    site: &Site,
    overseer: &Overseer,
    not_done: Option<NotDone>,
    typed: Option<Description>,
) -> Result<Response, Problem> {
    let clinic = site.runtime.run(clinic(overseer.visitor().now())).await;
    let clinic = clinic.map_err(|no| overseer.problem(no))?;
    let health = site.estimates.health();
    let mut doctors: Vec<Card> =
        clinic.doctors.into_iter().map(|record| card(site, overseer, &health, record)).collect();
    if let Some(typed) = typed
        && let Some(card) = doctors.iter_mut().find(|card| card.name == typed.doctor)
    {
        card.shown_name = typed.shown_name;
        card.specialty = typed.specialty;
        card.open = true;
    }
    let page = DoctorsPage {
        frame: overseer.frame("doctors-title", Section::Doctors),
        tabs: tabs_of_doctors(overseer.words(), "/admin/doctors"),
        not_done,
        doctors,
    };
    Ok(show_with(status_of(page.not_done.as_ref()), &page))
}

fn card(
    site: &Site,
    overseer: &Overseer,
    health: &BTreeMap<DoctorName, DoctorHealth>,
    record: DoctorRecord,
) -> Card {
    let (words, now) = (overseer.words(), overseer.visitor().now());
    let name = &record.doctor.name;
    let moment = |at: Timestamp| Moment::of(words, at, now);
    let last_seen = site.runtime.last_seen(name);
    let health = health.get(name).copied().unwrap_or_default();
    let took = health.answer_time.map_or(0, |took| took.as_millis());
    let took = words.count("doctors-took", usize::try_from(took).unwrap_or(usize::MAX));
    let silent = usize::try_from(health.silent).unwrap_or(usize::MAX);
    Card {
        key: doctor_key(name),
        state: state(words, &record, last_seen, &health, now),
        enrolment: Enrolment {
            since: record.registered.map(moment),
            code_waits: record.enrolment_offered.map(moment),
        },
        seen: last_seen.map(moment),
        answered: health.last_answer.map(|at| (moment(at), took)),
        silent: (silent > 0).then(|| words.count("doctors-silent-times", silent)),
        sheet: overseer.logged_in.account.desk().is_ok(),
        schedule: overseer.logged_in.account.schedule().is_ok(),
        open: false,
        shown_name: record.shown_name.map(String::from).unwrap_or_default(),
        specialty: record.specialty.map(String::from).unwrap_or_default(),
        name: record.doctor.name.into(),
    }
}

/// How it is with a doctor in two words, and the badge for it.
fn state(
    words: &Words,
    record: &DoctorRecord,
    last_seen: Option<Timestamp>,
    health: &DoctorHealth,
    now: Timestamp,
) -> (&'static str, String) {
    let lately = |at: Timestamp| now.duration_since(at) < IN_TOUCH;
    let (badge, id) = match record.registered {
        None => ("held", "doctors-never-enrolled"),
        Some(_) if health.silent > 0 => ("no-show", "doctors-silent"),
        Some(_) if last_seen.is_some_and(lately) => ("free", "doctors-in-touch"),
        Some(_) => ("cancelled", "doctors-away"),
    };
    (badge, words.say(id))
}
