//! `rendezvous simulate`: one center, every doctor and every patient of a folder, each a process of
//! its own on real loopback sockets; one transcript, then a table.
//!
//! What the simulation knows, it knows from the screens of the processes, as a person before five
//! terminals would. What is deliberately not here: any rule of the clinic.

mod ending;
mod enrolling;
mod histories;
mod member;
mod roles;
mod starting;
mod table;
mod transcript;
mod visits;
mod words;

use std::io::IsTerminal as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{anyhow, bail};
use domain::{Currency, UserName};
use tokio::time::{Instant, timeout, timeout_at};

use super::reporting::Reports;
use crate::args::{
    ColorChoice, DoctorAt, Global, LogFilter, LogFormat, PatientSelect, SimulateArgs, StoreLocation,
};
use crate::exit::Ended;
use crate::input::{self, BadInput, Clinic};
use crate::logging;
use crate::summary::{Summary, VisitOutcome};
use crate::{loading, serving, stores};
use ending::{RoleRefusedInput, Signals};
use member::{Contest, Member, verdict};
use roles::{Cast, News, Seat};
use transcript::{Paint, Stream, Transcript, Voice};
use visits::Heard;

/// What the logs of the processes hold when nothing is said about it: their screens tell the rest.
const FILTER: &str = "warn";

/// How long the center and the doctors may take to say their ports, and how much longer for each
/// account of users.txt: the password of a new one is hashed, which takes its time on purpose.
const READY_MAX: Duration = Duration::from_secs(30);
const READY_ACCOUNT_MAX: Duration = Duration::from_millis(100);

/// How long a whole run may take once it is ready, and how much longer for each patient.
const RUN_MAX: Duration = Duration::from_secs(60);
const RUN_PATIENT_MAX: Duration = Duration::from_secs(2);

/// How long processes may take to leave when they are asked to; then they are killed.
const STOP_MAX: Duration = Duration::from_secs(10);

/// How long killed processes may take to be gone.
const KILLED_MAX: Duration = Duration::from_secs(5);

/// The most patients that contend for one slot: each costs four descriptors (three pipes and the
/// handle of the process), and a process may commonly have 1,024 even when it asks for more.
const CONTENDERS_MAX: usize = 250;

/// The most patients at once when they choose in turn; the next waits until one has left.
const PATIENTS_AT_ONCE_MAX: usize = 100;

/// Plays the clinic of a folder.
///
/// # Errors
/// When the folder has a mistake ([`BadInput`]), or something of ours fails.
pub(crate) fn run(args: SimulateArgs, global: &Global) -> anyhow::Result<Ended> {
    serving::raise_open_files_limit();
    let reports = Reports::open(&args.report)?;
    let clinic = input::whole_clinic(&args.input, args.slot_minutes, Currency::USD)?;
    check_choices(&args, &clinic)?;
    histories::begin(&args)?;
    let screen = ending::screen()?;
    let folder = tempfile::Builder::new().prefix("rendezvous-").tempdir()?;
    let labels = clinic.patients.iter().map(UserName::as_str);
    let labels = labels.chain(clinic.doctors.iter().map(|(name, _)| name.as_str()));
    let label_chars = labels.chain(["simulate"]).map(|label| label.chars().count()).max();
    let transcript =
        Transcript::new(screen.sender(), label_chars.unwrap_or_default(), paint_for(args.color));
    // One thread is enough: all that happens here is waiting.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let log_filter = global.log.as_ref().map_or(FILTER, LogFilter::as_str).to_owned();
    let ended = runtime.block_on(async {
        let mut signals = Signals::catch()?;
        let mut play = Play {
            args,
            clinic,
            log_filter,
            log_format: global.log_format,
            folder: folder.path().to_owned(),
            cast: Cast::new()?,
            members: Vec::new(),
            transcript,
            heard: Heard::new(),
            reports,
        };
        let (ended, table) = play.run(&mut signals).await;
        drop(play);
        ending::let_read(ended, table, screen, &mut signals).await
    });
    // After a signal, a reader may still be waited for.
    runtime.shutdown_background();
    ended
}

/// What `--select` and `--contend` say must fit the folder.
fn check_choices(args: &SimulateArgs, clinic: &Clinic) -> Result<(), BadInput> {
    if let Some(unknown) =
        args.select.iter().find(|choice| !clinic.patients.contains(&choice.patient))
    {
        let message = format!("holds no patient {}, but --select names one", unknown.patient);
        return Err(BadInput::of_file(&args.input, message));
    }
    if args.contend && clinic.patients.len() > CONTENDERS_MAX {
        let count = clinic.patients.len();
        let message =
            format!("holds {count} patients, expected at most {CONTENDERS_MAX} to contend");
        return Err(BadInput::of_file(&args.input, message));
    }
    Ok(())
}

fn paint_for(choice: ColorChoice) -> Paint {
    let wanted = || std::io::stdout().is_terminal() && !logging::colors_are_unwanted();
    match choice {
        ColorChoice::Always => Paint::Colors,
        ColorChoice::Auto if wanted() => Paint::Colors,
        ColorChoice::Auto | ColorChoice::Never => Paint::Plain,
    }
}

/// Who played, once it is over.
struct Played {
    patients: Vec<Seat>,
    doctors: Vec<DoctorAt>,
}

/// A simulation under way.
struct Play {
    args: SimulateArgs,
    clinic: Clinic,
    /// What the children's logs hold.
    log_filter: String,
    /// How their lines look.
    log_format: LogFormat,
    /// For the store and the summaries.
    folder: PathBuf,
    cast: Cast,
    /// By seat.
    members: Vec<Member>,
    transcript: Transcript,
    /// What the screens told of the visits.
    heard: Heard,
    /// Where their report goes.
    reports: Reports,
}

impl Play {
    /// Everything, from the first process to the last; also the table, if it came to one.
    async fn run(&mut self, signals: &mut Signals) -> (anyhow::Result<Ended>, Option<String>) {
        let limit = run_max(&self.clinic);
        let played = tokio::select! {
            biased;
            interrupted = signals.next() => Err(interrupted.into()),
            played = timeout(limit, self.play()) => played.unwrap_or_else(|_| {
                Err(anyhow!("the simulation took longer than {} s", limit.as_secs()))
            }),
        };
        if let Err(error) = &played {
            self.transcript.note(&format!("{error:#}: everybody is asked to leave"));
        }
        let left_well = self.stop().await;
        let Played { patients, doctors } = match played {
            Ok(played) => played,
            // It said itself what is wrong, above.
            Err(error) if error.is::<RoleRefusedInput>() => return (Ok(Ended::BadInput), None),
            Err(error) => return (Err(error), None),
        };
        let visits: Vec<Summary> =
            patients.iter().map(|&seat| self.visit(seat, &doctors)).collect();
        let members: Vec<&Member> = patients.iter().map(|&seat| &self.members[seat]).collect();
        let reported = self.report(&visits);
        let ended = left_well.and(reported).map(|()| verdict(self.contest(), &members));
        let ended = ended.and_then(|ended| self.judge(&patients, ended));
        (ended, Some(table::table(&visits)))
    }

    /// Writes the report, where one is wanted.
    fn report(&self, visits: &[Summary]) -> anyhow::Result<()> {
        if !self.reports.are_wanted() {
            return Ok(());
        }
        self.reports.write(&self.heard.report(&self.args, visits)?)
    }

    fn contest(&self) -> Contest {
        if self.args.contend { Contest::OneSlot } else { Contest::InTurn }
    }

    /// The three phases, until all patients have left.
    async fn play(&mut self) -> anyhow::Result<Played> {
        let (center, doctors) = timeout(ready_max(&self.clinic), async {
            let center = self.open_center().await?;
            let doctors = self.open_practices(center).await?;
            anyhow::Ok((center, doctors))
        })
        .await
        .map_err(|_| anyhow!("the center and the doctors did not say their ports in time"))??;
        tracing::debug!(%center, doctors = doctors.len(), "the clinic is open");
        self.show_zone()?;
        let patients = match self.contest() {
            Contest::InTurn => self.let_in_in_turn(center).await?,
            Contest::OneSlot => self.let_contend(center).await?,
        };
        while !patients.iter().all(|&seat| self.members[seat].ended.is_some()) {
            self.listen().await?;
        }
        Ok(Played { patients, doctors })
    }

    /// The clocks of the clinic need not be those of the transcript.
    fn show_zone(&self) -> anyhow::Result<()> {
        let StoreLocation::Sqlite(path) = self.store();
        let zone = loading::zone(&stores::open(&path)?, None)?;
        self.transcript.note(&format!("the clinic's clocks show {}", loading::name_of(&zone)));
        Ok(())
    }

    /// Lets each patient choose when the one before has; what comes after overlaps.
    async fn let_in_in_turn(&mut self, center: SocketAddr) -> anyhow::Result<Vec<Seat>> {
        let mut seats = Vec::new();
        for name in self.clinic.patients.clone() {
            let choice = self.args.select.iter().find(|choice| choice.patient == name);
            let select = choice.map(|choice| choice.index.to_string());
            let seat = self.start_patient(&name, center, select.as_deref())?;
            seats.push(seat);
            let inside = |members: &[Member]| {
                seats.iter().filter(|&&seat| members[seat].ended.is_none()).count()
            };
            while !self.members[seat].has_chosen() || inside(&self.members) >= PATIENTS_AT_ONCE_MAX
            {
                self.listen().await?;
            }
        }
        Ok(seats)
    }

    /// Starts all patients, waits until each is asked which slot to take, and gives all of them the
    /// same answer at once.
    async fn let_contend(&mut self, center: SocketAddr) -> anyhow::Result<Vec<Seat>> {
        let mut seats = Vec::new();
        for name in self.clinic.patients.clone() {
            seats.push(self.start_patient(&name, center, Some("-"))?);
        }
        while !seats.iter().all(|&seat| self.members[seat].is_set()) {
            self.listen().await?;
        }
        let contenders: Vec<Seat> =
            seats.iter().copied().filter(|&seat| self.members[seat].ended.is_none()).collect();
        let first_offer = || contenders.iter().find_map(|&seat| self.members[seat].first_offer);
        let named = self.args.select.first().map(|choice: &PatientSelect| choice.index);
        if let Some(index) = named.or_else(first_offer) {
            let count = contenders.len();
            self.transcript.note(&format!("{count} patients go for slot {index} at this moment"));
            self.cast.tell_all(&contenders, &format!("{index}\n")).await;
        }
        Ok(seats)
    }

    /// Waits for one line, or one end, and takes it in.
    async fn listen(&mut self) -> anyhow::Result<()> {
        match self.cast.next().await? {
            News::Line(seat, stream, text) => self.hear(seat, stream, &text),
            News::Ended(seat, status) => {
                let member = &mut self.members[seat];
                member.ended = Some(status);
                let is_needed = matches!(member.voice, Voice::Center | Voice::Doctor);
                if is_needed && member.port.is_some() {
                    bail!("{} ended too early ({})", member.label, in_words(status));
                }
            }
        }
        Ok(())
    }

    fn hear(&mut self, seat: Seat, stream: Stream, text: &str) {
        let member = &mut self.members[seat];
        member.hear(stream, text);
        if stream == Stream::Screen {
            self.heard.line(member.voice, &member.label, text);
        }
        self.transcript.line(member.voice, &member.label, stream, text);
    }

    /// Ends every process that still runs, with patience and then without. An error names one that
    /// did not leave as it should.
    async fn stop(&mut self) -> anyhow::Result<()> {
        self.cast.ask_to_leave();
        let mut first_wrong = self.see_out(STOP_MAX).await;
        if self.cast.running() > 0 {
            self.cast.kill();
            let killed = anyhow!("somebody did not leave within {} s", STOP_MAX.as_secs());
            first_wrong = first_wrong.and(Err(killed));
            self.see_out(KILLED_MAX).await?;
        }
        first_wrong
    }

    /// Takes in what is heard until nobody runs any more, for at most `limit`.
    async fn see_out(&mut self, limit: Duration) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        let mut first_wrong = Ok(());
        while self.cast.running() > 0 {
            let Ok(news) = timeout_at(deadline, self.cast.next()).await else { break };
            match news? {
                News::Line(seat, stream, text) => self.hear(seat, stream, &text),
                News::Ended(seat, status) => {
                    let member = &mut self.members[seat];
                    member.ended = Some(status);
                    if !status.success() && first_wrong.is_ok() {
                        let how = in_words(status);
                        first_wrong = Err(anyhow!("{} did not end well ({how})", member.label));
                    }
                }
            }
        }
        first_wrong
    }

    /// What became of a patient, in its own words if it left any. Not every dialect names the
    /// doctor, but each gives the doctor's port.
    fn visit(&self, seat: Seat, doctors: &[DoctorAt]) -> Summary {
        let member = &self.members[seat];
        let path = self.summary_path(&member.label);
        let mut visit = Summary::read(&path).unwrap_or_else(|_| Summary {
            message: member.ended.map(in_words),
            ..Summary::new(&member.label, VisitOutcome::Failed)
        });
        let at_port = |doctor: &&DoctorAt| Some(doctor.address.port()) == member.port;
        visit.doctor = visit
            .doctor
            .or_else(|| doctors.iter().find(at_port).map(|found| found.doctor.to_string()));
        visit
    }

    fn summary_path(&self, patient: &str) -> PathBuf {
        self.folder.join(format!("{patient}.json"))
    }

    fn store(&self) -> StoreLocation {
        let temporary = || StoreLocation::Sqlite(self.folder.join("rendezvous.db"));
        self.args.store.clone().unwrap_or_else(temporary)
    }
}

fn ready_max(clinic: &Clinic) -> Duration {
    READY_MAX + READY_ACCOUNT_MAX.saturating_mul(u32::try_from(clinic.accounts).unwrap_or(u32::MAX))
}

fn run_max(clinic: &Clinic) -> Duration {
    let patients = u32::try_from(clinic.patients.len()).unwrap_or(u32::MAX);
    ready_max(clinic) + RUN_MAX + RUN_PATIENT_MAX.saturating_mul(patients)
}

fn loopback(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

fn in_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt as _;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("exit code {code}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) => "in an unknown way".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_accounts_are_given_the_time_to_be_hashed() {
        let clinic = Clinic {
            doctors: Vec::new(),
            patients: vec!["patient1".parse().unwrap()],
            accounts: 10_000,
        };
        assert_eq!(ready_max(&clinic), Duration::from_secs(30 + 1_000));
        assert_eq!(run_max(&clinic), Duration::from_secs(30 + 1_000 + 60 + 2));
    }
}
