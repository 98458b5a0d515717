//! What everybody may ask for without having logged in.

use std::net::IpAddr;

use domain::{DoctorName, EnrolmentCode, Refusal, Service, Slot, SlotId, UserName};
use jiff::Timestamp;
use store::{
    Answer, ChoosePassword, ClinicRecord, CodeHash, Command, FreeSlots, Outcome, Page,
    PasswordHash, Query, SlotsAfter, Window,
};

use super::Errand;

/// The most slots in one page.
pub const PAGE_SLOTS_MAX: usize = 500;

/// What lets somebody choose a password once; of the form of a doctor's enrolment code.
pub type InvitationCode = EnrolmentCode;

/// Which free slots somebody wants to see.
#[derive(Debug, Clone, Default)]
pub struct FreeSlotsWanted {
    /// Only these doctors'; empty for everybody's.
    pub doctors: Vec<DoctorName>,
    /// Only of this kind; `None` for all kinds.
    pub service: Option<Service>,
    /// Only slots that begin within one of these, in order and without overlap.
    pub windows: Vec<Window>,
    /// Where the last page ended; `None` for the first page.
    pub after: Option<SlotsAfter>,
    /// At most so many, up to [`PAGE_SLOTS_MAX`].
    pub limit: usize,
}

/// The doctors, services and plans that there are to choose from.
#[must_use]
pub fn clinic(now: Timestamp) -> Errand<ClinicRecord> {
    Errand::read(Query::Clinic { now }, |answer| match answer {
        Answer::Clinic(clinic) => Some(clinic),
        _ => None,
    })
}

/// A page of free slots, none of which has begun at `now`.
#[must_use]
pub fn free_slots(now: Timestamp, wanted: FreeSlotsWanted) -> Errand<Page> {
    let FreeSlotsWanted { doctors, service, windows, after, limit } = wanted;
    let from_now = |window: Window| Window { from: window.from.max(now), until: window.until };
    let windows = windows.into_iter().map(from_now).filter(|it| it.from < it.until).collect();
    let limit = limit.clamp(1, PAGE_SLOTS_MAX);
    let query = Query::FreeSlots(FreeSlots { doctors, service, windows, after, now, limit });
    Errand::read(query, |answer| match answer {
        Answer::Slots(page) => Some(page),
        _ => None,
    })
}

/// A published slot that has not begun, whoever has it: to tell somebody what was reached for in vain.
#[must_use]
pub fn published_slot(now: Timestamp, slot: SlotId) -> Errand<Option<Slot>> {
    Errand::read(Query::PublishedSlot { slot, now }, |answer| match answer {
        Answer::Slots(page) => Some(page.slots.into_iter().next()),
        _ => None,
    })
}

/// Who may choose a password with this code; `None` for a code that does not work.
#[must_use]
pub fn invited(now: Timestamp, code: &InvitationCode) -> Errand<Option<UserName>> {
    let query = Query::Invitation { code: CodeHash::of(code), now };
    Errand::read(query, |answer| match answer {
        Answer::Invited(user) => Some(user),
        _ => None,
    })
}

/// Chooses a password with a code, which works once. Refused with `InvitationOver`.
#[must_use]
pub fn choose_password(
    code: &InvitationCode,
    password: PasswordHash,
    source: IpAddr,
) -> Errand<UserName> {
    let source = Some(source.to_canonical());
    let choose = ChoosePassword { code: CodeHash::of(code), password, source };
    Errand::commit(Command::ChoosePassword(choose), |outcome| match outcome {
        Outcome::PasswordChosen(user) => Ok(user),
        _ => Err(Refusal::Unavailable),
    })
}
