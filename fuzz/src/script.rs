//! A fuzz input as a script: what comes in one piece, and when time passes.
//!
//! 0xFF, which no text holds, parts the pieces, so that a seed in the corpus can be read: two of
//! them one behind the other are a pause, and a piece that begins with 0xFE comes again and again.

/// Between two steps.
const PART: u8 = 0xFF;
/// In front of a piece that is repeated.
const FLOOD: u8 = 0xFE;
/// The most steps of one script: more would only be slower.
const STEPS_MAX: usize = 64;

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// These bytes come, in one piece; never empty.
    Piece(&'a [u8]),
    /// These bytes come until nobody reads them any more; never empty.
    Flood(&'a [u8]),
    /// The next deadline comes first.
    Pause,
}

/// The steps of `data`.
pub fn steps(data: &[u8]) -> impl Iterator<Item = Step<'_>> {
    data.split(|&byte| byte == PART).take(STEPS_MAX).map(|part| match part {
        [] | [FLOOD] => Step::Pause,
        [FLOOD, rest @ ..] => Step::Flood(rest),
        piece => Step::Piece(piece),
    })
}
