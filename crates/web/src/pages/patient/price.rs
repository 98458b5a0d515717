//! What visits cost under the patient's plan, as far as is known right now. Nobody waits long for it.

use askama::Template;
use domain::Slot;
use jiff::{SignedDuration, Timestamp};
use runtime::estimates::{Question, QuoteState};

use super::acting::Acting;
use crate::language::Words;
use crate::site::PRICES_PATIENCE;

/// A price older than this is shown with its age.
const AGE_TOLD: SignedDuration = SignedDuration::from_mins(1);

/// A price on a page.
#[derive(Template)]
#[template(path = "patient/price.html")]
pub(super) struct Price {
    /// How it is marked in the style.
    class: &'static str,
    text: String,
    /// Whose plan, or how old it is; empty when there is nothing to add.
    more: String,
    /// What to do where no plan was chosen; empty where one was.
    choose_plan: String,
    /// Whether the answer is still awaited.
    asking: bool,
    /// Where the price is to be had again while it is asked for; empty when there is nothing to wait
    /// for.
    refresh: String,
    /// The page with the price on it, for whoever has no script; empty as above.
    page: String,
    /// What leads there, in words.
    look_again: String,
}

impl Price {
    /// The same, fetched again from `refresh` until it is known; it stands on `page`.
    pub(super) fn again_at(self, refresh: String, page: &str) -> Self {
        match self.asking {
            true => Self { refresh, page: page.to_owned(), ..self },
            false => self,
        }
    }
}

impl Acting {
    /// The prices of these slots, in their order.
    pub(super) async fn prices(&self, slots: &[&Slot]) -> Vec<Price> {
        let words = self.words();
        let Some(plan) = self.plan() else {
            return slots.iter().map(|_| without_plan(words)).collect();
        };
        let question = |slot: &&Slot| Question {
            doctor: slot.doctor.name.clone(),
            service: slot.service.clone(),
        };
        let questions: Vec<Question> = slots.iter().map(question).collect();
        let asked = self.site.estimates.wait(&self.tending, plan, &questions, PRICES_PATIENCE);
        let told = |state| priced(words, plan.as_str(), self.now(), state);
        asked.await.into_iter().map(|quote| told(quote.state)).collect()
    }

    /// The price of one slot.
    pub(super) async fn price(&self, slot: &Slot) -> Price {
        let prices = self.prices(&[slot]).await;
        prices.into_iter().next().unwrap_or_else(|| without_plan(self.words()))
    }
}

fn without_plan(words: &Words) -> Price {
    let choose_plan = words.say("my-price-choose-plan");
    Price { choose_plan, ..plain("", words.say("my-price-no-plan"), String::new()) }
}

fn plain(class: &'static str, text: String, more: String) -> Price {
    let [choose_plan, refresh, page, look_again] = [const { String::new() }; 4];
    Price { class, text, more, choose_plan, asking: false, refresh, page, look_again }
}

fn priced(words: &Words, plan: &str, now: Timestamp, state: QuoteState) -> Price {
    let of_plan = || words.tell("my-price-of-plan", &[("plan", plan.into())]);
    let said = |age: SignedDuration| {
        let minutes = usize::try_from(age.as_mins()).unwrap_or(0);
        if age < AGE_TOLD { of_plan() } else { words.count("price-age", minutes) }
    };
    match state {
        QuoteState::Price { amount, asked } => {
            plain("", words.money(&amount), said(now.duration_since(asked)))
        }
        QuoteState::NotCovered { .. } => {
            plain("not-covered", words.say("price-not-covered"), of_plan())
        }
        QuoteState::Asking => {
            let look_again = words.say("price-reload");
            let price = plain("asking", words.say("price-asking"), String::new());
            Price { asking: true, look_again, ..price }
        }
        QuoteState::Silent { .. } => plain("silent", words.say("price-silent"), String::new()),
        QuoteState::NotEnrolled => plain("silent", words.say("price-not-enrolled"), String::new()),
    }
}
