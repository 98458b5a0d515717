//! The patient's own data, for whom somebody acts, and the plan.

use askama::Template;
use axum::Form;
use axum::http::StatusCode;
use axum::response::Response;
use center::No;
use center::errand::clinic;
use domain::{PatientId, PlanName, Refusal, Relation};
use serde::Deserialize;

use super::acting::Acting;
use crate::cookies::{self, Keep};
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::problem::{Problem, in_words, status_of};

#[derive(Template)]
#[template(path = "patient/me.html")]
struct MePage {
    frame: Frame,
    /// Why it did not work, and what to do next; `None` at first.
    refused: Option<(String, String)>,
    /// What the account logs in with.
    user: String,
    /// Empty when it is not known.
    name: String,
    /// Empty when it is not known.
    birth_date: String,
    /// Empty when it is not known.
    contact: String,
    /// The patient, for the forms.
    patient: String,
    /// The plan in force, or what was typed instead.
    plan: String,
    is_plan_wrong: bool,
    /// What the clinic offers to choose from.
    plans: Vec<PlanName>,
    household: Vec<Member>,
}

struct Member {
    patient: PatientId,
    name: String,
    relation: String,
    is_chosen: bool,
}

#[derive(Deserialize)]
pub(crate) struct PlanForm {
    #[serde(default)]
    plan: String,
    /// Whose plan; empty for the patient who was chosen.
    #[serde(default)]
    patient: String,
}

#[derive(Deserialize)]
pub(crate) struct PatientForm {
    #[serde(default)]
    patient: String,
}

/// A plan that was typed and not kept.
struct Typed {
    plan: String,
    /// What was said to it; `None` when it can be no plan's name.
    no: Option<No>,
}

pub(crate) async fn show(acting: Acting) -> Result<Response, Problem> {
    page(&acting, None).await
}

/// Keeps the plan; an empty one is forgotten.
pub(crate) async fn choose_plan(
    acting: Acting,
    Form(form): Form<PlanForm>,
) -> Result<Response, Problem> {
    let acting = acting.about(&form.patient)?;
    let (plan, notice) = match form.plan.trim() {
        "" => (None, "notice-my-plan-forgotten"),
        text => match PlanName::new(text) {
            Ok(plan) => (Some(plan), "notice-my-plan-chosen"),
            Err(_) => return page(&acting, Some(Typed { plan: form.plan, no: None })).await,
        },
    };
    match acting.try_to(acting.tending.choose_plan(plan)).await {
        Ok(()) => Ok(go_to_saying("/me", Notice(notice))),
        Err(no) => page(&acting, Some(Typed { plan: form.plan, no: Some(no) })).await,
    }
}

/// Acts for another patient of the household from now on, in this browser.
pub(crate) async fn choose_patient(
    acting: Acting,
    Form(form): Form<PatientForm>,
) -> Result<Response, Problem> {
    let chosen = form.patient.parse::<PatientId>().ok();
    let chosen = chosen.and_then(|patient| acting.account().tend_for(patient).ok());
    let chosen = chosen.ok_or_else(|| acting.refused(Refusal::NoSuchPatient))?;
    let mut response = go_to_saying("/me", Notice("notice-my-patient-chosen"));
    let patient = chosen.patient().to_string();
    cookies::set(response.headers_mut(), cookies::PATIENT, &patient, Keep::UntilClosed);
    Ok(response)
}

async fn page(acting: &Acting, typed: Option<Typed>) -> Result<Response, Problem> {
    let words = acting.words();
    let record = acting.run(acting.tending.person(acting.now())).await?;
    let clinic = acting.run(clinic(acting.now())).await?;
    let (status, refused, is_plan_wrong) = match &typed {
        None => (StatusCode::OK, None, false),
        Some(Typed { no: None, .. }) => (StatusCode::UNPROCESSABLE_ENTITY, None, true),
        Some(Typed { no: Some(no), .. }) => (status_of(*no), Some(in_words(words, *no)), false),
    };
    let chosen = acting.tending.patient();
    let household = acting.household.iter().map(|member| Member {
        patient: member.patient,
        name: acting.name_of(member),
        relation: words.say(match member.relation {
            Relation::Myself => "me-relation-myself",
            Relation::Dependant => "me-relation-dependant",
        }),
        is_chosen: member.patient == chosen,
    });
    let person = record.person;
    let plan = typed.map(|typed| typed.plan).or_else(|| record.plan.map(String::from));
    let me = MePage {
        patient: acting.tending.patient().to_string(),
        frame: acting.frame("me-title", Section::Me),
        refused,
        user: acting.account().user().to_string(),
        name: person.name.map_or_else(String::new, String::from),
        birth_date: person.birth_date.map_or_else(String::new, |born| words.date(born.date())),
        contact: person.contact.map_or_else(String::new, String::from),
        plan: plan.unwrap_or_default(),
        is_plan_wrong,
        plans: clinic.plans,
        household: household.collect(),
    };
    Ok(show_with(status, &me))
}
