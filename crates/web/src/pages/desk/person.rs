//! One person: who it is, the appointments, and the way to an account of one's own.

use askama::Template;
use axum::Form;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::clinic;
use center::{No, Tending};
use domain::{Appointment, PatientId, PlanName, Refusal, UserName};
use serde::Deserialize;

use super::at_work::{AtDesk, PersonForm, WrongField};
use super::calendar::{Doctors, day_of};
use super::sheet::Who;
use crate::page::{self, Frame, Notice, Section, go_to_saying, show_with};
use crate::problem::{Problem, in_words, status_of};

#[derive(Template)]
#[template(path = "desk/person.html")]
struct PersonPage {
    frame: Frame,
    who: Who,
    person: PersonForm,
    wrong: Option<WrongField>,
    refused: Option<(String, String)>,
    /// A user name as it was typed.
    user: String,
    plans: Vec<String>,
    appointments: Vec<Line>,
}

/// An appointment, in words.
struct Line {
    id: String,
    when: String,
    doctor: String,
    badge: &'static str,
    state: String,
    open: bool,
}

/// A link to choose a password, for reading out or printing; it is shown once.
#[derive(Template)]
#[template(path = "desk/invitation.html")]
struct InvitationPage {
    frame: Frame,
    who: Who,
    user: String,
    link: String,
    expires: String,
}

#[derive(Deserialize)]
pub(super) struct PlanForm {
    #[serde(default)]
    plan: String,
}

#[derive(Deserialize)]
pub(super) struct UserForm {
    #[serde(default)]
    user: String,
}

/// The right to act for the patient of an address.
pub(super) fn tending(at_desk: &AtDesk, patient: &str) -> Result<Tending, Problem> {
    let patient = patient.parse::<PatientId>();
    let patient = patient.map_err(|_| at_desk.refused(Refusal::NoSuchPatient))?;
    at_desk.logged_in.account.tend_for(patient).map_err(|refusal| at_desk.refused(refusal))
}

pub(super) async fn show(
    at_desk: AtDesk,
    Path(patient): Path<String>,
) -> Result<Response, Problem> {
    let page = person_page(&at_desk, &tending(&at_desk, &patient)?).await?;
    Ok(page::show(&page))
}

async fn person_page(at_desk: &AtDesk, tending: &Tending) -> Result<PersonPage, Problem> {
    let record = at_desk.ask(tending.person(at_desk.now())).await?;
    let appointments = at_desk.ask(tending.appointments(at_desk.now())).await?;
    let doctors = Doctors::of(&at_desk.site, at_desk.words()).await?;
    let plans = at_desk.ask(clinic(at_desk.now())).await?.plans;
    let line = |appointment: &Appointment| line(at_desk, &doctors, appointment);
    let frame = at_desk.frame("desk-person-title", Section::People);
    let who = Who::of(at_desk.words(), &record);
    let mut plans: Vec<String> = plans.iter().map(ToString::to_string).collect();
    if !who.plan.is_empty() && !plans.contains(&who.plan) {
        plans.push(who.plan.clone());
    }
    Ok(PersonPage {
        frame,
        person: PersonForm::of(&record.person),
        wrong: None,
        refused: None,
        user: String::new(),
        plans,
        appointments: appointments.iter().map(line).collect(),
        who,
    })
}

fn line(at_desk: &AtDesk, doctors: &Doctors, appointment: &Appointment) -> Line {
    let words = at_desk.words();
    let start = appointment.slot.start;
    let status = appointment.status;
    Line {
        id: appointment.id.to_string(),
        when: format!("{}, {}", words.day(start), words.time(start)),
        doctor: doctors.choice(&appointment.slot.doctor.name).shown,
        badge: status.as_str(),
        state: words.say(&format!("desk-state-{status}")),
        open: status.is_open(),
    }
}

pub(super) async fn change(
    at_desk: AtDesk,
    Path(patient): Path<String>,
    Form(form): Form<PersonForm>,
) -> Result<Response, Problem> {
    let tending = tending(&at_desk, &patient)?;
    let today = day_of(None, at_desk.now(), at_desk.site.zone());
    match form.person(today) {
        Ok(person) => {
            at_desk.ask(at_desk.desk.change_person(tending.patient(), person)).await?;
            Ok(kept(&tending))
        }
        Err(wrong) => {
            let page = person_page(&at_desk, &tending).await?;
            let page = PersonPage { person: form, wrong: Some(wrong), ..page };
            Ok(show_with(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

pub(super) async fn choose_plan(
    at_desk: AtDesk,
    Path(patient): Path<String>,
    Form(form): Form<PlanForm>,
) -> Result<Response, Problem> {
    let tending = tending(&at_desk, &patient)?;
    let plan = match form.plan.as_str() {
        "" => None,
        plan => Some(PlanName::new(plan).map_err(|_| not_understood(&at_desk))?),
    };
    at_desk.ask(tending.choose_plan(plan)).await?;
    Ok(kept(&tending))
}

/// Lets another's account act for this patient.
pub(super) async fn add_to_account(
    at_desk: AtDesk,
    Path(patient): Path<String>,
    Form(form): Form<UserForm>,
) -> Result<Response, Problem> {
    let tending = tending(&at_desk, &patient)?;
    let added = match UserName::new(form.user.trim()) {
        Ok(user) => at_desk.attempt(at_desk.desk.add_dependant(user, tending.patient())).await,
        Err(_) => Err(No::Refused(Refusal::NoSuchPatient)),
    };
    match added {
        Ok(()) => Ok(kept(&tending)),
        Err(no) => refused_page(&at_desk, &tending, form.user, no).await,
    }
}

/// The link is drawn as the answer, and nowhere else: nobody keeps it.
pub(super) async fn invite(
    at_desk: AtDesk,
    Path(patient): Path<String>,
    Form(form): Form<UserForm>,
) -> Result<Response, Problem> {
    let tending = tending(&at_desk, &patient)?;
    let invited = match UserName::new(form.user.trim()) {
        Ok(user) => {
            let errand = at_desk.desk.invite(at_desk.present(), user, tending.patient());
            at_desk.attempt(errand).await
        }
        Err(_) => Err(No::Refused(Refusal::NotUnderstood)),
    };
    let invitation = match invited {
        Ok(invitation) => invitation,
        Err(no) => return refused_page(&at_desk, &tending, form.user, no).await,
    };
    let words = at_desk.words();
    let record = at_desk.ask(tending.person(at_desk.now())).await?;
    let expires = invitation.expires;
    let page = InvitationPage {
        frame: at_desk.frame("desk-invitation-title", Section::People),
        who: Who::of(words, &record),
        user: invitation.user.to_string(),
        link: format!("{}/password/{}", at_desk.site.url, invitation.code.expose()),
        expires: format!("{}, {}", words.day(expires), words.time(expires)),
    };
    Ok(page::show(&page))
}

async fn refused_page(
    at_desk: &AtDesk,
    tending: &Tending,
    user: String,
    no: No,
) -> Result<Response, Problem> {
    let page = person_page(at_desk, tending).await?;
    let refused = match no {
        No::Refused(Refusal::NoSuchPatient) => {
            let words = at_desk.words();
            (words.say("desk-no-such-account"), words.say("desk-no-such-account-next"))
        }
        no => in_words(at_desk.words(), no),
    };
    Ok(show_with(status_of(no), &PersonPage { user, refused: Some(refused), ..page }))
}

fn kept(tending: &Tending) -> Response {
    let path = format!("/desk/people/{}", tending.patient());
    go_to_saying(&path, Notice("notice-desk-person-kept"))
}

fn not_understood(at_desk: &AtDesk) -> Problem {
    Problem::not_understood(at_desk.words().clone())
}
