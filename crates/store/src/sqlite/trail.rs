//! What every change leaves behind, in the same transaction: the appointment's history, the outbox
//! for whoever is to be told, the audit.

use std::net::IpAddr;

use domain::{AccountId, AppointmentId, AppointmentStatus, PatientId, Refusal, SlotId, Version};

use super::statements::run;
use super::writing::Batch;
use crate::{Actor, AuditActor, AuditNote, NoteOutcome, OperatorDeed, Outcome, StoreError};

/// One step in the life of an appointment.
pub(super) struct Step<'a> {
    pub(super) appointment: AppointmentId,
    /// The version it has after the step.
    pub(super) version: Version,
    pub(super) actor: Actor,
    pub(super) what: What,
    /// The slot that it left; `None` when it left none.
    pub(super) from: Option<SlotId>,
    /// `None` when it was cancelled.
    pub(super) to: Option<SlotId>,
    pub(super) reason: Option<&'a str>,
}

/// What happened to an appointment.
#[derive(Clone, Copy)]
pub(super) enum What {
    Booked,
    Moved,
    Cancelled,
    /// Somebody said where it stands.
    Marked(AppointmentStatus),
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
            Self::Marked(status) => status.as_str(),
        }
    }
}

/// What the audit says when something was done that has no other word.
pub(super) const DONE: &str = "done";

/// One record of the audit, but for its number, its moment and its code.
#[derive(Clone, Copy)]
pub(super) struct Deed<'a> {
    pub(super) who: AuditActor,
    pub(super) verb: &'a str,
    /// An id, never a name; `None` is the center.
    pub(super) subject: Option<&'a str>,
    /// Whose data it was about; `None` when nobody's.
    pub(super) patient: Option<PatientId>,
    pub(super) outcome: &'a str,
    /// Where it came from; `None` when that is not known.
    pub(super) source: Option<IpAddr>,
    pub(super) times: u32,
}

impl<'a> Deed<'a> {
    /// Something that an actor did once.
    pub(super) fn by(actor: &Actor, verb: &'a str, outcome: &'a str) -> Self {
        let who = match actor {
            Actor::Account(standing) => AuditActor::Account(standing.account),
            Actor::Operator => AuditActor::Operator,
        };
        let source = actor.source();
        Self { who, verb, subject: None, patient: None, outcome, source, times: 1 }
    }
}

impl Batch<'_> {
    /// Writes history and outbox of one step. The audit is written by whoever carried out the
    /// command.
    pub(super) fn record(&self, step: &Step<'_>) -> Result<(), StoreError> {
        self.keep_step(step)?;
        let sql = "INSERT INTO outbox (center, appointment, version, kind, at)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        let (id, what) = (step.appointment.as_bytes(), step.what.as_str());
        run(self.connection, sql, (self.center, id, step.version.0, what, self.now))?;
        Ok(())
    }

    /// Writes the history of one step, of which nobody outside is to be told.
    pub(super) fn keep_step(&self, step: &Step<'_>) -> Result<(), StoreError> {
        let (id, what) = (step.appointment.as_bytes(), step.what.as_str());
        let history = "INSERT INTO appointment_history
            (center, appointment, version, at, actor, what, from_slot, to_slot, reason)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
        let who = step.actor.account();
        let actor = who.as_ref().map(AccountId::as_bytes);
        let (from, to) = (step.from.map(|slot| slot.0), step.to.map(|slot| slot.0));
        let row = (self.center, id, step.version.0, self.now);
        let params = (row.0, row.1, row.2, row.3, actor, what, from, to, step.reason);
        run(self.connection, history, params)?;
        Ok(())
    }

    /// Writes one record of the audit.
    pub(super) fn audit(&self, deed: &Deed<'_>) -> Result<(), StoreError> {
        self.chain.append(self.connection, (self.center, self.now), deed)
    }

    /// Records what the operator did, or an account in the operator's place.
    pub(super) fn operated(
        &self,
        deed: OperatorDeed,
        actor: &Actor,
    ) -> Result<Outcome, StoreError> {
        let by = Deed::by(actor, deed.as_str(), deed.outcome());
        let by = Deed { patient: deed.patient(), ..by };
        self.attempt(actor, &by, || Ok(Outcome::Done))
    }

    /// Writes a note that others took.
    pub(super) fn note(&self, note: &AuditNote) -> Result<Outcome, StoreError> {
        if note.times == 0 {
            return Err(StoreError::BadCommand("a note of nothing"));
        }
        let outcome = match note.outcome {
            NoteOutcome::Done => DONE.to_owned(),
            NoteOutcome::Refused(refusal) => word(refusal),
        };
        self.audit(&Deed {
            who: note.account.map_or(AuditActor::Stranger, AuditActor::Account),
            verb: note.verb.as_str(),
            subject: None,
            patient: note.patient,
            outcome: &outcome,
            source: note.source,
            times: note.times,
        })?;
        Ok(Outcome::Done)
    }
}

/// A refusal's name, as it is on the wire.
pub(super) fn word(refusal: Refusal) -> String {
    let json = serde_json::to_string(&refusal).expect("a refusal is a word in JSON");
    json.trim_matches('"').to_owned()
}
