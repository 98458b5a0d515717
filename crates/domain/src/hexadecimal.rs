//! Bytes as hexadecimal digits (RFC 4648 §8), two for each.

/// The digits of `bytes`, in lower case.
#[must_use]
pub fn to_hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The `N` bytes that `text` stands for, in whatever case; `None` when it is anything else than
/// 2 `N` digits.
#[must_use]
pub fn from_hexadecimal<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_back_from_their_digits_and_nothing_else_is_taken() {
        let bytes = [0x00, 0x0f, 0xa0, 0xff];
        assert_eq!(to_hexadecimal(&bytes), "000fa0ff");
        assert_eq!(from_hexadecimal("000fA0Ff"), Some(bytes));
        for wrong in ["", "000fa0f", "000fa0ff0", "000fa0ff00", "+00fa0ff", "000fa0fg", "éééé"]
        {
            assert_eq!(from_hexadecimal::<4>(wrong), None, "{wrong}");
        }
    }
}
