//! Printing what was asked for: whole, and only when it is all there. (Screen messages and the log
//! are another thing: they go through `outlet`, which drops lines when nobody reads.)

use std::io::{self, Write as _};

use anyhow::bail;

/// The same text without what could paint a terminal, move its cursor or turn its writing around:
/// names may come from anybody.
pub(crate) fn safe(text: &str) -> String {
    let is_unsafe =
        |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if is_unsafe(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Prints lines to standard output. A reader that is gone has seen enough.
///
/// # Errors
/// When they cannot be written for any other reason.
pub(crate) fn tell(text: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let written = if text.is_empty() { Ok(()) } else { writeln!(out, "{text}") };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => bail!("standard output: {error}"),
        Ok(()) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_paint_the_terminal_or_turn_it_around() {
        assert_eq!(safe("doc\u{1b}[2J1"), "doc\u{fffd}[2J1");
        assert_eq!(safe("doc\u{202e}1\u{2069}"), "doc\u{fffd}1\u{fffd}");
        assert_eq!(safe("Zoë Müller"), "Zoë Müller");
    }
}
