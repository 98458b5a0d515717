//! The price of each visit under the visitor's plan, as the doctors have named it. Nobody waits for a
//! doctor longer than [`PRICES_PATIENCE`], and whoever does not answer can be booked all the same.

use std::collections::BTreeSet;

use askama::Template;
use center::{No, Tending};
use domain::{DoctorName, PersonName, PlanName, Service, Slot};
use jiff::{SignedDuration, Timestamp};
use runtime::estimates::{Question, Quote, QuoteState};

use super::filters::Key;
use crate::Site;
use crate::language::Words;
use crate::pages::acting_for;
use crate::site::PRICES_PATIENCE;
use crate::visitor::Visitor;

/// A price that is older is told with its age.
const AGE_UNTOLD: SignedDuration = SignedDuration::from_mins(1);

/// For whom prices are shown.
pub(super) enum Whose {
    /// Nobody: a stranger, who may log in.
    Strangers,
    /// Nobody: an account that books for no patient of its own.
    Nobodys,
    /// A patient's.
    Patients(Patient),
}

/// The patient who is looking, or is looked for.
pub(super) struct Patient {
    pub(super) tending: Tending,
    /// The plan that prices are asked for; `None` when none was chosen.
    pub(super) plan: Option<PlanName>,
    /// What the patient is called, where there are several to choose from; `None` else.
    pub(super) name: Option<PersonName>,
    /// Whether there are several to choose from.
    pub(super) of_several: bool,
}

impl Whose {
    /// Who is looking.
    pub(super) async fn of(site: &Site, visitor: &Visitor) -> Result<Self, No> {
        let Some(account) = &visitor.account else { return Ok(Self::Strangers) };
        let Some(tending) = acting_for(account, &visitor.headers) else {
            return Ok(Self::Nobodys);
        };
        let household = site.runtime.run(account.household(visitor.now())).await?;
        let of_several = household.len() > 1;
        let member = household.into_iter().find(|it| it.patient == tending.patient());
        let (plan, name) = member.map_or((None, None), |member| (member.plan, member.name));
        Ok(Self::Patients(Patient { tending, plan, name: name.filter(|_| of_several), of_several }))
    }
}

/// What is known of the prices on a page.
#[derive(Default)]
pub(super) struct Prices {
    quotes: Vec<Quote>,
}

impl Prices {
    /// Of these slots, for `whose` plan; nothing where there is no plan.
    pub(super) async fn of<'s>(
        site: &Site,
        whose: &Whose,
        slots: impl Iterator<Item = &'s Slot>,
    ) -> Self {
        let Whose::Patients(Patient { tending, plan: Some(plan), .. }) = whose else {
            return Self::default();
        };
        let asked: BTreeSet<_> = slots.map(|slot| (&slot.doctor.name, &slot.service)).collect();
        let question = |(doctor, service): (&DoctorName, &Service)| Question {
            doctor: doctor.clone(),
            service: service.clone(),
        };
        let questions: Vec<Question> = asked.into_iter().map(question).collect();
        let quotes = site.estimates.wait(tending, plan, &questions, PRICES_PATIENCE).await;
        Self { quotes }
    }

    /// The price of a visit as it is shown; `None` where none was asked for.
    pub(super) fn shown(
        &self,
        words: &Words,
        now: Timestamp,
        doctor: &DoctorName,
        service: &Service,
    ) -> Option<Price> {
        let is_it =
            |quote: &&Quote| quote.question.doctor == *doctor && quote.question.service == *service;
        self.quotes.iter().find(is_it).map(|quote| Price::of(words, now, quote))
    }
}

/// A price as it is shown.
#[derive(Template)]
#[template(path = "anyone/slots_price.html")]
pub(super) struct Price {
    /// Its look.
    class: &'static str,
    text: String,
    /// How old it is; `None` when it is fresh.
    age: Option<String>,
    /// Where to look again; `None` when there is nothing to wait for.
    refresh: Option<String>,
    /// What leads to the page again, without a script.
    reload: String,
}

impl Price {
    pub(super) fn of(words: &Words, now: Timestamp, quote: &Quote) -> Self {
        let Question { doctor, service } = &quote.question;
        let (class, text, asked) = match quote.state {
            QuoteState::Price { amount, asked } => ("price", words.money(&amount), Some(asked)),
            QuoteState::NotCovered { asked } => {
                ("price not-covered", words.say("price-not-covered"), Some(asked))
            }
            QuoteState::Asking => ("price asking", words.say("price-asking"), None),
            QuoteState::Silent { .. } => ("price silent", words.say("price-silent"), None),
            QuoteState::NotEnrolled => ("price silent", words.say("price-not-enrolled"), None),
        };
        let refresh = (quote.state == QuoteState::Asking).then(|| {
            let (doctor, service) = (Key::of_doctor(doctor), Key::of_service(service));
            format!("/slots/price?doctor={doctor}&service={service}")
        });
        let age = asked.and_then(|asked| age(words, now.duration_since(asked)));
        Self { class, text, age, refresh, reload: words.say("price-reload") }
    }
}

/// How long ago, in words; `None` for just now.
fn age(words: &Words, age: SignedDuration) -> Option<String> {
    let minutes = usize::try_from(age.as_mins()).unwrap_or(0);
    (age >= AGE_UNTOLD).then(|| words.count("price-age", minutes))
}
