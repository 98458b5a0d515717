//! When doctors last asked for news over TCP: they do so every few seconds while they are there.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::DoctorName;
use jiff::Timestamp;

/// The most doctors that are remembered; past it the one who was seen longest ago leaves.
pub const SIGHTINGS_MAX: usize = 4_096;

#[derive(Default)]
pub(crate) struct Sightings {
    seen: Mutex<BTreeMap<DoctorName, Timestamp>>,
}

impl Sightings {
    pub(crate) fn saw(&self, doctor: DoctorName, at: Timestamp) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= SIGHTINGS_MAX && !seen.contains_key(&doctor) {
            let oldest = seen.iter().min_by_key(|(_, at)| **at);
            let oldest = oldest.map(|(doctor, _)| doctor.clone());
            oldest.and_then(|doctor| seen.remove(&doctor));
        }
        seen.insert(doctor, at);
    }

    pub(crate) fn last(&self, doctor: &DoctorName) -> Option<Timestamp> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).get(doctor).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_the_one_who_was_seen_longest_ago_is_forgotten() {
        let sightings = Sightings::default();
        let doctor = |number: usize| DoctorName::new(&format!("d{number}")).unwrap();
        let at = |number: usize| Timestamp::from_second(i64::try_from(number).unwrap()).unwrap();
        for number in 0..=SIGHTINGS_MAX {
            sightings.saw(doctor(number), at(number));
        }
        assert_eq!(sightings.last(&doctor(0)), None);
        assert_eq!(sightings.last(&doctor(1)), Some(at(1)));
        assert_eq!(sightings.last(&doctor(SIGHTINGS_MAX)), Some(at(SIGHTINGS_MAX)));
    }
}
