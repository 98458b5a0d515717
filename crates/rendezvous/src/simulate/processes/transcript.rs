//! One transcript of many processes: time, label, text, a line each, in the order of arrival.

use jiff::Zoned;
use jiff::civil::Time;

use crate::outlet::LineSender;

/// Who says a line, as far as its colour goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    /// The simulation itself.
    Stage,
    /// The center.
    Center,
    /// A doctor.
    Doctor,
    /// A patient.
    Patient,
}

/// Where a process said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    /// Standard output: the exercise's messages.
    Screen,
    /// Standard error: its log.
    Log,
}

/// Whether escape sequences for colours are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Paint {
    /// Yes.
    Colors,
    /// No.
    Plain,
}

impl Voice {
    /// The sequence that begins its colour (ECMA-48 §8.3.117).
    const fn color(self) -> &'static str {
        match self {
            Self::Stage => "\x1b[1m",
            Self::Center => "\x1b[36m",
            Self::Doctor => "\x1b[35m",
            Self::Patient => "\x1b[32m",
        }
    }
}

const DIM: &str = "\x1b[2m";
const PLAIN: &str = "\x1b[0m";

/// Writes the transcript; every line is queued whole, so none are mixed.
pub(super) struct Transcript {
    lines: LineSender,
    label_chars: usize,
    paint: Paint,
}

impl Transcript {
    /// A transcript whose longest label has `label_chars` characters.
    pub(super) fn new(lines: LineSender, label_chars: usize, paint: Paint) -> Self {
        Self { lines, label_chars, paint }
    }

    /// A line of a process.
    pub(super) fn line(&self, voice: Voice, label: &str, stream: Stream, text: &str) {
        let now = Zoned::now().time();
        let width = self.label_chars;
        self.lines.line(formatted(now, voice, (label, width), stream, text, self.paint));
    }

    /// A remark of the simulation.
    pub(super) fn note(&self, text: &str) {
        self.line(Voice::Stage, "simulate", Stream::Screen, text);
    }
}

fn formatted(
    now: Time,
    voice: Voice,
    (label, width): (&str, usize),
    stream: Stream,
    text: &str,
    paint: Paint,
) -> String {
    let now = now.strftime("%H:%M:%S%.3f");
    // A process cannot paint or move the cursor through us.
    let text: String = text
        .chars()
        .map(|c| if c.is_control() && c != '\t' { char::REPLACEMENT_CHARACTER } else { c })
        .collect();
    let color = voice.color();
    match (paint, stream) {
        (Paint::Plain, _) => format!("{now}  {label:width$} | {text}"),
        (Paint::Colors, Stream::Screen) => {
            format!("{DIM}{now}{PLAIN}  {color}{label:width$}{PLAIN} | {text}")
        }
        (Paint::Colors, Stream::Log) => {
            format!("{DIM}{now}{PLAIN}  {color}{label:width$}{PLAIN} {DIM}| {text}{PLAIN}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(stream: Stream, text: &str, paint: Paint, expected: &str) {
        let now = Time::new(13, 4, 5, 6_789_000).unwrap();
        let found = formatted(now, Voice::Doctor, ("doc1", 8), stream, text, paint);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_line_has_its_time_and_its_label() {
        let plain = "13:04:05.006  doc1     | Phase 3";
        check(Stream::Screen, "Phase 3", Paint::Plain, plain);
        check(Stream::Log, "Phase 3", Paint::Plain, plain);
    }

    #[test]
    fn the_log_is_dimmed() {
        check(
            Stream::Screen,
            "Phase 3",
            Paint::Colors,
            "\x1b[2m13:04:05.006\x1b[0m  \x1b[35mdoc1    \x1b[0m | Phase 3",
        );
        check(
            Stream::Log,
            "warm",
            Paint::Colors,
            "\x1b[2m13:04:05.006\x1b[0m  \x1b[35mdoc1    \x1b[0m \x1b[2m| warm\x1b[0m",
        );
    }

    #[test]
    fn a_process_cannot_paint_the_transcript() {
        check(
            Stream::Screen,
            "a\x1b[2Jb\tc",
            Paint::Plain,
            "13:04:05.006  doc1     | a\u{FFFD}[2Jb\tc",
        );
    }
}
