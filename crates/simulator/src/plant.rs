//! Bugs put in on purpose, as wrappers around the store and the doctors: the checks must find them.
//!
//! The product knows nothing of it: whatever is wrong is wrong here. What is deliberately not here:
//! when a center crashes, and who asks a doctor.

use store::{Reader, Store, StoreError, Writer};

use crate::chance::Chance;
use crate::plan::Plant;

mod ack_before_commit;
mod check_then_insert;
mod mixed_up;

use self::ack_before_commit::AckBeforeCommit;
use self::check_then_insert::CheckThenInsert;
pub use self::mixed_up::MixedUp;

/// The store that `make` opens, with the bug in it; as it is when the bug is a doctor's, or there is
/// none. For [`Plant::AckBeforeCommit`], which calls `make` again at each crash, that is to be a new
/// and empty one every time.
///
/// # Errors
/// When the store cannot be opened.
pub fn in_store(
    plant: Option<Plant>,
    make: impl Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync + 'static,
) -> Result<PlantedStore, StoreError> {
    let kind = match plant {
        Some(Plant::CheckThenInsert) => Kind::CheckThenInsert(CheckThenInsert::new(make()?)),
        Some(Plant::AckBeforeCommit) => {
            Kind::AckBeforeCommit(AckBeforeCommit::new(Box::new(make))?)
        }
        Some(Plant::MixedUpDoctor) | None => Kind::AsItIs(make()?),
    };
    Ok(PlantedStore(kind))
}

/// The doctors' bug; `None` when the plan has another one, or none.
#[must_use]
pub fn mix_up(plant: Option<Plant>, chance: Chance) -> Option<MixedUp> {
    match plant {
        Some(Plant::MixedUpDoctor) => Some(MixedUp::new(chance)),
        Some(Plant::CheckThenInsert | Plant::AckBeforeCommit) | None => None,
    }
}

/// A store that may have a bug.
pub struct PlantedStore(Kind);

enum Kind {
    AsItIs(Box<dyn Store>),
    CheckThenInsert(CheckThenInsert),
    AckBeforeCommit(AckBeforeCommit),
}

/// What opens a store.
type Make = dyn Fn() -> Result<Box<dyn Store>, StoreError> + Send + Sync;

impl PlantedStore {
    /// The center that has opened the store is gone in this moment, without a chance to say so: its
    /// writers and readers are dropped, and others are opened when it is back. Only a store that
    /// acknowledges before it commits has anything to lose.
    ///
    /// # Errors
    /// When the store cannot be opened again.
    pub fn crash(&self) -> Result<(), StoreError> {
        match &self.0 {
            Kind::AsItIs(_) | Kind::CheckThenInsert(_) => Ok(()),
            Kind::AckBeforeCommit(store) => store.crash(),
        }
    }
}

impl Store for PlantedStore {
    fn writer(&self) -> Result<Box<dyn Writer>, StoreError> {
        match &self.0 {
            Kind::AsItIs(store) => store.writer(),
            Kind::CheckThenInsert(store) => store.writer(),
            Kind::AckBeforeCommit(store) => store.writer(),
        }
    }

    fn reader(&self) -> Result<Box<dyn Reader>, StoreError> {
        match &self.0 {
            Kind::AsItIs(store) => store.reader(),
            Kind::CheckThenInsert(store) => store.reader(),
            Kind::AckBeforeCommit(store) => store.reader(),
        }
    }
}
