//! Changes that are made at a screen: holding a slot while deciding, saying who has arrived, blocking
//! a doctor's time.

use domain::{AppointmentId, AppointmentStatus, BlockId, DoctorName, PatientId, Reason, SlotId};
use jiff::Timestamp;

use super::Actor;

/// Keeps a slot for a patient who is deciding. It blocks everybody else, ends by itself, and gives
/// way to the patient's own booking. Held again, it begins anew.
#[derive(Debug, Clone)]
pub struct Hold {
    /// For whom.
    pub patient: PatientId,
    /// Who asks.
    pub actor: Actor,
    /// Which slot: one that has not begun.
    pub slot: SlotId,
    /// When it ends by itself.
    pub expires: Timestamp,
    /// How many slots the patient may hold at once, this one included.
    pub holds_max: u32,
}

/// Ends a hold before its time.
#[derive(Debug, Clone)]
pub struct Release {
    /// Whose hold it must be.
    pub patient: PatientId,
    /// Who asks.
    pub actor: Actor,
    /// Which slot.
    pub slot: SlotId,
}

/// Says where an appointment stands: arrived, done, no-show, or booked again where that was said by
/// mistake. `Cancelled` is a bad command: see [`super::Cancel`].
#[derive(Debug, Clone)]
pub struct Mark {
    /// Which.
    pub appointment: AppointmentId,
    /// Who asks.
    pub actor: Actor,
    /// What it is now. A patient may arrive before the visit's time; nobody is done or has missed it
    /// before.
    pub status: AppointmentStatus,
}

/// Takes a stretch of a doctor's time off the calendar: free slots that overlap it are withdrawn (a
/// hold does not protect one), and none is published within while it is blocked, from files neither.
/// What is booked stays booked; its slot is withdrawn when the appointment leaves it.
#[derive(Debug, Clone)]
pub struct BlockTime {
    /// Whose.
    pub doctor: DoctorName,
    /// From when.
    pub from: Timestamp,
    /// Until when, after `from`.
    pub until: Timestamp,
    /// Why; `None` when nothing was said.
    pub reason: Option<Reason>,
    /// Who asks.
    pub actor: Actor,
}

/// Opens blocked time again: the slots that were withdrawn for it, and have not begun, are published
/// anew (with new ids), but for what overlaps a slot that was published meanwhile. What lies in
/// another block waits for that one. Nothing is done for a block that is open already, or is none.
#[derive(Debug, Clone)]
pub struct OpenTime {
    /// Which.
    pub block: BlockId,
    /// Who asks.
    pub actor: Actor,
}
