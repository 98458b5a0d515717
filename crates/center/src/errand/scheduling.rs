//! Doctors' time: published, blocked, opened.

use domain::{Appointment, BlockId, DoctorName, Reason, Refusal, Service, Slot};
use jiff::Timestamp;
use store::{
    Actor, AddSlots, Answer, BlockRecord, BlockTime, Command, NewSlot, OpenTime, Outcome, Place,
    Query, Window,
};

use super::Errand;
use crate::account::Scheduling;

/// A stretch of time that was blocked.
#[derive(Debug, Clone)]
pub struct Blocked {
    /// What to open it by.
    pub block: BlockId,
    /// How many free slots were withdrawn.
    pub withdrawn: usize,
    /// What is booked within, and stays so.
    pub booked: Vec<Appointment>,
}

/// A doctor's calendar without anybody on it.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// The slots that are published, by start.
    pub slots: Vec<Published>,
    /// What is blocked, by start.
    pub blocks: Vec<BlockRecord>,
}

/// A slot of a [`Calendar`].
#[derive(Debug, Clone)]
pub struct Published {
    /// The slot.
    pub slot: Slot,
    /// Whether somebody has an appointment there.
    pub booked: bool,
}

impl Scheduling {
    /// What is published and blocked in a stretch of a doctor's time. Whoever sees to a doctor's time
    /// need not know who comes: nobody leaves the center with it.
    #[must_use]
    pub fn calendar(&self, now: Timestamp, doctor: DoctorName, window: Window) -> Errand<Calendar> {
        let (standing, Window { from, until }) = (self.standing, window);
        let query = Query::Sheet { doctor: Some(doctor), from, until, standing, now };
        Errand::read(query, |answer| match answer {
            Answer::Sheet(sheet) => {
                let published = |row: store::SheetRow| Published {
                    booked: matches!(row.place, Place::Booked { .. }),
                    slot: row.slot,
                };
                let slots = sheet.rows.into_iter().map(published).collect();
                Some(Calendar { slots, blocks: sheet.blocks })
            }
            _ => None,
        })
    }

    /// Publishes slots of one doctor: all of them or none. Refused with `SlotsOverlap`,
    /// `TimeBlocked` or `NoSuchDoctor`.
    #[must_use]
    pub fn publish(
        &self,
        doctor: DoctorName,
        service: Service,
        slots: Vec<NewSlot>,
    ) -> Errand<Vec<Slot>> {
        let add = AddSlots { doctor, service, slots, actor: self.actor() };
        Errand::commit(Command::AddSlots(add), |outcome| match outcome {
            Outcome::SlotsAdded(slots) => Ok(slots),
            Outcome::NoSuchDoctor => Err(Refusal::NoSuchDoctor),
            Outcome::SlotsConflict(..) => Err(Refusal::SlotsOverlap),
            _ => Err(Refusal::Unavailable),
        })
    }

    /// Takes a stretch of a doctor's time off the calendar.
    #[must_use]
    pub fn block(
        &self,
        doctor: DoctorName,
        window: Window,
        reason: Option<Reason>,
    ) -> Errand<Blocked> {
        let Window { from, until } = window;
        let block = BlockTime { doctor, from, until, reason, actor: self.actor() };
        Errand::commit(Command::BlockTime(block), |outcome| match outcome {
            Outcome::TimeBlocked { block, withdrawn, booked } => {
                Ok(Blocked { block, withdrawn, booked })
            }
            Outcome::NoSuchDoctor => Err(Refusal::NoSuchDoctor),
            _ => Err(Refusal::Unavailable),
        })
    }

    /// Opens it again; gives the number of slots that were published anew.
    #[must_use]
    pub fn open(&self, block: BlockId) -> Errand<usize> {
        let open = OpenTime { block, actor: self.actor() };
        Errand::commit(Command::OpenTime(open), |outcome| match outcome {
            Outcome::TimeOpened(slots) => Ok(slots),
            _ => Err(Refusal::Unavailable),
        })
    }

    fn actor(&self) -> Actor {
        Actor::Account(self.standing)
    }
}
