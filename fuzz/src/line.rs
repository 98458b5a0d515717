//! The classic words, in pieces and with pauses, to the center's side of a connection.

use protocol::limits::BOARD_BYTES;

use crate::script::{Step, steps};
use crate::visitor::Visitor;

/// Plays the script twice: once the peer closes its side at the end, once it falls silent. Either
/// way the connection ends, and no reply is longer than a list may be.
///
/// # Panics
/// When the conversation breaks a promise.
pub fn check(data: &[u8]) {
    // JSON lines are another target's.
    let mut said = steps(data).filter_map(|step| match step {
        Step::Piece(bytes) | Step::Flood(bytes) => bytes.first(),
        Step::Pause => None,
    });
    if said.next() == Some(&b'{') {
        return;
    }
    let mut visitor = Visitor::enter();
    visitor.perform(steps(data));
    let visitor = visitor.leave();
    assert!(visitor.output.len() <= (visitor.requests.len() + 1) * BOARD_BYTES);

    let mut visitor = Visitor::enter();
    visitor.perform(steps(data));
    let _ = visitor.fall_silent();
    Visitor::flood_in(steps(data));
}
