//! Seeded randomness: everything that happens by chance in a simulation is drawn from here.

use std::time::Duration;

use domain::Entropy;
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

/// A stream of random numbers that follows from its seed, in every version of this program (PCG
/// XSL 128/64, whose numbers `rand_pcg` promises to keep).
#[derive(Debug, Clone)]
pub struct Chance(Pcg64Mcg);

impl Chance {
    /// The stream of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// A stream of its own for a part of the simulation: what one part draws moves no other part.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(Pcg64Mcg::seed_from_u64(self.0.next_u64()))
    }

    /// Whether something of this probability happens, from 0 (never) to 1 (always).
    pub fn happens(&mut self, probability: f64) -> bool {
        // Always drawn, so that a rate of 0 moves nothing else.
        self.unit() < probability
    }

    /// A number from 0 to below 1, all of them alike.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// A whole number below `bound`.
    ///
    /// # Panics
    /// When `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0.random_range(0..bound)
    }

    /// A duration from `least` to `most`, all of them alike.
    pub fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + most.saturating_sub(least).mul_f64(self.unit())
    }

    /// The wait for the next of events that come independently, `mean` apart on average (a Poisson
    /// process).
    pub fn wait(&mut self, mean: Duration) -> Duration {
        mean.mul_f64(-(1.0 - self.unit()).ln())
    }

    /// One of `choices`, by their weights; `None` when all weigh nothing.
    pub fn weighted<'a, T>(&mut self, choices: &'a [(T, f64)]) -> Option<&'a T> {
        let total: f64 = choices.iter().map(|(_, weight)| weight).sum();
        let mut left = self.unit() * total;
        let mut last = None;
        for (choice, weight) in choices.iter().filter(|(_, weight)| *weight > 0.0) {
            last = Some(choice);
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    /// 64 random bits.
    pub fn number(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Random bytes for ids, tokens and keys of the simulation.
    pub fn entropy(&mut self) -> Entropy {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        Entropy(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_has_one_stream_for_ever() {
        let mut chance = Chance::new(7);
        let drawn: Vec<u64> = (0..3).map(|_| chance.number()).collect();
        let mut again = Chance::new(7);
        assert_eq!(drawn, (0..3).map(|_| again.number()).collect::<Vec<_>>());
        assert_ne!(Chance::new(8).number(), drawn[0]);
    }

    #[test]
    fn probabilities_and_waits_are_what_they_say() {
        let mut chance = Chance::new(1);
        let happened = (0..10_000).filter(|_| chance.happens(0.3)).count();
        assert!((2_800..3_200).contains(&happened), "{happened}");
        let waited: Duration = (0..10_000).map(|_| chance.wait(Duration::from_secs(1))).sum();
        assert!((9_500..10_500).contains(&waited.as_secs()), "{waited:?}");
        let choices = [("never", 0.0), ("mostly", 3.0), ("seldom", 1.0)];
        let mostly = (0..10_000).filter(|_| chance.weighted(&choices) == Some(&"mostly")).count();
        assert!((7_200..7_800).contains(&mostly), "{mostly}");
        assert_eq!(chance.weighted::<u8>(&[]), None);
    }
}
