//! What every change leaves behind, in the same transaction: the appointment's history, the outbox
//! for whoever is to be told, the audit.

use domain::{AccountId, AppointmentId, SlotId, Version};

use super::statements::run;
use super::writing::Batch;
use crate::{Actor, StoreError};

/// One step in the life of an appointment.
pub(super) struct Step<'a> {
    pub(super) appointment: AppointmentId,
    /// The version it has after the step.
    pub(super) version: Version,
    pub(super) actor: Actor,
    pub(super) what: What,
    /// `None` when it was booked.
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
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Moved => "moved",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Batch<'_> {
    /// Writes history, outbox and audit of one step.
    pub(super) fn record(&self, step: &Step<'_>) -> Result<(), StoreError> {
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
        let outbox = "INSERT INTO outbox (center, appointment, version, kind, at)
            VALUES (?1, ?2, ?3, ?4, ?5)";
        run(self.connection, outbox, (row.0, row.1, row.2, what, row.3))?;
        let verb = match step.what {
            What::Booked => "book",
            What::Moved => "reschedule",
            What::Cancelled => "cancel",
        };
        self.audit(who, verb, Some(&step.appointment.to_string()), what)
    }

    /// Writes one entry of the audit. `subject` is an id, never a name; `None` is the center.
    pub(super) fn audit(
        &self,
        who: Option<AccountId>,
        verb: &str,
        subject: Option<&str>,
        outcome: &str,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO audit (center, entry, at, who, verb, subject, outcome)
            VALUES (?1, (SELECT coalesce(max(entry), 0) + 1 FROM audit WHERE center = ?1),
              ?2, ?3, ?4, ?5, ?6)";
        run(
            self.connection,
            sql,
            (self.center, self.now, who.as_ref().map(AccountId::as_bytes), verb, subject, outcome),
        )?;
        Ok(())
    }
}
