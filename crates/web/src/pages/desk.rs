//! The front desk's pages: a day's sheet, booking for somebody on the phone, people.

mod appointment;
mod at_work;
mod booking;
mod calendar;
mod choosing;
mod marking;
mod people;
mod person;
mod reaching;
mod sheet;
mod week;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::Site;
use crate::page::go_to;

pub(crate) use self::calendar::{DoctorChoice, Doctors, bounds, day_of};
pub(crate) use self::sheet::{Who, block_line};

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/desk", get(sheet::show))
        .route("/desk/rows", get(sheet::rows))
        .route("/desk/week", get(week::show))
        .route("/desk/week/rows", get(week::rows))
        .route("/desk/mark", post(marking::mark))
        .route("/desk/book", get(async || go_to("/desk")).post(booking::book))
        .route("/desk/people", get(people::show).post(people::find))
        .route("/desk/people/add", get(async || go_to("/desk/people")).post(people::add))
        .route("/desk/people/{patient}", get(person::show).post(person::change))
        .route("/desk/people/{patient}/plan", post(person::choose_plan))
        .route("/desk/people/{patient}/account", post(person::add_to_account))
        .route("/desk/people/{patient}/invitation", post(person::invite))
        .route("/desk/people/{patient}/{appointment}", get(appointment::show))
        .route(
            "/desk/people/{patient}/{appointment}/cancel",
            get(appointment::ask_to_cancel).post(appointment::cancel),
        )
        .route(
            "/desk/people/{patient}/{appointment}/move",
            get(choosing::show).post(choosing::change),
        )
}
