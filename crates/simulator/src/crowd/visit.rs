//! One patient's visit: log in, choose and book a slot, ask its doctor for the cost.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::{DoctorName, PlanName, Refusal, Service, SlotIndex};
use net::patient::{DoctorLine, EstimateError};
use protocol::{
    Dialect, Estimate, EstimateRequest, Offer, Offers, Referral, Reply, Request, SlotNamed,
    SlotsWanted,
};

use super::counter::{Counter, No, fresh_request_id};
use super::diary::Diary;
use super::{CrowdPlan, Destination, Guest};
use crate::chance::Chance;
use crate::history::{End, Extent, Operation, Recorder};
use crate::plan::Choice;
use crate::record::{Booking, Fate, Party, Phase, VisitEnd, VisitRecord};

/// Why there is no price when a doctor does not answer at all.
pub const SILENCE: &str = "the doctor did not answer";

/// How often a patient may be beaten to a slot.
const BEATEN_MAX: u32 = 64;
/// How many slots a patient looks at, in a dialect that can say so.
const PAGE_SLOTS: u32 = 24;
/// Of how many first slots somebody takes one who wants it soon.
const SOON: usize = 5;

/// What every visit of a run shares.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) plan: CrowdPlan,
    pub(super) place: Arc<Destination>,
    pub(super) began: Instant,
    pub(super) history: Option<Recorder>,
}

/// Somebody who comes now.
#[derive(Debug)]
pub(super) struct Visitor {
    /// The number of the visit, from 0.
    pub(super) number: u64,
    /// When the patient was to come, since the run began.
    pub(super) planned: Duration,
    pub(super) chance: Chance,
    /// Whether all that is said is kept.
    pub(super) whole: bool,
}

/// The visit from the beginning to the end.
pub(super) async fn visit(run: Arc<Run>, visitor: Visitor) -> VisitRecord {
    let guests = &run.place.guests;
    let turn = usize::try_from(visitor.number).unwrap_or(0) % guests.len();
    let guest = &guests[turn];
    let diary = Diary::open(run.began, visitor.planned, visitor.whole);
    let mut patient =
        Patient { run: &run, guest, number: visitor.number, chance: visitor.chance, diary };
    let ended = patient.go().await;
    patient.diary.close(guest.user.as_str(), ended)
}

struct Patient<'a> {
    run: &'a Run,
    guest: &'a Guest,
    number: u64,
    chance: Chance,
    diary: Diary,
}

impl Patient<'_> {
    async fn go(&mut self) -> VisitEnd {
        let referral = match self.book().await {
            Ok(referral) => referral,
            Err(No::Refused(refusal)) => return VisitEnd::Refused(refusal),
            Err(No::Broken(why)) => return VisitEnd::Failed(why),
        };
        self.ask_doctor(&referral).await
    }

    /// Phases 1 and 2.
    async fn book(&mut self) -> Result<Referral, No> {
        let (place, dialect) = (&self.run.place, self.run.plan.dialect);
        let user = &self.guest.user;
        self.diary.asks_center(|| format!("log in as {user}"));
        // Counted before it comes about, as it is tried.
        self.diary.connections = 1;
        let arrived = Counter::arrive(place, dialect, self.guest).await;
        let mut counter = self.diary.answered(arrived, |_| "welcome".to_owned())?;
        self.diary.ends(Phase::LogIn);
        let booked = self.choose_and_book(&mut counter).await;
        self.diary.connections = counter.connections;
        booked
    }

    async fn choose_and_book(&mut self, counter: &mut Counter<'_>) -> Result<Referral, No> {
        let offers = self.list(counter).await;
        // That there is nothing is an answer too.
        if !matches!(offers, Err(No::Broken(_))) {
            self.diary.ends(Phase::List);
        }
        let booked = self.book_among(counter, offers?).await;
        // However often they were beaten and looked again, that is one phase.
        self.diary.ends(Phase::Book);
        booked
    }

    async fn book_among(
        &mut self,
        counter: &mut Counter<'_>,
        mut offers: Vec<Offer>,
    ) -> Result<Referral, No> {
        let mut beaten = 0;
        loop {
            let offer = self.choose(&offers);
            match self.book_one(counter, offer).await {
                Err(No::Refused(Refusal::SlotTaken)) if beaten < BEATEN_MAX => beaten += 1,
                ended => return ended,
            }
            // The exercise's dialects end the connection with their refusal.
            if self.run.plan.dialect != Dialect::Json {
                counter.come_back().await?;
            }
            offers = self.list(counter).await?;
        }
    }

    /// The free slots, or some of them; at least one.
    async fn list(&mut self, counter: &mut Counter<'_>) -> Result<Vec<Offer>, No> {
        if self.run.plan.dialect != Dialect::Json {
            return some_of(self.list_once(counter, &Request::Board, Extent::Part).await?);
        }
        let limit = Some(PAGE_SLOTS);
        if let Some(from) = self.some_day() {
            let wanted = SlotsWanted { from: Some(from), limit, ..SlotsWanted::default() };
            let page = self.list_once(counter, &Request::Slots(wanted), Extent::Part).await?;
            if !page.offers.is_empty() {
                return Ok(page.offers);
            }
        }
        let wanted = SlotsWanted { limit, ..SlotsWanted::default() };
        some_of(self.list_once(counter, &Request::Slots(wanted), Extent::Whole).await?)
    }

    /// From when on the patient looks for a slot; `None` for now.
    fn some_day(&mut self) -> Option<jiff::Timestamp> {
        let (first, last) = self.run.place.calendar?;
        let share = self.chance.unit();
        match self.run.plan.choice {
            Choice::Any => Some(first + last.duration_since(first).mul_f64(share)),
            Choice::Earliest | Choice::Soon => None,
        }
    }

    async fn list_once(
        &mut self,
        counter: &mut Counter<'_>,
        request: &Request,
        asked: Extent,
    ) -> Result<Offers, No> {
        self.diary.asks_center(|| "list".to_owned());
        let open = self.begins(Operation::list);
        let answer = match counter.ask(request).await {
            Ok(Reply::Slots(offers)) => Ok(offers),
            Ok(_) => Err(No::Broken("the center answered another question".to_owned())),
            Err(no) => Err(no),
        };
        if let Some(open) = open {
            let end = match &answer {
                Ok(offers) => {
                    let free = offers.offers.iter().map(|offer| offer.index.to_string()).collect();
                    let is_last = asked == Extent::Whole && offers.next.is_none();
                    // Others may hold the slots that are not in it.
                    let all = is_last && !self.run.place.is_shared;
                    End::Listed { free, extent: if all { Extent::Whole } else { Extent::Part } }
                }
                Err(_) => End::Unknown,
            };
            open.end(end, self.now());
        }
        self.diary.answered(answer, |offers| format!("{} free slots", offers.offers.len()))
    }

    fn choose<'o>(&mut self, offers: &'o [Offer]) -> &'o Offer {
        let among = match self.run.plan.choice {
            Choice::Earliest => 1,
            Choice::Soon => offers.len().min(SOON),
            Choice::Any => offers.len(),
        };
        &offers[self.chance.below(among)]
    }

    async fn book_one(&mut self, counter: &mut Counter<'_>, offer: &Offer) -> Result<Referral, No> {
        let index = offer.index;
        // By id where the list has told it.
        let slot = match &offer.details {
            Some(details) => SlotNamed::Id { id: details.id, index: Some(index) },
            None => SlotNamed::Index(index),
        };
        let request = Request::Book { slot, request_id: Some(fresh_request_id()) };
        self.diary.asks_center(|| format!("book slot {index}"));
        let slot = index.to_string();
        let open = self.begins(|process, patient| Operation::book(process, slot, patient));
        let answer = match counter.ask_surely(&request).await {
            Ok(Reply::Booked(referral) | Reply::AlreadyHeld(referral)) => Ok(referral),
            Ok(_) => Err(No::Broken("the center answered another question".to_owned())),
            Err(no) => Err(no),
        };
        if let Some(open) = open {
            let end = match &answer {
                Ok(_) => End::Done,
                Err(No::Refused(Refusal::SlotTaken)) if self.knows_who_books() => End::Refused,
                Err(_) => End::Unknown,
            };
            open.end(end, self.now());
        }
        let referral = self.diary.answered(answer, |referral| {
            let doctor = referral.doctor().map_or("a doctor", DoctorName::as_str);
            format!("slot {index} is yours, with {doctor}")
        })?;
        let doctor = self.doctor_of(index, &referral);
        let start = match &referral {
            Referral::Full(referred) => Some(referred.view.appointment.slot.start),
            Referral::Port { .. } => offer.details.as_ref().map(|details| details.start),
        };
        let booked = Some(runtime::now());
        self.diary.booking = Some(Booking { slot: index, doctor, start, booked });
        Ok(referral)
    }

    /// Whether a refusal says that another patient of this history holds the slot. The exercise's
    /// dialects have one word for every "no", and elsewhere others book, or have booked before.
    fn knows_who_books(&self) -> bool {
        self.run.plan.dialect == Dialect::Json && !self.run.place.is_shared
    }

    /// Whom the slot is with: as the center says, or as is known of the place.
    fn doctor_of(&self, index: SlotIndex, referral: &Referral) -> Option<DoctorName> {
        referral.doctor().or_else(|| self.run.place.schedule.get(&index)).cloned()
    }

    /// Phase 3.
    async fn ask_doctor(&mut self, referral: &Referral) -> VisitEnd {
        let doctor = self.diary.booking.as_ref().and_then(|booking| booking.doctor.clone());
        let line = match self.line_to(referral).await {
            Ok(line) => line,
            Err(why) => return VisitEnd::Failed(why),
        };
        let plan = self.guest.plan.clone();
        let asked = ask(&line, &self.run.plan, referral, plan.clone(), self.number).await;
        self.note_tries(&line, doctor.as_ref(), &plan, &asked);
        self.diary.ends(Phase::Estimate);
        match asked {
            Ok(estimate) => self.judge(&estimate, doctor.as_ref(), &plan),
            Err(EstimateError::Refused(_) | EstimateError::NoAnswer { .. }) => {
                VisitEnd::WithoutPrice(why_no_price(&asked))
            }
            Err(error) => VisitEnd::Failed(error.to_string()),
        }
    }

    /// A socket to where the referral leads.
    async fn line_to(&self, referral: &Referral) -> Result<DoctorLine, String> {
        let center = self.run.place.center.parse::<SocketAddr>().map(|center| center.ip());
        let host = referral.host().or(center.ok()).ok_or("nobody knows the doctor's host")?;
        let mut address = SocketAddr::new(host, referral.port());
        if let Some(detour) = &self.run.place.detour {
            address = detour.lead_to_doctor(address).map_err(|error| error.to_string())?;
        }
        DoctorLine::open(address).await.map_err(|error| error.to_string())
    }

    /// Whether the price is the doctor's.
    fn judge(
        &mut self,
        estimate: &Estimate,
        doctor: Option<&DoctorName>,
        plan: &PlanName,
    ) -> VisitEnd {
        let shown = estimate.price;
        self.diary.price = Some(shown);
        let tariff = doctor.and_then(|doctor| self.run.place.tariffs.get(doctor));
        let (Some(doctor), Some(tariff)) = (doctor, tariff) else { return VisitEnd::Served };
        // Words of the exercise carry no currency.
        let right = tariff.estimate(&Service::visit(), plan).map(|price| price.to_string());
        if right.as_deref() == Some(shown.to_string().as_str()) {
            return VisitEnd::Served;
        }
        let right = right.unwrap_or_else(|| "nothing".to_owned());
        VisitEnd::Failed(format!("{doctor} named {shown} under {plan} and charges {right}"))
    }

    fn note_tries(
        &mut self,
        line: &DoctorLine,
        doctor: Option<&DoctorName>,
        plan: &PlanName,
        asked: &Result<Estimate, EstimateError>,
    ) {
        let tries = line.asked();
        self.diary.tries = u32::try_from(tries.len()).ok();
        let name = doctor.map_or("a doctor", DoctorName::as_str);
        let party = Party::Doctor(name.to_owned());
        let answered = !matches!(asked, Err(EstimateError::NoAnswer { .. }));
        for (at, when) in tries.iter().enumerate() {
            // Of a question without an answer in time, one of both was lost or late.
            let fate = match answered && at + 1 == tries.len() {
                true => Fate::Arrived,
                false => Fate::Lost,
            };
            self.diary.said(*when, Party::Patient, party.clone(), fate, || plan.to_string());
        }
        if answered {
            let words = || match asked {
                Ok(estimate) => format!("{} {}", estimate.price, estimate.price.currency()),
                Err(_) => why_no_price(asked),
            };
            self.diary.said(Instant::now(), party, Party::Patient, Fate::Arrived, words);
        }
    }

    /// An operation begins now, where a history is kept.
    fn begins(
        &self,
        operation: impl FnOnce(u64, &str) -> Operation,
    ) -> Option<crate::history::Open> {
        let history = self.run.history.as_ref()?;
        Some(history.begin(operation(self.number, self.guest.user.as_str()), self.now()))
    }

    /// Nanoseconds since the run began.
    fn now(&self) -> u64 {
        u64::try_from(self.run.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The offers, where there are any.
fn some_of(page: Offers) -> Result<Vec<Offer>, No> {
    if page.offers.is_empty() { Err(No::Refused(Refusal::NoSlotsLeft)) } else { Ok(page.offers) }
}

/// Sealed where the center gave what that takes, else in the clear: on this machine only.
async fn ask(
    line: &DoctorLine,
    plan: &CrowdPlan,
    referral: &Referral,
    insurance: PlanName,
    number: u64,
) -> Result<Estimate, EstimateError> {
    if let Referral::Full(referred) = referral
        && let Some(admission) = &referred.admission
    {
        let doctor = &referred.view.appointment.slot.doctor.name;
        return line.ask_sealed(admission, doctor, &insurance).await;
    }
    let patient = format!("Patient{number}");
    let request = EstimateRequest { patient, service: Service::visit(), plan: insurance };
    line.ask(plan.dialect, request).await
}

/// In few words, alike for all doctors.
fn why_no_price(asked: &Result<Estimate, EstimateError>) -> String {
    match asked {
        Err(EstimateError::Refused(refusal)) => refusal.to_string(),
        _ => SILENCE.to_owned(),
    }
}
