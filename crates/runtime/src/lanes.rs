//! The order in which waiting jobs are taken, so that an attack on logging in keeps nobody out:
//! known ones first, then strangers, one from each source in turn.
//!
//! A value without threads. The line of the known and the line of the strangers have limits of their
//! own, and so has each source. When the strangers' line is full, the source with the most waiting
//! gives up its latest place for a source with fewer: many sources are needed to keep one out.

use domain::SourcePrefix;
use std::collections::{HashMap, VecDeque};

/// In which lane a job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Of somebody who is known.
    Known,
    /// Of a stranger from this source.
    Stranger(SourcePrefix),
}

/// How many may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LaneLimits {
    /// Of the known, and as many strangers.
    pub(crate) waiting_max: usize,
    /// Strangers of one source.
    pub(crate) per_source_max: usize,
}

/// There is no place for this job.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LaneFull;

/// Jobs that wait.
#[derive(Debug)]
pub(crate) struct Lanes<J> {
    limits: LaneLimits,
    known: VecDeque<J>,
    strangers: HashMap<SourcePrefix, VecDeque<J>>,
    /// The sources with strangers who wait, in the order of their turns.
    turns: VecDeque<SourcePrefix>,
    strangers_waiting: usize,
}

impl<J> Lanes<J> {
    pub(crate) fn new(limits: LaneLimits) -> Self {
        Self {
            limits,
            known: VecDeque::new(),
            strangers: HashMap::new(),
            turns: VecDeque::new(),
            strangers_waiting: 0,
        }
    }

    /// Puts a job in line. Gives the job that lost its place for it, if one did.
    ///
    /// # Errors
    /// When there is no place for it.
    pub(crate) fn push(&mut self, lane: Lane, job: J) -> Result<Option<J>, LaneFull> {
        let Lane::Stranger(source) = lane else {
            if self.known.len() >= self.limits.waiting_max {
                return Err(LaneFull);
            }
            self.known.push_back(job);
            return Ok(None);
        };
        let own = self.strangers.get(&source).map_or(0, VecDeque::len);
        if own >= self.limits.per_source_max {
            return Err(LaneFull);
        }
        let is_full = self.strangers_waiting >= self.limits.waiting_max;
        let displaced = if is_full { Some(self.displace(own).ok_or(LaneFull)?) } else { None };
        let line = self.strangers.entry(source).or_default();
        if line.is_empty() {
            self.turns.push_back(source);
        }
        line.push_back(job);
        self.strangers_waiting += 1;
        Ok(displaced)
    }

    /// The next job.
    pub(crate) fn pop(&mut self) -> Option<J> {
        if let Some(job) = self.known.pop_front() {
            return Some(job);
        }
        let source = self.turns.pop_front()?;
        let line = self.strangers.get_mut(&source)?;
        let job = line.pop_front();
        self.strangers_waiting -= usize::from(job.is_some());
        if line.is_empty() {
            self.strangers.remove(&source);
        } else {
            self.turns.push_back(source);
        }
        job
    }

    /// The latest job of the source with the most, if that has at least two more than `own`.
    fn displace(&mut self, own: usize) -> Option<J> {
        let longest = self.strangers.values_mut().max_by_key(|line| line.len())?;
        if longest.len() <= own + 1 {
            return None;
        }
        self.strangers_waiting -= 1;
        longest.pop_back()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(waiting_max: usize, per_source_max: usize) -> Lanes<u32> {
        Lanes::new(LaneLimits { waiting_max, per_source_max })
    }

    fn from(source: u8) -> Lane {
        Lane::Stranger(SourcePrefix::of([192, 0, 2, source].into()))
    }

    fn drain(lanes: &mut Lanes<u32>) -> Vec<u32> {
        std::iter::from_fn(|| lanes.pop()).collect()
    }

    #[test]
    fn the_known_come_first_and_then_one_of_each_source_in_turn() {
        let mut lanes = lanes(100, 100);
        for (lane, job) in [
            (from(1), 10),
            (from(1), 11),
            (from(1), 12),
            (from(2), 20),
            (Lane::Known, 0),
            (from(2), 21),
            (from(3), 30),
            (Lane::Known, 1),
        ] {
            assert_eq!(lanes.push(lane, job), Ok(None));
        }
        assert_eq!(drain(&mut lanes), [0, 1, 10, 20, 30, 11, 21, 12]);
        assert_eq!(lanes.push(from(1), 13), Ok(None));
        assert_eq!(drain(&mut lanes), [13]);
    }

    #[test]
    fn each_line_has_its_limit() {
        let mut lanes = lanes(4, 3);
        for job in 0..3 {
            assert_eq!(lanes.push(from(1), job), Ok(None));
        }
        assert_eq!(lanes.push(from(1), 3), Err(LaneFull));
        for job in 100..104 {
            assert_eq!(lanes.push(Lane::Known, job), Ok(None));
        }
        assert_eq!(lanes.push(Lane::Known, 104), Err(LaneFull));
        assert_eq!(drain(&mut lanes), [100, 101, 102, 103, 0, 1, 2]);
    }

    #[test]
    fn a_source_with_many_gives_up_its_latest_place_for_one_with_fewer() {
        let mut lanes = lanes(4, 100);
        for job in 0..4 {
            assert_eq!(lanes.push(from(1), job), Ok(None));
        }
        assert_eq!(lanes.push(from(1), 4), Err(LaneFull));
        assert_eq!(lanes.push(from(2), 20), Ok(Some(3)));
        assert_eq!(lanes.push(from(3), 30), Ok(Some(2)));
        assert_eq!(lanes.push(from(2), 21), Err(LaneFull));
        assert_eq!(lanes.push(from(4), 40), Ok(Some(1)));
        assert_eq!(lanes.push(from(5), 50), Err(LaneFull));
        assert_eq!(drain(&mut lanes), [0, 20, 30, 40]);
        assert_eq!(lanes.push(from(5), 51), Ok(None));
    }
}
