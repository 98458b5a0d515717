//! Looks at other people's data: recorded before anything is handed out.

use domain::{PatientId, Refusal};
use rusqlite::Row;

use super::chain::CHAIN;
use super::sessions::Stands;
use super::trail::{DONE, Deed, word};
use super::writing::Batch;
use crate::{Actor, Look, LookAt, LookAtMany, Outcome, SAME_LOOK, StoreError};

/// What was recorded of a patient, the latest first.
pub(super) const LATEST_OF_PATIENT: &str = "SELECT u.at, u.who, u.verb, u.outcome FROM audit u
    WHERE u.center = ?1 AND u.patient = ?2 AND u.chain = ?3 ORDER BY u.entry DESC";

impl LookAt {
    /// Its word in the audit.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Appointments => "look_at_appointments",
            Self::Patient => "look_at_patient",
            Self::Everything => "look_at_everything",
            Self::Sheet => "look_at_sheet",
        }
    }
}

impl Batch<'_> {
    pub(super) fn look(&self, look: &Look) -> Result<Outcome, StoreError> {
        let refusal = match self.stands(&look.actor)? {
            Stands::No => Some(Refusal::SessionEnded),
            Stands::Yes if !self.is_patient(look.patient)? => Some(Refusal::NoSuchPatient),
            Stands::Yes => None,
        };
        let outcome = refusal.map_or_else(|| DONE.to_owned(), word);
        let verb = look.what.as_str();
        self.audit(&Deed { patient: Some(look.patient), ..Deed::by(&look.actor, verb, &outcome) })?;
        Ok(refusal.map_or(Outcome::Done, Outcome::Refused))
    }

    pub(super) fn look_at_many(&self, look: &LookAtMany) -> Result<Outcome, StoreError> {
        let verb = look.what.as_str();
        if self.still_stands(&look.actor)? == Stands::No {
            let refusal = Refusal::SessionEnded;
            self.audit(&Deed::by(&look.actor, verb, &word(refusal)))?;
            return Ok(Outcome::Refused(refusal));
        }
        for patient in &look.patients {
            // Of who is not there, nothing was shown.
            if !self.looked_lately(&look.actor, verb, *patient)? && self.is_patient(*patient)? {
                let deed = Deed::by(&look.actor, verb, DONE);
                self.audit(&Deed { patient: Some(*patient), ..deed })?;
            }
        }
        Ok(Outcome::Done)
    }

    /// Whether the same look was recorded within [`SAME_LOOK`]. Only what is as young is read: the
    /// audit is in the order of time.
    fn looked_lately(
        &self,
        actor: &Actor,
        verb: &str,
        patient: PatientId,
    ) -> Result<bool, StoreError> {
        let account = actor.account();
        let who = account.as_ref().map(|account| account.as_bytes().as_slice());
        let lately = i64::try_from(SAME_LOOK.as_millis()).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(LATEST_OF_PATIENT)?;
        let mut records = statement.query((self.center, patient.as_bytes(), CHAIN))?;
        let is_same = |row: &Row<'_>| -> Result<bool, rusqlite::Error> {
            Ok(row.get_ref(1)?.as_blob_or_null()? == who
                && row.get_ref(2)?.as_str()? == verb
                && row.get_ref(3)?.as_str()? == DONE)
        };
        while let Some(row) = records.next()? {
            let at: i64 = row.get(0)?;
            if at <= self.now - lately {
                return Ok(false);
            }
            // One from the future, from before a clock was set back, is another look.
            if at <= self.now && is_same(row)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
