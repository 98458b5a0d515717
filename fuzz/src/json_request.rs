//! JSON lines, to the center's side of a connection.

use protocol::{Call, Dialect};

use crate::script::{Step, steps};
use crate::visitor::Visitor;

/// Plays the script. Every reply is one line with an id; how the bytes were cut into pieces changes
/// no reply; and what was understood is understood again when it is said in our own words.
///
/// # Panics
/// When the conversation breaks a promise.
pub fn check(data: &[u8]) {
    // The classic words are another target's.
    if data.first() != Some(&b'{') {
        return;
    }
    let mut visitor = Visitor::enter();
    visitor.perform(steps(data));
    read_back(&visitor.fall_silent());
    Visitor::flood_in(steps(data));

    let mut in_pieces = Visitor::enter();
    let mut whole = Vec::new();
    for step in steps(data) {
        if let Step::Piece(bytes) | Step::Flood(bytes) = step {
            in_pieces.say(bytes);
            whole.extend_from_slice(bytes);
        }
    }
    let mut in_one = Visitor::enter();
    in_one.say(&whole);
    let (in_pieces, in_one) = (in_pieces.leave(), in_one.leave());
    assert_eq!(in_pieces.requests, in_one.requests, "the pieces changed the meaning");
    assert_eq!(in_pieces.output, in_one.output, "the pieces changed the replies");
    read_back(&in_one);
    // Also as a center's reply.
    protocol::fuzz::json_line(&whole);
}

fn read_back(visitor: &Visitor) {
    let mut lines = visitor.output.split(|&byte| byte == b'\n');
    assert_eq!(lines.next_back(), Some(&b""[..]), "the last reply does not end");
    for line in lines {
        let reply: serde_json::Value = serde_json::from_slice(line).expect("a reply is JSON");
        assert!(reply.get("id").is_some() && reply["reply"].is_string(), "{reply}");
    }
    for request in &visitor.requests {
        // Some requests are only ever said in other words.
        let Ok(bytes) = Call::new(Dialect::Json).ask(request) else {
            continue;
        };
        let mut again = Visitor::enter();
        again.say(&bytes);
        assert_eq!(again.requests, std::slice::from_ref(request), "said again it is another");
    }
}
