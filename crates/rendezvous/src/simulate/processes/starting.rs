//! How the roles of a simulation are started: with which words, and at which ports.
//!
//! What is deliberately not here: what becomes of them (see [`super::member`]).

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use clap::ValueEnum as _;
use domain::{DoctorName, EnrolmentCode, UserName};

use super::ending::RoleRefusedInput;
use super::member::Member;
use super::roles::Seat;
use super::transcript::Voice;
use super::words::Words;
use super::{Play, enrolling, in_words, loopback};
use crate::args::DoctorAt;
use crate::exit::Ended;

/// How a role ends that calls its input bad.
const BAD_INPUT: i32 = Ended::BadInput.code() as i32;

/// The center's port when it is free.
const CENTER_PORT: u16 = 21_000;

impl Play {
    /// Starts all doctors, and waits until each has said its port, which it does once it is
    /// registered at the center.
    pub(super) async fn open_practices(
        &mut self,
        center: SocketAddr,
    ) -> anyhow::Result<Vec<DoctorAt>> {
        let mut seats = Vec::new();
        for (name, port) in self.clinic.doctors.clone() {
            let code = enrolling::offer(&self.store(), &name)?;
            seats.push((self.start_doctor(&name, port, center, &code)?, name, port, code));
        }
        let mut open = Vec::new();
        for (first_seat, doctor, wanted, code) in seats {
            let port = match self.port_of(first_seat).await? {
                Some(port) => port,
                None => {
                    self.transcript.note(&format!(
                        "UDP port {wanted} is not free: {doctor} takes another one"
                    ));
                    let seat = self.start_doctor(&doctor, 0, center, &code)?;
                    self.port_of(seat)
                        .await?
                        .with_context(|| format!("{doctor} did not open any port"))?
                }
            };
            open.push(DoctorAt { doctor, address: loopback(port) });
        }
        Ok(open)
    }

    /// Starts the center, and waits until it has said its port.
    pub(super) async fn open_center(&mut self) -> anyhow::Result<SocketAddr> {
        let first_seat = self.start_center(CENTER_PORT)?;
        if let Some(port) = self.port_of(first_seat).await? {
            return Ok(loopback(port));
        }
        self.transcript
            .note(&format!("TCP port {CENTER_PORT} is not free: the center takes another one"));
        let seat = self.start_center(0)?;
        let port = self.port_of(seat).await?.context("the center did not open any port")?;
        Ok(loopback(port))
    }

    /// The port that a process says it has; `None` when it cannot have the one it wants. One that
    /// ended for another reason would not like it better at another port.
    async fn port_of(&mut self, seat: Seat) -> anyhow::Result<Option<u16>> {
        loop {
            let member = &self.members[seat];
            match (member.port, member.ended) {
                (Some(port), _) => return Ok(Some(port)),
                (None, Some(_)) if member.cannot_listen => return Ok(None),
                (None, Some(status)) if status.code() == Some(BAD_INPUT) => {
                    bail!(RoleRefusedInput { label: member.label.clone(), status })
                }
                (None, Some(status)) => {
                    bail!("{} ended at once ({})", member.label, in_words(status))
                }
                (None, None) => self.listen().await?,
            }
        }
    }

    fn start_doctor(
        &mut self,
        name: &DoctorName,
        port: u16,
        center: SocketAddr,
        code: &EnrolmentCode,
    ) -> anyhow::Result<Seat> {
        let words = Words::new("doctor")
            .with("--listen", loopback(port).to_string())
            .with("--input", &self.args.input)
            .with("--center", center.to_string())
            .with("--ca", enrolling::ca(&self.store()))
            .with("--keys", enrolling::doctors_keys(&self.store()))
            .hears(enrolling::VARIABLE, code.expose())
            .names(name.as_str());
        self.start(Voice::Doctor, name.as_str(), words)
    }

    fn start_center(&mut self, port: u16) -> anyhow::Result<Seat> {
        let mut words = Words::new("center")
            .with("--listen", loopback(port).to_string())
            .with("--input", &self.args.input)
            .with("--store", self.store().to_string())
            .with("--slot-minutes", self.args.slot_minutes.to_string());
        if let Some(zone) = &self.args.zone {
            words = words.with("--zone", zone.to_string());
        }
        self.start(Voice::Center, "center", words)
    }

    /// Starts a patient, who chooses as `select` says; `None` for the first that is offered.
    pub(super) fn start_patient(
        &mut self,
        name: &UserName,
        center: SocketAddr,
        select: Option<&str>,
    ) -> anyhow::Result<Seat> {
        let mut words = Words::new("patient")
            .with("--center", center.to_string())
            .with("--input", &self.args.input)
            .with("--dialect", self.args.dialect.to_string())
            .with("--ca", enrolling::ca(&self.store()))
            .with("--summary", self.summary_path(name.as_str()));
        if let Some(select) = select {
            words = words.with("--select", select);
        }
        self.heard.comes(name.as_str());
        if let Some(history) = self.history_path(name.as_str()) {
            words = words.with("--history", history);
        }
        self.start(Voice::Patient, name.as_str(), words.names(name.as_str()))
    }

    fn start(&mut self, voice: Voice, label: &str, words: Words) -> anyhow::Result<Seat> {
        let mut words = words.with("--log", &self.log_filter);
        if let Some(format) = self.log_format.to_possible_value() {
            words = words.with("--log-format", format.get_name());
        }
        let seat = self.cast.start(words).with_context(|| format!("{label} cannot be started"))?;
        debug_assert_eq!(seat, self.members.len(), "one member for each process");
        self.members.push(Member::new(voice, label));
        Ok(seat)
    }
}
