//! Somebody who has logged in and acts for a patient, as the patient's pages need to know it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use center::errand::MemberRecord;
use center::{Account, Errand, No, Tending};
use domain::{PatientId, PlanName, Refusal, Right};
use jiff::Timestamp;

use crate::Site;
use crate::language::Words;
use crate::page::{Frame, Section};
use crate::pages::acting_for;
use crate::problem::Problem;
use crate::visitor::{LoggedIn, Visitor};

/// Whoever acts for a patient.
pub(super) struct Acting {
    pub(super) site: Arc<Site>,
    pub(super) by: LoggedIn,
    /// For the patient who was chosen.
    pub(super) tending: Tending,
    /// Everybody for whom the account acts.
    pub(super) household: Vec<MemberRecord>,
}

impl Acting {
    /// # Errors
    /// For an account that acts for no patient.
    pub(super) async fn of(site: Arc<Site>, by: LoggedIn) -> Result<Self, Problem> {
        let words = &by.visitor.words;
        let tending = acting_for(&by.account, &by.visitor.headers);
        let not_allowed = || by.without(&site, Right::TendOwn, Refusal::NotAllowed);
        let tending = tending.ok_or_else(not_allowed)?;
        let household = site.runtime.run(by.account.household(by.visitor.now())).await;
        let household = household.map_err(|no| Problem::of(words.clone(), no))?;
        Ok(Self { site, by, tending, household })
    }

    /// For the patient whom a form is about, whoever was chosen meanwhile in another window; the
    /// chosen one for a form that names nobody.
    ///
    /// # Errors
    /// For a patient whom the account does not act for.
    pub(super) fn about(mut self, patient: &str) -> Result<Self, Problem> {
        if patient.is_empty() {
            return Ok(self);
        }
        let asked = patient.parse::<PatientId>().ok();
        let tending = asked.and_then(|patient| self.account().tend_for(patient).ok());
        self.tending = tending.ok_or_else(|| self.refused(Refusal::NoSuchPatient))?;
        Ok(self)
    }

    pub(super) fn account(&self) -> &Account {
        &self.by.account
    }

    pub(super) fn visitor(&self) -> &Visitor {
        &self.by.visitor
    }

    pub(super) fn words(&self) -> &Words {
        &self.by.visitor.words
    }

    pub(super) fn now(&self) -> Timestamp {
        self.by.visitor.now()
    }

    pub(super) fn frame(&self, title: &str, section: Section) -> Frame {
        Frame::of_logged_in(&self.by, title, section)
    }

    /// The plan that the patient's estimates are asked for; `None` when none was chosen.
    pub(super) fn plan(&self) -> Option<&PlanName> {
        self.member().and_then(|member| member.plan.as_ref())
    }

    /// What the patient is called, where there are others whom it could be about; `None` for an
    /// account that acts for one patient only.
    pub(super) fn whose(&self) -> Option<String> {
        let several = self.household.len() > 1;
        self.member().filter(|_| several).map(|member| self.name_of(member))
    }

    /// What a member of the household is called on a page.
    pub(super) fn name_of(&self, member: &MemberRecord) -> String {
        match &member.name {
            Some(name) => name.to_string(),
            None if Some(member.patient) == self.account().patient() => {
                self.account().user().to_string()
            }
            None => self.words().say("my-nameless"),
        }
    }

    /// Does an errand for a page that shows nothing without it.
    pub(super) async fn run<T: Send + 'static>(&self, errand: Errand<T>) -> Result<T, Problem> {
        self.try_to(errand).await.map_err(|no| self.problem(no))
    }

    /// Does an errand.
    pub(super) async fn try_to<T: Send + 'static>(&self, errand: Errand<T>) -> Result<T, No> {
        self.site.runtime.run(errand).await
    }

    pub(super) fn problem(&self, no: No) -> Problem {
        Problem::of(self.words().clone(), no)
    }

    pub(super) fn refused(&self, refusal: Refusal) -> Problem {
        self.problem(No::Refused(refusal))
    }

    fn member(&self) -> Option<&MemberRecord> {
        let patient = self.tending.patient();
        self.household.iter().find(|member| member.patient == patient)
    }
}

impl FromRequestParts<Arc<Site>> for Acting {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let by = LoggedIn::from_request_parts(parts, site).await?;
        Self::of(Arc::clone(site), by).await
    }
}
