//! The units in `packaging/`: how hardened they are, and that what they allow is enough.
//!
//! No systemd runs where tests run; `packaging/try` sets the limits of a unit without one. Where it
//! or `systemd-analyze` lacks something a test says so on standard error and leaves it at that.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::running::{INPUT, rendezvous, told};

const CENTER: &str = "rendezvous.service";
const DOCTOR: &str = "rendezvous-doctor@.service";
/// `packaging/try` says so when something that it needs is not here.
const SKIPPED: i32 = 77;
/// The highest exposure that `systemd-analyze security` may find.
const EXPOSURE_MAX: f64 = 1.2;

fn packaging(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "..", "packaging", name].iter().collect()
}

/// What `packaging/try` prints; `Err` says why it cannot be tried here.
fn tried(words: &[&str]) -> Result<String, String> {
    let Ok(output) = Command::new(packaging("try")).args(words).output() else {
        return Err("python3 is not here".to_owned());
    };
    let errors = String::from_utf8(output.stderr).unwrap();
    match output.status.code() {
        Some(SKIPPED) => Err(errors),
        code => {
            assert_eq!(code, Some(0), "{words:?}\n{errors}");
            Ok(String::from_utf8(output.stdout).unwrap())
        }
    }
}

#[test]
fn the_units_expose_little() {
    for unit in [CENTER, DOCTOR] {
        let mut command = Command::new("systemd-analyze");
        command.args(["security", "--offline=true", "--no-pager"]).arg(packaging(unit));
        let Ok(output) = command.output() else {
            return eprintln!("skipped: systemd-analyze is not here");
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.contains("Overall exposure level"));
        let line = line.unwrap_or_else(|| panic!("{unit}: {text}"));
        let told = line.rsplit_once(": ").unwrap().1;
        let exposure: f64 = told.split(' ').next().unwrap().parse().unwrap();
        assert!(exposure <= EXPOSURE_MAX, "{text}");
    }
}

#[test]
fn what_a_unit_forbids_is_refused() {
    for unit in [CENTER, DOCTOR] {
        let unit = packaging(unit);
        let unit = unit.to_str().unwrap();
        let found = match tried(&[unit, "--probe"]) {
            Ok(found) => found,
            Err(why) => return eprintln!("{why}"),
        };
        assert_eq!(
            found.lines().collect::<Vec<_>>(),
            [
                "a page of data: allowed",
                "a TCP socket: allowed",
                "a UDP socket: allowed",
                "a page to write and execute: EPERM",
                "a netlink socket: EAFNOSUPPORT",
                "a local socket: EAFNOSUPPORT",
                "a set-user-ID file: EPERM",
                "a scheduling policy: EPERM",
                "another personality: EPERM",
                "a namespace: EPERM",
                "to be traced: EPERM",
                "a mount: EPERM",
                "another root: EPERM",
                "to be root: EPERM",
                "a file of the system: EACCES",
                "ever more files: EMFILE",
            ],
            "{unit}"
        );
        // It is the unit that forbids, not the machine.
        let open = tried(&[unit, "--probe", "--open"]).unwrap();
        for name in ["a page to write and execute", "a local socket", "a set-user-ID file"] {
            assert!(open.contains(&format!("{name}: allowed\n")), "{open}");
        }
    }
}

/// A center or a doctor under the limits of its unit, and gone with the test.
struct Confined {
    process: Child,
    /// Kept open: it may have more to say.
    _screen: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Confined {
    /// Starts `unit`'s program with more words behind its own; `Err` says what is missing for that.
    fn start(unit: &str, folder: &Path, words: &[&str]) -> Result<Self, String> {
        // The one place where a test adds to the command line of a unit: any port, and say it.
        let always = ["--listen", "127.0.0.1:0", "--screen", "exercise"];
        let mut command = Command::new(packaging("try"));
        command.arg(packaging(unit)).args(["--instance", "doc2", "--state"]).arg(folder);
        command.arg(env!("CARGO_BIN_EXE_rendezvous")).args(words).args(always);
        let log = fs::File::create(folder.join(format!("{unit}.log"))).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let Ok(mut process) = command.spawn() else { return Err("python3 is not here".to_owned()) };
        let mut line = String::new();
        let mut screen = BufReader::new(process.stdout.take().unwrap());
        screen.read_line(&mut line).unwrap();
        let port = line
            .split_whitespace()
            .skip_while(|word| *word != "port")
            .find_map(|word| word.parse().ok());
        let Some(port) = port else {
            let code = process.wait().unwrap().code();
            let log = fs::read_to_string(folder.join(format!("{unit}.log"))).unwrap();
            assert_eq!(code, Some(SKIPPED), "{unit} began with {line:?}\n{log}");
            return Err(log);
        };
        Ok(Self { process, _screen: screen, address: SocketAddr::from(([127, 0, 0, 1], port)) })
    }

    /// What the kernel says of it, in `/proc/PID/NAME`.
    fn kernel(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.process.id())).unwrap()
    }

    /// How far each of its threads steps back behind others, 19 at most (proc(5), `stat`).
    fn nicenesses(&self) -> Vec<i32> {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).unwrap();
        let stat = |entry: std::io::Result<fs::DirEntry>| {
            let stat = fs::read_to_string(entry.unwrap().path().join("stat")).unwrap();
            // What comes behind the name, which may hold blanks.
            let (_, rest) = stat.rsplit_once(')').unwrap();
            rest.split_whitespace().nth(16).unwrap().parse().unwrap()
        };
        threads.map(stat).collect()
    }

    /// A line of `status`, without its name.
    fn status(&self, name: &str) -> String {
        let status = self.kernel("status");
        let row = status.lines().find_map(|line| line.strip_prefix(&format!("{name}:")));
        row.unwrap_or_else(|| panic!("{name} in {status}")).trim().to_owned()
    }
}

impl Drop for Confined {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder that the user of a unit may enter, with what it reads.
fn clinic() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    open(folder.path(), 0o755);
    let input = folder.path().join("input");
    fs::create_dir(&input).unwrap();
    open(&input, 0o755);
    for name in ["users.txt", "availabilities.txt", "doc2.txt"] {
        fs::copy(Path::new(INPUT).join(name), input.join(name)).unwrap();
        open(&input.join(name), 0o644);
    }
    folder
}

#[test]
fn a_visit_needs_no_more_than_the_units_allow() {
    let folder = clinic();
    let input = folder.path().join("input");
    let tariff = input.join("doc2.txt");
    let words = ["--tariff", tariff.to_str().unwrap()];
    let doctor = match Confined::start(DOCTOR, folder.path(), &words) {
        Ok(doctor) => doctor,
        Err(why) => return eprintln!("{why}"),
    };
    let at = format!("doc2={}", doctor.address);
    let words = ["--input", input.to_str().unwrap(), "--doctor-at", &at];
    let center = Confined::start(CENTER, folder.path(), &words).unwrap();

    let place = center.address.to_string();
    let authorities = folder.path().join("rendezvous").join("clinic.keys").join("ca.pem");
    let trust = ["--ca", authorities.to_str().unwrap()];
    let words = ["patient", "patient1", "--input", INPUT, "--center", &place, "--select", "2"];
    let words = [words.as_slice(), &trust].concat();
    let (code, screen, errors) = told(&mut rendezvous(folder.path(), &words));
    assert_eq!(code, 0, "{screen}{errors}");
    assert!(screen.contains("Patient 1 receives 40$ estimation cost"), "{screen}");

    for role in [&center, &doctor] {
        assert_eq!(role.status("NoNewPrivs"), "1");
        // 2 is a filter (seccomp(2)).
        assert_eq!(role.status("Seccomp"), "2");
        assert_eq!(role.status("Umask"), "0077");
        if rustix::process::geteuid().is_root() {
            for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
                assert_eq!(role.status(set), "0000000000000000", "{set}");
            }
            assert!(!role.status("Uid").split_whitespace().any(|user| user == "0"));
        }
    }
    let limits = center.kernel("limits");
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let most: u64 = files.split_whitespace().nth(4).unwrap().parse().unwrap();
    // `LimitNOFILE=` of the unit.
    assert_eq!(most, 20_000, "{limits}");
    // Nobody else reads the bookings, and hashing steps back behind booking.
    let store = fs::metadata(folder.path().join("rendezvous").join("clinic.db")).unwrap();
    assert_eq!(store.permissions().mode() & 0o777, 0o600);
    assert!(center.nicenesses().contains(&19), "{:?}", center.nicenesses());
}
