//! The bug of answering for another: a doctor says what another doctor charges.

use domain::Tariff;

use crate::chance::Chance;

/// How probably an answer is another doctor's.
const MIX_UPS: f64 = 0.1;

/// Doctors who now and then answer with another's prices: to be asked before each datagram that a
/// practice takes, so that it gets that tariff for it.
#[derive(Debug)]
pub struct MixedUp(Chance);

impl MixedUp {
    pub(super) fn new(chance: Chance) -> Self {
        Self(chance)
    }

    /// The tariff that the practice of `doctor` answers with this time, of all doctors' tariffs by
    /// their number. A doctor alone is never mixed up.
    ///
    /// # Panics
    /// When there is no such doctor.
    pub fn tariff<'t>(&mut self, doctor: usize, tariffs: &'t [Tariff]) -> &'t Tariff {
        let others = tariffs.len() - 1;
        if others == 0 || !self.0.happens(MIX_UPS) {
            return &tariffs[doctor];
        }
        &tariffs[(doctor + 1 + self.0.below(others)) % tariffs.len()]
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::{DoctorName, Money, Service};

    use super::*;
    use crate::checks::story::{memory_key, plan, tariff};
    use crate::checks::{Checks, Observation, Violation};
    use crate::plan::Plant;
    use crate::plant::mix_up;

    const SECOND: Duration = Duration::from_secs(1);

    fn doctors() -> Vec<DoctorName> {
        ["doc1", "doc2", "doc3"].map(|name| DoctorName::new(name).unwrap()).to_vec()
    }

    /// The first thing that is wrong when each doctor is asked a hundred times, and answers with
    /// what `answers` says.
    fn ask(tariffs: &[Tariff], mut answers: impl FnMut(usize) -> Money) -> Result<(), Violation> {
        let mut checks = Checks::new(memory_key());
        for (doctor, tariff) in doctors().iter().zip(tariffs) {
            checks.observe(Duration::ZERO, &Observation::Prices { doctor, tariff })?;
        }
        for _ in 0..100 {
            for (number, doctor) in doctors().iter().enumerate() {
                let (plan, price) = (&plan(), answers(number));
                let shown = Observation::PriceShown { doctor, plan, price, asked: SECOND };
                checks.observe(2 * SECOND, &shown)?;
            }
        }
        Ok(())
    }

    #[test]
    fn another_doctors_price_is_found_with_every_seed() {
        let tariffs = ["30", "40", "50"].map(tariff);
        let price = |tariff: &Tariff| tariff.estimate(&Service::visit(), &plan()).unwrap();
        for seed in 0..10 {
            let mut mixed_up = mix_up(Some(Plant::MixedUpDoctor), Chance::new(seed)).unwrap();
            let found = ask(&tariffs, |doctor| price(mixed_up.tariff(doctor, &tariffs)));
            assert_eq!(found.unwrap_err().check, "a shown price is the doctor's", "{seed}");
        }
        ask(&tariffs, |doctor| price(&tariffs[doctor])).unwrap();
    }

    #[test]
    fn nobody_is_mixed_up_who_is_alone_or_has_another_bug() {
        let alone = [tariff("30")];
        let mut mixed_up = MixedUp::new(Chance::new(1));
        for _ in 0..100 {
            assert_eq!(mixed_up.tariff(0, &alone), &alone[0]);
        }
        assert!(mix_up(None, Chance::new(1)).is_none());
        assert!(mix_up(Some(Plant::CheckThenInsert), Chance::new(1)).is_none());
    }
}
