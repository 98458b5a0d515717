//! `rendezvous.toml`: what it sets, what it refuses, and the default that is printed.

use super::*;
use crate::args::{self, Cli, LogFilter, Role};

const PATH: &str = "rendezvous.toml";

fn settings(text: &str) -> Result<Command, BadInput> {
    with_settings(args::command_without_variables(), text, Path::new(PATH))
}

fn parsed(text: &str, words: &[&str]) -> Cli {
    args::parse(settings(text).unwrap(), [&["rendezvous"], words].concat()).unwrap()
}

fn check_refused(text: &str, expected: &str) {
    let mistake = settings(text).map(|_| ()).expect_err("a mistake");
    assert_eq!(mistake.to_string(), format!("{PATH}:{expected}"), "{text}");
}

#[test]
fn a_setting_is_a_default_that_a_flag_overrules() {
    let text = "log = \"debug\"\n[center]\nlisten = \"127.0.0.1:1\"\nslot-minutes = 30\n\
                doctor-at = [\"doc1=127.0.0.1:41001\", \"doc2=127.0.0.1:41002\"]\n\
                [simulate]\ncontend = true\n";
    let cli = parsed(text, &["center", "--slot-minutes", "15"]);
    assert_eq!(cli.global.log.as_ref().map(LogFilter::as_str), Some("debug"));
    let Role::Center(center) = cli.role else { panic!("a center") };
    assert_eq!(center.listen.port(), 1);
    assert_eq!(center.load.slot_minutes, 15);
    assert_eq!(center.load.doctor_at.len(), 2);
    let Role::Simulate(simulate) = parsed(text, &["simulate"]).role else { panic!("a simulation") };
    assert!(simulate.contend);
}

#[test]
fn what_is_not_a_setting_is_refused_with_its_place() {
    check_refused(
        "\n[centre]\nlisten = 1\n",
        "2:2: [centre] is not a table of settings, expected one of [simulate], [center], [doctor], \
         [patient], [admin]",
    );
    check_refused(
        "[center]\n  listne = 1\n",
        "2:3: listne is not a setting, expected one of listen, input, store, keys, zone, \
         slot-minutes, doctor-at, appointments-max, screen, web, web-url, web-trust-proxy, \
         tls-cert, tls-key, allow-plaintext, trust-proxy, ticket-key-days, connections-max, \
         connections-per-source-max, strangers-max, strangers-per-source-max, \
         refusals-at-once-max, first-byte-deadline, message-deadline, \
         tls-deadline, log-in-deadline, idle-deadline, grace, classic-bytes-max, json-bytes-max, \
         waiting-bytes-max, ledger-waiting-max, reads-waiting-max, hashes-waiting-max, \
         hashes-per-source-max, guesses-per-source-hour, guesses-per-account-hour, \
         guesses-per-device, device-pause, enrolments-per-source-hour, web-connections-max, \
         web-connections-per-source-max, web-head-deadline, web-body-deadline, web-idle-deadline",
    );
    check_refused(
        "colour = true\n",
        "1:1: colour is not a setting, expected one of log-format, log",
    );
    check_refused(
        "[patient]\ncancel = \"x\"\n",
        "2:1: cancel is not a setting, expected one of center, ca, input, select, dialect, plan, \
         screen, summary, estimate, device, center-key",
    );
    check_refused(
        "[center]\nlisten = \"nowhere\"\n",
        "2:10: listen \"nowhere\" is not an address, expected IP:PORT, e.g. 127.0.0.1:21000",
    );
    check_refused("[center]\nslot-minutes = 0\n", "2:16: slot-minutes \"0\" 0 is not in 1..=1440");
    check_refused(
        "[center]\nscreen = \"loud\"\n",
        "2:10: screen \"loud\" is not a choice, expected exercise or quiet",
    );
    check_refused(
        "[simulate]\ncontend = \"yes\"\n",
        "2:11: contend is a string, expected true or false",
    );
    check_refused(
        "[center]\nlisten = [\"127.0.0.1:1\"]\n",
        "2:10: listen is a array, expected a string or a number",
    );
    check_refused(
        "[center]\ndoctor-at = [\"doc1=127.0.0.1:1\", \"doc2\"]\n",
        "2:34: doctor-at \"doc2\" is not a doctor's address, expected NAME=ADDR, e.g. \
         doc1=127.0.0.1:41001",
    );
}

#[test]
fn what_is_not_toml_is_refused_with_its_place() {
    let mistake = settings("[center]\nlisten = \n").map(|_| ()).expect_err("a mistake").to_string();
    assert!(mistake.starts_with("rendezvous.toml:2:"), "{mistake}");
    assert!(!mistake.contains('\n'), "{mistake}");
}

#[test]
fn a_named_file_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    let file = ConfigFile::At(path.clone());
    let mistake = with_file(args::command_without_variables(), Some(&file))
        .map(|_| ())
        .expect_err("a mistake");
    assert_eq!(
        mistake.to_string(),
        format!("{}: not found, expected a configuration file", path.display())
    );
    std::fs::write(&path, "[center]\nlisten = \"127.0.0.1:9\"\n").unwrap();
    let command = with_file(args::command_without_variables(), Some(&file)).unwrap();
    let Role::Center(center) = args::parse(command, ["rendezvous", "center"]).unwrap().role else {
        panic!("a center")
    };
    assert_eq!(center.listen.port(), 9);
    assert!(with_file(args::command_without_variables(), Some(&ConfigFile::None)).is_ok());
}

#[test]
fn the_printed_default_sets_nothing_and_its_settings_are_good() {
    let printed = commented_default(&args::command_without_variables());
    assert!(printed.lines().all(|line| line.is_empty() || line.starts_with('#')), "{printed}");
    assert!(settings(&printed).is_ok());
    let live: Vec<&str> = printed.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let live = live.join("\n");
    assert!(live.contains("\n[center]\nlisten = \"127.0.0.1:21000\"\n"), "{live}");
    assert!(live.contains("\nslot-minutes = 60\n"), "{live}");
    for words in [["center"].as_slice(), &["doctor", "doc1"], &["patient", "a"], &["simulate"]] {
        let cli = parsed(&live, words);
        assert_eq!(cli.global.log.as_ref().map(LogFilter::as_str), Some("info"));
    }
}
