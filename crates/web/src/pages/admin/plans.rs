//! The plans that are offered for choosing.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use center::errand::clinic;
use domain::PlanName;
use serde::Deserialize;

use super::{NotDone, Overseer, Tab, status_of, tabs_of_doctors};
use crate::Site;
use crate::page::{Frame, Notice, Section, go_to_saying, show_with};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/plans.html")]
struct PlansPage {
    frame: Frame,
    tabs: Vec<Tab>,
    not_done: Option<NotDone>,
    plans: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Typed {
    plans: String,
}

pub(crate) async fn show(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
) -> Result<Response, Problem> {
    let clinic = site.runtime.run(clinic(overseer.visitor().now())).await;
    let plans = clinic.map_err(|no| overseer.problem(no))?.plans;
    let plans: Vec<String> = plans.into_iter().map(String::from).collect();
    Ok(page(&overseer, None, plans.join("\n")))
}

pub(crate) async fn offer(
    State(site): State<Arc<Site>>,
    overseer: Overseer,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let plans = match understood(&typed.plans) {
        Ok(plans) => plans,
        Err(line) => {
            let words = overseer.words();
            let not_done = NotDone {
                what: words.tell("plans-not-a-name", &[("line", line.to_string().into())]),
                next: words.say("plans-not-a-name-next"),
                status: StatusCode::UNPROCESSABLE_ENTITY,
            };
            return Ok(page(&overseer, Some(not_done), typed.plans));
        }
    };
    match site.runtime.run(overseer.oversight.offer_plans(plans)).await {
        Ok(()) => Ok(go_to_saying("/admin/plans", Notice("notice-plans-offered"))),
        Err(no) => Ok(page(&overseer, Some(NotDone::of(&overseer, no)?), typed.plans)),
    }
}

/// One plan a line, each once; or the number of the first line that is none.
fn understood(text: &str) -> Result<Vec<PlanName>, usize> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty());
    let plans = lines.map(|(at, line)| PlanName::new(line).map_err(|_| at + 1));
    let mut plans = plans.collect::<Result<Vec<_>, _>>()?;
    plans.sort_unstable();
    plans.dedup();
    Ok(plans)
}

fn page(overseer: &Overseer, not_done: Option<NotDone>, plans: String) -> Response {
    let page = PlansPage {
        frame: overseer.frame("plans-title", Section::Doctors),
        tabs: tabs_of_doctors(overseer.words(), "/admin/plans"),
        not_done,
        plans,
    };
    show_with(status_of(page.not_done.as_ref()), &page)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[&str], usize>) {
        let found = understood(text)
            .map(|plans| plans.into_iter().map(String::from).collect::<Vec<String>>());
        let expected = expected.map(|plans| plans.iter().map(ToString::to_string).collect());
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn plans_are_lines_each_once() {
        check("gold\r\n silver \n\ngold\n", Ok(&["gold", "silver"]));
        check("", Ok(&[]));
        check("gold\n\ntwo words", Err(3));
    }
}
