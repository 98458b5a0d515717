//! Doctors' time: what is published, what is blocked.

mod blocking;
mod overview;
mod publishing;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::routing::{get, post};
use center::{Errand, No, Scheduling};
use domain::{DoctorName, Refusal, Right};

use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Section, go_to};
use crate::problem::Problem;
use crate::visitor::LoggedIn;

pub(crate) fn routes() -> Router<Arc<Site>> {
    Router::new()
        .route("/schedule", get(overview::show))
        .route("/schedule/publish", get(async || go_to("/schedule")).post(publishing::publish))
        .route("/schedule/block", get(async || go_to("/schedule")).post(blocking::block))
        .route("/schedule/blocked", get(blocking::show))
        .route("/schedule/open", post(blocking::open))
}

/// Somebody who sees to doctors' time; nobody else gets further than this.
struct AtSchedule {
    site: Arc<Site>,
    logged_in: LoggedIn,
    schedule: Scheduling,
}

impl AtSchedule {
    fn words(&self) -> &Words {
        &self.logged_in.visitor.words
    }

    fn now(&self) -> jiff::Timestamp {
        self.logged_in.visitor.now()
    }

    fn frame(&self, title: &str) -> Frame {
        Frame::of_logged_in(&self.logged_in, title, Section::Schedule)
    }

    async fn ask<T: Send + 'static>(&self, errand: Errand<T>) -> Result<T, Problem> {
        self.attempt(errand).await.map_err(|no| Problem::of(self.words().clone(), no))
    }

    async fn attempt<T: Send + 'static>(&self, errand: Errand<T>) -> Result<T, No> {
        self.site.runtime.run(errand).await
    }

    fn doctor(&self, name: &str) -> Result<DoctorName, Problem> {
        let none = No::Refused(Refusal::NoSuchDoctor);
        DoctorName::new(name).map_err(|_| Problem::of(self.words().clone(), none))
    }
}

impl FromRequestParts<Arc<Site>> for AtSchedule {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let logged_in = LoggedIn::from_request_parts(parts, site).await?;
        let refused = |refusal| logged_in.without(site, Right::Schedule, refusal);
        let schedule = logged_in.account.schedule().map_err(refused)?;
        Ok(Self { site: site.clone(), logged_in, schedule })
    }
}
