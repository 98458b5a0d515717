//! One-time codes of staff (RFC 6238 with SHA-1, 30 s and 6 digits, as every authenticator has them).
//!
//! What is deliberately not here: that no code works twice. The store sees to it, in the transaction
//! that opens the session: two log-ins with one code may come at the same moment.

use domain::{OneTimePassword, UserName};
use jiff::Timestamp;
use totp_rs::{Algorithm, Builder, Secret, Totp};

/// How long one code is shown, in seconds (RFC 6238 §5.2).
pub const STEP_SECONDS: u64 = 30;
/// How many steps a clock may be ahead or behind (RFC 6238 §5.2 recommends one at most).
pub const SKEW_STEPS: u16 = 1;
/// Digits of a code.
const DIGITS: u8 = 6;
/// Length of a secret, in bytes (RFC 4226 §4 recommends 160 bits).
pub const SECRET_BYTES: usize = 20;

/// The step whose code `code` is, if that is the present one or next to it; `None` for a wrong code.
#[must_use]
pub fn accepted_step(
    secret: &[u8; SECRET_BYTES],
    code: &OneTimePassword,
    now: Timestamp,
) -> Option<u64> {
    let seconds = u64::try_from(now.as_second()).ok()?;
    // Codes are compared in constant time.
    generator(secret).check(code.expose(), seconds)
}

/// What an authenticator with this secret shows at `now`: for tests, and for demonstrations whose
/// secret is everybody's.
#[must_use]
pub fn shown_at(secret: &[u8; SECRET_BYTES], now: Timestamp) -> String {
    let seconds = u64::try_from(now.as_second()).unwrap_or(0);
    generator(secret).generate(seconds).to_string()
}

fn generator(secret: &[u8; SECRET_BYTES]) -> Totp {
    Builder::new()
        .with_secret(*secret)
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECONDS)
        .with_skew(SKEW_STEPS)
        .build()
        .expect("160 bits and 6 digits are what RFC 6238 asks for")
}

/// A secret in base 32 (RFC 4648 §6), as people type it into an authenticator.
#[must_use]
pub fn in_base32(secret: &[u8; SECRET_BYTES]) -> String {
    Secret::from(*secret).to_base32()
}

/// The address that sets up an authenticator, `otpauth://totp/…`: it holds the secret itself.
#[must_use]
pub fn setup_address(secret: &[u8; SECRET_BYTES], user: &UserName) -> String {
    use std::fmt::Write as _;
    let account = user.as_str().bytes().fold(String::new(), |mut text, byte| {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        // Writing into a String cannot fail.
        let _ =
            if plain { write!(text, "{}", char::from(byte)) } else { write!(text, "%{byte:02X}") };
        text
    });
    let secret = in_base32(secret);
    format!(
        "otpauth://totp/Rendezvous:{account}?secret={secret}&issuer=Rendezvous&algorithm=SHA1\
         &digits={DIGITS}&period={STEP_SECONDS}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_authenticator_is_set_up_by_an_address() {
        let user = UserName::new("ana+1").unwrap();
        assert_eq!(
            setup_address(SECRET, &user),
            "otpauth://totp/Rendezvous:ana%2B1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\
             &issuer=Rendezvous&algorithm=SHA1&digits=6&period=30"
        );
    }

    /// The secret of RFC 6238, appendix B.
    const SECRET: &[u8; SECRET_BYTES] = b"12345678901234567890";

    fn step(code: &str, seconds: i64) -> Option<u64> {
        let code = OneTimePassword::try_from(code.to_owned()).unwrap();
        accepted_step(SECRET, &code, Timestamp::from_second(seconds).unwrap())
    }

    #[test]
    fn the_codes_of_the_rfc_are_taken_in_their_time_and_one_step_beside_it() {
        // Appendix B, cut to the last six digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            let present = u64::try_from(seconds).unwrap() / STEP_SECONDS;
            for beside in [0, 30, -30] {
                assert_eq!(step(code, seconds + beside), Some(present), "{code} {beside}");
            }
            for away in [60, 90, 3_600] {
                assert_eq!(step(code, seconds + away), None, "{code} {away}");
            }
        }
        assert_eq!(step("287083", 59), None);
        assert_eq!(step("287082", -59), None);
    }
}
