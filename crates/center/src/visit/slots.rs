//! Free slots: what is asked of the store for them, and how they are shown.

use domain::{Slot, WeekTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use protocol::limits::{BOARD_AHEAD, BOARD_ROWS_MAX, PAGE_SLOTS, PAGE_SLOTS_MAX};
use protocol::{Cursor, Offer, OfferDetails, Offers, SlotsWanted};
use store::{Page, Query, SlotsAfter, Standing};

pub(super) fn board(standing: Standing, now: Timestamp) -> Query {
    let ahead = SignedDuration::try_from(BOARD_AHEAD).expect("a week is a duration");
    Query::FreeSlotsByIndex { standing, from: now, until: now + ahead, limit: BOARD_ROWS_MAX }
}

pub(super) fn page(standing: Standing, now: Timestamp, wanted: SlotsWanted) -> Query {
    let limit = wanted.limit.map_or(PAGE_SLOTS, |limit| limit as usize);
    Query::FreeSlotsByTime {
        doctor: wanted.doctor,
        standing,
        now,
        from: wanted.from.map_or(now, |from| from.max(now)),
        until: wanted.until,
        after: wanted.after.map(|cursor| SlotsAfter { start: cursor.start, id: cursor.slot }),
        limit: limit.clamp(1, PAGE_SLOTS_MAX),
    }
}

/// A page as it is offered in the center's zone.
pub(super) fn offers(page: Page, zone: &TimeZone) -> Offers {
    let next = page.next.map(|after| Cursor { start: after.start, slot: after.id });
    Offers { offers: page.slots.into_iter().map(|slot| offer(slot, zone)).collect(), next }
}

fn offer(slot: Slot, zone: &TimeZone) -> Offer {
    Offer {
        index: slot.index,
        when: WeekTime::at(slot.start, zone),
        details: Some(OfferDetails {
            id: slot.id,
            doctor: slot.doctor.name,
            start: slot.start,
            end: slot.end,
            service: slot.service,
        }),
    }
}
