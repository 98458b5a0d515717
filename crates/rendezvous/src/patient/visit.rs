//! The visit: log in, choose and book a slot, ask its doctor for the cost.

use std::net::SocketAddr;
use std::time::Instant;

use domain::{PlanName, Refusal, Service, SlotIndex};
use net::patient::{DoctorLine, EstimateError};
use protocol::{Dialect, EstimateRequest, Offer, Referral, Reply, Request, SlotNamed, screen};

use super::Patient;
use super::choice::{Chooser, choose};
use super::counter::{Counter, fresh_request_id, unexpected};
use crate::args::Select;
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
    drop(counter);
    let doctor = SocketAddr::new(host, referral.port());
    let asked = ask_doctor(patient, &referral, doctor, plan, summary).await;
    clock.note(summary);
    asked?;
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
        let offers = counter.offers().await?;
        show_list(patient, chooser, &offers);
        let index = choose(patient, chooser, &offers).await?;
        let offer = offers.iter().find(|offer| offer.index == index);
        let slot = named(index, offer);
        let request = Request::Book { slot, request_id: Some(fresh_request_id()) };
        let error = match counter.ask_surely(&request).await {
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
) -> anyhow::Result<()> {
    let Patient { args, n, screen, .. } = patient;
    let line = DoctorLine::open(doctor).await?;
    let local = line.local_address()?;
    screen.show(|| screen::patient::has_udp_address(n, local.port(), local.ip()));
    screen.show(|| screen::patient::sent_plan(n, &plan, doctor.port(), doctor.ip()));
    let service = match referral {
        Referral::Full(referred) => referred.view.appointment.slot.service.clone(),
        Referral::Port { .. } => Service::visit(),
    };
    let request = EstimateRequest { patient: format!("Patient{n}"), service, plan };
    let estimate = line.ask(args.dialect, request).await.map_err(|error| match error {
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
    Ok(())
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
