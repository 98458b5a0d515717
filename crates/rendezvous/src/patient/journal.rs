//! `patient --history FILE`: what a visit does to slots, and sees of them, as lines of a history.
//!
//! An operation that is asked again because nobody knows what came of it is still one. What is
//! deliberately not here: errands. They name appointments, of which only the center knows the slots.

use std::fs::OpenOptions;
use std::path::Path;

use anyhow::Context as _;
use domain::{Refusal, SlotIndex};
use protocol::{Dialect, Offer, Reply};
use rustix::time::{ClockId, clock_gettime};
use simulator::history::{End, Extent, Open, Operation, Recorder};

use crate::args::PatientArgs;

/// A patient's notes of what it does.
pub(super) struct Journal {
    /// `None` when nobody wants to know.
    recorder: Option<Recorder>,
    patient: String,
    dialect: Dialect,
}

/// Something noted that has begun; `None` when nobody wants to know.
pub(super) type Noted = Option<Open>;

impl Journal {
    /// As the flags say.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn open(args: &PatientArgs) -> anyhow::Result<Self> {
        let patient = args.name.as_ref().map(ToString::to_string).unwrap_or_default();
        let recorder = args.history.as_deref().map(appending).transpose()?;
        Ok(Self { recorder, patient, dialect: args.dialect })
    }

    /// The patient looks which slots are free.
    pub(super) fn looks(&self) -> Noted {
        self.begin(Operation::list(process(), &self.patient))
    }

    /// That came of it. A patient is shown the slots of some days, not all there are.
    pub(super) fn saw(&self, noted: Noted, offers: &anyhow::Result<Vec<Offer>>) {
        let Ok(offers) = offers else { return self.end(noted, End::Unknown) };
        let free = offers.iter().map(|offer| offer.index.to_string()).collect();
        self.end(noted, End::Listed { free, extent: Extent::Part });
    }

    /// The patient asks for a slot.
    pub(super) fn books(&self, slot: SlotIndex) -> Noted {
        self.begin(Operation::book(process(), slot.to_string(), &self.patient))
    }

    /// That came of it.
    pub(super) fn booked(&self, noted: Noted, reply: &anyhow::Result<Reply>) {
        let end = match reply {
            Ok(Reply::Booked(_) | Reply::AlreadyHeld(_)) => End::Done,
            // The classic words are the same for "taken" and for "not now".
            Err(error) if self.dialect == Dialect::Json => match error.downcast_ref::<Refusal>() {
                Some(Refusal::SlotTaken) => End::Refused,
                _ => End::Unknown,
            },
            _ => End::Unknown,
        };
        self.end(noted, end);
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// When a line could not be written.
    pub(super) fn close(&self) -> anyhow::Result<()> {
        let Some(recorder) = &self.recorder else { return Ok(()) };
        recorder.finish().context("the history cannot be written")?;
        Ok(())
    }

    fn begin(&self, operation: Operation) -> Noted {
        self.recorder.as_ref().map(|recorder| recorder.begin(operation, now()))
    }

    fn end(&self, noted: Noted, end: End) {
        if let Some(open) = noted {
            open.end(end, now());
        }
    }
}

/// Each line in one write at the file's end: what is killed leaves whole lines.
fn appending(path: &Path) -> anyhow::Result<Recorder> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .with_context(|| format!("{}: the history cannot be written", path.display()))?;
    Ok(Recorder::new(Box::new(file)))
}

fn process() -> u64 {
    u64::from(std::process::id())
}

/// In nanoseconds, on the one clock that all processes of this machine share.
fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let part = |number: i64| u64::try_from(number).unwrap_or(0);
    part(now.tv_sec) * 1_000_000_000 + part(now.tv_nsec)
}
