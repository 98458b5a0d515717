//! Finding a slot.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::Site;
use crate::page::{self, Frame, Section};
use crate::problem::Problem;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "anyone/slots.html")]
struct SlotsPage {
    frame: Frame,
}

pub(crate) async fn show(_: State<Arc<Site>>, visitor: Visitor) -> Result<Response, Problem> {
    let frame = Frame::of(&visitor, None, "slots-title", Section::Slots);
    Ok(page::show(&SlotsPage { frame }))
}
