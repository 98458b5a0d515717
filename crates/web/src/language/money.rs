//! Money as each language writes it.

use domain::{Currency, Money};

use super::Words;

impl Words {
    /// An amount: `$1,234.50`, `1.234,50 €`, `CHF 80`; without a currency only the number.
    pub(crate) fn money(&self, money: &Money) -> String {
        let plain = money.to_string();
        let amount = plain.split(' ').next().unwrap_or(&plain);
        let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
        let mut number = grouped(whole, &self.say("number-group"));
        if !cents.is_empty() {
            number += &self.say("number-decimal");
            number += cents;
        }
        let currency = money.currency();
        if currency == Currency::NONE {
            return number;
        }
        let code = currency.to_string();
        let (message, currency) = match code.as_str() {
            "USD" => ("money-sign", "$"),
            "EUR" => ("money-sign", "€"),
            "GBP" => ("money-sign", "£"),
            _ => ("money-code", code.as_str()),
        };
        self.tell(message, &[("amount", number.into()), ("currency", currency.into())])
    }
}

/// Digits in groups of three.
fn grouped(digits: &str, separator: &str) -> String {
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push_str(separator);
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::super::LANGUAGES;
    use super::*;

    #[test]
    fn money_is_written_as_people_write_it() {
        for (money, expected) in [
            ("42.50 USD", ["$42.50", "42,50\u{a0}$", "42,50\u{a0}$"]),
            ("1234.00 EUR", ["€1,234", "1.234\u{a0}€", "1.234\u{a0}€"]),
            ("80.10 CHF", ["CHF\u{a0}80.10", "80,10\u{a0}CHF", "80,10\u{a0}CHF"]),
            ("999 JPY", ["JPY\u{a0}999", "999\u{a0}JPY", "999\u{a0}JPY"]),
        ] {
            let (amount, currency) = money.split_once(' ').unwrap();
            let money = Money::parse(amount, currency.parse().unwrap()).unwrap();
            let said = LANGUAGES.iter().map(|language| {
                let words = Words { language, zone: TimeZone::UTC };
                words.money(&money).replace(['\u{2068}', '\u{2069}'], "")
            });
            assert_eq!(said.collect::<Vec<_>>(), expected);
        }
    }
}
