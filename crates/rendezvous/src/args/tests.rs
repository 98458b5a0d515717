//! The declaration as a whole: variables, defaults, and what is refused.

use clap::Command;

use protocol::Dialect;

use super::*;

/// Every flag of every sub-command, with the words that lead to it.
fn flags(command: &Command, path: &[String], found: &mut Vec<(Vec<String>, String, String)>) {
    for flag in command.get_arguments() {
        if let Some(long) = flag.get_long() {
            let variable = flag.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            found.push((path.to_vec(), long.to_owned(), variable.to_owned()));
        }
    }
    for inner in command.get_subcommands() {
        flags(inner, &[path, &[inner.get_name().to_owned()]].concat(), found);
    }
}

fn parsed(words: &[&str]) -> Result<Cli, clap::Error> {
    parse(command_without_variables(), std::iter::once("rendezvous").chain(words.iter().copied()))
}

fn check_refused(words: &[&str], expected: &str) {
    let error = parsed(words).expect_err("a refusal");
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    assert_eq!(first, expected, "{words:?}");
    assert_eq!(error.exit_code(), 2, "{words:?}");
}

#[test]
fn the_declaration_is_sound() {
    command().debug_assert();
}

#[test]
fn every_flag_has_a_variable_named_with_its_role() {
    let mut found = Vec::new();
    flags(&command(), &[], &mut found);
    assert!(found.len() > 40, "{}", found.len());
    for (path, long, variable) in &found {
        let role = path.first().map(|role| format!("{role}_")).unwrap_or_default();
        let expected = format!("rendezvous_{role}{long}").replace('-', "_").to_uppercase();
        assert_eq!(*variable, expected, "{path:?} --{long}");
    }
    let has = |name| found.iter().any(|(.., variable)| variable == name);
    assert!(has("RENDEZVOUS_CENTER_LISTEN"));
    assert!(has("RENDEZVOUS_ADMIN_STORE"));
    assert!(has("RENDEZVOUS_LOG_FORMAT"));
    assert!(has("RENDEZVOUS_CONFIG"));
    assert!(has("RENDEZVOUS_LOG"));
    assert!(found.iter().all(|(_, long, _)| !long.contains("password")));
}

#[test]
fn a_test_reads_no_variables() {
    let mut found = Vec::new();
    flags(&command_without_variables(), &[], &mut found);
    assert!(found.iter().all(|(.., variable)| variable.is_empty()), "{found:?}");
}

#[test]
fn every_switch_takes_true_false_one_and_zero_from_its_variable() {
    fn switches(command: &Command, found: &mut Vec<clap::Arg>) {
        let is_switch = |flag: &&clap::Arg| matches!(flag.get_action(), clap::ArgAction::SetTrue);
        found.extend(command.get_arguments().filter(is_switch).cloned());
        command.get_subcommands().for_each(|inner| switches(inner, found));
    }
    let mut found = Vec::new();
    switches(&command(), &mut found);
    assert!(found.len() > 4, "{}", found.len());
    for flag in found {
        for (word, expected) in [("true", true), ("1", true), ("false", false), ("0", false)] {
            // As a default: a variable of this process would be seen by the other tests.
            let flag = flag.clone().env(None::<&str>).default_value(word);
            let trial = Command::new("x").arg(flag.clone());
            let matches = trial.try_get_matches_from(["x"]).unwrap();
            assert_eq!(matches.get_flag(flag.get_id().as_str()), expected, "{flag} {word}");
        }
    }
}

#[test]
fn the_defaults_are_those_of_the_documentation() {
    let Role::Center(center) = parsed(&["center"]).unwrap().role else { panic!("a center") };
    assert_eq!(center.listen.to_string(), "127.0.0.1:21000");
    assert_eq!(center.store.to_string(), "sqlite:rendezvous.db");
    assert_eq!((center.input, center.load.zone, center.load.slot_minutes), (None, None, 60));

    let limits = net::limits::Limits::default();
    assert_eq!(center.limits.of_sockets(usize::MAX), limits);
    assert_eq!(center.limits.of_sockets(1_024), limits.within_open_files(1_024));
    let settings = runtime::Settings { device_key: [7; 32], ..runtime::Settings::default() };
    let found = center.limits.of_runtime([7; 32]);
    assert_eq!(format!("{found:?}"), format!("{settings:?}"));
    assert_eq!(center.network.ticket_key_days.0.to_string(), "168h");

    let Role::Patient(patient) = parsed(&["patient", "patient1"]).unwrap().role else {
        panic!("a patient")
    };
    assert_eq!(patient.center, "127.0.0.1:21000");
    assert_eq!(patient.input, PathBuf::from("input"));
    assert_eq!(patient.dialect, Dialect::Json);
    assert_eq!(patient.errand(), Errand::Visit(None));

    let Role::Admin(admin) = parsed(&["admin", "check", "--store", "sqlite:a.db"]).unwrap().role
    else {
        panic!("an operator")
    };
    assert_eq!(admin.store, StoreLocation::Sqlite(PathBuf::from("a.db")));
    let cli = parsed(&["doctor", "doc1", "doc2", "--listen", "127.0.0.1:0"]).unwrap();
    assert!(matches!(cli.role, Role::Doctor(doctor) if doctor.names.len() == 2));
}

#[test]
fn every_limit_of_a_center_can_be_set() {
    let flag = |words: [&'static str; 2]| words;
    let words: Vec<&str> = [
        flag(["--connections-max", "1"]),
        flag(["--connections-per-source-max", "2"]),
        flag(["--strangers-max", "3"]),
        flag(["--strangers-per-source-max", "4"]),
        flag(["--refusals-at-once-max", "5"]),
        flag(["--first-byte-deadline", "6s"]),
        flag(["--message-deadline", "7s"]),
        flag(["--tls-deadline", "8s"]),
        flag(["--log-in-deadline", "1m 30s"]),
        flag(["--idle-deadline", "1h"]),
        flag(["--grace", "20ms"]),
        flag(["--classic-bytes-max", "11"]),
        flag(["--json-bytes-max", "12"]),
        flag(["--waiting-bytes-max", "13"]),
        flag(["--ledger-waiting-max", "14"]),
        flag(["--reads-waiting-max", "15"]),
        flag(["--hashes-waiting-max", "16"]),
        flag(["--hashes-per-source-max", "17"]),
        flag(["--guesses-per-source-hour", "18"]),
        flag(["--guesses-per-account-hour", "19"]),
        flag(["--guesses-per-device", "20"]),
        flag(["--device-pause", "21s"]),
        flag(["--enrolments-per-source-hour", "22"]),
    ]
    .concat();
    let cli = parsed(&[&["center"], words.as_slice()].concat()).unwrap();
    let Role::Center(center) = cli.role else { panic!("a center") };
    let found = format!("{:?}", center.limits.of_sockets(usize::MAX));
    assert_eq!(
        found,
        "Limits { connections_max: 1, connections_per_source_max: 2, strangers_max: 3, \
         strangers_per_source_max: 4, refusals_at_once_max: 5, deadlines: Deadlines { grace: 20ms, \
         first_byte: 6s, whole_message: 7s, idle: 3600s, tls_hello: 8s, log_in: 90s }, lines: \
         LineLimits { classic_bytes_max: 11, json_bytes_max: 12, waiting_bytes_max: 13 } }"
    );
    let found = format!("{:?}", center.limits.of_runtime([7; 32]));
    assert_eq!(
        found,
        "Settings { throttle: ThrottleSettings { guesses_per_source_hour: 18, \
         guesses_per_account_hour: 19, guesses_per_device: 20, device_pause: 21s, \
         enrolments_per_source_hour: 22 }, ledger_waiting_max: 14, reads_waiting_max: 15, \
         hashes_waiting_max: 16, hashes_per_source_max: 17, device_key: \"********\" }"
    );
}

#[test]
fn repeated_flags_and_dashes_are_understood() {
    let words = ["simulate", "--select", "patient1=2", "--select", "patient2=3"];
    let Role::Simulate(simulate) = parsed(&words).unwrap().role else { panic!("a simulation") };
    assert_eq!(simulate.select.len(), 2);
    let words = ["center", "--doctor-at", "doc1=127.0.0.1:1 a=b=[::1]:2"];
    let Role::Center(center) = parsed(&words).unwrap().role else { panic!("a center") };
    let shown: Vec<String> = center.load.doctor_at.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["doc1=127.0.0.1:1", "a=b=[::1]:2"]);
    let cli = parsed(&["--config", "", "patient", "--select", "-", "--", "-x"]).unwrap();
    assert_eq!(cli.global.config, Some(ConfigFile::None));
    let Role::Patient(patient) = cli.role else { panic!("a patient") };
    assert_eq!((patient.name.unwrap().as_str(), patient.select), ("-x", Some(Select::Stdin)));
}

#[test]
fn what_is_not_right_is_refused() {
    let index = "is not an index, expected a whole number from 1 to 4294967295, or -";
    for (word, shown) in [("0", "0"), ("-1", "-1"), ("1000000000000000000000000000000", "")] {
        let shown = if shown.is_empty() { word } else { shown };
        check_refused(
            &["patient", "a", "--select", word],
            &format!("error: invalid value '{shown}' for '--select <N>': {index}"),
        );
    }
    check_refused(
        &["center", "--listen", "21000"],
        "error: invalid value '21000' for '--listen <ADDR>': is not an address, expected IP:PORT, \
         e.g. 127.0.0.1:21000",
    );
    check_refused(
        &["center", "--tls-cert", "clinic.pem"],
        "error: --tls-cert needs --tls-key FILE, its private key",
    );
    check_refused(
        &["center", "--allow-plaintext", "here"],
        "error: invalid value 'here' for '--allow-plaintext <CIDR>': is not a network, expected \
         CIDR, e.g. 192.0.2.0/24 or 2001:db8::/32",
    );
    check_refused(
        &["center", "--idle-deadline", "5"],
        "error: invalid value '5' for '--idle-deadline <TIME>': is not a time span, expected a \
         number with its unit, e.g. 500ms, 10s, 5m or 24h",
    );
    check_refused(
        &["center", "--ticket-key-days", "0"],
        "error: invalid value '0' for '--ticket-key-days <DAYS>': is not a number of days, expected \
         e.g. 7 or 0.5, or a time span such as 12h",
    );
    check_refused(
        &["simulate", "--patients", "1", "--delay", "61s"],
        "error: invalid value '61s' for '--delay <TIME>': is too long, expected at most 60s",
    );
    check_refused(
        &["simulate", "--patients", "1", "--duration", "9999999999h"],
        "error: invalid value '9999999999h' for '--duration <TIME>': is too long, expected at most \
         720h",
    );
    check_refused(&["admin", "end-sessions"], "error: one of USER and --session ID is needed");
    check_refused(
        &["admin", "audit", "--verify", "--json"],
        "error: --verify looks at the whole audit, it takes no other flag",
    );
    check_refused(
        &["admin", "add-staff", "ana", "--role", "patient"],
        "error: invalid value 'patient' for '--role <ROLE>': is not a role of staff, expected \
         front-desk, administrator or integrator",
    );
    check_refused(
        &["center", "--store", "clinic.db"],
        "error: invalid value 'clinic.db' for '--store <STORE>': is not a store, expected \
         sqlite:PATH",
    );
    check_refused(
        &["center", "--zone", "Berlin"],
        "error: invalid value 'Berlin' for '--zone <IANA>': is not a time zone, expected an IANA \
         name, e.g. Europe/Berlin",
    );
    check_refused(
        &["center", "--slot-minutes", "1441"],
        "error: invalid value '1441' for '--slot-minutes <MINUTES>': 1441 is not in 1..=1440",
    );
    check_refused(
        &["patient", "a", "--center", "clinic"],
        "error: invalid value 'clinic' for '--center <HOST:PORT>': is not an address, expected \
         HOST:PORT, e.g. 127.0.0.1:21000",
    );
    check_refused(
        &["patient", "a", "--dialect", "latin"],
        "error: invalid value 'latin' for '--dialect <DIALECT>': is not a dialect, expected json, \
         spec, nul or seed",
    );
    check_refused(
        &["admin", "add-slots", "doc1", "tomorrow"],
        "error: invalid value 'tomorrow' for '<START>': is not a moment, expected a date and time \
         such as 2026-12-01T09:00",
    );
    check_refused(
        &["patient", "a", "--cancel", "it"],
        "error: invalid value 'it' for '--cancel <APPOINTMENT>': is not an appointment, expected \
         an id such as 01938c1e-0000-7000-8000-000000000000",
    );
    check_refused(
        &["patient", "a", "--list", "--appointments"],
        "error: only one of --list, --appointments, --accesses, --cancel, --reschedule and --verify \
         can be given",
    );
    check_refused(
        &["patient", "a", "--reschedule", "01938c1e-0000-7000-8000-000000000000"],
        "error: --reschedule needs --select N, the slot to move to",
    );
    check_refused(
        &["doctor", "doc1", "doc2", "--listen", "127.0.0.1:41000"],
        "error: --listen with a port is for one NAME, for several use port 0",
    );
    check_refused(
        &["doctor", "doc1", "doc2", "--tariff", "a.txt"],
        "error: --tariff is for one NAME, for several use --input DIR",
    );
    check_refused(
        &["simulate", "--contend", "--select", "patient1=1", "--select", "patient2=2"],
        "error: --contend is about one slot, and --select names several",
    );
    check_refused(
        &["patient", "a", "--password", "x"],
        "error: unexpected argument '--password' found",
    );
}

#[test]
fn completions_and_pages_come_from_the_declaration() {
    use clap::ValueEnum as _;
    for shell in clap_complete::Shell::value_variants() {
        let script = String::from_utf8(completions(*shell)).unwrap();
        assert!(script.contains("simulate"), "{shell}");
    }
    let page = String::from_utf8(man_page().unwrap()).unwrap();
    assert!(page.contains("rendezvous simulate"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    man_pages(&folder.path().join("man1")).unwrap();
    assert!(folder.path().join("man1/rendezvous-patient.1").is_file());
}
