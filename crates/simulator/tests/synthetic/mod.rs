//! A run that never was: visits drawn by chance, with all that can happen in them.

use std::time::Duration;

use domain::{Currency, DoctorName, Money, Refusal, SlotIndex};
use jiff::{SignedDuration, Timestamp};
use simulator::chance::Chance;
use simulator::record::{Booking, DoctorUse, Exchange, Fate, Party, Phase, VisitEnd, VisitRecord};
use simulator::report::{About, Loss, Tally};

const LOSS: f64 = 0.1;
const TRIES: u32 = 5;

/// So many visits in a minute.
pub(crate) fn run(visits: u32) -> Tally {
    let mut tally = Tally::new(About {
        title: format!("A crowd of {visits} patients"),
        settings: [("seed", "1"), ("doctors", "8"), ("loss", "10%"), ("delay", "20ms±5")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        loss: Some(Loss { there: LOSS, back: LOSS }),
        planned: Duration::from_mins(1),
    });
    let mut chance = Chance::new(1);
    let mut planned = Duration::ZERO;
    for number in 1..=visits {
        planned += chance.wait(Duration::from_mins(1) / visits);
        tally.visit(visit(number, planned, &mut chance));
    }
    let doctors = (1..=8).map(|number| DoctorUse {
        doctor: format!("doc{number}").parse().unwrap(),
        slots: 60,
        booked: 20 + 5 * number,
        missed: number,
    });
    tally.doctors(doctors.collect());
    tally
}

/// What a visit has come to so far.
struct Visit {
    record: VisitRecord,
    now: Duration,
}

impl Visit {
    fn say(&mut self, from: Party, to: Party, what: &str, fate: Fate) {
        let what = what.to_owned();
        self.record.exchanges.push(Exchange { at: self.now, from, to, what, fate });
    }

    /// A phase of a question and an answer.
    fn ask(&mut self, phase: Phase, what: &str, answer: &str, took: Duration) {
        self.say(Party::Patient, Party::Center, what, Fate::Arrived);
        self.now += took;
        self.say(Party::Center, Party::Patient, answer, Fate::Arrived);
        self.record.phases.push((phase, took));
    }

    fn ends(mut self, ended: VisitEnd) -> VisitRecord {
        self.record.ended = ended;
        self.record.left = self.now;
        self.record
    }
}

fn visit(number: u32, planned: Duration, chance: &mut Chance) -> VisitRecord {
    let mut took =
        |mean_ms: u64| Duration::from_millis(1) + chance.wait(Duration::from_millis(mean_ms));
    let (log_in, list, book) = (took(30), took(4), took(8));
    let record = VisitRecord {
        patient: format!("patient{number}"),
        planned,
        phases: Vec::new(),
        ended: VisitEnd::WalkedAway,
        left: planned,
        booking: None,
        price: None,
        tries: None,
        connections: 1 + u32::from(chance.happens(0.05)),
        exchanges: Vec::new(),
    };
    let mut visit = Visit { record, now: planned };
    visit.ask(Phase::LogIn, "log in", "welcome", log_in);
    if chance.happens(0.01) {
        return visit.ends(VisitEnd::WalkedAway);
    }
    visit.ask(Phase::List, "list", "10 slots", list);
    let slot = format!("book slot {number}");
    if chance.happens(0.06) {
        visit.ask(Phase::Book, &slot, "taken", book);
        return visit.ends(VisitEnd::Refused(Refusal::SlotTaken));
    }
    visit.ask(Phase::Book, &slot, "confirmed", book);
    let booked: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
    let wait = chance.between(Duration::from_mins(20), Duration::from_hours(50));
    let doctor = format!("doc{}", 1 + number % 8);
    visit.record.booking = Some(Booking {
        slot: SlotIndex::new(number).unwrap(),
        doctor: Some(doctor.parse::<DoctorName>().unwrap()),
        start: Some(booked + SignedDuration::try_from(wait).unwrap()),
        booked: Some(booked),
    });
    ask_doctor(visit, &doctor, chance)
}

fn ask_doctor(mut visit: Visit, doctor: &str, chance: &mut Chance) -> VisitRecord {
    let began = visit.now;
    let doctor = || Party::Doctor(doctor.to_owned());
    for tried in 1..=TRIES {
        visit.record.tries = Some(tried);
        let question = if chance.happens(LOSS) { Fate::Lost } else { Fate::Arrived };
        visit.say(Party::Patient, doctor(), "what does insurance1 pay?", question);
        if question == Fate::Arrived {
            visit.now += Duration::from_millis(20);
            let answer = if chance.happens(LOSS) { Fate::Lost } else { Fate::Arrived };
            visit.say(doctor(), Party::Patient, "30 USD", answer);
            if answer == Fate::Arrived {
                visit.now += Duration::from_millis(21);
                visit.record.phases.push((Phase::Estimate, visit.now - began));
                visit.record.price = Some(Money::parse("30", Currency::USD).unwrap());
                let calls_off = chance.happens(0.03);
                return visit.ends(if calls_off { VisitEnd::CalledOff } else { VisitEnd::Served });
            }
        }
        visit.now += Duration::from_millis(250 << (tried - 1));
    }
    visit.ends(VisitEnd::WithoutPrice("the doctor did not answer".to_owned()))
}
