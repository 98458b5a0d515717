//! Which slots were held lately: a cookie, so that somebody is told when that is over.

use axum::http::{HeaderMap, Response};
use domain::SlotId;

use crate::cookies::{self, Keep};

/// So many are remembered, the latest last.
const REMEMBERED_MAX: usize = 4;
/// So long, in seconds.
const REMEMBERED: u32 = 60 * 60;

/// The slots that the browser has held lately.
pub(super) fn lately(headers: &HeaderMap) -> Vec<SlotId> {
    let line = cookies::read(headers, cookies::HELD).unwrap_or_default();
    let slots = line.split('.').filter_map(super::slot_of);
    slots.take(REMEMBERED_MAX).collect()
}

/// Remembers one more.
pub(super) fn remember<B>(asked: &HeaderMap, response: &mut Response<B>, slot: SlotId) {
    let mut slots = lately(asked);
    slots.retain(|held| *held != slot);
    slots.push(slot);
    let first = slots.len().saturating_sub(REMEMBERED_MAX);
    keep(response, &slots[first..]);
}

/// Forgets one: it was booked, or released on purpose.
pub(super) fn forget<B>(asked: &HeaderMap, response: &mut Response<B>, slot: SlotId) {
    let mut slots = lately(asked);
    slots.retain(|held| *held != slot);
    keep(response, &slots);
}

fn keep<B>(response: &mut Response<B>, slots: &[SlotId]) {
    let line: Vec<String> = slots.iter().map(SlotId::to_string).collect();
    let headers = response.headers_mut();
    match line.is_empty() {
        true => cookies::clear(headers, cookies::HELD),
        false => cookies::set(headers, cookies::HELD, &line.join("."), Keep::Seconds(REMEMBERED)),
    }
}
