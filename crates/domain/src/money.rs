//! Money in minor units with its currency; never a float.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The highest amount a tariff may name, in major units. Above it, it is a slip of the keyboard.
const AMOUNT_MAJOR_MAX: i64 = 1_000_000;

/// A text is not a currency: an ISO 4217 code of three letters was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is not a currency, expected an ISO 4217 code of three capital letters, e.g. USD")]
pub struct CurrencyError;

/// A currency by its ISO 4217 code, e.g. `USD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// No currency at all (ISO 4217's own code for it), for an amount that comes without one.
    pub const NONE: Self = Self(*b"XXX");

    /// US dollars, the exercise's `$`.
    pub const USD: Self = Self(*b"USD");

    /// How many digits its minor unit has (ISO 4217 list one: 2 but for these).
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            // No currency: whatever the amount needs, as far as any currency goes.
            b"XXX" => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        match *text.as_bytes() {
            [a, b, c] if [a, b, c].iter().all(u8::is_ascii_uppercase) => Ok(Self([a, b, c])),
            _ => Err(CurrencyError),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = CurrencyError;
    fn try_from(text: String) -> Result<Self, CurrencyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.to_string()
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|&letter| write!(f, "{}", char::from(letter)))
    }
}

/// Why a text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// Not digits with at most one decimal point.
    #[error("is not an amount, expected digits such as 30 or 30.50")]
    NotAnAmount,
    /// Below zero.
    #[error("is negative, expected an amount of 0 or more")]
    Negative,
    /// More decimals than the currency has.
    #[error("has too many decimals, expected at most {0}")]
    TooManyDecimals(u32),
    /// More than anyone charges for a visit.
    #[error("is absurd, expected at most {AMOUNT_MAJOR_MAX}")]
    Absurd,
}

/// An amount of money, zero or more, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// Reads `30`, `30.5` or `30.50` as an amount of `currency`.
    ///
    /// # Errors
    /// When `text` is no amount, negative, absurd, or has more decimals than the currency.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        if text.starts_with('-') {
            return Err(MoneyError::Negative);
        }
        let (major, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(major) || !digits(decimals) {
            return Err(MoneyError::NotAnAmount);
        }
        let places = currency.minor_digits();
        let decimals = decimals.trim_end_matches('0');
        let shift = u32::try_from(decimals.len())
            .ok()
            .and_then(|len| places.checked_sub(len))
            .ok_or(MoneyError::TooManyDecimals(places))?;
        let major: i64 = major.parse().map_err(|_| MoneyError::Absurd)?;
        let fraction: i64 = if decimals.is_empty() {
            0
        } else {
            decimals.parse().map_err(|_| MoneyError::NotAnAmount)?
        };
        if major > AMOUNT_MAJOR_MAX || (major == AMOUNT_MAJOR_MAX && fraction > 0) {
            return Err(MoneyError::Absurd);
        }
        let minor = major * 10_i64.pow(places) + fraction * 10_i64.pow(shift);
        Ok(Self { minor, currency })
    }

    /// Its currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }
}

/// The amount as the exercise writes it: `30`, or `30.50` where there are cents; no currency.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.currency.minor_digits();
        let unit = 10_i64.pow(places);
        let text = match (self.minor / unit, self.minor % unit) {
            (major, 0) => major.to_string(),
            (major, minor) => format!("{major}.{minor:0width$}", width = places as usize),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: Result<&str, MoneyError>) {
        let found = Money::parse(text, Currency::USD).map(|money| money.to_string());
        assert_eq!(found.as_deref().map_err(|e| *e), expected, "{text}");
    }

    #[test]
    fn amounts_are_read_and_written() {
        check("30", Ok("30"));
        check("30.50", Ok("30.50"));
        check("30.5", Ok("30.50"));
        check("30.00", Ok("30"));
        check("0", Ok("0"));
        check("007", Ok("7"));
        check("1000000", Ok("1000000"));
        check("-3", Err(MoneyError::Negative));
        check("30.505", Err(MoneyError::TooManyDecimals(2)));
        check("1000001", Err(MoneyError::Absurd));
        check("1000000.01", Err(MoneyError::Absurd));
        check("99999999999999999999999", Err(MoneyError::Absurd));
        for text in ["", ".", "30.", ".5", "1e3", "NaN", "+3", "3,50", "0x1f", "٣"] {
            check(text, Err(MoneyError::NotAnAmount));
        }
    }

    #[test]
    fn a_currency_knows_its_minor_unit() {
        let yen: Currency = "JPY".parse().unwrap();
        assert_eq!(Money::parse("3050", yen).unwrap().to_string(), "3050");
        assert_eq!(Money::parse("30.5", yen), Err(MoneyError::TooManyDecimals(0)));
        let dinar: Currency = "KWD".parse().unwrap();
        assert_eq!(Money::parse("3.5", dinar).unwrap().to_string(), "3.500");
        assert_eq!("usd".parse::<Currency>(), Err(CurrencyError));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor in 0_i64..=100_000_000) {
            let money = Money { minor, currency: Currency::USD };
            prop_assert_eq!(Money::parse(&money.to_string(), Currency::USD), Ok(money));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,40}") {
            let _ = Money::parse(&text, Currency::USD);
        }
    }
}
