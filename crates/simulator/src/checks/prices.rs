//! Which prices were in force when.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use domain::{DoctorName, Money, PlanName, Service, Tariff};

use super::Violation;

/// The check that no patient is shown another price than the doctor's.
const PRICES: &str = "a shown price is the doctor's";

/// How long prices that are no longer in force are remembered. Nobody waits so long for an answer.
const REMEMBERED: Duration = Duration::from_hours(1);

/// Each doctor's prices, each with the moment since when they are in force; the latest last.
#[derive(Debug, Default)]
pub(super) struct Prices {
    doctors: HashMap<DoctorName, VecDeque<(Duration, Tariff)>>,
}

impl Prices {
    /// A doctor's prices are these from now on.
    pub(super) fn are(&mut self, now: Duration, doctor: &DoctorName, tariff: &Tariff) {
        let known = match self.doctors.get_mut(doctor) {
            Some(known) => known,
            None => self.doctors.entry(doctor.clone()).or_default(),
        };
        // A doctor who opens again says the same prices once more.
        if known.back().is_some_and(|(_, last)| last == tariff) {
            return;
        }
        known.push_back((now, tariff.clone()));
        // The first ones were in force until the second ones were.
        while known.get(1).is_some_and(|(since, _)| *since + REMEMBERED <= now) {
            known.pop_front();
        }
    }

    /// A patient who first asked at the one moment was shown a price at the other.
    pub(super) fn shown(
        &self,
        (asked, now): (Duration, Duration),
        doctor: &DoctorName,
        plan: &PlanName,
        price: Money,
    ) -> Result<(), Violation> {
        let Some(known) = self.doctors.get(doctor) else {
            let what = format!("{doctor} was said to charge {}, and has no prices", amount(price));
            return Err(Violation::new(PRICES, what));
        };
        let service = Service::visit();
        let mut right = Vec::new();
        for (since, tariff) in known.iter().rev() {
            match tariff.estimate(&service, plan) {
                Some(charged) if charged == price => return Ok(()),
                charged => right.push(charged),
            }
            if *since <= asked {
                break;
            }
        }
        let right: Vec<String> = right.iter().rev().map(|charged| in_words(*charged)).collect();
        let what = format!(
            "{doctor} was said to charge {} under {plan}, and charged {} from {asked:?} until \
             {now:?}",
            amount(price),
            right.join(", then ")
        );
        Err(Violation::new(PRICES, what))
    }
}

fn in_words(charged: Option<Money>) -> String {
    charged.map_or_else(|| "nothing, since it is not covered,".to_owned(), amount)
}

fn amount(price: Money) -> String {
    format!("{price} {}", price.currency())
}
