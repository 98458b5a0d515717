//! Bytes into lines and columns, with their places; what a file of any kind must be.

use super::FileMistake;

/// The longest line, in bytes: a name, a password of the greatest length, and room to spare.
pub(super) const LINE_BYTES_MAX: usize = 4_096;

/// How much of a wrong word a message repeats, in characters.
const QUOTE_CHARS_MAX: usize = 40;

/// How many bytes at the beginning of a file decide whether it looks like UTF-16.
const UTF16_LOOK_BYTES: usize = 64;

/// One word of a line.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    /// The bytes of the line in front of it.
    offset: usize,
    /// The word, never empty.
    pub(super) text: &'a str,
}

/// One line that is not blank.
pub(super) struct Line<'a> {
    /// From 1.
    pub(super) number: u32,
    text: &'a str,
}

impl<'a> Line<'a> {
    /// A mistake at `field` of this line.
    pub(super) fn mistake(&self, field: Field<'_>, message: String) -> FileMistake {
        FileMistake { line: self.number, column: self.column_of(field), message }
    }

    /// Where `field` of this line begins, from 1, in characters.
    pub(super) fn column_of(&self, field: Field<'_>) -> u32 {
        self.column_at(field.offset)
    }

    /// Exactly `N` columns; `expected` names them.
    pub(super) fn columns<const N: usize>(
        &self,
        expected: &str,
    ) -> Result<[Field<'a>; N], FileMistake> {
        let mut fields = [Field { offset: 0, text: "" }; N];
        let mut count: usize = 0;
        let mut first_extra = None;
        for field in self.fields() {
            match fields.get_mut(count) {
                Some(place) => *place = field,
                None => first_extra = first_extra.or(Some(field.offset)),
            }
            count += 1;
        }
        if count == N {
            return Ok(fields);
        }
        let end = || self.text.trim_ascii_end().len();
        let plural = if count == 1 { "" } else { "s" };
        Err(FileMistake {
            line: self.number,
            column: self.column_at(first_extra.unwrap_or_else(end)),
            message: format!("the line has {count} column{plural}, expected {N}: {expected}"),
        })
    }

    fn column_at(&self, offset: usize) -> u32 {
        count_u32(self.text[..offset].chars().count()).saturating_add(1)
    }

    fn fields(&self) -> impl Iterator<Item = Field<'a>> {
        let (text, mut at) = (self.text, 0);
        std::iter::from_fn(move || {
            // Blanks are ASCII, so that both ends of a word lie between characters.
            let bytes = text.as_bytes();
            let offset = at + bytes[at..].iter().position(|byte| !is_blank(byte))?;
            let length = bytes[offset..].iter().position(is_blank);
            at = length.map_or(bytes.len(), |length| offset + length);
            Some(Field { offset, text: &text[offset..at] })
        })
    }
}

/// The lines of a file, from the first to the last that is not blank.
pub(super) struct Lines<'a> {
    /// `None` behind the last line.
    rest: Option<&'a [u8]>,
    number: u32,
    columns: &'static str,
}

impl<'a> Lines<'a> {
    /// The lines of `bytes`; `columns` names what each must hold.
    pub(super) fn of(bytes: &'a [u8], columns: &'static str) -> Result<Self, FileMistake> {
        if looks_like_utf16(bytes) {
            return Err(at_start("the file looks like UTF-16, expected UTF-8"));
        }
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        match bytes.iter().rposition(|byte| !blank(byte)) {
            None => Err(empty(columns)),
            Some(last) => Ok(Self { rest: Some(&bytes[..=last]), number: 0, columns }),
        }
    }

    fn check(&self, bytes: &'a [u8]) -> Result<Line<'a>, FileMistake> {
        let mistake = |bytes_before: usize, message: String| {
            // Whatever is in front: every byte but a continuation begins a character.
            let chars = bytes[..bytes_before].iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
            FileMistake { line: self.number, column: count_u32(chars) + 1, message }
        };
        if bytes.len() > LINE_BYTES_MAX {
            let wrong = format!(
                "the line is {} bytes long, expected at most {LINE_BYTES_MAX}",
                bytes.len()
            );
            return Err(mistake(LINE_BYTES_MAX, wrong));
        }
        if bytes.contains(&0) {
            let at = bytes.iter().take_while(|&&byte| byte != 0).count();
            return Err(mistake(at, "there is a NUL character, expected text".to_owned()));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let wrong = "there is a byte that is not UTF-8, expected UTF-8 text";
            mistake(error.valid_up_to(), wrong.to_owned())
        })?;
        if bytes.iter().all(is_blank) {
            let wrong =
                format!("the line is blank, expected {} (blank lines: at the end)", self.columns);
            return Err(mistake(0, wrong));
        }
        Ok(Line { number: self.number, text })
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = Result<Line<'a>, FileMistake>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest?;
        let line = match rest.iter().position(|&byte| byte == b'\n') {
            Some(end) => {
                self.rest = Some(&rest[end + 1..]);
                &rest[..end]
            }
            None => {
                self.rest = None;
                rest
            }
        };
        self.number = self.number.saturating_add(1);
        Some(self.check(line.strip_suffix(b"\r").unwrap_or(line)))
    }
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// At least as many as there are lines of two columns or more in `bytes`: a capacity, so that a
/// million rows are not moved again and again.
pub(super) fn at_most(bytes: &[u8]) -> usize {
    const LINE_BYTES_MIN: usize = 4;
    let line_ends = bytes.iter().filter(|&&byte| byte == b'\n').count();
    (line_ends + 1).min(bytes.len() / LINE_BYTES_MIN + 1)
}

/// The mistake of a file that holds nothing.
pub(super) fn empty(columns: &str) -> FileMistake {
    at_start(&format!("the file is empty, expected {columns}"))
}

/// A word for a message: printable, shortened, in quotes.
pub(super) fn quote(text: &str) -> String {
    let mut shown: String = text.chars().take(QUOTE_CHARS_MAX).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    format!("\"{}\"", shown.escape_debug())
}

fn at_start(message: &str) -> FileMistake {
    FileMistake { line: 1, column: 1, message: message.to_owned() }
}

/// A byte order mark of UTF-16, or a NUL in every other byte, as Latin text in UTF-16 has.
fn looks_like_utf16(bytes: &[u8]) -> bool {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return true;
    }
    let look = &bytes[..bytes.len().min(UTF16_LOOK_BYTES)];
    let (pairs, _) = look.as_chunks::<2>();
    let little = pairs.iter().all(|pair| pair[0] != 0 && pair[1] == 0);
    let big = pairs.iter().all(|pair| pair[0] == 0 && pair[1] != 0);
    pairs.len() > 1 && (little || big)
}

/// Lines and columns beyond `u32` are all the last one.
fn count_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
