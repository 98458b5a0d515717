//! The log of a virtual world: a line for each event, and under it what was made of it. The same seed
//! gives the same log, byte for byte.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::time::Duration;

use super::event::Event;

/// Where the log goes, if anywhere.
pub(super) struct Log<'w> {
    out: Option<&'w mut dyn Write>,
    last: VecDeque<String>,
    last_max: usize,
    /// The first failure to write; nothing is written after it.
    failed: io::Result<()>,
}

impl<'w> Log<'w> {
    pub(super) fn new(out: Option<&'w mut dyn Write>, last_max: usize) -> Self {
        Self { out, last: VecDeque::new(), last_max, failed: Ok(()) }
    }

    /// An event happens.
    pub(super) fn event(&mut self, number: u64, at: Duration, event: &Event) {
        if self.is_kept() {
            let (seconds, micros) = (at.as_secs(), at.subsec_micros());
            let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
            let seconds = seconds % 60;
            self.line(format!(
                "{number:>8} {hours:02}:{minutes:02}:{seconds:02}.{micros:06} {event}"
            ));
        }
    }

    /// What was made of it, in words that are not even made when nobody wants them.
    pub(super) fn say(&mut self, words: impl FnOnce() -> String) {
        if self.is_kept() {
            self.line(format!("{:>25}{}", "", words()));
        }
    }

    fn is_kept(&self) -> bool {
        self.out.is_some() || self.last_max > 0
    }

    fn line(&mut self, line: String) {
        if let (Some(out), Ok(())) = (&mut self.out, &self.failed) {
            self.failed = writeln!(out, "{line}");
        }
        if self.last_max > 0 {
            if self.last.len() == self.last_max {
                self.last.pop_front();
            }
            self.last.push_back(line);
        }
    }

    pub(super) fn last_lines(&mut self) -> Vec<String> {
        std::mem::take(&mut self.last).into()
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        if let Some(out) = &mut self.out {
            out.flush()?;
        }
        std::mem::replace(&mut self.failed, Ok(()))
    }
}
