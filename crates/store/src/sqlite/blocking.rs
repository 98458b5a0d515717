//! Doctors' time that is taken off the calendar, and put back.
//!
//! In blocked time nothing free is published: what is free is withdrawn when the time is blocked, and
//! what is booked is withdrawn in the moment in which its appointment leaves it.

use std::collections::HashMap;

use domain::{Appointment, BlockId, Reason, Service, Slot, SlotId};

use super::doctors::subject_of;
use super::publishing::{FreeIndices, Origin, Publication};
use super::rows::{self, appointment_columns, slot_columns};
use super::statements::{all, one, run};
use super::trail::Deed;
use super::writing::Batch;
use crate::{BlockTime, OpenTime, Outcome, StoreError};

/// The published slots of the doctor `?2` that overlap the time from `?3` to `?4`. Slots of one
/// doctor do not overlap, so that only the last one before it can reach into it.
macro_rules! slots_within {
    () => {
        " s.center = ?1 AND s.doctor = ?2 AND s.state = 'published'
          AND s.starts >= coalesce((SELECT max(starts) FROM slot WHERE center = ?1
            AND doctor = ?2 AND state = 'published' AND starts <= ?3), ?3)
          AND s.starts < ?4 AND s.ends > ?3"
    };
}

/// The block in force of the doctor `?2` that overlaps the time from `?3` to `?4`.
pub(super) const BLOCK_WITHIN: &str = "SELECT block FROM blocked
    WHERE center = ?1 AND doctor = ?2 AND lifted IS NULL AND ends > ?3 AND starts < ?4
    ORDER BY ends LIMIT 1";

/// A slot that was withdrawn for a block.
struct Withdrawn {
    slot: i64,
    doctor: i64,
    index: u32,
    service: Service,
    starts: i64,
    ends: i64,
    origin: Origin,
}

/// The blocks in force, as (from, until) of each doctor.
pub(super) struct Blocks(HashMap<i64, Vec<(i64, i64)>>);

impl Blocks {
    /// All of a center.
    pub(super) fn of(batch: &Batch<'_>) -> Result<Self, StoreError> {
        let sql = "SELECT doctor, starts, ends FROM blocked WHERE center = ?1 AND lifted IS NULL";
        let mut blocks: HashMap<i64, Vec<(i64, i64)>> = HashMap::new();
        for (doctor, starts, ends) in all(batch.connection, sql, [batch.center], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?))
        })? {
            blocks.entry(doctor).or_default().push((starts, ends));
        }
        Ok(Self(blocks))
    }

    /// Whether any of this time is blocked.
    pub(super) fn overlap(&self, doctor: i64, (from, until): (i64, i64)) -> bool {
        let mut blocks = self.0.get(&doctor).into_iter().flatten();
        blocks.any(|&(starts, ends)| starts < until && ends > from)
    }
}

impl Batch<'_> {
    pub(super) fn block_time(&self, block: &BlockTime) -> Result<Outcome, StoreError> {
        let doctor = self.doctor_named(&block.doctor)?;
        self.of(&block.actor, "block_time", || {
            let Some(doctor) = doctor else { return Ok(Outcome::NoSuchDoctor) };
            let (from, until) = (block.from.as_millisecond(), block.until.as_millisecond());
            if until <= from {
                return Err(StoreError::BadCommand("a block ends before it begins"));
            }
            let sql = "INSERT INTO blocked
                (center, block, doctor, starts, ends, reason, added, account)
                SELECT ?1, coalesce(max(block), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7
                FROM blocked WHERE center = ?1 RETURNING block";
            let reason = block.reason.as_ref().map(Reason::as_str);
            let account = block.actor.account();
            let account = account.as_ref().map(domain::AccountId::as_bytes);
            let params = (self.center, doctor, from, until, reason, self.now, account);
            let number = one(self.connection, sql, params, |row| Ok(row.get::<_, i64>(0)?))?
                .ok_or_else(|| StoreError::Corrupt("a block has no number".to_owned()))?;
            let withdrawn = self.withdraw_all_within(doctor, (from, until), number)?;
            let booked = self.booked_within(doctor, (from, until))?;
            let outcome = format!("withdrawn {withdrawn}, booked {}", booked.len());
            let subject = format!("{}, block {number}", subject_of(doctor));
            self.audit(&Deed {
                subject: Some(&subject),
                ..Deed::by(&block.actor, "block_time", &outcome)
            })?;
            Ok(Outcome::TimeBlocked { block: BlockId(number), withdrawn, booked })
        })
    }

    pub(super) fn open_time(&self, open: &OpenTime) -> Result<Outcome, StoreError> {
        self.of(&open.actor, "open_time", || {
            let sql = "UPDATE blocked SET lifted = ?3
                WHERE center = ?1 AND block = ?2 AND lifted IS NULL";
            let lifted = run(self.connection, sql, (self.center, open.block.0, self.now))? == 1;
            let published = if lifted { self.publish_anew(open.block)? } else { 0 };
            let outcome =
                if lifted { format!("published {published}") } else { "not blocked".to_owned() };
            let subject = format!("block {}", open.block.0);
            self.audit(&Deed {
                subject: Some(&subject),
                ..Deed::by(&open.actor, "open_time", &outcome)
            })?;
            Ok(Outcome::TimeOpened(published))
        })
    }

    /// Withdraws a slot that nobody has any more, if it lies in blocked time.
    pub(super) fn withdraw_if_blocked(&self, slot: SlotId) -> Result<(), StoreError> {
        let sql = "SELECT b.block FROM slot s CROSS JOIN blocked b
              ON b.center = s.center AND b.doctor = s.doctor AND b.lifted IS NULL
             AND b.ends > s.starts AND b.starts < s.ends
            WHERE s.center = ?1 AND s.slot = ?2 AND s.state = 'published' LIMIT 1";
        let key = (self.center, slot.0);
        let block = one(self.connection, sql, key, |row| Ok(row.get::<_, i64>(0)?))?;
        block.map_or(Ok(()), |block| self.withdraw_for(slot.0, block))
    }

    /// The block in force that overlaps this time of a doctor, if there is one.
    pub(super) fn block_within(
        &self,
        doctor: i64,
        (from, until): (i64, i64),
    ) -> Result<Option<i64>, StoreError> {
        let params = (self.center, doctor, from, until);
        one(self.connection, BLOCK_WITHIN, params, |row| Ok(row.get(0)?))
    }

    fn withdraw_all_within(
        &self,
        doctor: i64,
        (from, until): (i64, i64),
        block: i64,
    ) -> Result<usize, StoreError> {
        let sql = concat!("SELECT s.slot FROM slot s WHERE", slots_within!(), " AND s.booked = 0");
        let params = (self.center, doctor, from, until);
        let free = all(self.connection, sql, params, |row| Ok(row.get::<_, i64>(0)?))?;
        let holds = "DELETE FROM claim WHERE center = ?1 AND slot = ?2 AND expires IS NOT NULL";
        for slot in &free {
            run(self.connection, holds, (self.center, slot))?;
            self.withdraw_for(*slot, block)?;
        }
        Ok(free.len())
    }

    fn withdraw_for(&self, slot: i64, block: i64) -> Result<(), StoreError> {
        let sql = "UPDATE slot SET state = 'withdrawn', index_in_use = 0, withdrawn = ?3,
              withdrawn_for = ?4
            WHERE center = ?1 AND slot = ?2";
        run(self.connection, sql, (self.center, slot, self.now, block))?;
        Ok(())
    }

    fn booked_within(
        &self,
        doctor: i64,
        (from, until): (i64, i64),
    ) -> Result<Vec<Appointment>, StoreError> {
        let sql = concat!(
            "SELECT ",
            appointment_columns!(),
            " FROM slot s CROSS JOIN doctor d USING (center, doctor)",
            " CROSS JOIN claim c ON c.center = s.center AND c.slot = s.slot",
            " CROSS JOIN appointment a ON a.center = c.center AND a.appointment = c.appointment",
            " WHERE",
            slots_within!(),
            " ORDER BY s.starts, s.slot"
        );
        all(self.connection, sql, (self.center, doctor, from, until), rows::appointment)
    }

    /// Publishes what was withdrawn for a block that is lifted, and has not begun; how many slots. Each
    /// gets its index back unless another slot has it by now. What lies in another block waits for
    /// that one, and what overlaps a slot that was published meanwhile stays withdrawn.
    fn publish_anew(&self, block: BlockId) -> Result<usize, StoreError> {
        let mut without_index = Vec::new();
        let mut published = 0;
        for slot in self.withdrawn_for(block)? {
            if let Some(other) = self.block_within(slot.doctor, (slot.starts, slot.ends))? {
                let sql = "UPDATE slot SET withdrawn_for = ?3 WHERE center = ?1 AND slot = ?2";
                run(self.connection, sql, (self.center, slot.slot, other))?;
            } else if self.index_is_needed(slot.index)? {
                without_index.push(slot);
            } else {
                self.release_index(slot.index)?;
                published += usize::from(self.publish_again(&slot, slot.index)?.is_ok());
            }
        }
        if without_index.is_empty() {
            return Ok(published);
        }
        let mut free = FreeIndices::of(self)?;
        let mut index = None;
        for slot in without_index {
            let next = match index.take() {
                Some(index) => index,
                None => free.next_one()?,
            };
            self.release_index(next)?;
            match self.publish_again(&slot, next)? {
                Ok(_) => published += 1,
                // The index is as good for the next one.
                Err(_) => index = Some(next),
            }
        }
        Ok(published)
    }

    fn withdrawn_for(&self, block: BlockId) -> Result<Vec<Withdrawn>, StoreError> {
        let sql = concat!(
            "SELECT ",
            slot_columns!(),
            ", s.doctor, s.origin = 'file' FROM slot s CROSS JOIN doctor d USING (center, doctor)",
            " WHERE s.center = ?1 AND s.withdrawn_for = ?2 AND s.starts > ?3",
            " ORDER BY s.starts, s.slot"
        );
        all(self.connection, sql, (self.center, block.0, self.now), |row| {
            let Slot { id, index, start, end, service, .. } = rows::slot(row)?;
            Ok(Withdrawn {
                slot: id.0,
                doctor: row.get(rows::SLOT_WIDTH)?,
                index: index.number(),
                service,
                starts: start.as_millisecond(),
                ends: end.as_millisecond(),
                origin: if row.get(rows::SLOT_WIDTH + 1)? { Origin::File } else { Origin::Desk },
            })
        })
    }

    /// Whether an index means a slot to come.
    fn index_is_needed(&self, index: u32) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM slot
            WHERE center = ?1 AND idx = ?2 AND index_in_use = 1 AND starts > ?3";
        Ok(one(self.connection, sql, (self.center, index, self.now), |_| Ok(()))?.is_some())
    }

    fn publish_again(&self, slot: &Withdrawn, index: u32) -> Result<Result<i64, Slot>, StoreError> {
        self.publish(&Publication {
            doctor: slot.doctor,
            index,
            start: rows::instant(slot.starts)?,
            end: rows::instant(slot.ends)?,
            service: &slot.service,
            origin: slot.origin,
        })
    }
}
