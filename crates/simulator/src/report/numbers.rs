//! Numbers as the report has them, and as people read them.

use std::time::Duration;

/// `part` of `whole`, from 0 to 1, to six places; 0 of nothing.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { rounded(part as f64 / whole as f64, 6) }
}

/// Seconds, to the microsecond.
pub(super) fn seconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64(), 6)
}

/// Milliseconds, to the microsecond.
pub(super) fn milliseconds(time: Duration) -> f64 {
    rounded(time.as_secs_f64() * 1_000.0, 3)
}

/// To so many places behind the point.
pub(super) fn rounded(number: f64, places: i32) -> f64 {
    let scale = 10_f64.powi(places);
    (number * scale).round() / scale
}

/// `1234567` as `1,234,567`.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    told
}

/// A share as `12.3 %`; with more digits where they are all that there is.
#[must_use]
pub fn percent(share: f64) -> String {
    let number = share * 100.0;
    match number {
        _ if number == 0.0 || number >= 99.9995 => format!("{number:.0} %"),
        _ if !(0.1..=99.9).contains(&number) => format!("{number:.3} %"),
        _ => format!("{number:.1} %"),
    }
}

/// Milliseconds in the unit that suits them: `0.31 ms`, `12.3 ms`, `1.23 s`, `4 min 05 s`.
#[must_use]
pub fn time(ms: f64) -> String {
    match ms {
        _ if ms < 10.0 => format!("{ms:.2} ms"),
        _ if ms < 999.95 => format!("{ms:.1} ms"),
        _ if ms < 119_995.0 => format!("{:.2} s", ms / 1_000.0),
        _ => long_time(ms / 1_000.0),
    }
}

/// A long time: `12 s`, `4 min 05 s`, `3 h 20 min`, `2 d 04 h`.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float stays within its bounds"
)]
pub(super) fn long_time(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let parts = |first: u64, unit: &str, second: u64, second_unit: &str| match second {
        0 => format!("{first} {unit}"),
        second => format!("{first} {unit} {second:02} {second_unit}"),
    };
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => parts(seconds / 60, "min", seconds % 60, "s"),
        7_200..172_800 => parts(seconds / 3_600, "h", seconds / 60 % 60, "min"),
        _ => parts(seconds / 86_400, "d", seconds / 3_600 % 24, "h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_with_as_many_digits_as_help() {
        let counts = [0, 999, 1_000, 1_234_567].map(count);
        assert_eq!(counts, ["0", "999", "1,000", "1,234,567"]);
        let shares = [0.0, 0.000_2, 0.05, 0.5, 0.999_8, 1.0].map(percent);
        assert_eq!(shares, ["0 %", "0.020 %", "5.0 %", "50.0 %", "99.980 %", "100 %"]);
        let times = [0.312, 12.34, 1_234.0, 245_000.0, 12_000_000.0, 187_200_000.0].map(time);
        assert_eq!(times, ["0.31 ms", "12.3 ms", "1.23 s", "4 min 05 s", "3 h 20 min", "2 d 04 h"]);
        assert_eq!(long_time(1_800.0), "30 min");
    }
}
