//! The flags of `rendezvous simulate`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, value_parser};
use protocol::Dialect;
use simulator::plan::{FaultLevel, Plant};

use super::values::{PatientSelect, StoreLocation, Zone};
use super::{ColorChoice, SLOT_MINUTES_MAX};

/// Help heading of what is for the virtual world only.
pub(super) const VIRTUAL: &str = "The virtual world";

/// Help heading of what is for a crowd only.
pub(super) const CROWD: &str = "A crowd on real sockets";

/// Help heading of what tells how it went.
pub(super) const OUTPUT: &str = "What is written";

/// The longest time that patients may keep coming.
const DURATION_MAX: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The longest that things may be under way.
const DELAY_MAX: Duration = Duration::from_secs(60);

/// Play a whole clinic: every role of a folder as a process, days from one seed, or a crowd
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rendezvous simulate --input input
  rendezvous simulate --select patient1=2 --select patient2=2
  rendezvous simulate --contend --dialect spec
  rendezvous simulate --store sqlite:clinic.db    keep the bookings
  rendezvous simulate --virtual --seed 7 --patients 200 --doctors 4 --faults full
  rendezvous simulate --scenario examples/quiet-practice.toml --report quiet.html
  rendezvous simulate --patients 1000 --slots 2000 --rate 100/s --loss 5% --history crowd.jsonl")]
pub(crate) struct SimulateArgs {
    /// Folder of users.txt, availabilities.txt, docN.txt, patientN.txt, patientNinsurance.txt
    #[arg(long, value_name = "DIR", default_value = "input")]
    pub(crate) input: PathBuf,
    /// The slot that a patient chooses; may be given for each patient [default: the first offered]
    #[arg(long, value_name = "NAME=N", value_delimiter = ' ')]
    pub(crate) select: Vec<PatientSelect>,
    /// All patients go for the same slot at the same moment
    #[arg(long)]
    pub(crate) contend: bool,
    /// The words that the patients use: json, spec, nul or seed
    #[arg(long, default_value_t = Dialect::Json)]
    pub(crate) dialect: Dialect,
    /// Where the bookings are kept [default: a temporary file]
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Option<StoreLocation>,
    /// The center's IANA time zone, e.g. Europe/Berlin [default: the system's]
    #[arg(long, value_name = "IANA")]
    pub(crate) zone: Option<Zone>,
    /// How long each visit takes, in minutes
    #[arg(long, value_name = "MINUTES", default_value = "60",
          value_parser = value_parser!(u32).range(1..=SLOT_MINUTES_MAX))]
    pub(crate) slot_minutes: u32,
    /// Whether the transcript is painted
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto)]
    pub(crate) color: ColorChoice,
    /// Replay whole days in memory, from one seed, faster than time
    #[arg(long = "virtual", help_heading = VIRTUAL)]
    pub(crate) in_memory: bool,
    /// What all chance follows from [default: the scenario's, or 1]
    #[arg(long, value_name = "N", help_heading = VIRTUAL)]
    pub(crate) seed: Option<u64>,
    /// Replay so many seeds, from --seed on, on all cores
    #[arg(long, value_name = "N", help_heading = VIRTUAL, value_parser = value_parser!(u64).range(1..))]
    pub(crate) seeds: Option<u64>,
    /// Of --seeds, replay so many twice and compare their events byte by byte
    #[arg(long, value_name = "N", default_value = "0", help_heading = VIRTUAL)]
    pub(crate) twice: u64,
    /// How many days [default: 1]
    #[arg(long, value_name = "N", help_heading = VIRTUAL, value_parser = value_parser!(u32).range(1..=366))]
    pub(crate) days: Option<u32>,
    /// When patients come: poisson:RATE, e.g. poisson:40/h, or a file with a time HH:MM a line
    #[arg(long, value_name = "HOW", help_heading = VIRTUAL)]
    pub(crate) arrivals: Option<String>,
    /// How much goes wrong: none, mild or full [default: none]
    #[arg(long, value_name = "LEVEL", help_heading = VIRTUAL, value_parser = fault_level)]
    pub(crate) faults: Option<FaultLevel>,
    /// A file for every event, a line each
    #[arg(long, value_name = "FILE", help_heading = VIRTUAL)]
    pub(crate) events: Option<PathBuf>,
    /// Stop after the event of this number
    #[arg(long, value_name = "EVENT", help_heading = VIRTUAL)]
    pub(crate) until: Option<u64>,
    /// Put a bug in, to see the checks find it: check-then-insert, ack-before-commit or
    /// mixed-up-doctor
    #[arg(long, value_name = "BUG", help_heading = VIRTUAL, value_parser = plant)]
    pub(crate) plant: Option<Plant>,
    /// What a clinic asks, as a TOML file; implies --virtual
    #[arg(long, value_name = "FILE", help_heading = VIRTUAL)]
    pub(crate) scenario: Option<PathBuf>,
    /// Another scenario to be shown side by side, with the same seed
    #[arg(long, value_name = "FILE", requires = "scenario", help_heading = VIRTUAL)]
    pub(crate) compare: Option<PathBuf>,
    /// How many patients come [virtual: 200; a crowd: 1000]
    #[arg(long, value_name = "N", help_heading = CROWD, value_parser = value_parser!(u32).range(1..=1_000_000))]
    pub(crate) patients: Option<u32>,
    /// How many doctors there are [virtual: 4; a crowd: 10]
    #[arg(long, value_name = "N", help_heading = CROWD, value_parser = value_parser!(u32).range(1..=10_000))]
    pub(crate) doctors: Option<u32>,
    /// How many slots there are [virtual: as many as the doctors' days hold; a crowd: two for
    /// each patient]
    #[arg(long, value_name = "N", help_heading = CROWD, value_parser = value_parser!(u32).range(1..=10_000_000))]
    pub(crate) slots: Option<u32>,
    /// Patients come at this rate, whether or not those before were served, e.g. 500/s
    #[arg(long, value_name = "RATE", conflicts_with = "concurrency", help_heading = CROWD, value_parser = per_second)]
    pub(crate) rate: Option<f64>,
    /// So many patients are served at any moment; the next comes when one leaves
    #[arg(long, value_name = "N", help_heading = CROWD, value_parser = value_parser!(u32).range(1..=20_000))]
    pub(crate) concurrency: Option<u32>,
    /// How long patients keep coming, e.g. 30s or 5m [default: until all have come]
    #[arg(long, value_name = "TIME", help_heading = CROWD, value_parser = duration)]
    pub(crate) duration: Option<Duration>,
    /// A center that runs already, and whose accounts --input names [default: one of its own]
    #[arg(long, value_name = "ADDR", help_heading = CROWD)]
    pub(crate) center: Option<SocketAddr>,
    /// Datagrams that are lost, each way, e.g. 5%
    #[arg(long, value_name = "PERCENT", help_heading = CROWD, value_parser = percent)]
    pub(crate) loss: Option<f64>,
    /// How long every datagram and every byte is under way, e.g. 20ms or 20ms±5
    #[arg(long, value_name = "TIME", help_heading = CROWD)]
    pub(crate) delay: Option<Delay>,
    /// Datagrams that arrive twice, e.g. 1%
    #[arg(long, value_name = "PERCENT", help_heading = CROWD, value_parser = percent)]
    pub(crate) duplicate: Option<f64>,
    /// Datagrams that are overtaken, e.g. 1%
    #[arg(long, value_name = "PERCENT", help_heading = CROWD, value_parser = percent)]
    pub(crate) reorder: Option<f64>,
    /// A file for what crosses the relay, as Wireshark reads it; for its owner only: it holds the
    /// passwords where a --dialect is in the clear
    #[arg(long, value_name = "FILE.pcapng", help_heading = CROWD)]
    pub(crate) capture: Option<PathBuf>,
    /// A file for the history of operations, as `rendezvous check-history` reads it
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) history: Option<PathBuf>,
    /// A file for the report, .html for people or .json for programs; may be given for each
    #[arg(long, value_name = "FILE", help_heading = OUTPUT)]
    pub(crate) report: Vec<PathBuf>,
}

/// How long things are under way on a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delay {
    /// On average.
    pub(crate) mean: Duration,
    /// How much more or less it may be.
    pub(crate) jitter: Duration,
}

/// Which kind of simulation the flags mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SimulationKind {
    /// Every role of a folder as a process of its own.
    Processes,
    /// Days in memory, from one seed.
    Virtual,
    /// Patients on real sockets.
    Crowd,
}

fn fault_level(text: &str) -> Result<FaultLevel, String> {
    let all = FaultLevel::ALL.into_iter();
    all.into_iter()
        .find(|level| level.as_str() == text)
        .ok_or_else(|| "is not a level, expected none, mild or full".to_owned())
}

fn plant(text: &str) -> Result<Plant, String> {
    let known = Plant::ALL.map(Plant::as_str).join(", ");
    let found = Plant::ALL.into_iter().find(|plant| plant.as_str() == text);
    found.ok_or_else(|| format!("is not a bug that can be put in, expected one of {known}"))
}

/// `500/s`, `30/m`, `40/h`: in patients a second.
pub(crate) fn per_second(text: &str) -> Result<f64, String> {
    let wrong = || "is not a rate, expected e.g. 500/s, 30/m or 40/h".to_owned();
    let (number, unit) = text.split_once('/').ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    if number.is_finite() && number > 0.0 { Ok(number / seconds) } else { Err(wrong()) }
}

/// `5%`: from 0 to 1.
fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').and_then(|number| number.parse::<f64>().ok());
    match number {
        Some(number) if (0.0..=100.0).contains(&number) => Ok(number / 100.0),
        _ => Err("is not a percentage, expected e.g. 5% (at most 100%)".to_owned()),
    }
}

/// `20ms`, `30s`, `5m`, `1h`.
fn time_span(text: &str) -> Result<Duration, String> {
    let wrong = || "is not a time, expected e.g. 20ms, 30s, 5m or 1h".to_owned();
    let unit = text.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())
}

/// A time for which patients may keep coming.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = time_span(text)?;
    if duration > DURATION_MAX {
        let hours = DURATION_MAX.as_secs() / 3_600;
        return Err(format!("is too long, expected at most {hours}h"));
    }
    Ok(duration)
}

impl std::str::FromStr for Delay {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "is not a delay, expected e.g. 20ms or 20ms±5".to_owned();
        let (mean, jitter) = text.split_once('±').unwrap_or((text, "0"));
        let jitter = jitter.strip_suffix("ms").unwrap_or(jitter);
        let mean = time_span(mean).map_err(|_| wrong())?;
        let jitter = time_span(&format!("{jitter}ms")).map_err(|_| wrong())?;
        if mean > DELAY_MAX {
            return Err(format!("is too long, expected at most {}s", DELAY_MAX.as_secs()));
        }
        if jitter > mean { Err(wrong()) } else { Ok(Self { mean, jitter }) }
    }
}

impl SimulateArgs {
    /// Which kind of simulation is meant.
    pub(crate) fn kind(&self) -> SimulationKind {
        let comes_in_crowds =
            self.rate.is_some() || self.concurrency.is_some() || self.center.is_some();
        if self.in_memory || self.scenario.is_some() || self.seeds.is_some() {
            SimulationKind::Virtual
        } else if comes_in_crowds || self.patients.is_some() {
            SimulationKind::Crowd
        } else {
            SimulationKind::Processes
        }
    }

    /// What no single flag can see.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        self.check_kind()?;
        let twice = |(at, chosen): (usize, &PatientSelect)| {
            self.select[..at].iter().any(|other| other.patient == chosen.patient)
        };
        if self.select.iter().enumerate().any(twice) {
            return Err("--select names a patient twice");
        }
        let one_slot = self.select.windows(2).all(|pair| pair[0].index == pair[1].index);
        if self.contend && !one_slot {
            return Err("--contend is about one slot, and --select names several");
        }
        Ok(())
    }

    fn tells_of_one_day(&self) -> bool {
        self.events.is_some()
            || self.history.is_some()
            || !self.report.is_empty()
            || self.until.is_some()
    }

    /// A flag that means nothing in this kind of simulation is not passed over.
    fn check_kind(&self) -> Result<(), &'static str> {
        let of_virtual = self.days.is_some()
            || self.arrivals.is_some()
            || self.faults.is_some()
            || self.events.is_some()
            || self.until.is_some()
            || self.plant.is_some()
            || self.twice > 0;
        let of_crowd = self.rate.is_some()
            || self.concurrency.is_some()
            || self.duration.is_some()
            || self.center.is_some()
            || self.loss.is_some()
            || self.delay.is_some()
            || self.duplicate.is_some()
            || self.reorder.is_some()
            || self.capture.is_some();
        let of_both = self.patients.is_some() || self.doctors.is_some() || self.slots.is_some();
        let said_by_scenario = of_both || self.days.is_some() || self.arrivals.is_some();
        let of_processes = !self.select.is_empty() || self.contend || self.store.is_some();
        match self.kind() {
            SimulationKind::Virtual if of_crowd => {
                Err("the virtual world has no real sockets: --rate and what else is for a crowd")
            }
            SimulationKind::Virtual if of_processes => {
                Err("the virtual world has no --select, --contend or --store")
            }
            SimulationKind::Virtual if self.seeds.is_some() && self.tells_of_one_day() => Err(
                "--seeds is about many days: --events, --history, --report and --until tell of one",
            ),
            SimulationKind::Virtual if self.seeds.is_none() && self.twice > 0 => {
                Err("--twice is about --seeds")
            }
            SimulationKind::Virtual if self.scenario.is_some() && said_by_scenario => {
                Err("--scenario says how many days, patients, doctors and slots there are")
            }
            SimulationKind::Virtual if self.compare.is_some() && self.seeds.is_some() => {
                Err("--compare is about one seed, and --seeds names several")
            }
            SimulationKind::Virtual => Ok(()),
            SimulationKind::Crowd if of_virtual => {
                Err("a crowd is no virtual world: add --virtual")
            }
            SimulationKind::Crowd if of_processes => {
                Err("a crowd has no --select, --contend or --store")
            }
            SimulationKind::Crowd => Ok(()),
            SimulationKind::Processes if of_virtual => Err("this needs --virtual"),
            SimulationKind::Processes if of_crowd || of_both => {
                Err("this needs a crowd: --patients, --rate or --concurrency")
            }
            SimulationKind::Processes => Ok(()),
        }
    }
}
