//! Every refusal of the files, in full, and what is accepted.

use std::fmt::Debug;
use std::time::{Duration, Instant};

use domain::Currency;
use proptest::prelude::*;

use super::*;

fn refused<T: Debug>(result: Result<T, FileMistake>) -> String {
    result.expect_err("a mistake").to_string()
}

fn check_availabilities(text: &str, expected: &str) {
    assert_eq!(refused(parse_availabilities(text.as_bytes(), 60)), expected, "{text:?}");
}

fn check_users(bytes: &[u8], expected: &str) {
    assert_eq!(refused(parse_users(bytes)), expected, "{}", bytes.escape_ascii());
}

fn check_tariff(text: &str, expected: &str) {
    assert_eq!(refused(parse_tariff(text.as_bytes(), Currency::USD)), expected, "{text:?}");
}

fn names(bytes: &[u8]) -> Vec<String> {
    parse_users(bytes).unwrap().iter().map(|row| row.user.to_string()).collect()
}

#[test]
fn line_ends_of_all_kinds_are_accepted() {
    for text in [
        "a x\nb y\n",
        "a x\nb y",
        "a x\r\nb y\r\n",
        "a x\r\nb y",
        "a x\nb y\n\n\r\n \n\t\n",
        "\u{FEFF}a x\nb y\n",
        " a \t x \n\tb  y\t\r\n",
    ] {
        assert_eq!(names(text.as_bytes()), ["a", "b"], "{text:?}");
    }
}

#[test]
fn the_exercises_own_files_are_read() {
    let rows = parse_availabilities(
        b"1 Tue 01pm doc1 41000\n2 Mon 03pm doc2 42000\n3 Thu 02pm doc1 41000\n",
        60,
    )
    .unwrap();
    let shown: Vec<String> = rows
        .iter()
        .map(|r| format!("{} {} {} {} {}", r.line, r.index, r.time, r.doctor, r.port))
        .collect();
    assert_eq!(
        shown,
        ["1 1 Tue 01pm doc1 41000", "2 2 Mon 03pm doc2 42000", "3 3 Thu 02pm doc1 41000"]
    );

    let tariff =
        parse_tariff(b"insurance1 30\r\ninsurance2 20.50\r\ninsurance3 50", Currency::USD).unwrap();
    let price = |plan| tariff.estimate(&Service::visit(), &PlanName::new(plan).unwrap());
    assert_eq!(price("insurance2").map(|cost| cost.to_string()), Some("20.50".to_owned()));
    assert_eq!(price("insurance4"), None);
    assert_eq!(tariff.len(), 3);

    let login = parse_login(b"patient1 password111").unwrap();
    assert_eq!((login.user.as_str(), login.password.expose()), ("patient1", "password111"));
    assert_eq!(parse_plan(b"insurance1\r\n").unwrap().as_str(), "insurance1");
}

#[test]
fn bytes_that_are_not_utf8_text_are_refused() {
    let utf16 = "1:1: the file looks like UTF-16, expected UTF-8";
    let little: Vec<u8> = "a x\nb y\n".bytes().flat_map(|byte| [byte, 0]).collect();
    let big: Vec<u8> = "a x\nb y\n".bytes().flat_map(|byte| [0, byte]).collect();
    check_users(&little, utf16);
    check_users(&big, utf16);
    check_users(&[&[0xFF, 0xFE], little.as_slice()].concat(), utf16);
    check_users(&[&[0xFE, 0xFF], big.as_slice()].concat(), utf16);
    check_users(b"a x\nb\0 y\n", "2:2: there is a NUL character, expected text");
    check_users(
        "é x\né \u{e9}\n".as_bytes().strip_suffix(b"\n").unwrap(),
        "2:1: user \"é\" is on line 1 already, expected each user once",
    );
    check_users(
        b"a x\n\xC3\xA9b \xFF\n",
        "2:4: there is a byte that is not UTF-8, expected UTF-8 text",
    );
}

#[test]
fn empty_blank_and_endless_lines_are_refused() {
    let empty = "1:1: the file is empty, expected <user> <password>";
    for text in ["", "\n", "\r\n \t\n", "\u{FEFF}", "\u{FEFF}\n"] {
        check_users(text.as_bytes(), empty);
    }
    let blank = "the line is blank, expected <user> <password> (blank lines: at the end)";
    check_users(b"\na x\n", &format!("1:1: {blank}"));
    check_users(b"a x\n \t\r\nb y\n", &format!("2:1: {blank}"));
    let mut endless = b"a x\nb ".to_vec();
    endless.resize(4 + 10_000_000, b'y');
    check_users(&endless, "2:4097: the line is 10000000 bytes long, expected at most 4096");
}

#[test]
fn users_that_are_not_right_are_refused_without_a_word_of_the_password() {
    check_users(b"secret\n", "1:7: the line has 1 column, expected 2: <user> <password>");
    check_users(b"a b secret\n", "1:5: the line has 3 columns, expected 2: <user> <password>");
    check_users(b"a x\na y\n", "2:1: user \"a\" is on line 1 already, expected each user once");
    check_users(
        format!("{} secret", "u".repeat(65)).as_bytes(),
        "1:1: the user name is 65 bytes long, expected 1 to 64",
    );
    check_users(
        b"a\x07 secret",
        "1:1: the user name holds a blank or a control character, expected one printable word",
    );
    check_users(b"a x\rb secret\n", "1:7: the line has 3 columns, expected 2: <user> <password>");
    check_users(
        b"a secret\x07",
        "1:3: the password holds a control character, expected 1 to 512 bytes of printable text",
    );
    assert_eq!(
        refused(parse_login(b"a x\nb y\n")),
        "2:1: there is a second record, expected exactly one: <user> <password>"
    );
    assert_eq!(
        refused(parse_plan(b"insurance1 30\n")),
        "1:12: the line has 2 columns, expected 1: <plan>"
    );
    assert_eq!(
        refused(parse_plan(b"insurance1\ninsurance2\n")),
        "2:1: there is a second record, expected exactly one: <plan>"
    );
}

#[test]
fn tariffs_that_are_not_right_are_refused() {
    check_tariff("plan1", "1:6: the line has 1 column, expected 2: <plan> <cost>");
    check_tariff("plan1 30 $", "1:10: the line has 3 columns, expected 2: <plan> <cost>");
    check_tariff(
        "plan1 30\nplan2 20\nplan1 30\n",
        "3:1: plan \"plan1\" is on line 1 already, expected each plan once",
    );
    check_tariff("plan1 -30", "1:7: cost \"-30\" is negative, expected an amount of 0 or more");
    check_tariff("plan1 1000001", "1:7: cost \"1000001\" is absurd, expected at most 1000000");
    check_tariff(
        "plan1 1e3",
        "1:7: cost \"1e3\" is not an amount, expected digits such as 30 or 30.50",
    );
    check_tariff("plan1 30.505", "1:7: cost \"30.505\" has too many decimals, expected at most 2");
    check_tariff(
        &format!("{} 30", "p".repeat(65)),
        "1:1: the plan's name is 65 bytes long, expected 1 to 64",
    );
}

#[test]
fn availabilities_that_are_not_right_are_refused() {
    let columns = "<index> <day> <time> <doctor> <port>";
    check_availabilities(
        "1 Tue 01pm doc1",
        &format!("1:16: the line has 4 columns, expected 5: {columns}"),
    );
    check_availabilities(
        "1 Tue 01 pm doc1 41000",
        &format!("1:18: the line has 6 columns, expected 5: {columns}"),
    );
    let index = "is not an index, expected a whole number from 1 to 4294967295";
    check_availabilities("0 Tue 01pm doc1 41000", &format!("1:1: \"0\" {index}"));
    check_availabilities("-1 Tue 01pm doc1 41000", &format!("1:1: \"-1\" {index}"));
    check_availabilities("4294967296 Tue 01pm d 1", &format!("1:1: \"4294967296\" {index}"));
    check_availabilities(
        "1 Tues 01pm doc1 41000",
        "1:3: \"Tues\" is not a day, expected Mon, Tue, Wed, Thu, Fri, Sat or Sun",
    );
    check_availabilities(
        "1 Tue 13pm doc1 41000",
        "1:7: \"13pm\" is not a time, expected 1pm, 01pm or 01:30pm, hours 1 to 12",
    );
    for port in ["0", "65536", "-1", "41k", "+1"] {
        check_availabilities(
            &format!("1 Tue 01pm doc1 {port}"),
            &format!("1:17: \"{port}\" is not a port, expected a whole number from 1 to 65535"),
        );
    }
    check_availabilities(
        &format!("1 Tue 01pm {} 41000", "d".repeat(65)),
        "1:12: the doctor's name is 65 bytes long, expected 1 to 64",
    );
}

#[test]
fn availabilities_that_contradict_each_other_are_refused() {
    check_availabilities(
        "1 Tue 01pm doc1 41000\n2 Mon 01pm doc1 41000\n001 Wed 01pm doc1 41000\n",
        "3:1: index 1 is on line 1 already, expected each index once",
    );
    check_availabilities(
        "1 Tue 01pm doc1 41000\n2 Tue 01pm doc2 41000\n",
        "2:17: port 41000 is \"doc1\"'s on line 1, expected another port for each doctor",
    );
    check_availabilities(
        "1 Tue 01pm doc1 41000\n2 Wed 01pm doc1 42000\n",
        "2:17: \"doc1\" has port 41000 on line 1, expected the same port on all lines of a doctor",
    );
    check_availabilities(
        "1 Tue 01pm doc1 41000\n2 Tue 01pm doc2 42000\n3 Tue 12:30pm doc1 41000\n",
        "3:3: Tue 12:30pm overlaps Tue 01pm of \"doc1\" on line 1, expected visits of 60 minutes \
         one after another",
    );
    check_availabilities(
        "1 Sun 11:30pm doc1 41000\n2 Mon 12am doc1 41000\n",
        "2:3: Mon 12am overlaps Sun 11:30pm of \"doc1\" on line 1, expected visits of 60 minutes \
         one after another",
    );
}

#[test]
fn a_long_word_is_repeated_shortened_and_printable() {
    check_availabilities(
        &format!("1 {}\u{1b}[2J 01pm doc1 41000", "d".repeat(38)),
        &format!(
            "1:3: \"{}\\u{{1b}}[…\" is not a day, expected Mon, Tue, Wed, Thu, Fri, Sat or Sun",
            "d".repeat(38)
        ),
    );
}

#[test]
fn a_million_good_lines_and_one_bad_are_refused() {
    // Without optimisation a million lines take most of a minute, and prove nothing about time.
    const LINES: u32 = if cfg!(debug_assertions) { 50_000 } else { 1_000_000 };
    let (mut users, mut slots) = (String::new(), String::new());
    for number in 1..=LINES {
        users.push_str(&format!("patient{number} password{number}\n"));
        let (minute, doctor) = (number % (24 * 7), number / (24 * 7));
        let day = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][minute as usize / 24];
        let (hour, half) = (minute % 12 + 1, if minute % 24 < 12 { "am" } else { "pm" });
        slots.push_str(&format!("{number} {day} {hour}{half} doc{doctor} {}\n", 1_000 + doctor));
    }
    assert_eq!(parse_users(users.as_bytes()).unwrap().len(), LINES as usize);
    assert_eq!(parse_availabilities(slots.as_bytes(), 60).unwrap().len(), LINES as usize);
    users.push_str("patient1 again\n");
    slots.push_str("4000000000 Mon 01:30am doc1 1001\n");

    let begun = Instant::now();
    let repeat = "user \"patient1\" is on line 1 already, expected each user once";
    check_users(users.as_bytes(), &format!("{}:1: {repeat}", LINES + 1));
    let users_took = begun.elapsed();
    let begun = Instant::now();
    let mistake = refused(parse_availabilities(slots.as_bytes(), 60));
    let expected = format!("{}:12: Mon 01:30am overlaps Mon", LINES + 1);
    assert!(mistake.starts_with(&expected), "{mistake}");
    let slots_took = begun.elapsed();
    if !cfg!(debug_assertions) {
        let limit = Duration::from_secs(1);
        assert!(users_took < limit && slots_took < limit, "{users_took:?} {slots_took:?}");
    }
}

/// Bytes that come near the real thing.
fn near_files() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        Just(b"1".to_vec()),
        Just(b"Tue".to_vec()),
        Just(b"01pm".to_vec()),
        Just(b"doc1".to_vec()),
        Just(b"41000".to_vec()),
        Just(b" ".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r\n".to_vec()),
        Just(b"\xEF\xBB\xBF".to_vec()),
        Just(b"\0".to_vec()),
        Just("é".as_bytes().to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    proptest::collection::vec(word, 0..40).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop_oneof![
        near_files(),
        proptest::collection::vec(any::<u8>(), 0..200),
    ]) {
        let _ = parse_users(&bytes);
        let _ = parse_login(&bytes);
        let _ = parse_plan(&bytes);
        let _ = parse_tariff(&bytes, Currency::USD);
        let _ = parse_availabilities(&bytes, 60);
    }

    #[test]
    fn users_that_are_right_are_read_back(
        rows in proptest::collection::btree_map("[a-zé]{1,12}", "[!-~]{1,12}", 1..20),
        end in prop_oneof![Just("\n"), Just("\r\n"), Just(" \n")],
    ) {
        let text: String = rows.iter().map(|(user, word)| format!("{user} {word}{end}")).collect();
        let read = parse_users(text.as_bytes()).unwrap();
        let read: Vec<_> =
            read.iter().map(|row| (row.user.as_str(), row.password.expose())).collect();
        let expected: Vec<_> = rows.iter().map(|(u, w)| (u.as_str(), w.as_str())).collect();
        prop_assert_eq!(read, expected);
    }
}
