//! The visit: log in, choose and book a slot, ask its doctor for the cost: sealed, or on this machine
//! in the clear.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use domain::{DoctorName, PlanName, Refusal, Service, SlotIndex};
use net::patient::{DoctorLine, EstimateError};
use protocol::{
    Admission, Dialect, Estimate, EstimateFile, EstimateRequest, Offer, Referral, Reply, Request,
    SlotNamed, screen,
};

use super::Patient;
use super::choice::{Chooser, choose};
use super::counter::{Counter, fresh_request_id, unexpected};
use crate::args::Select;
use crate::exit::Declined;
use crate::keys::private_file;
use crate::summary::Summary;

/// How often a patient that takes the first slot may be beaten to it.
const BEATEN_MAX: usize = 64;

/// All three phases; what comes about is noted in `summary` at once.
pub(super) async fn visit(
    patient: &Patient,
    select: Option<Select>,
    plan: PlanName,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let n = &patient.n;
    let mut clock = PhaseClock::start();
    let mut counter = Counter::arrive(patient).await?;
    clock.note(summary);
    let booked = book(patient, &mut counter, Chooser::new(select), summary).await;
    clock.note(summary);
    if booked.as_ref().is_err_and(anyhow::Error::is::<Refusal>) {
        patient.screen.show(|| screen::patient::not_available(n));
    }
    let referral = booked?;
    let host = referral.host().unwrap_or(counter.center_address()?.ip());
    counter.leave().await;
    let doctor = SocketAddr::new(host, referral.port());
    let asked = ask_doctor(patient, &referral, doctor, plan, summary).await;
    clock.note(summary);
    let estimate = asked.with_context(|| booked_all_the_same(patient, &referral))?;
    if let Some(file) = &patient.args.estimate {
        keep_estimate(file, estimate.signed.as_ref(), doctor)?;
    }
    patient.screen.show(|| screen::patient::end_of_phase(3, n));
    Ok(())
}

async fn book(
    patient: &Patient,
    counter: &mut Counter<'_>,
    chooser: Chooser,
    summary: &mut Summary,
) -> anyhow::Result<Referral> {
    let n = &patient.n;
    let mut beaten = 0;
    loop {
        let looking = patient.journal.looks();
        let offers = counter.offers().await;
        patient.journal.saw(looking, &offers);
        let offers = offers?;
        show_list(patient, chooser, &offers);
        let index = choose(patient, chooser, &offers).await?;
        let offer = offers.iter().find(|offer| offer.index == index);
        let slot = named(index, offer);
        let request = Request::Book { slot, request_id: Some(fresh_request_id()) };
        let booking = patient.journal.books(index);
        let reply = counter.ask_surely(&request).await;
        patient.journal.booked(booking, &reply);
        let error = match reply {
            Ok(Reply::Booked(referral) | Reply::AlreadyHeld(referral)) => {
                note_booking(summary, index, offer, &referral);
                patient.screen.show(|| screen::patient::reserved(n, referral.port()));
                return Ok(referral);
            }
            Ok(other) => return Err(unexpected(&other)),
            Err(error) => error,
        };
        let taken = error.downcast_ref::<Refusal>() == Some(&Refusal::SlotTaken);
        if !taken || !chooser.chooses_again() || beaten == BEATEN_MAX {
            return Err(error);
        }
        beaten += 1;
        patient.screen.show(|| format!("Somebody else was faster: slot {index} is taken."));
        // The classic dialects end the connection with their refusal.
        if patient.args.dialect != Dialect::Json {
            counter.come_back().await?;
        }
    }
}

/// On the screen, unless it is quiet; whoever is asked to choose sees the list in any case.
fn show_list(patient: &Patient, chooser: Chooser, offers: &[Offer]) {
    let mut lines = vec![screen::patient::list_follows(&patient.n)];
    lines.extend(offers.iter().map(|offer| format!("{} {}", offer.index, offer.when)));
    for line in lines {
        match chooser {
            Chooser::Person => patient.out.line(line),
            _ => patient.screen.show(|| line),
        }
    }
}

/// By id where the list has told it: the index may mean another slot by next week.
fn named(index: SlotIndex, offer: Option<&Offer>) -> SlotNamed {
    match offer.and_then(|offer| offer.details.as_ref()) {
        Some(details) => SlotNamed::Id { id: details.id, index: Some(index) },
        None => SlotNamed::Index(index),
    }
}

fn note_booking(
    summary: &mut Summary,
    index: SlotIndex,
    offer: Option<&Offer>,
    referral: &Referral,
) {
    summary.slot = Some(index.to_string());
    summary.when = offer.map(|offer| offer.when.to_string());
    summary.doctor = referral.doctor().map(ToString::to_string);
    if let Referral::Full(referred) = referral {
        let view = &referred.view;
        summary.when = Some(view.when.to_string());
        summary.appointment = Some(view.appointment.id.to_string());
    }
}

async fn ask_doctor(
    patient: &Patient,
    referral: &Referral,
    doctor: SocketAddr,
    plan: PlanName,
    summary: &mut Summary,
) -> anyhow::Result<Estimate> {
    let Patient { args, n, screen, .. } = patient;
    let way = Way::to(referral, doctor)?;
    let line = DoctorLine::open(doctor).await?;
    let local = line.local_address()?;
    screen.show(|| screen::patient::has_udp_address(n, local.port(), local.ip()));
    screen.show(|| screen::patient::sent_plan(n, &plan, doctor.port(), doctor.ip()));
    let asked = match way {
        Way::Sealed(name, admission) => line.ask_sealed(admission, name, &plan).await,
        Way::Clear(service) => {
            let request = EstimateRequest { patient: format!("Patient{n}"), service, plan };
            line.ask(args.dialect, request).await
        }
    };
    let estimate = asked.map_err(|error| match error {
        EstimateError::Refused(refusal) => anyhow::Error::new(refusal),
        other => other.into(),
    })?;
    let name = estimate.doctor.as_ref().or(referral.doctor()).map(ToString::to_string);
    summary.cost = Some(estimate.price.to_string());
    if estimate.doctor.is_some() {
        summary.currency = Some(estimate.price.currency().to_string());
    }
    screen.show(|| {
        let name = name.as_deref().unwrap_or("unknown");
        let cost = estimate.price.to_string();
        screen::patient::received_cost(n, &cost, doctor.port(), name)
    });
    Ok(estimate)
}

/// What a patient without an estimate has all the same, and how it is called off.
fn booked_all_the_same(patient: &Patient, referral: &Referral) -> String {
    let name = patient.args.name.as_ref().unwrap_or(&patient.user);
    match referral {
        Referral::Full(referred) => {
            let id = referred.view.appointment.id;
            format!(
                "there is no estimate, but the slot is booked all the same, as appointment {id} \
                 (`rendezvous patient {name} --cancel {id}` calls it off)"
            )
        }
        Referral::Port { .. } => format!(
            "there is no estimate, but the slot is booked all the same (`rendezvous patient {name} \
             --appointments` tells its ID, `rendezvous patient {name} --cancel ID` calls it off)"
        ),
    }
}

/// How a doctor is asked.
enum Way<'a> {
    /// In sealed datagrams, with what the center gave for this doctor.
    Sealed(&'a DoctorName, &'a Admission),
    /// In the clear, about a kind of visit: on this machine only.
    Clear(Service),
}

impl<'a> Way<'a> {
    /// How the doctor at `address` is asked. A way in the clear never crosses a network, also not
    /// when the doctor has no keys.
    fn to(referral: &'a Referral, address: SocketAddr) -> Result<Self, Declined> {
        let service = match referral {
            Referral::Full(referred) => {
                let slot = &referred.view.appointment.slot;
                if let Some(admission) = &referred.admission {
                    return Ok(Self::Sealed(&slot.doctor.name, admission));
                }
                slot.service.clone()
            }
            Referral::Port { .. } => Service::visit(),
        };
        if address.ip().to_canonical().is_loopback() {
            return Ok(Self::Clear(service));
        }
        let who = referral.doctor().map_or("the doctor", DoctorName::as_str);
        Err(Declined::new(format!(
            "{who} at {address} is not asked for the cost: without keys of \
             the doctor's the plan would cross the network in the clear"
        )))
    }
}

fn keep_estimate(
    file: &Path,
    signed: Option<&EstimateFile>,
    doctor: SocketAddr,
) -> anyhow::Result<()> {
    let Some(signed) = signed else {
        let why = format!(
            "{}: not written, the doctor at {doctor} has not enrolled and signs no estimates",
            file.display()
        );
        return Err(Declined::new(why).into());
    };
    // It says which plan somebody has: nobody else's business.
    Ok(private_file::replace(file, signed.to_text().as_bytes())?)
}

/// Notes how long each phase took.
struct PhaseClock(Instant);

impl PhaseClock {
    fn start() -> Self {
        Self(Instant::now())
    }

    fn note(&mut self, summary: &mut Summary) {
        let now = Instant::now();
        summary.phase_ms.push((now - self.0).as_secs_f64() * 1_000.0);
        self.0 = now;
    }
}
