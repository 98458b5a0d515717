//! Request ids: a command that its client named is carried out once, however often it comes.

use domain::{PatientId, Reason, Refusal, RequestId};
use rusqlite::OptionalExtension as _;
use sha2::{Digest as _, Sha256};

use super::statements::run;
use super::writing::Batch;
use crate::{Book, Cancel, Outcome, Reschedule, SlotChoice, StoreError};

/// How long an answer is kept after the end of the visit it is about: a week, in milliseconds.
const KEEP_AFTER_VISIT_MS: i64 = 7 * 24 * 60 * 60 * 1000;

/// What came of a command, and until when that matters.
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    /// The end of the visit it is about, in milliseconds since the Unix epoch; `None` when no slot
    /// is known.
    pub(super) visit_ends: Option<i64>,
}

/// When an answer was found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// The command was carried out, or refused, just now.
    Now,
    /// It is what came of the same command before.
    Before,
}

/// A command that a client may name.
pub(super) trait Named {
    /// The patient within whose commands the id is unique, and the id.
    fn name(&self) -> Option<(PatientId, &RequestId)>;

    /// What the client asked for, in bytes that are different for different commands. Ids that the
    /// server made for it are not part of that.
    fn asked(&self) -> Vec<u8>;
}

impl Named for Book {
    fn name(&self) -> Option<(PatientId, &RequestId)> {
        self.request.as_ref().map(|request| (self.patient, request))
    }

    fn asked(&self) -> Vec<u8> {
        [b"book".as_slice(), &choice(self.slot), &waiver(self.waiver.as_ref())].concat()
    }
}

impl Named for Cancel {
    fn name(&self) -> Option<(PatientId, &RequestId)> {
        self.patient.zip(self.request.as_ref())
    }

    fn asked(&self) -> Vec<u8> {
        // Of variable length, so last; a mark tells a reason from none.
        let reason = match &self.reason {
            Some(reason) => [b"+", reason.as_str().as_bytes()].concat(),
            None => b"-".to_vec(),
        };
        [b"cancel".as_slice(), self.appointment.as_bytes(), &reason].concat()
    }
}

impl Named for Reschedule {
    fn name(&self) -> Option<(PatientId, &RequestId)> {
        self.request.as_ref().map(|request| (self.patient, request))
    }

    fn asked(&self) -> Vec<u8> {
        let (slot, waiver) = (choice(self.slot), waiver(self.waiver.as_ref()));
        [b"reschedule".as_slice(), self.appointment.as_bytes(), &slot, &waiver].concat()
    }
}

/// Of variable length, so last; nothing where there is none, as it was before there were any.
fn waiver(reason: Option<&Reason>) -> Vec<u8> {
    reason.map_or_else(Vec::new, |reason| [b"!", reason.as_str().as_bytes()].concat())
}

fn choice(slot: SlotChoice) -> [u8; 9] {
    let (kind, number) = match slot {
        SlotChoice::Index(index) => (b'#', i64::from(index.number())),
        SlotChoice::Id(id) => (b'=', id.0),
    };
    let mut bytes = [kind; 9];
    bytes[1..].copy_from_slice(&number.to_be_bytes());
    bytes
}

impl Batch<'_> {
    /// The answer given before to a command of this name, or else what `carry_out` makes of it,
    /// which is then kept in the same transaction.
    pub(super) fn remembered(
        &self,
        command: &impl Named,
        carry_out: impl FnOnce() -> Result<Verdict, StoreError>,
    ) -> Result<(Outcome, Answered), StoreError> {
        let Some((patient, request)) = command.name() else {
            return Ok((carry_out()?.outcome, Answered::Now));
        };
        let digest: [u8; 32] = Sha256::digest(command.asked()).into();
        match self.answer_to(patient, request)? {
            Some((before, outcome)) if before == digest => {
                let outcome = serde_json::from_str(&outcome).map_err(|error| {
                    StoreError::Corrupt(format!("the outcome of request {request}: {error}"))
                })?;
                Ok((outcome, Answered::Before))
            }
            Some(_) => Ok((Outcome::Refused(Refusal::RequestIdReused), Answered::Now)),
            None => {
                let verdict = carry_out()?;
                self.remember(patient, request, &digest, &verdict)?;
                Ok((verdict.outcome, Answered::Now))
            }
        }
    }

    fn answer_to(
        &self,
        patient: PatientId,
        request: &RequestId,
    ) -> Result<Option<([u8; 32], String)>, StoreError> {
        let sql = "SELECT digest, outcome FROM request
            WHERE center = ?1 AND patient = ?2 AND request = ?3 AND keep_until > ?4";
        let params = (self.center, patient.as_bytes(), request.as_str(), self.now);
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params, |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }

    fn remember(
        &self,
        patient: PatientId,
        request: &RequestId,
        digest: &[u8; 32],
        verdict: &Verdict,
    ) -> Result<(), StoreError> {
        let outcome = serde_json::to_string(&verdict.outcome)
            .expect("every outcome of a named command has a form in JSON");
        // A visit that ended long ago may still be asked about today.
        let counts_from = verdict.visit_ends.unwrap_or(self.now).max(self.now);
        let keep_until = counts_from.saturating_add(KEEP_AFTER_VISIT_MS);
        // An outdated row of the same name may still be there.
        let sql = "INSERT OR REPLACE INTO request
            (center, patient, request, digest, outcome, keep_until)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let name = (self.center, patient.as_bytes(), request.as_str());
        run(self.connection, sql, (name.0, name.1, name.2, digest, outcome.as_str(), keep_until))?;
        Ok(())
    }
}
