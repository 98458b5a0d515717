//! The history of a virtual world: written while it happens, and checked at its end.
//!
//! In the exercise's words every "no" sounds the same, so that what a patient of theirs was refused is
//! of unknown outcome here.

use std::io::{self, Write};
use std::time::Duration;

use domain::SlotIndex;
use protocol::Offers;

use super::event::GuestNumber;
use crate::checks::Violation;
use crate::history::{Entry, EntryKind, History, Op, check};

/// Histories of up to so many patients are kept to be checked at the end; of more, only the file is.
const KEPT_PATIENTS_MAX: usize = 20_000;

/// The history so far.
pub(super) struct Journal<'w> {
    out: Option<&'w mut dyn Write>,
    /// Its lines; `None` when there would be too many.
    kept: Option<Vec<u8>>,
    failed: io::Result<()>,
}

impl<'w> Journal<'w> {
    pub(super) fn new(out: Option<&'w mut dyn Write>, patients: usize) -> Self {
        let kept = (patients <= KEPT_PATIENTS_MAX).then(Vec::new);
        Self { out, kept, failed: Ok(()) }
    }

    pub(super) fn begins(
        &mut self,
        now: Duration,
        guest: GuestNumber,
        patient: &str,
        op: Op,
        slot: Option<SlotIndex>,
    ) {
        self.enter(now, guest, patient, (op, slot), (EntryKind::Invoke, None));
    }

    pub(super) fn ends(
        &mut self,
        now: Duration,
        guest: GuestNumber,
        patient: &str,
        what: (Op, Option<SlotIndex>),
        how: (EntryKind, Option<&Offers>),
    ) {
        self.enter(now, guest, patient, what, how);
    }

    fn enter(
        &mut self,
        now: Duration,
        guest: GuestNumber,
        patient: &str,
        (op, slot): (Op, Option<SlotIndex>),
        (kind, free): (EntryKind, Option<&Offers>),
    ) {
        if self.out.is_none() && self.kept.is_none() {
            return;
        }
        let index =
            |offers: &Offers| offers.offers.iter().map(|offer| offer.index.to_string()).collect();
        let entry = Entry {
            process: u64::from(guest),
            kind,
            op,
            slot: slot.map(|slot| slot.to_string()),
            patient: patient.to_owned(),
            time: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
            free: free.map(index),
            partial: op == Op::List,
        };
        let line = entry.to_line();
        if let (Some(out), Ok(())) = (&mut self.out, &self.failed) {
            self.failed = out.write_all(line.as_bytes());
        }
        if let Some(kept) = &mut self.kept {
            kept.extend_from_slice(line.as_bytes());
        }
    }

    /// Checks what was kept.
    pub(super) fn check(&mut self) -> Result<(), Violation> {
        let Some(lines) = self.kept.take() else { return Ok(()) };
        let wrong = |what| Violation { check: "the history is linearizable for slots", what };
        let history = History::read(lines.as_slice()).map_err(|error| wrong(error.to_string()))?;
        let verdict = check(&history);
        if let Some(offence) = verdict.offence {
            return Err(wrong(format!("slot {}: {}", offence.slot, offence.why)));
        }
        match verdict.undecided {
            0 => Ok(()),
            slots => Err(wrong(format!("of {slots} slots nobody can say"))),
        }
    }

    pub(super) fn finish(&mut self) -> io::Result<()> {
        if let Some(out) = &mut self.out {
            out.flush()?;
        }
        std::mem::replace(&mut self.failed, Ok(()))
    }
}
