//! Bugs put in on purpose, as wrappers around the store and the doctors: the checks must find them.

use store::Store;

use crate::plan::Plant;

/// The store with the bug in it; as it is when the bug is a doctor's.
#[must_use]
pub fn in_store(_plant: Plant, store: Box<dyn Store>) -> Box<dyn Store> {
    store
}
