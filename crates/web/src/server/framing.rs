//! Where each request begins and ends, seen from the bytes before they are parsed.
//!
//! What two parsers could read in two ways is how requests are smuggled past a proxy (RFC 9112 §11.2):
//! a bare line feed or carriage return in a head, two lengths, a length beside a transfer encoding. The
//! parser behind this one is lenient with some of them. Here the offending byte becomes a NUL, which no
//! head may hold, so that it is refused where all other bad heads are.

/// What a byte is that has to be refused.
const SPOILT: u8 = 0;
/// How much of a line is looked at, in bytes: the longest name that matters, a colon, a length.
const LINE_BYTES_LOOKED_AT: usize = 64;

/// Follows the requests of a connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    at: At,
    /// The beginning of the line that is being read, in lower case.
    line: Vec<u8>,
    /// Whether the byte before was a carriage return.
    returned: bool,
    /// The body's length; `None` as long as nothing says it.
    length: Option<u64>,
    /// Whether the body comes in a transfer encoding.
    encoded: bool,
}

/// Where in a connection's requests the last byte was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum At {
    /// Before the first byte of a request.
    #[default]
    Between,
    /// In a head.
    Head,
    /// In a body with so many bytes to come.
    Body(u64),
    /// In a body that is not looked at any more: such a request is refused, and is the last one.
    Unmeasured,
}

impl Framing {
    pub(super) fn at(&self) -> At {
        self.at
    }

    /// Takes the next bytes of the connection, and spoils what must be refused.
    pub(super) fn take(&mut self, bytes: &mut [u8]) {
        let mut next = 0;
        while next < bytes.len() {
            match self.at {
                At::Unmeasured => return,
                At::Body(left) => {
                    let here = u64::try_from(bytes.len() - next).unwrap_or(u64::MAX).min(left);
                    next += usize::try_from(here).unwrap_or(usize::MAX);
                    self.at = if here == left { At::Between } else { At::Body(left - here) };
                }
                At::Between | At::Head => {
                    self.take_of_head(&mut bytes[next]);
                    next += 1;
                }
            }
        }
    }

    fn take_of_head(&mut self, byte: &mut u8) {
        let returned = std::mem::take(&mut self.returned);
        match (*byte, returned) {
            (b'\n', true) => self.end_of_line(byte),
            (b'\n', false) | (_, true) => self.spoil(byte),
            (b'\r', false) => self.returned = true,
            (other, false) => {
                self.at = At::Head;
                if self.line.len() < LINE_BYTES_LOOKED_AT {
                    self.line.push(other.to_ascii_lowercase());
                }
            }
        }
    }

    fn spoil(&mut self, byte: &mut u8) {
        *byte = SPOILT;
        self.at = At::Unmeasured;
    }

    fn end_of_line(&mut self, byte: &mut u8) {
        let line = std::mem::take(&mut self.line);
        match (line.is_empty(), self.at) {
            // An empty line before a request is passed over (RFC 9112 §2.2).
            (true, At::Between) => {}
            (true, _) => self.end_of_head(),
            (false, _) if self.is_fine(&line) => {}
            (false, _) => self.spoil(byte),
        }
    }

    /// Whether a line says nothing of the body's length that another line has said already.
    fn is_fine(&mut self, line: &[u8]) -> bool {
        if line.starts_with(b"transfer-encoding:") {
            self.encoded = true;
            return self.length.is_none();
        }
        let Some(length) = line.strip_prefix(b"content-length:") else { return true };
        let length = std::str::from_utf8(length).ok().map(str::trim);
        let digits = length.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let said = digits.and_then(|digits| digits.parse().ok());
        let alone = self.length.is_none() && !self.encoded;
        self.length = said;
        alone && said.is_some()
    }

    fn end_of_head(&mut self) {
        self.at = match (self.encoded, self.length.take()) {
            (true, _) => At::Unmeasured,
            (false, None | Some(0)) => At::Between,
            (false, Some(length)) => At::Body(length),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    /// Where `text` ends, and which of its bytes were spoilt, however it is cut.
    fn check(text: &str, expected: At, spoilt: Option<usize>) {
        for piece in [1, 2, 7, 1_000] {
            let mut framing = Framing::default();
            let mut bytes = text.as_bytes().to_vec();
            bytes.chunks_mut(piece).for_each(|piece| framing.take(piece));
            let at = bytes.iter().position(|byte| *byte == SPOILT);
            assert_eq!((framing.at(), at), (expected, spoilt), "{text:?} in pieces of {piece}");
        }
    }

    #[test]
    fn each_request_ends_where_its_head_says() {
        check("", At::Between, None);
        check("\r\n", At::Between, None);
        check("G", At::Head, None);
        check(GOOD, At::Between, None);
        check(&GOOD.repeat(3), At::Between, None);
        let post = "POST / HTTP/1.1\r\nCONTENT-length: 5\r\n\r\n";
        check(post, At::Body(5), None);
        check(&format!("{post}a\nb"), At::Body(2), None);
        check(&format!("{post}a\nb\r\n{GOOD}G"), At::Head, None);
        check("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\n", At::Unmeasured, None);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_spoilt() {
        let head = "POST / HTTP/1.1\r\n";
        for (rest, at) in [
            ("Host: a\nX: b\r\n\r\n", 7),
            ("Host: a\rX: b\r\n\r\n", 8),
            ("\n", 0),
            ("Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 37),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 46),
            ("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 46),
            ("Content-Length: 5, 5\r\n\r\n", 21),
            ("Content-Length: +5\r\n\r\n", 19),
            ("Content-Length:\r\n\r\n", 16),
            ("Content-Length: 99999999999999999999\r\n\r\n", 37),
        ] {
            check(&format!("{head}{rest}"), At::Unmeasured, Some(head.len() + at));
        }
        // Also behind a request that was sent along.
        check(&format!("{GOOD}GET / HTTP/1.1\n\n"), At::Unmeasured, Some(GOOD.len() + 14));
    }
}
