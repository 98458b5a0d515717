//! What a doctor charges: an amount for each kind of visit and plan.

use std::collections::BTreeMap;

use crate::{Money, PlanName, Service};

/// One doctor's prices. The exercise's `docN.txt` fills it for [`Service::visit`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tariff {
    prices: BTreeMap<(Service, PlanName), Money>,
}

impl Tariff {
    /// Sets the price of `service` under `plan`; gives back the price it had.
    pub fn set(&mut self, service: Service, plan: PlanName, price: Money) -> Option<Money> {
        self.prices.insert((service, plan), price)
    }

    /// The estimated cost of `service` under `plan`; `None` when the plan does not cover it.
    #[must_use]
    pub fn estimate(&self, service: &Service, plan: &PlanName) -> Option<Money> {
        self.prices.get(&(service.clone(), plan.clone())).copied()
    }

    /// How many prices there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prices.len()
    }

    /// Whether there is no price at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.prices.is_empty()
    }
}
