//! Every refusal of a folder, in full.

use std::fs;
use std::path::PathBuf;

use domain::UserName;

use super::clinic::in_natural_order;
use super::*;

/// The exercise's own folder, in a place of its own.
struct Folder {
    dir: tempfile::TempDir,
}

impl Folder {
    fn exercise() -> Self {
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        for (name, text) in [
            ("users.txt", "patient1 secret1\npatient2 secret2\n"),
            ("availabilities.txt", "1 Tue 01pm doc1 41000\n2 Mon 03pm doc2 42000\n"),
            ("doc1.txt", "insurance1 30\r\ninsurance2 20"),
            ("doc2.txt", "insurance1 40\r\ninsurance2 60"),
            ("patient1.txt", "patient1 secret1"),
            ("patient1insurance.txt", "insurance1"),
            ("patient2.txt", "patient2 secret2"),
            ("patient2insurance.txt", "insurance2"),
        ] {
            folder.write(name, text.as_bytes());
        }
        folder
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }

    /// What the whole clinic is refused for, the folder's own path left out.
    fn refusal(&self) -> String {
        let mistake = whole_clinic(self.path(), 60, Currency::USD).expect_err("a mistake");
        mistake.to_string().replace(&format!("{}/", self.path().display()), "")
    }
}

fn check(name: &str, bytes: &[u8], expected: &str) {
    let folder = Folder::exercise();
    folder.write(name, bytes);
    assert_eq!(folder.refusal(), expected, "{name} {}", bytes.escape_ascii());
}

#[test]
fn the_exercises_folder_is_a_clinic() {
    let clinic = whole_clinic(Folder::exercise().path(), 60, Currency::USD).unwrap();
    let doctors: Vec<(&str, u16)> =
        clinic.doctors.iter().map(|(name, port)| (name.as_str(), *port)).collect();
    assert_eq!(doctors, [("doc1", 41000), ("doc2", 42000)]);
    let patients: Vec<&str> = clinic.patients.iter().map(UserName::as_str).collect();
    assert_eq!(patients, ["patient1", "patient2"]);
}

#[test]
fn mistakes_are_told_with_their_place() {
    let not_utf8 = "expected UTF-8";
    check(
        "users.txt",
        b"\xFF\xFEp\0",
        &format!("users.txt:1:1: the file looks like UTF-16, {not_utf8}"),
    );
    check("users.txt", b"a\0b c\n", "users.txt:1:2: there is a NUL character, expected text");
    check("users.txt", b"", "users.txt:1:1: the file is empty, expected <user> <password>");
    check(
        "users.txt",
        &[b'x'; 10_000_000],
        "users.txt:1:4097: the line is 10000000 bytes long, expected at most 4096",
    );
    check(
        "users.txt",
        b"a secret b\n",
        "users.txt:1:10: the line has 3 columns, expected 2: <user> <password>",
    );
    check(
        "users.txt",
        b"a x\nb y\na z\n",
        "users.txt:3:1: user \"a\" is on line 1 already, expected each user once",
    );
    check(
        "availabilities.txt",
        b"1 Tue 01pm doc1 41000\n1 Wed 01pm doc1 41000\n",
        "availabilities.txt:2:1: index 1 is on line 1 already, expected each index once",
    );
    check(
        "availabilities.txt",
        b"1 Tue 01pm doc1 41000\n2 Tue 01:30pm doc1 41000\n",
        "availabilities.txt:2:3: Tue 01:30pm overlaps Tue 01pm of \"doc1\" on line 1, expected \
         visits of 60 minutes one after another",
    );
    check(
        "doc2.txt",
        b"insurance1 30\ninsurance1 40\n",
        "doc2.txt:2:1: plan \"insurance1\" is on line 1 already, expected each plan once",
    );
    check(
        "doc2.txt",
        b"insurance1 -30\n",
        "doc2.txt:1:12: cost \"-30\" is negative, expected an amount of 0 or more",
    );
    check(
        "patient2insurance.txt",
        b"insurance1\ninsurance2\n",
        "patient2insurance.txt:2:1: there is a second record, expected exactly one: <plan>",
    );
}

#[test]
fn missing_files_and_folders_are_told_without_a_line() {
    for (name, expected) in [
        ("users.txt", "users.txt: not found, expected a file of <user> <password>"),
        (
            "availabilities.txt",
            "availabilities.txt: not found, expected a file of <index> <day> <time> <doctor> \
             <port>",
        ),
        ("doc2.txt", "doc2.txt: not found, expected a file of <plan> <cost>"),
        ("patient1insurance.txt", "patient1insurance.txt: not found, expected a file of <plan>"),
    ] {
        let folder = Folder::exercise();
        folder.remove(name);
        assert_eq!(folder.refusal(), expected);
        fs::create_dir(folder.path().join(name)).unwrap();
        assert_eq!(folder.refusal(), format!("{name}: is a folder, expected a file"));
    }
    let folder = Folder::exercise();
    let nowhere = folder.path().join("nowhere");
    let expected = "expected a folder of users.txt, availabilities.txt, patientN.txt, docN.txt";
    let mistake = whole_clinic(&nowhere, 60, Currency::USD).unwrap_err();
    assert_eq!(mistake.to_string(), format!("{}: not found, {expected}", nowhere.display()));
    let file = folder.path().join("users.txt");
    let mistake = whole_clinic(&file, 60, Currency::USD).unwrap_err();
    assert_eq!(mistake.to_string(), format!("{}: is not a folder, {expected}", file.display()));
    let mistake = users(&nowhere).unwrap_err();
    assert!(mistake.is_missing());
}

#[test]
fn a_clinic_without_patients_is_refused() {
    let folder = Folder::exercise();
    folder.remove("patient1.txt");
    folder.remove("patient2.txt");
    let expected = "holds no patient, expected patientN.txt and patientNinsurance.txt";
    assert_eq!(folder.refusal(), format!("{}: {expected}", folder.path().display()));
}

#[test]
fn pipes_and_endless_files_are_refused_unread() {
    let folder = Folder::exercise();
    let path = folder.path().join("doc1.txt");
    folder.remove("doc1.txt");
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &path,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    assert_eq!(folder.refusal(), "doc1.txt: is a pipe or a device, expected a file");
    folder.remove("doc1.txt");
    // A hole: it takes no room.
    fs::File::create(&path).unwrap().set_len(FILE_BYTES_MAX + 1).unwrap();
    assert_eq!(
        folder.refusal(),
        "doc1.txt: is larger than 268435456 bytes, expected a smaller file"
    );
    let device = tariff(Path::new("/dev/zero"), Currency::USD).unwrap_err();
    assert_eq!(device.to_string(), "/dev/zero: is a pipe or a device, expected a file");
}

#[test]
fn a_name_does_not_lead_out_of_the_folder() {
    let mistake = tariff_path(Path::new("input"), "../doc1").unwrap_err().to_string();
    assert_eq!(mistake, "input: \"../doc1\" cannot be the name of a file, expected no slash in it");
    assert_eq!(tariff_path(Path::new("input"), "doc1").unwrap(), PathBuf::from("input/doc1.txt"));
}

#[test]
fn patients_come_in_natural_order() {
    let folder = Folder::exercise();
    for name in ["patient10.txt", "patient10insurance.txt", "patient.txt", "patient3.md"] {
        folder.write(name, b"");
    }
    let stems = patients_of(folder.path()).unwrap();
    assert_eq!(stems, ["patient", "patient1", "patient2", "patient10"]);

    let mut names = ["p10", "p9b", "p09", "p9", "q1", "p", "p9b2", "p99999999999999999999999"];
    names.sort_by(|a, b| in_natural_order(a, b));
    assert_eq!(names, ["p", "p09", "p9", "p9b", "p9b2", "p10", "p99999999999999999999999", "q1"]);
}
