//! What is found of a record that somebody has been at.

use std::fs;

use super::*;

struct Office {
    _folder: tempfile::TempDir,
    files: Files,
    secrets: Secrets,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), &"doc1".parse().unwrap()).unwrap();
        let secrets = Secrets::open(&files).unwrap();
        Self { _folder: folder, files, secrets }
    }

    fn give(&self, plans: &[&str]) {
        let record = Record::open(&self.files, &self.secrets).unwrap();
        for plan in plans {
            record.keep(entry(plan)).unwrap();
        }
    }

    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.files.estimates()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn put(&self, lines: &[String]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(self.files.estimates(), text).unwrap();
    }

    /// What is said of it without its path, both when it is verified and when it is opened.
    fn expect_wrong(&self, file: &Path, expected: &str) {
        let error = verify(&self.files).unwrap_err();
        assert!(error.is::<Declined>());
        assert_eq!(error.to_string(), format!("{}: {expected}", file.display()));
        assert!(Record::open(&self.files, &self.secrets).is_err());
    }
}

fn entry(plan: &str) -> Entry {
    Entry {
        at: "2026-12-01T09:00:00Z".parse().unwrap(),
        ticket: "visit".to_owned(),
        appointment: Some(AppointmentId::from_bytes([7; 16])),
        patient: PatientId::from_bytes([9; 16]),
        service: Service::visit(),
        plan: plan.parse().unwrap(),
        amount: Some("30.50".to_owned()),
        currency: Some(Currency::USD),
    }
}

#[test]
fn a_record_goes_on_where_it_ended_and_holds() {
    let office = Office::open();
    office.give(&["gold"]);
    office.give(&["silver", "bronze"]);
    let path = office.files.estimates();
    let expected = format!("{}: 3 estimates, nothing altered or missing", path.display());
    assert_eq!(verify(&office.files).unwrap(), expected);
    let lines = office.lines();
    assert!(
        lines[0].starts_with("{\"entry\":1,\"at\":\"2026-12-01T09:00:00Z\",\"ticket\":\"visit\"")
    );
    assert!(
        lines[2].contains("\"plan\":\"bronze\",\"amount\":\"30.50\",\"currency\":\"USD\",\"mac\":")
    );
}

#[test]
fn an_altered_removed_or_re_ordered_line_is_found() {
    let office = Office::open();
    office.give(&["gold", "silver", "bronze"]);
    let (lines, path) = (office.lines(), office.files.estimates());
    let wrong = |number| {
        format!("line {number} was altered, or lines before it were removed or re-ordered")
    };
    office.put(&[lines[0].clone(), lines[1].replace("30.50", "31.50"), lines[2].clone()]);
    office.expect_wrong(&path, &wrong(2));
    office.put(&[lines[0].clone(), lines[2].clone()]);
    office.expect_wrong(&path, &wrong(2));
    office.put(&[lines[1].clone(), lines[0].clone(), lines[2].clone()]);
    office.expect_wrong(&path, &wrong(1));
    office.put(&lines);
    assert!(verify(&office.files).is_ok());
}

#[test]
fn a_tail_that_was_cut_off_is_found_by_the_head() {
    let office = Office::open();
    office.give(&["gold", "silver", "bronze"]);
    let (lines, head) = (office.lines(), office.files.estimates_head());
    let old_head = fs::read(&head).unwrap();
    office.put(&lines[..2]);
    let cut = "says that the record has 3 entries, but only 2 are there: its end was cut off";
    office.expect_wrong(&head, cut);
    // A head of one's own does not help without the key.
    let text = String::from_utf8(old_head.clone()).unwrap().replace("\"entry\":3", "\"entry\":2");
    private_file::replace(&head, text.as_bytes()).unwrap();
    office.expect_wrong(&head, "was altered");
    fs::remove_file(&head).unwrap();
    office.expect_wrong(&head, "not found, expected the head of a record");
    private_file::replace(&head, &old_head).unwrap();
    office.put(&lines);
    assert!(verify(&office.files).is_ok());
}

#[test]
fn a_line_that_a_power_cut_has_torn_is_cut_off_and_the_record_goes_on() {
    let office = Office::open();
    office.give(&["gold"]);
    let whole = fs::read_to_string(office.files.estimates()).unwrap();
    fs::write(office.files.estimates(), format!("{whole}{}", &whole[..40])).unwrap();
    assert!(verify(&office.files).unwrap().ends_with("a torn line that was never finished"));
    office.give(&["silver"]);
    let expected =
        format!("{}: 2 estimates, nothing altered or missing", office.files.estimates().display());
    assert_eq!(verify(&office.files).unwrap(), expected);
}

#[test]
fn an_entry_is_on_the_disk_within_a_second() {
    let office = Office::open();
    let record = Record::open(&office.files, &office.secrets).unwrap();
    record.keep(entry("gold")).unwrap();
    let began = Instant::now();
    // The head is written after the sync.
    while !office.files.estimates_head().exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "it is never synced");
        std::thread::yield_now();
    }
    assert!(verify(&office.files).unwrap().contains(" 1 estimates,"));
    drop(record);
}
