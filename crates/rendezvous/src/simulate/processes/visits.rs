//! What the screens tell of each patient's visit, for the report: who said what to whom, and when the
//! simulation read it. The screens tell no lost datagram and no second try.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{Currency, DoctorName, Money, Refusal, SlotIndex};
use simulator::record::{Booking, DoctorUse, Exchange, Fate, Party, Phase, VisitEnd, VisitRecord};
use simulator::report::{About, Diagrams, Report, Tally};
use tokio::time::Instant;

use super::transcript::Voice;
use crate::args::SimulateArgs;
use crate::input::{self, BadInput};
use crate::summary::{Summary, VisitOutcome};

/// What a patient's refusal can be for, in the words of its summary.
const REFUSALS: [Refusal; 12] = [
    Refusal::WrongCredentials,
    Refusal::Throttled,
    Refusal::NotAllowed,
    Refusal::TlsRequired,
    Refusal::SlotTaken,
    Refusal::NoSuchSlot,
    Refusal::NoSlotsLeft,
    Refusal::TooManyAppointments,
    Refusal::NoSuchDoctor,
    Refusal::PlanNotCovered,
    Refusal::Busy,
    Refusal::Unavailable,
];

/// What was heard of all visits, by the patients' names.
#[derive(Debug)]
pub(super) struct Heard {
    began: Instant,
    visits: BTreeMap<String, Visit>,
}

/// What was heard of one.
#[derive(Debug)]
struct Visit {
    came: Duration,
    last: Duration,
    /// With the place of each in a visit: two screens are not read in the order of what they say.
    said: Vec<(u8, Exchange)>,
}

impl Heard {
    /// The simulation begins.
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), visits: BTreeMap::new() }
    }

    /// A patient comes.
    pub(super) fn comes(&mut self, patient: &str) {
        let now = self.began.elapsed();
        self.visits.insert(patient.to_owned(), Visit { came: now, last: now, said: Vec::new() });
    }

    /// A line of a screen.
    pub(super) fn line(&mut self, voice: Voice, label: &str, text: &str) {
        let now = self.began.elapsed();
        let told = match voice {
            Voice::Patient => patient_said(text).map(|told| (label, told)),
            Voice::Center => center_said(text),
            Voice::Doctor | Voice::Stage => None,
        };
        if voice == Voice::Patient
            && let Some(visit) = self.visits.get_mut(label)
        {
            visit.last = now;
        }
        let Some((patient, (place, from, to, what))) = told else { return };
        if let Some(visit) = self.visits.get_mut(patient) {
            let behind = visit.said.partition_point(|(other, _)| *other <= place);
            let exchange = Exchange { at: now, from, to, what, fate: Fate::Arrived };
            visit.said.insert(behind, (place, exchange));
        }
    }

    /// The report of all visits, whose summaries are these.
    ///
    /// # Errors
    /// [`BadInput`] when the folder is no longer what it was.
    pub(super) fn report(
        &self,
        args: &SimulateArgs,
        summaries: &[Summary],
    ) -> Result<Report, BadInput> {
        let settings = [
            ("input", args.input.display().to_string()),
            ("patients", summaries.len().to_string()),
            ("dialect", args.dialect.to_string()),
            ("choice", if args.contend { "all for one slot" } else { "in turn" }.to_owned()),
        ];
        let about = About {
            title: "A clinic in processes".to_owned(),
            settings: settings.map(|(name, value)| (name.to_owned(), value)).into(),
            loss: None,
            planned: self.visits.values().map(|visit| visit.last).max().unwrap_or_default(),
        };
        let mut tally = Tally::keeping(about, Diagrams::All);
        for summary in summaries {
            tally.visit(self.record(summary));
        }
        tally.doctors(doctors(args, summaries)?);
        Ok(tally.finish())
    }

    fn record(&self, summary: &Summary) -> VisitRecord {
        let visit = self.visits.get(&summary.patient);
        let phases = [Phase::LogIn, Phase::Book, Phase::Estimate].into_iter();
        let took = summary.phase_ms.iter().map(|ms| Duration::from_secs_f64(ms / 1_000.0));
        let doctor = summary.doctor.as_deref().unwrap_or("doctor");
        let currency = summary.currency.as_deref().and_then(|code| code.parse().ok());
        let price = |cost: &String| Money::parse(cost, currency.unwrap_or(Currency::USD)).ok();
        VisitRecord {
            patient: summary.patient.clone(),
            planned: visit.map_or(Duration::ZERO, |visit| visit.came),
            phases: phases.zip(took).collect(),
            ended: ended(summary),
            left: visit.map_or(Duration::ZERO, |visit| visit.last),
            booking: booking(summary),
            price: summary.cost.as_ref().and_then(price),
            tries: None,
            connections: u32::from(!summary.phase_ms.is_empty()),
            exchanges: visit.map_or_else(Vec::new, |visit| visit.exchanges(doctor)),
        }
    }
}

impl Visit {
    /// In the order of the visit, at times that never go back, with the doctor's name.
    fn exchanges(&self, doctor: &str) -> Vec<Exchange> {
        let mut now = self.came;
        let named = |party: &Party| match party {
            Party::Doctor(_) => Party::Doctor(doctor.to_owned()),
            other => other.clone(),
        };
        let mut exchanges = Vec::new();
        for (_, said) in &self.said {
            now = now.max(said.at);
            let (from, to) = (named(&said.from), named(&said.to));
            exchanges.push(Exchange { at: now, from, to, ..said.clone() });
        }
        exchanges
    }
}

/// The place in a visit, who spoke to whom, and what.
type Told = (u8, Party, Party, String);

/// What a line of a patient's screen tells.
fn patient_said(text: &str) -> Option<Told> {
    let doctor = || Party::Doctor(String::new());
    let between = |before: &str, after: &str| {
        let (_, rest) = text.split_once(before)?;
        rest.split(after).next().map(str::to_owned)
    };
    if text.starts_with("Phase 1: Authentication request") {
        return Some((0, Party::Patient, Party::Center, "log in".to_owned()));
    }
    if let Some(result) = between(" authentication result: ", ".") {
        return Some((1, Party::Center, Party::Patient, result));
    }
    if text.starts_with("Phase 2: The following appointments are available") {
        return Some((2, Party::Center, Party::Patient, "the free slots".to_owned()));
    }
    if let Some(plan) = between(" with insurance plan ", " ") {
        return Some((5, Party::Patient, doctor(), plan));
    }
    if text.starts_with("Phase 3: ")
        && let Some(cost) = between(" receives ", " estimation cost ")
    {
        return Some((6, doctor(), Party::Patient, cost));
    }
    let answer = if text.starts_with("Phase 2: The requested appointment is available") {
        "reserved"
    } else if text.starts_with("Phase 2: The requested appointment from") {
        "not available"
    } else {
        return None;
    };
    Some((4, Party::Center, Party::Patient, answer.to_owned()))
}

/// Of which patient a line of the center's screen tells, and what: a patient's own says nothing of its
/// choice.
fn center_said(text: &str) -> Option<(&str, Told)> {
    let (_, rest) = text.split_once(" receives a request for appointment ")?;
    let slot = rest.split(' ').next()?;
    let patient = rest.rsplit_once(" and username ")?.1.trim_end_matches('.');
    Some((patient, (3, Party::Patient, Party::Center, format!("slot {slot}"))))
}

fn ended(summary: &Summary) -> VisitEnd {
    let message = || summary.message.clone().unwrap_or_else(|| "nobody said why".to_owned());
    let has_booked = summary.slot.is_some();
    let known = |refusal: &Refusal| summary.message.as_deref() == Some(&*refusal.to_string());
    match summary.outcome {
        VisitOutcome::Done if summary.cost.is_some() || !has_booked => VisitEnd::Served,
        _ if has_booked => VisitEnd::WithoutPrice(message()),
        VisitOutcome::Refused => match REFUSALS.into_iter().find(known) {
            Some(refusal) => VisitEnd::Refused(refusal),
            None => VisitEnd::Failed(message()),
        },
        VisitOutcome::Done | VisitOutcome::Failed => VisitEnd::Failed(message()),
    }
}

fn booking(summary: &Summary) -> Option<Booking> {
    let slot: SlotIndex = summary.slot.as_ref()?.parse().ok()?;
    let doctor = summary.doctor.as_ref().and_then(|name| name.parse().ok());
    Some(Booking { slot, doctor, start: None, booked: None })
}

/// The slots of the folder, and how many of them these visits booked.
fn doctors(args: &SimulateArgs, summaries: &[Summary]) -> Result<Vec<DoctorUse>, BadInput> {
    let mut slots: BTreeMap<DoctorName, usize> = BTreeMap::new();
    for row in input::availabilities(&args.input, args.slot_minutes)? {
        *slots.entry(row.doctor).or_default() += 1;
    }
    let used = |(doctor, slots): (DoctorName, usize)| {
        let is_theirs = |visit: &&Summary| {
            visit.slot.is_some() && visit.doctor.as_deref() == Some(doctor.as_str())
        };
        let booked = summaries.iter().filter(is_theirs).count();
        DoctorUse { doctor, slots, booked, missed: 0 }
    };
    Ok(slots.into_iter().map(used).collect())
}

#[cfg(test)]
mod tests {
    use protocol::screen;

    use super::*;

    #[test]
    fn a_visit_is_told_in_its_order_whichever_screen_was_read_first() {
        let (user, plan) = ("patient1".parse().unwrap(), "insurance1".parse().unwrap());
        let ip = "127.0.0.1".parse().unwrap();
        let mut heard = Heard::new();
        heard.comes("patient1");
        let own = [
            screen::patient::sent_log_in("1", &user),
            screen::patient::log_in_result("1", "success"),
            screen::patient::list_follows("1"),
            screen::patient::reserved("1", 42_000),
            screen::patient::sent_plan("1", &plan, 42_000, ip),
            screen::patient::received_cost("1", "30", 42_000, "doc2"),
        ];
        for line in &own {
            heard.line(Voice::Patient, "patient1", line);
        }
        let choice = screen::center::received_selection("2", 50_000, &user);
        heard.line(Voice::Center, "center", &choice);
        let told: Vec<String> = heard.visits["patient1"]
            .exchanges("doc2")
            .iter()
            .map(|said| format!("{:?} {:?} {}", said.from, said.to, said.what))
            .collect();
        assert_eq!(
            told,
            [
                "Patient Center log in",
                "Center Patient success",
                "Center Patient the free slots",
                "Patient Center slot 2",
                "Center Patient reserved",
                "Patient Doctor(\"doc2\") insurance1",
                "Doctor(\"doc2\") Patient 30$",
            ]
        );
    }

    fn check(summary: &Summary, expected: &VisitEnd) {
        assert_eq!(&ended(summary), expected, "{summary:?}");
    }

    #[test]
    fn a_summary_says_how_a_visit_ended() {
        let text = |text: &str| Some(text.to_owned());
        let new = |outcome| Summary::new("patient1", outcome);
        let booked = |outcome| Summary { slot: text("1"), ..new(outcome) };
        check(&Summary { cost: text("30"), ..booked(VisitOutcome::Done) }, &VisitEnd::Served);
        let taken = Summary { message: text("the slot is taken"), ..new(VisitOutcome::Refused) };
        check(&taken, &VisitEnd::Refused(Refusal::SlotTaken));
        let silent = Summary { message: text("no answer"), ..booked(VisitOutcome::Failed) };
        check(&silent, &VisitEnd::WithoutPrice("no answer".to_owned()));
        let broken = Summary { message: text("no center"), ..new(VisitOutcome::Failed) };
        check(&broken, &VisitEnd::Failed("no center".to_owned()));
    }
}
