//! Seeds that have found something: each stays, named after what it was.

use super::play;
use crate::scenario::Scenario;
use crate::world::Outlets;

/// A reply `brown 42001` that came in pieces was taken for whole behind the blank: the patient said that
/// it did not understand (`protocol::Call` took a blank for the end of any dialect's referral, which it
/// is in the seed's only).
#[test]
fn a_referral_that_is_split_behind_the_doctors_name() {
    let scenario = include_str!("../../../../../examples/bad-network.toml");
    play(&Scenario::read(scenario).unwrap().plan(Some(1)), Outlets::default()).unwrap();
}
