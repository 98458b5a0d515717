//! When patients come: in bursts, by chance, or at times that a file names.

use std::time::Duration;

use protocol::files::FileMistake;

use super::calendar::{Calendar, OpenTime, share};
use crate::chance::Chance;

/// How many people a burst has, at least and at most.
const BURST: std::ops::RangeInclusive<usize> = 2..=8;

/// In how short a time a burst comes.
const BURST_LASTS: Duration = Duration::from_millis(100);

/// How probably a burst comes at the moment of opening, as when phone lines open.
const BURST_AT_OPENING: f64 = 0.125;

/// The longest wait on average between two patients: longer ones are as good as never.
const MEAN_MAX: Duration = Duration::from_hours(24 * 366 * 10);

/// How patients come, when it is not in bursts.
#[derive(Debug, Clone, PartialEq)]
pub enum Arrivals {
    /// Independently of each other, while the clinic is open (a Poisson process).
    Poisson {
        /// How many a second, on average.
        per_second: f64,
    },
    /// At these times of every day, since midnight, in any order.
    Times(Vec<Duration>),
}

impl Arrivals {
    /// Reads a time of the day a line, `HH:MM` or `HH:MM:SS`. Blank lines, and what follows a `#`, mean
    /// nothing.
    ///
    /// # Errors
    /// When a line is not a time, or there is none.
    pub fn parse_times(bytes: &[u8]) -> Result<Self, FileMistake> {
        let mistake = |line: usize, column: usize, message: String| FileMistake {
            line: u32::try_from(line + 1).unwrap_or(u32::MAX),
            column: u32::try_from(column + 1).unwrap_or(u32::MAX),
            message,
        };
        let mut times = Vec::new();
        for (number, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
            let line = std::str::from_utf8(line)
                .map_err(|_| mistake(number, 0, "is not UTF-8, expected HH:MM".to_owned()))?;
            let line = if number == 0 { line.trim_start_matches('\u{FEFF}') } else { line };
            let said = line.split('#').next().unwrap_or_default();
            let word = said.trim();
            if word.is_empty() {
                continue;
            }
            let time = time_of_day(word).ok_or_else(|| {
                let column = said.chars().take_while(|c| c.is_whitespace()).count();
                let message = format!("{word:?} is not a time, expected HH:MM or HH:MM:SS");
                mistake(number, column, message)
            })?;
            times.push(time);
        }
        if times.is_empty() {
            return Err(mistake(0, 0, "nobody comes, expected a time HH:MM a line".to_owned()));
        }
        Ok(Self::Times(times))
    }
}

/// `08:30` or `08:30:15`, from 00:00 to 23:59:59, since midnight.
pub(crate) fn time_of_day(text: &str) -> Option<Duration> {
    let mut parts = text.split(':').map(|part| {
        let two_digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if two_digits { part.parse::<u64>().ok() } else { None }
    });
    let (hour, minute) = (parts.next()??, parts.next()??);
    let second = parts.next().unwrap_or(Some(0))?;
    let is_time = hour < 24 && minute < 60 && second < 60 && parts.next().is_none();
    is_time.then(|| Duration::from_secs((hour * 60 + minute) * 60 + second))
}

/// Exactly `patients`, alike over the open times: half of them each at a moment of its own, half in
/// bursts, of which several come as the doors open. Ascending, counted from the beginning.
pub(super) fn in_bursts(
    chance: &mut Chance,
    calendar: &Calendar,
    open: &[OpenTime],
    patients: u32,
) -> Vec<Duration> {
    let mut arrivals = Vec::with_capacity(patients as usize);
    for (at, &time) in open.iter().enumerate() {
        let begins = calendar.since(time.from);
        let mut left = share(patients, at, open.len()) as usize;
        let alone = left / 2;
        arrivals.extend((0..alone).map(|_| begins + chance.between(Duration::ZERO, time.length())));
        left -= alone;
        let mut is_first = true;
        while left > 0 {
            let people = BURST.start() + chance.below(BURST.end() - BURST.start() + 1);
            let latest = time.length().saturating_sub(BURST_LASTS);
            let somewhen = chance.between(Duration::ZERO, latest);
            let at_opening = chance.happens(BURST_AT_OPENING) || is_first;
            let burst = if at_opening { begins } else { begins + somewhen };
            let come = people.min(left);
            let together = (0..come).map(|_| burst + chance.between(Duration::ZERO, BURST_LASTS));
            arrivals.extend(together);
            left -= come;
            is_first = false;
        }
    }
    arrivals.sort_unstable();
    arrivals
}

/// As a Poisson process while it is open, `most` at most. Ascending, counted from the beginning.
pub(crate) fn independently(
    chance: &mut Chance,
    calendar: &Calendar,
    open: &[OpenTime],
    per_second: f64,
    most: usize,
) -> Vec<Duration> {
    let mean = Duration::try_from_secs_f64(per_second.recip()).unwrap_or(MEAN_MAX).min(MEAN_MAX);
    let mut arrivals = Vec::new();
    let mut wait = chance.wait(mean);
    for time in open {
        while wait < time.length() && arrivals.len() < most {
            arrivals.push(calendar.since(time.after(wait)));
            wait += chance.wait(mean);
        }
        wait = wait.saturating_sub(time.length());
    }
    arrivals
}

/// At the same times on each of the days. Ascending, counted from the beginning.
pub(super) fn at_times(calendar: &Calendar, days: u32, times: &[Duration]) -> Vec<Duration> {
    let day = |day| times.iter().map(move |&time| calendar.since(calendar.moment(day, time)));
    let mut arrivals: Vec<Duration> = (0..days).flat_map(day).collect();
    arrivals.sort_unstable();
    arrivals
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&[u64], &str>) {
        let found = Arrivals::parse_times(text.as_bytes());
        let expected = expected
            .map(|times| Arrivals::Times(times.iter().map(|&s| Duration::from_secs(s)).collect()))
            .map_err(str::to_owned);
        let found = found.map_err(|m| format!("{}:{}: {}", m.line, m.column, m.message));
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn times_are_read_and_mistakes_are_named() {
        check("08:00\n", Ok(&[28_800]));
        check(
            "\u{FEFF}# doors open\r\n08:00:01 # the first\r\n\r\n 23:59:59",
            Ok(&[28_801, 86_399]),
        );
        check("00:00\n00:00", Ok(&[0, 0]));
        let expected = "expected HH:MM or HH:MM:SS";
        for word in ["8:00", "24:00", "08:60", "08:00:60", "08", "08:00:00:00", "+8:00", "08.00"] {
            let line = format!("\n  {word}");
            check(&line, Err(&format!("2:3: {word:?} is not a time, {expected}")));
        }
        check("# nobody\n", Err("1:1: nobody comes, expected a time HH:MM a line"));
    }

    #[test]
    fn what_is_not_utf_8_is_named() {
        let mistake = Arrivals::parse_times(b"08:00\n\xff").unwrap_err();
        assert_eq!((mistake.line, mistake.column), (2, 1));
        assert_eq!(mistake.message, "is not UTF-8, expected HH:MM");
    }
}
