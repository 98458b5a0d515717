//! What a doctor charges: an amount for each kind of visit and plan.

use std::collections::HashMap;

use crate::{Money, PlanName, Service};

/// One doctor's prices. The exercise's `docN.txt` fills it for [`Service::visit`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tariff {
    prices: HashMap<Service, HashMap<PlanName, Money>>,
}

impl Tariff {
    /// Sets the price of `service` under `plan`; gives back the price it had.
    pub fn set(&mut self, service: &Service, plan: PlanName, price: Money) -> Option<Money> {
        match self.prices.get_mut(service) {
            Some(prices) => prices.insert(plan, price),
            None => {
                self.prices.insert(service.clone(), HashMap::from([(plan, price)]));
                None
            }
        }
    }

    /// The estimated cost of `service` under `plan`; `None` when the plan does not cover it.
    #[must_use]
    pub fn estimate(&self, service: &Service, plan: &PlanName) -> Option<Money> {
        self.prices.get(service)?.get(plan).copied()
    }

    /// The plans under which `service` has a price, in no order.
    pub fn plans(&self, service: &Service) -> impl Iterator<Item = &PlanName> {
        self.prices.get(service).into_iter().flat_map(HashMap::keys)
    }

    /// How many prices there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.prices.values().map(HashMap::len).sum()
    }

    /// Whether there is no price at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
