//! Every mistake, with its place and what was expected.

use super::*;

/// Puts `new` in the place of `old` in the small scenario, and reads it.
fn check(old: &str, new: &str, expected: &str) {
    assert!(SMALL.contains(old), "{old}");
    let found = Scenario::read(&SMALL.replacen(old, new, 1));
    let found = found.map(|_| "nothing is wrong".to_owned());
    let found = found.unwrap_or_else(|m| format!("{}:{}: {}", m.line, m.column, m.message));
    assert_eq!(found, expected, "{new}");
}

#[test]
fn values_that_mean_nothing_are_named() {
    check("days = 2", "days = 0", "2:8: 0 is out of range, expected 1 to 366");
    check(
        "days = 2",
        "days = \"two\"",
        r#"2:8: invalid type: string "two", expected a whole number from 1 to 366"#,
    );
    check(
        "title = \"A small clinic\"",
        "title = \"\"",
        "1:9: title has 0 characters, expected 1 to 200",
    );
    check(
        "A small clinic",
        "A\\u0007",
        "1:9: title holds a control character, expected one line of text",
    );
    check("days = 2", "days = 2\nseed = -1", "3:8: -1 is negative, expected 0 or more");
    check(
        "days = 2",
        "days = 2\nseed = \"7\"",
        r#"3:8: invalid type: string "7", expected a whole number of 0 or more"#,
    );
    check(
        "zone = \"UTC\"",
        "zone = \"Berlin\"",
        r#"3:8: "Berlin" is not an IANA time zone, expected e.g. "Europe/Berlin""#,
    );
    check(
        "visit-minutes = 20",
        "visit-minutes = 2000",
        "4:17: 2000 is out of range, expected 1 to 1440",
    );
    check(
        "\"08:00-09:10\"",
        "\"8-9\"",
        r#"7:7: "8-9" is not opening hours, expected one after the other, e.g. "08:00-12:00, 14:00-18:00", or "closed""#,
    );
    check(
        "\"08:00-09:10\"",
        "\"09:00-08:00\"",
        r#"7:7: "09:00-08:00" is not opening hours, expected one after the other, e.g. "08:00-12:00, 14:00-18:00", or "closed""#,
    );
    check(
        "\"08:00-09:10\"",
        "\"08:00-12:00, 11:00-13:00\"",
        r#"7:7: "08:00-12:00, 11:00-13:00" is not opening hours, expected one after the other, e.g. "08:00-12:00, 14:00-18:00", or "closed""#,
    );
    check(
        "\"08:00-09:10\"",
        "8",
        r#"7:7: invalid type: integer 8, expected opening hours, one after the other, e.g. "08:00-12:00, 14:00-18:00", or "closed""#,
    );
    check(
        "\"adams\"",
        "\"a b\"",
        r#"9:8: "a b" holds a blank or a control character, expected one printable word"#,
    );
    check("\"adams\"", "7", r#"9:8: invalid type: integer 7, expected a name, e.g. "adams""#);
    check("\"30\"", "\"-3\"", r#"10:25: price "-3" is negative, expected an amount of 0 or more"#);
    check(
        "\"30\"",
        "30",
        r#"10:25: invalid type: integer 30, expected an amount, e.g. "30" or "45.50""#,
    );
    check(
        "insurance1 =",
        "\"a b\" =",
        r#"10:12: "a b" holds a blank or a control character, expected one printable word"#,
    );
    check(
        "\"08\" = 12",
        "\"24\" = 12",
        r#"12:14: "24" is not an hour of the day, expected "00" to "23""#,
    );
    check("\"08\" = 12", "\"08\" = -1", "12:21: -1 is out of range, expected 0 to 1000000");
    check(
        "zone =",
        "currency = \"usd\"\nzone =",
        r#"3:12: currency "usd" is not a currency, expected an ISO 4217 code of three capital letters, e.g. USD"#,
    );
}

#[test]
fn keys_that_are_none_and_keys_that_are_not_there_are_named() {
    check(
        "days = 2",
        "day = 2",
        "2:1: day is not a key, expected one of title, seed, days, zone, visit-minutes, book-ahead-days, currency, hours, doctor, arrivals, habits, faults",
    );
    check("days = 2\n", "", "1:1: days is missing, expected it here");
    check(
        "tue =",
        "tuesday =",
        "7:1: tuesday is not a key, expected one of mon, tue, wed, thu, fri, sat, sun",
    );
    check("name = \"adams\"\n", "", "8:1: name is missing, expected it here");
    check(
        "[arrivals]\nper-hour = { \"08\" = 12 }\n",
        "",
        "1:1: arrivals is missing, expected it here",
    );
    check("days = 2", "days = 2\ndays = 3", "3:1: the key is there twice, expected once");
    check("days = 2", "days = ", "2:8: string values must be quoted, expected literal string");
    check("mon =", "mon = \"closed\"\nmon =", "7:1: the key is there twice, expected once");
}

#[test]
fn habits_and_faults_are_looked_at_as_well() {
    let end = "per-hour = { \"08\" = 12 }\n";
    let with = |table: &str| format!("{end}{table}");
    check(
        end,
        &with("[habits]\nno-shows = \"120%\""),
        r#"14:12: "120%" is not a percentage, expected e.g. "5%", from "0%" to "100%""#,
    );
    check(
        end,
        &with("[habits]\nno-shows = 0.1"),
        r#"14:12: invalid type: floating point 0.1, expected a percentage, e.g. "5%", from "0%" to "100%""#,
    );
    check(
        end,
        &with("[habits]\nchoice = \"late\""),
        r#"14:10: "late" is not a choice, expected "soonest", "soon" or "any""#,
    );
    check(
        end,
        &with("[habits]\nplans = { insurance1 = \"50%\" }"),
        "14:9: plans add up to 50%, expected 100%",
    );
    check(
        end,
        &with("[faults]\nlevel = \"total\""),
        r#"14:9: "total" is not a level, expected "none", "mild" or "full""#,
    );
    check(
        end,
        &with("[faults]\ndelay = \"80ms-20ms\""),
        r#"14:9: "80ms-20ms" is not a time or two, expected e.g. "20ms" or "20ms-80ms""#,
    );
    check(
        end,
        &with("[faults]\ncrash-each = \"soon\""),
        r#"14:14: "soon" is not a time, expected e.g. "20ms", "30s", "5m", "1h" or "never""#,
    );
    check(
        end,
        &with("[faults]\nloss = \"-5%\""),
        r#"14:8: "-5%" is not a percentage, expected e.g. "5%", from "0%" to "100%""#,
    );
    check(
        end,
        &with("poisson = \"0/h\""),
        r#"13:11: "0/h" is not a rate, expected e.g. "40/h" or "2/m""#,
    );
    check(
        end,
        &with("busy = { mon = \"a lot\" }"),
        r#"13:16: "a lot" is not a percentage of a usual day, expected e.g. "150%", at most "1000%""#,
    );
    check(
        end,
        &with("at-once = { \"24:00\" = 3 }"),
        r#"13:13: "24:00" is not a time of the day, expected e.g. "08:00""#,
    );
}

#[test]
fn what_does_not_fit_together_is_named() {
    let (first, end) = SMALL.split_once("zone").unwrap();
    let text = format!("{first}currency = \"EUR\"\nzone{end}[habits]\nclassic = \"5%\"\n");
    let mistake = Scenario::read(&text).unwrap_err();
    assert_eq!(
        (mistake.line, mistake.column, mistake.message.as_str()),
        (
            3,
            12,
            "currency \"EUR\" cannot be said in the first three dialects, expected USD or \
             classic = \"0%\""
        )
    );
    let second = "[arrivals]";
    let twice = "[[doctor]]\nname = \"adams\"\nprices = {}\n[arrivals]";
    check(second, twice, "12:8: there are two doctors adams, expected one");
    check(
        "{ insurance1 = \"30\", insurance2 = \"45.50\" }",
        "{}",
        "8:1: no doctor has a price, expected prices",
    );
    check(
        "visit-minutes = 20",
        "visit-minutes = 120",
        "8:1: 0 slots in all, expected 1 to 10000000",
    );
    check(
        "per-hour = { \"08\" = 12 }\n",
        "",
        "11:1: nobody comes, expected per-hour, at-once or poisson",
    );
    check(
        "\"08\" = 12",
        "\"08\" = 600000",
        "11:1: about 1200000 patients in all, expected at most 1000000",
    );
    check(
        "[[doctor]]\nname = \"adams\"\nprices = { insurance1 = \"30\", insurance2 = \"45.50\" }\n",
        "",
        "1:1: doctor is missing, expected it here",
    );
}
