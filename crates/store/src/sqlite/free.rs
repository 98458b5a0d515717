//! Free slots: by index for old clients, by time for everybody else.
//!
//! The lists by time come from indices that hold no booked slot, so that a page costs what is on it,
//! however much is booked before it. Only slots that are held are passed over, and they are few.

use domain::{DoctorName, Service, Slot, SlotId};
use jiff::Timestamp;

use super::reading::{Reading, rows_at_most};
use super::rows::{self, slot_columns};
use super::statements::{all, one};
use crate::{FreeSlots, Page, SlotsAfter, StoreError, Window};

/// A stretch of the calendar.
pub(super) struct Span {
    pub(super) now: Timestamp,
    pub(super) from: Timestamp,
    pub(super) until: Option<Timestamp>,
    pub(super) after: Option<SlotsAfter>,
}

/// What makes a slot `s` a free one at the moment `?2`.
macro_rules! is_free {
    () => {
        " AND s.booked = 0
          AND NOT EXISTS (SELECT 1 FROM claim c WHERE c.center = s.center AND c.slot = s.slot
           AND (c.expires IS NULL OR c.expires > ?2))"
    };
}

/// A place in the order of time, in milliseconds and by id: the slots behind it are wanted.
type PlaceInTime = (i64, i64);

/// The slot `?2`, if it begins after `?3`.
pub(super) const PUBLISHED_SLOT: &str = concat!(
    "SELECT ",
    slot_columns!(),
    " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
    " WHERE s.center = ?1 AND s.slot = ?2 AND s.state = 'published' AND s.starts > ?3"
);

impl Reading<'_> {
    pub(super) fn published_slot(&self, slot: SlotId, now: Timestamp) -> Result<Page, StoreError> {
        let params = (self.center, slot.0, now.as_millisecond());
        let found = one(self.connection, PUBLISHED_SLOT, params, rows::slot)?;
        Ok(Page { slots: found.into_iter().collect(), next: None })
    }

    pub(super) fn free_slots_by_index(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let (from, until) = (from.as_millisecond(), until.as_millisecond());
        let params = (self.center, from, until, rows_at_most(limit));
        let slots = all(self.connection, FREE_BY_INDEX, params, rows::slot)?;
        Ok(Page { slots, next: None })
    }

    pub(super) fn free_slots_by_time(
        &self,
        doctor: Option<&DoctorName>,
        span: &Span,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let until = span.until.map_or(i64::MAX, Timestamp::as_millisecond);
        // A page cannot begin before `from`, wherever the last one ended.
        let after = span.after.map_or((i64::MIN, i64::MIN), place).max(behind(span.from));
        let wanted = Wanted { now: span.now, until, after, service: None };
        // One more than asked for tells whether there is a next page.
        let slots = self.free_between(doctor, &wanted, limit.saturating_add(1))?;
        Ok(page_of(slots, limit))
    }

    /// Window by window, until the page is full.
    pub(super) fn free_slots(&self, asked: &FreeSlots) -> Result<Page, StoreError> {
        let limit_and_one = asked.limit.saturating_add(1);
        let last = asked.after.map_or((i64::MIN, i64::MIN), place);
        let mut slots = Vec::new();
        for Window { from, until } in &asked.windows {
            // From the first moment of the window on, but never one that has begun.
            let first = (from.as_millisecond().saturating_sub(1), i64::MAX);
            let after = last.max(first).max(behind(asked.now));
            let until = until.as_millisecond();
            let wanted = Wanted { now: asked.now, until, after, service: asked.service.as_ref() };
            let missing = limit_and_one - slots.len();
            slots.extend(self.free_of_some(&asked.doctors, &wanted, missing)?);
            if slots.len() == limit_and_one {
                break;
            }
        }
        Ok(page_of(slots, asked.limit))
    }

    /// The same of these doctors, of everybody when none is named.
    fn free_of_some(
        &self,
        doctors: &[DoctorName],
        wanted: &Wanted<'_>,
        limit: usize,
    ) -> Result<Vec<Slot>, StoreError> {
        let [first, others @ ..] = doctors else { return self.free_between(None, wanted, limit) };
        let mut slots = self.free_between(Some(first), wanted, limit)?;
        for doctor in others {
            slots.extend(self.free_between(Some(doctor), wanted, limit)?);
        }
        slots.sort_by_key(|slot| (slot.start, slot.id));
        // A doctor may have been named twice.
        slots.dedup_by_key(|slot| slot.id);
        slots.truncate(limit);
        Ok(slots)
    }

    fn free_between(
        &self,
        doctor: Option<&DoctorName>,
        wanted: &Wanted<'_>,
        limit: usize,
    ) -> Result<Vec<Slot>, StoreError> {
        let (now, service) = (wanted.now.as_millisecond(), wanted.service.map(Service::as_str));
        let (start, id) = wanted.after;
        let (center, until, limit) = (self.center, wanted.until, rows_at_most(limit));
        match doctor {
            None => {
                let params = (center, now, until, start, id, limit, service);
                all(self.connection, FREE_BY_TIME, params, rows::slot)
            }
            Some(doctor) => {
                let params = (center, now, until, start, id, limit, service, doctor.as_str());
                all(self.connection, FREE_OF_DOCTOR, params, rows::slot)
            }
        }
    }
}

/// Which slots are wanted of one stretch of time.
struct Wanted<'a> {
    now: Timestamp,
    until: i64,
    after: PlaceInTime,
    service: Option<&'a Service>,
}

fn place(last: SlotsAfter) -> PlaceInTime {
    (last.start.as_millisecond(), last.id.0)
}

/// Behind every slot that begins at this moment.
fn behind(moment: Timestamp) -> PlaceInTime {
    (moment.as_millisecond(), i64::MAX)
}

/// A page of the first `limit` slots; one more than these tells that there is a next page.
fn page_of(mut slots: Vec<Slot>, limit: usize) -> Page {
    let more = slots.len() > limit;
    slots.truncate(limit);
    let last = slots.last().map(|slot| SlotsAfter { start: slot.start, id: slot.id });
    Page { next: last.filter(|_| more), slots }
}

/// The free slots after `?2` and before `?3`, by index.
pub(super) const FREE_BY_INDEX: &str = concat!(
    "SELECT ",
    slot_columns!(),
    " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
    " WHERE s.center = ?1 AND s.index_in_use = 1 AND s.starts > ?2 AND s.starts < ?3",
    is_free!(),
    " ORDER BY s.idx LIMIT ?4"
);

/// The free slots after the place (`?4`, `?5`) and before `?3`, by time, for visits of the kind `?7`
/// (NULL: any). `?2` is the moment at which they are free.
pub(super) const FREE_BY_TIME: &str = concat!(
    "SELECT ",
    slot_columns!(),
    " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
    " WHERE s.center = ?1 AND s.state = 'published' AND s.starts < ?3",
    " AND (s.starts, s.slot) > (?4, ?5) AND (?7 IS NULL OR s.service = ?7)",
    is_free!(),
    " ORDER BY s.starts, s.slot LIMIT ?6"
);

/// The same, of the doctor named `?8`.
pub(super) const FREE_OF_DOCTOR: &str = concat!(
    "SELECT ",
    slot_columns!(),
    " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
    " WHERE s.center = ?1 AND s.state = 'published' AND s.starts < ?3",
    " AND s.doctor = (SELECT doctor FROM doctor WHERE center = ?1 AND name = ?8)",
    " AND (s.starts, s.slot) > (?4, ?5) AND (?7 IS NULL OR s.service = ?7)",
    is_free!(),
    " ORDER BY s.starts, s.slot LIMIT ?6"
);
