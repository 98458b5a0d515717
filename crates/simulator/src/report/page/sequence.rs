//! A sequence diagram of one visit: a line down for each of those who speak, an arrow across for each
//! thing that was said, the first on top.
//!
//! Time runs down, but not to scale: between a list and a choice may be a second or a night.

use crate::report::numbers::time;
use crate::report::values::{Diagram, Said};

/// How wide the column of times is, how far apart the lines are, and what is free at the right.
const TIMES: usize = 92;
const APART: usize = 236;
const MARGIN: usize = 88;

/// How high the heads are, and how far apart the arrows.
const HEADS: usize = 52;
const ROW: usize = 34;

/// How many letters fit above an arrow from one line to the next.
const LETTERS: usize = 32;

/// What is said of what did not arrive in time.
const LOST: &str = " – lost or late";

/// How many letters of a name fit above a line.
const NAME_LETTERS: usize = 24;

/// A diagram, laid out.
pub(super) struct Sequence {
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) lanes: Vec<Lane>,
    pub(super) arrows: Vec<Arrow>,
}

/// The line of one who speaks.
pub(super) struct Lane {
    pub(super) name: String,
    pub(super) x: usize,
}

/// Something that was said.
pub(super) struct Arrow {
    pub(super) y: usize,
    pub(super) time: String,
    pub(super) from: usize,
    /// Where the line ends: before its head, or where it was lost.
    pub(super) to: usize,
    /// The corners of its head, or the strokes of the cross of what was lost.
    pub(super) head: String,
    pub(super) label_x: usize,
    pub(super) label: String,
    /// `arrived` or `lost`.
    pub(super) class: &'static str,
}

impl Sequence {
    /// Lays a visit out.
    pub(super) fn of(diagram: &Diagram) -> Self {
        let mut parties = vec!["patient", "center"];
        for said in &diagram.exchanges {
            for party in [said.from.as_str(), said.to.as_str()] {
                if !parties.contains(&party) {
                    parties.push(party);
                }
            }
        }
        let lane = |(number, party): (usize, &&str)| {
            let name = match *party {
                "patient" => diagram.patient.as_str(),
                other => other,
            };
            Lane { name: shortened(name, NAME_LETTERS), x: x_of(number) }
        };
        let arrow = |(number, said): (usize, &Said)| {
            let place = |name: &str| parties.iter().position(|party| *party == name).unwrap_or(0);
            let after = time((said.at_ms - diagram.planned_ms).max(0.0));
            arrow(number, said, after, (place(&said.from), place(&said.to)))
        };
        Self {
            width: x_of(parties.len() - 1) + MARGIN,
            height: HEADS + (diagram.exchanges.len() + 1) * ROW,
            lanes: parties.iter().enumerate().map(lane).collect(),
            arrows: diagram.exchanges.iter().enumerate().map(arrow).collect(),
        }
    }

    /// Where the lines end.
    pub(super) fn bottom(&self) -> usize {
        self.height - 8
    }
}

fn x_of(lane: usize) -> usize {
    TIMES + MARGIN + lane * APART
}

fn arrow(number: usize, said: &Said, time: String, (from, to): (usize, usize)) -> Arrow {
    let y = HEADS + (number + 1) * ROW;
    let letters = LETTERS * from.abs_diff(to).max(1);
    let (from, to) = (x_of(from), x_of(to));
    let (label, class) = if said.arrived {
        (shortened(&said.what, letters), "arrived")
    } else {
        (shortened(&said.what, letters - LOST.chars().count()) + LOST, "lost")
    };
    // What was lost came three quarters of its way.
    let end = if said.arrived { to } else { from.midpoint(to).midpoint(to) };
    let label_x = from.midpoint(end);
    let (left, right) = (end.saturating_sub(9), end + 9);
    let (above, below) = (y - 5, y + 5);
    let (head, to) = match (said.arrived, from <= end) {
        (true, true) => (format!("M{end} {y}L{left} {above}L{left} {below}Z"), left),
        (true, false) => (format!("M{end} {y}L{right} {above}L{right} {below}Z"), right),
        (false, _) => {
            let (left, right, above, below) = (end - 6, end + 6, y - 6, y + 6);
            (format!("M{left} {above}L{right} {below}M{left} {below}L{right} {above}"), end)
        }
    };
    Arrow { y, time, from, to, head, label_x, label, class }
}

/// So many letters of a text.
fn shortened(text: &str, letters: usize) -> String {
    match text.char_indices().nth(letters) {
        None => text.to_owned(),
        Some(_) => text.chars().take(letters - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Outcome;

    #[test]
    fn what_arrived_reaches_the_other_line_and_what_was_lost_does_not() {
        let said = |arrived| Said {
            at_ms: 2_000.0,
            from: "patient".to_owned(),
            to: "doc1".to_owned(),
            what: "x".repeat(100),
            arrived,
        };
        let sequence = Sequence::of(&Diagram {
            why: Vec::new(),
            patient: "somebody with a very long name".to_owned(),
            outcome: Outcome::Served,
            words: None,
            planned_ms: 500.0,
            took_ms: 1_500.0,
            tries: Some(2),
            exchanges: vec![said(false), said(true)],
            untold: 0,
        });
        let lanes: Vec<_> =
            sequence.lanes.iter().map(|lane| (lane.name.as_str(), lane.x)).collect();
        assert_eq!(lanes, [("somebody with a very lo…", 180), ("center", 416), ("doc1", 652)]);
        let [lost, arrived] = &sequence.arrows[..] else { panic!("two arrows") };
        assert_eq!((lost.from, lost.to, lost.class, lost.y), (180, 534, "lost", 86));
        assert_eq!(
            (arrived.from, arrived.to, arrived.class, arrived.y),
            (180, 643, "arrived", 120)
        );
        assert_eq!((lost.time.as_str(), lost.label.chars().count()), ("1.50 s", 64));
        assert!(sequence.arrows.iter().all(|arrow| arrow.y < sequence.bottom()));
    }
}
